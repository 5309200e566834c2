/** Metrics of a summary: thresholds and differences name them, the metric table has their unit and meaning. */
import type { ExperimentSummary } from "../results/summary-format.ts";
import { type MetricDef, resolveMetric } from "../vocabulary/metrics.ts";

/** Of a metric that the table does not have, which only a summary of another version can name. */
const UNKNOWN: Pick<MetricDef, "name" | "unit" | "meaning"> = { name: "", unit: "", meaning: "" };

export function metricOf({ tunings }: ExperimentSummary, metric: string): Pick<MetricDef, "name" | "unit" | "meaning"> {
  const names = {
    clients: tunings.flatMap(({ clients }) => clients.map(({ name }) => name)),
    floods: tunings.flatMap(({ floods }) => floods.map(({ name }) => name)),
    ports: tunings.flatMap(({ listeners }) => listeners.map(({ port }) => port)),
  };
  return resolveMetric(metric, names)?.def ?? UNKNOWN;
}
