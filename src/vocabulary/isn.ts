/**
 * Initial sequence numbers: a clock, and what is added to it for each connection.
 *
 * Source   RFC 793 section 3.3 (a clock of 4 µs; it says "4.55 hours", 2^32 of them are 4.77); RFC 6528 section 3 (that clock and a keyed hash of the
 *          4-tuple); secure_seq.c:secure_tcp_seq, seq_scale (the hash and a clock of 64 ns).
 */
export interface IsnDef {
  /** What one step of the clock takes; 0: there is none. */
  readonly stepNs: number;
  /** Whether a keyed hash of the 4-tuple is added. */
  readonly isKeyed: boolean;
  readonly help: string;
}

export const ISNS = {
  linux: { stepNs: 64, isKeyed: true, help: "a keyed hash of the 4-tuple, and a clock of 64 ns" },
  rfc793: { stepNs: 4000, isKeyed: false, help: "a clock of 4 µs alone" },
  rfc6528: { stepNs: 4000, isKeyed: true, help: "a keyed hash of the 4-tuple, and a clock of 4 µs" },
  constant: { stepNs: 0, isKeyed: false, help: "the same number for every connection" },
} as const satisfies Record<string, IsnDef>;

export type IsnName = keyof typeof ISNS;
export const ISN_NAMES = Object.keys(ISNS) as IsnName[];

/** Seconds until the clock has gone through all 2^32 numbers; null where there is no clock. */
export function wrapS(isn: IsnName): number | null {
  const { stepNs } = ISNS[isn];
  return stepNs === 0 ? null : (2 ** 32 * stepNs) / 1e9;
}
