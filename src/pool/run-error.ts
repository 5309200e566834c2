/** RunError: a run that failed inside the engine, that died with its thread, or that is too large: never a user's typing error. */
import type { RunFailure } from "./task.ts";

export class RunError extends Error {
  override readonly name = "RunError";
  /** Which of the runs that were asked for, from 0. */
  readonly index: number;
  /** It wanted more than the program can hold: a smaller one would do. */
  readonly isLimit: boolean;

  /** `count`: of how many; null where they are made one by one. */
  constructor(
    index: number,
    count: number | null,
    seed: number,
    failure: Pick<RunFailure, "message" | "isLimit">,
    cause?: unknown,
  ) {
    const of = count === null ? "" : ` of ${count}`;
    super(`run ${index + 1}${of} (seed ${seed}): ${failure.message}`, { cause });
    this.index = index;
    this.isLimit = failure.isLimit;
  }
}
