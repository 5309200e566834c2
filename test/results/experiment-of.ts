/** An Experiment of scenario texts that are known to be good: one tuning for each. */
import type { Experiment } from "../../src/vocabulary/experiment.ts";
import { scenarioOf } from "../compile/scenario-of.ts";

export function experimentOf(scenarios: Readonly<Record<string, string>>, change: Partial<Experiment> = {}): Experiment {
  const tunings = Object.entries(scenarios).map(([name, text]) => ({ name, changes: [], scenario: scenarioOf(text) }));
  return { name: "by hand", description: "", tunings, seeds: [1, 2, 3], thresholds: [], ...change };
}
