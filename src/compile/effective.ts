/**
 * Effective values: what the kernel makes of a scenario's settings, before any packet flows.
 *
 * Purpose     Answers "I raised it and nothing changed": the listen backlog is cut, tcp_max_syn_backlog bounds something else ...
 * Units       `...S` seconds, nominal: real timers are up to an eighth later. `...Bytes` kernel memory.
 * Source      kernel-semantics, sections named at each function.
 */
import type { IsnName } from "../vocabulary/isn.ts";
import type { KernelName } from "../vocabulary/kernels.ts";
import { FULL_SOCKET_BYTES, HALF_OPEN_BYTES, TIME_WAIT_BYTES } from "../vocabulary/memory.ts";
import type { HANDSHAKES, HostScenario, Scenario } from "../vocabulary/scenario.ts";
import { LONGEST_STEP_S, synTimerS } from "../vocabulary/syn-schedule.ts";
import { kernelRules, synQueueSpare } from "./kernel-rules.ts";
import { portsOf, reservedIn } from "./ports.ts";
import { integerSysctl, integerSysctlOr } from "./sysctls.ts";

/** listen(2)'s argument after the cut (2.1): it is compared unsigned, so that negative values are cut too. */
export function effectiveBacklog(backlog: number, somaxconn: number): number {
  return backlog < 0 || backlog > somaxconn ? somaxconn : backlog;
}

/** "Full" is more than the backlog, so one more fits (2.4). */
export const acceptQueueCapacity = (backlog: number): number => backlog + 1;

/** Half-open connections before the next SYN finds the queue full (2.3). tcp_max_syn_backlog has no part in it. */
export const synQueueCapacity = (backlog: number, kernel: KernelName): number => backlog + synQueueSpare(kernel);

/** With tcp_syncookies 0, half-open connections before SYNs of unknown peers are dropped: three quarters of it (2.3). */
export const lastQuarterLimit = (maxSynBacklog: number): number => maxSynBacklog - (maxSynBacklog >> 2) + 1;

/** From the SYN to giving up a half-open connection that is never answered, queue less than half full (3.2). */
export function halfOpenLifetimeS(synackRetries: number): number {
  let lifetimeS = 0;
  for (let firing = 0; firing <= synackRetries; firing++) lifetimeS += Math.min(2 ** firing, LONGEST_STEP_S);
  return lifetimeS;
}

/** From connect() to ETIMEDOUT when nothing comes back (6.1). `longestStepS`: tcp_rto_max_ms, which the model time of the retries follows too. */
export function connectTimeoutS(synRetries: number, linearTimeouts: number, longestStepS: number): number {
  const doublings = Math.min(synRetries, 31 - Math.clz32(longestStepS));
  const limitS = 2 ** (doublings + 1) - 1 + longestStepS * (synRetries - doublings);
  for (let retransmissions = 0; ; retransmissions++) {
    const elapsedS = synTimerS(retransmissions + 1, linearTimeouts, longestStepS);
    const enough = retransmissions >= synRetries + linearTimeouts;
    if (enough || (retransmissions > 0 && elapsedS >= limitS)) return elapsedS;
  }
}

export interface EffectiveListener {
  readonly port: number;
  /** As the scenario says it. */
  readonly askedBacklog: number;
  readonly backlog: number;
  readonly acceptQueueCapacity: number;
  /** 0 with tcp_syncookies 2, which keeps no half-open connections. */
  readonly synQueueCapacity: number;
  /** With tcp_syncookies 0, what unknown peers can fill of it; null otherwise. */
  readonly synQueueOfUnknownPeers: number | null;
  /** What a SYN gets that finds the SYN queue full. */
  readonly whenSynQueueFull: "cookie" | "dropped";
  /** Both queues full; a child keeps its half-open record until accept(). */
  readonly fullQueuesBytes: number;
}

