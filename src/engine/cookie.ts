/**
 * SYN cookies: the connection is in the sequence number.
 *
 * Read first   RFC 4987 section 3.6; net/ipv4/syncookies.c (secure_tcp_syn_cookie, check_tcp_syn_cookie); kernel-semantics 5.
 * Layout       H1(4-tuple) + client's sequence number + (minute << 24) + ((H2(4-tuple, minute) + MSS index) & 0xffffff).
 *              The keyed hashes are own ones; what matters is that a cookie checks out for its 4-tuple and time only.
 * Units        Minutes of uptime (a counter that steps once for the whole machine).
 */
import { hash3 } from "../base/hash.ts";
import { COOKIE_MSS } from "../vocabulary/mss.ts";
import { OPT_SACK, OPT_WSCALE } from "./layout.ts";

const MSS_COUNT = COOKIE_MSS.length;
/** Cookies of this many minute counts ago and older are refused: MAX_SYNCOOKIE_AGE. */
export const COOKIE_MAX_AGE = 2;
/** Seconds after the last cookie sent in which ACKs are examined: TCP_SYNCOOKIE_VALID. */
export const COOKIE_VALID_S = 120;
export const NOT_VALID = -1;

/** `mssIndex`: which of COOKIE_MSS the client's MSS is cut to. */
export function cookieFor(
  tupleHash: number,
  secret: number,
  clientSeq: number,
  minute: number,
  mssIndex: number,
): number {
  const low = (hash3(tupleHash, secret, minute) + mssIndex) & 0xffffff;
  return (hash3(tupleHash, secret, -1) + clientSeq + (minute << 24) + low) | 0;
}

/** The index in a cookie that was made for this 4-tuple and client sequence number within the last two minute counts; of any other NOT_VALID. */
export function mssIndexOf(
  cookie: number,
  tupleHash: number,
  secret: number,
  clientSeq: number,
  minute: number,
): number {
  const rest = (cookie - hash3(tupleHash, secret, -1) - clientSeq) | 0;
  const age = (minute - (rest >>> 24)) & 0xff;
  if (age >= COOKIE_MAX_AGE) return NOT_VALID;
  const index = (rest - hash3(tupleHash, secret, minute - age)) & 0xffffff;
  return index < MSS_COUNT ? index : NOT_VALID;
}

/** Low bits of a cookie SYN-ACK's TSval (syncookies.c:cookie_init_timestamp): the client's window scale, 15 for none, and SACK. */
const SCALE_MASK = 15;
const NO_SCALE = 15;
const HAS_SACK = 16;
/** Window scale that a client offers with the default buffers of 6.18 (kernel-semantics 8.3). */
const CLIENT_SCALE = 10;

/** TSval of a cookie SYN-ACK before the offset: the ms clock with the agreed options (OPT_*) in its low 6 bits, never in the future. */
export function cookieTimestamp(nowMs: number, agreed: number): number {
  const options = ((agreed & OPT_WSCALE) !== 0 ? CLIENT_SCALE : NO_SCALE) | ((agreed & OPT_SACK) !== 0 ? HAS_SACK : 0);
  const stamp = (nowMs & ~63) | options;
  return stamp > nowMs ? stamp - 64 : stamp;
}

/** Whether the echoed TSval (less the offset) says that the client offered SACK. */
export function cookieHasSack(echoed: number): boolean {
  return (echoed & HAS_SACK) !== 0;
}

/** Whether it says that the client scales its window (cookie_timestamp_decode). */
export function cookieHasScale(echoed: number): boolean {
  return (echoed & SCALE_MASK) !== NO_SCALE;
}
