/**
 * Compile: Scenario → RunSpec. Names become numbers, seconds become nanoseconds, defaults of the kernel are filled in.
 *
 * Invariants  Nothing here can fail: config has checked what a user may write. The result depends on its arguments alone.
 */
import { assert } from "../base/assert.ts";
import { hashText } from "../base/hash.ts";
import { secondsToNs } from "../base/units.ts";
import { ISNS } from "../vocabulary/isn.ts";
import { announcedMss, sentMss } from "../vocabulary/mss.ts";
import {
  AcceptMode,
  AppClose,
  Arrival,
  type ConnectionsSpec,
  Detail,
  Direction,
  EngineMode,
  FirstCloser,
  type HostSpec,
  type ImpairmentSpec,
  Jitter,
  JitterScope,
  type ListenerSpec,
  MAX_SAMPLES,
  Match,
  type PathSpec,
  RawAddresses,
  RawAnswer,
  RawPacket,
  type RawSpec,
  type RunSpec,
  type SocketOptionsSpec,
  WorkloadKind,
  type WorkloadSpec,
} from "../vocabulary/run-spec.ts";
import {
  type AppScenario,
  arrivalsOf,
  type HostScenario,
  type Impairment,
  type ListenerScenario,
  type PathDirection,
  type PathScenario,
  type Scenario,
  type WorkloadScenario,
} from "../vocabulary/scenario.ts";
import type { TunableName } from "../vocabulary/tunables.ts";
import { cpuSpec } from "./cpu.ts";
import { effectiveBacklog } from "./effective.ts";
import { kernelRules } from "./kernel-rules.ts";
import { portsOf, reservedIn } from "./ports.ts";
import { integerSysctl, integerSysctlOr } from "./sysctls.ts";

/** As `--engine` and experiments name them. */
export const ENGINES = { auto: EngineMode.Auto, packet: EngineMode.Packet } as const;
export const DETAILS = { summary: Detail.Summary, full: Detail.Full } as const;

export interface CompileOptions {
  /** uint32 */
  readonly seed: number;
  readonly engine?: keyof typeof ENGINES;
  readonly detail?: keyof typeof DETAILS;
  /** Which of `server.hosts`, from 0. */
  readonly host?: number;
}

const NOT_SET = -1;
/** TCP_RTO_MIN and TCP_RTO_MAX of kernels that have no sysctl for them. */
const RTO_MIN_US = 200_000;
const RTO_MAX_MS = 120_000;

export function compileScenario(scenario: Scenario, options: CompileOptions): RunSpec {
  const { seed, engine = "auto", detail = "full", host = 0 } = options;
  assert(Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff, `not a uint32: seed ${seed}`);
  assert(host >= 0 && host < scenario.server.hosts, `no such host: ${host}`);
  const durationNs = positiveNs(scenario.duration_s);
  return {
    seed,
    engine: ENGINES[engine],
    detail: DETAILS[detail],
    durationNs,
    sampleIntervalNs: sampleIntervalNs(durationNs, positiveNs(scenario.sample_interval_s)),
    oneWayDelayNs: secondsToNs(scenario.client.one_way_delay_s),
    toServer: pathSpec(scenario.path.to_server, scenario.path.mtu),
    toClient: pathSpec(scenario.path.to_client, scenario.path.mtu),
    hostIndex: host,
    hostCount: scenario.server.hosts,
    sharedClock: scenario.client.clock === "shared" ? 1 : 0,
    clientCrashesNs: scenario.client.crashes_s.map(secondsToNs),
    server: hostSpec(scenario.server, scenario.client, bit(scenario.server.handshake === "two_way")),
    client: hostSpec(scenario.client, scenario.server, 0),
    cpu: cpuSpec(scenario.server),
    listeners: scenario.server.listeners.map((listener) => listenerSpec(listener, scenario)),
    workloads: scenario.workloads.map((workload) => workloadSpec(workload, scenario)),
    impairments: [...scenario.impairments.map(impairmentSpec), ...lossesOf(scenario.path)],
  };
}

/** One spec for each of `server.hosts`. */
export const compileHosts = (scenario: Scenario, options: Omit<CompileOptions, "host">): RunSpec[] =>
  Array.from({ length: scenario.server.hosts }, (_, host) => compileScenario(scenario, { ...options, host }));

/** Config demands more than 0 seconds; what rounds to no nanosecond at all is still some time. */
const positiveNs = (seconds: number): number => Math.max(1, secondsToNs(seconds));
const optionalNs = (seconds: number | null): number => (seconds === null ? NOT_SET : secondsToNs(seconds));
const optionalPositiveNs = (seconds: number | null): number => (seconds === null ? NOT_SET : positiveNs(seconds));
const bit = (value: boolean): 0 | 1 => (value ? 1 : 0);

