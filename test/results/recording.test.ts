/**
 * Goal    A result of the engine becomes a recording as the recorder would have written it: names, units, zeros left out.
 * Method  Results filled by hand through the layout; what is expected is written out.
 */
import { describe, expect, test } from "vitest";
import { recordingOf } from "../../src/results/recording.ts";
import { encodeRecording, parseRecording, type RecordedRun } from "../../src/results/recording-format.ts";
import { summaryOf } from "../../src/results/recording-summary.ts";
import { roundTo } from "../../src/results/rounding.ts";
import { counterIndex } from "../../src/vocabulary/counters.ts";
import { Gate } from "../../src/vocabulary/gates.ts";
import { COARSE_LAYOUT, histogramIndex } from "../../src/vocabulary/histogram.ts";
import { Outcome } from "../../src/vocabulary/outcomes.ts";
import {
  EXTREME_FIELDS,
  LISTENER_FIELDS,
  type ResultLayout,
  STATE_NAMES,
  WIRE_NAMES,
  WORKLOAD_FIELDS,
} from "../../src/vocabulary/run-result.ts";
import { Detail, Direction, Match, type RunSpec } from "../../src/vocabulary/run-spec.ts";
import type { Impairment, Scenario } from "../../src/vocabulary/scenario.ts";
import { connections, handMadeResult, listener, raw, recordLatencies, runSpec } from "./hand-made.ts";
import { readRecording, recordingNames } from "./recordings.ts";

const hostScenario = { kernel: "6.18", hz: 250, sysctls: {} } as const;

/** Only what a recording takes from a scenario. */
const scenarioOf = (...workloads: string[]): Scenario =>
  ({
    name: "by hand",
    server: { ...hostScenario, sysctls: { "net.core.somaxconn": 64 }, listeners: [] },
    client: hostScenario,
    workloads: workloads.map((name) => ({ name, connect_timeout_s: null })),
    impairments: [],
  }) as unknown as Scenario;

type Write = (values: Float64Array, layout: ResultLayout) => void;

function oneRun(spec: RunSpec, names: string[], write: Write): RecordedRun {
  return recordingOf(scenarioOf(...names), [spec], [handMadeResult(spec, write)]).runs[0]!;
}

