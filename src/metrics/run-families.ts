/**
 * What a run that goes on has to say: its numbers as of one moment → families.
 *
 * Purpose     Everything is read from a RunView, the one reader of results; so what is exported is what `run` prints for the same moment.
 * Cost        Which series a run has follows from its spec, so they are made once (`runFamilies()`), and each moment brings their values alone.
 * Labels      `host` server or client; `workload`, `gate`, `outcome`, `queue`, `state`, `port`, `retransmits`: small closed sets.
 */
import { nsToSeconds } from "../base/units.ts";
import type { Host, LatencyName, RunView, WorkloadField } from "../results/run-view.ts";
import { COUNTER_NAMES } from "../vocabulary/counters.ts";
import { GATE_NAMES, type GateName } from "../vocabulary/gates.ts";
import { HALF_OPEN_BYTES } from "../vocabulary/memory.ts";
import { OUTCOME_NAMES, OUTCOMES } from "../vocabulary/outcomes.ts";
import { PACKET_CLASSES, RETRANSMIT_CLASSES, STATE_NAMES } from "../vocabulary/run-result.ts";
import { type RunSpec, WorkloadKind } from "../vocabulary/run-spec.ts";
import { cpuSeries } from "./cpu-families.ts";
import type { Family, FamilyDef, Labels, Sample } from "./family.ts";
import { histogramSeries, histogramValues, LATENCY_ENDS } from "./histogram.ts";
import { type EffectiveSetting, synAckBytes } from "./settings.ts";
import { family, kernelFamily, type MetricName } from "./table.ts";

/** What of a run stays as it is. */
export interface RunSubject {
  readonly spec: RunSpec;
  /** Names, in the order of the spec's. */
  readonly workloads: readonly string[];
  readonly kernel: string;
  /** Its place among the tunings of its experiment, from 1. */
  readonly slot: number;
  readonly settings: readonly EffectiveSetting[];
}

/** A run at a moment. */
export interface LiveRun {
  readonly view: RunView;
  readonly nowNs: number;
  /** In the order of the spec's workloads and listeners. */
  readonly offeredPerS: readonly number[];
  readonly queues: readonly { readonly syn: number; readonly accept: number }[];
  /** By SYN-ACK retransmissions. */
  readonly halfOpens: readonly number[];
  readonly loadChanges: number;
  readonly bindingGate: GateName;
}

export const HOSTS: readonly Host[] = ["server", "client"];

/** A family as of a moment; the same one each time, with other values. */
type LiveFamily = (run: LiveRun) => Family;

/** The families of a run, brought up to date by each call; the ones before are not to be read any more. */
export function runFamilies(subject: RunSubject): (run: LiveRun) => Family[] {
  const live: LiveFamily[] = [
    series("halfopen_run_info", [{ kernel: subject.kernel, mode: "paced", slot: subject.slot }], () => [1]),
    series("halfopen_simulated_seconds_total", [NO_LABELS], ({ nowNs }) => [nsToSeconds(nowNs)]),
    series("halfopen_load_changes_total", [NO_LABELS], ({ loadChanges }) => [loadChanges]),
    bindingGate(),
    ...workloadFamilies(subject),
    ...gateFamilies(subject),
    ...latencyFamilies(subject),
    ...queueFamilies(subject),
    ...hostFamilies(subject),
    ...portFamilies(subject),
    ...cpuSeries(subject.spec).map(({ name, labels, values }) => series(name, labels, ({ view }) => values(view))),
    series(
      "halfopen_tuning_value",
      subject.settings.map(({ name }) => ({ name })),
      () => subject.settings.map(({ value }) => value),
    ),
  ];
  return (run) => live.map((now) => now(run));
}

const NO_LABELS: Labels = {};

/** A family with one series for each of `labels`, in the order of what `values` answers. */
const series = (name: MetricName, labels: readonly Labels[], values: (run: LiveRun) => readonly number[]): LiveFamily =>
  updated(
    family(
      name,
      labels.map((own) => ({ labels: own, value: 0 })),
    ),
    values,
  );

function updated(one: Family, values: (run: LiveRun) => readonly number[]): LiveFamily {
  const samples: readonly Sample[] = one.samples;
  return (run) => {
    const now = values(run);
    for (let i = 0; i < samples.length; i++) (samples[i] as Sample).value = now[i] ?? Number.NaN;
    return one;
  };
}

