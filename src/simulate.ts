/**
 * Simulate: a scenario and some seeds, or an experiment → results. Compile, then the pool, then the summary; that is the whole story.
 *
 * Invariants  The results depend on scenario, seeds, engine and detail; not on the number of threads.
 */
import { type CompileOptions, compileHosts, compileScenario } from "./compile/compile.ts";
import { type PoolOptions, runSparse, runSpecs } from "./pool/pool.ts";
import { RunView } from "./results/run-view.ts";
import { summarizeExperiment } from "./results/summarize.ts";
import type { ExperimentSummary } from "./results/summary-format.ts";
import type { SparseParts } from "./results/values.ts";
import type { Experiment } from "./vocabulary/experiment.ts";
import type { RunResult } from "./vocabulary/run-result.ts";
import type { RunSpec } from "./vocabulary/run-spec.ts";
import type { Scenario } from "./vocabulary/scenario.ts";

export interface SimulateOptions extends PoolOptions, Omit<CompileOptions, "seed"> {
  /** One run for each. Default: [1]. */
  readonly seeds?: readonly number[];
}

/** What ran, and what came of it: results[i] is that of specs[i]. */
export interface Simulated {
  readonly specs: readonly RunSpec[];
  readonly results: readonly RunResult[];
}

export async function simulateScenario(scenario: Scenario, options: SimulateOptions = {}): Promise<Simulated> {
  const { seeds = [1], workers, signal, onDone, ...compile } = options;
  const specs = seeds.map((seed) => compileScenario(scenario, { ...compile, seed }));
  return { specs, results: await runSpecs(specs, { workers, signal, onDone }) };
}

export interface ExperimentOptions extends Pick<PoolOptions, "workers" | "signal" | "inBackground"> {
  /** Default: auto. */
  readonly engine?: ExperimentSummary["engine"];
  /** Called after each run: how many are done, of how many. */
  readonly onDone?: (done: number, total: number) => void;
  /** Results from before, by number of the run (tunings, in each its seeds, in each its hosts): those are not simulated again. */
  readonly known?: (run: number) => SparseParts | null;
  /** Called with each other result, before onDone. */
  readonly onResult?: (run: number, result: SparseParts) => void;
  /** Called when a thread has died under runs, which are then done once more. */
  readonly onDeath?: () => void;
}

/** Runs every tuning with every seed on every host behind the load balancer, and lays the tunings side by side. */
export async function simulateExperiment(
  experiment: Experiment,
  options: ExperimentOptions = {},
): Promise<ExperimentSummary> {
  const { workers, signal, inBackground, engine = "auto", onDone, known, onResult, onDeath } = options;
  const specs = experimentSpecs(experiment, engine);
  const queue = specs.flat(2);
  const views = new Map<RunSpec, RunView>();
  queue.forEach((spec, run) => {
    const result = known?.(run) ?? null;
    if (result !== null) views.set(spec, new RunView(spec, result));
  });
  const missing = queue.flatMap((spec, run) => (views.has(spec) ? [] : [{ spec, run }]));
  let done = views.size;
  const results = await runSparse(
    missing.map(({ spec }) => spec),
    {
      ...{ workers, signal, inBackground, onDeath },
      onYield: (result, index) => onResult?.(missing[index]?.run ?? 0, result),
      onDone: () => onDone?.(++done, queue.length),
    },
  );
  missing.forEach(({ spec }, index) => {
    views.set(spec, new RunView(spec, results[index] as SparseParts));
  });
  const runs = specs.map((seeds) => seeds.map((hosts) => hosts.map((spec) => views.get(spec) as RunView)));
  return summarizeExperiment(experiment, engine, runs);
}

/** [tuning][seed][host]: all runs of an experiment, those of the first seed with time lines. */
export const experimentSpecs = (experiment: Experiment, engine: ExperimentSummary["engine"]): RunSpec[][][] =>
  experiment.tunings.map(({ scenario }) =>
    experiment.seeds.map((seed, index) =>
      compileHosts(scenario, { seed, engine, detail: index === 0 ? "full" : "summary" }),
    ),
  );

/** Seeds are uint32; after the last one they go on at 0. */
const SEEDS = 2 ** 32;

/** K seeds from `first` on: the seeds of a sample of runs. Seeds are hashed, so neighbours have nothing in common. */
export const seedsFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, k) => (first + k) % SEEDS);
