/**
 * Goal    A scenario becomes the run that it describes: numbers only, everything present, nothing twice.
 * Method  One scenario with a value in each key; small ones for what depends on several keys; all recordings for the form.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hashText } from "../../src/base/hash.ts";
import { compileScenario, deferTimeouts } from "../../src/compile/compile.ts";
import { sampleCountOf } from "../../src/vocabulary/run-result.ts";
import {
  AcceptMode,
  AppClose,
  Arrival,
  Detail,
  Direction,
  EngineMode,
  FirstCloser,
  MAX_SAMPLES,
  Match,
  RawAddresses,
  RawAnswer,
  RawPacket,
  type RunSpec,
  WorkloadKind,
} from "../../src/vocabulary/run-spec.ts";
import { scenarioOf } from "./scenario-of.ts";

const compile = (text: string): RunSpec => compileScenario(scenarioOf(text), { seed: 1 });

const EVERY_KEY = `
duration_s: 20
sample_interval_s: 0.25
server:
  hz: 1000
  sysctls: { net.core.somaxconn: 64, net.ipv4.tcp_syncookies: 9, net.ipv4.tcp_abort_on_overflow: 1 }
  listeners:
    - port: 8080
      backlog: 511
      reuseport: true
      defer_accept_s: 3
      listen_start_s: 0.5
      listen_stop_s: 9
      accept: { mode: rate, rate_per_s: 50, pause_windows_s: [[3, 4.5], [6, 7]] }
      app: { request_bytes: 100, response_bytes: 500, close: after_response, close_delay_s: 0.1, close_with_rst: true }
    - { port: 81, backlog: 5, accept: { mode: serial, service_time_s: 0.02 } }
client:
  hz: 100
  clock: own
  one_way_delay_s: 0.005
  sysctls: { net.ipv4.ip_local_port_range: 40000 40099, net.ipv4.ip_local_reserved_ports: "80,40001,40003-40004" }
workloads:
  - name: legit
    kind: connections
    arrival: poisson
    start_s: 1
    rate_per_s: 100
    duration_s: 4
    source_addresses: 3
    connect_timeout_s: 5
    request_bytes: 100
    response_bytes: 500
    response_timeout_s: 2
    first_closer: server
    hold_s: 0.3
    close_with_rst: true
    half_close: true
  - name: flood
    kind: raw
    packet: syn
    rate_per_s: 1000
    duration_s: 2.5
    port: 81
    addresses: random
    answer_to_synack: bad_ack
    answer_delay_s: 0.05
    first_source_port: 2000
    seed: 7
impairments:
  - { direction: to_client, match: synack, drop_probability: 0.2, start_s: 1, end_s: 2 }
  - { direction: to_server, match: pure_ack, drop_every_nth: 3 }
`;

describe("every key has its place", () => {
  const spec = compileScenario(scenarioOf(EVERY_KEY), { seed: 42, engine: "packet", detail: "summary" });

  test("of the run", () => {
    expect(spec).toMatchObject({
      ...{ seed: 42, engine: EngineMode.Packet, detail: Detail.Summary, durationNs: 20e9, sampleIntervalNs: 0.25e9 },
      ...{ oneWayDelayNs: 5e6, sharedClock: 0 },
    });
  });

  test("of the hosts", () => {
    expect(spec.server).toMatchObject({
      hz: 1000,
      syncookies: 1,
      abortOnOverflow: 1,
      maxSynBacklog: 2048,
      maxTwBuckets: 131_072,
    });
    expect(spec.client).toMatchObject({
      hz: 100,
      portLow: 40_000,
      portHigh: 40_099,
      reservedPorts: [40_001, 40_003, 40_004],
    });
  });

  test("of the listeners", () => {
    expect(spec.listeners).toMatchObject([
      {
        ...{ port: 8080, backlog: 64, reuseport: 1, deferTimeouts: 2, listenStartNs: 0.5e9, listenStopNs: 9e9 },
        ...{ acceptMode: AcceptMode.Rate, acceptPerS: 50, serviceNs: 0, pausesNs: [3e9, 4.5e9, 6e9, 7e9] },
        ...{ requestBytes: 100, responseBytes: 500, close: AppClose.AfterResponse, closeDelayNs: 1e8, closeWithRst: 1 },
      },
      {
        ...{ port: 81, backlog: 5, reuseport: 0, deferTimeouts: 0, listenStartNs: -1, listenStopNs: -1 },
        ...{ acceptMode: AcceptMode.Serial, acceptPerS: 0, serviceNs: 2e7, pausesNs: [] },
        ...{ requestBytes: 0, responseBytes: 0, close: AppClose.OnEof, closeDelayNs: 0, closeWithRst: 0 },
      },
    ]);
  });

  test("of the workloads", () => {
    expect(spec.workloads).toMatchObject([
      {
        ...{ kind: WorkloadKind.Connections, streamKey: hashText("legit"), arrival: Arrival.Poisson, port: 8080 },
        ...{ startNs: 1e9, ratePerS: 100, count: 704, endNs: 5e9, sourceAddresses: 3, connectTimeoutNs: 5e9 },
        ...{ requestBytes: 100, responseBytes: 500, responseTimeoutNs: 2e9, firstCloser: FirstCloser.Server },
        ...{ holdNs: 3e8, closeWithRst: 1, halfClose: 1 },
      },
      {
        ...{ kind: WorkloadKind.Raw, streamKey: hashText("flood"), arrival: Arrival.Even, port: 81, startNs: 0 },
        ...{ ratePerS: 1000, count: 2500, endNs: -1, sourceAddresses: 65_536, packet: RawPacket.Syn, packetSeed: 7 },
        ...{ addresses: RawAddresses.Random, firstSourcePort: 2000, answer: RawAnswer.BadAck, answerDelayNs: 5e7 },
      },
    ]);
  });

  test("of the impairments", () => {
    const windows = [
      { startNs: 1e9, endNs: 2e9 },
      { startNs: 0, endNs: -1 },
    ];
    expect(spec.impairments).toEqual([
      { direction: Direction.ToClient, match: Match.SynAck, probability: 0.2, everyNth: 0, ...windows[0] },
      { direction: Direction.ToServer, match: Match.PureAck, probability: -1, everyNth: 3, ...windows[1] },
    ]);
  });
});

test("a workload without a rate arrives all at once", () => {
  const [workload] = compile(
    "{duration_s: 1, server: {}, workloads: [{name: a, kind: connections, count: 7}]}",
  ).workloads;
  expect(workload).toMatchObject({ ratePerS: 0, count: 7, endNs: -1, connectTimeoutNs: -1, responseTimeoutNs: -1 });
});

const ends = [
  ["rate_per_s: 3, duration_s: 1.5", 5, -1, "even: rounded, as the recorder does"],
  ["rate_per_s: 3, count: 4", 4, -1, "even: the count"],
  ["arrival: poisson, rate_per_s: 3, count: 4", 4, -1, "poisson: the count"],
  ["arrival: poisson, rate_per_s: 3, count: 4, duration_s: 2", 4, 2e9, "poisson: what comes first"],
  ["arrival: poisson, rate_per_s: 50, duration_s: 2", 284, 2e9, "poisson: the time, within a bound never reached"],
] as const;

for (const [keys, count, endNs, why] of ends) {
  test(`arrivals with ${keys} end by ${why}`, () => {
    const text = `{duration_s: 9, server: {}, workloads: [{name: a, kind: connections, ${keys}}]}`;
    expect(compile(text).workloads[0]).toMatchObject({ count, endNs });
  });
}

const intervals = [
  [2048, 0.5, 4096, 0.5e9, "as many samples as fit"],
  [2048.5, 0.5, 2049, 1e9, "one too many: every second one"],
  [1e6, 0.001, 4096, 244_141e6, "a long run at the finest interval"],
] as const;

for (const [durationS, intervalS, samples, intervalNs, why] of intervals) {
  test(`${durationS} s sampled each ${intervalS} s have ${samples} samples: ${why}`, () => {
    const spec = compile(`{duration_s: ${durationS}, sample_interval_s: ${intervalS}, server: {}}`);
    expect(spec.sampleIntervalNs).toBe(intervalNs);
    expect(Math.floor(spec.durationNs / spec.sampleIntervalNs + 0.5)).toBeLessThanOrEqual(MAX_SAMPLES);
    expect(sampleCountOf(spec)).toBe(samples);
  });
}

test("TCP_DEFER_ACCEPT counts timer firings", () => {
  const seconds = [0, 1, 2, 3, 4, 7, 8, 15, 16, 127, 128, 247, 248];
  expect(seconds.map(deferTimeouts)).toEqual([0, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 8, 9]);
});

describe("a recording's scenario", () => {
  const folder = "test/recordings";
  const numbersOnly = (value: unknown): boolean =>
    typeof value === "number"
      ? Number.isFinite(value)
      : // CPUs that take no time are none.
        value === null || (typeof value === "object" && Object.values(value).every(numbersOnly));
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".scenario.json"))) {
    test(`${file} becomes finite numbers that can be cloned`, () => {
      const spec = compile(readFileSync(`${folder}/${file}`, "utf8"));
      expect(numbersOnly(spec)).toBe(true);
      expect(structuredClone(spec)).toEqual(spec);
    });
  }
});
