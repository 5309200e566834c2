/**
 * Agreement: how well a model agrees with a recording of the kernel, value by value.
 *
 * A value agrees when the model's mean lies in the band [min - t, max + t] of the recorded runs, where
 * t = max(2 counts, 3 % of the recorded mean), or 10 % where the recorded runs themselves differ by more than 5 % of their
 * mean, or where the scenario has random loss. Latencies: t = max(5 ms, as above). Time lines: the mean absolute difference
 * over the samples is at most t of the recorded peak (3 % or 10 % as above, at least 2). Values that are zero on both sides
 * are not counted.
 *
 * Source      compare.py beside the recordings is the definition; test/results/agreement.test.ts holds the two equal.
 * Used by     cli/replay.ts and generate/fidelity.ts. Both sides are recordings, so any two can be compared.
 */
import type { RecordedRun, RecordedWorkload, Recording } from "./recording-format.ts";

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const SERVER = words(`TcpPassiveOpens TcpAttemptFails TcpEstabResets TcpInSegs TcpOutSegs TcpRetransSegs TcpOutRsts
  TcpExtListenDrops TcpExtListenOverflows TcpExtTCPReqQFullDrop TcpExtTCPReqQFullDoCookies TcpExtSyncookiesSent
  TcpExtSyncookiesRecv TcpExtSyncookiesFailed TcpExtTCPTimeouts TcpExtTCPSynRetrans TcpExtEmbryonicRsts TcpExtTW
  TcpExtTWRecycled TcpExtTWKilled TcpExtTCPTimeWaitOverflow TcpExtTCPDeferAcceptDrop TcpExtTCPAbortOnData
  TcpExtTCPAbortOnClose TcpExtTCPAbortOnTimeout TcpExtPAWSActive TcpExtPAWSEstab`);
const CLIENT = words(`TcpActiveOpens TcpAttemptFails TcpEstabResets TcpInSegs TcpOutSegs TcpRetransSegs TcpOutRsts
  TcpInErrs TcpExtTCPTimeouts TcpExtTCPSynRetrans TcpExtTCPSYNChallenge TcpExtTW TcpExtTWRecycled TcpExtTWKilled
  TcpExtTCPTimeWaitOverflow TcpExtTCPAbortOnTimeout TcpExtTCPAbortOnData TcpExtTCPAbortOnClose`);
const WIRE = words("in_syn in_pure_ack in_data in_fin in_rst out_synack out_pure_ack out_data out_fin out_rst");
const OUTCOMES = words(`attempted sent established refused timed_out app_timeout no_local_port pending completed
  reset_after_connect timed_out_after_connect eof_before_response response_timeout open_at_end responses answered
  synacks_seen`);
const STATES = words("syn_recv established fin_wait1 fin_wait2 time_wait close_wait last_ack closing");
const LATENCIES = ["connect_latency_ms", "response_latency_ms"] as const;
const QUANTILES = ["p50", "p90", "p99"] as const;
const HISTOGRAMS = ["established_by_syn_retransmits", "failed_by_syn_retransmits"] as const;

/** The band in which the model's mean has to lie, and what it is of. */
export interface NumberRow {
  readonly kind: "count" | "ms";
  readonly name: string;
  readonly agrees: boolean;
  readonly model: number;
  /** Mean, lowest and highest of the recorded runs. */
  readonly kernel: number;
  readonly kernelMin: number;
  readonly kernelMax: number;
  /** The band is kernelMin - tolerance ... kernelMax + tolerance. */
  readonly tolerance: number;
}

/** A time line, compared sample by sample. */
export interface LineRow {
  readonly kind: "line";
  readonly name: string;
  readonly agrees: boolean;
  /** Mean absolute difference over the samples, and how much of it is allowed. */
  readonly difference: number;
  readonly tolerance: number;
  readonly peak: number;
}

export type AgreementRow = NumberRow | LineRow;

type Compared =
  | { readonly kind: "count" | "ms"; readonly name: string; readonly value: number }
  | { readonly kind: "line"; readonly name: string; readonly value: readonly number[] };

/** All that is compared in one run. */
export function comparedValues(run: RecordedRun): Compared[] {
  const values: Compared[] = [];
  const count = (name: string, value: number | undefined): void => {
    values.push({ kind: "count", name, value: value ?? 0 });
  };
  for (const name of SERVER) count(`server_counters.${name}`, run.server_counters[name]);
  for (const name of CLIENT) count(`client_counters.${name}`, run.client_counters[name]);
  for (const name of WIRE) count(`wire_at_server.${name}`, run.wire_at_server[name]);
  for (const name of Object.keys(run.wire_at_server)) {
    if (name.includes("_atk_")) count(`wire_at_server.${name}`, run.wire_at_server[name]);
  }
  for (const [name, workload] of Object.entries(run.workloads)) values.push(...workloadValues(name, workload));
  const timeline = run.timeline;
  for (const state of STATES) {
    values.push({ kind: "line", name: `timeline.${state}`, value: (timeline[state] ?? []) as readonly number[] });
  }
  for (const [index, queue] of (timeline.accept_queue ?? []).entries()) {
    values.push({ kind: "line", name: `timeline.accept_queue[${index}]`, value: queue.length.map((v) => v ?? 0) });
  }
  return values;
}

function workloadValues(name: string, workload: RecordedWorkload): Compared[] {
  const values: Compared[] = [];
  for (const outcome of OUTCOMES) {
    values.push({ kind: "count", name: `workloads.${name}.${outcome}`, value: Number(workload[outcome] ?? 0) });
  }
  for (const latency of LATENCIES) {
    for (const q of QUANTILES) {
      values.push({ kind: "ms", name: `workloads.${name}.${latency}.${q}`, value: workload[latency]?.[q] ?? 0 });
    }
  }
  for (const histogram of HISTOGRAMS) {
    for (const [index, value] of (workload[histogram] ?? []).entries()) {
      values.push({ kind: "count", name: `workloads.${name}.${histogram}[${index}]`, value });
    }
  }
  return values;
}

