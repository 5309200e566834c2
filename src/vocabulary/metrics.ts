/**
 * Metrics: the numbers of a tuning's summary by name, as thresholds and differences use them: `legit.connect_latency_ms.p99`.
 *
 * Purpose     Config checks the names of thresholds against this table, results reads values by it, the reference page is made from it.
 * Units       In each row; counts are per run, the mean over the seeds.
 * Invariants  Every name is `<subject>.<key>`, or the key alone for the whole tuning. Names of workloads may hold dots and may be the word of another
 *             family (`server`): no two readings of one metric are both valid, because no key is another one's end.
 */
import { nearest } from "../base/nearest.ts";
import { COUNTER_NAMES } from "./counters.ts";
import { GATE_NAMES, type GateName } from "./gates.ts";
import { OUTCOME_NAMES, OUTCOMES } from "./outcomes.ts";
import type { Scenario } from "./scenario.ts";
import { UNSEEN_NAMES } from "./unseen.ts";

/** Which values are good news; null: neither. */
export type Better = "up" | "down" | null;

/** What a metric belongs to: a workload of clients or of bare packets, a listener, the counters of a host, or the whole tuning. */
export const METRIC_SUBJECTS = {
  clients: "<clients workload>",
  flood: "<raw workload>",
  listener: "listeners.<port>",
  server: "server",
  client: "client",
  tuning: "",
} as const;
export type MetricSubject = keyof typeof METRIC_SUBJECTS;

export interface MetricDef {
  readonly subject: MetricSubject;
  /** Below its subject, with `<gate>` and the like where a word of a closed set stands. */
  readonly name: string;
  readonly unit: string;
  readonly better: Better;
  readonly meaning: string;
}

const row =
  (subject: MetricSubject) =>
  (name: string, unit: string, better: Better, meaning: string): MetricDef => ({
    subject,
    name,
    unit,
    better,
    meaning,
  });
const clients = row("clients");
const flood = row("flood");
const listener = row("listener");
const tuning = row("tuning");

export const METRICS: readonly MetricDef[] = [
  clients("users", "users", null, "Arrivals; a user who tries again is still one."),
  clients("served", "users", "up", "Users who got all they came for."),
  clients("gave_up", "users", "down", "Users who failed and will not try again."),
  clients("in_flight", "users", null, "Users who were neither served nor gave up at the end of the run."),
  clients("attempted", "attempts", null, "Calls of connect()."),
  clients("established", "attempts", "up", "Attempts whose connect() succeeded."),
  clients("responses", "responses", "up", "Responses that clients received."),
  clients("served_ratio", "ratio", "up", "served / users."),
  clients("established_ratio", "ratio", "up", "established / attempted."),
  clients(
    "outcomes.<outcome>",
    "attempts",
    null,
    "Attempts by how they ended; more completed and fewer failed are better.",
  ),
  clients("failed.<gate>", "attempts", "down", "Attempts that failed, by the gate that took their last try."),
  clients("drops.<gate>", "packets", "down", "Packets of these clients that were lost, by gate."),
  clients("waiting.<wait>", "attempts", "down", "Attempts in flight at the end, by the gate that they wait on."),
  clients("wait_s.<gate>", "s", "down", "Sum over the attempts of the time that they waited for the gate."),
  clients("connect_latency_ms.<quantile>", "ms", "down", "From connect() to its success, of those that succeeded."),
  clients(
    "response_latency_ms.<quantile>",
    "ms",
    "down",
    "From connect() to the response; of further requests on a connection, from the request.",
  ),
  clients("user_latency_ms.<quantile>", "ms", "down", "From a user's first attempt to being served."),
  clients("failed_after_ms.<quantile>", "ms", null, "From connect() to failure, of attempts that never connected."),
  flood("sent", "packets", null, "Packets that the workload sent."),
  flood("answered", "packets", null, "SYN-ACKs that the workload answered."),
  flood("synacks_seen", "packets", "down", "SYN-ACKs that reached the workload."),
  flood("drops.<gate>", "packets", null, "Packets of this workload that were lost, by gate."),
  listener("accept_queue.peak", "connections", null, "Most connections that waited for accept() at one time."),
  listener("accept_queue.full_s", "s", "down", "Time for which the accept queue was full."),
  listener("syn_queue.peak", "connections", null, "Most half-open connections at one time."),
  listener("syn_queue.full_s", "s", "down", "Time for which the SYN queue was full."),
  listener("accepted", "connections", "up", "Connections that accept() returned."),
  listener("accept_wait_ms.<quantile>", "ms", "down", "From the end of the handshake to accept()."),
  listener("workers_busy_ratio", "ratio", null, "Share of the workers' time for which they held a connection."),
  row("server")("<counter>", "as the kernel's", null, "Counter of the server's kernel, as nstat names it."),
  row("client")("<counter>", "as the kernel's", null, "Counter of the clients' kernel, as nstat names it."),
  row("server")("<unseen>", "as listed", "down", "What happened at the server and no kernel counts."),
  row("client")("<unseen>", "as listed", "down", "What happened at the clients and no kernel counts."),
  tuning(
    "worst_pair.ports_peak",
    "ports",
    null,
    "Most local ports taken at a time, TIME_WAIT included, of the client address and server port with the fewest left.",
  ),
  tuning("worst_pair.without_port", "attempts", "down", "Attempts of that pair that found no local port."),
  tuning("gates.<gate>", "packets", "down", "Packets of all clients that were lost, by gate."),
  tuning(
    "failed.<gate>",
    "attempts",
    "down",
    "Attempts of all clients that failed, by the gate that took their last try.",
  ),
  tuning("syns_in", "packets", null, "SYNs that reached the server."),
  tuning("synacks_out", "packets", "down", "SYN-ACKs that the server sent."),
  tuning("amplification_ratio", "ratio", "down", "SYN-ACKs sent for each SYN received."),
  tuning("cpu.softirq_ratio", "ratio", "down", "Share of the time of the CPUs that receive, taken by the softirq."),
  tuning("cpu.busiest_ratio", "ratio", "down", "The same of the busiest of them."),
  tuning("cpu.app_ratio", "ratio", null, "Share of the time of the application's CPUs that it had."),
  tuning("softnet.processed", "packets", null, "Packets that were handed to IP (softnet_stat, column 1)."),
  tuning("softnet.dropped", "packets", "down", "Packets that a full backlog dropped (softnet_stat, column 2)."),
  tuning("softnet.time_squeeze", "rounds", null, "Softirq rounds that ended with work left (softnet_stat, column 3)."),
  tuning("softnet.received_rps", "interrupts", null, "Interrupts from other CPUs by RPS (softnet_stat, column 10)."),
  tuning("softnet.flow_limit_count", "packets", "down", "Packets that flow_limit dropped (softnet_stat, column 11)."),
  tuning("softnet.ring_dropped", "packets", "down", "Packets that the NIC dropped because a ring was full."),
  tuning("receive_wait_ms.<quantile>", "ms", "down", "From a packet's arrival at the device to TCP."),
  tuning("half_open_peak_bytes", "bytes", "down", "Kernel memory of the most half-open connections at one time."),
];

