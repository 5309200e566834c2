/**
 * Pool: runs on worker threads, results in the order of the specs.
 *
 * Purpose     One set of warm threads per process: a thread's first runs are slow, until its code is compiled, so threads stay until closePool().
 * Invariants  Results do not depend on the number of threads, on the cut into tasks or on who finishes first.
 *             Nothing is left behind: when a call fails or is cancelled, its threads end what they do, others' runs go on.
 *             A run that cannot fit into memory is refused before it starts, with the limit's name.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { type SparseParts, wholeOf } from "../results/values.ts";
import type { RunResult } from "../vocabulary/run-result.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";
import { Lanes } from "./lanes.ts";
import { usableCores, usableMemory } from "./limits.ts";
import { memoryFault } from "./memory.ts";
import { RunError } from "./run-error.ts";
import { emptyTask, type Job, type PointJob, type PointYield } from "./task.ts";
import { MAX_WORKERS, Threads } from "./threads.ts";

export { usableCores, usableMemory } from "./limits.ts";
export { memoryFault, memoryNeeded } from "./memory.ts";
export { RunError } from "./run-error.ts";
export type { PointYield } from "./task.ts";
export { MAX_WORKERS } from "./threads.ts";

export interface PoolOptions {
  /** Threads at a time, 1..MAX_WORKERS. Default: the cores that the process may use, fewer where the runs' memory would not fit, and not more than there are runs. */
  readonly workers?: number | undefined;
  /** Cancels: the promise is rejected with the signal's reason, within milliseconds. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each run with its index in `specs`, in the order in which they end. */
  readonly onDone?: ((index: number) => void) | undefined;
  /** Called when a thread has died under runs, which are then done once more. */
  readonly onDeath?: (() => void) | undefined;
  /** The threads give way to those that somebody waits for, for good: for a program that answers while it simulates. */
  readonly inBackground?: boolean | undefined;
}

interface SparseOptions extends PoolOptions {
  /** Called with each result as it comes, before onDone. */
  readonly onYield?: ((parts: SparseParts, index: number) => void) | undefined;
}

/** Executes every spec; the first failure ends the others and comes back as a RunError. */
export async function runSpecs(specs: readonly RunSpec[], options: PoolOptions = {}): Promise<RunResult[]> {
  return (await runSparse(specs, options)).map((parts) => ({ buffer: wholeOf(parts).buffer as ArrayBuffer }));
}

/** As runSpecs(), but of each result only what is not 0 is kept; whole results do not fit into memory by the thousands. */
export async function runSparse(
  specs: readonly RunSpec[],
  { workers, signal, onDone, onDeath, inBackground, onYield }: SparseOptions = {},
): Promise<SparseParts[]> {
  signal?.throwIfAborted();
  const fitting = fittingWorkers(specs, workersFor(specs.length, workers), workers !== undefined);
  const all: SparseParts[] = new Array(specs.length);
  const jobs = specs.map((spec): Job => ({ kind: "sparse", spec }));
  const take = (yielded: unknown, index: number): void => {
    all[index] = yielded as SparseParts;
    onYield?.(all[index], index);
    onDone?.(index);
  };
  await new Lanes(threads(), jobs, take, {
    workers: fitting,
    signal,
    onProgress: undefined,
    onDeath,
    inBackground,
    count: specs.length,
  }).run();
  return all;
}

export interface StreamOptions extends Pick<PoolOptions, "workers" | "signal" | "onDeath" | "inBackground"> {
  /** Called some times a second with the number of jobs that are done, parts of them included. */
  readonly onProgress?: ((jobs: number) => void) | undefined;
}

/** What the threads are told of a sweep; how many there are and what they may use they learn here. */
export type SweepWork = Omit<PointJob["sweep"], "workers" | "memory">;
export type Point = Omit<PointJob, "kind" | "sweep">;

/**
 * Simulates each point, one seed at a time, and hands on what it yields, in the order in which they end, at most MAX_AHEAD before one that is still missing.
 * `points` are asked for when there is a thread for them, so there may be any number.
 */
export async function streamPoints(
  work: SweepWork,
  points: Iterable<Point>,
  take: (yielded: PointYield, index: number) => void,
  { workers, signal, onProgress, onDeath, inBackground }: StreamOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  const count = workersFor(Number.POSITIVE_INFINITY, workers);
  const sweep = { ...work, workers: count, memory: usableMemory() };
  const whole = (yielded: unknown, index: number): void => take(yielded as PointYield, index);
  await new Lanes(threads(), jobsOf(sweep, points), whole, {
    workers: count,
    signal,
    onProgress,
    onDeath,
    inBackground,
    count: null,
  }).run();
}

function* jobsOf(sweep: PointJob["sweep"], points: Iterable<Point>): Generator<Job> {
  for (const point of points) yield { kind: "point", sweep, ...point };
}

/** Starts threads and lets them load the engine, so that the time of the first runs is theirs alone. */
export async function warmPool(workers?: number): Promise<void> {
  await Promise.all(Array.from({ length: workersFor(MAX_WORKERS, workers) }, () => threads().run(emptyTask())));
}

/** The threads that there are now. */
export const poolThreads = (): readonly Worker[] => warm?.all ?? [];

/** How many threads `runs` runs get. */
export function workersFor(runs: number, asked?: number): number {
  if (asked !== undefined && !(Number.isInteger(asked) && asked >= 1 && asked <= MAX_WORKERS)) {
    throw new RangeError(`workers: ${asked}, but 1 to ${MAX_WORKERS} are allowed`);
  }
  return Math.max(1, Math.min(asked ?? Math.min(usableCores(), MAX_WORKERS), runs));
}

/**
 * `workers`, or as many as the memory holds where nobody asked for that many. A run that does not fit, even alone, is a RunError. `memory`: bytes
 * that the process may use.
 */
export function fittingWorkers(
  specs: readonly RunSpec[],
  workers: number,
  isAsked: boolean,
  memory = usableMemory(),
): number {
  let fitting = workers;
  for (const [index, spec] of specs.entries()) {
    while (fitting > 1 && !isAsked && memoryFault(spec, fitting, memory) !== null) fitting -= 1;
    const fault = memoryFault(spec, fitting, memory);
    if (fault !== null) throw new RunError(index, specs.length, spec.seed, { message: fault, isLimit: true });
  }
  return fitting;
}

/** Changes with every change of the engine: results of another one are not to be mixed with its. */
export function engineFingerprint(): string {
  const file = new URL("../engine/run.js", builtUrl("worker.js"));
  return createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 12);
}

let warm: Threads | undefined;

function threads(): Threads {
  warm ??= new Threads(builtUrl("worker.js"));
  return warm;
}

/**
 * A built worker of this folder. Threads can only execute JavaScript (Node 20 strips no types), so the sources, as tests load them, use
 * the workers in dist; test/build.setup.ts builds them before any test.
 */
export function builtUrl(file: string): URL {
  const here = import.meta.url;
  return new URL(here.endsWith(".ts") ? `../../dist/pool/${file}` : `./${file}`, here);
}

/** Ends all threads. A later runSpecs() starts anew. */
export async function closePool(): Promise<void> {
  const closing = warm;
  warm = undefined;
  await closing?.close();
}
