/**
 * Kernel warnings: settings that are valid and do not do what their writer may hope for, in the kernel that the host runs.
 *
 * Invariants  A warning is true for sure. What depends on the traffic (whether a queue ever fills) is no matter of this file.
 * Source      kernel-semantics 2.1 (backlog), 2.2 step 6 (last quarter), 6.5 (TIME_WAIT reuse); tcp(7) (SO_KEEPALIVE).
 */
import { formatCount } from "../base/units.ts";
import { ISNS } from "../vocabulary/isn.ts";
import { KERNEL_NAMES, type KernelName } from "../vocabulary/kernels.ts";
import { defaultFor, TUNABLES, type TunableDef, type TunableName, type TunableValue } from "../vocabulary/tunables.ts";
import type { CheckedHost } from "./hosts.ts";
import type { ScenarioInput } from "./schema.ts";
import type { PathIssue } from "./zod-issues.ts";

/** TCP_TIMEWAIT_LEN. */
const TIME_WAIT_S = 60;

type Host = Pick<CheckedHost, "kernel" | "sysctls">;

export function kernelWarnings(scenario: ScenarioInput, server: Host, client: Host): PathIssue[] {
  return [
    ...synBacklog(server),
    ...backlogs(scenario, server),
    ...timeWaitReuse(server, client),
    ...keepalive(
      "server",
      server,
      scenario.server.listeners.map(({ app }) => app),
    ),
    ...keepalive(
      "client",
      client,
      scenario.workloads.flatMap((workload) => (workload.kind === "connections" ? [workload] : [])),
    ),
    ...otherSide(server, "server"),
    ...otherSide(client, "client"),
    ...counterfactuals(scenario),
  ];
}

/** What no kernel can be set to. */
function counterfactuals({ server, client }: ScenarioInput): PathIssue[] {
  const of = (path: PathIssue["path"], message: string, hint: string): PathIssue => ({
    code: "counterfactual",
    path,
    message,
    hint,
  });
  const hosts = [["server", server] as const, ["client", client] as const];
  return [
    ...hosts.flatMap(([side, { time_wait_s }]) =>
      time_wait_s === TIME_WAIT_S
        ? []
        : [
            of(
              [side, "time_wait_s"],
              `found ${time_wait_s} s, but no Linux kernel has a sysctl for it: TCP_TIMEWAIT_LEN is ${TIME_WAIT_S} s`,
              "tcp_fin_timeout is another time, that of FIN_WAIT2; ports are won by tcp_tw_reuse, more addresses or keep-alive",
            ),
          ],
    ),
    ...hosts.flatMap(([side, { isn }]) =>
      isn === "linux"
        ? []
        : [
            of(
              [side, "isn"],
              `found ${isn}, but every Linux kernel has ${ISNS.linux.help}`,
              "it shows what those are for",
            ),
          ],
    ),
    ...(server.handshake === "three_way"
      ? []
      : [of(["server", "handshake"], "found two_way, no kernel does this", "it shows what the third segment is for")]),
  ];
}

/** The value in force; a default that the kernel does not have is no number. */
const inForce = ({ kernel, sysctls }: Host, name: TunableName): TunableValue | null =>
  sysctls[name] ?? defaultFor(name, kernel);

/** Set, and to something else than what holds anyway. */
const isChanged = ({ kernel, sysctls }: Host, name: TunableName): boolean =>
  sysctls[name] !== undefined && sysctls[name] !== defaultFor(name, kernel);

const atLeast = (kernel: KernelName, first: KernelName): boolean =>
  KERNEL_NAMES.indexOf(kernel) >= KERNEL_NAMES.indexOf(first);

