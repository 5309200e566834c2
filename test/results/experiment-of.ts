/** Experiments of scenario texts that are known to be good, and summaries of results that are written by hand. */
import { compileScenario } from "../../src/compile/compile.ts";
import { RunView } from "../../src/results/run-view.ts";
import { summarizeExperiment } from "../../src/results/summarize.ts";
import type { ExperimentSummary } from "../../src/results/summary-format.ts";
import type { Experiment } from "../../src/vocabulary/experiment.ts";
import {
  EXTREME_FIELDS,
  LISTENER_FIELDS,
  type ResultLayout,
  WORKLOAD_FIELDS,
} from "../../src/vocabulary/run-result.ts";
import { scenarioOf } from "../compile/scenario-of.ts";
import { handMadeResult } from "./hand-made.ts";

/** One tuning for each scenario. */
export function experimentOf(
  scenarios: Readonly<Record<string, string>>,
  change: Partial<Experiment> = {},
): Experiment {
  const tunings = Object.entries(scenarios).map(([name, text]) => ({ name, changes: [], scenario: scenarioOf(text) }));
  return { name: "by hand", description: "", tunings, seeds: [1, 2, 3], thresholds: [], ...change };
}

/** Fills the result of one run; tunings, seeds and hosts are counted from 0. */
export type Fill = (
  values: Float64Array,
  layout: ResultLayout,
  run: { readonly tuning: number; readonly seed: number; readonly host: number },
) => void;

/** Summary of an experiment none of whose runs was simulated. */
export function handMadeSummary(experiment: Experiment, fill: Fill): ExperimentSummary {
  const runs = experiment.tunings.map(({ scenario }, tuning) =>
    experiment.seeds.map((_, seed) =>
      Array.from({ length: scenario.server.hosts }, (_, host) => {
        const spec = compileScenario(scenario, { seed, host, detail: seed === 0 ? "full" : "summary" });
        return new RunView(
          spec,
          handMadeResult(spec, (values, layout) => fill(values, layout, { tuning, seed, host })),
        );
      }),
    ),
  );
  return summarizeExperiment(experiment, "auto", runs);
}

/** Where numbers stand in a result. */
export const fieldAt = (layout: ResultLayout, workload: number, field: (typeof WORKLOAD_FIELDS)[number]): number =>
  layout.workloads[workload]!.fields + WORKLOAD_FIELDS.indexOf(field);
export const extremeAt = (layout: ResultLayout, workload: number, field: (typeof EXTREME_FIELDS)[number]): number =>
  layout.workloads[workload]!.extremes + EXTREME_FIELDS.indexOf(field);
export const listenerAt = (layout: ResultLayout, listener: number, field: (typeof LISTENER_FIELDS)[number]): number =>
  layout.listeners[listener]!.fields + LISTENER_FIELDS.indexOf(field);
