/** Workloads of a tuning over all its seeds: clients with what became of them, floods with what they met. */
import { nsToSeconds } from "../base/units.ts";
import { GATE_NAMES } from "../vocabulary/gates.ts";
import { OUTCOME_NAMES } from "../vocabulary/outcomes.ts";
import type { ConnectionsWorkload, RawWorkload } from "../vocabulary/scenario.ts";
import { synTimerS } from "../vocabulary/syn-schedule.ts";
import { clientLatencies } from "./latencies.ts";
import type { GateFamily, LatencyName, RunView, WorkloadField } from "./run-view.ts";
import type { ClientsSummary, FloodSummary, Measure } from "./summary-format.ts";
import type { Reading, TuningRuns } from "./tuning-runs.ts";

/** `workload`: its place in the scenario. Its numbers are made when they are read, those of a flood too. */
export function summarizeClients(
  { name, port }: ConnectionsWorkload,
  workload: number,
  runs: TuningRuns,
): ClientsSummary {
  const latencies = (of: LatencyName) => clientLatencies(runs, workload, of);
  const field = fieldsOf(workload);
  const gates = (family: GateFamily) => runs.named(GATE_NAMES, (view) => view.gates(workload, family));
  const inFlight: Reading = (view) => field("users")(view) - field("usersServed")(view) - field("usersGaveUp")(view);
  return {
    name,
    port,
    get users() {
      return runs.sum(field("users"));
    },
    get served() {
      return runs.sum(field("usersServed"));
    },
    get gave_up() {
      return runs.sum(field("usersGaveUp"));
    },
    get in_flight() {
      return runs.sum(inFlight);
    },
    get attempted() {
      return runs.sum(field("attempted"));
    },
    get established() {
      return runs.sum(field("established"));
    },
    get responses() {
      return runs.sum(field("responses"));
    },
    get served_ratio() {
      return runs.share(field("usersServed"), field("users"));
    },
    get established_ratio() {
      return runs.share(field("established"), field("attempted"));
    },
    get outcomes() {
      return runs.named(OUTCOME_NAMES, (view) => outcomesOf(view, workload));
    },
    get failed() {
      return gates("failed");
    },
    get drops() {
      return gates("drops");
    },
    get waiting() {
      return gates("inFlight");
    },
    get wait_s() {
      return runs.named(GATE_NAMES, (view) => inSeconds(view.gates(workload, "waitNs")));
    },
    get connect_latency_ms() {
      return latencies("connectLatency");
    },
    get response_latency_ms() {
      return latencies("responseLatency");
    },
    get user_latency_ms() {
      return latencies("userLatency");
    },
    get failed_after_ms() {
      return latencies("failedAfter");
    },
    get steps() {
      return stepsOf(workload, runs);
    },
  };
}

export function summarizeFlood({ name, port, packet }: RawWorkload, workload: number, runs: TuningRuns): FloodSummary {
  const field = fieldsOf(workload);
  return {
    name,
    port,
    packet,
    get sent() {
      return runs.sum(field("sent"));
    },
    get answered() {
      return runs.sum(field("answered"));
    },
    get synacks_seen() {
      return runs.sum(field("synacksSeen"));
    },
    get drops() {
      return runs.named(GATE_NAMES, (view) => view.gates(workload, "drops"));
    },
  };
}

const fieldsOf =
  (workload: number) =>
  (field: WorkloadField): Reading =>
  (view) =>
    view.workloadField(workload, field);

const outcomesOf = (view: RunView, workload: number): Record<string, number> =>
  Object.fromEntries(OUTCOME_NAMES.map((name) => [name, view.outcome(workload, name)]));

const inSeconds = (ns: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(ns).map(([name, value]) => [name, nsToSeconds(value)]));

/** Up to the last step at which anybody got in. */
function stepsOf(workload: number, runs: TuningRuns): { readonly at_s: number; readonly established: Measure }[] {
  const { synLinearTimeouts, rtoMaxMs } = runs.any.spec.client;
  const read = new Map(runs.all.map((view) => [view, view.bySynRetransmits(workload, "establishedByRetransmits")]));
  const count = Math.max(...[...read.values()].map((classes) => classes.length));
  return Array.from({ length: count }, (_, k) => ({
    at_s: synTimerS(k, synLinearTimeouts, rtoMaxMs / 1000),
    established: runs.sum((view) => read.get(view)?.[k] ?? 0),
  }));
}