/** A multiple of the wanted interval that gives at most MAX_SAMPLES. */
function sampleIntervalNs(durationNs: number, wantedNs: number): number {
  return wantedNs * Math.max(1, Math.ceil(durationNs / wantedNs / MAX_SAMPLES));
}

/** TCP_MIN_SND_MSS. */
const MIN_SND_MSS = 48;

function sentMssOf(host: HostScenario, peer: HostScenario): number[] {
  const least = integerSysctlOr(host, "net.ipv4.tcp_min_snd_mss", MIN_SND_MSS);
  return sentMss(host.mtu, announcedMss(peer.mtu), least);
}

/** Both ends' are made here, all keys in one order: for V8 they are objects of one shape, which the engine's code reads without asking which. */
function hostSpec(host: HostScenario, peer: HostScenario, twoWay: 0 | 1): HostSpec {
  const integer = (name: TunableName): number => integerSysctl(host, name);
  const integerOr = (name: TunableName, constant: number): number => integerSysctlOr(host, name, constant);
  const onOff = (name: TunableName): 0 | 1 => bit(integer(name) !== 0);
  const syncookies = integer("net.ipv4.tcp_syncookies");
  const { low, high } = portsOf(host);
  return {
    hz: host.hz,
    announcedMss: announcedMss(host.mtu),
    peerMss: announcedMss(peer.mtu),
    sentMss: sentMssOf(host, peer),
    receivedMss: sentMssOf(peer, host),
    maxSynBacklog: integer("net.ipv4.tcp_max_syn_backlog"),
    syncookies: syncookies > 2 ? 1 : syncookies,
    synackRetries: integer("net.ipv4.tcp_synack_retries"),
    synRetries: integer("net.ipv4.tcp_syn_retries"),
    synLinearTimeouts: integerOr("net.ipv4.tcp_syn_linear_timeouts", 0),
    abortOnOverflow: onOff("net.ipv4.tcp_abort_on_overflow"),
    timestamps: integer("net.ipv4.tcp_timestamps"),
    sack: onOff("net.ipv4.tcp_sack"),
    windowScaling: onOff("net.ipv4.tcp_window_scaling"),
    twReuse: integer("net.ipv4.tcp_tw_reuse"),
    twReuseDelayMs: integerOr("net.ipv4.tcp_tw_reuse_delay", 0),
    twRecycle: bit(integerOr("net.ipv4.tcp_tw_recycle", 0) !== 0),
    maxTwBuckets: integer("net.ipv4.tcp_max_tw_buckets"),
    timeWaitS: host.time_wait_s,
    isnStepNs: ISNS[host.isn].stepNs,
    isnKeyed: bit(ISNS[host.isn].isKeyed),
    twoWay,
    finTimeoutS: finTimeoutS(host),
    maxOrphans: integer("net.ipv4.tcp_max_orphans"),
    orphanRetries: integer("net.ipv4.tcp_orphan_retries"),
    retries2: integer("net.ipv4.tcp_retries2"),
    rfc1337: onOff("net.ipv4.tcp_rfc1337"),
    rtoMinUs: integerOr("net.ipv4.tcp_rto_min_us", RTO_MIN_US),
    rtoMaxMs: integerOr("net.ipv4.tcp_rto_max_ms", RTO_MAX_MS),
    invalidRatelimitMs: integer("net.ipv4.tcp_invalid_ratelimit"),
    challengeAckLimit: integer("net.ipv4.tcp_challenge_ack_limit"),
    noMetricsSave: onOff("net.ipv4.tcp_no_metrics_save"),
    portLow: low,
    portHigh: high,
    reservedPorts: reservedIn(host),
    // Last: V8 makes an object that begins with a spread property by property.
    ...kernelRules(host.kernel),
  };
}

/** Its default is TCP_TIMEWAIT_LEN by definition (tcp.h: TCP_FIN_TIMEOUT). */
function finTimeoutS(host: HostScenario): number {
  const name = "net.ipv4.tcp_fin_timeout";
  return host.sysctls[name] === undefined ? host.time_wait_s : integerSysctl(host, name);
}

const ACCEPT_MODE = {
  immediate: AcceptMode.Immediate,
  never: AcceptMode.Never,
  rate: AcceptMode.Rate,
  serial: AcceptMode.Serial,
  workers: AcceptMode.Workers,
} as const;
const APP_CLOSE = {
  on_eof: AppClose.OnEof,
  after_response: AppClose.AfterResponse,
  on_accept: AppClose.OnAccept,
  never: AppClose.Never,
} as const;

