/**
 * Summary table: what people read of an experiment, one column per tuning. For the terminal and Markdown; the page has rows of its own, with
 *             help and ranges in their cells (report/summary-table.ts).
 *
 * Units       In the cells: %, ms, s, KiB. Counts are means per run.
 * Invariants  Rows that say nothing in any tuning are left out. Every row has a cell for each tuning.
 */
import { formatBytes, formatCount } from "../base/units.ts";
import { GATE_NAMES, GATES, type GateName } from "../vocabulary/gates.ts";
import { UNSEEN, UNSEEN_NAMES } from "../vocabulary/unseen.ts";
import type {
  ClientsSummary,
  ExperimentSummary,
  Latencies,
  ListenerSummary,
  Measure,
  QueueSummary,
  TuningSummary,
  WorstPairSummary,
} from "./summary-format.ts";
import { isNearlyOut } from "./worst-pair.ts";

export interface TableRow {
  readonly label: string;
  /** One per tuning, in their order. */
  readonly cells: readonly string[];
}

export interface TableSection {
  readonly title: string;
  readonly rows: readonly TableRow[];
}

export function summaryTable(summary: ExperimentSummary): TableSection[] {
  const { tunings } = summary;
  const first = tunings[0];
  const clients = named(tunings, (tuning) => tuning.clients);
  const listeners = numbered(tunings);
  const sections = [
    ...clients.map(({ name, of }) => clientsSection(name, of)),
    ...listeners.map(({ title, of }) => listenerSection(title, of)),
    serverSection(tunings),
    cpusSection(tunings),
    portsSection(tunings),
    thresholdSection(summary),
  ];
  return first === undefined ? [] : sections.filter((section) => section.rows.length > 0);
}

/** 1234.5 → "1235", 2.25 → "2.3", 0 → "0": one decimal where it matters. */
export function formatMean(value: number): string {
  const isSmall = Math.abs(value) < 10 && !Number.isInteger(value);
  return isSmall ? value.toFixed(1) : formatCount(Math.round(value));
}

/** 0.9734 → "97.3 %"; what is not quite all, or not quite nothing, is not rounded to it. */
export function formatRatio(ratio: number): string {
  const percent = ratio * 100;
  if (percent > 0 && percent < 0.05) return "< 0.1 %";
  if (percent < 100 && percent >= 99.95) return "> 99.9 %";
  return `${percent === 100 || percent === 0 ? percent : percent.toFixed(1)} %`;
}

