/** Job run: what one job asks, simulated from where it was left, with each finished step in the store. */
import { nsToSeconds } from "../base/units.ts";
import {
  type Experiment,
  type ExperimentSummary,
  experimentSpecs,
  type RunSpec,
  simulateExperiment,
} from "../index.ts";
import type { Store } from "../store/store.ts";
import { Detail } from "../vocabulary/run-spec.ts";
import { Checkpoints, knownRuns } from "./checkpoints.ts";
import type { Found } from "./found.ts";
import type { JobRecord } from "./job-record.ts";
import type { JobResults } from "./job-results.ts";
import { knownAnswerRuns, runPlan } from "./plan-run.ts";
import { knownPoints, runSweep } from "./sweep-run.ts";

export interface JobRunOptions {
  readonly store: Store;
  readonly results: JobResults;
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Called with runs that were simulated, how many, their simulated time, and what they are for the log. */
  readonly onRuns: (runs: number, simulatedS: number, about: Readonly<Record<string, unknown>>) => void;
  /** Called with how many runs are done for good, and of how many where that has changed. */
  readonly onStored: (done: number, runs?: number) => void;
  /** Called when a thread has died. */
  readonly onDeath: () => void;
}

/** What each kind of job needs of these. */
export type StepOptions = Omit<JobRunOptions, "results"> & Pick<JobRecord, "engine">;

/** However it ends, what was simulated is in the store then, as far as that can be written to. */
export async function runJob(record: JobRecord, { results, ...options }: JobRunOptions): Promise<Found> {
  const { id, engine } = record;
  const asked = results.asked(record);
  const steps = { ...options, engine };
  switch (asked.kind) {
    case "experiment":
      return { kind: "experiment", summary: await runExperiment(id, asked.experiment, steps) };
    case "sweep":
      return { kind: "sweep", summary: await runSweep(id, asked.sweep, steps) };
    case "plan":
      return { kind: "plan", result: await runPlan(id, asked, steps) };
  }
}

/** Runs of a job that are in the store and need not be done again. */
export function runsDone(store: Store, { id, kind, seeds }: JobRecord): number {
  if (kind === "sweep") return knownPoints(store, id) * seeds;
  return kind === "plan" ? knownAnswerRuns(store, id) : knownRuns(store, id).count;
}

async function runExperiment(
  id: string,
  experiment: Experiment,
  { store, engine, workers, signal, onRuns, onStored, onDeath }: StepOptions,
): Promise<ExperimentSummary> {
  const specs = experimentSpecs(experiment, engine).flat(2);
  const known = knownRuns(store, id);
  let stored = known.count;
  const checkpoints = new Checkpoints(store, id, (runs) => {
    stored += runs;
    onStored(stored);
  });
  try {
    return await simulateExperiment(experiment, {
      ...{ engine, signal, workers, onDeath },
      inBackground: true,
      known: known.of,
      onResult: (run, result) => {
        const { seed, durationNs, detail } = specs[run] as RunSpec;
        onRuns(1, nsToSeconds(durationNs), { run, seed });
        checkpoints.add(run, detail === Detail.Full, result);
      },
    });
  } finally {
    await checkpoints.flush();
  }
}
