/**
 * RunSpec: one run of the engine. Flat, numbers only, cloneable; with it and nothing else a run is fixed.
 *
 * Purpose     The only thing that compile hands to the engine (and the pool to a worker, and the lab to a kernel).
 * Units       `...Ns` nanoseconds, `...Ms` milliseconds, `...S` seconds, `...PerS` events per second; counts are plain numbers.
 * Invariants  Every field is present. -1 says "not set" where a field may be absent. Lists keep the scenario's order.
 */

/** How raw packets are simulated. */
export const EngineMode = { Auto: 0, Packet: 1 } as const;
/** How much a RunResult holds: `Summary` leaves the time lines and the histograms by SYN retransmissions out. */
export const Detail = { Summary: 0, Full: 1 } as const;
export const WorkloadKind = { Connections: 0, Raw: 1 } as const;
/** `Rates`: Poisson arrivals whose rate changes over time (ramp and trace). */
export const Arrival = { Even: 0, Poisson: 1, Bursts: 2, Rates: 3 } as const;
export const Jitter = { None: 0, Uniform: 1, Normal: 2, Exponential: 3 } as const;
export const JitterScope = { Packet: 0, Connection: 1 } as const;
export const FirstCloser = { Client: 0, Server: 1, None: 2 } as const;
export const RawPacket = { Syn: 0, Ack: 1, Rst: 2 } as const;
export const RawAnswer = { Nothing: 0, Ack: 1, BadAck: 2, Rst: 3 } as const;
export const RawAddresses = { Sequential: 0, Random: 1 } as const;
export const AcceptMode = { Immediate: 0, Never: 1, Rate: 2, Serial: 3, Workers: 4 } as const;
export const AppClose = { OnEof: 0, AfterResponse: 1, OnAccept: 2, Never: 3 } as const;
export const Direction = { ToServer: 0, ToClient: 1 } as const;
/** What an impairment matches; the order is that of `PACKET_CLASSES` in run-result.ts, then `Any`. */
export const Match = { Syn: 0, SynAck: 1, PureAck: 2, Data: 3, Fin: 4, Rst: 5, Any: 6 } as const;

type ValueOf<T> = T[keyof T];

/** Exact: the limit itself. Random: from half of it to one and a half times it; 0 is none, or (ZeroIsMany) up to 2^32. */
export const ChallengeBudget = { Exact: 0, Random: 1, ZeroIsMany: 2 } as const;
/** `None`: one clock for all. */
export const TimestampOffset = { None: 0, Pair: 1, Tuple: 2 } as const;

/** What differs between kernel versions, as numbers (vocabulary/kernels.ts: KERNEL_RULES; of which each follows, compile/kernel-rules.ts). */
export interface KernelRulesSpec {
  /** The SYN queue is full above backlog - 1 + this. */
  readonly synQueueSpare: 0 | 1;
  /** With a full accept queue a SYN is dropped if more half-opens than this are young; -1: in any case. */
  readonly acceptFullYoung: -1 | 1;
  readonly provenPeers: 0 | 1;
  /** Replies to unacceptable segments for a request are limited by invalidRatelimitMs. */
  readonly limitsRequestAcks: 0 | 1;
  /** Only a RST at the exact sequence number kills a request. */
  readonly exactRequestRst: 0 | 1;
  /** The timestamp echo of segments for a request is checked. */
  readonly checksRequestEcho: 0 | 1;
  /** A bare ACK that is too old by its timestamp is answered. */
  readonly answersOldAcks: 0 | 1;
  /** An ACK of what was never sent is answered in ESTABLISHED too. */
  readonly challengesFutureAck: 0 | 1;
  /** connect() takes a port from TIME_WAIT when it is older by more than this in whole seconds of uptime; -1: by twReuseDelayMs. */
  readonly twReuseSeconds: -1 | 0 | 1;
  /** ... and from FIN_WAIT2 of an orphan. */
  readonly twReuseFinWait2: 0 | 1;
  /** With rfc1337 1 a RST restarts the TIME_WAIT timer. */
  readonly rfc1337Restarts: 0 | 1;
  /** A bad ACK in SYN_SENT makes the SYN be sent again at once. */
  readonly quickSynResend: 0 | 1;
  /** connect() has a hint for each destination rather than one for all. */
  readonly portPerturbation: 0 | 1;
  readonly timestampOffset: ValueOf<typeof TimestampOffset>;
  /** The log's line about SYN flooding names the address too, and no SNMP counters. */
  readonly floodLineHasAddress: 0 | 1;
  /** net_ratelimit limits that line. */
  readonly floodLineLimited: 0 | 1;
  /** Timestamps count ticks instead of milliseconds. */
  readonly timestampTicks: 0 | 1;
  /** How many challenge ACKs a second tcp_challenge_ack_limit allows, where it is not 2147483647. */
  readonly challengeBudget: ValueOf<typeof ChallengeBudget>;
  /** After SYNs have crossed, a SYN-ACK establishes; else it is challenged, and the challenge ACK establishes the peer. */
  readonly takesCrossedSynAck: 0 | 1;
  /** A retransmission time-out ends with TCP_USER_TIMEOUT. */
  readonly userTimeoutCutsRto: 0 | 1;
  /** Timers fire at their very tick, in the order in which they were armed. */
  readonly exactTimers: 0 | 1;
  /** Verdict, counter, how often more (or less) it counts than `VERDICTS` says, verdict ... (indices of VERDICT_NAMES and COUNTER_NAMES). */
  readonly effectChanges: readonly number[];
}