export interface EffectiveValues {
  readonly server: {
    readonly kernel: KernelName;
    readonly hz: number;
    readonly somaxconn: number;
    readonly maxSynBacklog: number;
    readonly syncookies: number;
    readonly synackRetries: number;
    readonly halfOpenLifetimeS: number;
    readonly timeWaitS: number;
    readonly isn: IsnName;
    readonly handshake: (typeof HANDSHAKES)[number];
    readonly maxTimeWait: number;
    readonly timeWaitBytes: number;
  };
  readonly listeners: readonly EffectiveListener[];
  readonly client: {
    readonly kernel: KernelName;
    readonly hz: number;
    readonly synRetries: number;
    readonly synLinearTimeouts: number;
    readonly connectTimeoutS: number;
    readonly timeWaitS: number;
    readonly isn: IsnName;
    readonly portLow: number;
    readonly portHigh: number;
    /** Connections at a time from one address to one port of the server. */
    readonly usablePorts: number;
    /** Connections per second of one address to one port, over and over, when the client closes first. */
    readonly sustainedPerS: number;
  };
}

export function effectiveValues(scenario: Scenario): EffectiveValues {
  const { server, client } = scenario;
  const synackRetries = integerSysctl(server, "net.ipv4.tcp_synack_retries");
  const maxTimeWait = integerSysctl(server, "net.ipv4.tcp_max_tw_buckets");
  const synRetries = integerSysctl(client, "net.ipv4.tcp_syn_retries");
  const synLinearTimeouts = integerSysctlOr(client, "net.ipv4.tcp_syn_linear_timeouts", 0);
  const longestStepS = integerSysctlOr(client, "net.ipv4.tcp_rto_max_ms", LONGEST_STEP_S * 1000) / 1000;
  const { low, high } = portsOf(client);
  const usablePorts = high - low + 1 - reservedIn(client).length;
  return {
    server: {
      kernel: server.kernel,
      hz: server.hz,
      somaxconn: integerSysctl(server, "net.core.somaxconn"),
      maxSynBacklog: integerSysctl(server, "net.ipv4.tcp_max_syn_backlog"),
      syncookies: integerSysctl(server, "net.ipv4.tcp_syncookies"),
      synackRetries,
      halfOpenLifetimeS: halfOpenLifetimeS(synackRetries),
      timeWaitS: server.time_wait_s,
      isn: server.isn,
      handshake: server.handshake,
      maxTimeWait,
      timeWaitBytes: maxTimeWait * TIME_WAIT_BYTES,
    },
    listeners: server.listeners.map(({ port, backlog }) => effectiveListener(server, port, backlog)),
    client: {
      kernel: client.kernel,
      hz: client.hz,
      synRetries,
      synLinearTimeouts,
      connectTimeoutS: connectTimeoutS(synRetries, synLinearTimeouts, longestStepS),
      timeWaitS: client.time_wait_s,
      isn: client.isn,
      portLow: low,
      portHigh: high,
      usablePorts,
      sustainedPerS: usablePorts / portHeldS(client),
    },
  };
}

/** How long at most a port stays taken after a connection that this host closed first (6.5, 7.7). */
function portHeldS(host: HostScenario): number {
  const reuse =
    integerSysctl(host, "net.ipv4.tcp_tw_reuse") === 1 && integerSysctl(host, "net.ipv4.tcp_timestamps") > 0;
  if (!reuse) return host.time_wait_s;
  const { twReuseSeconds } = kernelRules(host.kernel);
  return twReuseSeconds < 0 ? integerSysctl(host, "net.ipv4.tcp_tw_reuse_delay") / 1000 : twReuseSeconds + 1;
}

function effectiveListener(server: HostScenario, port: number, askedBacklog: number): EffectiveListener {
  const syncookies = integerSysctl(server, "net.ipv4.tcp_syncookies");
  const backlog = effectiveBacklog(askedBacklog, integerSysctl(server, "net.core.somaxconn"));
  const forUnknown = lastQuarterLimit(integerSysctl(server, "net.ipv4.tcp_max_syn_backlog"));
  const synQueue = syncookies === 2 ? 0 : synQueueCapacity(backlog, server.kernel);
  const acceptQueue = acceptQueueCapacity(backlog);
  return {
    port,
    askedBacklog,
    backlog,
    acceptQueueCapacity: acceptQueue,
    synQueueCapacity: synQueue,
    synQueueOfUnknownPeers: syncookies === 0 ? Math.min(synQueue, forUnknown) : null,
    whenSynQueueFull: syncookies === 0 ? "dropped" : "cookie",
    fullQueuesBytes: synQueue * HALF_OPEN_BYTES + acceptQueue * (HALF_OPEN_BYTES + FULL_SOCKET_BYTES),
  };
}