function listenerSpec(listener: ListenerScenario, { server, duration_s }: Scenario): ListenerSpec {
  const { accept, app } = listener;
  return {
    port: listener.port,
    backlog: effectiveBacklog(listener.backlog, integerSysctl(server, "net.core.somaxconn")),
    reuseport: bit(listener.reuseport),
    deferTimeouts: deferTimeouts(listener.defer_accept_s),
    listenStartNs: optionalNs(listener.listen_start_s),
    listenStopNs: optionalPositiveNs(listener.listen_stop_s),
    acceptMode: ACCEPT_MODE[accept.mode],
    acceptPerS: accept.rate_per_s ?? 0,
    serviceNs: accept.service_time_s === null ? 0 : positiveNs(accept.service_time_s),
    workers: accept.workers ?? 0,
    slowStartNs: accept.slow_start === null ? 0 : positiveNs(accept.slow_start.duration_s),
    slowStartFactor: accept.slow_start?.factor ?? 1,
    pausesNs: accept.pause_windows_s.flat().map(secondsToNs),
    requestBytes: app.request_bytes,
    responseBytes: app.response_bytes,
    close: APP_CLOSE[app.close],
    closeDelayNs: secondsToNs(app.close_delay_s),
    closeWithRst: bit(app.close_with_rst),
    keepaliveRequests: app.keepalive_requests,
    appPausesNs: appPauses(app, duration_s).flat().map(secondsToNs),
    ...socketOptions(app, server),
  };
}

/** What is not set is the sysctl's, as for a socket without TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT. */
function socketOptions(
  { keepalive, user_timeout_s }: Pick<AppScenario, "keepalive" | "user_timeout_s">,
  host: HostScenario,
): SocketOptionsSpec {
  const or = (value: number | null | undefined, name: TunableName): number => value ?? integerSysctl(host, name);
  return {
    keepaliveS: keepalive === null ? 0 : or(keepalive.time_s, "net.ipv4.tcp_keepalive_time"),
    keepaliveIntervalS: or(keepalive?.interval_s, "net.ipv4.tcp_keepalive_intvl"),
    keepaliveProbes: or(keepalive?.probes, "net.ipv4.tcp_keepalive_probes"),
    userTimeoutMs: user_timeout_s === null ? 0 : Math.max(1, Math.round(user_timeout_s * 1000)),
  };
}