/** The kernel of one host: its rules and sysctls as numbers, and the clock. */
export interface HostSpec extends KernelRulesSpec {
  /** Timer ticks per second (CONFIG_HZ). */
  readonly hz: number;
  /** The MSS option of its SYNs and SYN-ACKs, and that of the other host's. */
  readonly announcedMss: number;
  readonly peerMss: number;
  /** [class]: payload of its segments without the timestamp option, and of the other host's (vocabulary/mss.ts). */
  readonly sentMss: readonly number[];
  readonly receivedMss: readonly number[];
  readonly maxSynBacklog: number;
  /** 0, 1 or 2; other values act as 1. */
  readonly syncookies: number;
  readonly synackRetries: number;
  readonly synRetries: number;
  readonly synLinearTimeouts: number;
  readonly abortOnOverflow: 0 | 1;
  /** 0 off, 1 on, 2 on without a per-connection offset. */
  readonly timestamps: number;
  readonly sack: 0 | 1;
  readonly windowScaling: 0 | 1;
  /** 0 off, 1 on, 2 loopback only (which acts as off between two hosts). */
  readonly twReuse: number;
  readonly twReuseDelayMs: number;
  /** Up to kernel 4.11; 0 where it does not exist. */
  readonly twRecycle: 0 | 1;
  readonly maxTwBuckets: number;
  /** TCP_TIMEWAIT_LEN. */
  readonly timeWaitS: number;
  /** Initial sequence numbers: the step of their clock, 0 for none, and whether a keyed hash is added (isn.ts). */
  readonly isnStepNs: number;
  readonly isnKeyed: 0 | 1;
  /** A listener's connections are established at the SYN: a counterfactual. */
  readonly twoWay: 0 | 1;
  readonly finTimeoutS: number;
  readonly maxOrphans: number;
  readonly orphanRetries: number;
  readonly retries2: number;
  readonly rfc1337: 0 | 1;
  readonly rtoMinUs: number;
  readonly rtoMaxMs: number;
  readonly invalidRatelimitMs: number;
  readonly challengeAckLimit: number;
  readonly noMetricsSave: 0 | 1;
  /** ip_local_port_range, both inclusive. */
  readonly portLow: number;
  readonly portHigh: number;
  /** ip_local_reserved_ports, as single ports. */
  readonly reservedPorts: readonly number[];
}

/** What an application has asked of a socket that the kernel does not do by itself; of a listener, what its children inherit. */
export interface SocketOptionsSpec {
  /** SO_KEEPALIVE: silence before the first probe; 0: off. */
  readonly keepaliveS: number;
  readonly keepaliveIntervalS: number;
  readonly keepaliveProbes: number;
  /** TCP_USER_TIMEOUT; 0: off. */
  readonly userTimeoutMs: number;
}

