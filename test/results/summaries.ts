/** Summaries written by hand: a calm tuning in which nothing happened, and changes to it. */
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

/** One seed. */
export const measure = (value: number): Measure => ({ mean: value, least: value, most: value, per_seed: [value] });

export const latencies = (p99: number): Latencies => ({
  ...{ count: 1, mean: p99, p50: p99, p90: p99, p99, p999: p99, max: p99 },
  p99_per_seed: [p99],
});

export const clients = (change: Partial<ClientsSummary> = {}): ClientsSummary => ({
  ...{ name: "clients", port: 80, users: measure(100), served: measure(100), gave_up: measure(0) },
  ...{ in_flight: measure(0), attempted: measure(100), established: measure(100), responses: measure(0) },
  ...{ served_ratio: measure(1), established_ratio: measure(1) },
  ...{ outcomes: {}, failed: {}, drops: {}, waiting: {}, wait_s: {}, steps: [] },
  ...{ connect_latency_ms: latencies(1), response_latency_ms: null, user_latency_ms: null, failed_after_ms: null },
  ...change,
});

export const listener = (change: Partial<ListenerSummary> = {}): ListenerSummary => ({
  ...{ port: 80, asked_backlog: 511, backlog: 511, accepted: measure(100) },
  ...{ accept_wait_ms: null, workers_busy_ratio: null },
  accept_queue: { capacity: 512, peak: measure(1), full_s: measure(0) },
  syn_queue: { capacity: 512, peak: measure(1), full_s: measure(0) },
  ...change,
});

const noLines: Lines = {
  ...{ at_s: [], queues: [], server_states: {}, client_states: {}, client_drops: {}, client_failed: {} },
  ...{ flood_drops: {}, second_s: 1, per_second: [], server_counters: {}, cpus: [], kernel_log: [] },
};

export const lines = (change: Partial<Lines> = {}): Lines => ({ ...noLines, ...change });

export const tuning = (change: Partial<TuningSummary> = {}): TuningSummary => ({
  ...{ name: "as_is", changes: [], kernel: "6.18", hosts: 1, clients: [clients()], floods: [] },
  ...{
    listeners: [listener()],
    server_counters: {},
    client_counters: {},
    server_unseen: {},
    client_unseen: {},
    worst_pair: null,
    syns_in: measure(100),
  },
  ...{ synacks_out: measure(100), amplification_ratio: measure(1), half_open_peak_bytes: measure(341) },
  leftovers: { server: {}, client: {} },
  ...{ cpu: null, softnet: null, receive_wait_ms: null, kernel_log: [], lines: noLines },
  ...change,
});

export const summary = (change: Partial<ExperimentSummary> = {}): ExperimentSummary => ({
  ...{ format: SUMMARY_FORMAT, name: "by hand", description: "", duration_s: 10, seeds: [1], engine: "auto" },
  ...{ tunings: [tuning()], differences: [], thresholds: [] },
  ...change,
});
