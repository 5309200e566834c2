/**
 * Goal    A grid has every combination once, in order; a Latin hypercube has each part of each axis once, and is what the seed says.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pointsOf, valueWithin } from "../../src/compile/points.ts";
import type { AxisRange, SweepAxis } from "../../src/vocabulary/sweep.ts";

const listed = (path: string, ...values: number[]): SweepAxis => ({ path, values, range: null });
const drawn = (path: string, from: number, to: number, more: Partial<AxisRange> = {}): SweepAxis => ({
  path,
  values: [],
  range: { from, to, isLogarithmic: false, isWhole: false, ...more },
});
const all = (axes: readonly SweepAxis[], samples: number | null, seed = 1): unknown[][] => {
  const { count, at } = pointsOf({ axes, samples }, seed);
  return Array.from({ length: count }, (_, point) => at(point));
};
const column = (axes: readonly SweepAxis[], samples: number, axis: number, seed = 1): number[] =>
  all(axes, samples, seed).map((values) => values[axis] as number);

describe("a grid", () => {
  test("has every value with every other, the last axis changing fastest", () => {
    expect(all([listed("a", 1, 2), listed("b", 10, 20, 30)], null)).toEqual([
      ...[
        [1, 10],
        [1, 20],
        [1, 30],
      ],
      ...[
        [2, 10],
        [2, 20],
        [2, 30],
      ],
    ]);
  });

  test("of one value is one point", () => {
    expect(all([listed("a", 7)], null)).toEqual([[7]]);
  });
});

describe("a Latin hypercube", () => {
  test("has one point in each part of each axis, whatever their number and the seed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fc.nat(), (samples, seed) => {
        const axes = [drawn("a", 0, samples), drawn("b", 1, 1e6, { isLogarithmic: true })];
        const scaled = column(axes, samples, 1, seed).map((value) => (samples * Math.log(value)) / Math.log(1e6));
        for (const values of [column(axes, samples, 0, seed), scaled]) {
          // In order, the k-th of them lies in part k; six digits may put it on the border.
          const isInPart = (value: number, part: number): boolean => value > part - 0.01 && value < part + 1.01;
          expect(values.toSorted((a, b) => a - b).every(isInPart)).toBe(true);
        }
      }),
    );
  });

  test("takes listed values equally often", () => {
    const values = column([listed("a", 1, 2, 4)], 300, 0);
    expect([1, 2, 4].map((value) => values.filter((one) => one === value).length)).toEqual([100, 100, 100]);
  });

  test("gives whole numbers equal parts, the ends included", () => {
    const values = column([drawn("a", 1, 4, { isWhole: true })], 400, 0);
    expect([1, 2, 3, 4].map((value) => values.filter((one) => one === value).length)).toEqual([100, 100, 100, 100]);
  });

  test("is the same for the same seed, another for another one", () => {
    const axes = [drawn("a", 0, 1), drawn("b", 0, 1)];
    expect(all(axes, 50, 1)).toEqual(all(axes, 50, 1));
    expect(all(axes, 50, 1)).not.toEqual(all(axes, 50, 2));
  });

  test("draws each axis by its own path: another axis changes nothing", () => {
    const [a, b] = [drawn("a", 0, 1), drawn("b", 0, 1)];
    expect(column([a, b], 50, 0)).toEqual(column([a], 50, 0));
    expect(column([b, a], 50, 1)).toEqual(column([a], 50, 0));
    expect(column([a, b], 50, 1)).not.toEqual(column([a, b], 50, 0));
  });

  test("does not move its axes together", () => {
    const axes = [drawn("a", 0, 1), drawn("b", 0, 1)];
    const [a, b] = [column(axes, 1000, 0), column(axes, 1000, 1)];
    const products = a.map((value, index) => (value - 0.5) * ((b[index] ?? 0) - 0.5));
    // Its standard deviation is 1 / sqrt(1000) = 0.032 of the variance, 1/12.
    expect(Math.abs(products.reduce((sum, product) => sum + product, 0) / 1000) * 12).toBeLessThan(0.13);
  });
});

test.each([
  [{ from: 1, to: 10_000, isLogarithmic: true, isWhole: false }, 0.5, 100, "the middle of equal ratios"],
  [{ from: 1, to: 10_000, isLogarithmic: false, isWhole: false }, 0.5, 5000.5, "the middle of equal steps"],
  [{ from: 1, to: 10_000, isLogarithmic: true, isWhole: true }, 0, 1, "the first whole number"],
  [{ from: 1, to: 10_000, isLogarithmic: true, isWhole: true }, 0.999999, 10_000, "the last whole number"],
  [{ from: 0, to: 1, isLogarithmic: false, isWhole: false }, 1 / 3, 0.333333, "six digits"],
] as const)("%j at %d is %d: %s", (range, share, value, _why) => {
  expect(valueWithin(range, share)).toBe(value);
});
