/** Point: a job of a sweep → its scenario, checked as a whole → specs of its hosts → of their results, some metrics. On the threads. */
import { compileHosts } from "../compile/compile.ts";
import { SweepPlan } from "../config/sweep-plan.ts";
import { readMetrics } from "../results/readings.ts";
import { RunView } from "../results/run-view.ts";
import type { Tuning } from "../vocabulary/experiment.ts";
import type { RunResult } from "../vocabulary/run-result.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";
import { MemoryError, memoryFault } from "./memory.ts";
import type { PointJob } from "./task.ts";

export interface PreparedPoint {
  readonly tuning: Tuning;
  readonly hosts: readonly RunSpec[];
}

/** Of the last job, whose point the next one may be of too. */
let last: (Pick<PointJob, "sweep" | "values"> & { readonly number: number; readonly tuning: Tuning }) | null = null;
/** Of the last job: without any, V8 forgets their class, and the code that reads them (engine/run.ts). */
let kept: RunView[] = [];
let plan: { readonly of: PointJob["sweep"]; readonly plan: SweepPlan } | null = null;

/** Throws MemoryError. */
export function preparePoint(job: PointJob): PreparedPoint | { readonly contradiction: string } {
  const { sweep, seed, values } = job;
  if (last?.sweep !== sweep || last.number !== job.tuning || last.values !== values) {
    if (plan?.of !== sweep) plan = { of: sweep, plan: new SweepPlan(sweep) };
    const tuning = plan.plan.tuningAt(job.tuning, values);
    if (!tuning.ok) return { contradiction: tuning.error };
    last = { sweep, number: job.tuning, values, tuning: tuning.value };
  }
  const { tuning } = last;
  // As if they had come by message: for V8 objects that are made by other code are of other classes, and code for one is thrown away at the other.
  const hosts = structuredClone(compileHosts(tuning.scenario, { seed, engine: sweep.engine, detail: "summary" }));
  for (const spec of hosts) {
    const fault = memoryFault(spec, sweep.workers, sweep.memory);
    if (fault !== null) throw new MemoryError(fault);
  }
  return { tuning, hosts };
}

export function metricsOf(
  { tuning, hosts }: PreparedPoint,
  results: readonly RunResult[],
  metrics: readonly string[],
): (number | null)[] {
  kept = results.map((result, host) => new RunView(hosts[host] as RunSpec, result));
  return readMetrics(tuning, kept, metrics);
}
