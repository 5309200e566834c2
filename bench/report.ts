/** What was measured, as a table for people and for bench/RESULTS.md. */
import { availableParallelism, cpus } from "node:os";
import type { Scavenges } from "./scavenges.ts";
import { least, median, most } from "./statistics.ts";
import type { Workload } from "./workloads.ts";

/** One workload: one number a round for each program, wall-clock seconds. */
export interface Figures {
  readonly workload: Workload;
  /** Simulated. */
  readonly seconds: number;
  readonly halfopenS: readonly number[];
  /** Empty: no C compiler. */
  readonly limitS: readonly number[];
  /** Empty: no previous commit. */
  readonly previousS: readonly number[];
  readonly connections: number;
  readonly checksum: string;
}

const HEADER = [
  "workload",
  "engine",
  "limit.c ms/s",
  "halfopen ms/s",
  "× limit.c",
  "spread",
  "simulated s/s",
  "µs/connection",
  "× previous",
  "goal",
  "checksum",
];

export function figuresTable(all: readonly Figures[]): string {
  return table([HEADER, ...all.map(row)]);
}

/** `ms/s`: milliseconds of wall-clock time per simulated second. Ratios are medians of the rounds' own ratios; more is faster. */
function row(figures: Figures): string[] {
  const { workload, seconds, halfopenS, limitS, previousS, checksum } = figures;
  const perSimulatedS = (wallS: readonly number[]): string =>
    wallS.length === 0 ? "-" : ((1000 * median(wallS)) / seconds).toFixed(3);
  const toLimit = ratios(limitS, halfopenS);
  return [
    workload.name,
    workload.engine,
    perSimulatedS(limitS),
    perSimulatedS(halfopenS),
    toLimit.length === 0 ? "-" : median(toLimit).toFixed(2),
    toLimit.length === 0 ? "-" : `${least(toLimit).toFixed(2)}-${most(toLimit).toFixed(2)}`,
    simulatedPerS(figures).toFixed(simulatedPerS(figures) < 100 ? 1 : 0),
    usPerConnection(figures).toFixed(2),
    previousS.length === 0 ? "-" : median(ratios(previousS, halfopenS)).toFixed(2),
    goalCell(figures),
    checksum,
  ];
}

const ratios = (other: readonly number[], own: readonly number[]): number[] =>
  other.map((s, round) => s / (own[round] ?? Number.NaN));

const simulatedPerS = ({ seconds, halfopenS }: Figures): number => seconds / median(halfopenS);

function goalCell(figures: Figures): string {
  const { ratio, simulatedPerS: speed, connectionUs } = figures.workload.goal ?? {};
  if (ratio !== undefined && figures.limitS.length > 0) {
    return `${met(median(ratios(figures.limitS, figures.halfopenS)) >= ratio)}: × limit.c >= ${ratio}`;
  }
  if (connectionUs !== undefined) return `${met(usPerConnection(figures) <= connectionUs)}: µs <= ${connectionUs}`;
  return speed === undefined ? "-" : `${met(simulatedPerS(figures) >= speed)}: s/s >= ${speed}`;
}

const usPerConnection = ({ halfopenS, connections }: Figures): number => (1e6 * median(halfopenS)) / connections;

const met = (isMet: boolean): string => (isMet ? "met" : "missed");

export function scavengesTable(all: readonly (readonly [string, Scavenges])[]): string {
  const rows = all.map(([name, { afterWarmUp, duringWarmUp }]) => [name, String(afterWarmUp), String(duringWarmUp)]);
  return table([["workload", "scavenges in 2 warm runs", "in the 3 runs before"], ...rows]);
}

/** Markdown, in columns. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((cells) => (cells[column] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => `${"-".repeat(width + 1)}:`).join("|")}|`;
  return [line(rows[0] ?? []), rule, ...rows.slice(1).map(line)].join("\n");
}

export function machine(): string {
  const model = (cpus()[0]?.model ?? "unknown processor").trim();
  return `${model}, ${availableParallelism()} cores; ${process.platform} ${process.arch}; Node ${process.versions.node}`;
}
