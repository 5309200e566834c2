/**
 * Scenario: the experiment as its user thinks of it, after all defaults were filled in. Keys are those of the recordings.
 *
 * Units       `_s` seconds from the start of the run, `_per_s` events per second, `_bytes` bytes.
 * Invariants  null says "not set" where a key has no default. Names of workloads differ; ports of listeners too, unless all
 *             listeners of a port share it (reuseport). Values are in the ranges of config/schema.ts and tunables.ts.
 * Used by     config makes it; compile and the lab turn it into something that runs.
 */
import type { CpuCostName, CpuProfileName, DeviceKindName } from "./cpu.ts";
import type { IsnName } from "./isn.ts";
import type { KernelName } from "./kernels.ts";
import type { TunableName, TunableValue } from "./tunables.ts";

/** CONFIG_HZ of the kernels that distributions ship. */
export const HZ_VALUES = [100, 250, 300, 1000] as const;
export type Hz = (typeof HZ_VALUES)[number];

export const ACCEPT_MODES = ["immediate", "never", "rate", "serial", "workers"] as const;
export const APP_CLOSES = ["on_eof", "after_response", "on_accept", "never"] as const;
export const ARRIVALS = ["even", "poisson", "bursts", "ramp", "trace"] as const;
export const FIRST_CLOSERS = ["client", "server", "none"] as const;
export const RAW_PACKETS = ["syn", "ack", "rst"] as const;
export const RAW_ANSWERS = ["nothing", "ack", "bad_ack", "rst"] as const;
export const RAW_ADDRESSES = ["sequential", "random"] as const;
export const DIRECTIONS = ["to_server", "to_client"] as const;
export const PACKET_MATCHES = ["syn", "synack", "pure_ack", "data", "fin", "rst", "any"] as const;
export const HANDSHAKES = ["three_way", "two_way"] as const;
export const CLOCKS = ["shared", "own"] as const;
export const APP_PLACES = ["shared", "separate"] as const;
export const JITTERS = ["uniform", "normal", "exponential"] as const;
export const JITTER_SCOPES = ["packet", "connection"] as const;

export interface Scenario {
  readonly name: string;
  readonly description: string;
  readonly duration_s: number;
  /** Samples at (k + 1/2) * interval. */
  readonly sample_interval_s: number;
  readonly server: ServerScenario;
  readonly client: ClientScenario;
  readonly path: PathScenario;
  readonly workloads: readonly WorkloadScenario[];
  readonly impairments: readonly Impairment[];
}

export interface HostScenario {
  readonly kernel: KernelName;
  readonly hz: Hz;
  /** Largest packet of its link, bytes with IP header. */
  readonly mtu: number;
  /** Only those that the scenario sets, each in the form that tunables.ts names; for the others see defaultFor(). */
  readonly sysctls: { readonly [K in TunableName]?: TunableValue };
  /** How long TIME_WAIT lasts: TCP_TIMEWAIT_LEN, a constant of the kernel. */
  readonly time_wait_s: number;
  /** How initial sequence numbers are made; Linux has one way. */
  readonly isn: IsnName;
}

export interface ServerScenario extends HostScenario {
  /** two_way: a connection is established at the SYN. No kernel does this. */
  readonly handshake: (typeof HANDSHAKES)[number];
  /** Identical hosts behind a load balancer that hashes users: each host gets its share of them and of each flood. */
  readonly hosts: number;
  readonly device: DeviceScenario;
  /** null: CPUs take no time, and nothing waits in front of TCP. */
  readonly cpu: CpuScenario | null;
  readonly listeners: readonly ListenerScenario[];
}

export interface ClientScenario extends HostScenario {
  /** Constant delay each way between client and server. */
  readonly one_way_delay_s: number;
  /** shared: kernel ticks in phase with the server's, as in two namespaces of one kernel; own: a machine of its own. */
  readonly clock: (typeof CLOCKS)[number];
  /** In order: the client host crashes and boots again. Its sockets are gone without a packet, its secrets are new. */
  readonly crashes_s: readonly number[];
}

/** How packets come to a host's CPUs. */
export interface DeviceScenario {
  /** nic: NAPI, a ring for each queue; veth, loopback: straight into the backlog of a CPU. */
  readonly kind: DeviceKindName;
  /** Receive queues of a NIC, spread by hash (RSS); queue i interrupts CPU i modulo cores. */
  readonly queues: number;
  /** Packets that each of them holds (ethtool -g). */
  readonly ring: number;
  /** RPS: packets go on to the backlogs of so many CPUs, by hash; 0: off. */
  readonly rps_cpus: number;
}

