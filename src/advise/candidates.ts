/**
 * Candidates: changes that are worth trying against the gate that binds, the smallest first.
 *
 * Purpose   Only a list of what to try. Nothing here says that a change helps: advise.ts simulates each and reports what came of it.
 * Source    Which settings move which gate: kernel-semantics 2 to 6; the steps are those that administrators take.
 */
import type { GateName } from "../vocabulary/gates.ts";
import type { AcceptScenario, ListenerScenario, Scenario } from "../vocabulary/scenario.ts";
import { defaultFor, type TunableName } from "../vocabulary/tunables.ts";
import { withValue } from "./key-paths.ts";

export interface Candidate {
  /** What is set, in the words of a key path. */
  readonly changes: readonly { readonly path: string; readonly value: unknown }[];
  readonly scenario: Scenario;
}

/** The application's accept() calls per second at most; null: as many as come. */
export function acceptCapacityPerS({ mode, rate_per_s, service_time_s, workers }: AcceptScenario): number | null {
  if (mode === "never") return 0;
  if (mode === "rate") return rate_per_s;
  if (mode === "immediate" || service_time_s === null) return null;
  return (workers ?? 1) / service_time_s;
}

export function candidatesFor(gate: GateName, scenario: Scenario): Candidate[] {
  switch (gate) {
    case "accept_queue_at_syn":
    case "accept_queue_at_ack":
    case "accept_queue_at_cookie":
      return [...biggerBacklogs(scenario), ...fasterApplications(scenario)];
    case "syn_queue_full":
    case "last_quarter":
      return [
        ...sysctls(scenario, "server", [["net.ipv4.tcp_syncookies", 1]]),
        ...largerSynBacklogs(scenario),
        ...biggerBacklogs(scenario),
        ...sysctls(scenario, "server", [["net.ipv4.tcp_synack_retries", 2]]),
      ];
    case "half_open_gone":
      return sysctls(scenario, "server", [["net.ipv4.tcp_syncookies", 1]]);
    case "no_local_port":
    case "time_wait":
      return [
        ...sysctls(scenario, "client", [["net.ipv4.tcp_tw_reuse", 1]]),
        ...sysctls(scenario, "client", [["net.ipv4.ip_local_port_range", "1024 65535"]]),
        ...moreAddresses(scenario),
      ];
    case "nic_ring":
      return [...moreCpus(scenario), ...largerRings(scenario)];
    case "netdev_backlog":
      return [...largerBacklogs(scenario), ...moreCpus(scenario)];
    case "tw_recycle":
      return sysctls(scenario, "server", [["net.ipv4.tcp_tw_recycle", 0]]);
    case "app":
    case "defer_accept":
      return fasterApplications(scenario);
    case "client_patience":
      return [...fasterApplications(scenario), ...biggerBacklogs(scenario)];
    default:
      return [];
  }
}

/** Twice and four times the CPUs that receive, a queue of the NIC for each. */
function moreCpus(scenario: Scenario): Candidate[] {
  const { cpu, device } = scenario.server;
  if (cpu === null) return [];
  return [2, 4]
    .map((factor) => cpu.cores * factor)
    .filter((cores) => cores <= MOST_CPUS)
    .map((cores) =>
      candidate(scenario, [
        { path: "server.cpu.cores", value: cores },
        ...(device.kind === "nic" ? [{ path: "server.device.queues", value: Math.max(device.queues, cores) }] : []),
        ...(device.rps_cpus > 0 ? [{ path: "server.device.rps_cpus", value: cores }] : []),
      ]),
    );
}

const MOST_CPUS = 64;
/** As large as NICs have them. */
const LARGE_RING = 4096;

const largerRings = (scenario: Scenario): Candidate[] =>
  scenario.server.device.ring >= LARGE_RING
    ? []
    : [candidate(scenario, [{ path: "server.device.ring", value: LARGE_RING }])];

function largerBacklogs(scenario: Scenario): Candidate[] {
  const name = "net.core.netdev_max_backlog";
  const now = Number(sysctlOf(scenario, "server", name));
  return [4, 16].flatMap((factor) => sysctls(scenario, "server", [[name, now * factor]]));
}

function candidate(scenario: Scenario, changes: Candidate["changes"]): Candidate {
  const changed = changes.reduce((before, { path, value }) => withValue(before, path, value), scenario);
  return { changes, scenario: changed };
}

