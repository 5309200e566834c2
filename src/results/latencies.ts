/**
 * Latencies of many runs: their histograms added, then quantiles of the whole.
 *
 * Units       Milliseconds; histograms and extremes come in µs.
 * Invariants  Counts stay at their index, so the quantiles are those of one long run within the layout's 0.1 % (1 % for failed_after).
 */
import type { HistogramLayout } from "../vocabulary/histogram.ts";
import { LATENCY_LAYOUT } from "../vocabulary/histogram.ts";
import { type Histogram, passingHistogram, quantileUs, quantileWithin } from "./hdr.ts";
import { type ExtremeField, type LatencyName, latencyLayout, type RunView } from "./run-view.ts";
import type { Latencies } from "./summary-format.ts";
import { sumOf, type TuningRuns } from "./tuning-runs.ts";

/** Where a kind of latency stands in a run. */
interface Source {
  readonly layout: HistogramLayout;
  readonly counts: (view: RunView) => Float64Array;
  /** Largest value; null where the run keeps none. */
  readonly maxUs: ((view: RunView) => number) | null;
  readonly sumUs: ((view: RunView) => number) | null;
}

const EXTREMES: Readonly<Record<LatencyName, { readonly max: ExtremeField; readonly sum: ExtremeField | null }>> = {
  connectLatency: { max: "connectMaxUs", sum: "connectSumUs" },
  responseLatency: { max: "responseMaxUs", sum: "responseSumUs" },
  userLatency: { max: "userMaxUs", sum: "userSumUs" },
  failedAfter: { max: "failedMaxUs", sum: null },
};

export function clientLatencies(runs: TuningRuns, workload: number, name: LatencyName): Latencies | null {
  const { max, sum } = EXTREMES[name];
  return latenciesOf(runs, {
    layout: latencyLayout(name),
    counts: (view) => view.latencyCounts(workload, name),
    maxUs: (view) => view.extreme(workload, max),
    sumUs: sum === null ? null : (view) => view.extreme(workload, sum),
  });
}

/** From the end of the handshake to accept(). */
export function acceptWaits(runs: TuningRuns, listener: number): Latencies | null {
  const counts = (view: RunView): Float64Array => view.acceptWaitCounts(listener);
  return latenciesOf(runs, { layout: LATENCY_LAYOUT, counts, maxUs: null, sumUs: null });
}

/** From the device to TCP; null where CPUs take no time. */
export function receiveWaits(runs: TuningRuns): Latencies | null {
  if (runs.any.spec.cpu === null) return null;
  const counts = (view: RunView): Float64Array => view.cpuWaitCounts() ?? new Float64Array(LATENCY_LAYOUT.length);
  return latenciesOf(runs, { layout: LATENCY_LAYOUT, counts, maxUs: null, sumUs: null });
}

function latenciesOf(runs: TuningRuns, source: Source): Latencies | null {
  const ofSeeds = runs.seeds.map((hosts) => added(hosts.map(source.counts), source.layout));
  // Of several seeds each passes by before that of all; one seed is all seeds.
  const ofSeveral = runs.seeds.length === 1 ? [] : runs.seeds;
  const p99OfSeveral = ofSeveral.map((hosts, seed) =>
    p99Ms(passingHistogram(ofSeeds[seed] as Float64Array, source.layout), hosts, source),
  );
  const histogram = passingHistogram(added(ofSeeds, source.layout), source.layout);
  const count = histogram.totalCount;
  if (count === 0) return null;
  const p99_per_seed = runs.seeds.length === 1 ? [p99Ms(histogram, runs.first, source)] : p99OfSeveral;
  const maxUs = largestUs(histogram, runs.all, source);
  const ms = (q: number): number => (quantileWithin(histogram, q, maxUs) ?? 0) / 1000;
  const sumUs = source.sumUs === null ? histogram.mean * count : sumOf(runs.all.map(source.sumUs));
  return {
    count,
    mean: sumUs / count / 1000,
    p50: ms(0.5),
    p90: ms(0.9),
    p99: ms(0.99),
    p999: ms(0.999),
    max: maxUs / 1000,
    p99_per_seed,
  };
}

function p99Ms(histogram: Histogram, hosts: readonly RunView[], source: Source): number | null {
  const us = quantileWithin(histogram, 0.99, largestUs(histogram, hosts, source));
  return us === null ? null : us / 1000;
}

/** Of one list the list itself. */
function added(lists: readonly Float64Array[], layout: HistogramLayout): Float64Array {
  const [first, ...others] = lists;
  if (first !== undefined && others.length === 0) return first;
  const sums = new Float64Array(layout.length);
  for (const counts of lists) for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (counts[i] ?? 0);
  return sums;
}

/** The largest value that the runs know of, else the border of the last bucket that is not empty. */
function largestUs(histogram: Histogram, views: readonly RunView[], { maxUs }: Source): number {
  return maxUs === null ? (quantileUs(histogram, 1) ?? 0) : Math.max(...views.map(maxUs));
}
