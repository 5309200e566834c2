/**
 * Lanes: one call's jobs on their way through the threads. Each lane keeps one thread busy, a task at a time.
 *
 * Tasks       A task takes some 40 ms, so that its cost (threads.ts) is nothing: how many jobs that are follows from how long the last ones of the lane took.
 * Memory      Jobs are taken from their source only when a lane is free, and none that is more than MAX_AHEAD after the oldest one under way: whoever
 *             puts yields into order again holds no more than that.
 * Ending      A call that is cancelled, or fails, says so to its threads in shared memory; they look between slices of a few milliseconds, and stay warm.
 *             Only a task that does not answer within DEADLINE_MS is ended with its thread.
 * Deaths      The jobs of a thread that died are done once more, each by itself; a job whose thread dies again is what fails.
 */
import { pauseCompiler } from "./compiler.ts";
import { RunError } from "./run-error.ts";
import { CONTROL_WORDS, Control, type Job, type RunFailure, type TaskAnswer, type Yield } from "./task.ts";
import type { Threads } from "./threads.ts";

/** A task of less than half of it is not worth its cost; one of more makes the others wait at the end. */
const TASK_MS = 40;
const MAX_JOBS_PER_TASK = 256;
/** A task may have so many times as many jobs as the one before: the first runs of a thread are slow. */
const GROWTH = 4;
export const MAX_AHEAD = 4096;
const DEADLINE_MS = 1000;
const PROGRESS_MS = 100;

export interface LaneOptions {
  readonly workers: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((jobs: number) => void) | undefined;
  /** Called with each death of a thread. */
  readonly onDeath?: (() => void) | undefined;
  readonly inBackground?: boolean | undefined;
  /** How long a task that is cancelled may go on before its thread is ended, ms. Default: 1000. */
  readonly deadlineMs?: number | undefined;
  /** Of how many, for messages; null where nobody knows. */
  readonly count: number | null;
}

export class Lanes {
  readonly #threads: Threads;
  readonly #source: Iterator<Job>;
  readonly #take: (yielded: Yield, index: number) => void;
  readonly #options: LaneOptions;
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS));
  /** Each ends the thread of a task under way. One for all would gather listeners over a million tasks. */
  readonly #tasks = new Set<AbortController>();
  /** First jobs of the tasks under way. */
  readonly #open = new Set<number>();
  /** Lanes that wait until the oldest task ends. */
  #waiting: (() => void)[] = [];
  #next = 0;
  #failure: { readonly error: unknown } | null = null;
  #resumeCompiler: (() => void) | null = null;

  constructor(
    threads: Threads,
    jobs: Iterable<Job>,
    take: (yielded: Yield, index: number) => void,
    options: LaneOptions,
  ) {
    this.#threads = threads;
    this.#source = jobs[Symbol.iterator]();
    this.#take = take;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { workers, signal, onProgress } = this.#options;
    const cancel = (): void => this.#fail(signal?.reason);
    signal?.addEventListener("abort", cancel, { once: true });
    const tell = (): void => onProgress?.((this.#control[Control.Done] ?? 0) / 1000);
    const timer = onProgress && setInterval(tell, PROGRESS_MS);
    try {
      await Promise.all(Array.from({ length: workers }, () => this.#lane()));
    } finally {
      clearInterval(timer);
      signal?.removeEventListener("abort", cancel);
      if (this.#failure !== null) this.#source.return?.();
      this.#resumeCompiler?.();
    }
    if (this.#failure !== null) throw this.#failure.error;
    tell();
  }

  async #lane(): Promise<void> {
    let size = 1;
    try {
      for (;;) {
        await this.#room();
        const first = this.#next;
        const jobs = this.#failure === null ? this.#pull(size) : [];
        if (jobs.length === 0) return;
        this.#open.add(first);
        const elapsedMs = await this.#doJobs(jobs, first);
        this.#open.delete(first);
        this.#wake();
        const fitting = Math.floor((TASK_MS * jobs.length) / Math.max(elapsedMs, 1e-3));
        size = Math.max(1, Math.min(fitting, size * GROWTH, MAX_JOBS_PER_TASK));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Waits while the next job would be too far ahead of the oldest one. */
  async #room(): Promise<void> {
    while (this.#failure === null && this.#open.size > 0 && this.#next - Math.min(...this.#open) >= MAX_AHEAD) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #pull(most: number): Job[] {
    const jobs: Job[] = [];
    while (jobs.length < most) {
      const { done, value } = this.#source.next();
      if (done) break;
      jobs.push(value);
    }
    this.#next += jobs.length;
    return jobs;
  }

  /** Gives the time that the jobs took. */
  async #doJobs(jobs: readonly Job[], first: number): Promise<number> {
    const answer = await this.#attempt(jobs).catch((death) => ({ death }));
    if (!("death" in answer)) return this.#takeAll(answer, jobs, first);
    if (this.#failure !== null) return 0;
    this.#options.onDeath?.();
    let elapsedMs = 0;
    for (const [index, job] of jobs.entries()) elapsedMs += await this.#again(job, first + index);
    return elapsedMs;
  }

  async #again(job: Job, index: number): Promise<number> {
    const answer = await this.#attempt([job]).catch((death) => ({ death }));
    if (!("death" in answer)) return this.#takeAll(answer, [job], index);
    if (this.#failure !== null) return 0;
    this.#options.onDeath?.();
    const { death } = answer;
    const message = `its thread died, twice: ${death instanceof Error ? death.message : String(death)}`;
    const isLimit = (death as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY";
    throw this.#errorOf(job, index, { message, isLimit }, death);
  }

  async #attempt(jobs: readonly Job[]): Promise<TaskAnswer> {
    const task = new AbortController();
    this.#tasks.add(task);
    try {
      return await this.#threads.run(
        { jobs, control: this.#control, inBackground: this.#options.inBackground },
        task.signal,
      );
    } finally {
      this.#tasks.delete(task);
    }
  }

  #takeAll({ yields, failure, elapsedMs }: TaskAnswer, jobs: readonly Job[], first: number): number {
    if (this.#failure !== null) return 0;
    for (const [index, yielded] of yields.entries()) this.#take(yielded, first + index);
    if (failure !== null) {
      throw this.#errorOf(jobs[failure.index] as Job, first + failure.index, failure, failure.stack);
    }
    return elapsedMs;
  }

  #errorOf(job: Job, index: number, failure: Pick<RunFailure, "message" | "isLimit">, cause: unknown): RunError {
    const { seed } = job.kind === "point" ? job : job.spec;
    return new RunError(index, this.#options.count, seed, failure, cause);
  }

  /** The first reason counts. Lanes end by themselves. */
  #fail(error: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = { error };
    // By the time a thread is ended, nothing is compiled for it.
    this.#resumeCompiler = pauseCompiler();
    Atomics.store(this.#control, Control.Cancelled, 1);
    const end = (): void => {
      for (const task of this.#tasks) task.abort();
    };
    // Where nothing is left to end, the timer does not keep the process.
    setTimeout(end, this.#options.deadlineMs ?? DEADLINE_MS).unref();
    this.#wake();
  }
}
