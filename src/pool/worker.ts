/**
 * Worker: what a thread of the pool executes.
 *
 * V8's flags have to be set before the engine is loaded (engine-flags.ts), hence the import below is a dynamic one.
 */
import type { RunResult } from "../vocabulary/run-result.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";
import { awaitCompiler } from "./compiler.ts";
import { setEngineFlags } from "./engine-flags.ts";
import { GIVE_WAY, giveWay } from "./give-way.ts";
import { Control, type Job, type PointJob, type RunFailure, type Task, type TaskAnswer, type Yield } from "./task.ts";

setEngineFlags();
const { recycle, runWhile } = await import("../engine/run.ts");

/**
 * Does the task's jobs. What they yield is copied to the caller, not moved: moving detaches buffers, and from the first detached buffer on V8
 * checks every access to a typed array of this thread (its "array buffer detaching" protector). That costs 15 % of all later runs.
 * Only what is not 0 goes there: to copy a whole result costs more than many a run.
 */
export default async function runTask({ jobs, control, inBackground, isLast }: Task): Promise<TaskAnswer> {
  if (inBackground === true) giveWay(GIVE_WAY.Jobs);
  if (isLast === true) awaitCompiler();
  const startedMs = performance.now();
  const yields: Yield[] = [];
  let failure: RunFailure | null = null;
  for (const [index, job] of jobs.entries()) {
    try {
      const yielded = await doJob(job, control);
      if (yielded === null) break;
      yields.push(yielded);
    } catch (error) {
      failure = describe(index, error);
      break;
    }
  }
  return { yields, failure, elapsedMs: performance.now() - startedMs };
}

/** null: cancelled. */
async function doJob(job: Job, control: Int32Array): Promise<Yield | null> {
  if (job.kind === "point") return doPoint(job, control);
  const result = observedRun(job.spec, control, 1);
  if (result === null) return null;
  const { sparseParts } = await import("../results/values.ts");
  const parts = sparseParts(new Float64Array(result.buffer));
  recycle(result);
  return parts;
}

async function doPoint(job: PointJob, control: Int32Array): Promise<Yield | null> {
  const { metricsOf, preparePoint } = await import("./point.ts");
  const point = preparePoint(job);
  if ("contradiction" in point) return point;
  const results: RunResult[] = [];
  for (const spec of point.hosts) {
    const result = observedRun(spec, control, point.hosts.length);
    if (result === null) return null;
    results.push(result);
  }
  const read = metricsOf(point, results, job.sweep.metrics);
  results.forEach(recycle);
  return read;
}

/** One run of the `runs` of a job, whose progress others can see and that they can end; null: they did. */
function observedRun(spec: RunSpec, control: Int32Array, runs: number): RunResult | null {
  let told = 0;
  const tell = (share: number): void => {
    const done = Math.round((1000 / runs) * share);
    Atomics.add(control, Control.Done, done - told);
    told = done;
  };
  const isCancelled = (): boolean => Atomics.load(control, Control.Cancelled) !== 0;
  if (isCancelled()) return null;
  const result = runWhile(spec, (share) => {
    tell(share);
    return !isCancelled();
  });
  tell(1);
  return result;
}

function describe(index: number, error: unknown): RunFailure {
  if (!(error instanceof Error)) return { index, message: String(error), stack: "", isLimit: false };
  // The engine is a bundle with a class of its own: the name tells. The other is V8's word for memory that it could not get.
  const isLimit =
    ["LimitError", "MemoryError"].includes(error.name) || /Array buffer allocation failed/.test(error.message);
  return { index, message: error.message, stack: error.stack ?? "", isLimit };
}