export interface ListenerSpec extends SocketOptionsSpec {
  readonly port: number;
  /** listen(2)'s argument after the clamp by net.core.somaxconn. */
  readonly backlog: number;
  readonly reuseport: 0 | 1;
  /** TCP_DEFER_ACCEPT as a number of SYN-ACK timer firings (tcp.c:secs_to_retrans); 0 = off. */
  readonly deferTimeouts: number;
  /** -1: listens before the run starts. */
  readonly listenStartNs: number;
  /** -1: listens to the end. */
  readonly listenStopNs: number;
  readonly acceptMode: ValueOf<typeof AcceptMode>;
  /** accept() calls per second, for AcceptMode.Rate. */
  readonly acceptPerS: number;
  /** From a successful accept() to the next one, for AcceptMode.Serial; time of each request, for AcceptMode.Workers. */
  readonly serviceNs: number;
  /** For AcceptMode.Workers; each holds one connection from accept() to its close. */
  readonly workers: number;
  /** Service times are slowStartFactor times as long after listenStartNs and after each app pause, falling linearly to 1 in this time; 0: none. */
  readonly slowStartNs: number;
  readonly slowStartFactor: number;
  /** from, to, from, to ...: no accept() inside; sorted, disjoint. */
  readonly pausesNs: readonly number[];
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly close: ValueOf<typeof AppClose>;
  readonly closeDelayNs: number;
  readonly closeWithRst: 0 | 1;
  /** AppClose.AfterResponse closes after so many responses. */
  readonly keepaliveRequests: number;
  /** from, to, from, to ...: the application does nothing at all inside; sorted, disjoint. */
  readonly appPausesNs: readonly number[];
}

interface ArrivalSpec {
  /** Hash of the workload's name: the key of its random streams, the same whatever stands beside it. */
  readonly streamKey: number;
  readonly arrival: ValueOf<typeof Arrival>;
  readonly port: number;
  readonly startNs: number;
  /** 0: all arrive at `startNs`. */
  readonly ratePerS: number;
  /** With even arrivals their number; with Poisson an upper bound (the stream ends at `endNs` or at this number). */
  readonly count: number;
  /** Poisson arrivals end here; -1: only `count` ends them. */
  readonly endNs: number;
  readonly sourceAddresses: number;
  /** Arrival.Bursts: burst k begins at startNs + k * burstSize / ratePerS; its arrivals come evenly within burstSpreadNs. */
  readonly burstSize: number;
  readonly burstSpreadNs: number;
  /** Arrival.Rates: from, rate there, rate at the piece's end, from ...; in ns of the run and per second; a piece ends where the next begins, the last at endNs. */
  readonly ratePieces: readonly number[];
}

/** Open-loop clients with real sockets. */
export interface ConnectionsSpec extends ArrivalSpec, SocketOptionsSpec {
  readonly kind: typeof WorkloadKind.Connections;
  /** -1: only the kernel gives up. */
  readonly connectTimeoutNs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Counted from connected; -1: none. */
  readonly responseTimeoutNs: number;
  readonly firstCloser: ValueOf<typeof FirstCloser>;
  readonly holdNs: number;
  readonly closeWithRst: 0 | 1;
  readonly halfClose: 0 | 1;
  readonly requestsPerConnection: number;
  readonly thinkNs: number;
  readonly clientsPerAddress: number;
  /** 0: nobody tries again. Retry k (from 0) begins min(retryBackoffNs * retryFactor^k, retryMaxBackoffNs) after the failure. */
  readonly maxRetries: number;
  readonly retryBackoffNs: number;
  readonly retryFactor: number;
  readonly retryMaxBackoffNs: number;
  /** 0..1: share of the back-off that is drawn. */
  readonly retryJitter: number;
  /** The server's application calls connect() to the client's port at the same instant. */
  readonly simultaneousOpen: 0 | 1;
}

