/** Readings: metrics of one seed, by name, from the runs of its hosts. What a sweep keeps of a run. */
import type { Tuning } from "../vocabulary/experiment.ts";
import { metricOf } from "./metrics.ts";
import type { RunView } from "./run-view.ts";
import { measureTuning } from "./summarize.ts";
import { TuningRuns } from "./tuning-runs.ts";

/** In the order of `metrics`; null where nothing was measured. */
export function readMetrics(tuning: Tuning, hosts: readonly RunView[], metrics: readonly string[]): (number | null)[] {
  const measured = measureTuning(tuning, new TuningRuns([hosts]));
  return metrics.map((metric) => metricOf(measured, metric)?.value ?? null);
}
