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

/**
 * Index of the first count of LATENCY_LAYOUT that lies above each bound, and the number of all. A bound takes the whole of the bucket that it cuts, which is
 * 0.1 % wide.
 */
export const LATENCY_ENDS: readonly number[] = [
  ...LATENCY_BOUNDS.map((bound) => histogramIndex(Math.round(bound * 1e6), LATENCY_LAYOUT.halfMagnitude) + 1),
  LATENCY_LAYOUT.length,
];

/** The series of one histogram, without their values. */
export const histogramSeries = (labels: Labels): Sample[] => [
  ...[...LATENCY_BOUNDS, "+Inf"].map(
    (bound): Sample => ({ labels: { ...labels, le: String(bound) }, value: 0, suffix: "_bucket" }),
  ),
  { labels, value: 0, suffix: "_sum" },
  { labels, value: 0, suffix: "_count" },
];

/** Their values. `below`: how many latencies are below each of LATENCY_ENDS; `sumUs`: the sum of all. */
export const histogramValues = (below: readonly number[], sumUs: number): number[] => [
  ...below,
  sumUs / 1e6,
  below.at(-1) ?? 0,
];