describe("a run in the recordings' format", () => {
  test("has the nonzero counters of both hosts, sorted by name", () => {
    const run = oneRun(runSpec(), ["legit"], (values, layout) => {
      values[layout.serverCounters + counterIndex.TcpPassiveOpens] = 5;
      values[layout.serverCounters + counterIndex.TcpExtListenDrops] = 2;
      values[layout.clientCounters + counterIndex.TcpActiveOpens] = 7;
    });
    expect(Object.entries(run.server_counters)).toEqual([
      ["TcpExtListenDrops", 2],
      ["TcpPassiveOpens", 5],
    ]);
    expect(run.client_counters).toEqual({ TcpActiveOpens: 7 });
  });

  test("has packets by class, and losses by impairment where there are impairments", () => {
    const impairment = {
      direction: Direction.ToServer,
      match: Match.Syn,
      probability: 1,
      everyNth: 0,
      startNs: 0,
      endNs: -1,
    };
    const recorded: Impairment = {
      ...{ direction: "to_server", match: "syn", drop_probability: 1, drop_every_nth: null, start_s: 0, end_s: null },
    };
    const write: Write = (values, layout) => {
      values[layout.wire + WIRE_NAMES.indexOf("in_syn")] = 9;
      values[layout.wire + WIRE_NAMES.indexOf("out_atk_synack")] = 3;
      if (layout.serverStates > layout.impairmentDropped) values[layout.impairmentDropped + 1] = 4;
    };
    const scenario = { ...scenarioOf("legit"), impairments: [recorded, recorded] };
    const runIn = (impairments: number): RecordedRun => {
      const spec = runSpec({ impairments: Array(impairments).fill(impairment) });
      return recordingOf(scenario, [spec], [handMadeResult(spec, write)]).runs[0]!;
    };
    expect(runIn(2).wire_at_server).toEqual({ in_syn: 9, out_atk_synack: 3 });
    expect(runIn(2).impairment_dropped).toEqual([0, 4]);
    // A path's own losses come after the scenario's impairments, and a recorder does not know them.
    expect(runIn(3).impairment_dropped).toEqual([0, 4]);
    const pathAlone = runSpec({ impairments: [impairment, impairment] });
    expect(oneRun(pathAlone, ["legit"], write)).not.toHaveProperty("impairment_dropped");
    expect(oneRun(runSpec(), ["legit"], write)).not.toHaveProperty("impairment_dropped");
  });

  test("summarises connections as the recorder does", () => {
    const run = oneRun(runSpec(), ["legit"], (values, layout) => {
      const w = layout.workloads[0]!;
      values[w.fields + WORKLOAD_FIELDS.indexOf("attempted")] = 12;
      values[w.fields + WORKLOAD_FIELDS.indexOf("sent")] = 12;
      values[w.fields + WORKLOAD_FIELDS.indexOf("established")] = 4;
      values[w.fields + WORKLOAD_FIELDS.indexOf("responses")] = 2;
      values[w.outcomes + Outcome.completed] = 3;
      values[w.outcomes + Outcome.open_at_end] = 1;
      values[w.outcomes + Outcome.timed_out] = 2;
      values[w.outcomes + Outcome.no_local_port] = 5;
      values[w.outcomes + Outcome.pending] = 1;
      values[w.establishedByRetransmits] = 3;
      values[w.establishedByRetransmits + 2] = 1;
      values[w.failedByRetransmits + 6] = 2;
      recordLatencies(values, w.connectLatency, [30_264, 30_300, 123_456, 123_456]);
      recordLatencies(values, w.responseLatency, [1500, 1600]);
      values[w.failedAfter + histogramIndex(7_112_400, COARSE_LAYOUT.halfMagnitude)] = 2;
      for (const [field, us] of [
        ["connectMaxUs", 123_456],
        ["responseMaxUs", 1600],
        ["failedMinUs", 7_112_400],
        ["failedMaxUs", 7_112_490],
      ] as const) {
        values[w.extremes + EXTREME_FIELDS.indexOf(field)] = us;
      }
      values.set([10, 2], w.attemptsPerS);
      values.set([0, 4], w.establishedPerS);
      values.set([4], w.establishedOfAttemptsPerS);
      values.set([0, 0, 2], w.responsesPerS);
    });
    // 30 300 µs shares a bucket with 30 304 .. 30 319; a bucket never answers more than the largest value there was.
    expect(run.workloads.legit).toEqual({
      attempted: 12,
      sent: 12,
      pending: 1,
      established: 4,
      timed_out: 2,
      no_local_port: 5,
      connect_latency_ms: { p50: 123.5, p90: 123.5, p99: 123.5, max: 123.5 },
      established_by_syn_retransmits: [3, 0, 1],
      failed_after_ms: { min: 7112.4, p50: 7112.5, max: 7112.5 },
      failed_by_syn_retransmits: [0, 0, 0, 0, 0, 0, 2],
      completed: 3,
      open_at_end: 1,
      responses: 2,
      response_latency_ms: { p50: 1.6, p90: 1.6, p99: 1.6, max: 1.6 },
      established_per_s: [0, 4],
      attempts_per_s: [10, 2],
      established_of_attempts_per_s: [4],
      responses_per_s: [0, 0, 2],
    });
  });

  test("says that nobody connected by nulls, and leaves out what nobody did", () => {
    const run = oneRun(runSpec(), ["legit"], () => {});
    expect(run.workloads.legit).toEqual({
      attempted: 0,
      sent: 0,
      established: 0,
      connect_latency_ms: { p50: null, p90: null, p99: null, max: null },
      established_by_syn_retransmits: [],
      established_per_s: [],
      attempts_per_s: [],
      established_of_attempts_per_s: [],
    });
    expect(run.listeners).toEqual([{}]);
  });

  test("has of raw workloads what was sent, seen and answered", () => {
    const spec = runSpec({ workloads: [raw(), raw()] });
    const run = oneRun(spec, ["flood", "answered"], (values, { workloads: [flood, answered] }) => {
      values[flood!.fields + WORKLOAD_FIELDS.indexOf("sent")] = 100;
      values[answered!.fields + WORKLOAD_FIELDS.indexOf("sent")] = 50;
      values[answered!.fields + WORKLOAD_FIELDS.indexOf("synacksSeen")] = 40;
      values[answered!.fields + WORKLOAD_FIELDS.indexOf("answered")] = 40;
    });
    expect(run.workloads).toEqual({ flood: { sent: 100 }, answered: { sent: 50, synacks_seen: 40, answered: 40 } });
  });

  test("has what the application of each listener did", () => {
    const run = oneRun(runSpec(), ["legit"], (values, { listeners: [l] }) => {
      values[l!.fields + LISTENER_FIELDS.indexOf("accepted")] = 8;
      values[l!.fields + LISTENER_FIELDS.indexOf("emptyTicks")] = 3;
      values[l!.fields + LISTENER_FIELDS.indexOf("peakAcceptQueue")] = 5;
      values.set([0, 8], l!.acceptedPerS);
    });
    expect(run.listeners).toEqual([{ accepted: 8, empty_ticks: 3, accepted_per_s: [0, 8] }]);
  });

  test("shows half-open requests as syn_recv and leaves out lines of zeros and the server's listeners", () => {
    const { timeline } = oneRun(runSpec(), ["legit"], (values, layout) => {
      const server = (state: string): number => layout.serverStateLines + STATE_NAMES.indexOf(state as never) * 3;
      const client = (state: string): number => layout.clientStateLines + STATE_NAMES.indexOf(state as never) * 3;
      values.set([1, 2, 3], server("syn_recv"));
      values.set([10, 20, 30], server("new_syn_recv"));
      values.set([1, 1, 1], server("listen"));
      values.set([0, 4, 0], client("syn_sent"));
      values.set([5, 0, 0], layout.synRecvByRetransmits + 3);
      values.set([1, 2, 3], layout.serverCounterLines + counterIndex.TcpPassiveOpens * 3);
    });
    expect(timeline).toEqual({
      t_s: [0.5, 1.5, 2.5],
      accept_queue: [{ port: 80, limit: 128, length: [0, 0, 0] }],
      syn_recv: [11, 22, 33],
      syn_recv_with_1_retransmits: [5, 0, 0],
      server_counters: { TcpPassiveOpens: [1, 2, 3] },
      client_sockets: { syn_sent: [0, 4, 0] },
    });
  });

  test("lists accept queues as samples first see them, null while nobody listens", () => {
    const listeners = [
      listener({ port: 80, listenStartNs: 2e9 }),
      listener({ port: 81, listenStartNs: 0.9e9, listenStopNs: 2e9 }),
      listener({ port: 82, listenStartNs: 0.8e9 }),
      listener({ port: 83 }),
      listener({ port: 84, listenStartNs: 2.6e9 }),
    ];
    const closed = Number.NaN;
    const { timeline } = oneRun(runSpec({ listeners }), ["legit"], (values, layout) => {
      const lines = [
        [closed, closed, 1],
        [closed, 2, closed],
        [closed, 3, 3],
        [4, 4, 4],
        [closed, closed, closed],
      ];
      for (const [i, line] of lines.entries()) values.set(line, layout.listeners[i]!.acceptQueue);
    });
    expect(timeline.accept_queue.map(({ port, length }) => [port, length])).toEqual([
      [83, [4, 4, 4]],
      [82, [null, 3, 3]],
      [81, [null, 2, null]],
      [80, [null, null, 1]],
    ]);
  });

  test("says by workload where segments and clients were lost", () => {
    const run = oneRun(runSpec({ workloads: [raw(), connections()] }), ["flood", "legit"], (values, layout) => {
      const [flood, legit] = layout.workloads;
      values[flood!.drops + Gate.syn_queue_full] = 90;
      values[legit!.drops + Gate.accept_queue_at_syn] = 4;
      values[legit!.failed + Gate.accept_queue_at_syn] = 1;
      values[legit!.inFlight + Gate.none] = 2;
      values[legit!.waitNs + Gate.accept_queue_at_syn] = 3.5e9;
    });
    expect(run.gates).toEqual({
      flood: { drops: { syn_queue_full: 90 }, failed: {}, in_flight: {}, wait_s: {} },
      legit: {
        drops: { accept_queue_at_syn: 4 },
        failed: { accept_queue_at_syn: 1 },
        in_flight: { none: 2 },
        wait_s: { accept_queue_at_syn: 3.5 },
      },
    });
  });
});

