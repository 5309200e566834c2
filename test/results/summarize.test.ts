/**
 * Goal    Runs of an experiment become its summary: hosts are put together, then seeds stand side by side.
 * Method  Results filled by hand through the layout; what is expected is written out.
 */
import { describe, expect, test } from "vitest";
import { counterIndex } from "../../src/vocabulary/counters.ts";
import { Gate } from "../../src/vocabulary/gates.ts";
import { Outcome } from "../../src/vocabulary/outcomes.ts";
import { STATE_NAMES, WIRE_NAMES } from "../../src/vocabulary/run-result.ts";
import { experimentOf, extremeAt, type Fill, fieldAt, handMadeSummary, listenerAt } from "./experiment-of.ts";
import { recordLatencies } from "./hand-made.ts";

const CLIENTS = "{kind: connections, name: legit, port: 80, start_s: 0, rate_per_s: 10, duration_s: 2}";
const FLOOD =
  "{kind: raw, name: flood, packet: syn, port: 80, start_s: 0, rate_per_s: 10, duration_s: 2, source_addresses: 10}";

interface Text {
  readonly hosts?: number;
  readonly listeners?: string;
  readonly workloads?: string;
  readonly client?: string;
}

const scenario = ({ hosts = 1, listeners = "{port: 80, backlog: 9}", workloads = CLIENTS, client = "{}" }: Text = {}) =>
  `{duration_s: 3, sample_interval_s: 1, server: {hosts: ${hosts}, listeners: [${listeners}]}, client: ${client}, workloads: [${workloads}]}`;

/** The one tuning of `text`, its runs filled by `fill`. */
function tuningOf(text: string, seeds: readonly number[], fill: Fill) {
  const tuning = handMadeSummary(experimentOf({ only: text }, { seeds }), fill).tunings[0]!;
  return { tuning, legit: tuning.clients[0]!, listener: tuning.listeners[0]! };
}

describe("a number over seeds", () => {
  test("has mean, least, most and each seed's own, in the order of the seeds", () => {
    const { legit } = tuningOf(scenario(), [7, 5, 6], (values, layout, { seed }) => {
      values[fieldAt(layout, 0, "attempted")] = [30, 10, 20][seed]!;
    });
    expect(legit.attempted).toEqual({ mean: 20, least: 10, most: 30, per_seed: [30, 10, 20] });
  });

  test("is the sum of the hosts of each seed; ratios are of the sums", () => {
    const { legit } = tuningOf(scenario({ hosts: 2 }), [1, 2], (values, layout, { seed, host }) => {
      values[fieldAt(layout, 0, "users")] = host === 0 ? 1 : 3;
      values[fieldAt(layout, 0, "usersServed")] = host === 0 ? 1 : seed;
      values[fieldAt(layout, 0, "usersGaveUp")] = host;
    });
    expect(legit.users.per_seed).toEqual([4, 4]);
    expect(legit.served_ratio.per_seed).toEqual([1 / 4, 2 / 4]);
    expect(legit.in_flight.per_seed).toEqual([2, 1]);
  });

  test("has a mean that is not above the most, however it is rounded", () => {
    const { legit } = tuningOf(scenario(), [1, 2, 3], (values, layout) => {
      values[fieldAt(layout, 0, "users")] = 10;
      values[fieldAt(layout, 0, "usersServed")] = 1;
    });
    expect((0.1 + 0.1 + 0.1) / 3).toBeGreaterThan(0.1);
    expect(legit.served_ratio).toEqual({ mean: 0.1, least: 0.1, most: 0.1, per_seed: [0.1, 0.1, 0.1] });
  });

  test("of nobody is 0, a ratio too", () => {
    const { legit, tuning } = tuningOf(scenario(), [1], () => {});
    const none = { mean: 0, least: 0, most: 0, per_seed: [0] };
    expect([legit.served_ratio, legit.established_ratio, tuning.amplification_ratio]).toEqual([none, none, none]);
  });
});

