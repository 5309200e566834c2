/**
 * Summary: what an experiment yields, as plain data: tunings side by side, each with its numbers over all seeds.
 *
 * Purpose     The one form that tables, CSV, Markdown, the HTML page, thresholds and verdicts read, and that `--json` writes.
 * Units       In the names: `_s` seconds, `_ms` milliseconds, `_bytes` bytes, `_ratio` 0..1; others are counts per run.
 * Invariants  The first tuning is the baseline. Lists keep the order of the experiment. No wall-clock value, no undefined, no NaN:
 *             equal experiments give equal bytes. Behind a load balancer the numbers are those of all hosts together; queues' peaks and
 *             times, and what half-opens take of memory, are those of the fullest host. The share of nothing is 0.
 */
import type { CounterName } from "../vocabulary/counters.ts";
import type { CpuCostName } from "../vocabulary/cpu.ts";
import type { GateName } from "../vocabulary/gates.ts";
import type { LogLineName } from "../vocabulary/kernel-log.ts";
import type { OutcomeName } from "../vocabulary/outcomes.ts";
import type { UnseenName } from "../vocabulary/unseen.ts";
import type { LeftoverKind } from "./leftovers.ts";

export const SUMMARY_FORMAT = "halfopen-summary-1";

/** A number that each seed has once. */
export interface Measure {
  readonly mean: number;
  readonly least: number;
  readonly most: number;
  /** In the order of the seeds. */
  readonly per_seed: readonly number[];
}

/** Latencies of all seeds together (merged histograms); null where nothing was measured. */
export interface Latencies {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** p99 of each seed by itself, null where it measured nothing. */
  readonly p99_per_seed: readonly (number | null)[];
}

export interface ClientsSummary {
  readonly name: string;
  readonly port: number;
  /** A user is an arrival; with retries it makes several attempts. users = served + gave_up + in_flight. */
  readonly users: Measure;
  readonly served: Measure;
  readonly gave_up: Measure;
  readonly in_flight: Measure;
  readonly attempted: Measure;
  readonly established: Measure;
  readonly responses: Measure;
  readonly served_ratio: Measure;
  readonly established_ratio: Measure;
  readonly outcomes: { readonly [K in OutcomeName]?: Measure };
  /** Attempts that failed, by the gate that ate their last try. */
  readonly failed: { readonly [K in GateName]?: Measure };
  /** Packets lost, by gate. */
  readonly drops: { readonly [K in GateName]?: Measure };
  /** Attempts in flight at the end, by the gate they wait on. */
  readonly waiting: { readonly [K in GateName]?: Measure };
  /** Sum over the attempts of the time that they waited for each gate. */
  readonly wait_s: { readonly [K in GateName]?: Measure };
  readonly connect_latency_ms: Latencies | null;
  readonly response_latency_ms: Latencies | null;
  /** From a user's first attempt to being served. */
  readonly user_latency_ms: Latencies | null;
  /** From connect() to failure, of attempts that never connected. */
  readonly failed_after_ms: Latencies | null;
  /** The comb: connections that were established after k SYN retransmissions, the k-th of which left about `at_s` after connect(). */
  readonly steps: readonly { readonly at_s: number; readonly established: Measure }[];
}

export interface FloodSummary {
  readonly name: string;
  readonly port: number;
  readonly packet: "syn" | "ack" | "rst";
  readonly sent: Measure;
  readonly answered: Measure;
  readonly synacks_seen: Measure;
  readonly drops: { readonly [K in GateName]?: Measure };
}

export interface QueueSummary {
  /** Entries that it holds: backlog + 1; the SYN queue of some older kernels backlog. */
  readonly capacity: number;
  /** A SYN that a TIME_WAIT socket lets through enters a full SYN queue: then this is above `capacity`. */
  readonly peak: Measure;
  /** Time at the limit. */
  readonly full_s: Measure;
}