/** The one family whose series change: its label is what it says. */
function bindingGate(): LiveFamily {
  const known = new Map<GateName, Family>();
  return ({ bindingGate: gate }) => {
    const now = known.get(gate) ?? family("halfopen_binding_gate", [{ labels: { gate }, value: 1 }]);
    known.set(gate, now);
    return now;
  };
}

/** Numbers of those workloads that are clients. */
const clientsOf = ({ spec }: RunSubject): number[] =>
  spec.workloads.flatMap(({ kind }, index) => (kind === WorkloadKind.Connections ? [index] : []));

/** One series for each of `workloads` and `words`, a workload's words together. */
const labelled = (
  subject: RunSubject,
  workloads: readonly number[],
  label: string,
  words: readonly string[],
): Labels[] => workloads.flatMap((index) => words.map((word) => ({ ...workloadLabel(subject, index), [label]: word })));

const workloadLabel = ({ workloads }: RunSubject, index: number): Labels => ({ workload: workloads[index] ?? "" });

const ENDED = OUTCOME_NAMES.filter((outcome) => OUTCOMES[outcome].family !== "in_flight");

function workloadFamilies(subject: RunSubject): LiveFamily[] {
  const all = subject.spec.workloads.map((_, index) => index);
  const clients = clientsOf(subject);
  const byWorkload = (name: MetricName, which: readonly number[], value: (run: LiveRun, index: number) => number) =>
    series(
      name,
      which.map((index) => workloadLabel(subject, index)),
      (run) => which.map((index) => value(run, index)),
    );
  const ofClients = (name: MetricName, field: WorkloadField) =>
    byWorkload(name, clients, ({ view }, index) => view.workloadField(index, field));
  return [
    byWorkload("halfopen_offered_rate", all, ({ offeredPerS }, index) => offeredPerS[index] ?? 0),
    byWorkload("halfopen_attempts_total", all, ({ view }, index) => view.workloadField(index, "sent")),
    ofClients("halfopen_attempts_established_total", "established"),
    ofClients("halfopen_users_total", "users"),
    ofClients("halfopen_users_served_total", "usersServed"),
    ofClients("halfopen_users_gave_up_total", "usersGaveUp"),
    ofClients("halfopen_responses_total", "responses"),
    series("halfopen_attempts_ended_total", labelled(subject, clients, "outcome", ENDED), ({ view }) =>
      clients.flatMap((index) => ENDED.map((outcome) => view.outcome(index, outcome))),
    ),
  ];
}

/** Every gate from the start on, so that rate() sees the first loss. */
function gateFamilies(subject: RunSubject): LiveFamily[] {
  const all = subject.spec.workloads.map((_, index) => index);
  const clients = clientsOf(subject);
  const losing = GATE_NAMES.filter((gate) => gate !== "none");
  const counted = (
    name: MetricName,
    field: "drops" | "failed" | "inFlight" | "waitNs",
    gates: readonly GateName[],
    which: readonly number[],
  ): LiveFamily => {
    const scale = field === "waitNs" ? 1e-9 : 1;
    return series(name, labelled(subject, which, "gate", gates), ({ view }) =>
      which.flatMap((index) => {
        const values = view.gates(index, field);
        return gates.map((gate) => (values[gate] ?? 0) * scale);
      }),
    );
  };
  return [
    counted("halfopen_drops_total", "drops", losing, all),
    counted("halfopen_attempts_failed_total", "failed", losing, clients),
    counted("halfopen_attempts_in_flight", "inFlight", GATE_NAMES, clients),
    counted("halfopen_wait_seconds_total", "waitNs", losing, clients),
  ];
}

function latencyFamilies(subject: RunSubject): LiveFamily[] {
  const clients = clientsOf(subject);
  const histogram = (name: MetricName, latency: LatencyName, sum: "connectSumUs" | "responseSumUs"): LiveFamily =>
    updated(
      family(
        name,
        clients.flatMap((index) => histogramSeries(workloadLabel(subject, index))),
      ),
      ({ view }) =>
        clients.flatMap((index) =>
          histogramValues(view.latenciesBelow(index, latency, LATENCY_ENDS), view.extreme(index, sum)),
        ),
    );
  return [
    histogram("halfopen_connect_latency_seconds", "connectLatency", "connectSumUs"),
    histogram("halfopen_response_latency_seconds", "responseLatency", "responseSumUs"),
  ];
}

const QUEUES = ["syn", "accept"] as const;

