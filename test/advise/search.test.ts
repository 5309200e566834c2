/**
 * Goal    The search finds the end at which something begins to hold, as trying every value would, and says where it is not monotone and what chance leaves open.
 * Method  Values are judged by functions written here; brute force is the judge of random ones.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scaleOf } from "../../src/advise/scale.ts";
import { type Found, type Goal, type Judged, search } from "../../src/advise/search.ts";

type Rule = (value: number) => Judged;

/** Sure on both sides, as far from the limit as `value` is. */
const from =
  (limit: number): Rule =>
  (value) => ({ holds: value >= limit, isSure: true, margin: value - limit });
const upTo =
  (limit: number): Rule =>
  (value) => ({ holds: value <= limit, isSure: true, margin: limit - value });
const within =
  (low: number, high: number): Rule =>
  (value) => ({ holds: value >= low && value <= high, isSure: true, margin: -Math.abs(value - (low + high) / 2) });

async function searched(goal: Goal, lo: number, hi: number, rule: Rule): Promise<Found<Judged> & { asked: number[] }> {
  const asked: number[] = [];
  const found = await search(scaleOf(lo, hi, true), goal, (values) => {
    asked.push(...values);
    return Promise.resolve(values.map(rule));
  });
  return { ...found, asked };
}

describe("the answer", () => {
  const rows = [
    // goal, lo, hi, rule, answer, before, why
    ["min", 1, 1000, from(77), 77, 76, "the smallest that holds"],
    ["max", 1, 1000, upTo(77), 77, 78, "the largest that holds"],
    ["min", 1, 1000, from(2), 2, 1, "next to the lower end"],
    ["min", 1, 1000, from(1000), 1000, 999, "the upper end"],
    ["min", 1, 1000, from(1), 1, null, "the end of the range may not be the end of it"],
    ["max", 1, 1000, upTo(1000), 1000, null, "also for the largest"],
    ["min", 1, 1000, from(1001), null, null, "none is enough"],
    ["min", 1, 2, from(2), 2, 1, "a range of two values"],
    ["min", 1, 1_000_000_000, from(123_456_789), 123_456_789, 123_456_788, "a wide range"],
  ] as const;
  for (const [goal, lo, hi, rule, answer, before, why] of rows) {
    test(`${goal} of ${lo}..${hi}: ${why}`, async () => {
      const found = await searched(goal, lo, hi, rule);
      expect([found.answer?.value ?? null, found.before?.value ?? null]).toEqual([answer, before]);
      expect(new Set(found.asked).size).toBe(found.asked.length);
      expect(found.asked.length).toBeLessThan(60);
      expect(found.points.map(({ value }) => value)).toEqual(found.asked.toSorted((a, b) => a - b));
    });
  }

  test("is that of brute force, whatever the limit, the range and the goal", async () => {
    const range = fc.record({ lo: fc.integer({ min: 0, max: 2000 }), width: fc.integer({ min: 1, max: 5000 }) });
    await fc.assert(
      fc.asyncProperty(range, fc.nat(), fc.constantFrom<Goal>("min", "max"), async ({ lo, width }, n, goal) => {
        const limit = lo - 1 + (n % (width + 3));
        const rule = goal === "min" ? from(limit) : upTo(limit);
        const values = Array.from({ length: width + 1 }, (_, k) => lo + k).filter((value) => rule(value).holds);
        const found = await searched(goal, lo, lo + width, rule);
        expect(found.answer?.value ?? null).toBe((goal === "min" ? values[0] : values.at(-1)) ?? null);
        expect(found.again).toBeNull();
      }),
      { numRuns: 300 },
    );
  });
});

