/**
 * RunView: the numbers of one RunResult by name.
 *
 * Purpose     Readers of results ask by name and host; only this file and the engine know the layout.
 * Units       As in run-result.ts: counts, ns; histograms in µs.
 * Invariants  Reads only.
 */
import { assert } from "../base/assert.ts";
import { COUNTER_NAMES, type CounterName, counterIndex } from "../vocabulary/counters.ts";
import { CPU_COST_NAMES, type CpuCostName } from "../vocabulary/cpu.ts";
import { GATE_NAMES, Gate, type GateName } from "../vocabulary/gates.ts";
import { COARSE_LAYOUT, type HistogramLayout, LATENCY_LAYOUT } from "../vocabulary/histogram.ts";
import {
  LOG_FIELDS,
  LOG_LINE_WORDS,
  LOG_LINES,
  LogLine,
  type LogLineName,
  MAX_LOG_LINES,
} from "../vocabulary/kernel-log.ts";
import { Outcome, type OutcomeName } from "../vocabulary/outcomes.ts";
import {
  CPU_FIELDS,
  EXTREME_FIELDS,
  LISTENER_FIELDS,
  type ListenerLayout,
  PAIR_FIELDS,
  type ResultLayout,
  type RunResult,
  resultLayout,
  STATE_COUNT,
  SYN_RETRANSMIT_CLASSES,
  WIRE_NAMES,
  WORKLOAD_FIELDS,
  type WorkloadLayout,
} from "../vocabulary/run-result.ts";
import { Detail, type RunSpec } from "../vocabulary/run-spec.ts";
import type { UnseenName } from "../vocabulary/unseen.ts";
import { Verdict, type VerdictName } from "../vocabulary/verdicts.ts";
import { type Histogram, histogramOf } from "./hdr.ts";
import { DenseValues, type SparseParts, SparseValues, type Values } from "./values.ts";

export type Host = "server" | "client";
export type WorkloadField = (typeof WORKLOAD_FIELDS)[number];
export type ExtremeField = (typeof EXTREME_FIELDS)[number];
export type CpuField = (typeof CPU_FIELDS)[number];
export type ListenerField = (typeof LISTENER_FIELDS)[number];
/** The per-gate families of a workload: two that count, one that stands at the end, one of time (ns). */
export type GateFamily = "drops" | "failed" | "inFlight" | "waitNs";
/** The connections' histograms. */
export type LatencyName = "connectLatency" | "responseLatency" | "failedAfter" | "userLatency";
export type GateLine = "clientDrop" | "clientFailed" | "rawDrop";
export type PerSecondName = "attemptsPerS" | "establishedPerS" | "establishedOfAttemptsPerS" | "responsesPerS";

export const latencyLayout = (name: LatencyName): HistogramLayout =>
  name === "failedAfter" ? COARSE_LAYOUT : LATENCY_LAYOUT;

export class RunView {
  readonly spec: RunSpec;
  readonly layout: ResultLayout;
  readonly #values: Values;

  /** `result`: as it came from the engine, or what is not 0 of it: for many at a time. */
  constructor(spec: RunSpec, result: RunResult | SparseParts) {
    const values = "buffer" in result ? new DenseValues(new Float64Array(result.buffer)) : new SparseValues(result);
    this.spec = spec;
    this.layout = resultLayout(spec);
    this.#values = values;
    assert(this.#values.length === this.layout.length, "the result does not belong to this spec");
  }

  /** Whether there are time lines. */
  get isFull(): boolean {
    return this.spec.detail === Detail.Full;
  }

  counter(host: Host, name: CounterName): number {
    return this.#at(this.#counters(host) + counterIndex[name]);
  }

  /** Nonzero counters by name, sorted by name. */
  counters(host: Host): Record<string, number> {
    return sortedByName(this.#named(this.#counters(host), COUNTER_NAMES));
  }

  verdict(host: Host, name: VerdictName): number {
    return this.#at((host === "server" ? this.layout.serverVerdicts : this.layout.clientVerdicts) + Verdict[name]);
  }

  /** What happened at a host and no kernel counts (vocabulary/unseen.ts), nonzero. */
  unseen(host: Host): Record<string, number> {
    // With a handshake of two segments each connection that a client has is one of the server's.
    const atSyn = this.verdict("server", "syn_established");
    const unwanted = host === "server" && atSyn > 0 ? atSyn - this.verdict("client", "synack_accepted") : 0;
    const values: Record<UnseenName, number> = {
      stale_data_accepted: this.verdict(host, "stale_data_accepted"),
      late_fins_reset: this.verdict(host, "late_fin") + this.verdict(host, "stray_fin"),
      unwanted_connections: unwanted,
    };
    return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0));
  }

