/**
 * Goal    What moved what: by how much, with which interval, and what is dead, in tables whose answer is known.
 */
import { describe, expect, test } from "vitest";
import { effectOf, factorsOf, welchInterval } from "../../src/results/effects.ts";
import { summarizeSweep } from "../../src/results/summarize-sweep.ts";
import type { Effect } from "../../src/results/sweep-format.ts";
import type { SweepShape } from "../../src/results/sweep-table.ts";
import { type Rule, SHAPE, tableOf } from "./sweeps.ts";

function effect(axis: string, rule: Rule, shape: SweepShape = SHAPE): Effect {
  const table = tableOf(rule, shape);
  const factor = factorsOf(shape).find(({ path }) => path === axis);
  if (factor === undefined) throw new Error(`no axis ${axis}`);
  return effectOf(table, factor, 0);
}
const differences = ({ levels }: Effect) => levels.map(({ difference }) => difference);
const number = (value: unknown): number => Number(value);

describe("in a grid", () => {
  test("an axis moves what its levels move, all else being equal", () => {
    const found = effect("a", ({ at: [a, b], tuning, seed }) => 10 * number(a) + number(b) + 1000 * tuning + seed);
    expect(differences(found)).toEqual([null, 10, 20]);
    expect(found.levels.map(({ mean }) => mean)).toEqual([526, 536, 546]);
    expect(found.levels[2]?.interval).toEqual([20, 20]);
    expect(found).toMatchObject({ verdict: "moves", strongest: 2 });
  });

  test("seeds that disagree make the interval: mean ± t(2) s / √3", () => {
    const found = effect("b", ({ at: [, b], seed }) => (b === 20 ? ([1, 2, 3][seed] ?? 0) : 0));
    expect(differences(found)).toEqual([null, 2]);
    const half = 4.303 / Math.sqrt(3);
    expect(found.levels[1]?.interval?.[0]).toBeCloseTo(2 - half, 6);
    expect(found.levels[1]?.interval?.[1]).toBeCloseTo(2 + half, 6);
    // The interval contains 0.
    expect(found.verdict).toBe("none");
  });

  test.each([
    [() => 7, "dead", "the same at every point"],
    [({ at: [a] }) => number(a), "moves", "different with every value"],
    [
      ({ at: [a, b], tuning, seed }) => (a === 3 && b === 20 && tuning === 1 && seed === 2 ? 8 : 7),
      "none",
      "one seed of one point is not dead",
    ],
    [({ at: [a] }) => (a === 1 ? null : 5), "unmeasured", "the first level has nothing to compare with"],
    [({ at: [a] }) => (a === 3 ? null : number(a)), "moves", "but one that is missing hides no other"],
    [({ at: [a] }) => (a === 2 ? 9 : 5), "moves", "in the middle only"],
  ] as readonly (readonly [Rule, Effect["verdict"], string])[])("%s: %s, %s", (rule, verdict, _why) => {
    expect(effect("a", rule).verdict).toBe(verdict);
  });

  test("the strongest level need not be the last", () => {
    const found = effect("a", ({ at: [a] }) => [0, 5, 9, 6][number(a)] ?? 0);
    expect(found.strongest).toBe(1);
    expect(differences(found)).toEqual([null, 4, 1]);
  });

  test("tunings are an axis too", () => {
    const found = effect("tuning", ({ tuning }) => 3 * tuning);
    expect(found.levels.map(({ difference }) => difference)).toEqual([null, 3]);
  });

  test("points where one side measured nothing are left out of both", () => {
    // Where b is 20, level 1 has nobody; the mean over what is left would be 15 for it and 20 for the others.
    const found = effect("a", ({ at: [a, b] }) => (a === 1 && b === 20 ? null : number(a) + 10 * number(b)));
    expect(differences(found)).toEqual([null, 1, 2]);
  });

  test("shares of the variance of axes that add up are 1", () => {
    const rule: Rule = ({ at: [a, b], tuning }) => 1e9 + 3 * number(a) + number(b) + tuning;
    const shares = ["tuning", "a", "b"].map((axis) => effect(axis, rule).share ?? 0);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(Math.max(...shares)).toBe(shares[2]);
    expect(effect("a", () => 7).share).toBeNull();
  });

  test("one seed has a difference and no interval", () => {
    expect(effect("a", ({ at: [a] }) => number(a), { ...SHAPE, seeds: [1] })).toMatchObject({ verdict: "unknown" });
  });
});

