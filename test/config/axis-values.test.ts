/**
 * Goal    What stands for the values of an axis means exactly what the help says, and everything else is refused with what is allowed.
 */
import { describe, expect, test } from "vitest";
import {
  type AxisFault,
  type AxisItem,
  axisItems,
  axisOf,
  fractionWithin,
  samplesOf,
} from "../../src/config/axis-values.ts";

const isFault = (items: AxisItem[] | AxisFault): items is AxisFault => "code" in items;

/** Values of a grid's axis; the message where it is refused. */
function valuesOf(written: unknown, { isWhole = false, isSampled = false } = {}): unknown {
  const items = axisItems(written);
  if (isFault(items)) return items.message;
  const axis = axisOf(items, isWhole, isSampled);
  return "code" in axis ? axis.message : (axis.range ?? axis.values);
}

test.each([
  ["128,512,4096", [128, 512, 4096], "numbers"],
  ["1e3, 2.5e-1,.5,-3", [1000, 0.25, 0.5, -3], "as YAML writes them, spaces around"],
  ["immediate,rate", ["immediate", "rate"], "words"],
  ["true,false,null", [true, false, null], "YAML's other values"],
  ["6.18,6.10", [6.18, 6.1], "numbers are numbers; kernels in a list of texts are not"],
  ["5,5,7", [5, 7], "equal values count once"],
  ["1..5:5", [1, 2, 3, 4, 5], "equal steps, both ends"],
  ["0..1:5", [0, 0.25, 0.5, 0.75, 1], "fractions stay where the key takes them"],
  ["1..1000:log4", [1, 10, 100, 1000], "equal ratios, both ends"],
  [
    "1e3..1e6:log10",
    [1000, 2154.43, 4641.59, 10_000, 21_544.3, 46_415.9, 100_000, 215_443, 464_159, 1_000_000],
    "six digits",
  ],
  ["1,10..12:3,100", [1, 10, 11, 12, 100], "ranges among values"],
  ["0.1..0.7:7", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], "without the dust of binary fractions"],
  [[1, "2..4:3", true], [1, 2, 3, 4, true], "a list of YAML"],
  [7, [7], "a single value of YAML"],
  [null, [null], "nothing is null: the key is taken away"],
] as const)("%j: %j, %s", (written, values, _why) => {
  expect(valuesOf(written)).toEqual(values);
});

test.each([
  ["1..10:log10", [1, 2, 3, 4, 5, 6, 8, 10], "rounded, equal ones once"],
  ["0..1:5", [0, 1], "nothing but the ends is left"],
  ["1.5,2", [1.5, 2], "what is written is not rounded: the check says that it is wrong"],
] as const)("of a key that takes whole numbers, %s: %j, %s", (written, values, _why) => {
  expect(valuesOf(written, { isWhole: true })).toEqual(values);
});

test.each([
  ["1..10", /without a number of values/, "a grid needs to know which"],
  ["10..1:4", /second number must be larger/, "upside down"],
  ["5..5:2", /second number must be larger/, "nothing between"],
  ["0..10:log4", /numbers above 0/, "no ratio from 0"],
  ["1..10:1", /2 to 10000 values/, "one value is no range"],
  ["1..10:log1", /2 to 10000 values/, "nor here"],
  ["1..10:10001", /2 to 10000 values/, "too many"],
  ["a..b:3", /allowed is FROM\.\.TO:N/, "no numbers"],
  ["1..2..3", /allowed is FROM\.\.TO:N/, "two ranges in one"],
  ["1..10:lin4", /allowed is FROM\.\.TO:N/, "another scale"],
  ["1,,2", /empty value/, "a comma too many"],
  ["", /empty value/, "nothing at all"],
  [[], /empty list/, "an empty list"],
  [[[1]], /allowed are plain values/, "a list in a list"],
  [{ from: 1 }, /allowed are plain values/, "a map"],
] as const)("%j is refused: %s, %s", (written, message, _why) => {
  expect(valuesOf(written)).toMatch(message);
});

describe("where points are drawn", () => {
  test.each([
    ["1..10", { from: 1, to: 10, isLogarithmic: false, isWhole: false }, "any number between"],
    ["1..10:log", { from: 1, to: 10, isLogarithmic: true, isWhole: false }, "on a logarithmic scale"],
    ["1..10:4", [1, 4, 7, 10], "one of these"],
  ] as const)("%s: %j, %s", (written, axis, _why) => {
    expect(valuesOf(written, { isSampled: true })).toEqual(axis);
  });

  test("a range stands alone", () => {
    expect(valuesOf("1..10,20", { isSampled: true })).toMatch(/stands alone/);
  });

  test.each([
    ["grid", null],
    ["lhs:2", 2],
    ["lhs:200", 200],
    ["lhs:1000", 1000],
  ] as const)("%s is %s", (text, samples) => {
    expect(samplesOf(text, 1000)).toBe(samples);
  });

  test.each(["lhs", "lhs:1", "lhs:1001", "lhs:-5", "lhs:2.5", "random:5", ""])("%j is refused", (text) => {
    expect(samplesOf(text, 1000)).toMatchObject({ code: "bad-axis" });
  });
});

test.each([
  ["1..10:3", 5.5],
  ["0..1:3", 0.5],
  ["0.1..0.4:3", null],
  ["7,8", null],
] as const)("%s has the fraction %s to try", (text, fraction) => {
  expect(fractionWithin(axisItems(text) as AxisItem[])).toBe(fraction);
});
