/** The Internet checksum, RFC 1071. */

/** Sum of the 16-bit words of `bytes[from, to)`, an odd last byte padded by zero, added to `sum`; not folded. */
export function addWords(bytes: Uint8Array, from: number, to: number, sum = 0): number {
  let total = sum;
  for (let i = from; i < to; i += 2) total += ((bytes[i] ?? 0) << 8) | (i + 1 < to ? (bytes[i + 1] ?? 0) : 0);
  return total;
}

/** One's complement of the folded sum: what stands in the header. A header whose own checksum is in the sum gives 0. */
export function checksumOf(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
