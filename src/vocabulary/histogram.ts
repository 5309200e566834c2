/**
 * Histogram layout: HdrHistogram's log-linear buckets of whole microseconds, so that hdr-histogram-js can take the counts over.
 *
 * Purpose     The engine counts by index without an object; results/hdr.ts reads the same indices.
 * Units       Values are microseconds, from 0 to HISTOGRAM_MAX_US; larger ones are counted at that value.
 * Source      HdrHistogram, countsArrayIndex(); lowest discernible value 1.
 */
export interface HistogramLayout {
  /** Significant decimal digits that are kept. */
  readonly digits: 2 | 3;
  /** log2 of half the sub-buckets of one bucket. */
  readonly halfMagnitude: number;
  /** Number of counts. */
  readonly length: number;
}

/** 2^31 - 1 µs, 35.8 minutes. */
export const HISTOGRAM_MAX_US = 0x7fffffff;

function layout(digits: 2 | 3, halfMagnitude: number): HistogramLayout {
  const bucketCount = 31 - halfMagnitude;
  return { digits, halfMagnitude, length: (bucketCount + 1) << halfMagnitude };
}

/** Latencies of connections: within 0.1 %. */
export const LATENCY_LAYOUT: HistogramLayout = layout(3, 10);
/** Where many histograms stand side by side (by SYN retransmissions): within 1 %. */
export const COARSE_LAYOUT: HistogramLayout = layout(2, 7);

/** Index of the count that `us` belongs to. `us`: whole microseconds, 0..HISTOGRAM_MAX_US. */
export function histogramIndex(us: number, halfMagnitude: number): number {
  const subBucketMask = (2 << halfMagnitude) - 1;
  const bucket = 31 - halfMagnitude - Math.clz32(us | subBucketMask);
  return (bucket << halfMagnitude) + (us >>> bucket);
}

/** Lowest value that is counted at `index`; the inverse of histogramIndex. */
export function histogramLowestUs(index: number, halfMagnitude: number): number {
  const half = 1 << halfMagnitude;
  const bucket = index < 2 * half ? 0 : (index >> halfMagnitude) - 1;
  return (index - (bucket << halfMagnitude)) * 2 ** bucket;
}

/** Highest value that is counted at `index`. */
export function histogramHighestUs(index: number, halfMagnitude: number): number {
  const bucket = index < 2 << halfMagnitude ? 0 : (index >> halfMagnitude) - 1;
  return histogramLowestUs(index, halfMagnitude) + 2 ** bucket - 1;
}
