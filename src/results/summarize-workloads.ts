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

/** Latencies by their names in a summary; those that nobody asks for need not be put together, which takes most of the time. */
export type Wanted = (latencies: string) => boolean;

/** `workload`: its place in the scenario. */
export function summarizeClients(
  { name, port }: ConnectionsWorkload,
  workload: number,
  runs: TuningRuns,
  wanted: Wanted,
): ClientsSummary {
  const latencies = (key: string, of: LatencyName) => (wanted(key) ? clientLatencies(runs, workload, of) : null);
  const field = fieldsOf(workload);
  const gates = (family: GateFamily) => runs.named(GATE_NAMES, (view) => view.gates(workload, family));
  const inFlight: Reading = (view) => field("users")(view) - field("usersServed")(view) - field("usersGaveUp")(view);
  return {
    name,
    port,
    users: runs.sum(field("users")),
    served: runs.sum(field("usersServed")),
    gave_up: runs.sum(field("usersGaveUp")),
    in_flight: runs.sum(inFlight),
    attempted: runs.sum(field("attempted")),
    established: runs.sum(field("established")),
    responses: runs.sum(field("responses")),
    served_ratio: runs.share(field("usersServed"), field("users")),
    established_ratio: runs.share(field("established"), field("attempted")),
    outcomes: runs.named(OUTCOME_NAMES, (view) => outcomesOf(view, workload)),
    failed: gates("failed"),
    drops: gates("drops"),
    waiting: gates("inFlight"),
    wait_s: runs.named(GATE_NAMES, (view) => inSeconds(view.gates(workload, "waitNs"))),
    connect_latency_ms: latencies("connect_latency_ms", "connectLatency"),
    response_latency_ms: latencies("response_latency_ms", "responseLatency"),
    user_latency_ms: latencies("user_latency_ms", "userLatency"),
    failed_after_ms: latencies("failed_after_ms", "failedAfter"),
    steps: stepsOf(workload, runs),
  };
}

export function summarizeFlood({ name, port, packet }: RawWorkload, workload: number, runs: TuningRuns): FloodSummary {
  const field = fieldsOf(workload);
  return {
    name,
    port,
    packet,
    sent: runs.sum(field("sent")),
    answered: runs.sum(field("answered")),
    synacks_seen: runs.sum(field("synacksSeen")),
    drops: runs.named(GATE_NAMES, (view) => view.gates(workload, "drops")),
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
