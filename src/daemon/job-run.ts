/** Job run: the experiment of one job, simulated from where it was left, with each finished run in the store. */
import { nsToSeconds } from "../base/units.ts";
import { type ExperimentSummary, experimentSpecs, type RunSpec, simulateExperiment } from "../index.ts";
import type { Store } from "../store/store.ts";
import { Detail } from "../vocabulary/run-spec.ts";
import { Checkpoints, knownRuns } from "./checkpoints.ts";
import type { JobRecord } from "./job-record.ts";
import type { JobResults } from "./job-results.ts";

export interface JobRunOptions {
  readonly store: Store;
  readonly results: JobResults;
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Called with each run that was simulated: its number, seed and simulated time. */
  readonly onRun: (run: number, seed: number, simulatedS: number) => void;
  /** Called with how many runs are in the store. */
  readonly onStored: (runs: number) => void;
  /** Called when a thread has died. */
  readonly onDeath: () => void;
}

/** However it ends, what was simulated is in the store then, as far as that can be written to. */
export async function runJob(
  { id, engine, experiment: label }: JobRecord,
  { store, results, workers, signal, onRun, onStored, onDeath }: JobRunOptions,
): Promise<ExperimentSummary> {
  const experiment = results.experiment(id);
  const specs = experimentSpecs(experiment, engine).flat(2);
  const known = knownRuns(store, id);
  let stored = known.count;
  const checkpoints = new Checkpoints(store, id, (runs) => {
    stored += runs;
    onStored(stored);
  });
  try {
    const summary = await simulateExperiment(experiment, {
      ...{ engine, signal, workers, onDeath },
      inBackground: true,
      known: known.of,
      onResult: (run, result) => {
        const { seed, durationNs, detail } = specs[run] as RunSpec;
        onRun(run, seed, nsToSeconds(durationNs));
        checkpoints.add(run, detail === Detail.Full, result);
      },
    });
    return { ...summary, name: summary.name || label };
  } finally {
    await checkpoints.flush();
  }
}
