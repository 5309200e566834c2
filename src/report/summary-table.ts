/**
 * The summary table as data: a row per number, a cell per tuning.
 *
 * Why   A reader believes a number when its row says what was counted: each row has its help, each cell its range over the seeds and, to look up, the value of each seed.
 */
import type {
  ClientsSummary,
  ExperimentSummary,
  FloodSummary,
  Latencies,
  ListenerSummary,
  Measure,
  QueueSummary,
  SoftnetSummary,
  TuningSummary,
  WorstPairSummary,
} from "../results/summary-format.ts";
import { isNearlyOut } from "../results/worst-pair.ts";
import { GATE_NAMES, GATES, type GateName } from "../vocabulary/gates.ts";
import { UNSEEN, UNSEEN_NAMES } from "../vocabulary/unseen.ts";
import { distinct } from "./figure.ts";
import {
  bytesText,
  countText,
  millisecondsText,
  NOTHING,
  type NumberFormat,
  percentText,
  rangeText,
  secondsText,
} from "./number-text.ts";

export interface Cell {
  readonly text: string;
  /** The range over the seeds, or what else belongs to the number. */
  readonly note: string | null;
  /** Value of each seed. */
  readonly seeds: string | null;
  /** A limit was reached. */
  readonly isFull: boolean;
}

export interface Row {
  readonly label: string;
  readonly help: string | null;
  /** One per tuning. */
  readonly cells: readonly Cell[];
}

export interface RowGroup {
  readonly title: string;
  readonly rows: readonly Row[];
}

const EMPTY: Cell = { text: NOTHING, note: null, seeds: null, isFull: false };
/** More seeds than that make a tooltip that nobody reads. */
const MOST_SEEDS = 32;

export function summaryTable(summary: ExperimentSummary): RowGroup[] {
  const { tunings } = summary;
  const clients = distinct(tunings.flatMap((tuning) => tuning.clients.map(({ name }) => name)));
  const floods = distinct(tunings.flatMap((tuning) => tuning.floods.map(({ name }) => name)));
  const ports = distinct(tunings.flatMap((tuning) => tuning.listeners.map(({ port }) => port)));
  const groups = [
    ...clients.flatMap((name) => clientGroups(tunings, name)),
    ...ports.map((port) => listenerGroup(tunings, port)),
    serverGroup(tunings),
    cpusGroup(tunings),
    portsGroup(tunings),
    ...floods.map((name) => floodGroup(tunings, name)),
  ];
  return withHelpOnce(groups.filter(({ rows }) => rows.length > 0));
}

/** A gate stands in several groups; what it is, is said where it comes first. */
function withHelpOnce(groups: readonly RowGroup[]): RowGroup[] {
  const said = new Set<string>();
  const isNew = (help: string): boolean => !said.has(help) && said.add(help).has(help);
  return groups.map(({ title, rows }) => ({
    title,
    rows: rows.map((row) => ({ ...row, help: row.help !== null && isNew(row.help) ? row.help : null })),
  }));
}

type Pick<T> = (tuning: TuningSummary) => T | null | undefined;

function measureCell(measure: Measure | null | undefined, format: NumberFormat): Cell {
  if (measure === null || measure === undefined) return EMPTY;
  const { per_seed } = measure;
  const seeds = per_seed.length > 1 && per_seed.length <= MOST_SEEDS ? per_seed.map(format).join(", ") : null;
  return { text: format(measure.mean), note: rangeText(measure, format), seeds, isFull: false };
}

/** A row of one measure. No row if no tuning has it. */
function row(
  tunings: readonly TuningSummary[],
  label: string,
  help: string | null,
  pick: Pick<Measure>,
  format: NumberFormat = countText,
): Row[] {
  const cells = tunings.map((tuning) => measureCell(pick(tuning), format));
  return cells.every((cell) => cell === EMPTY) ? [] : [{ label, help, cells }];
}

