/**
 * The hottest loop of the engine: packets of a Poisson flood, drawn and looked up one by one, that meet no socket of their own.
 *
 * Why         Everything that is rare (a packet that may have a socket, the draw's slow part) leaves the inner loop, so that nothing in it is a call: then its
 *             state stays in registers. Measured against the same loop with the rare parts inside: 0.7 of the time a packet.
 * Look-ups    Eight neighbours have homes side by side (table.ts): where all eight are free, two words say so for all. Elsewhere each packet's own home is looked at.
 * Units       ns.
 */
import { EXPONENTIAL, exponentialRest, ZIGGURAT_ACCEPT, ZIGGURAT_WIDTH } from "../base/prng.ts";
import { type ConnectionTable, hashPeer, homeOf, NEIGHBOURS } from "./table.ts";

/** Words of a flood's clock: the next packet's time, the time before which packets may pass, the mean gap. */
export const AT = 0;
export const LIMIT = 1;
export const GAP = 2;

/**
 * Passes packets from `peer` on, an address each, while `clock[AT]` is before `clock[LIMIT]`: at most `most`, and none that may have a socket.
 * Moves `clock[AT]` and the generator's `state` on; answers how many have passed. 0 says that the next packet needs a look of its own.
 */
export function passStrangers(
  table: ConnectionTable,
  state: Int32Array,
  clock: Float64Array,
  first: number,
  service: number,
  most: number,
): number {
  const { fingerprint, eights } = table;
  // As int32 from here on: V8 would take an argument apart in each turn.
  const mask = table.mask | 0;
  const from = first | 0;
  const key = service | 0;
  const upTo = most | 0;
  const limit = clock[LIMIT]!;
  const gapNs = clock[GAP]!;
  let at = clock[AT]!;
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let bits = 0;
  let isDrawn = true;
  let n = 0;
  look: while (n < upTo && at < limit) {
    const peer = (from + n) | 0;
    const home = homeOf(peer, key) & mask;
    const eight = (home >> 2) & ~1;
    /** Packets before this one have been looked up. */
    let free = (n + 1) | 0;
    if ((eights[eight]! | eights[eight + 1]!) === 0)
      free = Math.min(upTo, (n + NEIGHBOURS - (peer & (NEIGHBOURS - 1))) | 0);
    else if (fingerprint[home]! !== 0 && mayBeKnown(fingerprint, mask, peer, key)) break;
    while (n < free && at < limit) {
      n = (n + 1) | 0;
      // sfc32 and the ziggurat's first step (base/prng.ts), written out.
      bits = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + bits) | 0;
      const layer = bits & 255;
      const magnitude = bits >>> 8;
      if (magnitude >= ZIGGURAT_ACCEPT[layer]!) {
        isDrawn = false;
        break look;
      }
      at += magnitude * ZIGGURAT_WIDTH[layer]! * gapNs;
    }
  }
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
  if (!isDrawn) {
    exponentialRest(state, bits);
    at += EXPONENTIAL[0]! * gapNs;
  }
  clock[AT] = at;
  return n;
}

/** Whether a fingerprint from the peer's home on is like its own. */
function mayBeKnown(fingerprint: Uint8Array, mask: number, peer: number, service: number): boolean {
  const own = (hashPeer(peer, service) >>> 24) | 1;
  let slot = homeOf(peer, service) & mask;
  while (fingerprint[slot] !== 0 && fingerprint[slot] !== own) slot = (slot + 1) & mask;
  return fingerprint[slot] !== 0;
}
