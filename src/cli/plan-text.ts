/** What `plan` prints for people: the question, the answer of each tuning with its reasons, what it costs, and every value that was simulated. */

import { formatNumber } from "../advise/plan-words.ts";
import type { Recovery } from "../advise/recover.ts";
import { formatBytes, formatSeconds } from "../base/units.ts";
import { formatMs, formatRatio } from "../index.ts";
import type { Cost, PlanHead, PlanPoint, PlanResult, TuningPlan } from "../results/plan-format.ts";
import { wrapped } from "./run-text.ts";
import { formatTable } from "./table.ts";

export function findText({ tunings: plans, ...head }: PlanResult): string {
  const parts = [question(head), ...plans.map((plan) => tuningText(plan, head))];
  return (plans.length > 1 ? [...parts, answersTable(plans, head)] : parts).join("\n");
}

/** What was asked with --recover. */
export interface RecoverHead {
  readonly name: string;
  readonly within_s: number;
  readonly seeds: readonly number[];
}

export function recoverText({ name, within_s, seeds }: RecoverHead, recoveries: readonly Recovery[]): string {
  const parts = recoveries.flatMap(({ tuning, usual, burst, pause }) => [
    `${tuning}: usual is ${formatRatio(usual.served_ratio)} served, p99 ${usual.p99_ms === null ? "-" : formatMs(usual.p99_ms)}\n`,
    tuningText({ ...burst, tuning: "burst" }, { key: "burst_clients", goal: "max" }, false),
    tuningText({ ...pause, tuning: "pause" }, { key: "pause_s", goal: "max" }, false),
  ]);
  const table = formatTable(
    ["tuning", "largest burst, clients at once", "longest pause, s"],
    recoveries.map(({ tuning, burst, pause }) => [tuning, answerText(burst, "max"), answerText(pause, "max")]),
  );
  const within = `all is as usual ${formatSeconds(within_s)} after it`;
  return [
    `${name}: the largest burst and the longest pause after which ${within} (${seeds.length} seeds)\n`,
    ...parts,
    table,
  ].join("\n");
}

function question({ name, goal, key, from, to, resolution, thresholds, default_thresholds, ...of }: PlanHead): string {
  const range = `${formatNumber(from)} to ${formatNumber(to)}, ${resolution}`;
  const seeds = `${of.seeds.length} seed${of.seeds.length === 1 ? "" : "s"}, ${formatSeconds(of.duration_s)} each`;
  const lines = thresholds.map(
    (text, index) =>
      `  ${text}${index < default_thresholds ? "   (the default: the experiment has no thresholds)" : ""}\n`,
  );
  return `${name}: the ${goal === "min" ? "smallest" : "largest"} ${key} with which\n${lines.join("")}(${range}; ${seeds})\n`;
}

function tuningText(plan: TuningPlan, { key, goal }: Pick<PlanHead, "key" | "goal">, withCosts = true): string {
  const { tuning, points, sentences } = plan;
  const costs = withCosts ? plan.costs : [];
  return [
    `${tuning}: ${answerText(plan, goal)}\n`,
    ...sentences.map((sentence) => `${wrapped(sentence)}\n`),
    "\n",
    ...(costs.length === 0 ? [] : [costTable(costs, key), "\n"]),
    pointsTable(points, key),
  ].join("");
}

function answerText({ status, value, interval }: TuningPlan, goal: PlanHead["goal"]): string {
  if (status === "interrupted") return "interrupted";
  if (status === "never" || value === null) return "no value is enough";
  if (status === "always") return `${formatNumber(value)} or ${goal === "min" ? "less" : "more"}`;
  const [low, high] = interval.map((end) => (end === null ? "?" : formatNumber(end)));
  return `${formatNumber(value)}${interval.every((end) => end === null) ? "" : ` (95 %: ${low} to ${high})`}`;
}

function answersTable(plans: readonly TuningPlan[], { key, goal }: PlanHead): string {
  return formatTable(
    ["tuning", key],
    plans.map((plan) => [plan.tuning, answerText(plan, goal)]),
  );
}

/** A column for each value. */
function costTable(costs: readonly Cost[], key: string): string {
  const rows: (readonly string[])[] = (costs[0]?.clients ?? []).flatMap(({ name }, index) => {
    const row = (what: string, cell: (clients: Cost["clients"][number]) => string): string[] => {
      return [
        `${name} ${what}`,
        ...costs.map(({ clients }) => (clients[index] === undefined ? "" : cell(clients[index]))),
      ];
    };
    const ms = (value: number | null): string => (value === null ? "-" : formatMs(value));
    return [
      row("served", ({ served_ratio }) => formatRatio(served_ratio)),
      row("connect p50, p99", (one) => `${ms(one.connect_p50_ms)}, ${ms(one.connect_p99_ms)}`),
      row("response p50, p99", (one) => `${ms(one.response_p50_ms)}, ${ms(one.response_p99_ms)}`),
    ];
  });
  const bytes = (of: (cost: Cost) => number): string[] => costs.map((cost) => formatBytes(of(cost)));
  return formatTable(
    ["what it costs", ...costs.map(({ value }) => `${lastPart(key)} ${formatNumber(value)}`)],
    [
      ...rows,
      ["memory of queues, peak", ...bytes(({ queues_peak_bytes }) => queues_peak_bytes)],
      ["memory of queues, full", ...bytes(({ queues_full_bytes }) => queues_full_bytes)],
    ],
    { right: "after the first" },
  );
}

const lastPart = (key: string): string => key.slice(key.lastIndexOf(".") + 1);

function pointsTable(points: readonly PlanPoint[], key: string): string {
  const thresholds = points[0]?.thresholds.map(({ threshold }) => threshold) ?? [];
  return formatTable(
    [`${lastPart(key)} tried`, ...thresholds.flatMap((threshold) => [threshold, "seeds"]), "all"],
    points.map(({ value, thresholds: each, holds, is_sure }) => [
      formatNumber(value),
      ...each.flatMap(({ value: found, interval, seeds_holding }) => [
        found === null
          ? "-"
          : `${formatNumber(found)}${interval === null ? "" : ` ±${formatNumber((interval[1] - interval[0]) / 2)}`}`,
        seeds_holding === null ? "-" : String(seeds_holding),
      ]),
      `${holds ? "holds" : "fails"}${is_sure ? "" : "?"}`,
    ]),
    { right: "after the first" },
  );
}
