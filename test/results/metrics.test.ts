/**
 * Goal    Metrics are read by name from a summary, and thresholds hold or do not.
 * Method  A summary of results filled by hand; one row is one metric or one threshold.
 */
import { describe, expect, test } from "vitest";
import { metricNamesOf, metricOf } from "../../src/results/metrics.ts";
import { thresholdResults } from "../../src/results/thresholds.ts";
import { counterIndex } from "../../src/vocabulary/counters.ts";
import type { Threshold } from "../../src/vocabulary/experiment.ts";
import { Gate } from "../../src/vocabulary/gates.ts";
import { COARSE_LAYOUT, histogramIndex } from "../../src/vocabulary/histogram.ts";
import { metricsOf } from "../../src/vocabulary/metrics.ts";
import { Outcome } from "../../src/vocabulary/outcomes.ts";
import { WIRE_NAMES } from "../../src/vocabulary/run-result.ts";
import { experimentOf, extremeAt, fieldAt, handMadeSummary, listenerAt } from "./experiment-of.ts";
import { recordLatencies } from "./hand-made.ts";

const clients = (name: string) =>
  `{kind: connections, name: ${name}, port: 80, start_s: 0, rate_per_s: 9, duration_s: 2}`;
const shared = "reuseport: true, backlog: 9, accept: {mode: workers, workers: 1, service_time_s: 0.1}";
const scenario = `{duration_s: 10, server: {listeners: [{port: 80, ${shared}}, {port: 80, ${shared}}, {port: 81, backlog: 9}]},
  workloads: [${clients("legit")}, ${clients("api.v1")},
    {kind: raw, name: flood, packet: syn, port: 80, start_s: 0, rate_per_s: 10, duration_s: 2, source_addresses: 10}]}`;

/** Two seeds; only the first has latencies. */
const summary = handMadeSummary(experimentOf({ only: scenario }, { seeds: [1, 2] }), (values, layout, { seed }) => {
  const [legit, api, flood] = layout.workloads;
  values[fieldAt(layout, 0, "users")] = 10;
  values[fieldAt(layout, 0, "usersServed")] = 6 + 2 * seed;
  values[legit!.outcomes + Outcome.completed] = 7;
  values[legit!.failed + Gate.app] = 1;
  values[api!.failed + Gate.app] = 2 * seed;
  values[legit!.drops + Gate.syn_queue_full] = 5;
  values[legit!.inFlight + Gate.none] = 3;
  values[flood!.drops + Gate.syn_queue_full] = 100;
  values[layout.serverCounters + counterIndex.TcpExtListenDrops] = 105;
  values[layout.clientCounters + counterIndex.TcpRetransSegs] = 5;
  values[layout.wire + WIRE_NAMES.indexOf("out_synack")] = 50 + seed;
  layout.listeners.forEach((places, listener) => {
    values[listenerAt(layout, listener, "peakAcceptQueue")] = listener + seed;
    values[listenerAt(layout, listener, "accepted")] = 4;
    values[listenerAt(layout, listener, "workersBusyNs")] = listener * 2e9;
    recordLatencies(values, places.acceptWait, [1000 * (listener + 1)]);
  });
  if (seed > 0) return;
  for (const workload of [legit!, api!]) {
    const index = layout.workloads.indexOf(workload);
    recordLatencies(values, workload.connectLatency, [100, 200, 300, 400]);
    recordLatencies(values, workload.responseLatency, [1000]);
    recordLatencies(values, workload.userLatency, [1000]);
    values[workload.failedAfter + histogramIndex(1000, COARSE_LAYOUT.halfMagnitude)] = 1;
    for (const field of ["connectMaxUs", "responseMaxUs", "userMaxUs", "failedMaxUs"] as const)
      values[extremeAt(layout, index, field)] = 1000;
    values[extremeAt(layout, index, "connectSumUs")] = 1000;
  }
});
const tuning = summary.tunings[0]!;

