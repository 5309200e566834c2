/**
 * Goal    What sweeps and plans found is exported in base units, with labels of bounded number, beside what runs found.
 * Method  Summaries made by hand, as the scrape of a daemon would show them. That real ones come so far is in test/daemon/kinds.program.test.ts.
 */
import { describe, expect, test } from "vitest";
import { scrapeOf } from "../../src/metrics/exposition.ts";
import { seriesOf } from "../../src/metrics/family.ts";
import { foundByPlan, foundBySweep, resultFamilies } from "../../src/metrics/found-families.ts";
import { MOST_EFFECTS, MOST_POINTS } from "../../src/metrics/sweep-families.ts";
import type { PlanResult, TuningPlan } from "../../src/results/plan-format.ts";
import { summarizeSweep } from "../../src/results/summarize-sweep.ts";
import type { SweepShape } from "../../src/results/sweep-table.ts";
import { SHAPE, tableOf } from "../results/sweeps.ts";
import { readExposition, seriesValue } from "./exposition-text.ts";

const BY = { experiment: "e", tunings: ["other", "plain", "big"], completedMs: 1_800_000_000_000 };
const NAMES = { clients: ["legit"], floods: [], ports: [80] };
const sweepOf = (shape: SweepShape) =>
  summarizeSweep(
    tableOf(({ tuning, at: [a, b], metric }) => 1000 * metric + 100 * tuning + Number(a) + Number(b ?? 0) / 100, shape),
    NAMES,
  );
const textOf = async (groups: Parameters<typeof scrapeOf>[0]): Promise<string> => (await scrapeOf(groups, false)).body;

describe("a sweep", () => {
  const metrics = [
    "legit.served_ratio",
    "legit.connect_latency_ms.p99",
    "listeners.80.syn_queue.full_s",
    "half_open_peak_bytes",
    "synacks_out",
  ];

  test("has a family for each unit, seconds in place of milliseconds, in names too", async () => {
    const text = await textOf(foundBySweep(BY, sweepOf({ ...SHAPE, metrics })));
    const point = (metric: string): string =>
      `metric="${metric}",point="5",row="3",column="20",experiment="e",tuning="big"`;
    const values = [
      ["point_ratio", "legit.served_ratio", 103.2],
      ["point_seconds", "legit.connect_latency_seconds.p99", 1.1032],
      ["point_seconds", "listeners.80.syn_queue.full_seconds", 2103.2],
      ["point_bytes", "half_open_peak_bytes", 3103.2],
      ["point_number", "synacks_out", 4103.2],
    ] as const;
    for (const [family, metric, value] of values)
      expect(seriesValue(text, `halfopen_result_sweep_${family}{${point(metric)}}`)).toBeCloseTo(value, 9);
    const worst = 'metric="legit.connect_latency_seconds.p99",extreme="worst",tuning="big",at="3, 20"';
    expect(seriesValue(text, `halfopen_result_sweep_extreme_seconds{${worst},experiment="e"}`)).toBeCloseTo(1.1032, 9);
  });

  test("says which axis moves a metric, from where to where, by how much", async () => {
    const text = await textOf(foundBySweep(BY, sweepOf({ ...SHAPE, metrics })));
    const of = 'axis="a",metric="legit.served_ratio"';
    const info = `halfopen_result_sweep_effect_info{${of},verdict="moves",first="1",strongest="3",experiment="e"}`;
    expect(seriesValue(text, info)).toBe(1);
    for (const stat of ["mean", "low", "high"])
      expect(seriesValue(text, `halfopen_result_sweep_effect_ratio{${of},stat="${stat}",experiment="e"}`)).toBe(2);
    expect(seriesValue(text, 'halfopen_result_sweep_points{experiment="e"}')).toBe(12);
    expect(seriesValue(text, 'halfopen_result_info{kind="sweep",slot="3",experiment="e",tuning="big"}')).toBe(1);
  });

  test("of one key has tunings for columns", async () => {
    const one = {
      ...SHAPE,
      axes: SHAPE.axes.slice(0, 1),
      pointsPerTuning: 3,
      valuesAt: (point: number) => [point + 1],
    };
    const text = await textOf(foundBySweep(BY, sweepOf(one)));
    const point = 'metric="legit.served_ratio",point="1",row="2",column="big",experiment="e",tuning="big"';
    expect(seriesValue(text, `halfopen_result_sweep_point_ratio{${point}}`)).toBe(102);
  });

  test("has no more series than it may, however much is looked at", () => {
    const many = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? "legit.served_ratio" : "synacks_out"));
    const values = Array.from({ length: 100 }, (_, index) => index);
    const axes = [{ path: "a", values, borders: [] }];
    const shape = { ...SHAPE, axes, pointsPerTuning: 100, valuesAt: (point: number) => [point], metrics: many };
    const groups = foundBySweep(BY, sweepOf(shape));
    const points = groups.flatMap(({ families }) => families.filter(({ name }) => name.includes("_point_")));
    const shown = points.reduce((sum, { samples }) => sum + samples.length, 0);
    expect(shown).toBe(MOST_POINTS);
    expect(groups.reduce((sum, group) => sum + seriesOf(group), 0) - shown).toBeLessThan(6 * MOST_EFFECTS + 10);
  });
});

