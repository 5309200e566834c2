/**
 * Goal    Buckets hold what their bounds say, and the steps of SYN retransmissions fall between bounds.
 */
import { expect, test } from "vitest";
import type { Labels, Sample } from "../../src/metrics/family.ts";
import { histogramSeries, histogramValues, LATENCY_BOUNDS, LATENCY_ENDS } from "../../src/metrics/histogram.ts";
import { DenseValues } from "../../src/results/values.ts";
import { histogramIndex, LATENCY_LAYOUT } from "../../src/vocabulary/histogram.ts";
import { LONGEST_STEP_S, synTimerS } from "../../src/vocabulary/syn-schedule.ts";

/** As a run's view answers them. */
const belowOf = (counts: Float64Array): number[] => new DenseValues(counts).sumsUpTo(0, LATENCY_ENDS);
function histogramSamples(labels: Labels, counts: Float64Array, sumUs: number): Sample[] {
  const values = histogramValues(belowOf(counts), sumUs);
  return histogramSeries(labels).map((sample, index) => ({ ...sample, value: values[index] ?? Number.NaN }));
}

const bucketOf = (us: number): string => {
  const counts = new Float64Array(LATENCY_LAYOUT.length);
  counts[histogramIndex(us, LATENCY_LAYOUT.halfMagnitude)] = 1;
  const samples = histogramSamples({}, counts, us);
  return String(samples.find(({ suffix, value }) => suffix === "_bucket" && value === 1)?.labels.le);
};

const places = [
  [0, "0.001", "nothing is the fastest"],
  [1000, "0.001", "a bound is part of its bucket"],
  [1002, "0.002", "above it is the next one"],
  [899_000, "0.9", "below the first retransmission"],
  [1_040_000, "1.2", "the first retransmission, a little late"],
  [134_000_000, "135", "the last step of six retries"],
  [140_000_000, "+Inf", "beyond all bounds"],
] as const;
for (const [us, le, why] of places) test(`${us} µs are in le="${le}": ${why}`, () => expect(bucketOf(us)).toBe(le));

test("buckets add up, and sum and count are those of all", () => {
  const counts = new Float64Array(LATENCY_LAYOUT.length);
  for (const us of [500, 1500, 1_040_000, 200_000_000]) counts[histogramIndex(us, LATENCY_LAYOUT.halfMagnitude)] = 1;
  const samples = histogramSamples({ workload: "legit" }, counts, 7_000_000);
  const values = samples.filter(({ suffix }) => suffix === "_bucket").map(({ value }) => value);
  expect(values).toEqual(values.toSorted((a, b) => a - b));
  expect(values.at(-1)).toBe(4);
  expect(samples.find(({ suffix }) => suffix === "_sum")).toEqual({
    labels: { workload: "legit" },
    value: 7,
    suffix: "_sum",
  });
  expect(samples.find(({ suffix }) => suffix === "_count")?.value).toBe(4);
});

test("each step of the kernel's SYN timers, up to an eighth late, has one bucket", () => {
  const inOne = (fromS: number): boolean => {
    const bound = LATENCY_BOUNDS.find((at) => at >= fromS) ?? Number.POSITIVE_INFINITY;
    return fromS + Math.min(0.15, fromS / 8) <= bound;
  };
  for (const linear of [0, 4])
    for (let step = 1; step <= 5; step++)
      expect(inOne(synTimerS(step, linear, LONGEST_STEP_S)), `${step} of ${linear}`).toBe(true);
});
