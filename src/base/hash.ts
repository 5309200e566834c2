/**
 * 32-bit hashes: randomness by name. Whatever is not an arrival time is a hash of (seed, workload, number, purpose), so that
 * two runs that differ in a tuning still meet the same clients (common random numbers).
 *
 * Units   Results are int32 unless a name says otherwise.
 */

/** Mixes all bits of `x` (the "lowbias32" finaliser: bias 0.17 bits over all single-bit flips). */
export function mix32(x: number): number {
  let h = x ^ (x >>> 16);
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  return h ^ (h >>> 16);
}

/** Hash of two int32. */
export function hash2(a: number, b: number): number {
  return mix32(Math.imul(mix32(a), 0x9e3779b1) ^ b);
}

/** Hash of three int32. */
export function hash3(a: number, b: number, c: number): number {
  return mix32(Math.imul(hash2(a, b), 0x9e3779b1) ^ c);
}

/** Hash of a text (FNV-1a over UTF-16 units, then mixed), for streams that are named. */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix32(h);
}

/** int32 hash → [0, 1). */
export function unitOf(hash: number): number {
  return (hash >>> 0) * 2.3283064365386963e-10;
}