export interface ListenerSummary {
  readonly port: number;
  readonly asked_backlog: number;
  readonly backlog: number;
  readonly accept_queue: QueueSummary;
  readonly syn_queue: QueueSummary;
  readonly accepted: Measure;
  readonly accept_wait_ms: Latencies | null;
  /** Share of the workers' time that they held a connection; null without workers. */
  readonly workers_busy_ratio: Measure | null;
}

/** Time lines of the first seed. All arrays have the length of `at_s`, but those per second. */
export interface Lines {
  readonly at_s: readonly number[];
  /** Per listener, in order; null while it does not listen. Behind a load balancer: of the first host. */
  readonly queues: readonly {
    readonly port: number;
    readonly accept: readonly (number | null)[];
    readonly syn: readonly (number | null)[];
  }[];
  /** By state name as `ss` has it (ESTAB, SYN-RECV, TIME-WAIT ...); states that stay at 0 are left out. */
  readonly server_states: Readonly<Record<string, readonly number[]>>;
  readonly client_states: Readonly<Record<string, readonly number[]>>;
  /** Since t = 0, gates that stay at 0 left out. */
  readonly client_drops: { readonly [K in GateName]?: readonly number[] };
  readonly client_failed: { readonly [K in GateName]?: readonly number[] };
  readonly flood_drops: { readonly [K in GateName]?: readonly number[] };
  /** Bins of `second_s` seconds from t = 0, per workload of clients. */
  readonly second_s: number;
  readonly per_second: readonly {
    readonly name: string;
    readonly attempts: readonly number[];
    readonly established: readonly number[];
    readonly responses: readonly number[];
  }[];
  /** Server counters since t = 0 at each sample, those that move. */
  readonly server_counters: { readonly [K in CounterName]?: readonly number[] };
  /** Per CPU of the server: packets that wait for it, share of its time since the last sample for the softirq and for the application. Behind a load balancer: of the first host. */
  readonly cpus: readonly {
    readonly waiting: readonly number[];
    readonly softirq_ratio: readonly number[];
    readonly app_ratio: readonly number[];
  }[];
  /** What the kernels' logs say, by time: the first 64 lines of each. Behind a load balancer: of the first host. */
  readonly kernel_log: readonly LogEntry[];
}

/** A line of a kernel's log; `at_s` of the run. */
export interface LogEntry {
  readonly at_s: number;
  readonly host: "server" | "client";
  /** As dmesg prints it, without the time. */
  readonly text: string;
}

/** How often a kernel's log has a kind of line. */
export interface LogSummary {
  readonly host: "server" | "client";
  readonly line: LogLineName;
  readonly written: Measure;
  /** Kept back by net_ratelimit. */
  readonly suppressed: Measure;
}

/** The client address and server port whose local ports were shortest; null where nobody connected. Behind a load balancer: of the worst host. */
export interface WorstPairSummary {
  /** Of the first seed; numbers are those of each seed's own worst pair. */
  readonly address: string;
  readonly port: number;
  readonly usable_ports: number;
  /** Most ports that were taken at one time, TIME_WAIT included. */
  readonly ports_peak: Measure;
  /** Attempts that found no port. */
  readonly without_port: Measure;
}

/** One CPU of the server; behind a load balancer, of all hosts' CPUs of this number together. */
export interface CpuSummary {
  readonly role: "receives" | "application";
  readonly softnet: SoftnetSummary;
  /** Shares of its time: of the softirq, of it by ksoftirqd, of the application. */
  readonly softirq_ratio: Measure;
  readonly ksoftirqd_ratio: Measure;
  readonly app_ratio: Measure;
  /** Most packets that waited for it at a time, in rings and backlogs; and in its backlog. */
  readonly waiting_peak: Measure;
  readonly backlog_peak: Measure;
}