describe("numbers by name", () => {
  test("have each name that any run has, 0 where a run has none, in the order of the gates", () => {
    const { legit } = tuningOf(scenario({ hosts: 2 }), [1, 2], (values, layout, { seed, host }) => {
      const places = layout.workloads[0]!;
      if (seed === 1) values[places.drops + Gate.syn_queue_full] = 5 + host;
      if (seed === 0) values[places.drops + Gate.accept_queue_at_ack] = 1;
      values[places.waitNs + Gate.syn_queue_full] = 0.25e9;
      values[places.outcomes + Outcome.completed] = 4;
    });
    expect(Object.keys(legit.drops)).toEqual(["syn_queue_full", "accept_queue_at_ack"]);
    expect(legit.drops.syn_queue_full?.per_seed).toEqual([0, 11]);
    expect(legit.drops.accept_queue_at_ack?.per_seed).toEqual([2, 0]);
    expect(legit.wait_s).toEqual({ syn_queue_full: { mean: 0.5, least: 0.5, most: 0.5, per_seed: [0.5, 0.5] } });
    expect(legit.outcomes).toEqual({ completed: { mean: 8, least: 8, most: 8, per_seed: [8, 8] } });
    expect(legit.failed).toEqual({});
  });
});

describe("latencies", () => {
  test("are those of all seeds and hosts together, p99 also of each seed", () => {
    const { legit } = tuningOf(scenario({ hosts: 2 }), [1, 2, 3], (values, layout, { seed, host }) => {
      const us = [[100, 200], [300, 400], []][seed]![host];
      if (us === undefined) return;
      recordLatencies(values, layout.workloads[0]!.connectLatency, [us]);
      values[extremeAt(layout, 0, "connectMaxUs")] = us;
      values[extremeAt(layout, 0, "connectSumUs")] = us;
    });
    expect(legit.connect_latency_ms).toEqual({
      ...{ count: 4, mean: 0.25, p50: 0.3, p90: 0.4, p99: 0.4, p999: 0.4, max: 0.4 },
      p99_per_seed: [0.2, 0.4, null],
    });
  });

  test("are never more than the largest value there was", () => {
    const { legit, listener } = tuningOf(scenario(), [1], (values, layout) => {
      // 30 300 µs shares a bucket with 30 288 .. 30 303.
      recordLatencies(values, layout.workloads[0]!.userLatency, [30_300]);
      values[extremeAt(layout, 0, "userMaxUs")] = 30_300;
      values[extremeAt(layout, 0, "userSumUs")] = 30_300;
      recordLatencies(values, layout.listeners[0]!.acceptWait, [30_300]);
    });
    expect(legit.user_latency_ms).toMatchObject({ mean: 30.3, p50: 30.3, max: 30.3 });
    expect(listener.accept_wait_ms, "nothing but the bucket is known").toMatchObject({ p50: 30.303, max: 30.303 });
  });

  test("are null where nothing was measured", () => {
    const { legit, listener } = tuningOf(scenario(), [1, 2], () => {});
    expect(legit).toMatchObject({
      connect_latency_ms: null,
      response_latency_ms: null,
      user_latency_ms: null,
      failed_after_ms: null,
    });
    expect(listener.accept_wait_ms).toBeNull();
  });
});

const combs = [
  // linear time-outs, when retransmission 0, 1, ... 6 leaves, why
  [4, [0, 1, 2, 3, 4, 5, 7], "the default of 6.6 and newer"],
  [0, [0, 1, 3, 7, 15, 31, 63], "doubling from the start on, as before 6.5"],
  [1, [0, 1, 2, 4, 8, 16, 32], "one more step of a second"],
] as const;

for (const [linear, steps, why] of combs) {
  test(`with tcp_syn_linear_timeouts ${linear} clients get in after ${steps.join(", ")} s: ${why}`, () => {
    const client = `{sysctls: {net.ipv4.tcp_syn_linear_timeouts: ${linear}}}`;
    const { legit } = tuningOf(scenario({ client }), [1, 2], (values, layout, { seed }) => {
      values[layout.workloads[0]!.establishedByRetransmits + 6] = seed;
    });
    expect(legit.steps.map(({ at_s }) => at_s)).toEqual(steps);
    expect(legit.steps[6]?.established.per_seed).toEqual([0, 1]);
  });
}