const rows = [
  // metric, value, of each seed, why
  ["legit.users", 10, [10, 10], "a count"],
  ["legit.served", 7, [6, 8], "the mean of the seeds"],
  ["legit.served_ratio", 0.7, [0.6, 0.8], "a ratio"],
  ["legit.outcomes.completed", 7, [7, 7], "an outcome"],
  ["legit.outcomes.refused", 0, [0, 0], "an outcome that nobody had"],
  ["legit.waiting.none", 3, [3, 3], "in flight with nothing lost"],
  ["legit.wait_s.app", 0, [0, 0], "a gate that nobody waited for"],
  ["legit.connect_latency_ms.p50", 0.3, null, "of all seeds together; seeds by themselves are not kept"],
  ["legit.connect_latency_ms.mean", 0.25, null, "the exact sum by the count"],
  ["legit.connect_latency_ms.p99", 0.4, [0.4, null], "a seed that measured nothing"],
  ["legit.connect_latency_ms.max", 1, null, "the largest"],
  ["api.v1.failed.app", 1, [0, 2], "a workload with a dot"],
  ["flood.drops.syn_queue_full", 100, [100, 100], "a flood's own"],
  ["flood.synacks_seen", 0, [0, 0], "nothing came back"],
  ["failed.app", 2, [1, 3], "all clients together"],
  ["gates.syn_queue_full", 5, [5, 5], "packets of clients, not of floods"],
  ["gates.accept_queue_at_syn", 0, [0, 0], "a gate that took nothing"],
  ["listeners.81.accept_queue.peak", 2.5, [2, 3], "a queue"],
  ["listeners.80.accept_queue.peak", 1.5, [1, 2], "the fuller one of two that share a port"],
  ["listeners.80.accepted", 8, [8, 8], "both together"],
  ["listeners.80.workers_busy_ratio", 0.1, [0.1, 0.1], "the mean of 0 and 2 s of 10"],
  ["listeners.80.accept_wait_ms.max", 2, null, "the slower one"],
  ["server.TcpExtListenDrops", 105, [105, 105], "a counter of the server"],
  ["server.TcpExtTW", 0, [0, 0], "a counter that did not move"],
  ["client.TcpRetransSegs", 5, [5, 5], "the other host"],
  ["synacks_out", 50.5, [50, 51], "of the whole tuning"],
] as const;

describe("a metric by its name", () => {
  for (const [metric, value, perSeed, why] of rows) {
    test(`${metric}: ${why}`, () => {
      const found = metricOf(tuning, metric);
      expect(found?.value).toBeCloseTo(value, 2);
      expect(found?.perSeed ?? null).toEqual(perSeed);
    });
  }

  test("is null where nothing was measured, and where there is no such thing", () => {
    expect(metricOf(tuning, "listeners.81.workers_busy_ratio"), "no workers there").toBeNull();
    expect(metricOf(tuning, "legit.users.constructor")).toBeNull();
    expect(metricOf(tuning, "nobody.users")).toBeNull();
    const nobody = handMadeSummary(experimentOf({ only: scenario }), () => {}).tunings[0]!;
    expect(metricOf(nobody, "legit.connect_latency_ms.p99")).toBeNull();
  });

  test("every name of the table is found", () => {
    const metrics = metricsOf(metricNamesOf(tuning));
    expect(metrics.length).toBeGreaterThan(400);
    const missing = metrics.filter((metric) => metricOf(tuning, metric) === null);
    const nobodyConnected = ["worst_pair.ports_peak", "worst_pair.without_port"];
    const noCpus = metrics.filter((metric) => /^(cpu|softnet|receive_wait_ms)\./.test(metric));
    expect(noCpus.length).toBeGreaterThan(8);
    expect(missing).toEqual(["listeners.81.workers_busy_ratio", ...nobodyConnected, ...noCpus]);
  });
});

const thresholds = [
  // metric, comparison, limit, holds, why
  ["legit.served", "<", 7, false, "7 is not below 7"],
  ["legit.served", "<=", 7, true, ""],
  ["legit.served", ">", 7, false, "7 is not above 7"],
  ["legit.served", ">=", 7, true, ""],
  ["legit.served", "==", 7, true, ""],
  ["legit.served", "!=", 7, false, ""],
  ["legit.served", "<", 7.1, true, ""],
  ["legit.served", ">", 6.9, true, ""],
  ["gates.accept_queue_at_syn", "==", 0, true, "what took nothing is 0"],
  ["legit.connect_latency_ms.p99", "<", 1, true, "latencies of all seeds, though one has none"],
  ["listeners.81.workers_busy_ratio", "<", 1, false, "what was not measured does not hold"],
  ["listeners.81.workers_busy_ratio", "!=", 1, false, "whatever is asked"],
] as const;

for (const [metric, comparison, limit, holds, why] of thresholds) {
  test(`${metric} ${comparison} ${limit} ${holds ? "holds" : "does not hold"} ${why}`, () => {
    const threshold: Threshold = { text: "as written", metric, comparison, limit };
    const value = metricOf(tuning, metric)?.value ?? null;
    expect(thresholdResults([threshold], [tuning])).toEqual([
      { threshold: "as written", tuning: "only", value, holds },
    ]);
  });
}
