/**
 * Threads: the only door to piscina. A set of warm threads, which are made when they are first needed and do not keep the process alive.
 *
 * Cost      30-85 µs a task.
 */
import type { Worker } from "node:worker_threads";
import { Piscina } from "piscina";
import { withCompilerAtRest } from "./compiler.ts";
import type { Task, TaskAnswer } from "./task.ts";

/** Threads of one process at most, over all calls. */
export const MAX_WORKERS = 64;

export class Threads {
  readonly #pool: Piscina<Task, TaskAnswer>;

  /** `worker`: what each of them executes; JavaScript. */
  constructor(worker: URL) {
    this.#pool = new Piscina<Task, TaskAnswer>({
      filename: worker.href,
      // Busy waiting (the default, Atomics.wait) saves a few µs a task, but blocks the thread's own event loop.
      atomics: "disabled",
      minThreads: 0,
      maxThreads: MAX_WORKERS,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
    });
  }

  /** Rejected when the thread dies, and when `signal` is aborted, which ends the thread. */
  run(task: Task, signal?: AbortSignal): Promise<TaskAnswer> {
    return this.#pool.run(task, signal === undefined ? {} : { signal });
  }

  /** Those that there are now. */
  get all(): readonly Worker[] {
    return this.#pool.threads;
  }

  async close(): Promise<void> {
    await withCompilerAtRest(() => this.#pool.destroy());
  }
}