/** Quantiles of all seeds together. */
function latencyRows(
  tunings: readonly TuningSummary[],
  label: string,
  help: string,
  names: readonly ("p50" | "p99" | "max")[],
  pick: Pick<Latencies>,
): Row[] {
  if (tunings.every((tuning) => (pick(tuning) ?? null) === null)) return [];
  return names.map((name, index) => ({
    label: `${label}, ${name}`,
    help: index === 0 ? help : null,
    cells: tunings.map((tuning): Cell => {
      const latencies = pick(tuning) ?? null;
      if (latencies === null) return EMPTY;
      const seeds =
        name === "p99" ? latencies.p99_per_seed.map((ms) => (ms === null ? NOTHING : millisecondsText(ms))) : [];
      const isListed = seeds.length > 1 && seeds.length <= MOST_SEEDS;
      return { ...EMPTY, text: millisecondsText(latencies[name]), seeds: isListed ? seeds.join(", ") : null };
    }),
  }));
}

/** A row for each gate that took something in at least one tuning. */
function gateRows(
  tunings: readonly TuningSummary[],
  pick: Pick<{ readonly [K in GateName]?: Measure }>,
  label: (title: string) => string,
  format: NumberFormat = countText,
): Row[] {
  const used = GATE_NAMES.filter((gate) => tunings.some((tuning) => (pick(tuning)?.[gate]?.most ?? 0) > 0));
  return used.flatMap((gate) => {
    const { title, help, knob } = GATES[gate];
    const why = knob === null ? help : `${help} Moved by ${knob}.`;
    return row(tunings, label(title), why, (tuning) => pick(tuning)?.[gate] ?? ZERO, format);
  });
}

/** Gates that took nothing are left out of a summary. */
const ZERO: Measure = { mean: 0, least: 0, most: 0, per_seed: [] };

/** CPUs that take time. */
function cpusGroup(tunings: readonly TuningSummary[]): RowGroup {
  const softnet = (label: string, help: string, pick: (of: SoftnetSummary) => Measure): Row[] =>
    row(tunings, label, help, (t) => (t.softnet === null ? null : pick(t.softnet)));
  return {
    title: "CPUs",
    rows: [
      ...row(
        tunings,
        "Softirq, busiest CPU",
        "Share of its time that received packets took.",
        (t) => t.cpu?.busiest_ratio,
        percentText,
      ),
      ...row(tunings, "Application", "Share of its CPUs' time that it had.", (t) => t.cpu?.app_ratio, percentText),
      ...latencyRows(
        tunings,
        "Waited for a CPU",
        "From a packet's arrival at the device to TCP.",
        ["p50", "p99"],
        (t) => t.receive_wait_ms,
      ),
      ...softnet("Dropped by the NIC", "The ring of its CPU was full.", (of) => of.ring_dropped),
      ...softnet("softnet dropped", "The backlog of its CPU was full (softnet_stat, column 2).", (of) => of.dropped),
      ...softnet("softnet time_squeeze", "Softirq rounds that ended with work left.", (of) => of.time_squeeze),
      ...softnet("softnet received_rps", "Interrupts from other CPUs by RPS.", (of) => of.received_rps),
    ],
  };
}