function queueFamilies({ spec }: RunSubject): LiveFamily[] {
  const { listeners } = spec;
  const byQueue = (
    name: MetricName,
    value: (run: LiveRun, listener: number, queue: (typeof QUEUES)[number]) => number,
  ): LiveFamily =>
    series(
      name,
      listeners.flatMap(({ port }, listener) => QUEUES.map((queue) => ({ port, listener, queue }))),
      (run) => listeners.flatMap((_, listener) => QUEUES.map((queue) => value(run, listener, queue))),
    );
  const spare = spec.server.synQueueSpare;
  return [
    byQueue("halfopen_queue_length", ({ queues }, listener, queue) => queues[listener]?.[queue] ?? 0),
    byQueue(
      "halfopen_queue_capacity",
      (_, listener, queue) => (listeners[listener]?.backlog ?? 0) + (queue === "syn" ? spare : 1),
    ),
    byQueue("halfopen_queue_full_seconds_total", ({ view }, listener, queue) =>
      nsToSeconds(view.listenerField(listener, queue === "syn" ? "synQueueFullNs" : "acceptQueueFullNs")),
    ),
    series(
      "halfopen_accepted_total",
      listeners.map(({ port }, listener) => ({ port, listener })),
      ({ view }) => listeners.map((_, listener) => view.listenerField(listener, "accepted")),
    ),
  ];
}

/** Sockets by the names of STATE_NAMES; a half-open request is in SYN_RECV for whoever looks. */
export function socketStates(view: RunView, host: Host): [string, number][] {
  const states = view.states(host);
  const requests = states[STATE_NAMES.indexOf("new_syn_recv")] ?? 0;
  return SHOWN_STATES.map(([state, index]): [string, number] => [
    state,
    (states[index] ?? 0) + (state === "syn_recv" ? requests : 0),
  ]);
}

const SHOWN_STATES = STATE_NAMES.flatMap((state, index): [string, number][] =>
  state === "" || state === "new_syn_recv" ? [] : [[state, index]],
);

/** Packets by class and direction, and how a result names them. Those of floods are among them. */
const PACKETS = PACKET_CLASSES.flatMap((kind) =>
  (["in", "out"] as const).map((direction) => ({ direction, class: kind, wire: `${direction}_${kind}` })),
);

/** Local ports of the clients, which run out by address pair. */
function portFamilies({ spec }: RunSubject): LiveFamily[] {
  const { portLow, portHigh, reservedPorts } = spec.client;
  const usable = portHigh - portLow + 1 - reservedPorts.length;
  return [
    series("halfopen_worst_pair_ports", [NO_LABELS], () => [usable]),
    series("halfopen_worst_pair_ports_peak", [NO_LABELS], ({ view }) => [view.worstPair("peak")]),
    series("halfopen_worst_pair_without_port_total", [NO_LABELS], ({ view }) => [view.worstPair("refused")]),
  ];
}

function hostFamilies({ spec }: RunSubject): LiveFamily[] {
  const synAck = synAckBytes(spec.server);
  const ofKernel = (def: FamilyDef, values: (run: LiveRun) => readonly number[]): LiveFamily =>
    updated({ ...def, samples: HOSTS.map((host) => ({ labels: { host }, value: 0 })) }, values);
  return [
    ...COUNTER_NAMES.map((name) =>
      ofKernel(kernelFamily(name), ({ view }) => HOSTS.map((host) => view.counter(host, name))),
    ),
    series(
      "halfopen_sockets",
      HOSTS.flatMap((host) => SHOWN_STATES.map(([state]) => ({ host, state }))),
      ({ view }) => HOSTS.flatMap((host) => socketStates(view, host).map(([, value]) => value)),
    ),
    series(
      "halfopen_half_open",
      Array.from({ length: RETRANSMIT_CLASSES }, (_, retransmits) => ({ retransmits })),
      ({ halfOpens }) => halfOpens,
    ),
    series("halfopen_half_open_bytes", [NO_LABELS], ({ halfOpens }) => [
      halfOpens.reduce((sum, count) => sum + count, 0) * HALF_OPEN_BYTES,
    ]),
    series(
      "halfopen_packets_total",
      PACKETS.map(({ direction, class: kind }) => ({ direction, class: kind })),
      ({ view }) => {
        const counts = view.wire();
        return PACKETS.map(({ wire }) => counts[wire] ?? 0);
      },
    ),
    series("halfopen_synack_bytes_total", [NO_LABELS], ({ view }) => [(view.wire().out_synack ?? 0) * synAck]),
  ];
}
