/**
 * Pool: runs on worker threads, results in the order of the specs.
 *
 * Purpose     The only door to piscina. One pool of warm threads per process: a thread's first runs are slow, until its
 *             code is compiled, so threads stay until closePool().
 * Invariants  Results do not depend on the number of threads, on the cut into tasks or on who finishes first.
 *             Nothing is left behind: when a call fails or is cancelled, its threads are ended, others' runs go on.
 * Cost        30-85 µs a task; so short runs share a task.
 */
import { setMaxListeners } from "node:events";
import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import type { RunResult } from "../vocabulary/run-result.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";
import type { RunFailure, Task, TaskAnswer } from "./task.ts";

/** Threads of one process at most, over all calls. A call uses `workers` of them at a time. */
export const MAX_WORKERS = 64;
/** Runs that share a task at most: cancelling and progress should not wait for more than a few. */
const MAX_RUNS_PER_TASK = 16;
/** Tasks per thread at least, so that all threads end at about the same time. */
const TASKS_PER_WORKER = 16;

export interface PoolOptions {
  /** Threads at a time, 1..MAX_WORKERS. Default: what the machine has, but not more than there are runs. */
  readonly workers?: number | undefined;
  /** Cancels: the promise is rejected with the signal's reason, at once. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each run with its index in `specs`, in the order in which they end. */
  readonly onDone?: ((index: number) => void) | undefined;
}

/** A run that failed inside the engine: a broken invariant or a limit, never a user's typing error. */
export class RunError extends Error {
  override readonly name = "RunError";
  /** Which of `specs`. */
  readonly index: number;
  /** It wanted more than the program can hold: a smaller one would do. */
  readonly isLimit: boolean;

  constructor(
    index: number,
    count: number,
    seed: number,
    failure: Pick<RunFailure, "message" | "isLimit">,
    cause: unknown,
  ) {
    super(`run ${index + 1} of ${count} (seed ${seed}): ${failure.message}`, { cause });
    this.index = index;
    this.isLimit = failure.isLimit;
  }
}

/** Executes every spec; the first failure ends the others and comes back as a RunError. */
export function runSpecs(specs: readonly RunSpec[], options: PoolOptions = {}): Promise<RunResult[]> {
  return mapRuns(specs, (result) => result, options);
}

/** As runSpecs(), but of each result only what `take` makes of it is kept; results do not fit into memory by the thousands. */
export async function mapRuns<T>(
  specs: readonly RunSpec[],
  take: (result: RunResult, spec: RunSpec) => T,
  options: PoolOptions = {},
): Promise<T[]> {
  const workers = workersFor(specs.length, options.workers);
  options.signal?.throwIfAborted();
  const taken: T[] = new Array(specs.length);
  const runsPerTask = Math.min(MAX_RUNS_PER_TASK, Math.max(1, Math.floor(specs.length / (workers * TASKS_PER_WORKER))));
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const cancel = (): void => ending.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", cancel, { once: true });

  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < specs.length) {
      const first = next;
      next = Math.min(specs.length, first + runsPerTask);
      const buffers = await runTask(specs, first, next, ending.signal);
      for (const [i, buffer] of buffers.entries()) {
        taken[first + i] = take({ buffer }, specs[first + i] as RunSpec);
        options.onDone?.(first + i);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: workers }, lane));
    return taken;
  } catch (error) {
    ending.abort(error);
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", cancel);
  }
}

/** Starts threads and lets them load the engine, so that the time of the first runs is theirs alone. */
export async function warmPool(workers?: number): Promise<void> {
  const threads = workersFor(MAX_WORKERS, workers);
  const nothing: Task = { specs: [] };
  await Promise.all(Array.from({ length: threads }, () => pool().run(nothing)));
}

/** How many threads `runs` runs get. */
export function workersFor(runs: number, asked?: number): number {
  if (asked !== undefined && !(Number.isInteger(asked) && asked >= 1 && asked <= MAX_WORKERS)) {
    throw new RangeError(`workers: ${asked}, but 1 to ${MAX_WORKERS} are allowed`);
  }
  return Math.max(1, Math.min(asked ?? Math.min(availableParallelism(), MAX_WORKERS), runs));
}

/** specs[first .. end) as one task. */
async function runTask(
  specs: readonly RunSpec[],
  first: number,
  end: number,
  signal: AbortSignal,
): Promise<readonly ArrayBuffer[]> {
  const task: Task = { specs: specs.slice(first, end) };
  const failed = (failure: Omit<RunFailure, "stack">, cause: unknown): RunError =>
    new RunError(first + failure.index, specs.length, specs[first + failure.index]?.seed ?? 0, failure, cause);
  let answer: TaskAnswer;
  try {
    answer = await pool().run(task, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    // The thread itself died (out of memory): all that is known is the task.
    const message = error instanceof Error ? error.message : String(error);
    throw failed(
      { index: 0, message, isLimit: (error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY" },
      error,
    );
  }
  if (answer.failure !== null) throw failed(answer.failure, answer.failure.stack);
  return answer.buffers;
}

let warm: Piscina<Task, TaskAnswer> | undefined;

/** The process's pool. Threads are made when they are first needed, and do not keep the process alive while idle. */
function pool(): Piscina<Task, TaskAnswer> {
  warm ??= new Piscina<Task, TaskAnswer>({
    filename: workerUrl().href,
    // Busy waiting (the default, Atomics.wait) saves a few µs a task, but blocks the thread's own event loop.
    atomics: "disabled",
    minThreads: 0,
    maxThreads: MAX_WORKERS,
    idleTimeout: Number.POSITIVE_INFINITY,
    recordTiming: false,
  });
  return warm;
}

/**
 * The built worker. Threads can only execute JavaScript (Node 20 strips no types), so the sources, as tests load them, use
 * the worker in dist; test/build.setup.ts builds it before any test.
 */
function workerUrl(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith(".ts") ? "../../dist/pool/worker.js" : "./worker.js", here);
}

/** Ends all threads. A later runSpecs() starts anew. */
export async function closePool(): Promise<void> {
  const closing = warm;
  warm = undefined;
  await closing?.destroy();
}
