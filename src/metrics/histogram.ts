/**
 * Latencies of a run as a Prometheus histogram.
 *
 * Bounds      Between the steps that SYN retransmissions make (1, 3, 7 s ... and with later kernels 1, 2, 3, 4, 5, 7 ...), so that a step
 *             falls into one bucket whole, timers' lateness included.
 */
import { histogramIndex, LATENCY_LAYOUT } from "../vocabulary/histogram.ts";
import type { Labels, Sample } from "./family.ts";

/** Seconds. */
export const LATENCY_BOUNDS = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9],
  ...[1.2, 1.9, 2.3, 2.9, 3.4, 4.5, 5.5, 6.8, 7.8, 11.8, 15.8, 20, 36, 70, 135],
] as const;

/** Index of the first count that lies above each bound. A bound takes the whole of the bucket that it cuts, which is 0.1 % wide. */
const ENDS = LATENCY_BOUNDS.map((bound) => histogramIndex(Math.round(bound * 1e6), LATENCY_LAYOUT.halfMagnitude) + 1);

/** `counts` in LATENCY_LAYOUT; `sumUs`: of all values. */
export function histogramSamples(labels: Labels, counts: Float64Array, sumUs: number): Sample[] {
  const samples: Sample[] = [];
  let seen = 0;
  let index = 0;
  ENDS.forEach((end, bound) => {
    for (; index < end; index++) seen += counts[index] ?? 0;
    samples.push({ labels: { ...labels, le: String(LATENCY_BOUNDS[bound]) }, value: seen, suffix: "_bucket" });
  });
  for (; index < counts.length; index++) seen += counts[index] ?? 0;
  samples.push(
    { labels: { ...labels, le: "+Inf" }, value: seen, suffix: "_bucket" },
    { labels, value: sumUs / 1e6, suffix: "_sum" },
    { labels, value: seen, suffix: "_count" },
  );
  return samples;
}