interface Collected {
  readonly numbers: Map<string, { readonly kind: "count" | "ms"; readonly values: number[] }>;
  readonly lines: Map<string, (readonly number[])[]>;
}

/** The values of all runs by name. A histogram bucket that only some runs have is 0 in the others. */
function collect(runs: readonly RecordedRun[]): Collected {
  const numbers: Collected["numbers"] = new Map();
  const lines: Collected["lines"] = new Map();
  for (const value of runs.flatMap(comparedValues)) {
    if (value.kind === "line") {
      const known = lines.get(value.name);
      if (known === undefined) lines.set(value.name, [value.value]);
      else known.push(value.value);
    } else {
      const known = numbers.get(value.name);
      if (known === undefined) numbers.set(value.name, { kind: value.kind, values: [value.value] });
      else known.values.push(value.value);
    }
  }
  for (const { values } of numbers.values()) while (values.length < runs.length) values.push(0);
  return { numbers, lines };
}

/** Rows in the order of their names: one for each value that is nonzero on either side. */
export function compare(model: Recording, recorded: Recording): AgreementRow[] {
  const randomLoss = (recorded.scenario.impairments ?? []).some((i) => (i.drop_probability ?? 1) < 1);
  const a = collect(model.runs);
  const b = collect(recorded.runs);
  const rows: AgreementRow[] = [];
  for (const name of new Set([...a.numbers.keys(), ...b.numbers.keys()])) {
    const row = compareNumber(name, a, b, randomLoss);
    if (row !== null) rows.push(row);
  }
  for (const name of new Set([...a.lines.keys(), ...b.lines.keys()])) {
    const row = compareLine(name, a.lines.get(name) ?? [], b.lines.get(name) ?? [], randomLoss);
    if (row !== null) rows.push(row);
  }
  return rows.sort((x, y) => (x.name < y.name ? -1 : 1));
}

function compareNumber(name: string, a: Collected, b: Collected, randomLoss: boolean): NumberRow | null {
  const kind = (b.numbers.get(name) ?? a.numbers.get(name))?.kind ?? "count";
  const model = mean(a.numbers.get(name)?.values ?? [0]);
  const recorded = b.numbers.get(name)?.values ?? [0];
  const kernel = mean(recorded);
  if (model === 0 && kernel === 0) return null;
  const kernelMin = Math.min(...recorded);
  const kernelMax = Math.max(...recorded);
  const noisy = randomLoss || (kernel !== 0 && (kernelMax - kernelMin) / Math.abs(kernel) > 0.05);
  const tolerance = Math.max(kind === "ms" ? 5 : 2, (noisy ? 0.1 : 0.03) * Math.abs(kernel));
  const agrees = kernelMin - tolerance <= model && model <= kernelMax + tolerance;
  return { kind, name, agrees, model, kernel, kernelMin, kernelMax, tolerance };
}

function compareLine(
  name: string,
  modelLines: readonly (readonly number[])[],
  recordedLines: readonly (readonly number[])[],
  randomLoss: boolean,
): LineRow | null {
  const length = Math.max(...[...modelLines, ...recordedLines].map((line) => line.length));
  const model = lineMean(modelLines, length);
  const kernel = lineMean(recordedLines, length);
  if (!model.some((v) => v !== 0) && !kernel.some((v) => v !== 0)) return null;
  const peak = Math.max(...kernel);
  const tolerance = Math.max(2, (randomLoss || isNoisy(recordedLines, length, peak) ? 0.1 : 0.03) * peak);
  const difference = mean(model.map((value, i) => Math.abs(value - (kernel[i] ?? 0))));
  return { kind: "line", name, agrees: difference <= tolerance, difference, tolerance, peak };
}

/** Whether the recorded runs differ by more than 5 % of the peak, on average over the samples. */
function isNoisy(lines: readonly (readonly number[])[], length: number, peak: number): boolean {
  const whole = lines.filter((line) => line.length === length);
  if (whole.length < 2 || peak <= 0) return false;
  const spreads = Array.from({ length }, (_, i) => {
    const samples = whole.map((line) => line[i] ?? 0);
    return Math.max(...samples) - Math.min(...samples);
  });
  return mean(spreads) > 0.05 * peak;
}

/** Sample by sample; what a shorter line lacks is 0. */
function lineMean(lines: readonly (readonly number[])[], length: number): number[] {
  return Array.from({ length }, (_, i) => (lines.length === 0 ? 0 : mean(lines.map((line) => line[i] ?? 0))));
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** How many rows agree, of how many. */
export interface AgreementCount {
  readonly agree: number;
  readonly total: number;
}

export const countAgreement = (rows: readonly AgreementRow[]): AgreementCount => ({
  agree: rows.filter((row) => row.agrees).length,
  total: rows.length,
});

/** agree / total, 0 where nothing was compared, as in compare.py. */
export const agreementRatio = ({ agree, total }: AgreementCount): number => agree / Math.max(1, total);

/** What a row says, in words: the model's number and the kernel's band. */
export function describeRow(row: AgreementRow): string {
  if (row.kind === "line") {
    return `mean |difference| ${row.difference.toFixed(1)}, allowed ${row.tolerance.toFixed(1)}, peak ${row.peak.toFixed(0)}`;
  }
  return `model ${short(row.model)}, kernel ${short(row.kernel)} [${short(row.kernelMin)}, ${short(row.kernelMax)}]`;
}

/** Six significant digits, without trailing zeros. */
const short = (value: number): string => String(Number(value.toPrecision(6)));