  worstPair(field: (typeof PAIR_FIELDS)[number]): number {
    return this.#at(this.layout.worstPair + PAIR_FIELDS.indexOf(field));
  }

  /** Packets at the server by class, nonzero ones. */
  wire(): Record<string, number> {
    return this.#named(this.layout.wire, WIRE_NAMES);
  }

  impairmentDropped(): number[] {
    return this.#list(this.layout.impairmentDropped, this.spec.impairments.length);
  }

  /** A kind of line of a kernel's log: how many were written, how many net_ratelimit kept back. */
  logField(host: Host, line: LogLineName, field: "written" | "suppressed"): number {
    return this.#at(this.#log(host) + LogLine[line] * LOG_FIELDS.length + LOG_FIELDS.indexOf(field));
  }

  /** The first lines of a kernel's log, MAX_LOG_LINES at most. `subject`: see `logText()`. */
  logLines(host: Host): { readonly ns: number; readonly line: LogLineName; readonly subject: number }[] {
    const written = LOG_LINES.reduce((sum, line) => sum + this.logField(host, line, "written"), 0);
    const kept = Math.min(written, MAX_LOG_LINES);
    const words = this.#list(this.#log(host) + LOG_LINES.length * LOG_FIELDS.length, kept * LOG_LINE_WORDS);
    return Array.from({ length: kept }, (_, k) => {
      const [ns = 0, line = 0, subject = 0] = words.slice(k * LOG_LINE_WORDS);
      return { ns, line: LOG_LINES[line] ?? "syn_flooding", subject };
    });
  }

  workloadField(workload: number, field: WorkloadField): number {
    return this.#at(this.#workload(workload).fields + WORKLOAD_FIELDS.indexOf(field));
  }

  extreme(workload: number, field: ExtremeField): number {
    return this.#at(this.#workload(workload).extremes + EXTREME_FIELDS.indexOf(field));
  }

  outcome(workload: number, name: OutcomeName): number {
    return this.#at(this.#workload(workload).outcomes + Outcome[name]);
  }

  /** Nonzero entries by gate name. */
  gates(workload: number, family: GateFamily): Record<string, number> {
    return this.#named(this.#workload(workload)[family], GATE_NAMES);
  }

