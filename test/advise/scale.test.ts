/**
 * Goal    A scale has the values that its kind says, in order, both ends as given, and halves by ratio where it spans a decade.
 * Method  Tables, and a property over random ends.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Scale, scaleOf } from "../../src/advise/scale.ts";

const valuesOf = ({ last, at }: Scale): number[] => Array.from({ length: last + 1 }, (_, index) => at(index));

const scales = [
  // lo, hi, whole, values, why
  [3, 6, true, [3, 4, 5, 6], "whole numbers are all there"],
  [1, 1.1, false, [1, ...steps(1001, 1099, 1000), 1.1], "a hundredth of the range at most, in a power of ten"],
  [0, 2, false, [0, ...steps(1, 199, 100), 2], "from nothing on there is no logarithm"],
  [-1, 1, true, [-1, 0, 1], "nor below it"],
  [9.994, 10.005, false, [9.994, ...steps(99_941, 100_049, 10_000), 10.005], "ends that are no step stay as they are"],
] as const;
function steps(from: number, to: number, parts: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, k) => (from + k) / parts);
}
for (const [lo, hi, whole, values, why] of scales) {
  test(`${lo}..${hi}: ${why}`, () => {
    expect(valuesOf(scaleOf(lo, hi, whole))).toEqual(values);
  });
}

test("a decade or more has three significant digits", () => {
  const values = valuesOf(scaleOf(9.98, 1234.5, false));
  expect(values.slice(0, 4)).toEqual([9.98, 9.99, 10, 10.1]);
  expect(values.slice(-3)).toEqual([1220, 1230, 1234.5]);
});

describe("the middle", () => {
  const middles = [
    [1, 100, true, 10, "whole numbers over two decades: the geometric mean"],
    [0, 99, true, 9, "from 0 on it is counted from 1"],
    [2, 19, true, 10, "less than a decade: the arithmetic one"],
    [1, 100, false, 10, "other numbers over two decades"],
    [1, 9, false, 5, "other numbers, less than a decade"],
  ] as const;
  for (const [lo, hi, whole, value, why] of middles) {
    test(`of ${lo}..${hi} is ${value}: ${why}`, () => {
      const scale = scaleOf(lo, hi, whole);
      expect(scale.at(scale.middle(0, scale.last))).toBe(value);
    });
  }
});

test("values rise, and a middle lies strictly between", () => {
  const number = fc.double({ min: 1e-3, max: 1e5, noNaN: true });
  fc.assert(
    fc.property(number, number, fc.boolean(), fc.nat(), fc.nat(), (a, b, isWhole, m, n) => {
      const [lo, hi] = isWhole
        ? [Math.floor(Math.min(a, b)), Math.ceil(Math.max(a, b))]
        : [Math.min(a, b), Math.max(a, b)];
      fc.pre(hi - lo > 1e-3);
      const scale = scaleOf(lo, hi, isWhole);
      expect([scale.at(0), scale.at(scale.last)]).toEqual([lo, hi]);
      const [from, to] = [m % (scale.last + 1), n % (scale.last + 1)].sort((x, y) => x - y) as [number, number];
      if (to - from < 2) return;
      const middle = scale.middle(from, to);
      expect(middle > from && middle < to).toBe(true);
      expect(scale.at(from) < scale.at(middle) && scale.at(middle) < scale.at(to)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
