/**
 * A whole run: RunSpec → RunResult, a pure function.
 */
import type { RunResult } from "../vocabulary/run-result.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";
import { Simulation } from "./simulation.ts";

/** Runs `spec` to its end. The same spec gives the same bytes on any machine. */
export function run(spec: RunSpec): RunResult {
  const simulation = new Simulation(spec);
  simulation.advanceTo(spec.durationNs);
  return simulation.result();
}
