/**
 * Task: what crosses between a thread of the pool and the program.
 *
 * Invariants  A run that fails is an answer, not an exception: so its number and its text survive the way between threads.
 */
import type { RunSpec } from "../vocabulary/run-spec.ts";

/** Some runs for one thread, one after the other. Tasks are small when runs are long (see pool.ts). */
export interface Task {
  readonly specs: readonly RunSpec[];
}

export interface RunFailure {
  /** Which of `specs`. */
  readonly index: number;
  readonly message: string;
  readonly stack: string;
  /** It wanted more than the program can hold. */
  readonly isLimit: boolean;
}

/** One buffer for each run that was done: all of them, or those before `failure`. */
export interface TaskAnswer {
  readonly buffers: readonly ArrayBuffer[];
  readonly failure: RunFailure | null;
}
