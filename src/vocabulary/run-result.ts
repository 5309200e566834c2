/**
 * RunResult: what one run yields, as one ArrayBuffer of float64 whose layout follows from the RunSpec.
 *
 * Purpose     Crosses between threads as one block; two results are equal iff their bytes are.
 * Units       Counts are plain numbers; times are nanoseconds; histograms count whole microseconds (histogram.ts).
 * Invariants  No wall-clock value. `resultLayout(spec)` is the only place that knows where a number stands.
 * Used by     engine writes; results/ reads.
 */
import { COUNTER_NAMES } from "./counters.ts";
import { CPU_COST_NAMES } from "./cpu.ts";
import { GATE_NAMES } from "./gates.ts";
import { COARSE_LAYOUT, LATENCY_LAYOUT } from "./histogram.ts";
import { LOG_LENGTH } from "./kernel-log.ts";
import { OUTCOME_NAMES } from "./outcomes.ts";
import { type CpuSpec, Detail, MAX_SAMPLES, type RunSpec, WorkloadKind } from "./run-spec.ts";
import { VERDICT_NAMES } from "./verdicts.ts";

/** Packet classes on the wire at the server, as the recordings name them (a segment may be in two: data and FIN). */
export const PACKET_CLASSES = ["syn", "synack", "pure_ack", "data", "fin", "rst"] as const;
/** wire_at_server in order: in_*, out_*, then the flood link's own SYN and SYN-ACK counts. */
export const WIRE_NAMES = [
  ...PACKET_CLASSES.map((name) => `in_${name}`),
  ...PACKET_CLASSES.map((name) => `out_${name}`),
  "in_atk_syn",
  "in_atk_synack",
  "out_atk_syn",
  "out_atk_synack",
  /** Segments with data and FIN: counted as FIN here, in both classes by recordings. */
  "in_data_fin",
  "out_data_fin",
] as const;

/** TCP states by the kernel's numbers (include/net/tcp_states.h); 12 is a half-open request, shown as syn_recv. */
export const STATE_NAMES = [
  "",
  "established",
  "syn_sent",
  "syn_recv",
  "fin_wait1",
  "fin_wait2",
  "time_wait",
  "close",
  "close_wait",
  "last_ack",
  "listen",
  "closing",
  "new_syn_recv",
] as const;
export const STATE_COUNT = 13;
/** SYN_RECV by SYN-ACK retransmissions: 0..6, and 7 or more. */
export const RETRANSMIT_CLASSES = 8;
/** Attempts by SYN retransmissions: 0..30, and 31 or more. */
export const SYN_RETRANSMIT_CLASSES = 32;
/** Connect latencies by SYN retransmissions: 0..10, and 11 or more. */
export const LATENCY_BY_RETRANSMIT_CLASSES = 12;

/** Numbers of one workload that are neither an outcome nor a histogram. */
export const WORKLOAD_FIELDS = [
  "attempted",
  "established",
  "responses",
  "sent",
  "answered",
  "synacksSeen",
  /** A user is an arrival; each makes one attempt, and more if it tries again. */
  "users",
  /** Users who got all they came for: connected and, where they wait for responses, got them all. */
  "usersServed",
  /** Users who will not try again. The others are in flight. */
  "usersGaveUp",
] as const;
/** What the application of one listener did and what its queues reached. */
export const LISTENER_FIELDS = [
  "accepted",
  "responsesSent",
  "clientEofs",
  "resets",
  "closed",
  "emptyTicks",
  "peakAcceptQueue",
  "peakSynQueue",
  "acceptQueueFullNs",
  "synQueueFullNs",
  /** AcceptMode.Workers: sum over the workers of the time that they held a connection. */
  "workersBusyNs",
  /** 1: the kernel was asked for its line about SYN flooding (net_ratelimit may have kept it back), and when. */
  "floodWarned",
  "floodWarnedNs",
] as const;
/** What one CPU of the server did; the first five are columns of /proc/net/softnet_stat. */
export const CPU_FIELDS = [
  "processed",
  "dropped",
  "timeSqueezed",
  "receivedRps",
  "flowLimited",
  /** Packets that the NIC dropped because the ring was full, by the CPU that takes them off. */
  "ringDropped",
  /** Most packets that waited for it at a time, in rings and backlogs. */
  "peakWaiting",
  "peakBacklog",
  "softirqNs",
  "appNs",
  /** Part of softirqNs: by ksoftirqd. */
  "ksoftirqdNs",
  /** Sum over the processed packets of their time from the device to TCP. */
  "waitNs",
] as const;

