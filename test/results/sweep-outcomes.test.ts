/**
 * Goal    A sweep says where it came out best and worst, and, where its points are few, how each came out.
 * Method  Tables made by hand: the value of a point follows from its place.
 */
import { describe, expect, test } from "vitest";
import { summarizeSweep } from "../../src/results/summarize-sweep.ts";
import { MOST_OUTCOMES } from "../../src/results/sweep-format.ts";
import type { SweepShape } from "../../src/results/sweep-table.ts";
import { type Rule, SHAPE, tableOf } from "./sweeps.ts";

const NAMES = { clients: ["legit"], floods: [], ports: [80] };
const summaryOf = (rule: Rule, shape: SweepShape = SHAPE) => summarizeSweep(tableOf(rule, shape), NAMES);
const number = (value: unknown): number => Number(value);

describe("extremes", () => {
  test("are the points of the highest and the lowest mean over the seeds, and which of both is good", () => {
    const { extremes } = summaryOf(({ tuning, at: [a, b], seed }) => tuning * 100 + number(a) * 10 - number(b) + seed);
    expect(extremes).toEqual([
      {
        metric: "legit.served_ratio",
        better: "highest",
        highest: { tuning: "big", at: [3, 10], mean: 121 },
        lowest: { tuning: "plain", at: [1, 20], mean: -9 },
      },
    ]);
  });

  test("of equal points are the first", () => {
    const [extreme] = summaryOf(() => 1).extremes;
    expect(extreme?.highest).toEqual({ tuning: "plain", at: [1, 10], mean: 1 });
    expect(extreme?.lowest).toEqual(extreme?.highest);
  });

  test("know of each metric whether less is better, or neither", () => {
    const metrics = ["legit.connect_latency_ms.p99", "legit.users", "legit.served_ratio"];
    const { extremes } = summaryOf(({ metric }) => (metric === 2 ? null : 1), { ...SHAPE, metrics });
    expect(extremes.map(({ metric, better }) => [metric, better])).toEqual([
      ["legit.connect_latency_ms.p99", "lowest"],
      ["legit.users", null],
    ]);
  });

  test("pass over points at which nothing was measured", () => {
    const { extremes } = summaryOf(({ at: [a] }) => (a === 3 ? null : number(a)));
    expect(extremes[0]?.highest.at).toEqual([2, 10]);
  });
});

describe("outcomes", () => {
  test("are all points of a small grid, in their order", () => {
    const { keys, outcomes, points } = summaryOf(({ tuning, at: [a] }) => (a === 2 ? null : tuning * 10 + number(a)));
    expect(keys).toEqual(["a", "b"]);
    expect(outcomes).toHaveLength(points);
    expect(outcomes?.slice(0, 3)).toEqual([
      { tuning: "plain", at: [1, 10], means: [1] },
      { tuning: "plain", at: [1, 20], means: [1] },
      { tuning: "plain", at: [2, 10], means: [null] },
    ]);
    expect(outcomes?.at(-1)).toEqual({ tuning: "big", at: [3, 20], means: [13] });
  });

  const others: readonly (readonly [string, SweepShape])[] = [
    ["points that are drawn", { ...SHAPE, samples: 6 }],
    ["three keys", { ...SHAPE, axes: [...SHAPE.axes, { path: "c", values: [1], borders: [] }] }],
    ["too many points", manyPoints(MOST_OUTCOMES / 2 + 1)],
  ];
  test.each(others)("are left out of %s", (_name, shape) => {
    expect(summaryOf(() => 1, shape).outcomes).toBeNull();
  });
  test("are there of as many as there may be", () => {
    expect(summaryOf(() => 1, manyPoints(MOST_OUTCOMES / 2)).outcomes).toHaveLength(MOST_OUTCOMES);
  });
});

/** One key, in two tunings. */
function manyPoints(points: number): SweepShape {
  const values = Array.from({ length: points }, (_, index) => index);
  return {
    ...SHAPE,
    axes: [{ path: "a", values, borders: [] }],
    pointsPerTuning: points,
    valuesAt: (point) => [point],
  };
}