/** Pauses of both keys in order; those that touch or overlap become one. */
export function appPauses(app: Pick<AppScenario, "pause_windows_s" | "pause_every">, runS: number): [number, number][] {
  const windows = app.pause_windows_s.map(([from, to]): [number, number] => [from, to]);
  const every = app.pause_every;
  if (every !== null) {
    for (let k = 0; every.first_s + k * every.period_s < runS; k++) {
      const from = every.first_s + k * every.period_s;
      windows.push([from, from + every.length_s]);
    }
  }
  const merged: [number, number][] = [];
  for (const [from, to] of windows.sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** TCP_DEFER_ACCEPT in SYN-ACK timer firings: the fewest whose periods, 1 2 4 ... 120 s, reach it (tcp.c:secs_to_retrans). */
export function deferTimeouts(seconds: number): number {
  if (seconds <= 0) return 0;
  let firings = 1;
  let stepS = 1;
  let reachedS = 1;
  while (seconds > reachedS && firings < 255) {
    firings += 1;
    stepS = Math.min(2 * stepS, 120);
    reachedS += stepS;
  }
  return firings;
}

const ARRIVAL = {
  even: Arrival.Even,
  poisson: Arrival.Poisson,
  bursts: Arrival.Bursts,
  ramp: Arrival.Rates,
  trace: Arrival.Rates,
} as const;
const FIRST_CLOSER = { client: FirstCloser.Client, server: FirstCloser.Server, none: FirstCloser.None } as const;
const RAW_PACKET = { syn: RawPacket.Syn, ack: RawPacket.Ack, rst: RawPacket.Rst } as const;
const RAW_ADDRESSES = { sequential: RawAddresses.Sequential, random: RawAddresses.Random } as const;
const RAW_ANSWER = {
  nothing: RawAnswer.Nothing,
  ack: RawAnswer.Ack,
  bad_ack: RawAnswer.BadAck,
  rst: RawAnswer.Rst,
} as const;

function workloadSpec(workload: WorkloadScenario, { client, duration_s: runS }: Scenario): WorkloadSpec {
  const { arrival } = workload;
  const isRandom = arrival === "poisson" || arrival === "ramp" || arrival === "trace";
  const endS =
    workload.duration_s === null ? (arrival === "trace" ? runS : null) : workload.start_s + workload.duration_s;
  const arrivals = {
    streamKey: hashText(workload.name),
    arrival: ARRIVAL[arrival],
    port: workload.port,
    startNs: secondsToNs(workload.start_s),
    ratePerS: workload.rate_per_s ?? 0,
    count: isRandom ? mostRandomArrivals(workload, runS) : arrivalsOf(workload, runS),
    endNs: isRandom && endS !== null ? secondsToNs(endS) : NOT_SET,
    sourceAddresses: workload.source_addresses,
    burstSize: workload.burst_size ?? 0,
    burstSpreadNs: secondsToNs(workload.burst_spread_s),
    ratePieces: ratePieces(workload),
  };
  if (workload.kind === "raw") {
    return {
      kind: WorkloadKind.Raw,
      packet: RAW_PACKET[workload.packet],
      addresses: RAW_ADDRESSES[workload.addresses],
      firstSourcePort: workload.first_source_port,
      answer: RAW_ANSWER[workload.answer_to_synack],
      answerDelayNs: secondsToNs(workload.answer_delay_s),
      packetSeed: workload.seed,
      ...arrivals,
    } satisfies RawSpec;
  }
  return {
    kind: WorkloadKind.Connections,
    connectTimeoutNs: optionalPositiveNs(workload.connect_timeout_s),
    requestBytes: workload.request_bytes,
    responseBytes: workload.response_bytes,
    responseTimeoutNs: optionalPositiveNs(workload.response_timeout_s),
    firstCloser: FIRST_CLOSER[workload.first_closer],
    holdNs: secondsToNs(workload.hold_s),
    closeWithRst: bit(workload.close_with_rst),
    halfClose: bit(workload.half_close),
    requestsPerConnection: workload.requests_per_connection,
    thinkNs: secondsToNs(workload.think_time_s),
    clientsPerAddress: workload.clients_per_address,
    maxRetries: workload.retry?.max_retries ?? 0,
    retryBackoffNs: secondsToNs(workload.retry?.backoff_s ?? 0),
    retryFactor: workload.retry?.factor ?? 1,
    retryMaxBackoffNs: secondsToNs(workload.retry?.max_backoff_s ?? 0),
    retryJitter: workload.retry?.jitter ?? 0,
    simultaneousOpen: bit(workload.simultaneous_open),
    ...arrivals,
    ...socketOptions(workload, client),
  } satisfies ConnectionsSpec;
}

/** A bound that a stream ended by time does not reach: twelve standard deviations above the mean. */
function mostRandomArrivals(workload: WorkloadScenario, runS: number): number {
  if (workload.count !== null) return workload.count;
  const mean = arrivalsOf(workload, runS);
  return Math.ceil(mean + 12 * Math.sqrt(mean) + 64);
}

function ratePieces({ arrival, start_s, rate_per_s, end_rate_per_s, trace }: WorkloadScenario): number[] {
  if (arrival === "ramp") return [secondsToNs(start_s), rate_per_s ?? 0, end_rate_per_s ?? 0];
  return (trace ?? []).flatMap(([fromS, perS]) => [secondsToNs(start_s + fromS), perS, perS]);
}

const JITTER = { uniform: Jitter.Uniform, normal: Jitter.Normal, exponential: Jitter.Exponential } as const;

function pathSpec({ jitter, duplicate, reorder, late_copies: late }: PathDirection, mtu: number | null): PathSpec {
  return {
    jitter: jitter === null ? Jitter.None : JITTER[jitter.distribution],
    jitterNs: secondsToNs(jitter?.spread_s ?? 0),
    jitterScope: jitter?.per === "connection" ? JitterScope.Connection : JitterScope.Packet,
    duplicate,
    reorder,
    mtu: mtu ?? 0,
    lateProbability: late?.probability ?? 0,
    lateNs: secondsToNs(late?.delay_s ?? 0),
    lateMatch: MATCH[late?.match ?? "any"],
    lateStartNs: secondsToNs(late?.start_s ?? 0),
    lateEndNs: optionalNs(late?.end_s ?? null),
  };
}

/** A path's constant loss is one more impairment. */
function lossesOf({ to_server, to_client }: PathScenario): ImpairmentSpec[] {
  const all = { match: Match.Any, everyNth: 0, startNs: 0, endNs: NOT_SET } as const;
  return [
    ...(to_server.loss > 0 ? [{ direction: Direction.ToServer, probability: to_server.loss, ...all }] : []),
    ...(to_client.loss > 0 ? [{ direction: Direction.ToClient, probability: to_client.loss, ...all }] : []),
  ];
}

const DIRECTION = { to_server: Direction.ToServer, to_client: Direction.ToClient } as const;
const MATCH = {
  syn: Match.Syn,
  synack: Match.SynAck,
  pure_ack: Match.PureAck,
  data: Match.Data,
  fin: Match.Fin,
  rst: Match.Rst,
  any: Match.Any,
} as const;

function impairmentSpec(impairment: Impairment): ImpairmentSpec {
  return {
    direction: DIRECTION[impairment.direction],
    match: MATCH[impairment.match],
    probability: impairment.drop_probability ?? NOT_SET,
    everyNth: impairment.drop_every_nth ?? 0,
    startNs: secondsToNs(impairment.start_s),
    endNs: optionalNs(impairment.end_s),
  };
}
