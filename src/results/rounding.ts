/**
 * Rounds to `digits` decimals, a tie to the even digit: as the recorder does (Python's round), so that equal values are
 * written equally. A tie can only be an odd multiple of 2^-(digits + 1): no other binary fraction ends in exactly one half.
 */
export function roundTo(value: number, digits: number): number {
  const scale = 10 ** digits;
  const isTie = Math.abs((value * 2 ** (digits + 1)) % 2) === 1;
  return isTie ? (2 * Math.round((value * scale) / 2)) / scale : Number(value.toFixed(digits));
}
