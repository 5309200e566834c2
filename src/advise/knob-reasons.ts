/** Why a setting is dead: what in the run shows that nothing reached it. A reason that the run does not bear out is not given. */
import type { ListenerSummary, TuningSummary } from "../results/summary-format.ts";
import type { Tuning } from "../vocabulary/experiment.ts";
import type { Scenario } from "../vocabulary/scenario.ts";
import { defaultFor, type TunableName } from "../vocabulary/tunables.ts";

export interface KnobCase {
  readonly tuning: Tuning;
  readonly baseline: Tuning;
  /** The tuning as it is, and without the setting. */
  readonly of: TuningSummary;
  readonly without: TuningSummary;
}

/** Where nothing better is known. */
export const GENERIC = "no packet and no timer of this experiment met what it moves";

/** The end of a sentence, without its full stop. */
export function reasonFor(path: string, given: KnobCase): string {
  const sysctl = /^(?:server|client)\.sysctls\.(.*)$/.exec(path)?.[1];
  if (sysctl !== undefined) return SYSCTL_REASONS[sysctl as TunableName]?.(given) ?? GENERIC;
  const port = /^server\.listeners\.(\d+)\.backlog$/.exec(path)?.[1];
  return port === undefined ? GENERIC : (backlogReason(Number(port), given) ?? GENERIC);
}

const SYSCTL_REASONS: { readonly [K in TunableName]?: (given: KnobCase) => string | null } = {
  "net.ipv4.tcp_max_syn_backlog": synBacklogReason,
  "net.core.somaxconn": somaxconnReason,
  "net.ipv4.tcp_syncookies": ({ of }) =>
    of.listeners.every((one) => one.syn_queue.full_s.mean === 0)
      ? `the SYN queue was never full (${peaks(of, "syn_queue")} at most)`
      : null,
  "net.ipv4.tcp_abort_on_overflow": ({ of }) =>
    (of.server_counters.TcpExtListenOverflows?.mean ?? 0) === 0
      ? "the accept queue never overflowed"
      : "no final ACK met a full accept queue, only SYNs did",
  "net.core.netdev_max_backlog": netdevBacklogReason,
  "net.ipv4.tcp_tw_reuse": portsReason,
  "net.ipv4.ip_local_port_range": portsReason,
  "net.ipv4.tcp_fin_timeout": () =>
    "it bounds FIN_WAIT2 of closed sockets, not TIME_WAIT, which is 60 s whatever it says",
};

const sysctlOf = ({ server }: Scenario, name: TunableName): number =>
  Number(server.sysctls[name] ?? defaultFor(name, server.kernel));

/** "512 of 512", one for each listener. */
const peaks = ({ listeners }: TuningSummary, queue: "syn_queue" | "accept_queue"): string =>
  listeners.map((one) => `${Math.round(one[queue].peak.most)} of ${one[queue].capacity}`).join(", ");

/** tcp_conn_request(): without cookies, a SYN of an unknown peer is dropped when less than a quarter is free. */
function synBacklogReason({ tuning, baseline, of }: KnobCase): string | null {
  const name = "net.ipv4.tcp_max_syn_backlog";
  const syncookies = sysctlOf(tuning.scenario, "net.ipv4.tcp_syncookies");
  if (syncookies !== 0) return `the kernel reads it only with tcp_syncookies = 0, and it is ${syncookies}`;
  const least = Math.min(sysctlOf(tuning.scenario, name), sysctlOf(baseline.scenario, name));
  const lastQuarter = least - Math.floor(least / 4);
  if (of.listeners.some(({ syn_queue }) => syn_queue.peak.most > lastQuarter)) return null;
  const isBounded = of.listeners.some(({ syn_queue }) => syn_queue.peak.most >= syn_queue.capacity);
  const bound = isBounded ? ", where the backlog ends it" : "";
  return `the SYN queue held ${peaks(of, "syn_queue")} at most${bound}, and the last quarter even of the smaller value begins at ${lastQuarter}`;
}

/** dev.c:enqueue_to_backlog is where veth, loopback and RPS put packets; a NIC's driver hands them up itself. */
function netdevBacklogReason({ tuning, baseline, of }: KnobCase): string | null {
  const { cpu, device } = tuning.scenario.server;
  if (cpu === null) return "without server.cpu CPUs take no time here, so nothing waits in front of TCP";
  if (device.kind === "nic" && device.rps_cpus === 0) return "a NIC without RPS puts nothing into a backlog";
  const name = "net.core.netdev_max_backlog";
  const least = Math.min(sysctlOf(tuning.scenario, name), sysctlOf(baseline.scenario, name));
  const peak = Math.max(0, ...(of.cpu?.per_cpu.map(({ backlog_peak }) => backlog_peak.most) ?? []));
  return peak > least ? null : `no CPU's backlog held more than ${Math.round(peak)} packets`;
}

function somaxconnReason({ of, without }: KnobCase): string | null {
  const isCut = of.listeners.some((one, index) => one.backlog !== without.listeners[index]?.backlog);
  if (isCut) return queuesReason(of.listeners, without.listeners);
  return `it only cuts listen()'s backlog, which is ${of.listeners.map((one) => one.asked_backlog).join(", ")}`;
}

function backlogReason(port: number, { tuning, of, without }: KnobCase): string | null {
  const ofPort = ({ listeners }: TuningSummary): ListenerSummary[] => listeners.filter((one) => one.port === port);
  const isCutAlike = ofPort(of).every((one, index) => one.backlog === ofPort(without)[index]?.backlog);
  if (isCutAlike) return `listen(2) is cut to net.core.somaxconn, ${sysctlOf(tuning.scenario, "net.core.somaxconn")}`;
  return queuesReason(ofPort(of), ofPort(without));
}

/** Neither queue came near to the smaller of both limits. */
function queuesReason(of: readonly ListenerSummary[], without: readonly ListenerSummary[]): string | null {
  const limits = of.map((one, index) => Math.min(one.backlog, without[index]?.backlog ?? one.backlog));
  const held = of.map(({ syn_queue, accept_queue }) => ({ syn: syn_queue.peak.most, accept: accept_queue.peak.most }));
  if (held.some(({ syn, accept }, index) => Math.max(syn, accept) > (limits[index] ?? 0))) return null;
  const list = (numbers: readonly number[]): string => numbers.map((number) => Math.round(number)).join(", ");
  return (
    `the SYN queue held ${list(held.map(({ syn }) => syn))} and the accept queue ${list(held.map(({ accept }) => accept))} at most, ` +
    `which a backlog of ${list(limits)} holds too`
  );
}

/** Ports matter only to clients that found none free. */
function portsReason({ of }: KnobCase): string | null {
  const ranOut = of.clients.some(({ outcomes }) => (outcomes.no_local_port?.mean ?? 0) > 0);
  return ranOut ? null : "no client ran out of local ports";
}