const planOf = (change: Partial<TuningPlan>): TuningPlan => ({
  ...{ tuning: "plain", status: "found", value: 100, interval: [90, null], before: 99, again: null, own: 400 },
  ...{ costs: [{ value: 100, clients: [], queues_peak_bytes: 1, queues_full_bytes: 2048 }], besides: [] },
  ...{ points: [{ value: 100, holds: true, is_sure: true, thresholds: [] }], sentences: [] },
  ...change,
});
const resultOf = (change: Partial<PlanResult>): PlanResult => ({
  ...{ name: "e", goal: "min", key: "k", from: 1, to: 1000, resolution: "whole numbers", thresholds: ["x > 1"] },
  ...{ default_thresholds: 0, seeds: [1, 2], duration_s: 3, tunings: [planOf({})] },
  ...change,
});
const of = (tuning: string): string => `experiment="e",tuning="${tuning}"`;

describe("a plan", () => {
  test("has its answer and what is known of it; an end of the interval that is beyond the range has no sample", async () => {
    const text = await textOf(foundByPlan(BY, resultOf({})));
    const values = [
      ["value", ',stat="answer"', 100],
      ["value", ',stat="low"', 90],
      ["own_value", "", 400],
      ["headroom_ratio", "", 4],
      ["queues_full_bytes", "", 2048],
      ["values_tried", "", 1],
      ["answered", "", 1],
      ["info", ',goal="min",status="found",slot="2"', 1],
    ] as const;
    for (const [metric, labels, value] of values)
      expect(seriesValue(text, `halfopen_result_plan_${metric}{key="k"${labels},${of("plain")}}`), metric).toBe(value);
    expect(text).not.toContain('stat="high"');
    expect(seriesValue(text, `halfopen_result_info{kind="plan",key="k",slot="2",${of("plain")}}`)).toBe(1);
    expect(seriesValue(text, 'halfopen_result_seeds{kind="plan",key="k",experiment="e"}')).toBe(2);
  });

  test("without an answer says so, and invents none", async () => {
    const never = planOf({ status: "never", value: null, interval: [null, null], costs: [] });
    const text = await textOf(foundByPlan(BY, resultOf({ tunings: [never] })));
    expect(seriesValue(text, `halfopen_result_plan_answered{key="k",${of("plain")}}`)).toBe(0);
    for (const absent of ["plan_value{", "headroom", "queues_full"]) expect(text).not.toContain(absent);
  });

  const headrooms: readonly (readonly [
    goal: "min" | "max",
    own: number | null,
    value: number,
    headroom: number | null,
  ])[] = [
    ["min", 50, 100, 0.5],
    ["max", 50, 100, 2],
    ["max", 0, 100, null],
    ["min", 50, 0, null],
    ["min", null, 100, null],
  ];
  test.each(headrooms)("%s: with %d now and %d found the headroom is %d", async (goal, own, value, headroom) => {
    const text = await textOf(foundByPlan(BY, resultOf({ goal, tunings: [planOf({ own, value })] })));
    const series = `halfopen_result_plan_headroom_ratio{key="k",${of("plain")}}`;
    if (headroom === null) expect(text).not.toContain("headroom");
    else expect(seriesValue(text, series)).toBe(headroom);
  });
});

test("every family is in the table, under a name of base units, as a gauge", async () => {
  const groups = [...foundBySweep(BY, sweepOf(SHAPE)), ...foundByPlan(BY, resultOf({}))];
  const known = resultFamilies().map(({ name }) => name);
  for (const { families } of groups)
    for (const { name } of families) {
      expect(known).toContain(name);
      expect(name).not.toMatch(/_(ms|s|count|total|sum|bucket)$/);
    }
  for (const [name, { type }] of readExposition(await textOf(groups))) expect(type, name).toBe("gauge");
});