describe("a listener", () => {
  test("has its queues' peaks and time at the limit, those of the fullest host", () => {
    const { listener, tuning } = tuningOf(scenario({ hosts: 2 }), [1, 2], (values, layout, { seed, host }) => {
      values[listenerAt(layout, 0, "peakSynQueue")] = host === seed ? 10 : 4;
      values[listenerAt(layout, 0, "synQueueFullNs")] = host === seed ? 2e9 : 1e9;
      values[listenerAt(layout, 0, "accepted")] = 3;
    });
    const same = (value: number) => ({ mean: value, least: value, most: value, per_seed: [value, value] });
    expect(listener.syn_queue).toEqual({ capacity: 10, peak: same(10), full_s: same(2) });
    expect(listener.accepted).toEqual(same(6));
    expect(tuning.half_open_peak_bytes, "10 entries of 341 bytes").toEqual(same(3410));
  });

  test("has the backlog that was asked for and the one that somaxconn left", () => {
    const { listener } = tuningOf(scenario({ listeners: "{port: 80, backlog: 65535}" }), [1], () => {});
    expect(listener).toMatchObject({ asked_backlog: 65_535, backlog: 4096, accept_queue: { capacity: 4097 } });
  });

  test("says how busy its workers were, of all that there are", () => {
    const listeners = "{port: 80, backlog: 9, accept: {mode: workers, workers: 2, service_time_s: 0.1}}";
    const { listener } = tuningOf(scenario({ hosts: 2, listeners }), [1], (values, layout, { host }) => {
      values[listenerAt(layout, 0, "workersBusyNs")] = host === 0 ? 3e9 : 0;
    });
    expect(listener.workers_busy_ratio?.mean, "3 s of 2 hosts x 2 workers x 3 s").toBe(0.25);
    expect(tuningOf(scenario(), [1], () => {}).listener.workers_busy_ratio).toBeNull();
  });
});

test("floods have what they sent and met; SYNs and SYN-ACKs are everybody's", () => {
  const text = scenario({ workloads: `${CLIENTS}, ${FLOOD}` });
  const { tuning } = tuningOf(text, [1], (values, layout) => {
    values[fieldAt(layout, 1, "sent")] = 20;
    values[fieldAt(layout, 1, "synacksSeen")] = 5;
    values[layout.workloads[1]!.drops + Gate.last_quarter] = 15;
    values[layout.wire + WIRE_NAMES.indexOf("in_syn")] = 40;
    values[layout.wire + WIRE_NAMES.indexOf("in_atk_syn")] = 20;
    values[layout.wire + WIRE_NAMES.indexOf("out_synack")] = 60;
    values[layout.wire + WIRE_NAMES.indexOf("out_atk_synack")] = 5;
    values[layout.serverCounters + counterIndex.TcpExtListenDrops] = 15;
  });
  expect(tuning.floods).toMatchObject([
    { name: "flood", port: 80, packet: "syn", sent: { mean: 20 }, answered: { mean: 0 }, synacks_seen: { mean: 5 } },
  ]);
  expect(tuning.floods[0]?.drops).toMatchObject({ last_quarter: { mean: 15 } });
  expect(tuning).toMatchObject({
    syns_in: { mean: 40 },
    synacks_out: { mean: 60 },
    amplification_ratio: { mean: 1.5 },
  });
  expect(Object.keys(tuning.server_counters)).toEqual(["TcpExtListenDrops"]);
});

describe("time lines", () => {
  const fill: Fill = (values, layout, { seed, host }) => {
    if (seed > 0) return;
    const line = (at: number, row: number) => at + row * layout.sampleCount;
    const state = (name: (typeof STATE_NAMES)[number]) => line(layout.serverStateLines, STATE_NAMES.indexOf(name));
    values.set([1, 2, 3], state("syn_recv"));
    values.set([10, 10, 10], state("new_syn_recv"));
    values.set([0, 0, 1], state("time_wait"));
    values.set([0, 1, 1 + host], line(layout.clientDropLines, Gate.syn_queue_full));
    values.set([0, 2, 4], line(layout.serverCounterLines, counterIndex.TcpExtListenDrops));
    values.set([host, Number.NaN, 5], layout.listeners[0]!.acceptQueue);
    values.set(host === 0 ? [1, 2] : [1], layout.workloads[0]!.attemptsPerS);
  };
  const { lines } = tuningOf(scenario({ hosts: 2 }), [1, 2], fill).tuning;

  test("are of the first seed, all hosts together, without those that stay at 0", () => {
    expect(lines.at_s).toEqual([0.5, 1.5, 2.5]);
    expect(lines.server_states, "as ss names and counts them").toEqual({
      "SYN-RECV": [22, 24, 26],
      "TIME-WAIT": [0, 0, 2],
    });
    expect(lines.client_states).toEqual({});
    expect(lines.client_drops).toEqual({ syn_queue_full: [0, 2, 3] });
    expect(lines.server_counters).toEqual({ TcpExtListenDrops: [0, 4, 8] });
    expect(lines.second_s).toBe(1);
    expect(lines.per_second).toEqual([{ name: "legit", attempts: [2, 2], established: [], responses: [] }]);
  });

  test("have the queues of the first host, null while it does not listen", () => {
    expect(lines.queues).toEqual([{ port: 80, accept: [0, null, 5], syn: [0, 0, 0] }]);
  });
});
