/**
 * SweepTable: what a sweep measured, point by point: one number for each metric and seed.
 *
 * Order       Points are numbered tuning by tuning, within a tuning as compile/points.ts numbers them. It does not matter in which order they come in.
 * Memory      8 bytes a number, from the start; MAX_SWEEP_RUNS bounds it.
 */
import { assert } from "../base/assert.ts";
import type { AxisValue } from "../vocabulary/sweep.ts";

/** What was swept. */
export interface SweepShape {
  readonly name: string;
  readonly description: string;
  readonly durationS: number;
  readonly tunings: readonly string[];
  readonly axes: readonly SweptAxis[];
  /** null: a grid. */
  readonly samples: number | null;
  /** Of one tuning. */
  readonly pointsPerTuning: number;
  /** The values at a point of any tuning, 0 .. pointsPerTuning - 1. */
  readonly valuesAt: (point: number) => readonly AxisValue[];
  readonly seeds: readonly number[];
  readonly engine: "auto" | "packet";
  readonly metrics: readonly string[];
}

export interface SweptAxis {
  readonly path: string;
  /** Empty: drawn from a range. */
  readonly values: readonly AxisValue[];
  /** Borders of its levels, ascending, one more than there are levels. */
  readonly borders: readonly number[];
}

/** Over all tunings. */
export const pointCountOf = ({ tunings, pointsPerTuning }: SweepShape): number => tunings.length * pointsPerTuning;

/** [metric][seed]; null: nothing was measured. */
export type PointValues = readonly (readonly (number | null)[])[];

export class SweepTable {
  readonly shape: SweepShape;
  /** [point][metric][seed]; NaN: nothing was measured. */
  readonly #values: Float64Array;

  constructor(shape: SweepShape) {
    this.shape = shape;
    this.#values = new Float64Array(pointCountOf(shape) * shape.metrics.length * shape.seeds.length).fill(Number.NaN);
  }

  /** Of one seed, in the order of the metrics. */
  setSeed(point: number, seed: number, values: readonly (number | null)[]): void {
    const { metrics } = this.shape;
    assert(values.length === metrics.length, "a number for each metric");
    for (const [metric, value] of values.entries()) this.#values[this.#at(point, metric, seed)] = value ?? Number.NaN;
  }

  setPoint(point: number, values: PointValues): void {
    for (const [seed] of this.shape.seeds.entries()) {
      const ofSeed = values.map((perSeed) => perSeed[seed] ?? null);
      this.setSeed(point, seed, ofSeed);
    }
  }

  pointValues(point: number): PointValues {
    const { metrics, seeds } = this.shape;
    return metrics.map((_, metric) =>
      seeds.map((_seed, seed) => {
        const value = this.value(point, metric, seed);
        return Number.isNaN(value) ? null : value;
      }),
    );
  }

  /** NaN: nothing was measured. `metric` and `seed` by their places. */
  value(point: number, metric: number, seed: number): number {
    return this.#values[this.#at(point, metric, seed)] as number;
  }

  /** Over the seeds that measured something; NaN: none did. */
  mean(point: number, metric: number): number {
    return measuredMean(this.shape.seeds.map((_, seed) => this.value(point, metric, seed)));
  }

  #at(point: number, metric: number, seed: number): number {
    const { metrics, seeds } = this.shape;
    assert(point >= 0 && point < pointCountOf(this.shape), "no such point");
    return (point * metrics.length + metric) * seeds.length + seed;
  }
}

/** NaN of nothing. */
export function measuredMean(values: readonly number[]): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count += 1;
  }
  return sum / count;
}