function clientGroups(tunings: readonly TuningSummary[], name: string): RowGroup[] {
  const of: Pick<ClientsSummary> = (tuning) => tuning.clients.find((clients) => clients.name === name);
  const retries = tunings.some((tuning) => {
    const clients = of(tuning);
    return clients !== undefined && clients !== null && clients.users.mean !== clients.attempted.mean;
  });
  return [
    {
      title: `Clients ${name}`,
      rows: [
        ...row(tunings, "Attempts", "Calls of connect().", (t) => of(t)?.attempted),
        ...row(
          tunings,
          "Clients in",
          "Share of the users who got all they came for: connected, and answered where they wait for an answer.",
          (t) => of(t)?.served_ratio,
          percentText,
        ),
        ...row(
          tunings,
          "Connected",
          "Share of the attempts whose connect() succeeded.",
          (t) => of(t)?.established_ratio,
          percentText,
        ),
        ...(retries ? row(tunings, "Users", "Arrivals. A user who fails may attempt again.", (t) => of(t)?.users) : []),
        ...(retries ? row(tunings, "Users who gave up", null, (t) => of(t)?.gave_up) : []),
        ...latencyRows(
          tunings,
          "Connect",
          "From connect() to connected, over all seeds together. Those who never connected are not in it.",
          ["p50", "p99", "max"],
          (t) => of(t)?.connect_latency_ms,
        ),
        ...latencyRows(
          tunings,
          "Response",
          "From connect() to the response; of further requests on a connection, from the request.",
          ["p50", "p99"],
          (t) => of(t)?.response_latency_ms,
        ),
        ...(retries
          ? latencyRows(
              tunings,
              "Served",
              "From a user's first attempt to being served.",
              ["p50", "p99"],
              (t) => of(t)?.user_latency_ms,
            )
          : []),
        ...latencyRows(
          tunings,
          "Gave up after",
          "How long the attempts that failed had taken.",
          ["p50", "max"],
          (t) => of(t)?.failed_after_ms,
        ),
      ],
    },
    { title: `Clients ${name}: in by SYN`, rows: stepRows(tunings, of) },
    {
      title: `Clients ${name}: attempts that failed, by gate`,
      rows: gateRows(
        tunings,
        (t) => of(t)?.failed,
        (title) => title,
      ),
    },
    {
      title: `Clients ${name}: in flight at the end, by the gate they wait on`,
      rows: gateRows(
        tunings,
        (t) => of(t)?.waiting,
        (title) => title,
      ),
    },
    {
      title: `Clients ${name}: packets lost, by gate`,
      rows: gateRows(
        tunings,
        (t) => of(t)?.drops,
        (title) => title,
      ),
    },
    {
      title: `Clients ${name}: time waited, by gate`,
      rows: gateRows(
        tunings,
        (t) => of(t)?.wait_s,
        (title) => title,
        secondsText,
      ),
    },
  ];
}

/** The comb. The k-th retransmission may leave at another time in another tuning; the row names the first tuning's that has it. */
function stepRows(tunings: readonly TuningSummary[], of: Pick<ClientsSummary>): Row[] {
  const steps = tunings.map((tuning) => of(tuning)?.steps ?? []);
  const count = Math.max(...steps.map(({ length }) => length));
  return Array.from({ length: count }, (_, step) => {
    const at = steps.find((own) => own.length > step)?.[step]?.at_s ?? 0;
    const help = step === 0 ? "Connected with the first SYN." : `Connected with SYN retransmission ${step}.`;
    return row(tunings, `after ${secondsText(at)}`, help, (t) =>
      of(t) ? (of(t)?.steps[step]?.established ?? ZERO) : null,
    );
  }).flat();
}

/** Of listeners that share a port the fullest: that is where clients are turned away first. */
function listenerGroup(tunings: readonly TuningSummary[], port: number): RowGroup {
  const of = (tuning: TuningSummary): ListenerSummary[] =>
    tuning.listeners.filter((listener) => listener.port === port);
  const isShared = tunings.some((tuning) => of(tuning).length > 1);
  const queue = (name: "accept_queue" | "syn_queue", title: string): Row[] => [
    {
      label: `${title}, peak`,
      help: `Most entries at one time, of those that it holds (backlog + 1)${isShared ? "; the fullest listener" : ""}.`,
      cells: tunings.map((tuning) => peakCell(of(tuning).map((listener) => listener[name]))),
    },
    ...row(
      tunings,
      `${title}, time at its limit`,
      null,
      (t) =>
        combined(
          of(t).map((l) => l[name].full_s),
          maximum,
        ),
      secondsText,
    ),
  ];
  return {
    title: `Listener on port ${port}`,
    rows: [
      ...queue("accept_queue", "Accept queue"),
      ...queue("syn_queue", "SYN queue"),
      ...row(tunings, "Accepted", "Successful calls of accept().", (t) =>
        combined(
          of(t).map((l) => l.accepted),
          sum,
        ),
      ),
      ...latencyRows(
        tunings,
        "Waited for accept()",
        "From the end of the handshake to accept().",
        ["p50", "p99", "max"],
        (t) => slowest(of(t)),
      ),
      ...row(
        tunings,
        "Workers busy",
        "Share of the workers' time that they held a connection.",
        (t) =>
          combined(
            of(t).flatMap((l) => l.workers_busy_ratio ?? []),
            mean,
          ),
        percentText,
      ),
    ],
  };
}

