/**
 * Goal    vocabulary/histogram.ts counts in the very buckets of hdr-histogram-js, and quantiles keep their promises.
 * Method  Properties over values of all sizes; the borders of every bucket one by one. hdr-histogram-js is the reference.
 */
import fc from "fast-check";
import { Float64Histogram } from "hdr-histogram-js";
import { describe, expect, test } from "vitest";
import { emptyHistogram, histogramOf, passingHistogram, quantileUs } from "../../src/results/hdr.ts";
import {
  COARSE_LAYOUT,
  HISTOGRAM_MAX_US,
  type HistogramLayout,
  histogramHighestUs,
  histogramIndex,
  histogramLowestUs,
  LATENCY_LAYOUT,
} from "../../src/vocabulary/histogram.ts";

/** What their index arithmetic answers; JsHistogram has these methods, its Histogram interface does not name them. */
const theirs = (layout: HistogramLayout): Float64Histogram => emptyHistogram(layout) as Float64Histogram;

/** As many small values as large ones. */
const anyUs = fc.oneof(
  fc.integer({ min: 0, max: 5000 }),
  fc.integer({ min: 0, max: HISTOGRAM_MAX_US }),
  fc.integer({ min: 0, max: 30 }).chain((bit) => fc.integer({ min: 0, max: 2 ** (bit + 1) - 1 })),
);

const layouts = [
  { name: "three digits", layout: LATENCY_LAYOUT, error: 1e-3 },
  { name: "two digits", layout: COARSE_LAYOUT, error: 1e-2 },
] as const;

describe.each(layouts)("a histogram of $name", ({ layout, error }) => {
  const { halfMagnitude } = layout;
  const hdr = theirs(layout);

  test("has as many counts as hdr-histogram-js", () => {
    expect(layout.length).toBe(hdr.countsArrayLength);
    expect(halfMagnitude).toBe(hdr.subBucketHalfCountMagnitude);
    expect(histogramIndex(HISTOGRAM_MAX_US, halfMagnitude)).toBe(layout.length - 1);
  });

  test("has the borders of hdr-histogram-js at every index", () => {
    for (let index = 0; index < layout.length; index++) {
      const lowest = histogramLowestUs(index, halfMagnitude);
      const highest = histogramHighestUs(index, halfMagnitude);
      if (lowest !== hdr.valueFromIndex(index)) expect.fail(`lowest value at ${index}`);
      if (highest !== hdr.highestEquivalentValue(lowest)) expect.fail(`highest value at ${index}`);
      if (histogramIndex(lowest, halfMagnitude) !== index) expect.fail(`index of ${lowest}`);
      if (histogramIndex(highest, halfMagnitude) !== index) expect.fail(`index of ${highest}`);
    }
  });

  test("a passing histogram holds its own counts and nothing of the one before", () => {
    const counts = (seed: readonly number[]): Float64Array => {
      const section = new Float64Array(layout.length);
      for (const us of seed) section[histogramIndex(us, halfMagnitude)] = 1 + (us % 7);
      return section;
    };
    fc.assert(
      fc.property(fc.array(anyUs), fc.array(anyUs), (first, second) => {
        passingHistogram(counts(first), layout);
        const [passing, own] = [passingHistogram(counts(second), layout), histogramOf(counts(second), layout)];
        for (const of of ["totalCount", "mean", "maxValue", "minNonZeroValue"] as const)
          expect(passing[of]).toBe(own[of]);
        for (const q of [0, 0.5, 0.99, 1]) expect(quantileUs(passing, q)).toBe(quantileUs(own, q));
      }),
    );
  });

  test("puts every value where hdr-histogram-js puts it", () => {
    fc.assert(
      fc.property(anyUs, (us) => {
        expect(histogramIndex(us, halfMagnitude)).toBe(hdr.countsArrayIndex(us));
      }),
      { numRuns: 5000 },
    );
  });

  test("hands its counts over to hdr-histogram-js without loss", () => {
    fc.assert(
      fc.property(fc.array(anyUs, { maxLength: 200 }), (values) => {
        const counts = new Float64Array(layout.length);
        const recorded = new Float64Histogram(1, HISTOGRAM_MAX_US, layout.digits);
        for (const us of values) {
          counts[histogramIndex(us, halfMagnitude)]! += 1;
          recorded.recordValue(us);
        }
        const taken = histogramOf(counts, layout);
        expect(taken.totalCount).toBe(values.length);
        for (let index = 0; index < layout.length; index++) {
          const count = (taken as Float64Histogram).getCountAtIndex(index);
          if (count !== recorded.getCountAtIndex(index)) expect.fail(`count at ${index}`);
        }
      }),
    );
  });

  test("answers a quantile with element floor(q * n) of the sorted list, or slightly above", () => {
    const q = fc.oneof(fc.constantFrom(0, 0.5, 0.9, 0.99, 0.999, 1), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(fc.array(anyUs, { minLength: 1, maxLength: 300 }), q, (values, q) => {
        const counts = new Float64Array(layout.length);
        for (const us of values) counts[histogramIndex(us, halfMagnitude)]! += 1;
        const sorted = values.toSorted((a, b) => a - b);
        const element = sorted[Math.min(values.length - 1, Math.floor(q * values.length))]!;
        const answer = quantileUs(histogramOf(counts, layout), q)!;
        expect(answer).toBeGreaterThanOrEqual(element);
        expect(answer).toBeLessThanOrEqual(element * (1 + error));
      }),
    );
  });
});

describe("a quantile", () => {
  test("of nothing is null", () => {
    expect(quantileUs(emptyHistogram(LATENCY_LAYOUT), 0.5)).toBeNull();
  });

  test("of an even number of values is the upper one of the two in the middle", () => {
    const counts = new Float64Array(LATENCY_LAYOUT.length);
    for (const us of [10, 20, 30, 40]) counts[us] = 1;
    expect(quantileUs(histogramOf(counts, LATENCY_LAYOUT), 0.5)).toBe(30);
  });

  test("is exact in its rank among millions of values", () => {
    const counts = new Float64Array(LATENCY_LAYOUT.length);
    counts[1] = 4_999_999;
    counts[2] = 1;
    counts[3] = 5_000_000;
    const histogram = histogramOf(counts, LATENCY_LAYOUT);
    expect(quantileUs(histogram, 0.4999999)).toBe(2);
    expect(quantileUs(histogram, 0.4999998)).toBe(1);
    expect(quantileUs(histogram, 0.5)).toBe(3);
  });
});
