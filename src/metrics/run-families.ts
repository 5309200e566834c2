/**
 * What a run that goes on has to say: its numbers as of one moment → families.
 *
 * Purpose     Everything is read from a RunView, the one reader of results; so what is exported is what `run` prints for the same moment.
 * Labels      `host` server or client; `workload`, `gate`, `outcome`, `queue`, `state`, `port`, `retransmits`: small closed sets.
 */
import { nsToSeconds } from "../base/units.ts";
import type { Host, LatencyName, RunView, WorkloadField } from "../results/run-view.ts";
import { COUNTER_NAMES } from "../vocabulary/counters.ts";
import { GATE_NAMES, type GateName } from "../vocabulary/gates.ts";
import { HALF_OPEN_BYTES } from "../vocabulary/memory.ts";
import { OUTCOME_NAMES, OUTCOMES } from "../vocabulary/outcomes.ts";
import { STATE_NAMES } from "../vocabulary/run-result.ts";
import { WorkloadKind } from "../vocabulary/run-spec.ts";
import { cpuFamilies } from "./cpu-families.ts";
import type { Family, Labels, Sample } from "./family.ts";
import { histogramSamples } from "./histogram.ts";
import { type EffectiveSetting, synAckBytes } from "./settings.ts";
import { family, kernelFamily, type MetricName, single } from "./table.ts";

/** A run at a moment. */
export interface LiveRun {
  readonly view: RunView;
  readonly nowNs: number;
  /** In the order of the spec's workloads and listeners. */
  readonly workloads: readonly { readonly name: string; readonly offeredPerS: number }[];
  readonly queues: readonly { readonly syn: number; readonly accept: number }[];
  /** By SYN-ACK retransmissions. */
  readonly halfOpens: readonly number[];
  readonly loadChanges: number;
  readonly bindingGate: GateName;
  readonly kernel: string;
  readonly settings: readonly EffectiveSetting[];
}

export const HOSTS: readonly Host[] = ["server", "client"];

export function runFamilies(run: LiveRun): Family[] {
  return [
    family("halfopen_run_info", [{ labels: { kernel: run.kernel, mode: "paced" }, value: 1 }]),
    single("halfopen_simulated_seconds_total", nsToSeconds(run.nowNs)),
    single("halfopen_load_changes_total", run.loadChanges),
    family("halfopen_binding_gate", [{ labels: { gate: run.bindingGate }, value: 1 }]),
    ...workloadFamilies(run),
    ...gateFamilies(run),
    ...latencyFamilies(run),
    ...queueFamilies(run),
    ...hostFamilies(run),
    ...cpuFamilies(run.view),
    family(
      "halfopen_tuning_value",
      run.settings.map(({ name, value }) => ({ labels: { name }, value })),
    ),
  ];
}

/** `of`: the labels of sample i and its value, for all workloads. */
const byWorkload = ({ workloads }: LiveRun, of: (index: number, labels: Labels) => Sample[]): Sample[] =>
  workloads.flatMap(({ name }, index) => of(index, { workload: name }));

const isClients = ({ view }: LiveRun, index: number): boolean =>
  view.spec.workloads[index]?.kind === WorkloadKind.Connections;

function workloadFamilies(run: LiveRun): Family[] {
  const { view } = run;
  const ofClients = (name: MetricName, field: WorkloadField): Family =>
    family(
      name,
      byWorkload(run, (index, labels) =>
        isClients(run, index) ? [{ labels, value: view.workloadField(index, field) }] : [],
      ),
    );
  return [
    family(
      "halfopen_offered_rate",
      byWorkload(run, (index, labels) => [{ labels, value: run.workloads[index]?.offeredPerS ?? 0 }]),
    ),
    family(
      "halfopen_attempts_total",
      byWorkload(run, (index, labels) => [{ labels, value: view.workloadField(index, "sent") }]),
    ),
    ofClients("halfopen_attempts_established_total", "established"),
    ofClients("halfopen_users_total", "users"),
    ofClients("halfopen_users_served_total", "usersServed"),
    ofClients("halfopen_users_gave_up_total", "usersGaveUp"),
    ofClients("halfopen_responses_total", "responses"),
    family(
      "halfopen_attempts_ended_total",
      byWorkload(run, (index, labels) =>
        isClients(run, index)
          ? OUTCOME_NAMES.filter((outcome) => OUTCOMES[outcome].family !== "in_flight").map((outcome) => ({
              labels: { ...labels, outcome },
              value: view.outcome(index, outcome),
            }))
          : [],
      ),
    ),
  ];
}

