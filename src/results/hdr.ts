/**
 * Quantiles of latencies: the only door to hdr-histogram-js.
 *
 * Purpose     A run counts latencies by index in HdrHistogram's own buckets (vocabulary/histogram.ts); here the counts are
 *             handed to hdr-histogram-js, which knows what to do with them: quantiles, mean, its text and binary formats.
 * Units       Whole microseconds; HISTOGRAM_MAX_US stands for everything from there on.
 * Invariants  A count stays at the index where the engine put it; nothing is recorded anew.
 */
import { Float64Histogram, type Histogram } from "hdr-histogram-js";
import { HISTOGRAM_MAX_US, type HistogramLayout, histogramLowestUs } from "../vocabulary/histogram.ts";

export type { Histogram };

/** An empty histogram of hdr-histogram-js with the buckets of `layout`. */
export function emptyHistogram(layout: HistogramLayout): Histogram {
  return new Float64Histogram(1, HISTOGRAM_MAX_US, layout.digits);
}

/** Takes the counts of one histogram section of a RunResult over. `counts` holds `layout.length` of them. */
export function histogramOf(counts: Float64Array, layout: HistogramLayout): Histogram {
  return filled(emptyHistogram(layout), counts, layout);
}

/** As histogramOf(), in the memory of the one that was asked for before with this layout: it holds until the next call. */
export function passingHistogram(counts: Float64Array, layout: HistogramLayout): Histogram {
  const histogram = passing.get(layout) ?? emptyHistogram(layout);
  passing.set(layout, histogram);
  histogram.reset();
  return filled(histogram, counts, layout);
}

const passing = new Map<HistogramLayout, Histogram>();

function filled(histogram: Histogram, counts: Float64Array, layout: HistogramLayout): Histogram {
  for (let index = 0; index < counts.length; index++) {
    const count = counts[index] ?? 0;
    if (count > 0) histogram.recordValueWithCount(histogramLowestUs(index, layout.halfMagnitude), count);
  }
  return histogram;
}

/**
 * Element floor(q * n) of the sorted list, counted from 0: the recordings' convention, so that figures can be compared. null
 * when there is nothing. What is returned is the highest value that shares the element's bucket: never below it, and at most
 * 0.1 % (LATENCY_LAYOUT) or 1 % (COARSE_LAYOUT) above.
 *
 * HdrHistogram counts ranks from 1 and rounds q * n up, so it is asked for the middle of the step that ends at our rank.
 */
export function quantileUs(histogram: Histogram, q: number): number | null {
  const n = histogram.totalCount;
  if (n === 0) return null;
  const rank = Math.min(n - 1, Math.floor(q * n));
  return histogram.getValueAtPercentile((100 * (rank + 0.5)) / n);
}

/** As quantileUs, but a bucket's upper border may lie above the largest value there was: never more than `maxUs`. */
export function quantileWithin(histogram: Histogram, q: number, maxUs: number): number | null {
  const us = quantileUs(histogram, q);
  return us === null ? null : Math.min(us, maxUs);
}
