/**
 * Recording: what happened on a path with a TCP server, in the format of test/recordings/*.result.json.
 *
 * Purpose     The one format in which the model and a kernel can be laid side by side.
 * Units       As in the key names: `_s` seconds, `_ms` milliseconds; counts are plain numbers.
 * Reading     A key that is left out is a zero (a counter, an outcome) or does not exist (a latency of nobody).
 * Source      test/recordings/README.md, "Result format".
 */

import { err, ok, type Result } from "../base/result.ts";

export const RECORDING_FORMAT = "tcp-setup-groundtruth/1";

/** Names → numbers, nonzero ones only. */
export type Counts = Readonly<Record<string, number>>;

export interface LatencyMs {
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

export interface FailedAfterMs {
  readonly min: number | null;
  readonly p50: number | null;
  readonly max: number | null;
}

/** One workload of one run. Outcome counts (`established`, `refused`, `completed` ...) stand beside these keys. */
export interface RecordedWorkload {
  readonly attempted?: number;
  readonly sent?: number;
  readonly synacks_seen?: number;
  readonly answered?: number;
  readonly connect_latency_ms?: LatencyMs;
  readonly response_latency_ms?: LatencyMs;
  readonly failed_after_ms?: FailedAfterMs;
  readonly established_by_syn_retransmits?: readonly number[];
  readonly failed_by_syn_retransmits?: readonly number[];
  readonly [key: string]: number | readonly number[] | LatencyMs | FailedAfterMs | undefined;
}

export interface AcceptQueueLine {
  readonly port: number;
  /** listen(2)'s backlog after the clamp; the queue holds one more. */
  readonly limit: number;
  /** null while the port does not listen. */
  readonly length: readonly (number | null)[];
}

/** Arrays over `t_s`; the lines of TCP states (`established`, `syn_recv` ...) stand beside these keys. */
export interface RecordedTimeline {
  readonly t_s: readonly number[];
  readonly accept_queue: readonly AcceptQueueLine[];
  /** Since t = 0; in the first run only. */
  readonly server_counters?: Readonly<Record<string, readonly number[]>>;
  readonly client_sockets?: Readonly<Record<string, readonly number[]>>;
  readonly [key: string]:
    | readonly number[]
    | readonly AcceptQueueLine[]
    | Readonly<Record<string, readonly number[]>>
    | undefined;
}

/** What the model knows beyond a kernel: where segments and clients were lost. Nonzero entries only, by gate name. */
export interface RecordedGates {
  /** Segments, at the instant of their loss. */
  readonly drops: Counts;
  /** Attempts that failed, by the gate that ate their last try. */
  readonly failed: Counts;
  /** Attempts not done at the end, by the gate they wait on. */
  readonly in_flight: Counts;
  /** Sum of the clients' waits. */
  readonly wait_s: Counts;
}

export interface RecordedRun {
  readonly server_counters: Counts;
  readonly client_counters: Counts;
  readonly wire_at_server: Counts;
  readonly impairment_dropped?: readonly number[];
  readonly workloads: Readonly<Record<string, RecordedWorkload>>;
  readonly listeners: readonly Readonly<Record<string, number | readonly number[]>>[];
  readonly timeline: RecordedTimeline;
  /** By workload. Only the model says this. */
  readonly gates?: Readonly<Record<string, RecordedGates>>;
}

/** Every number of the runs as [mean, min, max]. */
export type Summary = { readonly [key: string]: Summary | readonly [mean: number, min: number, max: number] };

export interface Recording {
  readonly format: typeof RECORDING_FORMAT;
  /** Absent: a kernel. */
  readonly source?: "model";
  readonly kernel_release: string;
  readonly hz: number;
  readonly scenario: { readonly impairments?: readonly { readonly drop_probability?: number | null }[] };
  readonly effective_sysctls: Readonly<Record<"server" | "client", Readonly<Record<string, number | string>>>>;
  readonly repeats: number;
  readonly summary: Summary;
  readonly runs: readonly RecordedRun[];
}

/** The text of a recording: JSON with an indent of one, arrays of plain values on one line, as the recordings are written. */
export function encodeRecording(recording: Recording | readonly Recording[]): string {
  const text = JSON.stringify(recording, null, 1);
  return `${text.replace(/\[\s*([^[\]{}]*?)\s*\]/g, (_, inside: string) => `[${inside.replace(/\s*,\s*/g, ",")}]`)}\n`;
}

/** Reads a recording. Only its frame is checked: that there are runs with the sections that every reader needs. */
export function parseRecording(text: string): Result<Recording, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(value) || value.format !== RECORDING_FORMAT)
    return err(`no recording: its format is not ${RECORDING_FORMAT}`);
  if (!isObject(value.scenario)) return err("a recording without its scenario");
  const runs = value.runs;
  if (!Array.isArray(runs) || runs.length === 0) return err("a recording without runs");
  for (const [index, run] of runs.entries()) {
    const missing = RUN_SECTIONS.find((section) => !isObject(run) || !isObject(run[section]));
    if (missing !== undefined) return err(`run ${index + 1} has no ${missing}`);
  }
  return ok(value as unknown as Recording);
}

const RUN_SECTIONS = ["server_counters", "client_counters", "wire_at_server", "workloads", "timeline"] as const;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
