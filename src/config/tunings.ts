/**
 * Tunings: overrides laid over a scenario, each result checked as a whole, and each issue shown where its value was written.
 *
 * Method  An issue that the scenario has by itself is the scenario's, and is said once; a warning only if it holds in every tuning. Any other
 *         one is the tuning's: it stands at the override that set the value, else at the override nearest to it.
 */
import type { Tuning, TuningChange } from "../vocabulary/experiment.ts";
import type { KernelName } from "../vocabulary/kernels.ts";
import { isMap } from "./as-written.ts";
import { checkScenario } from "./check-scenario.ts";
import { type ConfigIssue, isWarning } from "./issues.ts";
import { labelled, locate, MAX_LOCATED, pathText, type Source } from "./locate.ts";
import { type Overlaid, overlay, valueAtLabels, type Write } from "./overlay.ts";
import type { TraceFiles } from "./trace-file.ts";
import type { PathIssue } from "./zod-issues.ts";

/** The scenario that tunings are laid over, as a plain value. */
export interface Base {
  readonly raw: unknown;
  readonly source: Source;
}

export interface WrittenTuning {
  readonly name: string;
  readonly overrides: Readonly<Record<string, unknown>>;
  readonly source: Source;
  /** In place of what the scenario and the overrides say. Warnings that it brings about may hold on this kernel only, so they are not said. */
  readonly serverKernel?: KernelName;
}

export interface CheckedTuning {
  readonly name: string;
  /** With the overrides, as a plain value. */
  readonly raw: unknown;
  /** null if it has an error. */
  readonly tuning: Tuning | null;
}

export interface CheckedTunings {
  readonly tunings: readonly CheckedTuning[];
  readonly issues: readonly ConfigIssue[];
}

export function checkTunings(base: Base, written: readonly WrittenTuning[], traces: TraceFiles): CheckedTunings {
  const alone = checkScenario(base.raw, traces);
  const ofBase = new Map(alone.issues.map((issue) => [identity(issue, base.raw), issue]));
  /** Issues of the scenario → in how many tunings they are still there. */
  const stillThere = new Map<string, number>();
  const issues: ConfigIssue[] = [];
  const ofScenario: ConfigIssue[] = [];
  /** What another kernel makes wrong in the scenario, once for all tunings. */
  const ofKernel = new Map<string, ConfigIssue>();
  const tunings = written.map(({ name, overrides, source, serverKernel }): CheckedTuning => {
    const laid = layTuning(base.raw, overrides, serverKernel);
    const isBase = laid.writes.length === 0 && serverKernel === undefined;
    const checked = isBase ? alone : checkScenario(laid.value, traces);
    for (const issue of laid.issues) issues.push(locate(issue, source, sourceText(source, issue.path)));
    for (const issue of checked.issues.slice(0, MAX_LOCATED)) {
      const key = identity(issue, laid.value);
      if (ofBase.has(key)) stillThere.set(key, (stillThere.get(key) ?? 0) + 1);
      else if (serverKernel !== undefined && isWarning(issue)) continue;
      else if (serverKernel !== undefined && isOfBase(issue, laid, base)) ofKernel.set(key, locateInBase(issue, base));
      else if (issues.length < MAX_LOCATED) issues.push(...locateInTuning(issue, laid, base, source));
    }
    const isSound = laid.issues.length === 0 && checked.scenario !== null;
    const tuning = isSound ? { name, changes: changesOf(laid, base.raw), scenario: checked.scenario } : null;
    return { name, raw: laid.value, tuning };
  });
  for (const [key, count] of stillThere) {
    const issue = ofBase.get(key);
    // A setting that has an effect in some tunings is there for these.
    if (issue && (!isWarning(issue) || count === written.length)) ofScenario.push(locateInBase(issue, base));
  }
  return { tunings, issues: [...ofScenario, ...ofKernel.values(), ...issues] };
}

/** Whether the issue is about a value that stands in the scenario, and no override says it anew. */
function isOfBase(issue: PathIssue, laid: Overlaid, base: Base): boolean {
  const path = labelled(issue.path, laid.value);
  const isWritten = laid.writes.some((write) => commonLength(write.path, path) === write.path.length);
  return !isWritten && valueAtLabels(base.raw, path) !== undefined;
}