describe("a recording", () => {
  test("keeps the course of the counters for its first run only", () => {
    const spec = runSpec();
    const result = handMadeResult(spec);
    const { runs } = recordingOf(scenarioOf("legit"), [spec, spec], [result, result]);
    expect(runs.map((run) => "server_counters" in run.timeline)).toEqual([true, false]);
  });

  test("names its source, the kernel that is modelled, and the sysctls in effect", () => {
    const spec = runSpec();
    const recording = recordingOf(scenarioOf("legit"), [spec], [handMadeResult(spec)]);
    expect(recording).toMatchObject({
      format: "tcp-setup-groundtruth/1",
      source: "model",
      kernel_release: "Linux 6.18",
      hz: 250,
      repeats: 1,
    });
    expect(recording.effective_sysctls.server).toMatchObject({
      "net.core.somaxconn": 64,
      "net.ipv4.tcp_syncookies": 1,
    });
    expect(recording.effective_sysctls.client).toMatchObject({ "net.core.somaxconn": 4096 });
  });

  test("leaves a key that the scenario does not set out, as the format does", () => {
    const spec = runSpec();
    const text = encodeRecording(recordingOf(scenarioOf("legit"), [spec], [handMadeResult(spec)]));
    expect(JSON.parse(text).scenario.workloads).toEqual([{ name: "legit" }]);
  });

  test("refuses a summary, which has no time lines", () => {
    const spec = runSpec({ detail: Detail.Summary });
    expect(() => recordingOf(scenarioOf("legit"), [spec], [handMadeResult(spec)])).toThrow("full detail");
  });

  test("has one line of text for a list of numbers", () => {
    const spec = runSpec();
    const recording = recordingOf(scenarioOf("legit"), [spec], [handMadeResult(spec)]);
    const text = encodeRecording(recording);
    expect(text).toContain('"t_s": [0.5,1.5,2.5]');
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(recording)));
  });
});

