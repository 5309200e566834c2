/**
 * Recorder: the numbers of a run on their way into its RunResult. Applications write here at once; hosts' counters are added at the end.
 *
 * Units   The layout's (vocabulary/run-result.ts): histograms of whole µs, bins of `secondNs`.
 */
import { COARSE_LAYOUT, HISTOGRAM_MAX_US, histogramIndex, LATENCY_LAYOUT } from "../vocabulary/histogram.ts";
import {
  EXTREME_FIELDS,
  LATENCY_BY_RETRANSMIT_CLASSES,
  LISTENER_FIELDS,
  type ResultLayout,
  resultLayout,
  SYN_RETRANSMIT_CLASSES,
  WORKLOAD_FIELDS,
} from "../vocabulary/run-result.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";
import { takeResult } from "./arena.ts";

function indexOf<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>;
}
export const WorkloadField = indexOf(WORKLOAD_FIELDS);
export const ListenerField = indexOf(LISTENER_FIELDS);
export const Extreme = indexOf(EXTREME_FIELDS);

export class Recorder {
  readonly layout: ResultLayout;
  readonly out: Float64Array;
  readonly #now: Float64Array;

  constructor(spec: RunSpec, now: Float64Array) {
    this.layout = resultLayout(spec);
    this.out = takeResult(this.layout.length);
    this.#now = now;
    for (const workload of this.layout.workloads)
      this.out[workload.extremes + Extreme.failedMinUs] = Number.POSITIVE_INFINITY;
  }

  add(at: number, n: number): void {
    this.out[at] = this.out[at]! + n;
  }

  countWorkload(workload: number, field: number): void {
    const at = this.layout.workloads[workload]!.fields + field;
    this.out[at] = this.out[at]! + 1;
  }

  countListener(listener: number, field: number): void {
    const at = this.layout.listeners[listener]!.fields + field;
    this.out[at] = this.out[at]! + 1;
  }

  /** One event at `times[place]`, ns, in a time line by seconds; `at` -1: there is none. Of times only their place is passed on: V8 boxes a float64 in an argument. */
  tally(at: number, times: Float64Array, place: number): void {
    if (at < 0) return;
    const bin = at + Math.min(this.layout.secondCount - 1, Math.floor(times[place]! / this.layout.secondNs));
    this.out[bin] = this.out[bin]! + 1;
  }

  tallyNow(at: number): void {
    this.tally(at, this.#now, 0);
  }

  /** Whole microseconds since `times[place]`, ns, at most what histograms hold. */
  usSince(times: Float64Array, place: number): number {
    return Math.min(HISTOGRAM_MAX_US, Math.round((this.#now[0]! - times[place]!) / 1e3)) | 0;
  }

  latency(histogram: number, us: number): void {
    const at = histogram + histogramIndex(us, LATENCY_LAYOUT.halfMagnitude);
    this.out[at] = this.out[at]! + 1;
  }

  /** connect(), called at `times[place]`, succeeded with `retransmits` SYN retransmissions. */
  connected(workload: number, retransmits: number, times: Float64Array, place: number): void {
    const us = this.usSince(times, place);
    const places = this.layout.workloads[workload]!;
    this.countWorkload(workload, WorkloadField.established);
    this.latency(places.connectLatency, us);
    this.#extreme(places.extremes + Extreme.connectMaxUs, us);
    this.add(places.extremes + Extreme.connectSumUs, us);
    this.add(places.establishedByRetransmits + Math.min(retransmits, SYN_RETRANSMIT_CLASSES - 1), 1);
    if (places.connectLatencyByRetransmits >= 0) {
      const own =
        places.connectLatencyByRetransmits +
        Math.min(retransmits, LATENCY_BY_RETRANSMIT_CLASSES - 1) * COARSE_LAYOUT.length;
      this.add(own + histogramIndex(us, COARSE_LAYOUT.halfMagnitude), 1);
    }
    this.tallyNow(places.establishedPerS);
    this.tally(places.establishedOfAttemptsPerS, times, place);
  }

  /** The response came `us` after connect() was called. */
  responded(workload: number, us: number): void {
    const places = this.layout.workloads[workload]!;
    this.countWorkload(workload, WorkloadField.responses);
    this.latency(places.responseLatency, us);
    this.#extreme(places.extremes + Extreme.responseMaxUs, us);
    this.add(places.extremes + Extreme.responseSumUs, us);
    this.tallyNow(places.responsesPerS);
  }

  /** A user was served `us` after its first attempt began. */
  served(workload: number, us: number): void {
    const places = this.layout.workloads[workload]!;
    this.countWorkload(workload, WorkloadField.usersServed);
    this.latency(places.userLatency, us);
    this.#extreme(places.extremes + Extreme.userMaxUs, us);
    this.add(places.extremes + Extreme.userSumUs, us);
  }

  /** connect() failed after `us` with `retransmits` SYN retransmissions. */
  connectFailed(workload: number, us: number, retransmits: number): void {
    const places = this.layout.workloads[workload]!;
    this.add(places.failedAfter + histogramIndex(us, COARSE_LAYOUT.halfMagnitude), 1);
    this.add(places.failedByRetransmits + Math.min(retransmits, SYN_RETRANSMIT_CLASSES - 1), 1);
    this.#extreme(places.extremes + Extreme.failedMaxUs, us);
    const least = places.extremes + Extreme.failedMinUs;
    if (us < this.out[least]!) this.out[least] = us;
  }

  #extreme(at: number, us: number): void {
    if (us > this.out[at]!) this.out[at] = us;
  }
}
