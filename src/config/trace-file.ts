/**
 * Trace files: `trace: rates.csv` in place of a list. A line is `time_s,rate_per_s`; a header, blank lines and # comments are allowed.
 *
 * Limits  MAX_TRACE_ROWS rows a file, MAX_FILES files an experiment.
 */

import type { Result } from "../base/result.ts";
import { formatCount } from "../base/units.ts";
import { isMap } from "./as-written.ts";
import { describe, MAX_RATE_PER_S, MAX_SECONDS } from "./fields.ts";
import type { ConfigIssue, IssueCode } from "./issues.ts";
import { MAX_TRACE_ROWS } from "./schema.ts";
import { MAX_CHARACTERS } from "./text-limits.ts";
import type { PathIssue } from "./zod-issues.ts";

/** The text of the file at a path as it is written in the file that names it; the error is a reason, such as "no such file". */
export type ReadFile = (path: string) => Result<string, string>;

export const MAX_FILES = 64;
/** Of one file; more help nobody. */
const MAX_CSV_ISSUES = 20;

/** As in WorkloadInput; shared by all who name the file, never changed. */
export type TraceRows = [number, number][];
/** Stands in for a trace in a file, whose rows have been checked, and for one that could not be read. */
const NO_TRACE: TraceRows = [[0, 0]];

export interface ResolvedTraces {
  /** With NO_TRACE in place of each path. */
  readonly raw: unknown;
  /** Number of the workload → what its file says. */
  readonly rows: ReadonlyMap<number, TraceRows>;
  readonly issues: readonly PathIssue[];
}

/** Reads each file once. */
export class TraceFiles {
  readonly #read: ReadFile;
  readonly #files = new Map<string, { readonly rows: TraceRows; readonly unreadable: string | null }>();
  /** What is wrong inside of the files. */
  readonly issues: ConfigIssue[] = [];

  /** `known`: rows of files that need not be read. */
  constructor(read: ReadFile, known: ReadonlyMap<string, TraceRows> = new Map()) {
    this.#read = read;
    for (const [path, rows] of known) this.#files.set(path, { rows, unreadable: null });
  }

  /** Of the files that were read. */
  get rows(): ReadonlyMap<string, TraceRows> {
    return new Map(
      [...this.#files].filter(([, file]) => file.unreadable === null).map(([path, { rows }]) => [path, rows]),
    );
  }

  /** Takes the paths of traces out of a scenario. Issues stand at these paths. */
  resolve(raw: unknown): ResolvedTraces {
    const rows = new Map<number, TraceRows>();
    const workloads = isMap(raw) ? raw.workloads : undefined;
    if (!Array.isArray(workloads)) return { raw, rows, issues: [] };
    const issues: PathIssue[] = [];
    const resolved = workloads.map((workload, index) => {
      if (!isMap(workload) || typeof workload.trace !== "string") return workload;
      const file = this.#fileOf(workload.trace);
      rows.set(index, file.rows);
      const path = ["workloads", index, "trace"];
      if (file.unreadable !== null) issues.push({ code: "unreadable", path, message: file.unreadable });
      return { ...workload, trace: NO_TRACE };
    });
    return { raw: rows.size === 0 ? raw : { ...(raw as object), workloads: resolved }, rows, issues };
  }

  #fileOf(path: string): { readonly rows: TraceRows; readonly unreadable: string | null } {
    const known = this.#files.get(path);
    if (known) return known;
    const text = this.#files.size < MAX_FILES ? this.#read(path) : ({ ok: false, error: TOO_MANY_FILES } as const);
    const file = text.ok
      ? { rows: this.#rowsOf(path, text.value), unreadable: null }
      : { rows: NO_TRACE, unreadable: cannotRead(path, text.error) };
    this.#files.set(path, file);
    return file;
  }

  #rowsOf(path: string, text: string): TraceRows {
    const { rows, issues } = parseTrace(text);
    this.issues.push(...issues.map((issue) => ({ ...issue, file: path, path: "" })));
    return issues.length === 0 ? rows : NO_TRACE;
  }
}

const TOO_MANY_FILES = `at most ${MAX_FILES} files are read`;

export const cannotRead = (path: string, reason: string): string =>
  `found ${describe(path)}, which cannot be read: ${reason}`;

interface CsvIssue {
  readonly code: IssueCode;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint?: string;
}

export function parseTrace(text: string): { readonly rows: TraceRows; readonly issues: readonly CsvIssue[] } {
  const rows: TraceRows = [];
  const issues: CsvIssue[] = [];
  const add = (code: IssueCode, line: number, column: number, message: string): void => {
    issues.push({ code, line, column, message });
  };
  if (text.length > MAX_CHARACTERS) {
    const message = `found ${formatCount(text.length)} characters, at most ${formatCount(MAX_CHARACTERS)} are allowed`;
    add("too-large", 1, 1, message);
    return { rows, issues };
  }
  let headerMayCome = true;
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .entries()) {
    const content = line.trim();
    if (content === "" || content.startsWith("#")) continue;
    if (issues.length >= MAX_CSV_ISSUES) break;
    if (rows.length >= MAX_TRACE_ROWS) {
      add(
        "too-many",
        index + 1,
        1,
        `found more than ${formatCount(MAX_TRACE_ROWS)} rates, which is the most that is allowed`,
      );
      break;
    }
    const [time = "", rate = "", ...others] = content.split(",");
    const header = headerMayCome && !isNumber(time) && !isNumber(rate);
    headerMayCome = false;
    if (header) continue;
    const fault =
      others.length > 0
        ? faultOfRow
        : (faultOf(time, MAX_SECONDS, "seconds") ?? faultOf(rate, MAX_RATE_PER_S, "arrivals per second"));
    const found = `found ${describe(content)}`;
    if (fault !== null) add(fault.code, index + 1, 1, `${found}, allowed is ${fault.allowed}`);
    else {
      const [atS, perS] = [Number(time), Number(rate)];
      const lastS = rows.at(-1)?.[0] ?? -1;
      if (atS <= lastS)
        add("conflict", index + 1, 1, `found ${atS} s after ${lastS} s, the times of a trace must rise`);
      rows.push([atS, perS]);
    }
  }
  if (rows.length === 0 && issues.length === 0) {
    add("missing-key", 1, 1, "found no rates, a trace needs a line time_s,rate_per_s");
  }
  return { rows, issues };
}

const isNumber = (text: string): boolean => /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text);

const faultOfRow = { code: "wrong-type", allowed: "two numbers: time_s,rate_per_s" } as const;

function faultOf(text: string, max: number, unit: string) {
  if (!isNumber(text)) return faultOfRow;
  const value = Number(text);
  if (value >= 0 && value <= max) return null;
  return { code: "out-of-range", allowed: `from 0 to ${formatCount(max)} ${unit}` } as const;
}
