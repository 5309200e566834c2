/**
 * The door of the engine: a whole run, RunSpec → RunResult, a pure function; and Simulation for those who advance it themselves.
 * Import the engine from here: the build makes this file one bundle (generate/bundle-engine.ts).
 */
import type { RunResult } from "../vocabulary/run-result.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";
import { Simulation } from "./simulation.ts";

export type { ObservedRun, ObservedSegment, Observer, QueueLengths } from "./observer.ts";
export { Simulation };

/** Runs `spec` to its end. The same spec gives the same bytes on any machine. */
export function run(spec: RunSpec): RunResult {
  const simulation = new Simulation(spec);
  simulation.advanceTo(spec.durationNs);
  return simulation.result();
}
