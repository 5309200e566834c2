/**
 * Task: what crosses between a thread of the pool and the program.
 *
 * Invariants  A run that fails is an answer, not an exception: so its number and its text survive the way between threads.
 */
import type { ENGINES } from "../compile/compile.ts";
import type { SweepParts } from "../config/sweep-plan.ts";
import type { SparseParts } from "../results/values.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";
import type { AxisValue } from "../vocabulary/sweep.ts";

/** A run, of whose result comes back what is not 0. */
export interface RunJob {
  readonly kind: "sparse";
  readonly spec: RunSpec;
}

/** All hosts of one seed of a point, of which some metrics come back. The thread makes the point's scenario itself: that scales with the threads. */
export interface PointJob {
  readonly kind: "point";
  /** The same object for all jobs of a call, so that a task carries it once. */
  readonly sweep: SweepParts & {
    readonly engine: keyof typeof ENGINES;
    readonly metrics: readonly string[];
    /** How many such runs there are at a time, in how many bytes. */
    readonly workers: number;
    readonly memory: number;
  };
  /** Number of the tuning. */
  readonly tuning: number;
  /** In the order of the axes; the same list for all seeds of the point. */
  readonly values: readonly AxisValue[];
  readonly seed: number;
}

export type Job = RunJob | PointJob;

/** In the order of the sweep's; null: nothing was measured. The other: values that contradict each other, which were not found before the start. */
export type PointYield = readonly (number | null)[] | { readonly contradiction: string };

/** What comes back of each kind. */
export interface Yields {
  readonly sparse: SparseParts;
  readonly point: PointYield;
}
export type Yield = Yields[keyof Yields];

/** The Int32s that both sides share, by their places. */
export const Control = {
  /** Not 0: the caller wants no more. Read between slices of a few milliseconds. */
  Cancelled: 0,
  /** Thousandths of jobs that are done, over all threads of the call. */
  Done: 1,
} as const;
export const CONTROL_WORDS = 2;

/** Some jobs for one thread, one after the other: few when runs are long (see lanes.ts). */
export interface Task {
  readonly jobs: readonly Job[];
  /** In shared memory. */
  readonly control: Int32Array;
  /** The thread gives way to the others of the process, from now on. */
  readonly inBackground?: boolean | undefined;
  /** The thread ends after it. */
  readonly isLast?: boolean | undefined;
}

export const emptyTask = (): Task => ({ jobs: [], control: new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS)) });
export const lastTask = (): Task => ({ ...emptyTask(), isLast: true });

export interface RunFailure {
  /** Which of `jobs`. */
  readonly index: number;
  readonly message: string;
  readonly stack: string;
  /** It wanted more than the program can hold. */
  readonly isLimit: boolean;
}

/** One yield for each job that was done: all of them, those before `failure`, or those before the call was cancelled. */
export interface TaskAnswer {
  readonly yields: readonly Yield[];
  readonly failure: RunFailure | null;
  /** Wall-clock time of the jobs. */
  readonly elapsedMs: number;
}
