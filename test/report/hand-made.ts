/** A summary written by hand: three tunings of a server under a flood, four seeds, every part of the form in use. Numbers look like real ones; none is. */
import {
  type ClientsSummary,
  type ExperimentSummary,
  type Latencies,
  type Lines,
  type ListenerSummary,
  type Measure,
  SUMMARY_FORMAT,
  type TuningSummary,
} from "../../src/results/summary-format.ts";

const SEEDS = [1, 2, 3, 4];
const DURATION_S = 30;
const INTERVAL_S = 0.25;

/** A number of each seed, around `value`. */
export function measure(value: number, spread = 0): Measure {
  const per_seed = SEEDS.map((_, seed) => value + spread * (seed - 1.5));
  return { mean: value, least: Math.min(...per_seed), most: Math.max(...per_seed), per_seed };
}

const latencies = (p50: number, p99: number, max: number): Latencies => ({
  ...{ count: 5000, mean: (p50 + p99) / 2, p50, p90: (2 * p50 + p99) / 3, p99, p999: max, max },
  p99_per_seed: [p99, p99, p99 * 1.1, p99 * 0.9],
});

const at_s = Array.from({ length: DURATION_S / INTERVAL_S }, (_, k) => (k + 0.5) * INTERVAL_S);
/** Rises from 0 at `from` with `perS`, up to `limit`. */
const ramp = (from: number, perS: number, limit = Number.POSITIVE_INFINITY): number[] =>
  at_s.map((at) => Math.round(Math.min(limit, Math.max(0, (at - from) * perS))));
const wave = (level: number, swing: number): number[] =>
  at_s.map((at, k) => Math.max(0, Math.round(level + swing * Math.sin(at * 1.7) + ((k * 7) % 5))));

interface Made {
  readonly name: string;
  readonly changes: TuningSummary["changes"];
  /** Share of the clients that get in. */
  readonly ratio: number;
  readonly backlog: number;
  readonly cookies: boolean;
}

function made({ name, changes, ratio, backlog, cookies }: Made): TuningSummary {
  const attempted = 1500;
  const lost = Math.round(attempted * (1 - ratio));
  return {
    ...{ name, changes, kernel: "6.18", hosts: 1 },
    clients: [clients(ratio, attempted, lost)],
    floods: [
      {
        ...{ name: "flood", port: 80, packet: "syn" },
        sent: measure(600_000),
        answered: measure(0),
        synacks_seen: measure(cookies ? 600_000 : 2400),
        drops: cookies ? {} : { syn_queue_full: measure(590_000, 120), last_quarter: measure(7600, 35) },
      },
    ],
    listeners: [listener(backlog, cookies)],
    server_counters: {
      TcpExtListenDrops: measure(cookies ? 0 : 597_600, 85),
      TcpExtSyncookiesSent: measure(cookies ? 599_000 : 0),
      TcpPassiveOpens: measure(attempted - lost, 2),
    },
    kernel_log: [{ host: "server", line: "syn_flooding", written: measure(1), suppressed: measure(0) }],
    client_counters: { TcpActiveOpens: measure(attempted) },
    ...{ server_unseen: {}, client_unseen: {}, worst_pair: null },
    ...{ syns_in: measure(602_300, 40), synacks_out: measure(cookies ? 601_800 : 14_400, 22) },
    amplification_ratio: measure(cookies ? 0.9992 : 0.0239),
    leftovers: { server: {}, client: {} },
    half_open_peak_bytes: measure(304 * (backlog + 1)),
    cpu: null,
    softnet: null,
    receive_wait_ms: null,
    lines: lines(ratio, backlog, cookies),
  };
}

const clients = (ratio: number, attempted: number, lost: number): ClientsSummary => ({
  ...{ name: "legit", port: 80 },
  users: measure(attempted - 40),
  served: measure(attempted - lost - 40, 2),
  gave_up: measure(lost, 2),
  in_flight: measure(0),
  attempted: measure(attempted),
  established: measure(attempted - lost, 2),
  responses: measure(attempted - lost, 2),
  served_ratio: measure(ratio, 0.001),
  established_ratio: measure(ratio, ratio === 1 ? 0 : 0.001),
  outcomes: { completed: measure(attempted - lost, 2), app_timeout: measure(lost, 2) },
  failed: lost > 0 ? { syn_queue_full: measure(lost - 20, 2), last_quarter: measure(20) } : {},
  drops: lost > 0 ? { syn_queue_full: measure(lost * 3, 9), last_quarter: measure(60, 4) } : {},
  waiting: lost > 0 ? { syn_queue_full: measure(12, 1) } : {},
  wait_s: lost > 0 ? { syn_queue_full: measure(lost * 4.2, 3) } : {},
  connect_latency_ms: latencies(20.4, ratio === 1 ? 21.2 : 3021.6, ratio === 1 ? 23.1 : 7046.25),
  response_latency_ms: latencies(20.1, 20.9, 22),
  user_latency_ms: latencies(40.5, ratio === 1 ? 42 : 7041, 9070),
  failed_after_ms: lost > 0 ? latencies(10_000, 10_000, 10_000) : null,
  steps: [0, 1, 3, 7].map((start, k) => ({
    at_s: start,
    established: measure(
      ratio === 1 ? (k === 0 ? attempted : 0) : Math.round((attempted - lost) / 4 ** k),
      k === 0 ? 2 : 0,
    ),
  })),
});