/** What packets and application cost; without it CPUs take no time. */
export interface CpuScenario {
  readonly cores: number;
  readonly profile: CpuProfileName;
  /** In place of the profile's, µs. */
  readonly costs_us: { readonly [K in CpuCostName]?: number | undefined };
  /** shared: on the CPUs that receive; separate: on app_cores of its own. */
  readonly app: (typeof APP_PLACES)[number];
  readonly app_cores: number | null;
}

/** What the path does besides its constant delay, the words of tc-netem(8). */
export interface PathScenario {
  /** Largest packet that goes through whole, bytes with IP header; null: all do. */
  readonly mtu: number | null;
  readonly to_server: PathDirection;
  readonly to_client: PathDirection;
}

export interface PathDirection {
  readonly jitter: JitterScenario | null;
  /** Probabilities of each packet. */
  readonly loss: number;
  readonly duplicate: number;
  /** The packet overtakes: it is sent without the constant delay. */
  readonly reorder: number;
  /** Old duplicates (RFC 9293 section 3.4): copies of packets that arrive long after them. */
  readonly late_copies: LateCopiesScenario | null;
}

export interface LateCopiesScenario {
  /** Of each packet that matches. */
  readonly probability: number;
  /** How long after the packet its copy arrives. */
  readonly delay_s: number;
  readonly match: (typeof PACKET_MATCHES)[number];
  /** Packets that leave before this, or after the next, have no copies. */
  readonly start_s: number;
  /** null: to the end. */
  readonly end_s: number | null;
}

/** Delay besides the constant one; the sum is never negative. */
export interface JitterScenario {
  readonly distribution: (typeof JITTERS)[number];
  /** uniform: from minus to plus this; normal: standard deviation; exponential: mean of what is added. */
  readonly spread_s: number;
  /** packet: drawn for each packet, which may overtake others; connection: drawn once for each connection, near and far clients. */
  readonly per: (typeof JITTER_SCOPES)[number];
}

export interface ListenerScenario {
  readonly port: number;
  /** Argument of listen(); the kernel cuts it to net.core.somaxconn. */
  readonly backlog: number;
  readonly reuseport: boolean;
  /** TCP_DEFER_ACCEPT; 0: off. */
  readonly defer_accept_s: number;
  /** null: listens before the run starts. */
  readonly listen_start_s: number | null;
  /** null: listens to the end. */
  readonly listen_stop_s: number | null;
  readonly accept: AcceptScenario;
  readonly app: AppScenario;
}

export interface AcceptScenario {
  readonly mode: (typeof ACCEPT_MODES)[number];
  /** For `rate`: one accept() at each k / rate; a call that finds the queue empty is lost. Else null. */
  readonly rate_per_s: number | null;
  /** For `serial`: from a successful accept() to the next one. For `workers`: what a request takes. Else null. */
  readonly service_time_s: number | null;
  /** For `workers`: how many there are; each holds one connection from accept() to its close. Else null. */
  readonly workers: number | null;
  /** After listen_start_s and after each of the application's pauses: service times are `factor` times as long at first, falling to 1 in `duration_s`. */
  readonly slow_start: { readonly duration_s: number; readonly factor: number } | null;
  /** [from, to], in order, disjoint: no accept() in these. */
  readonly pause_windows_s: readonly (readonly [number, number])[];
}

export interface AppScenario {
  readonly request_bytes: number;
  /** 0: never answers. */
  readonly response_bytes: number;
  readonly close: (typeof APP_CLOSES)[number];
  readonly close_delay_s: number;
  readonly close_with_rst: boolean;
  /** `after_response` closes after so many responses of a connection (nginx: keepalive_requests). */
  readonly keepalive_requests: number;
  /** [from, to], in order, disjoint: the whole application stands still (garbage collection, deploy): it accepts, reads, answers and closes nothing. */
  readonly pause_windows_s: readonly (readonly [number, number])[];
  /** Such pauses again and again: from first_s on, each period_s, for length_s. */
  readonly pause_every: { readonly first_s: number; readonly period_s: number; readonly length_s: number } | null;
  /** Of the listening socket, which its connections inherit. */
  readonly keepalive: KeepaliveScenario | null;
  readonly user_timeout_s: number | null;
}

/** SO_KEEPALIVE; null: the sysctl's value (TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT are not set). */
export interface KeepaliveScenario {
  /** Silence after which the first probe is sent. */
  readonly time_s: number | null;
  /** From one probe to the next. */
  readonly interval_s: number | null;
  /** Unanswered probes before the connection is given up. */
  readonly probes: number | null;
}