export const QUANTILES = ["mean", "p50", "p90", "p99", "p999", "max"] as const;
const LOSING_GATES: readonly GateName[] = GATE_NAMES.filter((gate) => gate !== "none");

/** The closed sets that stand in the names. */
export const METRIC_WORDS: Readonly<Record<string, readonly string[]>> = {
  "<outcome>": OUTCOME_NAMES,
  "<gate>": LOSING_GATES,
  /** `none`: still within its normal course. */
  "<wait>": GATE_NAMES,
  "<quantile>": QUANTILES,
  "<counter>": COUNTER_NAMES,
  "<unseen>": UNSEEN_NAMES,
};

/** Keys of each subject, with the words put in → their rows. */
const KEYS: Readonly<Record<MetricSubject, ReadonlyMap<string, MetricDef>>> = {
  clients: keysOf("clients"),
  flood: keysOf("flood"),
  listener: keysOf("listener"),
  server: keysOf("server"),
  client: keysOf("client"),
  tuning: keysOf("tuning"),
};

function keysOf(subject: MetricSubject): Map<string, MetricDef> {
  const keys = new Map<string, MetricDef>();
  for (const def of METRICS.filter((metric) => metric.subject === subject)) {
    const placeholder = /<\w+>/.exec(def.name)?.[0];
    const words = placeholder === undefined ? undefined : METRIC_WORDS[placeholder];
    if (placeholder === undefined || words === undefined) keys.set(def.name, def);
    else
      for (const word of words) keys.set(def.name.replace(placeholder, word), { ...def, better: betterOf(def, word) });
  }
  return keys;
}

function betterOf(def: MetricDef, word: string): Better {
  if (!def.name.startsWith("outcomes.")) return def.better;
  const family = OUTCOMES[word as keyof typeof OUTCOMES].family;
  return family === "completed" ? "up" : family === "failed" ? "down" : null;
}

/** What an experiment has that metrics can be of. */
export interface MetricNames {
  /** Names of the workloads of kind connections. */
  readonly clients: readonly string[];
  /** Names of those of kind raw. */
  readonly floods: readonly string[];
  /** Of the listeners. */
  readonly ports: readonly number[];
}

export const namesOf = ({ workloads, server }: Pick<Scenario, "workloads" | "server">): MetricNames => ({
  clients: workloads.filter(({ kind }) => kind === "connections").map(({ name }) => name),
  floods: workloads.filter(({ kind }) => kind === "raw").map(({ name }) => name),
  ports: server.listeners.map(({ port }) => port),
});

/** A metric taken apart: `legit.failed.app` → clients, "legit", "failed.app". */
export interface MetricReference {
  readonly subject: MetricSubject;
  /** Name of the workload or port of the listener; else empty. */
  readonly of: string;
  readonly key: string;
  readonly def: MetricDef;
}

export interface MetricFault {
  readonly message: string;
  readonly hint: string;
}

