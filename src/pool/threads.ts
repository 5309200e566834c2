/**
 * Threads: the only door to piscina. A set of warm threads, which are made when they are first needed and do not keep the process alive.
 *
 * Cost      30-85 µs a task.
 */
import { setTimeout } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { Piscina } from "piscina";
import { pauseCompiler } from "./compiler.ts";
import { lastTask, type Task, type TaskAnswer } from "./task.ts";

/** Threads of one process at most, over all calls. */
export const MAX_WORKERS = 64;

/** What a thread's last compilation may take, on a machine that has other work; ms. */
const FAREWELL_MS = 2_000;

export class Threads {
  readonly #pool: Piscina<Task, TaskAnswer>;
  #busy = 0;

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
  async run(task: Task, signal?: AbortSignal): Promise<TaskAnswer> {
    this.#busy += 1;
    try {
      return await this.#pool.run(task, signal === undefined ? {} : { signal });
    } finally {
      this.#busy -= 1;
    }
  }

  /** Those that there are now. */
  get all(): readonly Worker[] {
    return this.#pool.threads;
  }

  async close(): Promise<void> {
    const resume = pauseCompiler();
    const idle = Math.max(0, this.all.length - this.#busy);
    const farewells = Promise.allSettled(Array.from({ length: idle }, () => this.#pool.run(lastTask())));
    await Promise.race([farewells, setTimeout(FAREWELL_MS, undefined, { ref: false })]);
    await this.#pool.destroy();
    resume();
  }
}
