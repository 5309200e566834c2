/**
 * Simulate: a scenario and some seeds → results. Compile, then the pool; that is the whole story.
 *
 * Invariants  The results depend on scenario, seeds, engine and detail; not on the number of threads.
 */
import { type CompileOptions, compileScenario } from "./compile/compile.ts";
import { type PoolOptions, runSpecs } from "./pool/pool.ts";
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

/** K seeds from `first` on: the seeds of a sample of runs. Seeds are hashed, so neighbours have nothing in common. */
export const seedsFrom = (first: number, count: number): number[] => Array.from({ length: count }, (_, k) => first + k);