describe("a file with a recording", () => {
  const whole = readRecording("01-baseline");
  const bad = [
    ["{", "not JSON"],
    ["[]", "its format is not tcp-setup-groundtruth/1"],
    [JSON.stringify({ ...whole, format: "tcp-setup-groundtruth/2" }), "its format is not tcp-setup-groundtruth/1"],
    [JSON.stringify({ ...whole, scenario: undefined }), "without its scenario"],
    [JSON.stringify({ ...whole, runs: [] }), "without runs"],
    [JSON.stringify({ ...whole, runs: [whole.runs[0], { ...whole.runs[0], timeline: 1 }] }), "run 2 has no timeline"],
  ] as const;

  test.each(bad)("%.30s: %s", (text, message) => {
    expect(parseRecording(text)).toEqual({ ok: false, error: expect.stringContaining(message) });
  });

  test("is read as it stands", () => {
    expect(parseRecording(JSON.stringify(whole))).toEqual({ ok: true, value: whole });
  });
});

describe("the summary of a recording", () => {
  const run = (part: Partial<RecordedRun>): RecordedRun => ({
    server_counters: {},
    client_counters: {},
    wire_at_server: {},
    workloads: {},
    listeners: [],
    timeline: { t_s: [], accept_queue: [] },
    ...part,
  });

  test("takes an absent counter for zero, and an absent percentile for unknown", () => {
    const latency = { p50: 10, p90: null, p99: null, max: null };
    const summary = summaryOf([
      run({ server_counters: { TcpInSegs: 1 }, workloads: { legit: { completed: 4, connect_latency_ms: latency } } }),
      run({ server_counters: { TcpInSegs: 2, TcpOutRsts: 1 }, workloads: { legit: { completed: 5 } } }),
      run({ server_counters: { TcpInSegs: 2 }, workloads: { legit: { completed: 9 } } }),
    ]);
    expect(summary).toEqual({
      server_counters: { TcpInSegs: [1.67, 1, 2], TcpOutRsts: [0.33, 0, 1] },
      client_counters: {},
      wire_at_server: {},
      workloads: { legit: { completed: [6, 4, 9], connect_latency_ms: { p50: [10, 10, 10] } } },
    });
  });

  test.each(recordingNames)("is the recorder's own: %s", (name) => {
    const { runs, summary } = readRecording(name);
    expect(summaryOf(runs)).toEqual(summary);
  });

  test("rounds as the recorder does, a tie to the even digit", () => {
    const pairs = [0.125, 0.375, 2.5, 3.5, -0.125, 1.005, 2.675, 4128.625, 0, 12.3456].map((v) => [v, roundTo(v, 2)]);
    expect(pairs).toEqual([
      [0.125, 0.12],
      [0.375, 0.38],
      [2.5, 2.5],
      [3.5, 3.5],
      [-0.125, -0.12],
      [1.005, 1.0],
      [2.675, 2.67],
      [4128.625, 4128.62],
      [0, 0],
      [12.3456, 12.35],
    ]);
    expect([0.25, 0.75, 0.35].map((v) => roundTo(v, 1))).toEqual([0.2, 0.8, 0.3]);
  });
});
