/**
 * One workload of a run as the recorder would have summarised it.
 *
 * Units       As in the key names. Latencies are rounded as the recorder rounds: to 10 µs, from 100 ms on to 100 µs.
 * Source      summarize_client() of the recorder; test/recordings/README.md "Result format".
 */
import { NS_PER_S, nsToSeconds } from "../base/units.ts";
import type { OutcomeName } from "../vocabulary/outcomes.ts";
import { WorkloadKind } from "../vocabulary/run-spec.ts";
import { type Histogram, quantileWithin } from "./hdr.ts";
import type { LatencyMs, RecordedGates, RecordedWorkload } from "./recording-format.ts";
import { roundTo } from "./rounding.ts";
import type { RunView } from "./run-view.ts";

/** Outcomes in the recorder's order: of connect(), and of those that it connected. `established` stands between. */
const CONNECT_OUTCOMES: readonly OutcomeName[] = ["refused", "timed_out", "app_timeout", "no_local_port"];
const LATER_OUTCOMES: readonly OutcomeName[] = [
  "completed",
  "reset_after_connect",
  "eof_before_response",
  "response_timeout",
  "timed_out_after_connect",
  "open_at_end",
];

export function recordedWorkload(view: RunView, workload: number): RecordedWorkload {
  return view.layout.workloads[workload]?.kind === WorkloadKind.Raw
    ? recordedRaw(view, workload)
    : recordedConnections(view, workload);
}

function recordedRaw(view: RunView, workload: number): RecordedWorkload {
  return {
    sent: view.workloadField(workload, "sent"),
    ...nonzero({
      synacks_seen: view.workloadField(workload, "synacksSeen"),
      answered: view.workloadField(workload, "answered"),
    }),
  };
}

function recordedConnections(view: RunView, workload: number): RecordedWorkload {
  const outcomes = (names: readonly OutcomeName[]): Record<string, number> =>
    nonzero(Object.fromEntries(names.map((name) => [name, view.outcome(workload, name)])));
  return {
    attempted: view.workloadField(workload, "attempted"),
    sent: view.workloadField(workload, "sent"),
    ...outcomes(["pending"]),
    established: view.workloadField(workload, "established"),
    ...outcomes(CONNECT_OUTCOMES),
    connect_latency_ms: latencyMs(view.latency(workload, "connectLatency"), view.extreme(workload, "connectMaxUs")),
    established_by_syn_retransmits: view.bySynRetransmits(workload, "establishedByRetransmits"),
    ...recordedFailures(view, workload),
    ...outcomes(LATER_OUTCOMES),
    ...recordedResponses(view, workload),
    ...perSecond(view, workload),
  };
}

/** Attempts that connect() failed for: refused or timed out by kernel or application, but not for want of a local port. */
function recordedFailures(view: RunView, workload: number): Partial<RecordedWorkload> {
  const failed = view.bySynRetransmits(workload, "failedByRetransmits");
  if (failed.length === 0) return {};
  const max = view.extreme(workload, "failedMaxUs");
  return {
    failed_after_ms: {
      min: roundedMs(view.extreme(workload, "failedMinUs")),
      p50: roundedMs(quantileWithin(view.latency(workload, "failedAfter"), 0.5, max)),
      max: roundedMs(max),
    },
    failed_by_syn_retransmits: failed,
  };
}

function recordedResponses(view: RunView, workload: number): Partial<RecordedWorkload> {
  const responses = view.workloadField(workload, "responses");
  if (responses === 0) return {};
  const histogram = view.latency(workload, "responseLatency");
  return { responses, response_latency_ms: latencyMs(histogram, view.extreme(workload, "responseMaxUs")) };
}

/** Left out when the run is so long that its bins are longer than a second (about an hour). */
function perSecond(view: RunView, workload: number): Partial<RecordedWorkload> {
  if (view.layout.secondNs !== NS_PER_S) return {};
  const responses = view.perSecond(workload, "responsesPerS");
  return {
    established_per_s: view.perSecond(workload, "establishedPerS"),
    attempts_per_s: view.perSecond(workload, "attemptsPerS"),
    established_of_attempts_per_s: view.perSecond(workload, "establishedOfAttemptsPerS"),
    ...(responses.length > 0 ? { responses_per_s: responses } : {}),
  };
}

/** Where the workload's segments and clients were lost. */
export function recordedGates(view: RunView, workload: number): RecordedGates {
  const waits = Object.entries(view.gates(workload, "waitNs"));
  return {
    drops: view.gates(workload, "drops"),
    failed: view.gates(workload, "failed"),
    in_flight: view.gates(workload, "inFlight"),
    wait_s: Object.fromEntries(waits.map(([gate, ns]) => [gate, nsToSeconds(ns)])),
  };
}

function latencyMs(histogram: Histogram, maxUs: number): LatencyMs {
  const ms = (q: number): number | null => roundedMs(quantileWithin(histogram, q, maxUs));
  return { p50: ms(0.5), p90: ms(0.9), p99: ms(0.99), max: histogram.totalCount === 0 ? null : roundedMs(maxUs) };
}

function roundedMs(us: number): number;
function roundedMs(us: number | null): number | null;
function roundedMs(us: number | null): number | null {
  return us === null ? null : roundTo(us / 1000, us < 100_000 ? 2 : 1);
}

function nonzero(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0));
}