/** Client address (uint32) and server port whose local ports were shortest; most of them taken at a time, attempts that found none. All 0: nobody connected. */
export const PAIR_FIELDS = ["address", "port", "peak", "refused"] as const;
/** Extremes that a histogram rounds. */
export const EXTREME_FIELDS = [
  "connectMaxUs",
  "responseMaxUs",
  "failedMinUs",
  "failedMaxUs",
  "connectSumUs",
  "responseSumUs",
  "userMaxUs",
  "userSumUs",
] as const;

export interface WorkloadLayout {
  readonly kind: number;
  readonly fields: number;
  readonly extremes: number;
  readonly outcomes: number;
  /** [gate]: packets lost at the instant. */
  readonly drops: number;
  /** [gate]: attempts that failed, by the gate that ate their last try. */
  readonly failed: number;
  /** [gate]: attempts in flight at the end, by the gate they wait on. */
  readonly inFlight: number;
  /** [gate]: sum of waits, in ns. */
  readonly waitNs: number;
  readonly establishedByRetransmits: number;
  readonly failedByRetransmits: number;
  /** Histograms; -1 for raw workloads. */
  readonly connectLatency: number;
  readonly responseLatency: number;
  readonly failedAfter: number;
  /** From a user's first attempt to being served. */
  readonly userLatency: number;
  /** LATENCY_BY_RETRANSMIT_CLASSES coarse histograms; -1 in a summary. */
  readonly connectLatencyByRetransmits: number;
  /** Time lines by whole seconds (bins of `secondNs`); -1 in a summary. */
  readonly attemptsPerS: number;
  readonly establishedPerS: number;
  readonly establishedOfAttemptsPerS: number;
  readonly responsesPerS: number;
}

export interface ListenerLayout {
  readonly fields: number;
  /** Histogram: from the end of the handshake to accept(). */
  readonly acceptWait: number;
  readonly acceptedPerS: number;
  /** Time lines: queue lengths at each sample, NaN while not listening. -1 in a summary. */
  readonly acceptQueue: number;
  readonly synQueue: number;
}

export interface CpuLayout {
  /** [cpu * CPU_FIELDS.length + field]; the application's own CPUs come last, with appNs alone. */
  readonly fields: number;
  readonly cpus: number;
  readonly cores: number;
  /** [cost]: CPU time by what took it, ns. */
  readonly costNs: number;
  /** Histogram: from the arrival at the device to TCP. */
  readonly wait: number;
  /** Time lines, [cpu * sampleCount + sample]: packets that wait; CPU time of the softirq and of the application since t = 0, ns. -1 in a summary. */
  readonly waiting: number;
  readonly softirqNs: number;
  readonly appNs: number;
}

export interface ResultLayout {
  readonly length: number;
  readonly sampleCount: number;
  readonly secondCount: number;
  readonly secondNs: number;
  readonly serverCounters: number;
  readonly clientCounters: number;
  readonly serverVerdicts: number;
  readonly clientVerdicts: number;
  readonly wire: number;
  readonly impairmentDropped: number;
  /** Kernel logs (kernel-log.ts: LOG_LENGTH). */
  readonly serverLog: number;
  readonly clientLog: number;
  /** [state] at the end. */
  readonly serverStates: number;
  readonly clientStates: number;
  /** The clients' worst address pair: PAIR_FIELDS. */
  readonly worstPair: number;
  readonly workloads: readonly WorkloadLayout[];
  readonly listeners: readonly ListenerLayout[];
  /** null: CPUs take no time. */
  readonly cpu: CpuLayout | null;
  /** Time lines, [name * sampleCount + sample]; -1 in a summary. */
  readonly serverStateLines: number;
  readonly clientStateLines: number;
  readonly synRecvByRetransmits: number;
  readonly serverCounterLines: number;
  /** Since t = 0 at each sample, [gate * sampleCount + sample], of all connections workloads together, and of all raw ones. -1 in a summary. */
  readonly clientDropLines: number;
  readonly clientFailedLines: number;
  readonly rawDropLines: number;
}

/** Number of samples of a run: at (k + 1/2) * interval, not after the end. */
export function sampleCountOf(spec: Pick<RunSpec, "durationNs" | "sampleIntervalNs">): number {
  return Math.min(MAX_SAMPLES, Math.floor(spec.durationNs / spec.sampleIntervalNs + 0.5));
}

