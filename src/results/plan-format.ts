/**
 * Plan result: which value of a key each tuning needs, as plain data: the form that the text, metrics and `plan --json` show.
 *
 * Invariants  No wall-clock value: equal plans give equal bytes.
 */
import type { TuningChange } from "../vocabulary/experiment.ts";

/** What was asked, and what each tuning answers. */
export interface PlanResult extends PlanHead {
  readonly tunings: readonly TuningPlan[];
}

/** What was asked. */
export interface PlanHead {
  readonly name: string;
  /** min: the smallest value that is enough; max: the largest load that is survived. */
  readonly goal: "min" | "max";
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly resolution: string;
  readonly thresholds: readonly string[];
  /** So many of them, the first ones, are nobody's but the default. */
  readonly default_thresholds: number;
  readonly seeds: readonly number[];
  readonly duration_s: number;
}

export type PlanStatus = "found" | "always" | "never" | "interrupted";

export interface TuningPlan {
  readonly tuning: string;
  /** always: the end of the range holds, so that the answer may lie beyond it. never: no value is enough. */
  readonly status: PlanStatus;
  readonly value: number | null;
  /** 95 %; null: not within the range. */
  readonly interval: readonly [number | null, number | null];
  /** The next value, which is not enough. */
  readonly before: number | null;
  /** Where it is not monotone: beyond these it fails again. */
  readonly again: { readonly holds_to: number; readonly fails_from: number } | null;
  /** What the tuning says now; null where that is no number. */
  readonly own: number | null;
  readonly costs: readonly Cost[];
  readonly besides: readonly Besides[];
  readonly points: readonly PlanPoint[];
  /** For people, in order of weight. */
  readonly sentences: readonly string[];
}

export interface PlanPoint {
  readonly value: number;
  readonly holds: boolean;
  readonly is_sure: boolean;
  readonly thresholds: readonly Omit<Measured, "metric">[];
}

/** One threshold at one value. */
export interface Measured {
  readonly threshold: string;
  readonly metric: string;
  /** null: nothing was measured, which does not hold. */
  readonly value: number | null;
  readonly interval: readonly [number, number] | null;
  readonly holds: boolean;
  /** In how many seeds it holds by itself; null where they are not kept. */
  readonly seeds_holding: number | null;
}

/** Another setting beside the best value, where none is enough. */
export interface Besides {
  readonly changes: readonly TuningChange[];
  readonly measured: readonly Measured[];
  readonly holds: boolean;
}

/** What a value asks for besides. */
export interface Cost {
  readonly value: number;
  readonly clients: readonly {
    readonly name: string;
    readonly served_ratio: number;
    readonly connect_p50_ms: number | null;
    readonly connect_p99_ms: number | null;
    readonly response_p50_ms: number | null;
    readonly response_p99_ms: number | null;
  }[];
  /** The longest that both queues were, of all listeners of a host, in any seed. */
  readonly queues_peak_bytes: number;
  /** Both queues of all listeners of a host full. */
  readonly queues_full_bytes: number;
}

/** As `plan --json` writes it, with its newline. */
export const encodePlan = (plan: PlanResult): string => `${JSON.stringify(plan, null, 2)}\n`;

/** Of what encodePlan() wrote. */
export const decodePlan = (text: string): PlanResult => JSON.parse(text) as PlanResult;
