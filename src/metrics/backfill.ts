/**
 * Backfill: the time lines of a finished job as an OpenMetrics file with time stamps, for `promtool tsdb create-blocks-from openmetrics`.
 *
 * Names       As those of a run that goes on (table.ts), so that one dashboard shows both, as far as there are time lines; with the labels that a scrape would
 *             add, since dashboards ask for them. What lines do not tell apart is summed: drops
 *             of clients have the workload `*` where there are several.
 * Time        The first seed's samples, at `startS` + simulated time; one more at the end, with the run's final numbers.
 * Source      OpenMetrics 1.0: samples of a metric stand together, those of a series in the order of time, the file ends with # EOF.
 */
import type { ClientsSummary, ExperimentSummary, Measure, TuningSummary } from "../results/summary-format.ts";
import type { CounterName } from "../vocabulary/counters.ts";
import type { FamilyDef, Labels } from "./family.ts";
import { kernelFamily, type MetricName, PACED_METRICS, RUN_METRICS } from "./table.ts";

/** Seconds before now at which a file ends by default: Prometheus refuses blocks that overlap its head of two hours and more. */
export const BACKFILL_AGE_S = 3 * 3600;

/** In place of a scrape's job. */
export const BACKFILL_JOB = "halfopen-backfill";

interface Line {
  readonly labels: Labels;
  readonly atS: readonly number[];
  readonly values: readonly (number | null)[];
}

/** ss's names of states → those of sockets' metrics. */
const STATES: Readonly<Record<string, string>> = {
  ...{ ESTAB: "established", "SYN-SENT": "syn_sent", "SYN-RECV": "syn_recv", "FIN-WAIT-1": "fin_wait1" },
  ...{ "FIN-WAIT-2": "fin_wait2", "TIME-WAIT": "time_wait", UNCONN: "close", "CLOSE-WAIT": "close_wait" },
  ...{ "LAST-ACK": "last_ack", LISTEN: "listen", CLOSING: "closing" },
};

/** The file in parts, family by family. `experiment`: as labels name it; `startS`: Unix time of the run's start. */
export function* backfillParts(experiment: string, summary: ExperimentSummary, startS: number): Generator<string> {
  const families = new Map<string, { readonly def: FamilyDef; readonly lines: Line[] }>();
  const scraped = { job: BACKFILL_JOB, instance: experiment };
  const add = (def: FamilyDef, line: Line): void => {
    const entry = families.get(def.name) ?? { def, lines: [] };
    families.set(def.name, entry);
    entry.lines.push({ ...line, labels: { experiment, ...line.labels, ...scraped } });
  };
  const [first] = summary.tunings;
  if (first !== undefined) add(...timeScale(first.lines.at_s));
  summary.tunings.forEach((tuning, index) => {
    for (const [def, line] of [infoOf(tuning, index + 1), ...linesOf(tuning, summary.duration_s)])
      add(def, { ...line, labels: { tuning: tuning.name, ...line.labels } });
  });
  for (const { def, lines } of families.values()) {
    const stem = def.type === "counter" ? def.name.replace(/_total$/, "") : def.name;
    yield `# HELP ${stem} ${escaped(def.help)}\n# TYPE ${stem} ${def.type}\n`;
    for (const line of lines) yield seriesText(def.name, line, startS);
  }
  yield "# EOF\n";
}

/** A second of the file is a simulated one. */
const timeScale = (atS: readonly number[]): [FamilyDef, Line] => [
  { name: "halfopen_time_scale", ...PACED_METRICS.halfopen_time_scale },
  { labels: {}, atS, values: atS.map(() => 1) },
];

/** What the tuning is, as long as it runs. `slot`: its place, from 1. */
const infoOf = ({ kernel, lines: { at_s: atS } }: TuningSummary, slot: number): [FamilyDef, Line] => [
  { name: "halfopen_run_info", ...RUN_METRICS.halfopen_run_info },
  { labels: { kernel, mode: "backfill", slot }, atS, values: atS.map(() => 1) },
];

function seriesText(name: string, { labels, atS, values }: Line, startS: number): string {
  const words = Object.entries(labels).map(([label, value]) => `${label}="${escaped(String(value))}"`);
  const series = `${name}{${words.join(",")}}`;
  let text = "";
  values.forEach((value, index) => {
    // Nobody listens then: there is no queue.
    if (value !== null) text += `${series} ${value} ${(startS + (atS[index] ?? 0)).toFixed(3)}\n`;
  });
  return text;
}

