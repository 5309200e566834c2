/**
 * Simulate a sweep: an experiment and a plan of points → what moved what. Points are made, simulated and handed on one by one, so there may be a million.
 *
 * Invariants  Every point meets the same clients, seed by seed. Points are handed on in their order. The summary depends on experiment, plan, seeds,
 *             engine and metrics; not on the number of threads, nor on whether a part of the points comes from an earlier, interrupted sweep.
 */
import { createHash } from "node:crypto";
import { formatCount } from "./base/units.ts";
import { compileHosts } from "./compile/compile.ts";
import { pointsOf, valueWithin } from "./compile/points.ts";
import type { SweepPlan } from "./config/sweep-plan.ts";
import { engineFingerprint, type Point, type PointYield, type PoolOptions, streamPoints } from "./pool/pool.ts";
import { summarizeSweep } from "./results/summarize-sweep.ts";
import type { SweepSummary } from "./results/sweep-format.ts";
import { type PointValues, pointCountOf, type SweepShape, SweepTable, type SweptAxis } from "./results/sweep-table.ts";
import type { Experiment, Tuning } from "./vocabulary/experiment.ts";
import { type MetricFault, type MetricNames, metricFault, namesOf } from "./vocabulary/metrics.ts";
import type { RunSpec } from "./vocabulary/run-spec.ts";
import type { Scenario } from "./vocabulary/scenario.ts";
import { MAX_SWEEP_RUNS, type SweepAxis } from "./vocabulary/sweep.ts";

/** A range's levels: each has a fifth of the points. */
const LEVELS_OF_RANGE = 5;

/** A sweep that can be started. */
export interface Sweep {
  readonly shape: SweepShape;
  readonly plan: SweepPlan;
  readonly experiment: Experiment;
  readonly names: MetricNames;
}

export interface SweepChoices {
  /** Default: auto. */
  readonly engine?: SweepShape["engine"] | undefined;
  /** Default: sweepMetrics(). */
  readonly metrics?: readonly string[] | undefined;
}

/** `experiment`: of the plan; its first seed decides which points are drawn. */
export function sweepOf(
  experiment: Experiment,
  plan: SweepPlan,
  { engine = "auto", metrics }: SweepChoices = {},
): Sweep {
  const { axes, samples } = plan.design;
  const points = pointsOf(plan.design, experiment.seeds[0] ?? 1);
  const names = namesOf((experiment.tunings[0] as Tuning).scenario);
  const shape: SweepShape = {
    name: experiment.name,
    description: experiment.description,
    durationS: experiment.tunings[0]?.scenario.duration_s ?? 0,
    tunings: experiment.tunings.map(({ name }) => name),
    axes: axes.map(sweptAxis),
    samples,
    pointsPerTuning: points.count,
    valuesAt: points.at,
    seeds: experiment.seeds,
    engine,
    metrics: metrics ?? sweepMetrics(names),
  };
  return { shape, plan, experiment, names };
}

function sweptAxis({ path, values, range }: SweepAxis): SweptAxis {
  if (range === null) return { path, values, borders: [] };
  const borders = Array.from({ length: LEVELS_OF_RANGE + 1 }, (_, level) =>
    valueWithin(range, level / LEVELS_OF_RANGE),
  );
  return { path, values, borders: [...new Set(borders)] };
}

/** What a sweep looks at unless it is told otherwise: who got in, how late, at what cost. */
export const sweepMetrics = ({ clients }: MetricNames): string[] => [
  ...clients.flatMap((name) =>
    ["served_ratio", "connect_latency_ms.p99", "response_latency_ms.p99"].map((key) => `${name}.${key}`),
  ),
  "synacks_out",
  "half_open_peak_bytes",
];

/** Equal for sweeps whose points may stand in one file: the same points of the same scenarios, by the same engine. */
export function sweepFingerprint({ shape, experiment }: Sweep): string {
  const { valuesAt: _, ...swept } = shape;
  const of = { swept, tunings: experiment.tunings, engine: engineFingerprint() };
  return createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, 16);
}