function layTuning(raw: unknown, overrides: WrittenTuning["overrides"], kernel: KernelName | undefined): Overlaid {
  const laid = overlay(raw, overrides);
  return kernel === undefined ? laid : { ...laid, value: overlay(laid.value, { "server.kernel": kernel }).value };
}

/** The same for an issue of the scenario and of a tuning that leaves it as it is. */
const identity = ({ code, path, message }: PathIssue, raw: unknown): string =>
  [code, message, ...labelled(path, raw)].join("\n");

/** What differs from the scenario as it is written, by the last override of each path. */
function changesOf({ writes }: Overlaid, raw: unknown): TuningChange[] {
  const last = new Map(writes.map((write) => [write.path.join("."), write]));
  return [...last].flatMap(([path, { path: labels, value }]) => {
    const before = valueAtLabels(raw, labels);
    const same = value === null ? before === undefined : JSON.stringify(before) === JSON.stringify(value);
    return same ? [] : [{ path, value }];
  });
}

function locateInBase(issue: PathIssue, base: Base): ConfigIssue {
  const text = pathText(issue.path, base.raw);
  const { source } = base;
  return locate(issue, source, source.file === undefined ? under(source.prefix.join("."), text) : text);
}

const under = (prefix: string, text: string): string => [prefix, text].filter((part) => part !== "").join(".");

/** None for a warning about a value that is the scenario's. */
function locateInTuning(issue: PathIssue, laid: Overlaid, base: Base, source: Source): ConfigIssue[] {
  const path = labelled(issue.path, laid.value);
  const write = laid.writes.findLast((candidate) => commonLength(candidate.path, path) === candidate.path.length);
  if (write !== undefined && write.value !== null) {
    const rest = issue.path.slice(write.path.length);
    const shown = isServerKernel(write) ? under(source.prefix.join("."), "kernel") : textInTuning(issue, laid, source);
    return [locate({ ...issue, path: [...write.source, ...rest] }, source, shown)];
  }
  if (isWarning(issue)) return [];
  const near = nearestWrite(laid.writes, path);
  if (near === undefined) return [locateInBase(issue, base)];
  // The value is the scenario's, but for this tuning it is wrong.
  const ofScenario = issue.code === "conflict" && valueAtLabels(base.raw, path) !== undefined;
  const hint = issue.hint ?? (ofScenario ? "the value is the scenario's; null in the tuning takes it away" : undefined);
  const moved: PathIssue = {
    code: issue.code,
    message: issue.message,
    path: near.source,
    ...(issue.atKey && { atKey: issue.atKey }),
    ...(hint === undefined ? {} : { hint }),
  };
  return [locate(moved, source, textInTuning(issue, laid, source))];
}

/** `kernel: X` at the top of a tuning. */
const isServerKernel = (write: Write): boolean => write.source.length === 1 && write.source[0] === "kernel";

const textInTuning = (issue: PathIssue, laid: Overlaid, source: Source): string =>
  under(source.prefix.join("."), pathText(issue.path, laid.value));

const sourceText = (source: Source, path: PathIssue["path"]): string =>
  [...source.prefix, ...path]
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part.slice(0, 80)}`))
    .join("")
    .slice(1);

function nearestWrite(writes: readonly Write[], path: readonly string[]): Write | undefined {
  let best: Write | undefined;
  let most = -1;
  for (const write of writes) {
    const common = commonLength(write.path, path);
    if (common < most) continue;
    best = write;
    most = common;
  }
  return best;
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}

/** Names of what metrics can be of, also in a scenario with faults. */
export function metricNamesOf(raw: unknown): { clients: string[]; floods: string[]; ports: number[] } {
  const listed = (value: unknown): Readonly<Record<string, unknown>>[] =>
    Array.isArray(value) ? value.filter(isMap) : [];
  const workloads = listed(isMap(raw) ? raw.workloads : null);
  const named = (isFlood: boolean): string[] =>
    workloads
      .filter(({ kind }) => (kind === "raw") === isFlood)
      .flatMap(({ name }) => (typeof name === "string" ? [name] : []));
  const server = isMap(raw) ? raw.server : null;
  const ports = listed(isMap(server) ? server.listeners : null).flatMap(({ port }) =>
    typeof port === "number" ? [port] : [],
  );
  return { clients: named(false), floods: named(true), ports };
}
