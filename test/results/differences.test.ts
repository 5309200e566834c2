/**
 * Goal    A difference of tunings has its paired interval over the seeds, and a verdict that does not see what is not there.
 * Method  Summaries of results filled by hand; one row is what each seed gave in both tunings.
 */
import { describe, expect, test } from "vitest";
import { compareSummaries } from "../../src/results/compare-summaries.ts";
import { meanInterval, studentT975 } from "../../src/results/student.ts";
import type { Difference, ExperimentSummary } from "../../src/results/summary-format.ts";
import { experimentOf, extremeAt, fieldAt, handMadeSummary } from "./experiment-of.ts";
import { recordLatencies } from "./hand-made.ts";

const scenario = `{duration_s: 3, server: {listeners: [{port: 80, backlog: 9}]},
  workloads: [{kind: connections, name: legit, port: 80, start_s: 0, rate_per_s: 9, duration_s: 2}]}`;

/** What one seed gave. */
interface Yield {
  /** Of 100 users. */
  readonly served?: number;
  readonly connectMs?: number;
  readonly attempted?: number;
}

/** One list for each tuning, with one yield for each seed. */
function summaryOf(tunings: Readonly<Record<string, readonly Yield[]>>, seeds?: readonly number[]): ExperimentSummary {
  const yields = Object.values(tunings);
  const names = Object.fromEntries(Object.keys(tunings).map((name) => [name, scenario]));
  const experiment = experimentOf(names, { seeds: seeds ?? yields[0]!.map((_, index) => index + 1) });
  return handMadeSummary(experiment, (values, layout, { tuning, seed }) => {
    const { served = 0, connectMs, attempted = 100 } = yields[tuning]![seed]!;
    values[fieldAt(layout, 0, "users")] = 100;
    values[fieldAt(layout, 0, "usersServed")] = served;
    values[fieldAt(layout, 0, "attempted")] = attempted;
    if (connectMs === undefined) return;
    recordLatencies(values, layout.workloads[0]!.connectLatency, [connectMs * 1000]);
    values[extremeAt(layout, 0, "connectMaxUs")] = connectMs * 1000;
  });
}

const find = (differences: readonly Difference[], metric: string): Difference | undefined =>
  differences.find((difference) => difference.metric === metric);

const servedOf = (...served: number[]): Yield[] => served.map((value) => ({ served: value }));
const latencyOf = (...ms: (number | undefined)[]): Yield[] =>
  ms.map((value) => (value === undefined ? {} : { connectMs: value }));

const SERVED = "legit.served_ratio";
const P99 = "legit.connect_latency_ms.p99";

const verdicts = [
  // metric, baseline, other, verdict, why
  [SERVED, servedOf(50, 60, 70), servedOf(60, 71, 81), "better", "10 or 11 more with every seed"],
  [SERVED, servedOf(60, 71, 81), servedOf(50, 60, 70), "worse", "the other way round"],
  [SERVED, servedOf(50, 60, 70), servedOf(60, 70, 80), "better", "10 more with every seed: an interval without width"],
  [
    SERVED,
    servedOf(10, 50, 90),
    servedOf(14, 53, 95),
    "better",
    "seeds differ far more than tunings do: pairs show it",
  ],
  [SERVED, servedOf(50, 60, 70), servedOf(70, 60, 52), "none", "up and down"],
  [SERVED, servedOf(50, 60), servedOf(51, 65), "none", "two seeds say little"],
  [SERVED, servedOf(50, 60, 70), servedOf(50, 60, 70), "same", "every seed gave the same"],
  [SERVED, servedOf(50), servedOf(50), "same", "one seed, the same number"],
  [SERVED, servedOf(50), servedOf(90), "unknown", "one seed has no interval"],
  [P99, latencyOf(40, 41, 42), latencyOf(140, 141, 143), "worse", "later is worse"],
  [P99, latencyOf(140, 141, 143), latencyOf(40, 41, 42), "better", "sooner is better"],
  [P99, latencyOf(40, undefined, 42), latencyOf(140, 141, undefined), "unknown", "one seed measured both"],
  [P99, latencyOf(40, undefined), latencyOf(undefined, 41), "unknown", "no seed measured both"],
] as const;

describe("a tuning against the baseline is", () => {
  for (const [metric, baseline, other, verdict, why] of verdicts) {
    test(`${verdict}: ${why}`, () => {
      const { differences } = summaryOf({ baseline, other });
      expect(find(differences, metric)).toMatchObject({ tuning: "other", verdict });
    });
  }
});