interface Reading {
  readonly subject: MetricSubject;
  readonly of: string;
  readonly key: string;
}

/** The metric taken apart, or null for one that there is not. */
export function resolveMetric(metric: string, names: MetricNames): MetricReference | null {
  for (const reading of readingsOf(metric, names)) {
    const def = KEYS[reading.subject].get(reading.key);
    if (def !== undefined) return { ...reading, def };
  }
  return null;
}

/** Which values of the metric are good news; null: neither, or no such metric. */
export const metricBetter = (metric: string, names: MetricNames): Better =>
  resolveMetric(metric, names)?.def.better ?? null;

/** Every metric that there is of these names, in the order of the table, subject by subject. */
export const metricsOf = (names: MetricNames): string[] =>
  subjectsOf(names)
    .flatMap(({ prefix, subject }) => [...KEYS[subject].keys()].map((key) => `${prefix}.${key}`))
    .concat([...KEYS.tuning.keys()]);

/** Why there is no such metric, with the nearest one; null if there is one. */
export function metricFault(metric: string, names: MetricNames): MetricFault | null {
  if (resolveMetric(metric, names) !== null) return null;
  const subjects = subjectsOf(names);
  // The subject is right, its key is not.
  const readings = readingsOf(metric, names).filter(({ subject }) => subject !== "tuning");
  const [reading] = readings;
  if (reading) {
    const message = `there is no metric ${quoted(reading.key)} of ${quoted(metric.slice(0, -reading.key.length - 1))}`;
    for (const { subject, key } of readings) {
      const meant = nearestKey(subject, key);
      if (meant) return { message, hint: `did you mean ${metric.slice(0, -key.length)}${meant}?` };
    }
    return { message, hint: keysHint(reading.subject, reading.key) };
  }
  const ofTuning = nearest(metric, KEYS.tuning.keys());
  const meant = ofTuning ?? nearestWithSubject(metric, subjects);
  const message = `there is no metric ${quoted(metric)}`;
  return { message, hint: meant ? `did you mean ${meant}?` : subjectsHint(subjects) };
}

/** All ways to read a metric, without a look at whether its key exists. */
function readingsOf(metric: string, names: MetricNames): Reading[] {
  const readings = subjectsOf(names)
    .filter(({ prefix }) => metric.startsWith(`${prefix}.`))
    .map(({ prefix, subject, of }) => ({ subject, of, key: metric.slice(prefix.length + 1) }));
  return [...readings, { subject: "tuning", of: "", key: metric }];
}

interface Subject {
  readonly prefix: string;
  readonly subject: MetricSubject;
  readonly of: string;
}

const subjectsOf = ({ clients, floods, ports }: MetricNames): Subject[] => [
  ...clients.map((of): Subject => ({ prefix: of, subject: "clients", of })),
  ...floods.map((of): Subject => ({ prefix: of, subject: "flood", of })),
  ...[...new Set(ports)].map(
    (port): Subject => ({ prefix: `listeners.${port}`, subject: "listener", of: String(port) }),
  ),
  { prefix: "server", subject: "server", of: "" },
  { prefix: "client", subject: "client", of: "" },
];

/** nstat's names have their group in front, which people leave out. */
function nearestKey(subject: MetricSubject, key: string): string | undefined {
  const keys = KEYS[subject];
  const grouped = ["TcpExt", "Tcp", "Ip"].map((group) => `${group}${key}`).find((name) => keys.has(name));
  const lastPart = [...keys.keys()].find((name) => name.endsWith(`.${key}`) && name.startsWith("drops."));
  return grouped ?? nearest(key, keys.keys()) ?? lastPart;
}

/** For a subject that was mistyped too: as many parts of the metric as the subject has are compared with it. */
function nearestWithSubject(metric: string, subjects: readonly Subject[]): string | undefined {
  const parts = metric.split(".");
  for (const { prefix, subject } of subjects) {
    const length = prefix.split(".").length;
    const head = parts.slice(0, length).join(".");
    if (nearest(head, [prefix]) === undefined) continue;
    const key = parts.slice(length).join(".");
    const meant = KEYS[subject].has(key) ? key : nearestKey(subject, key);
    if (meant !== undefined) return `${prefix}.${meant}`;
  }
  return undefined;
}

const MOST_LISTED = 12;

function keysHint(subject: MetricSubject, key: string): string {
  const names = METRICS.filter((def) => def.subject === subject).map(({ name }) => name);
  const placeholder = names.find((name) => name.startsWith(`${key.split(".")[0]}.<`))?.split(".")[1];
  const words = placeholder === undefined ? undefined : METRIC_WORDS[placeholder];
  return words ? `${placeholder} is one of ${words.join(", ")}` : `there are ${names.join(", ")}`;
}

function subjectsHint(subjects: readonly Subject[]): string {
  const listed = subjects.slice(0, MOST_LISTED).map(({ prefix }) => `${prefix}. ...`);
  return `metrics begin with ${listed.join(", ")}, or are ${METRICS.filter(({ subject }) => subject === "tuning")
    .map(({ name }) => name)
    .join(", ")}`;
}

const quoted = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