function warning(side: "server" | "client", name: TunableName, host: Host, why: string, hint?: string): PathIssue {
  return {
    code: "without-effect",
    path: [side, "sysctls", name],
    message: `found ${host.sysctls[name]}, which ${why}`,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** From 4.4 on it acts by the last-quarter rule alone, which is for servers without cookies. */
function synBacklog(server: Host): PathIssue[] {
  const name = "net.ipv4.tcp_max_syn_backlog";
  const cookies = inForce(server, "net.ipv4.tcp_syncookies");
  if (!isChanged(server, name) || cookies === 0 || !atLeast(server.kernel, "4.4")) return [];
  const why = `has no effect on 4.4 and later while tcp_syncookies=${cookies}`;
  return [warning("server", name, server, why, "the SYN queue is bounded by backlog and net.core.somaxconn")];
}

function backlogs({ server: { listeners } }: ScenarioInput, server: Host): PathIssue[] {
  const name = "net.core.somaxconn";
  const limit = Number(inForce(server, name));
  const usual = Number(defaultFor(name, server.kernel));
  const issues: PathIssue[] = [];
  listeners.forEach(({ backlog }, index) => {
    // Programs write -1 for "as many as there may be".
    if (backlog <= limit) return;
    const path = ["server", "listeners", index, "backlog"];
    const message = `found ${formatCount(backlog)}, which the kernel cuts to net.core.somaxconn, ${formatCount(limit)}`;
    issues.push({ code: "cut", path, message });
  });
  const most = Math.max(...listeners.map(({ backlog }) => (backlog < 0 ? Number.POSITIVE_INFINITY : backlog)));
  if (listeners.length > 0 && isChanged(server, name) && most <= Math.min(limit, usual)) {
    const why = `changes nothing: no listener asks for a backlog above ${formatCount(most)}`;
    issues.push(warning("server", name, server, why, "the smaller of backlog and net.core.somaxconn is in force"));
  }
  return issues;
}

/** The model's clients are on a network, not on loopback, and never bind() to a port. */
function timeWaitReuse(server: Host, client: Host): PathIssue[] {
  const [reuse, delay, timestamps] = [
    "net.ipv4.tcp_tw_reuse",
    "net.ipv4.tcp_tw_reuse_delay",
    "net.ipv4.tcp_timestamps",
  ] as const;
  const mode = inForce(client, reuse);
  if (mode !== 1) {
    const why = `has no effect while tcp_tw_reuse=${mode}`;
    return isChanged(client, delay) ? [warning("client", delay, client, why)] : [];
  }
  const without = [client, server].some((host) => inForce(host, timestamps) === 0);
  if (!isChanged(client, reuse) || !without) return [];
  return [warning("client", reuse, client, "has no effect without tcp_timestamps on both sides")];
}

/** A socket is probed because its application asked for it; the sysctls only say how. */
function keepalive(
  side: "server" | "client",
  host: Host,
  sockets: readonly { readonly keepalive: unknown }[],
): PathIssue[] {
  if (sockets.some((socket) => socket.keepalive !== null)) return [];
  const names = [
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
  ] as const;
  const why = "has no effect: no socket has SO_KEEPALIVE";
  const place = side === "server" ? "server.listeners.PORT.app.keepalive" : "workloads.NAME.keepalive";
  return names
    .filter((name) => isChanged(host, name))
    .map((name) => warning(side, name, host, why, `${place}: {} switches it on`));
}

/** The server calls no connect(), the clients do not listen. */
function otherSide(host: Host, side: "server" | "client"): PathIssue[] {
  return (Object.keys(host.sysctls) as TunableName[])
    .filter((name) => {
      const def: TunableDef = TUNABLES[name];
      return def.side !== "both" && def.side !== side && isChanged(host, name);
    })
    .map((name) =>
      side === "server"
        ? warning(
            side,
            name,
            host,
            "acts on connect() and has no effect on a server",
            `client.sysctls is the place of ${name}`,
          )
        : warning(
            side,
            name,
            host,
            "acts on listeners and has no effect on clients",
            `server.sysctls is the place of ${name}`,
          ),
    );
}