/** Where each number of a result stands, as an index into its Float64Array. */
export function resultLayout(spec: RunSpec): ResultLayout {
  let next = 0;
  const take = (length: number): number => {
    const at = next;
    next += length;
    return at;
  };
  const full = spec.detail === Detail.Full;
  const line = (length: number): number => (full ? take(length) : -1);
  const sampleCount = sampleCountOf(spec);
  const secondNs = Math.max(1, Math.ceil(spec.durationNs / 1e9 / (MAX_SAMPLES - 1))) * 1e9;
  const secondCount = Math.floor(spec.durationNs / secondNs) + 1;

  const workload = (kind: number): WorkloadLayout => {
    const connections = kind === WorkloadKind.Connections;
    const histogram = (length: number): number => (connections ? take(length) : -1);
    const perSecond = (): number => (connections ? line(secondCount) : -1);
    return {
      kind,
      fields: take(WORKLOAD_FIELDS.length),
      extremes: take(EXTREME_FIELDS.length),
      outcomes: take(OUTCOME_NAMES.length),
      drops: take(GATE_NAMES.length),
      failed: take(GATE_NAMES.length),
      inFlight: take(GATE_NAMES.length),
      waitNs: take(GATE_NAMES.length),
      establishedByRetransmits: take(SYN_RETRANSMIT_CLASSES),
      failedByRetransmits: take(SYN_RETRANSMIT_CLASSES),
      connectLatency: histogram(LATENCY_LAYOUT.length),
      responseLatency: histogram(LATENCY_LAYOUT.length),
      failedAfter: histogram(COARSE_LAYOUT.length),
      userLatency: histogram(LATENCY_LAYOUT.length),
      connectLatencyByRetransmits: connections ? line(LATENCY_BY_RETRANSMIT_CLASSES * COARSE_LAYOUT.length) : -1,
      attemptsPerS: perSecond(),
      establishedPerS: perSecond(),
      establishedOfAttemptsPerS: perSecond(),
      responsesPerS: perSecond(),
    };
  };
  const listener = (): ListenerLayout => ({
    fields: take(LISTENER_FIELDS.length),
    acceptWait: take(LATENCY_LAYOUT.length),
    acceptedPerS: line(secondCount),
    acceptQueue: line(sampleCount),
    synQueue: line(sampleCount),
  });

  const cpu = ({ cores, appCores }: CpuSpec): CpuLayout => {
    const cpus = cores + appCores;
    return {
      ...{ cpus, cores, fields: take(cpus * CPU_FIELDS.length), costNs: take(CPU_COST_NAMES.length) },
      wait: take(LATENCY_LAYOUT.length),
      waiting: line(cpus * sampleCount),
      softirqNs: line(cpus * sampleCount),
      appNs: line(cpus * sampleCount),
    };
  };

  const parts = {
    serverCounters: take(COUNTER_NAMES.length),
    clientCounters: take(COUNTER_NAMES.length),
    serverVerdicts: take(VERDICT_NAMES.length),
    clientVerdicts: take(VERDICT_NAMES.length),
    wire: take(WIRE_NAMES.length),
    impairmentDropped: take(spec.impairments.length),
    serverLog: take(LOG_LENGTH),
    clientLog: take(LOG_LENGTH),
    serverStates: take(STATE_COUNT),
    clientStates: take(STATE_COUNT),
    worstPair: take(PAIR_FIELDS.length),
    workloads: spec.workloads.map((w) => workload(w.kind)),
    listeners: spec.listeners.map(listener),
    cpu: spec.cpu === null ? null : cpu(spec.cpu),
    serverStateLines: line(STATE_COUNT * sampleCount),
    clientStateLines: line(STATE_COUNT * sampleCount),
    synRecvByRetransmits: line(RETRANSMIT_CLASSES * sampleCount),
    serverCounterLines: line(COUNTER_NAMES.length * sampleCount),
    clientDropLines: line(GATE_NAMES.length * sampleCount),
    clientFailedLines: line(GATE_NAMES.length * sampleCount),
    rawDropLines: line(GATE_NAMES.length * sampleCount),
  };
  return { length: next, sampleCount, secondCount, secondNs, ...parts };
}

/** A finished run. `buffer` is float64 in the layout of `resultLayout(spec)`. */
export interface RunResult {
  readonly buffer: ArrayBuffer;
}
