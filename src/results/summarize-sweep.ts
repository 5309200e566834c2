/** Summarize a sweep: its table → effects, what is dead, and heat maps. A pure function of the table: no order of work shows. */
import type { MetricNames } from "../vocabulary/metrics.ts";
import { effectOf, type Factor, factorsOf } from "./effects.ts";
import { type Effect, type HeatMap, SWEEP_FORMAT, type SweepSummary } from "./sweep-format.ts";
import { outcomesOf } from "./sweep-outcomes.ts";
import { pointCountOf, type SweepTable } from "./sweep-table.ts";

/** More levels than these are no map that anybody reads. */
const MOST_LEVELS = 60;

export function summarizeSweep(table: SweepTable, names: MetricNames): SweepSummary {
  const { shape } = table;
  const factors = factorsOf(shape);
  const effects = shape.metrics.flatMap((_, metric) => factors.map((factor) => effectOf(table, factor, metric)));
  const isDead = ({ path }: Factor): boolean =>
    effects.filter(({ axis }) => axis === path).every(({ verdict }) => verdict === "dead");
  return {
    format: SWEEP_FORMAT,
    name: shape.name,
    description: shape.description,
    duration_s: shape.durationS,
    seeds: shape.seeds,
    engine: shape.engine,
    sample: shape.samples === null ? "grid" : `lhs:${shape.samples}`,
    points: pointCountOf(shape),
    axes: factors.map(({ path, levels }) => ({ path, levels })),
    metrics: shape.metrics,
    names,
    effects,
    dead: factors.filter(isDead).map(({ path }) => path),
    ...outcomesOf(table, names),
    maps: shape.metrics.flatMap(
      (metric, index) =>
        mapOf(
          table,
          factors,
          effects.filter((effect) => effect.metric === metric),
          index,
        ) ?? [],
    ),
  };
}

/** Of the two axes that explain most of the metric; null where fewer than two are left, or nothing moves. */
function mapOf(
  table: SweepTable,
  factors: readonly Factor[],
  effects: readonly Effect[],
  metric: number,
): HeatMap | null {
  const fitting = factors.filter(({ levels }) => levels.length <= MOST_LEVELS);
  if (fitting.length < 2 || effects.every(({ share }) => share === null)) return null;
  const shareOf = ({ path }: Factor): number => effects.find(({ axis }) => axis === path)?.share ?? 0;
  const strongest = fitting.toSorted((a, b) => shareOf(b) - shareOf(a)).slice(0, 2);
  const [rows, columns] = fitting.filter((factor) => strongest.includes(factor)) as [Factor, Factor];
  const sums = rows.levels.map(() => columns.levels.map(() => ({ sum: 0, count: 0 })));
  for (let point = 0; point < pointCountOf(table.shape); point++) {
    const value = table.mean(point, metric);
    const cell = sums[rows.levelOf(point)]?.[columns.levelOf(point)];
    if (cell === undefined || Number.isNaN(value)) continue;
    cell.sum += value;
    cell.count += 1;
  }
  const cells = sums.map((row) => row.map(({ sum, count }) => (count === 0 ? null : sum / count)));
  return { metric: table.shape.metrics[metric] ?? "", rows: rows.path, columns: columns.path, cells };
}
