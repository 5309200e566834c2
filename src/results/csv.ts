/** CSV of a summary in long form (RFC 4180): one row for each tuning and metric, for spreadsheets and data frames. */
import { metricsOf } from "../vocabulary/metrics.ts";
import { type MetricValue, metricNamesOf, metricOf } from "./metrics.ts";
import type { ExperimentSummary } from "./summary-format.ts";

const HEADER = ["experiment", "tuning", "metric", "mean", "least", "most"];

/**
 * Latencies have those of all seeds in place of a mean; least and most are of single seeds, empty where these are not kept. Left out is what
 * was not measured, and what is 0 with every seed in all tunings.
 */
export function encodeCsv(summary: ExperimentSummary): string {
  const values = summary.tunings.map((tuning) => {
    const metrics = metricsOf(metricNamesOf(tuning));
    return new Map(metrics.flatMap((metric) => entryOf(metric, metricOf(tuning, metric))));
  });
  const moving = new Set(values.flatMap((ofTuning) => [...ofTuning].filter(isMoving).map(([metric]) => metric)));
  const rows = summary.tunings.flatMap(({ name }, index) =>
    [...(values[index] ?? [])]
      .filter(([metric]) => moving.has(metric))
      .map(([metric, value]) => [summary.name, name, metric, ...numbersOf(value)]),
  );
  return [HEADER, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

const entryOf = (metric: string, value: MetricValue | null): (readonly [string, MetricValue])[] =>
  value === null ? [] : [[metric, value]];

const isMoving = ([, { value, perSeed }]: readonly [string, MetricValue]): boolean =>
  value !== 0 || (perSeed?.some((ofSeed) => ofSeed !== 0) ?? false);

function numbersOf({ value, perSeed }: MetricValue): string[] {
  const measured = perSeed?.filter((ofSeed) => ofSeed !== null) ?? [];
  if (measured.length === 0) return [String(value), "", ""];
  return [value, Math.min(...measured), Math.max(...measured)].map(String);
}

const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
