/**
 * Task: what crosses between a thread of the pool and the program.
 *
 * Invariants  A run that fails is an answer, not an exception: so its number and its text survive the way between threads.
 */
import type { SparseParts } from "../results/values.ts";
import type { Tuning } from "../vocabulary/experiment.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";

/** A run, of whose result comes back what is not 0. */
export interface RunJob {
  readonly kind: "sparse";
  readonly spec: RunSpec;
}

/** All hosts of one seed, of which some metrics come back. */
export interface MetricsJob {
  readonly kind: "metrics";
  readonly tuning: Tuning;
  readonly hosts: readonly RunSpec[];
  readonly metrics: readonly string[];
}

export type Job = RunJob | MetricsJob;

/** What comes back of each kind. */
export interface Yields {
  readonly sparse: SparseParts;
  /** null: nothing was measured. */
  readonly metrics: readonly (number | null)[];
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
