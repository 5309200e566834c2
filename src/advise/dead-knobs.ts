/**
 * Dead knobs: settings of a tuning that change nothing in this experiment, and why.
 *
 * Method   A tuning with one change is compared with the first tuning as it is. One with several is run again without each of them, with the same seeds;
 *          a setting without which no metric differs is dead here. "Here" is all that is claimed: another load may bring it to life.
 */
import type { Difference, ExperimentSummary, TuningSummary } from "../results/summary-format.ts";
import { type ExperimentOptions, simulateExperiment } from "../simulate.ts";
import type { Experiment, Tuning } from "../vocabulary/experiment.ts";
import { defaultFor } from "../vocabulary/tunables.ts";
import { valueAt, withValue } from "./key-paths.ts";

const MAX_SEEDS = 5;
/** Tunings with more changes are compared as a whole only. */
const MAX_CHANGES = 6;

export interface DeadKnob {
  readonly tuning: string;
  readonly path: string;
  readonly value: unknown;
  readonly because: string;
}

export async function deadKnobs(
  experiment: Experiment,
  summary: ExperimentSummary,
  options: ExperimentOptions = {},
): Promise<DeadKnob[]> {
  const [baseline, ...others] = experiment.tunings;
  if (baseline === undefined) return [];
  const dead: DeadKnob[] = [];
  for (const tuning of others) {
    const of = summary.tunings.find(({ name }) => name === tuning.name);
    const changes = tuning.changes.filter(({ path, value }) => !isSame(valueAt(baseline.scenario, path), value));
    if (of === undefined || changes.length === 0 || changes.length > MAX_CHANGES) continue;
    const paths = changes.map(({ path }) => path);
    const still =
      paths.length === 1
        ? isUnmoved(summary.differences, tuning.name)
          ? paths
          : []
        : await unmovedWithout(experiment, baseline, tuning, paths, options);
    for (const path of still) {
      dead.push({
        tuning: tuning.name,
        path,
        value: valueAt(tuning.scenario, path),
        because: because(path, tuning, of),
      });
    }
  }
  return dead;
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function isUnmoved(differences: readonly Difference[], tuning: string): boolean {
  return differences
    .filter((one) => one.tuning === tuning)
    .every(({ verdict }) => verdict === "same" || verdict === "none");
}

/** The paths without which the tuning is what it is with them. */
async function unmovedWithout(
  experiment: Experiment,
  baseline: Tuning,
  tuning: Tuning,
  paths: readonly string[],
  options: ExperimentOptions,
): Promise<string[]> {
  const without = paths.map((path, index) => ({
    name: `without-${index}`,
    changes: [],
    scenario: withValue(tuning.scenario, path, valueAt(baseline.scenario, path)),
  }));
  const trial: Experiment = {
    ...experiment,
    thresholds: [],
    seeds: experiment.seeds.slice(0, MAX_SEEDS),
    tunings: [{ ...tuning, name: "with-all" }, ...without],
  };
  const { differences } = await simulateExperiment(trial, options);
  return paths.filter((_, index) => isUnmoved(differences, `without-${index}`));
}

/** Why a setting is dead: what in the run shows that nothing reached it. */
function because(path: string, { scenario }: Tuning, of: TuningSummary): string {
  const sysctl = /^(?:server|client)\.sysctls\.(.*)$/.exec(path)?.[1];
  const syncookies =
    scenario.server.sysctls["net.ipv4.tcp_syncookies"] ?? defaultFor("net.ipv4.tcp_syncookies", scenario.server.kernel);
  const peak = (queue: "syn_queue" | "accept_queue"): string =>
    of.listeners.map((one) => `${Math.round(one[queue].peak.mean)} of ${one[queue].capacity}`).join(", ");
  const isNeverFull = of.listeners.every((one) => one.syn_queue.full_s.mean === 0);
  switch (sysctl) {
    case "net.ipv4.tcp_max_syn_backlog":
      return syncookies === 0
        ? `the SYN queue held ${peak("syn_queue")} at most, so that its last quarter was never asked for`
        : `the kernel reads it only with tcp_syncookies = 0, and it is ${syncookies}`;
    case "net.core.somaxconn":
      return `it only cuts listen()'s backlog, which is ${of.listeners.map(({ asked_backlog }) => asked_backlog).join(", ")}`;
    case "net.ipv4.tcp_syncookies":
      return isNeverFull ? `the SYN queue was never full (${peak("syn_queue")} at most)` : GENERIC;
    case "net.ipv4.tcp_abort_on_overflow":
      return (of.server_counters.TcpExtListenOverflows?.mean ?? 0) === 0
        ? "the accept queue never overflowed"
        : "no final ACK met a full accept queue, only SYNs did";
    case "net.ipv4.tcp_tw_reuse":
    case "net.ipv4.ip_local_port_range":
      return "no client ran out of local ports";
    case "net.ipv4.tcp_fin_timeout":
      return "it bounds FIN_WAIT2 of closed sockets, not TIME_WAIT, which is 60 s whatever it says";
    default:
      return path.endsWith(".backlog") ? backlogReason(path, scenario, of, peak) : GENERIC;
  }
}

const GENERIC = "no packet and no timer of this experiment met what it moves";

function backlogReason(
  path: string,
  { server }: Tuning["scenario"],
  of: TuningSummary,
  peak: (queue: "syn_queue" | "accept_queue") => string,
): string {
  const port = /^server\.listeners\.(\d+)\./.exec(path)?.[1];
  const listener = of.listeners.find((one) => String(one.port) === port);
  const somaxconn = server.sysctls["net.core.somaxconn"] ?? defaultFor("net.core.somaxconn", server.kernel);
  if (listener !== undefined && listener.backlog < listener.asked_backlog)
    return `listen(2) is cut to net.core.somaxconn, ${somaxconn}`;
  return `the queues held ${peak("syn_queue")} (SYN) and ${peak("accept_queue")} (accept) at most`;
}
