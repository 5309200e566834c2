/**
 * Effects: which axis of a sweep moved which metric, by how much, and which is dead there.
 *
 * Method  A grid has every combination, so each level is compared with the first one point by point, all other axes being equal, seed by seed; only chance
 *         between the seeds is left, and their mean differences give the interval. Of drawn points no two differ in one axis only: levels' means are
 *         compared, and the other axes' spread is part of the interval (Welch). Tunings are crossed with the points in both.
 * Source  Welch, Biometrika 34 (1947); share: the correlation ratio, Pearson (1905).
 */
import { meanInterval, studentT975 } from "./student.ts";
import type { Effect, Level, LevelEffect } from "./sweep-format.ts";
import { measuredMean, type SweepShape, type SweepTable, type SweptAxis } from "./sweep-table.ts";
import { meanOf, sumOf } from "./tuning-runs.ts";

/** An axis with its levels, and which of them a point has. */
export interface Factor {
  readonly path: string;
  readonly levels: readonly Level[];
  /** `point`: over all tunings. */
  readonly levelOf: (point: number) => number;
  /** Distance of two points that differ in this factor alone, by one level; null: there are no such points. */
  readonly stride: number | null;
}

/** Of everything that has more than one level, tunings first. */
export function factorsOf(shape: SweepShape): Factor[] {
  const { tunings, axes, pointsPerTuning, valuesAt, samples } = shape;
  const ofTunings: Factor = {
    path: "tuning",
    levels: tunings.map((name) => ({ label: name, from: name, to: name })),
    levelOf: (point) => Math.floor(point / pointsPerTuning),
    stride: pointsPerTuning,
  };
  const ofAxes = axes.map((axis, index): Factor => {
    const later = axes.slice(index + 1).reduce((product, { values }) => product * values.length, 1);
    return {
      path: axis.path,
      levels: levelsOf(axis),
      levelOf: (point) => levelOfValue(axis, valuesAt(point % pointsPerTuning)[index] ?? null),
      stride: samples === null ? later : null,
    };
  });
  return [ofTunings, ...ofAxes].filter(({ levels }) => levels.length > 1);
}

function levelsOf({ values, borders }: SweptAxis): Level[] {
  if (values.length > 0) return values.map((value) => ({ label: String(value), from: value, to: value }));
  return borders.slice(1).map((to, index) => {
    const from = borders[index] as number;
    return { label: `${from}..${to}`, from, to };
  });
}

function levelOfValue({ values, borders }: SweptAxis, value: unknown): number {
  if (values.length > 0) return values.indexOf(value as never);
  return Math.max(0, borders.slice(1, -1).filter((border) => (value as number) >= border).length);
}

export function effectOf(table: SweepTable, factor: Factor, metric: number): Effect {
  const { path, levels, stride } = factor;
  const { means, share } = spreadOf(table, factor, metric);
  const compared = stride === null ? unpaired(table, factor, metric) : paired(table, factor, metric);
  const ofLevels = levels.map(
    (_, level): LevelEffect => ({ mean: orNull(means[level]), ...(compared.levels[level] as Compared) }),
  );
  const strongest = strongestOf(ofLevels);
  return {
    axis: path,
    metric: table.shape.metrics[metric] ?? "",
    levels: ofLevels,
    strongest,
    share,
    verdict: verdictOf(ofLevels, strongest, compared.isDead),
  };
}

type Compared = Omit<LevelEffect, "mean">;
const NOT_COMPARED: Compared = { difference: null, interval: null };

const orNull = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value;

/** Means of the levels, and the share of the points' variance that lies between them. */
function spreadOf(
  table: SweepTable,
  { levels, levelOf }: Factor,
  metric: number,
): { means: number[]; share: number | null } {
  const sums = levels.map(() => ({ sum: 0, count: 0 }));
  let [all, squares, count] = [0, 0, 0];
  // Far from 0 the squares of near values lose their digits.
  const origin = table.mean(0, metric) || 0;
  for (let point = 0; point < pointsOf(table); point++) {
    const value = table.mean(point, metric) - origin;
    const level = sums[levelOf(point)];
    if (Number.isNaN(value) || level === undefined) continue;
    level.sum += value;
    level.count += 1;
    all += value;
    squares += value * value;
    count += 1;
  }
  const total = squares - (all * all) / count;
  const between = sumOf(sums.map(({ sum, count: n }) => (n === 0 ? 0 : (sum * sum) / n))) - (all * all) / count;
  const means = sums.map(({ sum, count: n }) => origin + sum / n);
  return { means, share: total > 1e-12 * squares ? Math.min(1, Math.max(0, between / total)) : null };
}