/** What all workloads have: when they come, and from where. */
interface ArrivalScenario {
  readonly name: string;
  readonly arrival: (typeof ARRIVALS)[number];
  readonly port: number;
  readonly start_s: number;
  /** null: all arrive at start_s. */
  readonly rate_per_s: number | null;
  readonly duration_s: number | null;
  /** null: as many as rate and duration give. */
  readonly count: number | null;
  /** For `bursts`: arrivals of each; a burst begins each burst_size / rate_per_s. Else null. */
  readonly burst_size: number | null;
  /** For `bursts`: a burst's arrivals come evenly within this time; 0: all at once. */
  readonly burst_spread_s: number;
  /** For `ramp`: Poisson arrivals whose rate goes from rate_per_s to this within duration_s. Else null. */
  readonly end_rate_per_s: number | null;
  /** For `trace`: Poisson arrivals at these rates: [seconds after start_s, rate], each until the next one's time, the last to the end. Else null. */
  readonly trace: readonly (readonly [number, number])[] | null;
  /** Arrival i has address i modulo this. */
  readonly source_addresses: number;
}

/** Open-loop clients with real sockets. */
export interface ConnectionsWorkload extends ArrivalScenario {
  readonly kind: "connections";
  /** null: only the kernel gives up. */
  readonly connect_timeout_s: number | null;
  readonly request_bytes: number;
  readonly response_bytes: number;
  /** From connected; null: waits for ever. */
  readonly response_timeout_s: number | null;
  readonly first_closer: (typeof FIRST_CLOSERS)[number];
  readonly hold_s: number;
  readonly close_with_rst: boolean;
  readonly half_close: boolean;
  /** One after the other on each connection (keep-alive); the next one think_time_s after the response. */
  readonly requests_per_connection: number;
  readonly think_time_s: number;
  /** Users behind each address (NAT), each with a clock of their own: arrival i is user i modulo (source_addresses * this). */
  readonly clients_per_address: number;
  /** null: a user whose attempt failed does not try again. */
  readonly retry: RetryScenario | null;
  /** The server's application calls connect() to the client's port at the same instant, so that the SYNs cross. */
  readonly simultaneous_open: boolean;
  /** null: SO_KEEPALIVE is off. */
  readonly keepalive: KeepaliveScenario | null;
  /** TCP_USER_TIMEOUT; null: off. */
  readonly user_timeout_s: number | null;
}

/** A user who tries again with a new connection: attempt k + 1 begins min(backoff_s * factor^k, max_backoff_s) after attempt k failed. */
export interface RetryScenario {
  /** Besides the first attempt. */
  readonly max_retries: number;
  readonly backoff_s: number;
  readonly factor: number;
  readonly max_backoff_s: number;
  /** 0..1: share of the back-off that is drawn at random (1: "full jitter"). */
  readonly jitter: number;
}

/** Bare packets with no socket behind them. */
export interface RawWorkload extends ArrivalScenario {
  readonly kind: "raw";
  readonly packet: (typeof RAW_PACKETS)[number];
  readonly addresses: (typeof RAW_ADDRESSES)[number];
  /** Packet i has this port + floor(i / source_addresses). */
  readonly first_source_port: number;
  /** Of the packets' sequence numbers. */
  readonly seed: number;
  readonly answer_to_synack: (typeof RAW_ANSWERS)[number];
  readonly answer_delay_s: number;
}

export type WorkloadScenario = ConnectionsWorkload | RawWorkload;

/** Lost packets. The sender does not notice. */
export interface Impairment {
  readonly direction: (typeof DIRECTIONS)[number];
  readonly match: (typeof PACKET_MATCHES)[number];
  /** null: drop_every_nth decides. */
  readonly drop_probability: number | null;
  /** Matching packet 0, n, 2n, ... is lost; null: drop_probability decides. */
  readonly drop_every_nth: number | null;
  readonly start_s: number;
  /** null: to the end. */
  readonly end_s: number | null;
}

/**
 * Arrivals of a workload: their number with even arrivals and bursts, their mean number with the others. `runS`: length of the run, where
 * the rates of a trace end if it has no duration.
 */
export function arrivalsOf(
  workload: Pick<
    ArrivalScenario,
    "arrival" | "rate_per_s" | "duration_s" | "count" | "end_rate_per_s" | "trace" | "start_s"
  >,
  runS: number,
): number {
  if (workload.count !== null) return workload.count;
  const rate = workload.rate_per_s ?? 0;
  const duration = workload.duration_s ?? 0;
  if (workload.arrival === "ramp") return Math.round(((rate + (workload.end_rate_per_s ?? rate)) / 2) * duration);
  if (workload.arrival !== "trace" || workload.trace === null) return Math.round(rate * duration);
  const end = workload.duration_s ?? Math.max(0, runS - workload.start_s);
  let sum = 0;
  workload.trace.forEach(([from, perS], index, trace) => {
    const to = Math.min(end, trace[index + 1]?.[0] ?? end);
    if (to > from) sum += perS * (to - from);
  });
  return Math.round(sum);
}