function peakCell(queues: readonly QueueSummary[]): Cell {
  const fullest = queues.reduce<QueueSummary | null>(
    (most, queue) =>
      most === null || queue.peak.mean / queue.capacity > most.peak.mean / most.capacity ? queue : most,
    null,
  );
  if (fullest === null) return EMPTY;
  const cell = measureCell(fullest.peak, countText);
  return {
    ...cell,
    text: `${cell.text} of ${countText(fullest.capacity)}`,
    isFull: fullest.peak.most >= fullest.capacity,
  };
}

const slowest = (listeners: readonly ListenerSummary[]): Latencies | null =>
  listeners.reduce<Latencies | null>(
    (most, { accept_wait_ms: own }) => (own !== null && (most === null || own.p99 > most.p99) ? own : most),
    null,
  );

const maximum = (values: readonly number[]): number => Math.max(...values);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

/** One measure of several, seed by seed. */
export function combined(measures: readonly Measure[], combine: (values: readonly number[]) => number): Measure | null {
  const [first] = measures;
  if (first === undefined || measures.length === 1) return first ?? null;
  const per_seed = first.per_seed.map((_, seed) => combine(measures.map((measure) => measure.per_seed[seed] ?? 0)));
  return { mean: mean(per_seed), least: Math.min(...per_seed), most: maximum(per_seed), per_seed };
}

/** What no kernel counts; no row where it did not happen. */
const unseenRows = (tunings: readonly TuningSummary[]): Row[] =>
  (["server_unseen", "client_unseen"] as const).flatMap((side) =>
    UNSEEN_NAMES.filter((name) => tunings.some((tuning) => tuning[side][name] !== undefined)).flatMap((name) => {
      const { title, help } = UNSEEN[name];
      const label = `${capitalized(title)}${side === "client_unseen" ? ", by clients" : ""}`;
      return row(tunings, label, help, (tuning) => tuning[side][name] ?? ZERO);
    }),
  );

/** The local ports of the address pair that had the fewest left. */
const portsGroup = (tunings: readonly TuningSummary[]): RowGroup => ({
  title: "Local ports of the worst address pair",
  rows: tunings.some(({ worst_pair }) => worst_pair !== null && isNearlyOut(worst_pair))
    ? [
        {
          label: "Taken, peak of usable",
          help: "Client address to server port; TIME_WAIT included.",
          cells: tunings.map(({ worst_pair: pair }) => (pair === null ? EMPTY : portsCell(pair))),
        },
        ...row(
          tunings,
          "Attempts without a port",
          "connect() failed with EADDRNOTAVAIL.",
          (t) => t.worst_pair?.without_port,
        ),
      ]
    : [],
});

function portsCell({ address, port, ports_peak, usable_ports }: WorstPairSummary): Cell {
  const cell = measureCell(ports_peak, countText);
  return {
    ...cell,
    text: `${cell.text} of ${countText(usable_ports)}`,
    note: `${address} to port ${port}`,
    isFull: ports_peak.most >= usable_ports,
  };
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const serverGroup = (tunings: readonly TuningSummary[]): RowGroup => ({
  title: "Server",
  rows: [
    ...row(tunings, "SYNs received", null, (t) => t.syns_in),
    ...row(tunings, "SYN-ACKs sent", null, (t) => t.synacks_out),
    ...row(
      tunings,
      "Amplification",
      "SYN-ACKs sent for each SYN received: what spoofed addresses get to see.",
      (t) => t.amplification_ratio,
    ),
    ...row(
      tunings,
      "Memory of half-opens",
      "Kernel memory of the most half-opens at one time.",
      (t) => t.half_open_peak_bytes,
      bytesText,
    ),
    ...unseenRows(tunings),
  ],
});

function floodGroup(tunings: readonly TuningSummary[], name: string): RowGroup {
  const of: Pick<FloodSummary> = (tuning) => tuning.floods.find((flood) => flood.name === name);
  return {
    title: `Flood ${name}`,
    rows: [
      ...row(tunings, "Packets sent", null, (t) => of(t)?.sent),
      ...row(tunings, "SYN-ACKs that it saw", null, (t) => of(t)?.synacks_seen),
      ...row(tunings, "SYN-ACKs that it answered", null, (t) => of(t)?.answered),
      ...gateRows(
        tunings,
        (t) => of(t)?.drops,
        (title) => `Lost: ${title}`,
      ),
    ],
  };
}
