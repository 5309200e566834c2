/** What crosses between the thread of paced runs and the program. */
import type { SparseParts } from "../results/values.ts";
import type { LoadChange } from "../vocabulary/load-change.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";

/** A change at a moment of each period. */
export type TimedChange = LoadChange;

/** Runs that advance together: the tunings of an experiment, which meet the same clients at the same time. */
export interface PacedPlan {
  readonly name: string;
  /** Endless ones (compile/endless.ts). */
  readonly specs: readonly RunSpec[];
  /** Simulated seconds per second. */
  readonly scale: number;
  /** In order, repeated each `periodNs`; 0: there is none. */
  readonly timetable: readonly TimedChange[];
  readonly periodNs: number;
}

export type PacedCommand =
  | { readonly kind: "start"; readonly plan: PacedPlan }
  | { readonly kind: "stop"; readonly name: string }
  /** The thread ends. */
  | { readonly kind: "end" }
  /** Made at once, in all runs of the plan. */
  | { readonly kind: "change"; readonly name: string; readonly changes: readonly Omit<LoadChange, "atNs">[] };

/** One run of a plan at the moment. */
export interface PacedRunNow {
  /** What is not 0 of its result, some kilobytes of a megabyte: who takes it has little to do each second. */
  readonly parts: SparseParts;
  readonly queues: readonly { readonly syn: number; readonly accept: number }[];
  readonly halfOpens: readonly number[];
}

export interface PacedMoment {
  readonly name: string;
  readonly nowNs: number;
  readonly runs: readonly PacedRunNow[];
  /** Changes since the last moment, in order. */
  readonly changes: readonly LoadChange[];
  readonly behindMs: number;
  readonly skips: number;
  readonly skippedMs: number;
}