describe("of drawn points", () => {
  /** b is drawn from 0..10 and cut into five; 50 points, b = 0.1, 0.3, 0.5 ... */
  const shape: SweepShape = {
    ...SHAPE,
    axes: [{ path: "b", values: [], borders: [0, 2, 4, 6, 8, 10] }],
    samples: 50,
    pointsPerTuning: 50,
    valuesAt: (point) => [0.1 + 0.2 * point],
  };

  test("levels are stretches, and their means are compared with the spread of what else varies", () => {
    const found = effect("b", ({ at: [b] }) => number(b), shape);
    expect(found.levels.map(({ mean }) => Number(mean?.toFixed(6)))).toEqual([1, 3, 5, 7, 9]);
    expect(found.levels[4]?.difference).toBeCloseTo(8, 9);
    const [low, high] = found.levels[4]?.interval ?? [0, 0];
    // Both stretches have 10 values of standard deviation 0.606; t(18) is 2.101.
    expect(high - low).toBeCloseTo(2 * 2.101 * Math.sqrt((2 * 0.36667) / 10), 3);
    expect(found.verdict).toBe("moves");
  });

  test("nothing is dead for certain", () => {
    expect(effect("b", () => 7, shape).verdict).toBe("none");
  });

  test("tunings have the same points: they are paired", () => {
    const found = effect("tuning", ({ tuning, at: [b] }) => 100 * number(b) + tuning, shape);
    expect(found.levels[1]?.difference).toBeCloseTo(1, 9);
    expect(found.verdict).toBe("moves");
  });
});

test("Welch: two samples of a textbook", () => {
  // n 3 and 4, means 2 and 5, variances 1 and 6.667: t(4) is 2.776.
  const [low, high] = welchInterval([1, 2, 3], [2, 4, 6, 8]) ?? [0, 0];
  expect((low + high) / 2).toBe(3);
  expect(high - low).toBeCloseTo(2 * 2.776 * Math.sqrt(1 / 3 + 6.66667 / 4), 3);
  expect(welchInterval([1], [2, 3])).toBeNull();
});

describe("a summary", () => {
  const shape = { ...SHAPE, metrics: ["legit.served_ratio", "synacks_out"] };
  const rule: Rule = ({ at: [a, b], metric, tuning }) => (metric === 0 ? number(a) / 10 + tuning / 100 : number(b));
  const names = { clients: ["legit"], floods: [], ports: [80] };

  test("says what is dead, and of what a heat map is worth while", () => {
    const summary = summarizeSweep(tableOf(rule, shape), names);
    expect(summary.dead).toEqual([]);
    expect(
      summary.effects.filter(({ verdict }) => verdict === "dead").map(({ axis, metric }) => `${axis} ${metric}`),
    ).toEqual(["b legit.served_ratio", "tuning synacks_out", "a synacks_out"]);
    expect(summary.maps[0]).toEqual({
      metric: "legit.served_ratio",
      rows: "tuning",
      columns: "a",
      cells: [
        [0.1, 0.2, 0.3].map((value) => expect.closeTo(value, 9)),
        [0.11, 0.21, 0.31].map((value) => expect.closeTo(value, 9)),
      ],
    });
    const dead = summarizeSweep(
      tableOf(({ at: [a] }) => number(a), shape),
      names,
    );
    expect(dead.dead).toEqual(["tuning", "b"]);
    expect(
      summarizeSweep(
        tableOf(() => 1, shape),
        names,
      ).maps,
    ).toEqual([]);
  });

  test("does not depend on the order in which points came", () => {
    const table = tableOf(rule, shape);
    const shuffled = tableOf(() => 0, shape);
    for (const point of [7, 3, 11, 0, 5, 9, 1, 10, 2, 8, 4, 6]) shuffled.setPoint(point, table.pointValues(point));
    expect(summarizeSweep(shuffled, names)).toEqual(summarizeSweep(table, names));
  });
});