export interface SweepOptions extends Pick<PoolOptions, "workers" | "signal" | "onDeath" | "inBackground"> {
  /** Points that are known already, the first ones. */
  readonly restored?: { readonly table: SweepTable; readonly points: number } | undefined;
  /** Called with each point, in their order. */
  readonly onPoint?: ((point: number, values: PointValues) => void) | undefined;
  /** Called some times a second: how many of the points that were not restored are done, parts included. */
  readonly onProgress?: ((points: number) => void) | undefined;
}

/** A point whose values contradict each other, which no point that was checked before the start did. */
export class SweepPointError extends Error {
  override readonly name = "SweepPointError";
}

export async function simulateSweep(sweep: Sweep, options: SweepOptions = {}): Promise<SweepSummary> {
  const { workers, signal, onDeath, inBackground, onPoint, onProgress } = options;
  const { seeds } = sweep.shape;
  const table = options.restored?.table ?? new SweepTable(sweep.shape);
  const first = options.restored?.points ?? 0;
  /** Points that lack seeds → how many. */
  const open = new Map<number, number>();
  let next = first;
  let begun = first;
  const take = (yielded: PointYield, index: number): void => {
    const point = first + Math.floor(index / seeds.length);
    if ("contradiction" in yielded) throw new SweepPointError(`point ${point}: ${yielded.contradiction}`);
    for (; begun <= point; begun++) open.set(begun, seeds.length);
    table.setSeed(point, index % seeds.length, yielded);
    open.set(point, (open.get(point) ?? 0) - 1);
    for (; next < begun && open.get(next) === 0; next++) {
      open.delete(next);
      onPoint?.(next, table.pointValues(next));
    }
  };
  const { engine, metrics } = sweep.shape;
  await streamPoints({ ...sweep.plan.parts, engine, metrics }, pointsFrom(sweep, first), take, {
    ...{ workers, signal, onDeath, inBackground },
    onProgress: onProgress && ((jobs) => onProgress(jobs / seeds.length)),
  });
  return summarizeSweep(table, sweep.names);
}

/** The points from `first` on, each once for each seed. */
function* pointsFrom({ shape }: Sweep, first: number): Generator<Point> {
  for (let point = first; point < pointCountOf(shape); point++) {
    const place = placeOf(shape, point);
    for (const seed of shape.seeds) yield { ...place, seed };
  }
}

const placeOf = ({ pointsPerTuning, valuesAt }: SweepShape, point: number): Omit<Point, "seed"> => ({
  tuning: Math.floor(point / pointsPerTuning),
  values: valuesAt(point % pointsPerTuning),
});

function tuningAt({ shape, plan }: Sweep, point: number): Tuning {
  const { tuning: number, values } = placeOf(shape, point);
  const tuning = plan.tuningAt(number, values);
  if (!tuning.ok) throw new SweepPointError(`point ${point}: ${tuning.error}`);
  return tuning.value;
}

/** What is wrong with the metrics that a sweep is to look at; null: nothing. */
export function sweptMetricFault({ shape, names }: Sweep): (MetricFault & { readonly metric: string }) | null {
  for (const metric of shape.metrics) {
    const fault = metricFault(metric, names);
    if (fault !== null) return { ...fault, metric };
  }
  return null;
}

/** Why it is too large for anybody; null: it is not. */
export function sweepSizeFault({ shape }: Sweep): string | null {
  const runs = pointCountOf(shape) * shape.seeds.length;
  if (runs <= MAX_SWEEP_RUNS) return null;
  return `found ${formatCount(runs)} runs, at most ${formatCount(MAX_SWEEP_RUNS)} are allowed: fewer values, fewer seeds, or --sample lhs:N`;
}

/** The scenario of a point. Throws SweepPointError. */
export const scenarioAt = (sweep: Sweep, point: number): Scenario => tuningAt(sweep, point).scenario;

/** The specs of a point's first seed, to foresee what it takes. */
export const specsAt = (sweep: Sweep, point: number): RunSpec[] => {
  const { seeds, engine } = sweep.shape;
  return compileHosts(scenarioAt(sweep, point), { seed: seeds[0] ?? 1, engine, detail: "summary" });
};