const sysctlOf = (scenario: Scenario, side: "server" | "client", name: TunableName): unknown =>
  scenario[side].sysctls[name] ?? defaultFor(name, scenario[side].kernel);

/** Sets sysctls; no candidate where they have these values already. */
function sysctls(
  scenario: Scenario,
  side: "server" | "client",
  values: readonly [TunableName, number | string][],
): Candidate[] {
  const telling = values.filter(([name, value]) => sysctlOf(scenario, side, name) !== value);
  if (telling.length === 0) return [];
  return [
    candidate(
      scenario,
      telling.map(([name, value]) => ({ path: `${side}.sysctls.${name}`, value })),
    ),
  ];
}

/** The kernel takes a negative backlog for a very large one. */
const asked = ({ backlog }: ListenerScenario): number => (backlog < 0 ? Number.POSITIVE_INFINITY : backlog);

const BACKLOG_STEPS = [1024, 4096, 65_535] as const;

/** listen()'s backlog of every listener, with the somaxconn that it needs. */
function biggerBacklogs(scenario: Scenario): Candidate[] {
  const somaxconn = Number(sysctlOf(scenario, "server", "net.core.somaxconn"));
  return BACKLOG_STEPS.flatMap((backlog) => {
    const small = scenario.server.listeners.filter((listener) => Math.min(asked(listener), somaxconn) < backlog);
    if (small.length === 0) return [];
    const ports = new Set(small.filter((listener) => asked(listener) < backlog).map(({ port }) => port));
    const listens = [...ports].map((port) => ({ path: `server.listeners.${port}.backlog`, value: backlog }));
    const cap = somaxconn < backlog ? [{ path: "server.sysctls.net.core.somaxconn", value: backlog }] : [];
    return [candidate(scenario, [...listens, ...cap])];
  });
}

const SYN_BACKLOG_STEPS = [4096, 65_536] as const;

/** tcp_max_syn_backlog matters only without cookies; the SYN queue itself is bounded by the backlog, so both grow. */
function largerSynBacklogs(scenario: Scenario): Candidate[] {
  if (sysctlOf(scenario, "server", "net.ipv4.tcp_syncookies") !== 0) return [];
  return SYN_BACKLOG_STEPS.flatMap((size) =>
    Number(sysctlOf(scenario, "server", "net.ipv4.tcp_max_syn_backlog")) >= size
      ? []
      : sysctls(scenario, "server", [["net.ipv4.tcp_max_syn_backlog", size]]),
  );
}

/** Listeners that share a port are changed together, by the port. */
const onePerPort = ({ server: { listeners } }: Scenario): ListenerScenario[] =>
  [...new Map(listeners.toReversed().map((listener) => [listener.port, listener])).values()].toReversed();

/** As many as config/schema.ts allows. */
const MAX_WORKERS = 65_536;
const FASTER = [1.25, 2, 4] as const;

/** An application that accepts faster: more calls, more workers, or less time for each. */
function fasterApplications(scenario: Scenario): Candidate[] {
  return FASTER.flatMap((factor) => {
    const changes = onePerPort(scenario).flatMap(({ port, accept }) => {
      const path = `server.listeners.${port}.accept`;
      if (accept.mode === "rate" && accept.rate_per_s !== null)
        return [{ path: `${path}.rate_per_s`, value: accept.rate_per_s * factor }];
      if (accept.mode === "workers" && accept.workers !== null)
        return [{ path: `${path}.workers`, value: Math.min(MAX_WORKERS, Math.ceil(accept.workers * factor)) }];
      if (accept.mode === "serial" && accept.service_time_s !== null)
        return [{ path: `${path}.service_time_s`, value: accept.service_time_s / factor }];
      return [];
    });
    return changes.length === 0 ? [] : [candidate(scenario, changes)];
  });
}

const MORE_ADDRESSES = [2, 4] as const;
/** A /16 holds no more; config/schema.ts allows as many. */
const MAX_ADDRESSES = 65_534;

/** More source addresses for the clients: each has ports of its own. */
function moreAddresses(scenario: Scenario): Candidate[] {
  const clients = scenario.workloads.filter((workload) => workload.kind === "connections");
  return MORE_ADDRESSES.flatMap((factor) => {
    const changes = clients
      .filter(({ source_addresses }) => source_addresses * factor <= MAX_ADDRESSES)
      .map(({ name, source_addresses }) => ({
        path: `workloads.${name}.source_addresses`,
        value: source_addresses * factor,
      }));
    return changes.length === 0 ? [] : [candidate(scenario, changes)];
  });
}