describe("a difference", () => {
  test("has mean and interval of the seeds' own differences", () => {
    const { differences } = summaryOf({ baseline: servedOf(50, 60, 70), other: servedOf(60, 72, 84) });
    const found = find(differences, SERVED)!;
    expect(found.baseline).toBeCloseTo(0.6, 10);
    expect(found.value).toBeCloseTo(0.72, 10);
    expect(found.difference).toBeCloseTo(0.12, 10);
    // Differences 10, 12, 14: standard error 2 / sqrt(3), t of 2 degrees of freedom 4.303.
    expect(found.interval?.[0]).toBeCloseTo(0.12 - (4.303 * 0.02) / Math.sqrt(3), 10);
    expect(found.interval?.[1]).toBeCloseTo(0.12 + (4.303 * 0.02) / Math.sqrt(3), 10);
  });

  test("is left out where one side measured nothing", () => {
    const { differences } = summaryOf({ baseline: latencyOf(undefined, undefined), other: latencyOf(40, 41) });
    expect(find(differences, P99)).toBeUndefined();
  });

  test("is of every tuning but the first, and of a user's latency where users try again", () => {
    const patient = { served: 50 };
    const { differences } = summaryOf({ first: [patient], second: [patient], third: [{ served: 50, attempted: 150 }] });
    const metricsOf = (name: string) => differences.filter(({ tuning }) => tuning === name).map(({ metric }) => metric);
    expect(new Set(differences.map(({ tuning }) => tuning))).toEqual(new Set(["second", "third"]));
    expect(metricsOf("second")).toEqual([
      ...["legit.served_ratio", "legit.established_ratio", "legit.gave_up", "synacks_out", "half_open_peak_bytes"],
    ]);
    expect(metricsOf("third")).toContain("legit.attempted");
  });
});

describe("Student's t", () => {
  const quantiles = [
    // degrees of freedom, quantile 0.975, why
    [1, 12.706, "two values"],
    [9, 2.262, "ten seeds"],
    [30, 2.042, "the end of the table"],
    [31, 2.04, "the formula goes on where the table ends"],
    [60, 2, ""],
    [120, 1.98, ""],
    [100_000, 1.96, "the normal distribution"],
  ] as const;
  for (const [degrees, quantile, why] of quantiles) {
    test(`with ${degrees} degrees of freedom is ${quantile} ${why}`, () => {
      expect(Math.abs(studentT975(degrees) - quantile)).toBeLessThan(0.0006);
    });
  }

  test("is smaller the more values there are", () => {
    const table = Array.from({ length: 60 }, (_, index) => studentT975(index + 1));
    expect(table).toEqual([...table].sort((a, b) => b - a));
  });

  test("gives no interval for one value", () => {
    expect(meanInterval([])).toBeNull();
    expect(meanInterval([5])).toBeNull();
    expect(meanInterval([5, 5])).toEqual([5, 5]);
  });
});

describe("two summaries", () => {
  test("are compared tuning by tuning, those of the same name", () => {
    const a = summaryOf({ small: servedOf(25, 50), large: servedOf(50, 75), old: servedOf(1, 2) });
    const b = summaryOf({ large: servedOf(50, 75), small: servedOf(50, 75), fresh: servedOf(1, 2) });
    const { differences, notes } = compareSummaries(a, b);
    const served = differences.filter(({ metric }) => metric === SERVED);
    expect(served).toMatchObject([
      { tuning: "small", baseline: 0.375, value: 0.625, verdict: "better" },
      { tuning: "large", baseline: 0.625, value: 0.625, verdict: "same" },
    ]);
    expect(notes).toEqual([
      'tuning "old" is in the first summary only',
      'tuning "fresh" is in the second summary only',
    ]);
  });

  test("with one tuning each are compared whatever its name", () => {
    const { differences, notes } = compareSummaries(
      summaryOf({ before: servedOf(50, 60) }),
      summaryOf({ after: servedOf(60, 70) }),
    );
    expect(find(differences, SERVED)).toMatchObject({ tuning: "after", verdict: "better" });
    expect(notes).toEqual([]);
  });

  test("are paired over the seeds that both have, in whatever order", () => {
    const a = summaryOf({ only: servedOf(50, 60, 70) }, [1, 2, 3]);
    const b = summaryOf({ only: servedOf(81, 70, 5) }, [3, 2, 9]);
    const { differences, notes } = compareSummaries(a, b);
    const found = find(differences, SERVED)!;
    expect(found.difference, "mean of 10 and 11").toBeCloseTo(0.105, 10);
    expect(notes).toEqual(["intervals are of the 2 seeds that both have"]);
  });

  test("without a common seed have differences without intervals", () => {
    const a = summaryOf({ only: servedOf(50, 60) }, [1, 2]);
    const b = summaryOf({ only: servedOf(50, 60) }, [3, 4]);
    const { differences, notes } = compareSummaries(a, b);
    expect(find(differences, SERVED)).toMatchObject({ difference: 0, interval: null, verdict: "unknown" });
    expect(notes).toEqual(["the seeds differ, so the clients do: no difference has an interval"]);
  });
});