const pointsOf = ({ shape }: SweepTable): number => shape.tunings.length * shape.pointsPerTuning;

/** Point by point against the first level, all other axes being equal. */
function paired(
  table: SweepTable,
  { levels, levelOf, stride }: Factor,
  metric: number,
): { levels: Compared[]; isDead: boolean } {
  const { seeds } = table.shape;
  const sums = levels.map(() => seeds.map(() => ({ sum: 0, count: 0 })));
  let isDead = true;
  for (let point = 0; point < pointsOf(table); point++) {
    const level = levelOf(point);
    if (level === 0) continue;
    const first = point - level * (stride ?? 0);
    for (const [seed] of seeds.entries()) {
      const [before, after] = [table.value(first, metric, seed), table.value(point, metric, seed)];
      if (!Object.is(before, after)) isDead = false;
      const of = sums[level]?.[seed];
      if (of === undefined || Number.isNaN(before) || Number.isNaN(after)) continue;
      of.sum += after - before;
      of.count += 1;
    }
  }
  const compared = sums.map((perSeed, level): Compared => {
    const means = perSeed.filter(({ count }) => count > 0).map(({ sum, count }) => sum / count);
    if (level === 0 || means.length === 0) return NOT_COMPARED;
    return { difference: meanOf(means), interval: meanInterval(means) };
  });
  return { levels: compared, isDead };
}

/** Mean against mean; a point's tunings, which share its values, are one value. */
function unpaired(
  table: SweepTable,
  { levels, levelOf }: Factor,
  metric: number,
): { levels: Compared[]; isDead: boolean } {
  const { tunings, pointsPerTuning } = table.shape;
  const values: number[][] = levels.map(() => []);
  for (let point = 0; point < pointsPerTuning; point++) {
    const value = measuredMean(tunings.map((_, tuning) => table.mean(tuning * pointsPerTuning + point, metric)));
    if (!Number.isNaN(value)) values[levelOf(point)]?.push(value);
  }
  const [first = []] = values;
  const compared = values.map((ofLevel, level): Compared => {
    if (level === 0 || first.length === 0 || ofLevel.length === 0) return NOT_COMPARED;
    return { difference: meanOf(ofLevel) - meanOf(first), interval: welchInterval(first, ofLevel) };
  });
  return { levels: compared, isDead: false };
}

/** 95 % interval of the difference of two means; null with fewer than two values in one of them. */
export function welchInterval(a: readonly number[], b: readonly number[]): readonly [number, number] | null {
  if (a.length < 2 || b.length < 2) return null;
  const [ofA, ofB] = [a, b].map((values) => {
    const mean = meanOf(values);
    return sumOf(values.map((value) => (value - mean) ** 2)) / (values.length - 1) / values.length;
  }) as [number, number];
  const difference = meanOf(b) - meanOf(a);
  const variance = ofA + ofB;
  if (variance === 0) return [difference, difference];
  const degrees = (variance * variance) / (ofA ** 2 / (a.length - 1) + ofB ** 2 / (b.length - 1));
  const half = studentT975(Math.max(1, Math.floor(degrees + 1e-9))) * Math.sqrt(variance);
  return [difference - half, difference + half];
}

function strongestOf(levels: readonly LevelEffect[]): number {
  let strongest = levels.length - 1;
  const size = (level: number): number => Math.abs(levels[level]?.difference ?? 0);
  for (let level = 1; level < levels.length; level++) if (size(level) > size(strongest)) strongest = level;
  return strongest;
}

function verdictOf(levels: readonly LevelEffect[], strongest: number, isDead: boolean): Effect["verdict"] {
  if (isDead) return "dead";
  const looked = [levels.at(-1), levels[strongest]].filter((level) => level !== undefined);
  if (looked.every(({ difference }) => difference === null)) return "unmeasured";
  if (levels.every(({ difference }) => difference === null || difference === 0)) return "none";
  if (looked.every(({ interval }) => interval === null)) return "unknown";
  const excludesNothing = ({ interval }: LevelEffect): boolean =>
    interval === null || (interval[0] <= 0 && interval[1] >= 0);
  return looked.every(excludesNothing) ? "none" : "moves";
}
