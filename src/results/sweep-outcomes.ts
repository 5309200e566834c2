/** Outcomes of a sweep, point by point: the best and the worst ones, and, where they are few, all of them. */
import { type MetricNames, metricBetter } from "../vocabulary/metrics.ts";
import {
  type ExtremePoint,
  type Extremes,
  MOST_OUTCOMES,
  type PointOutcome,
  type SweepSummary,
} from "./sweep-format.ts";
import { pointCountOf, type SweepShape, type SweepTable } from "./sweep-table.ts";

/** More keys than these are no line and no map. */
const MOST_KEYS = 2;

export function outcomesOf(
  table: SweepTable,
  names: MetricNames,
): Pick<SweepSummary, "keys" | "extremes" | "outcomes"> {
  const { shape } = table;
  const keys = shape.axes.map(({ path }) => path);
  const isFew = shape.samples === null && keys.length <= MOST_KEYS && pointCountOf(shape) <= MOST_OUTCOMES;
  return {
    keys,
    extremes: shape.metrics.flatMap((metric, index) => extremesOf(table, metric, index, names) ?? []),
    outcomes: isFew ? Array.from({ length: pointCountOf(shape) }, (_, point) => outcomeAt(table, point)) : null,
  };
}

/** null: nothing was measured anywhere. */
function extremesOf(table: SweepTable, metric: string, index: number, names: MetricNames): Extremes | null {
  const { shape } = table;
  let highest: ExtremePoint | null = null;
  let lowest: ExtremePoint | null = null;
  for (let point = 0; point < pointCountOf(shape); point++) {
    const value = table.mean(point, index);
    if (Number.isNaN(value)) continue;
    if (highest === null || value > highest.mean) highest = { ...placeOf(shape, point), mean: value };
    if (lowest === null || value < lowest.mean) lowest = { ...placeOf(shape, point), mean: value };
  }
  if (highest === null || lowest === null) return null;
  const better = metricBetter(metric, names);
  return { metric, better: better === null ? null : better === "up" ? "highest" : "lowest", highest, lowest };
}

function outcomeAt(table: SweepTable, point: number): PointOutcome {
  const means = table.shape.metrics.map((_, metric) => {
    const mean = table.mean(point, metric);
    return Number.isNaN(mean) ? null : mean;
  });
  return { ...placeOf(table.shape, point), means };
}

const placeOf = ({ tunings, pointsPerTuning, valuesAt }: SweepShape, point: number) => ({
  tuning: tunings[Math.floor(point / pointsPerTuning)] ?? "",
  at: valuesAt(point % pointsPerTuning),
});
