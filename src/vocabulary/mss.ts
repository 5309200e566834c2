/**
 * Segment sizes: what a host announces, and what it sends to a peer.
 *
 * Source   RFC 6691; net/ipv4/route.c:ipv4_default_advmss, tcp_output.c:tcp_mtu_to_mss, syncookies.c:msstab; kernel-semantics 5.1, 8.2.
 * Units    Bytes of payload without the timestamp option, which takes TIMESTAMP_BYTES more of each segment.
 * Classes  A connection's sender goes by what its peer said: class 0, the MSS option of the other host; class k, COOKIE_MSS[k - 1]: what a SYN cookie
 *          kept of it. A peer that sends no MSS option is taken for class 1, 536 (RFC 9293 section 3.7.1).
 */

/** Of Ethernet. */
export const DEFAULT_MTU = 1500;
/** A smaller packet does not carry what TCP announces at least (MIN_ADVERTISED_MSS). */
export const MIN_MTU = 296;
/** Jumbo frames; beyond, the windows that are modelled are too few segments. */
export const MAX_MTU = 9000;
/** Headers of IPv4 and TCP without options. */
export const HEADER_BYTES = 40;
export const IP_HEADER_BYTES = 20;
export const TIMESTAMP_BYTES = 12;
/** net.ipv4.route.min_adv_mss. */
const MIN_ADVERTISED_MSS = 256;
/** What fits into two bits of a SYN cookie. */
export const COOKIE_MSS = [536, 1300, 1440, 1460] as const;
export const MSS_CLASSES = 1 + COOKIE_MSS.length;
/** No MSS option. */
export const CLASS_DEFAULT = 1;

export const announcedMss = (mtu: number): number => Math.max(mtu - HEADER_BYTES, MIN_ADVERTISED_MSS);

/** By class, what a host with `mtu` sends to peers that announce `peerMss`; `least`: net.ipv4.tcp_min_snd_mss. */
export const sentMss = (mtu: number, peerMss: number, least: number): number[] =>
  [peerMss, ...COOKIE_MSS].map((mss) => Math.max(Math.min(mtu - HEADER_BYTES, mss), least));

/** Index of the largest value in a cookie's table that is not above `mss`; 0 where all are. */
export function cookieMssIndex(mss: number): number {
  // Called for each cookie: no closure, no garbage.
  let index = COOKIE_MSS.length - 1;
  while (index > 0 && mss < (COOKIE_MSS[index] ?? 0)) index--;
  return index;
}
