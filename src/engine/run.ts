/**
 * The door of the engine: a whole run, RunSpec → RunResult, a pure function; and Simulation for those who advance it themselves.
 * Import the engine from here: the build makes this file one bundle (generate/bundle-engine.ts).
 */
import type { LoadChange } from "../vocabulary/load-change.ts";
import type { RunResult } from "../vocabulary/run-result.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";
import { giveResultBack } from "./arena.ts";
import { Simulation } from "./simulation.ts";

export { canChange } from "./load-control.ts";
export { expectedBytes, limitFault } from "./memory.ts";
export type { ObservedRun, ObservedSegment, Observer, QueueLengths } from "./observer.ts";
export { Simulation };

/**
 * The last simulation of this thread that came to its end, kept until the next one does. Without one, the garbage collector of a thread that rests takes
 * the hidden classes of all their objects too, and with these the optimised code; what V8 makes anew can stay slower for good (docs/ARCHITECTURE.md).
 * Its tables go to the next run all the same (arena.ts).
 */
const kept: { last: Simulation | null } = { last: null };

/** Runs `spec` to its end, with changes of the load at their times, in order. The same spec and changes give the same bytes on any machine. */
export function run(spec: RunSpec, changes: readonly LoadChange[] = []): RunResult {
  const simulation = new Simulation(spec);
  for (const change of changes) {
    simulation.advanceTo(change.atNs);
    simulation.control(change);
  }
  simulation.advanceTo(spec.durationNs);
  return resultOf(simulation);
}

/** Batches between two looks: at some 100 ns an event, 2 to 5 ms. */
const BATCHES_PER_SLICE = 64;

/**
 * As run(), but between slices of the work `goesOn` is asked with the share of the simulated time that is done; null when it says no.
 */
export function runWhile(spec: RunSpec, goesOn: (share: number) => boolean): RunResult | null {
  const simulation = new Simulation(spec);
  while (!simulation.advanceTo(spec.durationNs, BATCHES_PER_SLICE)) {
    if (goesOn(simulation.nowNs / spec.durationNs)) continue;
    simulation.abandon();
    return null;
  }
  return resultOf(simulation);
}

function resultOf(simulation: Simulation): RunResult {
  const result = simulation.result();
  kept.last = simulation;
  return result;
}

/** Lets the next run of this thread write over a result that was read. */
export function recycle({ buffer }: RunResult): void {
  giveResultBack(new Float64Array(buffer));
}