/** Every gate from the start on, so that rate() sees the first loss. */
function gateFamilies(run: LiveRun): Family[] {
  const { view } = run;
  const losing = GATE_NAMES.filter((gate) => gate !== "none");
  const counted = (
    name: MetricName,
    family_: "drops" | "failed" | "inFlight" | "waitNs",
    gates: readonly GateName[],
    includesRaw: boolean,
  ): Family =>
    family(
      name,
      byWorkload(run, (index, labels) => {
        if (!includesRaw && !isClients(run, index)) return [];
        const values = view.gates(index, family_);
        const scale = family_ === "waitNs" ? 1e-9 : 1;
        return gates.map((gate) => ({ labels: { ...labels, gate }, value: (values[gate] ?? 0) * scale }));
      }),
    );
  return [
    counted("halfopen_drops_total", "drops", losing, true),
    counted("halfopen_attempts_failed_total", "failed", losing, false),
    counted("halfopen_attempts_in_flight", "inFlight", GATE_NAMES, false),
    counted("halfopen_wait_seconds_total", "waitNs", losing, false),
  ];
}

function latencyFamilies(run: LiveRun): Family[] {
  const { view } = run;
  const histogram = (name: MetricName, latency: LatencyName, sum: "connectSumUs" | "responseSumUs"): Family =>
    family(
      name,
      byWorkload(run, (index, labels) =>
        isClients(run, index)
          ? histogramSamples(labels, view.latencyCounts(index, latency), view.extreme(index, sum))
          : [],
      ),
    );
  return [
    histogram("halfopen_connect_latency_seconds", "connectLatency", "connectSumUs"),
    histogram("halfopen_response_latency_seconds", "responseLatency", "responseSumUs"),
  ];
}

function queueFamilies(run: LiveRun): Family[] {
  const { view, queues } = run;
  const byQueue = (value: (listener: number, queue: "syn" | "accept") => number): Sample[] =>
    view.spec.listeners.flatMap(({ port }, listener) =>
      (["syn", "accept"] as const).map((queue) => ({
        labels: { port, listener, queue },
        value: value(listener, queue),
      })),
    );
  const spare = view.spec.server.synQueueSpare;
  return [
    family(
      "halfopen_queue_length",
      byQueue((listener, queue) => queues[listener]?.[queue] ?? 0),
    ),
    family(
      "halfopen_queue_capacity",
      byQueue((listener, queue) => (view.spec.listeners[listener]?.backlog ?? 0) + (queue === "syn" ? spare : 1)),
    ),
    family(
      "halfopen_queue_full_seconds_total",
      byQueue((listener, queue) =>
        nsToSeconds(view.listenerField(listener, queue === "syn" ? "synQueueFullNs" : "acceptQueueFullNs")),
      ),
    ),
    family(
      "halfopen_accepted_total",
      view.spec.listeners.map(({ port }, listener) => ({
        labels: { port, listener },
        value: view.listenerField(listener, "accepted"),
      })),
    ),
  ];
}

/** Sockets by the names of STATE_NAMES; a half-open request is in SYN_RECV for whoever looks. */
export function socketStates(view: RunView, host: Host): [string, number][] {
  const states = view.states(host);
  const requests = states[STATE_NAMES.indexOf("new_syn_recv")] ?? 0;
  return STATE_NAMES.flatMap((state, index): [string, number][] => {
    if (state === "" || state === "new_syn_recv") return [];
    return [[state, (states[index] ?? 0) + (state === "syn_recv" ? requests : 0)]];
  });
}

function hostFamilies(run: LiveRun): Family[] {
  const { view } = run;
  const wire = view.wire();
  const halfOpen = run.halfOpens.reduce((sum, count) => sum + count, 0);
  return [
    ...COUNTER_NAMES.map((name) => ({
      ...kernelFamily(name),
      samples: HOSTS.map((host) => ({ labels: { host }, value: view.counter(host, name) })),
    })),
    family(
      "halfopen_sockets",
      HOSTS.flatMap((host) => socketStates(view, host).map(([state, value]) => ({ labels: { host, state }, value }))),
    ),
    family(
      "halfopen_half_open",
      run.halfOpens.map((value, retransmits) => ({ labels: { retransmits }, value })),
    ),
    single("halfopen_half_open_bytes", halfOpen * HALF_OPEN_BYTES),
    family("halfopen_packets_total", packets(wire)),
    single("halfopen_synack_bytes_total", (wire.out_synack ?? 0) * synAckBytes(view.spec.server)),
  ];
}

/** Those of floods are among them. */
function packets(wire: Readonly<Record<string, number>>): Sample[] {
  return ["syn", "synack", "pure_ack", "data", "fin", "rst"].flatMap((kind) =>
    (["in", "out"] as const).map((direction) => ({
      labels: { direction, class: kind },
      value: wire[`${direction}_${kind}`] ?? 0,
    })),
  );
}
