/**
 * Retransmission schedules, written out by hand from the kernel's rules, and a clock that is late as the kernel's is. No code of src/.
 *
 * Rows     Nominal seconds from the first packet: when each leaves, and when the sender gives up. `why`: what decides.
 * Source   kernel-semantics 0.4, 3.2, 6.1, 7.5; RFC 6298 section 5. The rows marked "asked" were measured on a live 6.18.44.
 * Used by  the engine's timers and the closed formulas of `check` are held to the same rows.
 */

/** 1, 2, 4 ... s, each step 120 s at most, summed up: 0, 1, 3, 7 ... */
const DOUBLING_S = [0, 1, 3, 7, 15, 31, 63, 127, 247, 367, 487, 607] as const;

export interface SynSchedule {
  readonly retries: number;
  readonly linear: number;
  readonly rtoMaxMs: number;
  readonly synsS: readonly number[];
  readonly endS: number;
  readonly why: string;
}

/** When the SYN timer fires, by tcp_syn_linear_timeouts: the first L + 1 steps take a second each, the others double. */
const FIRINGS_S: Readonly<Record<number, readonly number[]>> = {
  0: [1, 3, 7, 15, 31, 63, 127, 247, 367, 487, 607],
  1: [1, 2, 4, 8, 16, 32, 64, 128, 248, 368, 488, 608],
  2: [1, 2, 3, 5, 9, 17, 33, 65, 129, 249, 369, 489, 609],
  4: [1, 2, 3, 4, 5, 7, 11, 19, 35, 67, 131, 251, 371, 491, 611],
  10: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 17, 25, 41, 73, 137, 257, 377, 497, 617],
};

const COUNT = "the number of SYNs";
const TIME = "the time since the first SYN";

const synRow = (
  retries: number,
  linear: number,
  resent: number,
  why: string,
  firingsS = FIRINGS_S[linear]!,
  rtoMaxMs = 120_000,
): SynSchedule => ({
  ...{ retries, linear, rtoMaxMs, why },
  synsS: [0, ...firingsS.slice(0, resent)],
  endS: firingsS[resent]!,
});

/**
 * tcp_syn_retries S and tcp_syn_linear_timeouts L: connect() ends at the first firing at which S + L SYNs were sent again, or the first SYN
 * is T(S) old: 3, 7, 15, 31, 63, 127, 247, 367, 487, 607 s for S = 1 to 10.
 */
export const SYN_SCHEDULES: readonly SynSchedule[] = [
  // S, L, SYNs sent again
  synRow(1, 0, 1, "both at 3 s (asked)"),
  synRow(2, 0, 2, "both at 7 s"),
  synRow(3, 0, 3, "both at 15 s"),
  synRow(4, 0, 4, "both at 31 s"),
  synRow(5, 0, 5, "the classic 63 s"),
  synRow(6, 0, 6, "127 s, the default of 3.10 to 6.1"),
  synRow(7, 0, 7, "a step above 64 s is cut to 120 s"),
  synRow(8, 0, 8, "both at 367 s"),
  synRow(9, 0, 9, "both at 487 s"),
  synRow(10, 0, 10, "both at 607 s"),
  synRow(1, 1, 2, COUNT),
  synRow(2, 1, 3, `${COUNT} (asked)`),
  synRow(3, 1, 4, COUNT),
  synRow(4, 1, 5, COUNT),
  synRow(5, 1, 6, COUNT),
  synRow(6, 1, 7, COUNT),
  synRow(7, 1, 8, COUNT),
  synRow(8, 1, 9, COUNT),
  synRow(9, 1, 10, COUNT),
  synRow(10, 1, 11, COUNT),
  synRow(1, 2, 2, `${TIME}: 3 s`),
  synRow(2, 2, 4, COUNT),
  synRow(3, 2, 5, COUNT),
  synRow(6, 2, 8, COUNT),
  synRow(10, 2, 12, COUNT),
  synRow(1, 4, 2, `${TIME}: 3 s, long before five SYNs (asked)`),
  synRow(2, 4, 5, `${TIME}: 7 s`),
  synRow(3, 4, 7, COUNT),
  synRow(4, 4, 8, COUNT),
  synRow(5, 4, 9, COUNT),
  synRow(6, 4, 10, "131 s, the default of 6.6 to 6.18"),
  synRow(7, 4, 11, COUNT),
  synRow(8, 4, 12, COUNT),
  synRow(9, 4, 13, COUNT),
  synRow(10, 4, 14, COUNT),
  synRow(1, 10, 2, `${TIME}: 3 s`),
  synRow(2, 10, 6, `${TIME}: 7 s`),
  synRow(3, 10, 12, `${TIME}: 15 s, at the firing after it`),
  synRow(4, 10, 14, COUNT),
  synRow(5, 10, 15, COUNT),
  synRow(6, 10, 16, COUNT),
  synRow(10, 10, 20, COUNT),
  // tcp_rto_max_ms cuts the steps, and T(S) with them.
  synRow(4, 4, 7, `${TIME}: 15 s with steps of 4 s at most (asked: 15.4 s)`, [1, 2, 3, 4, 5, 7, 11, 15, 19], 4000),
  synRow(6, 4, 6, `${TIME}: 7 s with steps of 1 s (asked: 7.2 s)`, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 1000),
  synRow(5, 0, 5, "both at 19 s with steps of 4 s at most", [1, 3, 7, 11, 15, 19], 4000),
];

export interface SynAckSchedule {
  readonly retries: number;
  readonly synAcksS: readonly number[];
  readonly endS: number;
}

/** tcp_synack_retries: so many are sent again, and the firing after the last frees the half-open. */
export const SYNACK_SCHEDULES: readonly SynAckSchedule[] = Array.from({ length: 11 }, (_, retries) => ({
  retries,
  synAcksS: DOUBLING_S.slice(0, retries + 1),
  endS: DOUBLING_S[retries + 1]!,
}));

/**
 * When a timer of `ticks` that is set in tick `now` fires in kernels since 4.8 (0.4): by the table, its granularity is 1, 8, 64 ... ticks for
 * less than 63, 504, 4032 ... of them, and it fires at the first multiple of that after its time.
 */
export function lateTick(now: number, ticks: number): number {
  let granularity = 1;
  while (ticks >= 63 * granularity) granularity *= 8;
  return (Math.floor((now + ticks) / granularity) + 1) * granularity;
}
