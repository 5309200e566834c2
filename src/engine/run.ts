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
 * The last simulation of this thread, kept until the next one. Without any of them left, the garbage collector of a thread that rests takes the hidden
 * classes of all their objects too, and with these the optimised code; V8 makes it anew, but on Node 20 mostly so that it stays 1.7 times slower for good
 * (bench/steady.ts measures it). What is large of it goes to the next run in any case (arena.ts).
 */
const kept: { last: Simulation | null } = { last: null };

function begin(spec: RunSpec): Simulation {
  const simulation = new Simulation(spec);
  kept.last = simulation;
  return simulation;
}

/** Runs `spec` to its end, with changes of the load at their times, in order. The same spec and changes give the same bytes on any machine. */
export function run(spec: RunSpec, changes: readonly LoadChange[] = []): RunResult {
  const simulation = begin(spec);
  for (const change of changes) {
    simulation.advanceTo(change.atNs);
    simulation.control(change);
  }
  simulation.advanceTo(spec.durationNs);
  return simulation.result();
}

/** Batches between two looks: at some 100 ns an event, 2 to 5 ms. */
const BATCHES_PER_SLICE = 64;

/**
 * As run(), but between slices of the work `goesOn` is asked with the share of the simulated time that is done; null when it says no.
 */
export function runWhile(spec: RunSpec, goesOn: (share: number) => boolean): RunResult | null {
  const simulation = begin(spec);
  while (!simulation.advanceTo(spec.durationNs, BATCHES_PER_SLICE)) {
    if (goesOn(simulation.nowNs / spec.durationNs)) continue;
    simulation.abandon();
    return null;
  }
  return simulation.result();
}

/** Lets the next run of this thread write over a result that was read. */
export function recycle({ buffer }: RunResult): void {
  giveResultBack(new Float64Array(buffer));
}