const escaped = (text: string): string => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"');

function* linesOf(tuning: TuningSummary, durationS: number): Generator<[FamilyDef, Line]> {
  const { lines } = tuning;
  const own = (name: MetricName & keyof typeof RUN_METRICS): FamilyDef => ({ name, ...RUN_METRICS[name] });
  /** A line of samples, and what it had come to in the end. */
  const withEnd = (labels: Labels, values: readonly (number | null)[], end: number): Line => ({
    labels,
    atS: [...lines.at_s, durationS],
    values: [...values, end],
  });
  const sampled = (labels: Labels, values: readonly (number | null)[]): Line => ({ labels, atS: lines.at_s, values });
  for (const [name, values] of entriesOf(lines.server_counters)) {
    const end = firstSeed(tuning.server_counters[name as CounterName]);
    yield [kernelFamily(name as CounterName), withEnd({ host: "server" }, values, end)];
  }
  for (const { port, syn, accept } of lines.queues) {
    yield [own("halfopen_queue_length"), sampled({ port, queue: "syn" }, syn)];
    yield [own("halfopen_queue_length"), sampled({ port, queue: "accept" }, accept)];
  }
  for (const { port, syn_queue, accept_queue } of tuning.listeners) {
    for (const [queue, { capacity }] of [
      ["syn", syn_queue],
      ["accept", accept_queue],
    ] as const)
      yield [
        own("halfopen_queue_capacity"),
        sampled(
          { port, queue },
          lines.at_s.map(() => capacity),
        ),
      ];
  }
  for (const [host, states] of [
    ["server", lines.server_states],
    ["client", lines.client_states],
  ] as const) {
    for (const [state, values] of entriesOf(states))
      yield [own("halfopen_sockets"), sampled({ host, state: STATES[state] ?? state }, values)];
  }
  const workload = nameOf(tuning.clients);
  for (const [gate, values] of entriesOf(lines.client_drops))
    yield [own("halfopen_drops_total"), withEnd({ workload, gate }, values, sumAtEnd(tuning.clients, "drops", gate))];
  for (const [gate, values] of entriesOf(lines.flood_drops))
    yield [
      own("halfopen_drops_total"),
      withEnd({ workload: nameOf(tuning.floods), gate }, values, sumAtEnd(tuning.floods, "drops", gate)),
    ];
  for (const [gate, values] of entriesOf(lines.client_failed))
    yield [
      own("halfopen_attempts_failed_total"),
      withEnd({ workload, gate }, values, sumAtEnd(tuning.clients, "failed", gate)),
    ];
  for (const { name, attempts, established, responses } of lines.per_second) {
    const counted = (perBin: readonly number[]): Line => ({
      labels: { workload: name },
      atS: perBin.map((_, bin) => Math.min(durationS, (bin + 1) * lines.second_s)),
      values: cumulated(perBin),
    });
    yield [own("halfopen_attempts_total"), counted(attempts)];
    yield [own("halfopen_attempts_established_total"), counted(established)];
    yield [own("halfopen_responses_total"), counted(responses)];
  }
}

const entriesOf = <T>(record: { readonly [name: string]: T | undefined }): [string, T][] =>
  Object.entries(record).flatMap(([name, value]): [string, T][] => (value === undefined ? [] : [[name, value]]));

/** Workloads of one kind that lines do not tell apart. */
const nameOf = (workloads: readonly { readonly name: string }[]): string =>
  workloads.length === 1 ? (workloads[0]?.name ?? "*") : "*";

const firstSeed = (measure: Measure | undefined): number => measure?.per_seed[0] ?? 0;

/** Of the first seed, over all workloads of a kind. */
const sumAtEnd = (
  workloads: readonly Partial<Pick<ClientsSummary, "drops" | "failed">>[],
  family: "drops" | "failed",
  gate: string,
): number =>
  workloads.reduce(
    (sum, one) => sum + firstSeed((one[family] as Readonly<Record<string, Measure>> | undefined)?.[gate]),
    0,
  );

function cumulated(perBin: readonly number[]): number[] {
  let sum = 0;
  return perBin.map((count) => (sum += count));
}