/** Milliseconds: "0.41 ms", "34 ms", "3.05 s". */
export function formatMs(ms: number): string {
  if (ms === 0) return "0";
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms >= 10 ? Math.round(ms) : ms.toFixed(2)} ms`;
}

/** The same workload in each tuning; undefined where a tuning does not have it. */
function named<T extends { readonly name: string }>(
  tunings: readonly TuningSummary[],
  of: (tuning: TuningSummary) => readonly T[],
): { name: string; of: (T | undefined)[] }[] {
  const names = [...new Set(tunings.flatMap((tuning) => of(tuning).map(({ name }) => name)))];
  return names.map((name) => ({ name, of: tunings.map((tuning) => of(tuning).find((one) => one.name === name)) }));
}

/** The same listener in each tuning; several of one port (reuseport) are told apart by their number. */
function numbered(tunings: readonly TuningSummary[]): { title: string; of: (ListenerSummary | undefined)[] }[] {
  const keys = new Map<string, (ListenerSummary | undefined)[]>();
  tunings.forEach((tuning, column) => {
    const seen = new Map<number, number>();
    for (const listener of tuning.listeners) {
      const n = (seen.get(listener.port) ?? 0) + 1;
      seen.set(listener.port, n);
      const title = `port ${listener.port}${n === 1 ? "" : `, listener ${n}`}`;
      const row = keys.get(title) ?? tunings.map(() => undefined);
      row[column] = listener;
      keys.set(title, row);
    }
  });
  return [...keys].map(([title, of]) => ({ title, of }));
}

const ABSENT = "-";
const cellsOf = <T>(of: readonly (T | undefined)[], text: (one: T) => string): string[] =>
  of.map((one) => (one === undefined ? ABSENT : text(one)));
const isSomewhere = <T>(of: readonly (T | undefined)[], value: (one: T) => Measure | undefined): boolean =>
  of.some((one) => one !== undefined && (value(one)?.mean ?? 0) !== 0);

function clientsSection(name: string, of: readonly (ClientsSummary | undefined)[]): TableSection {
  const row = (label: string, text: (one: ClientsSummary) => string): TableRow => ({ label, cells: cellsOf(of, text) });
  const count = (label: string, value: (one: ClientsSummary) => Measure | undefined): TableRow[] =>
    isSomewhere(of, value) ? [row(label, (one) => formatMean(value(one)?.mean ?? 0))] : [];
  const retried = of.some((one) => one !== undefined && one.attempted.mean > one.users.mean);
  const waited = of.some((one) => (one?.response_latency_ms?.count ?? 0) > 0);
  return {
    title: `clients "${name}"`,
    rows: [
      row("offered", (one) => formatMean(one.users.mean)),
      row("served", (one) => formatRatio(one.served_ratio.mean)),
      row("connected, of attempts", (one) => formatRatio(one.established_ratio.mean)),
      ...count("gave up", (one) => one.gave_up),
      ...count("in flight at the end", (one) => one.in_flight),
      ...(retried ? [row("attempts per client", (one) => perUser(one))] : []),
      ...latencyRows("connect", of, (one) => one.connect_latency_ms),
      ...failedAfterRows(of),
      ...(waited ? latencyRows("response", of, (one) => one.response_latency_ms) : []),
      ...(retried ? latencyRows("served after", of, (one) => one.user_latency_ms) : []),
      ...stepRows(of),
      ...gateRows("failed", of, (one) => one.failed),
      ...gateRows("packets lost", of, (one) => one.drops),
    ],
  };
}

const perUser = ({ attempted, users }: ClientsSummary): string =>
  users.mean === 0 ? ABSENT : (attempted.mean / users.mean).toFixed(2);

function latencyRows(
  what: string,
  of: readonly (ClientsSummary | undefined)[],
  latencies: (one: ClientsSummary) => Latencies | null,
): TableRow[] {
  return (["p50", "p99", "max"] as const).map((quantile) => ({
    label: `${what} ${quantile}`,
    cells: cellsOf(of, (one) => {
      const value = latencies(one)?.[quantile];
      return value === undefined ? ABSENT : formatMs(value);
    }),
  }));
}

/** How long those tried whose connect() failed. */
function failedAfterRows(of: readonly (ClientsSummary | undefined)[]): TableRow[] {
  if (of.every((one) => (one?.failed_after_ms?.count ?? 0) === 0)) return [];
  return latencyRows("connect failed after", of, (one) => one.failed_after_ms).slice(0, 1);
}

/** The comb: how many got in only by a later SYN, by the second at which that was due. */
function stepRows(of: readonly (ClientsSummary | undefined)[]): TableRow[] {
  const steps = of.flatMap((one) => one?.steps.slice(1) ?? []).filter(({ established }) => established.mean > 0);
  const seconds = [...new Set(steps.map(({ at_s }) => Math.round(at_s)))].sort((a, b) => a - b);
  return seconds.map((second) => ({
    label: `connected by the SYN due at ${second} s`,
    cells: cellsOf(of, (one) => {
      const step = one.steps.find(({ at_s }, k) => k > 0 && Math.round(at_s) === second);
      if (step !== undefined) return formatMean(step.established.mean);
      return (one.steps.at(-1)?.at_s ?? 0) > second ? ABSENT : "0";
    }),
  }));
}

function gateRows(
  what: string,
  of: readonly (ClientsSummary | undefined)[],
  family: (one: ClientsSummary) => { readonly [K in GateName]?: Measure },
): TableRow[] {
  return GATE_NAMES.filter((gate) => isSomewhere(of, (one) => family(one)[gate])).map((gate) => ({
    label: `${what}: ${GATES[gate].title}`,
    cells: cellsOf(of, (one) => formatMean(family(one)[gate]?.mean ?? 0)),
  }));
}

function listenerSection(title: string, of: readonly (ListenerSummary | undefined)[]): TableSection {
  const row = (label: string, text: (one: ListenerSummary) => string): TableRow => ({
    label,
    cells: cellsOf(of, text),
  });
  const queue = (name: string, value: (one: ListenerSummary) => QueueSummary): TableRow[] => [
    row(
      `${name}, peak of limit`,
      (one) => `${formatMean(value(one).peak.mean)} of ${formatCount(value(one).capacity)}`,
    ),
    ...(isSomewhere(of, (one) => value(one).full_s)
      ? [row(`${name}, time at the limit`, (one) => formatMs(value(one).full_s.mean * 1000))]
      : []),
  ];
  return {
    title,
    rows: [
      ...queue("SYN queue", (one) => one.syn_queue),
      ...queue("accept queue", (one) => one.accept_queue),
      ...(of.some((one) => (one?.accept_wait_ms?.p99 ?? 0) >= 1)
        ? [row("wait for accept(), p99", (one) => (one.accept_wait_ms ? formatMs(one.accept_wait_ms.p99) : ABSENT))]
        : []),
      ...(isSomewhere(of, (one) => one.workers_busy_ratio ?? undefined)
        ? [row("workers busy", (one) => (one.workers_busy_ratio ? formatRatio(one.workers_busy_ratio.mean) : ABSENT))]
        : []),
    ],
  };
}

function serverSection(tunings: readonly TuningSummary[]): TableSection {
  const row = (label: string, text: (tuning: TuningSummary) => string): TableRow => ({
    label,
    cells: tunings.map(text),
  });
  const counter = (label: string, name: keyof TuningSummary["server_counters"]): TableRow[] =>
    isSomewhere(tunings, (tuning) => tuning.server_counters[name])
      ? [row(label, (tuning) => formatMean(tuning.server_counters[name]?.mean ?? 0))]
      : [];
  return {
    title: "server",
    rows: [
      row("SYNs received", (tuning) => formatMean(tuning.syns_in.mean)),
      row("SYN-ACKs sent", (tuning) => formatMean(tuning.synacks_out.mean)),
      row("SYN-ACKs per SYN", (tuning) => tuning.amplification_ratio.mean.toFixed(2)),
      ...counter("SYN cookies sent", "TcpExtSyncookiesSent"),
      ...counter("SYN cookies taken back", "TcpExtSyncookiesRecv"),
      ...counter("TcpExtListenOverflows", "TcpExtListenOverflows"),
      ...counter("TcpExtListenDrops", "TcpExtListenDrops"),
      ...unseenRows(tunings),
      row("half-open memory, peak", (tuning) => formatBytes(Math.round(tuning.half_open_peak_bytes.mean))),
    ],
  };
}

/** CPUs that take time. */
function cpusSection(tunings: readonly TuningSummary[]): TableSection {
  const of = tunings.map(({ cpu, softnet, receive_wait_ms }) =>
    cpu === null || softnet === null ? undefined : { cpu, softnet, wait: receive_wait_ms },
  );
  type Cpus = NonNullable<(typeof of)[number]>;
  const row = (label: string, text: (one: Cpus) => string): TableRow => ({ label, cells: cellsOf(of, text) });
  const count = (label: string, name: keyof Cpus["softnet"]): TableRow[] =>
    isSomewhere(of, (one) => one.softnet[name]) ? [row(label, (one) => formatMean(one.softnet[name].mean))] : [];
  if (of.every((one) => one === undefined)) return { title: "CPUs", rows: [] };
  return {
    title: "CPUs",
    rows: [
      row("softirq, of the busiest CPU", (one) => formatRatio(one.cpu.busiest_ratio.mean)),
      row("application, of its CPUs", (one) => formatRatio(one.cpu.app_ratio.mean)),
      row("packet waited for the CPU, p99", (one) => (one.wait === null ? ABSENT : formatMs(one.wait.p99))),
      ...count("dropped by the NIC, ring full", "ring_dropped"),
      ...count("softnet dropped, backlog full", "dropped"),
      ...count("softnet time_squeeze", "time_squeeze"),
      ...count("softnet received_rps", "received_rps"),
      ...count("softnet flow_limit_count", "flow_limit_count"),
    ],
  };
}

/** What no kernel counts. */
function unseenRows(tunings: readonly TuningSummary[]): TableRow[] {
  return (["server_unseen", "client_unseen"] as const).flatMap((side) =>
    UNSEEN_NAMES.filter((name) => isSomewhere(tunings, (tuning) => tuning[side][name])).map((name) => ({
      label: `${UNSEEN[name].title}${side === "client_unseen" ? ", by clients" : ""}`,
      cells: tunings.map((tuning) => formatMean(tuning[side][name]?.mean ?? 0)),
    })),
  );
}

/** Local ports, where they ran out or nearly did. */
function portsSection(tunings: readonly TuningSummary[]): TableSection {
  const pairs = tunings.map(({ worst_pair }) => worst_pair ?? undefined);
  const isShort = pairs.some((pair) => pair !== undefined && isNearlyOut(pair));
  const row = (label: string, text: (pair: WorstPairSummary) => string): TableRow => ({
    label,
    cells: cellsOf(pairs, text),
  });
  return {
    title: "local ports of the worst address pair",
    rows: isShort
      ? [
          row("client address, server port", ({ address, port }) => `${address}, ${port}`),
          row(
            "taken, peak of usable",
            (pair) => `${formatMean(pair.ports_peak.mean)} of ${formatCount(pair.usable_ports)}`,
          ),
          row("attempts without a port", ({ without_port }) => formatMean(without_port.mean)),
        ]
      : [],
  };
}

function thresholdSection({ thresholds, tunings }: ExperimentSummary): TableSection {
  const texts = [...new Set(thresholds.map(({ threshold }) => threshold))];
  return {
    title: "thresholds",
    rows: texts.map((text) => ({
      label: text,
      cells: tunings.map(({ name }) => {
        const result = thresholds.find(({ threshold, tuning }) => threshold === text && tuning === name);
        return result === undefined ? ABSENT : result.holds ? "holds" : "FAILS";
      }),
    })),
  };
}