/** As /proc/net/softnet_stat counts, and what the NIC dropped before it. */
export interface SoftnetSummary {
  readonly processed: Measure;
  readonly dropped: Measure;
  readonly time_squeeze: Measure;
  readonly received_rps: Measure;
  readonly flow_limit_count: Measure;
  readonly ring_dropped: Measure;
}

/** The server's CPUs together; null where they take no time. */
export interface CpusSummary {
  readonly per_cpu: readonly CpuSummary[];
  /** Share of the time of the CPUs that receive; and of the busiest of them, of any host. */
  readonly softirq_ratio: Measure;
  readonly busiest_ratio: Measure;
  /** Share of the time of the application's CPUs. */
  readonly app_ratio: Measure;
  readonly app_shares: boolean;
  /** CPU time by what took it. */
  readonly cost_s: { readonly [K in CpuCostName]?: Measure };
}

/** All numbers of a tuning but its time lines. */
export interface TuningMeasures {
  readonly name: string;
  /** What it changes, as written: key path and value. */
  readonly changes: readonly { readonly path: string; readonly value: unknown }[];
  readonly kernel: string;
  readonly hosts: number;
  readonly clients: readonly ClientsSummary[];
  readonly floods: readonly FloodSummary[];
  readonly listeners: readonly ListenerSummary[];
  readonly server_counters: { readonly [K in CounterName]?: Measure };
  readonly client_counters: { readonly [K in CounterName]?: Measure };
  /** What no kernel counts. */
  readonly server_unseen: { readonly [K in UnseenName]?: Measure };
  readonly client_unseen: { readonly [K in UnseenName]?: Measure };
  readonly worst_pair: WorstPairSummary | null;
  readonly syns_in: Measure;
  readonly synacks_out: Measure;
  /** SYN-ACKs sent for each SYN received. */
  readonly amplification_ratio: Measure;
  /** Kernel memory of the most half-opens at one time. */
  readonly half_open_peak_bytes: Measure;
  readonly cpu: CpusSummary | null;
  readonly softnet: SoftnetSummary | null;
  /** From the arrival at the device to TCP. */
  readonly receive_wait_ms: Latencies | null;
  /** Sockets at the end of the run, by kind (leftovers.ts); kinds that have none left out. */
  readonly leftovers: {
    readonly server: { readonly [K in LeftoverKind]?: Measure };
    readonly client: { readonly [K in LeftoverKind]?: Measure };
  };
  /** Kinds of lines that no run has are left out. */
  readonly kernel_log: readonly LogSummary[];
}

export interface TuningSummary extends TuningMeasures {
  readonly lines: Lines;
}

/**
 * A tuning against the baseline over the same seeds: mean difference and its paired 95 % interval (Student's t). Of latencies, `baseline`
 * and `value` are those of all seeds together, while the difference is the mean of the seeds' own.
 */
export interface Difference {
  readonly tuning: string;
  /** As thresholds name it: legit.served_ratio, legit.connect_latency_ms.p99 ... */
  readonly metric: string;
  readonly baseline: number;
  readonly value: number;
  readonly difference: number;
  /** null with fewer than two seeds in which both measured something: a difference without an interval. */
  readonly interval: readonly [number, number] | null;
  /** same: every seed gave the same number. none: the interval contains 0. unknown: there is no interval. */
  readonly verdict: "better" | "worse" | "none" | "same" | "unknown";
}

export interface ThresholdResult {
  /** As written. */
  readonly threshold: string;
  readonly tuning: string;
  /** null: nothing was measured; then it is not held. */
  readonly value: number | null;
  readonly holds: boolean;
}

export interface ExperimentSummary {
  readonly format: typeof SUMMARY_FORMAT;
  readonly name: string;
  readonly description: string;
  readonly duration_s: number;
  readonly seeds: readonly number[];
  readonly engine: "auto" | "packet";
  readonly tunings: readonly TuningSummary[];
  readonly differences: readonly Difference[];
  readonly thresholds: readonly ThresholdResult[];
}