const listener = (backlog: number, cookies: boolean): ListenerSummary => ({
  ...{ port: 80, asked_backlog: backlog, backlog },
  accept_queue: { capacity: backlog + 1, peak: measure(14, 2), full_s: measure(0) },
  syn_queue: { capacity: backlog + 1, peak: measure(backlog + 1), full_s: measure(cookies ? 24.6 : 21.9, 0.05) },
  accepted: measure(1480, 3),
  accept_wait_ms: latencies(0.1, 4.2, 12.75),
  workers_busy_ratio: measure(0.412, 0.003),
});

function lines(ratio: number, backlog: number, cookies: boolean): Lines {
  const seconds = Array.from({ length: DURATION_S + 1 }, (_, second) => second);
  const attempts = seconds.map((second) => (second === DURATION_S ? 0 : 50));
  const established = attempts.map((count, second) => Math.round(second < 4 ? count : count * ratio + (second % 3)));
  const drops = { syn_queue_full: ramp(5, 19_600), last_quarter: ramp(4, 300) };
  return {
    at_s,
    queues: [{ port: 80, accept: wave(6, 4), syn: ramp(4, 2500, backlog + 1).map((n, k) => (k < 2 ? null : n)) }],
    server_states: {
      LISTEN: ramp(-9, 9, 1),
      "SYN-RECV": ramp(4, 2500, backlog + 1),
      ESTAB: wave(18, 5),
      "TIME-WAIT": ramp(1, 2),
    },
    client_states: { "SYN-SENT": wave(ratio === 1 ? 1 : 120, 8), ESTAB: wave(18, 5), "TIME-WAIT": ramp(1, 44) },
    client_drops: ratio === 1 ? {} : { syn_queue_full: ramp(5, 90), last_quarter: ramp(4, 3) },
    client_failed: ratio === 1 ? {} : { syn_queue_full: ramp(15, 30), last_quarter: ramp(14, 1) },
    flood_drops: cookies ? {} : drops,
    cpus: [],
    kernel_log: [
      {
        ...{ at_s: 4.25, host: "server" },
        text: `TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:80. ${cookies ? "Sending cookies." : "Dropping request."}`,
      },
    ],
    second_s: 1,
    per_second: [{ name: "legit", attempts, established, responses: established }],
    server_counters: cookies ? { TcpExtSyncookiesSent: ramp(4, 20_000) } : { TcpExtListenDrops: ramp(5, 19_900) },
  };
}

const tunings = [
  made({ name: "defaults", changes: [], ratio: 0.64, backlog: 511, cookies: false }),
  made({
    name: "bigger-backlog",
    changes: [
      { path: "server.listeners.80.backlog", value: 4096 },
      { path: "server.sysctls.net.core.somaxconn", value: 4096 },
    ],
    ...{ ratio: 0.71, backlog: 4096, cookies: false },
  }),
  made({
    name: "cookies",
    changes: [{ path: "server.sysctls.net.ipv4.tcp_syncookies", value: 1 }],
    ...{ ratio: 1, backlog: 511, cookies: true },
  }),
];

export const handMade: ExperimentSummary = {
  format: SUMMARY_FORMAT,
  name: "flood-vs-tunings",
  description: "20 000 SYN/s from spoofed addresses against nginx's backlog of 511: which tuning lets clients in?",
  duration_s: DURATION_S,
  seeds: SEEDS,
  engine: "auto",
  tunings,
  differences: [
    {
      ...{ tuning: "bigger-backlog", metric: "legit.established_ratio", baseline: 0.64, value: 0.71 },
      ...{ difference: 0.07, interval: [0.05, 0.09], verdict: "better" },
    },
    {
      ...{ tuning: "cookies", metric: "legit.established_ratio", baseline: 0.64, value: 1 },
      ...{ difference: 0.36, interval: [0.35, 0.37], verdict: "better" },
    },
    {
      ...{ tuning: "bigger-backlog", metric: "legit.connect_latency_ms.p99", baseline: 3021.6, value: 3104 },
      ...{ difference: 82.4, interval: [-240, 405], verdict: "none" },
    },
    {
      ...{ tuning: "cookies", metric: "legit.connect_latency_ms.p99", baseline: 3021.6, value: 21.2 },
      ...{ difference: -3000.4, interval: [-3200, -2800], verdict: "better" },
    },
    {
      ...{ tuning: "bigger-backlog", metric: "half_open_peak_bytes", baseline: 155_648, value: 1_245_488 },
      ...{ difference: 1_089_840, interval: [1_089_840, 1_089_840], verdict: "worse" },
    },
    {
      ...{ tuning: "cookies", metric: "half_open_peak_bytes", baseline: 155_648, value: 155_648 },
      ...{ difference: 0, interval: [0, 0], verdict: "same" },
    },
  ],
  thresholds: tunings.map(({ name, clients: [own] }) => ({
    threshold: "legit.established_ratio > 0.999",
    tuning: name,
    value: own?.established_ratio.mean ?? null,
    holds: own?.established_ratio.mean === 1,
  })),
};

export const verdicts = [
  { tuning: "defaults", sentences: ["The SYN queue is full from 5 s on: it turns 36 % of the clients away."] },
  { tuning: "cookies", sentences: ["Nothing binds: all clients get in.", "One SYN-ACK for each SYN of the flood."] },
];
