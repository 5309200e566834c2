/**
 * Endless: the spec of a run → that of one that goes on until nobody wants it any more.
 *
 * What changes  No end, no time lines; workloads go on, whatever duration or count they have. Packet by packet, since a look at a run in bulk would draw
 *               from its streams. Ramps, traces and those who come all at once are what they are: they end.
 */
import { Arrival, Detail, EngineMode, type RunSpec, type WorkloadSpec } from "../vocabulary/run-spec.ts";

/** ns; a float64 counts exactly up to it: 104 days of simulated time. */
export const ENDLESS_NS = Number.MAX_SAFE_INTEGER;

export const endlessSpec = (spec: RunSpec): RunSpec => ({
  ...spec,
  engine: EngineMode.Packet,
  detail: Detail.Summary,
  durationNs: ENDLESS_NS,
  workloads: spec.workloads.map(endless),
});

function endless(workload: WorkloadSpec): WorkloadSpec {
  if (workload.arrival === Arrival.Rates || workload.ratePerS === 0) return workload;
  return { ...workload, count: Number.MAX_SAFE_INTEGER, endNs: -1 };
}