/** Bare packets with no socket behind them. */
export interface RawSpec extends ArrivalSpec {
  readonly kind: typeof WorkloadKind.Raw;
  readonly packet: ValueOf<typeof RawPacket>;
  readonly addresses: ValueOf<typeof RawAddresses>;
  readonly firstSourcePort: number;
  readonly answer: ValueOf<typeof RawAnswer>;
  readonly answerDelayNs: number;
  /** Seed of the packets' sequence numbers, as in the recorder; the same seed and ports give the same segments. */
  readonly packetSeed: number;
}

export type WorkloadSpec = ConnectionsSpec | RawSpec;

export interface ImpairmentSpec {
  readonly direction: ValueOf<typeof Direction>;
  readonly match: ValueOf<typeof Match>;
  /** 0..1; -1: `everyNth` decides. */
  readonly probability: number;
  /** Matching packet 0, n, 2n, ... is lost; 0: `probability` decides. */
  readonly everyNth: number;
  readonly startNs: number;
  /** -1: to the end. */
  readonly endNs: number;
}

/** One direction of the path, besides its constant delay and its impairments. */
export interface PathSpec {
  readonly jitter: ValueOf<typeof Jitter>;
  readonly jitterNs: number;
  readonly jitterScope: ValueOf<typeof JitterScope>;
  readonly duplicate: number;
  readonly reorder: number;
  /** Larger packets go on as fragments; 0: none are too large. */
  readonly mtu: number;
  /** Copies of packets that arrive lateNs after them: of those of class lateMatch that leave from lateStartNs to before lateEndNs (-1: to the end). */
  readonly lateProbability: number;
  readonly lateNs: number;
  readonly lateMatch: ValueOf<typeof Match>;
  readonly lateStartNs: number;
  readonly lateEndNs: number;
}

/** What the server's CPUs do in front of TCP, and for its application. */
export interface CpuSpec {
  /** CPUs that receive. */
  readonly cores: number;
  /** Receive queues of a NIC; 0: packets come straight into backlogs (veth, loopback). */
  readonly queues: number;
  readonly ring: number;
  /** RPS: packets go on to the backlogs of so many CPUs; 0: off. */
  readonly rpsCpus: number;
  readonly maxBacklog: number;
  /** Bit i: flow_limit on CPU i; and its hash table's slots, a power of 2. */
  readonly flowLimitCpus: number;
  readonly flowLimitSlots: number;
  readonly budget: number;
  readonly budgetTicks: number;
  /** Packets of one poll of a backlog. */
  readonly backlogWeight: number;
  /** [cost] (vocabulary/cpu.ts), ns. */
  readonly costNs: readonly number[];
  /** CPUs of the application alone; 0: it runs on those that receive. */
  readonly appCores: number;
}

export interface RunSpec {
  /** uint32 */
  readonly seed: number;
  readonly engine: ValueOf<typeof EngineMode>;
  readonly detail: ValueOf<typeof Detail>;
  readonly durationNs: number;
  /** Samples at (k + 1/2) * interval, at most MAX_SAMPLES of them. */
  readonly sampleIntervalNs: number;
  /** Constant delay each way between client and server. */
  readonly oneWayDelayNs: number;
  readonly toServer: PathSpec;
  readonly toClient: PathSpec;
  /** This run is that of host `hostIndex` of `hostCount` behind a load balancer that hashes users. */
  readonly hostIndex: number;
  readonly hostCount: number;
  /** 1: both hosts' kernel ticks have the same phase, as network namespaces of one kernel have. */
  readonly sharedClock: 0 | 1;
  /** When the client host crashes and boots again; rising. */
  readonly clientCrashesNs: readonly number[];
  readonly server: HostSpec;
  readonly client: HostSpec;
  /** null: CPUs take no time. */
  readonly cpu: CpuSpec | null;
  readonly listeners: readonly ListenerSpec[];
  readonly workloads: readonly WorkloadSpec[];
  readonly impairments: readonly ImpairmentSpec[];
}

/** Longest time line; the compiler widens the interval beyond it. */
export const MAX_SAMPLES = 4096;
/** Largest request and response, bytes: beyond it a transfer depends on more than the windows that are modelled. */
export const MAX_PAYLOAD = 64 * 2 ** 20;