describe("what is not monotone", () => {
  test("is found where it fails again, with the end of the window", async () => {
    const { answer, again } = await searched("min", 1, 10_000, within(30, 300));
    expect(answer?.value).toBe(30);
    expect(again?.holdsTo.value).toBeGreaterThan(295);
    expect(again?.holdsTo.value).toBeLessThanOrEqual(300);
    expect(again?.failsFrom.value).toBeGreaterThan(300);
    expect(again?.failsFrom.value).toBeLessThan(305);
  });
  test("is found in the other direction too", async () => {
    const { answer, again } = await searched("max", 1, 10_000, within(30, 300));
    expect(answer?.value).toBe(300);
    expect(again?.holdsTo.value).toBe(30);
    expect(again?.failsFrom.value).toBe(29);
  });
  test("is found although the coarse grid meets none of it, by the margin", async () => {
    const { answer } = await searched("min", 1, 10_000, within(1500, 1700));
    expect(answer?.value).toBe(1500);
  });
  test("close below the answer, a smaller value that holds is the answer", async () => {
    const rule: Rule = (value) => ({ holds: value >= 98 || value === 96, isSure: true, margin: value - 98 });
    const { answer, again } = await searched("min", 1, 196, rule);
    expect([answer?.value, again?.failsFrom.value]).toEqual([96, 97]);
  });
  test("right behind the answer is seen", async () => {
    const rule: Rule = (value) => ({ holds: value === 50 || value >= 52, isSure: true, margin: value - 50 });
    const { answer, again } = await searched("min", 45, 55, rule);
    expect([answer?.value, again?.holdsTo.value, again?.failsFrom.value]).toEqual([50, 50, 51]);
  });
});

describe("the interval", () => {
  /** Sure below `low` and from `high` on, an answer at `limit`. */
  const unsure =
    (low: number, limit: number, high: number): Rule =>
    (value) => ({ holds: value >= limit, isSure: value < low || value >= high, margin: value - limit });

  test("has its ends where the runs begin to be sure", async () => {
    const { answer, interval } = await searched("min", 1, 100, unsure(40, 50, 60));
    expect([answer?.value, interval]).toEqual([50, [40, 60]]);
  });
  test("has the smaller end first, for the largest value too", async () => {
    const rule: Rule = (value) => ({ holds: value <= 50, isSure: value <= 40 || value > 60, margin: 50 - value });
    const { answer, interval } = await searched("max", 1, 100, rule);
    expect([answer?.value, interval]).toEqual([50, [40, 60]]);
  });
  test("is open where the range ends before it is sure", async () => {
    expect((await searched("min", 1, 100, unsure(0, 50, 60))).interval).toEqual([null, 60]);
    expect((await searched("min", 1, 100, unsure(40, 50, 101))).interval).toEqual([40, null]);
  });
  test("is the answer alone where all is sure", async () => {
    expect((await searched("min", 1, 1000, from(77))).interval).toEqual([77, 77]);
  });
  test("is known to a hundredth where the range is wide", async () => {
    const { interval } = await searched("min", 1, 10_000_000, unsure(2_000_000, 3_000_000, 5_000_000));
    expect(Math.abs((interval[0] ?? 0) - 2_000_000)).toBeLessThan(20_000);
    expect(Math.abs((interval[1] ?? 0) - 5_000_000)).toBeLessThan(50_000);
  });
});

describe("of values none of which holds, the best", () => {
  test("is the one with the largest margin", async () => {
    const rule: Rule = (value) => ({ holds: false, isSure: true, margin: -Math.abs(value - 600) });
    const { answer, best } = await searched("min", 1, 10_000, rule);
    expect(answer).toBeNull();
    expect(Math.abs(best.value - 600)).toBeLessThan(30);
  });
  test("is the one that asks for most, where they hardly differ", async () => {
    const rule: Rule = (value) => ({ holds: false, isSure: true, margin: value === 100 ? -0.5 : -0.51 });
    expect((await searched("min", 1, 10_000, rule)).best.value).toBe(10_000);
    expect((await searched("max", 1, 10_000, rule)).best.value).toBe(1);
  });
});

test("a value that is asked for besides is evaluated, if the scale has it", async () => {
  const asked: number[] = [];
  const evaluate = (values: readonly number[]) => {
    asked.push(...values);
    return Promise.resolve(values.map(from(50)));
  };
  await search(scaleOf(1, 100, true), "min", evaluate, 87);
  await search(scaleOf(1, 100, true), "min", evaluate, 87.5);
  expect(asked.filter((value) => value === 87)).toEqual([87]);
  expect(asked).not.toContain(87.5);
});