  /** Attempts by SYN retransmissions: 0, 1, ... up to the last class that is not empty. */
  bySynRetransmits(workload: number, family: "establishedByRetransmits" | "failedByRetransmits"): number[] {
    return trimmed(this.#list(this.#workload(workload)[family], SYN_RETRANSMIT_CLASSES));
  }

  /** A histogram of a connections workload. */
  latency(workload: number, name: LatencyName): Histogram {
    return histogramOf(this.latencyCounts(workload, name), latencyLayout(name));
  }

  /** Its counts by index, in latencyLayout(name): what is added when runs are put together. */
  latencyCounts(workload: number, name: LatencyName): Float64Array {
    const at = this.#workload(workload)[name];
    assert(at >= 0, "raw workloads have no latencies");
    return this.#section(at, latencyLayout(name).length);
  }

  /** How many are below each of `ends`, ascending indices into latencyCounts(): what a histogram with wider buckets needs, of results that are nearly all 0. */
  latenciesBelow(workload: number, name: LatencyName, ends: readonly number[]): number[] {
    const at = this.#workload(workload)[name];
    assert(at >= 0, "raw workloads have no latencies");
    return this.#values.sumsUpTo(at, ends);
  }

  /** Events of a connections workload by bins of `layout.secondNs`, without the empty bins at the end. */
  perSecond(workload: number, name: PerSecondName): number[] {
    return trimmed(this.#list(this.#workload(workload)[name], this.layout.secondCount));
  }

  listenerField(listener: number, field: ListenerField): number {
    return this.#at(this.#listener(listener).fields + LISTENER_FIELDS.indexOf(field));
  }

  /** Counts of the times from the end of a handshake to accept(), in LATENCY_LAYOUT. */
  acceptWaitCounts(listener: number): Float64Array {
    return this.#section(this.#listener(listener).acceptWait, LATENCY_LAYOUT.length);
  }

  acceptedPerSecond(listener: number): number[] {
    return trimmed(this.#list(this.#listener(listener).acceptedPerS, this.layout.secondCount));
  }

  /** Queue length at each sample; null while the port does not listen. */
  queueLine(listener: number, queue: "acceptQueue" | "synQueue"): (number | null)[] {
    return this.#line(this.#listener(listener)[queue], 0).map((length) => (Number.isNaN(length) ? null : length));
  }

  /** What a CPU of the server did; 0 where CPUs take no time. The application's own CPUs come last. */
  cpu(cpu: number, field: CpuField): number {
    const { cpu: layout } = this.layout;
    if (layout === null) return 0;
    assert(cpu < layout.cpus, "no such CPU");
    return this.#at(layout.fields + cpu * CPU_FIELDS.length + CPU_FIELDS.indexOf(field));
  }

  /** CPU time of all CPUs by what took it, ns; nonzero ones. */
  cpuCosts(): { readonly [K in CpuCostName]?: number } {
    const { cpu: layout } = this.layout;
    return layout === null ? {} : this.#named(layout.costNs, CPU_COST_NAMES);
  }

  /** Counts of the times from the device to TCP, in LATENCY_LAYOUT; null where CPUs take no time. */
  cpuWaitCounts(): Float64Array | null {
    const { cpu: layout } = this.layout;
    return layout === null ? null : this.#section(layout.wait, LATENCY_LAYOUT.length);
  }

  /** A CPU at each sample: packets that wait for it, or its time since t = 0, ns. */
  cpuLine(cpu: number, line: "waiting" | "softirqNs" | "appNs"): number[] {
    const { cpu: layout } = this.layout;
    assert(layout !== null, "CPUs take no time");
    return this.#line(layout[line], cpu);
  }

  /** Sockets at the end, by the kernel's number of their state (STATE_NAMES). */
  states(host: Host): number[] {
    return this.#list(host === "server" ? this.layout.serverStates : this.layout.clientStates, STATE_COUNT);
  }

  /** Sockets in TCP state number `state` (STATE_NAMES) at each sample. */
  stateLine(host: Host, state: number): number[] {
    return this.#line(host === "server" ? this.layout.serverStateLines : this.layout.clientStateLines, state);
  }

  /** Half-open requests with `retransmits` SYN-ACK retransmissions at each sample. */
  synRecvLine(retransmits: number): number[] {
    return this.#line(this.layout.synRecvByRetransmits, retransmits);
  }

  /** A server counter since t = 0 at each sample. */
  counterLine(name: CounterName): number[] {
    return this.#line(this.layout.serverCounterLines, counterIndex[name]);
  }

  /** Drops or failed attempts at a gate since t = 0 at each sample, over all workloads of a kind. */
  gateLine(family: GateLine, gate: GateName): number[] {
    return this.#line(this.layout[`${family}Lines`], Gate[gate]);
  }

  #log(host: Host): number {
    return host === "server" ? this.layout.serverLog : this.layout.clientLog;
  }

  #counters(host: Host): number {
    return host === "server" ? this.layout.serverCounters : this.layout.clientCounters;
  }

  #workload(index: number): WorkloadLayout {
    const layout = this.layout.workloads[index];
    assert(layout !== undefined, "no such workload");
    return layout;
  }

  #listener(index: number): ListenerLayout {
    const layout = this.layout.listeners[index];
    assert(layout !== undefined, "no such listener");
    return layout;
  }

  #at(index: number): number {
    assert(index < this.#values.length, "beyond the end of the result");
    return this.#values.at(index);
  }

  #section(at: number, length: number): Float64Array {
    assert(at >= 0, "a summary has no time lines");
    return this.#values.section(at, length);
  }

  /** Not by Array.from(), which asks a typed array for an iterator: a scrape has hundreds of lists. */
  #list(at: number, length: number): number[] {
    const section = this.#section(at, length);
    const list: number[] = [];
    for (let i = 0; i < length; i++) list.push(section[i] ?? 0);
    return list;
  }

  /** Row `row` of a table with a column for each sample. */
  #line(at: number, row: number): number[] {
    assert(at >= 0, "a summary has no time lines");
    return this.#list(at + row * this.layout.sampleCount, this.layout.sampleCount);
  }

  #named(at: number, names: readonly string[]): Record<string, number> {
    const section = this.#section(at, names.length);
    const named: Record<string, number> = {};
    names.forEach((name, index) => {
      const value = section[index] ?? 0;
      if (value !== 0) named[name] = value;
    });
    return named;
  }
}

/** Without the zeros at the end. */
function trimmed(values: readonly number[]): number[] {
  return values.slice(0, values.findLastIndex((value) => value !== 0) + 1);
}

function sortedByName(values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}
