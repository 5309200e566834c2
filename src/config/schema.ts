/**
 * Schema: the keys of a scenario file, their types, ranges and defaults. What several keys say together is in rules.ts.
 *
 * Units   As in the names of the keys; ranges are limits of the model or of the kernel, whichever is narrower.
 */
import { z } from "zod";
import { CPU_COST_NAMES, CPU_COSTS, CPU_PROFILE_NAMES, type CpuCostName, DEVICE_KINDS } from "../vocabulary/cpu.ts";
import { ISN_NAMES } from "../vocabulary/isn.ts";
import { DEFAULT_KERNEL } from "../vocabulary/kernels.ts";
import { DEFAULT_MTU, MAX_MTU, MIN_MTU } from "../vocabulary/mss.ts";
import * as scenario from "../vocabulary/scenario.ts";
import {
  bytes,
  describe,
  flag,
  identifier,
  list,
  MAX_COUNT,
  MAX_RATE_PER_S,
  map,
  number,
  oneOf,
  oneOfNumbers,
  optional,
  port,
  ratePerS,
  seconds,
  text,
  whole,
} from "./fields.ts";

export const MAX_LISTENERS = 1024;
export const MAX_WORKLOADS = 256;
export const MAX_IMPAIRMENTS = 256;
export const MAX_PAUSES = 4096;
const MAX_CRASHES = 1024;
const MAX_APP_WORKERS = 65_536;
/** As the kernel's ports and addresses leave room for. */
const MAX_HOSTS = 64;
export const MAX_TRACE_ROWS = 100_000;
const MAX_REQUESTS = 1_000_000;
/** 10.88.0.1 ff., the clients' network. */
const MAX_CLIENT_ADDRESSES = 65_534;
/** 198.18.0.1 ff., the flood's network (a /15). */
const MAX_RAW_ADDRESSES = 131_070;
const INT_MAX = 0x7fffffff;
const MAX_CPUS = 64;
const MAX_RING = 65_536;
const MAX_BURST = 10_000_000;
const MAX_NAT_CLIENTS = 1_000_000;

/** Values are checked against tunables.ts by sysctls.ts. */
export const sysctlsSchema = z
  .record(z.string(), z.unknown(), {
    error: ({ input }) => `found ${describe(input)}, allowed is a map of sysctl names to values`,
  })
  .default({})
  .describe("Sysctls by the name that `sysctl -a` prints; those that are not set have the kernel's default.");

/** Values that JSON Schema tells more of than zod: see json-schema.ts. */
export const kernelSchema = text(64);

const host = {
  /** A number is taken as it was written, see parse.ts. */
  kernel: kernelSchema
    .default(DEFAULT_KERNEL)
    .describe(
      "Version of the Linux kernel, such as 6.18; one that is not listed gets the rules of the nearest older one.",
    ),
  hz: oneOfNumbers(scenario.HZ_VALUES, "ticks per second")
    .default(250)
    .describe("CONFIG_HZ of the kernel, timer ticks per second."),
  mtu: whole("a whole number of bytes", { min: MIN_MTU, max: MAX_MTU })
    .default(DEFAULT_MTU)
    .describe("Largest packet of its link, bytes with IP header; its MSS is 40 less."),
  sysctls: sysctlsSchema,
  time_wait_s: seconds({ min: 0.1, max: 3600 })
    .default(60)
    .describe(
      "How long TIME_WAIT lasts, seconds. No kernel has a sysctl for it: other values than 60 are a kernel that was built anew, or another system (Windows: 30 to 240).",
    ),
  isn: oneOf(ISN_NAMES)
    .default("linux")
    .describe(
      "Initial sequence numbers. linux: a keyed hash and a clock of 64 ns; rfc793: a clock of 4 µs; rfc6528: that and a keyed hash; constant. No kernel can be set to another than linux.",
    ),
};

const pauseWindow = z.tuple([seconds(), seconds()], {
  error: ({ input }) => `found ${describe(input)}, allowed is a pair of times in seconds: [from, to]`,
});

const pauseWindows = () => list(pauseWindow, "pauses", MAX_PAUSES).default([]);

const slowStart = map({
  duration_s: seconds({ above: 0 }).describe("How long it takes to become as fast as usual, seconds."),
  factor: number("how many times as long", { min: 1, max: 1000 }).describe(
    "How many times as long a request takes at first.",
  ),
});

const accept = map({
  mode: oneOf(scenario.ACCEPT_MODES).describe(
    "immediate: accepts at once; never; rate: rate_per_s times a second; serial: one connection each service_time_s; workers: so many at a time, each for service_time_s a request.",
  ),
  rate_per_s: optional(ratePerS("accept() calls")).describe(
    "Mode rate: accept() calls per second; one that finds the queue empty is lost.",
  ),
  service_time_s: optional(seconds({ above: 0 })).describe(
    "Mode serial: seconds from one accept() to the next. Mode workers: seconds a request takes.",
  ),
  workers: optional(whole("a whole number of workers", { min: 1, max: MAX_APP_WORKERS })).describe(
    "Mode workers: how many there are; each holds one connection from accept() to its close.",
  ),
  slow_start: optional(slowStart).describe(
    "Modes serial and workers: slower after the start and after each pause of the application.",
  ),
  pause_windows_s: pauseWindows().describe("[from, to] in seconds, in order: no accept() in these."),
});

const pauseEvery = map({
  first_s: seconds().default(0).describe("Start of the first pause, seconds."),
  period_s: seconds({ above: 0 }).describe("From the start of one pause to that of the next, seconds."),
  length_s: seconds({ above: 0 }).describe("Length of each pause, seconds."),
});

/** As TCP_KEEPIDLE and TCP_KEEPINTVL allow (MAX_TCP_KEEPIDLE), and TCP_KEEPCNT (MAX_TCP_KEEPCNT). */
const MAX_KEEPALIVE_S = 32_767;
const MAX_KEEPALIVE_PROBES = 127;

const keepalive = map({
  time_s: optional(whole("a whole number of seconds", { min: 1, max: MAX_KEEPALIVE_S })).describe(
    "TCP_KEEPIDLE: silence before the first probe, seconds; absent: net.ipv4.tcp_keepalive_time.",
  ),
  interval_s: optional(whole("a whole number of seconds", { min: 1, max: MAX_KEEPALIVE_S })).describe(
    "TCP_KEEPINTVL: from one probe to the next, seconds; absent: net.ipv4.tcp_keepalive_intvl.",
  ),
  probes: optional(whole("a whole number of probes", { min: 1, max: MAX_KEEPALIVE_PROBES })).describe(
    "TCP_KEEPCNT: unanswered probes before it gives up; absent: net.ipv4.tcp_keepalive_probes.",
  ),
});

/** Socket options of an application's connections, at either end. */
const socketOptions = {
  keepalive: optional(keepalive).describe(
    "SO_KEEPALIVE: probes a silent connection, and resets it when no answer comes; absent: off.",
  ),
  user_timeout_s: optional(seconds({ above: 0, max: 2_147_483 })).describe(
    "TCP_USER_TIMEOUT: gives up what was not acknowledged for so many seconds; absent: off, tcp_retries2 decides.",
  ),
};

const app = map({
  request_bytes: bytes().default(0).describe("Bytes that it reads before it answers."),
  response_bytes: bytes().default(0).describe("Bytes of its answer; 0: it never answers."),
  close: oneOf(scenario.APP_CLOSES)
    .default("on_eof")
    .describe("When it closes a connection: after the client did, after its answer, after accept(), or never."),
  close_delay_s: seconds().default(0).describe("How long after that it closes, seconds."),
  close_with_rst: flag().default(false).describe("Closes by RST (SO_LINGER 0)."),
  keepalive_requests: whole("a whole number of requests", { min: 1, max: MAX_REQUESTS })
    .default(1)
    .describe("close: after_response closes after so many answers of a connection (nginx: keepalive_requests)."),
  pause_windows_s: pauseWindows().describe(
    "[from, to] in seconds, in order: the whole application stands still (garbage collection, deploy).",
  ),
  pause_every: optional(pauseEvery).describe("Pauses of the whole application, again and again."),
  ...socketOptions,
});

export const listenerSchema = map({
  port: port().describe("TCP port. Listeners may share one if all of them have reuseport."),
  /** A C int. */
  backlog: whole("a whole number of connections", { min: -INT_MAX - 1, max: INT_MAX }).describe(
    "Argument of listen(): both queues hold one more. Cut to net.core.somaxconn; negative is as much as there may be.",
  ),
  reuseport: flag().default(false).describe("SO_REUSEPORT: shares the port, each listener with queues of its own."),
  defer_accept_s: whole("a whole number of seconds", { max: 86_400 })
    .default(0)
    .describe("TCP_DEFER_ACCEPT, seconds; 0: off."),
  listen_start_s: optional(seconds()).describe("When it begins to listen, seconds; absent: before the run."),
  listen_stop_s: optional(seconds()).describe("When it closes, seconds; absent: never."),
  accept: accept.prefault({ mode: "immediate" }).describe("How the application calls accept()."),
  app: app.prefault({}).describe("What the application does with a connection that it accepted."),
});

const tracePoint = z.tuple([seconds(), number("a number of arrivals per second", { max: MAX_RATE_PER_S })], {
  error: ({ input }) => `found ${describe(input)}, allowed is a pair: [seconds, arrivals per second from then on]`,
});

const retry = map({
  max_retries: whole("a whole number of retries", { min: 1, max: 1000 }).describe("Attempts after the first one."),
  backoff_s: seconds().describe("Seconds from the first failure to the second attempt."),
  factor: number("a factor", { min: 1, max: 100 }).default(2).describe("By which each further wait is longer."),
  max_backoff_s: seconds().default(60).describe("The longest wait, seconds."),
  jitter: number("a share", { max: 1 })
    .default(0)
    .describe("Share of the wait that is drawn at random, 0 to 1 (1: full jitter)."),
});

export const traceSchema = list(tracePoint, "rates", MAX_TRACE_ROWS);

/** Keys without a default here get one that depends on others, in parse.ts. */
const arrivals = {
  name: identifier().describe("Name in tables, thresholds and key paths."),
  arrival: oneOf(scenario.ARRIVALS)
    .default("even")
    .describe(
      "even: at equal distances; poisson: at random; bursts: burst_size at a time; ramp: from rate_per_s to end_rate_per_s; trace: at the rates of a list or file.",
    ),
  port: port().optional().describe("Port of the server; absent: that of the first listener."),
  start_s: seconds().default(0).describe("When it begins, seconds."),
  /** 0 only where a ramp begins, see rules.ts. */
  rate_per_s: optional(number("a number of arrivals per second", { max: MAX_RATE_PER_S })).describe(
    "Arrivals per second, above 0 but for a ramp, which may begin at 0; absent: all arrive at start_s.",
  ),
  duration_s: optional(seconds({ above: 0 })).describe("How long they go on arriving, seconds."),
  count: optional(whole("a whole number of arrivals", { min: 1, max: MAX_COUNT })).describe(
    "How many arrive; absent: as many as rate and duration give.",
  ),
  burst_size: optional(whole("a whole number of arrivals", { min: 1, max: MAX_BURST })).describe(
    "Arrival bursts: arrivals of each; one begins each burst_size / rate_per_s seconds.",
  ),
  burst_spread_s: seconds()
    .default(0)
    .describe("Arrival bursts: a burst comes evenly within so many seconds; 0: all at once."),
  end_rate_per_s: optional(number("a number of arrivals per second", { max: MAX_RATE_PER_S })).describe(
    "Arrival ramp: arrivals per second at the end of duration_s.",
  ),
  trace: optional(traceSchema).describe(
    "Arrival trace: [seconds after start_s, arrivals per second from then on], or the path of a CSV file of such lines.",
  ),
};

const connectionsSchema = map({
  kind: z.literal("connections").describe("Clients with real sockets."),
  ...arrivals,
  source_addresses: whole("a whole number of addresses", { min: 1, max: MAX_CLIENT_ADDRESSES })
    .default(1)
    .describe("Addresses that they come from, in turn."),
  connect_timeout_s: optional(seconds({ above: 0 })).describe(
    "Seconds after which the application gives connect() up; absent: only the kernel does.",
  ),
  request_bytes: bytes().default(0).describe("Bytes that a client sends once connected."),
  response_bytes: bytes().default(0).describe("Bytes that it then waits for."),
  response_timeout_s: optional(seconds({ above: 0 })).describe(
    "Seconds from connected after which it gives the response up; absent: never.",
  ),
  first_closer: oneOf(scenario.FIRST_CLOSERS).default("client").describe("Who closes first."),
  hold_s: seconds().default(0).describe("Seconds for which it keeps the connection before it closes."),
  close_with_rst: flag().default(false).describe("Closes by RST (SO_LINGER 0)."),
  half_close: flag().default(false).describe("Closes its sending side first (shutdown)."),
  requests_per_connection: whole("a whole number of requests", { min: 1, max: MAX_REQUESTS })
    .default(1)
    .describe("Requests on each connection, one after the other (keep-alive)."),
  think_time_s: seconds().default(0).describe("Seconds from a response to the next request."),
  clients_per_address: whole("a whole number of clients", { min: 1, max: MAX_NAT_CLIENTS })
    .default(1)
    .describe("Users behind each address (NAT), each with a clock of their own."),
  simultaneous_open: flag()
    .default(false)
    .describe(
      "The server connects to each client's port at the same instant, so that the SYNs cross; no queue is used.",
    ),
  retry: optional(retry).describe("Users whose attempt failed try again with a new connection; absent: they give up."),
  ...socketOptions,
});

const rawSchema = map({
  kind: z.literal("raw").describe("Bare packets with no socket behind them, as of a flood."),
  ...arrivals,
  source_addresses: whole("a whole number of addresses", { min: 1, max: MAX_RAW_ADDRESSES })
    .default(65_536)
    .describe("Addresses that they come from."),
  packet: oneOf(scenario.RAW_PACKETS).describe("What is sent."),
  addresses: oneOf(scenario.RAW_ADDRESSES)
    .default("sequential")
    .describe("sequential: in turn, so that none repeats soon; random: drawn for each packet."),
  first_source_port: port()
    .optional()
    .describe("Source port of the first packets; the next one each time the addresses are used up."),
  seed: whole("a whole number", { max: INT_MAX }).optional().describe("Of the packets' sequence numbers."),
  answer_to_synack: oneOf(scenario.RAW_ANSWERS).default("nothing").describe("What a SYN-ACK is answered by."),
  answer_delay_s: seconds().default(0).describe("How long after the SYN-ACK, seconds."),
});

export const workloadSchema = z.discriminatedUnion("kind", [connectionsSchema, rawSchema], {
  error: ({ input }) => {
    const isMap = typeof input === "object" && input !== null && !Array.isArray(input);
    if (!isMap) return `found ${describe(input)}, allowed is a map of keys`;
    return `found ${describe((input as { kind?: unknown }).kind)}, allowed is one of connections, raw`;
  },
});

export const impairmentSchema = map({
  direction: oneOf(scenario.DIRECTIONS).describe("Which way the packets go."),
  match: oneOf(scenario.PACKET_MATCHES).describe("Which packets are lost."),
  drop_probability: optional(number("a probability", { max: 1 })).describe(
    "Probability of each, 0 to 1; with neither this nor drop_every_nth all are lost.",
  ),
  drop_every_nth: optional(whole("a whole number of packets", { min: 1, max: INT_MAX })).describe(
    "Packets 0, n, 2n, ... of those that match are lost.",
  ),
  start_s: seconds().default(0).describe("Begin, seconds."),
  end_s: optional(seconds()).describe("End, seconds; absent: that of the run."),
});

const jitter = map({
  distribution: oneOf(scenario.JITTERS).describe("Of the delay besides the constant one."),
  spread_s: seconds({ above: 0, max: 60 }).describe(
    "Seconds. uniform: from minus to plus this; normal: standard deviation; exponential: mean of what is added.",
  ),
  per: oneOf(scenario.JITTER_SCOPES)
    .default("packet")
    .describe("packet: drawn for each, which may overtake; connection: drawn once for each, near and far clients."),
});
const probability = () => number("a probability", { max: 1 }).default(0);
export const lateCopiesSchema = map({
  probability: number("a probability", { max: 1 }).describe("Probability that a packet has a late copy, 0 to 1."),
  delay_s: seconds({ above: 0, max: 3600 }).describe("How long after the packet its copy arrives, seconds."),
  match: oneOf(scenario.PACKET_MATCHES).default("any").describe("Which packets have copies."),
  start_s: seconds().default(0).describe("Packets that leave before this have none, seconds."),
  end_s: optional(seconds()).describe("Nor have those that leave from here on, seconds; absent: the end of the run."),
});
const pathDirection = map({
  jitter: optional(jitter).describe("Delay besides the constant one."),
  loss: probability().describe("Probability that a packet is lost, 0 to 1."),
  duplicate: probability().describe("Probability that a packet comes twice, 0 to 1."),
  reorder: probability().describe("Probability that a packet overtakes those before it, 0 to 1."),
  late_copies: optional(lateCopiesSchema).describe(
    "Old duplicates: copies that arrive long after their packets. Bare packets of raw workloads have none.",
  ),
});
export const pathSchema = map({
  mtu: optional(whole("a whole number of bytes", { min: MIN_MTU, max: MAX_MTU })).describe(
    "Largest packet that goes through whole; larger ones go on as fragments, and need net.ipv4.ip_no_pmtu_disc: 1 at their sender.",
  ),
  to_server: pathDirection.prefault({}).describe("What happens to the clients' packets."),
  to_client: pathDirection.prefault({}).describe("What happens to the server's packets."),
});

const device = map({
  kind: oneOf(DEVICE_KINDS)
    .default("nic")
    .describe("nic: NAPI, a ring for each queue; veth, loopback: straight into the backlog of a CPU."),
  queues: whole("a whole number of queues", { min: 1, max: MAX_CPUS })
    .default(1)
    .describe("Receive queues of a NIC, spread by hash (RSS); queue i interrupts CPU i modulo cores."),
  ring: whole("a whole number of packets", { min: 1, max: MAX_RING })
    .default(1024)
    .describe("Packets that each receive queue of a NIC holds (ethtool -g)."),
  rps_cpus: whole("a whole number of CPUs", { max: MAX_CPUS })
    .default(0)
    .describe("RPS: packets go on to the backlogs of so many CPUs, by hash; 0: off."),
});

const costUs = number("a number of microseconds", { max: 1e6 });
const cpu = map({
  cores: whole("a whole number of CPUs", { min: 1, max: MAX_CPUS }).describe("CPUs that receive packets."),
  profile: oneOf(CPU_PROFILE_NAMES).default("measured-6.18").describe("What packets and application cost."),
  costs_us: map(
    Object.fromEntries(CPU_COST_NAMES.map((name) => [name, costUs.optional().describe(CPU_COSTS[name])])) as {
      [K in CpuCostName]: z.ZodOptional<typeof costUs>;
    },
  )
    .prefault({})
    .describe("In place of the profile's, µs of one CPU."),
  app: oneOf(scenario.APP_PLACES)
    .default("shared")
    .describe("shared: the application runs on the CPUs that receive; separate: on CPUs of its own."),
  app_cores: optional(whole("a whole number of CPUs", { min: 1, max: MAX_CPUS })).describe(
    "app: separate: how many CPUs it has; absent: as many as cores.",
  ),
});

export const serverSchema = map({
  ...host,
  hosts: whole("a whole number of hosts", { min: 1, max: MAX_HOSTS })
    .default(1)
    .describe("Identical hosts behind a load balancer that hashes users."),
  handshake: oneOf(scenario.HANDSHAKES)
    .default("three_way")
    .describe(
      "two_way: connections are established at the SYN, to see what the third segment is for. No kernel does this.",
    ),
  device: device.prefault({}).describe("How packets come to the CPUs."),
  cpu: optional(cpu).describe("What packets and application cost; absent: CPUs take no time, nothing waits for them."),
  listeners: list(listenerSchema, "listeners", MAX_LISTENERS).default([]).describe("Sockets that listen."),
});

export const clientSchema = map({
  ...host,
  one_way_delay_s: seconds({ max: 60 })
    .default(0)
    .describe("Constant delay each way between client and server, seconds."),
  clock: oneOf(scenario.CLOCKS)
    .default("shared")
    .describe(
      "shared: ticks in phase with the server's, as in two namespaces of one kernel; own: a machine of its own.",
    ),
  crashes_s: list(seconds(), "crashes", MAX_CRASHES)
    .default([])
    .describe("Seconds, in order: the client host crashes and boots again; its sockets are gone without a packet."),
});

export const scenarioSchema = map({
  name: text(200).default("").describe("Title in reports."),
  description: text(10_000).default("").describe("What it shows."),
  notes: text(10_000).optional().describe("For readers of the file; nothing else reads it."),
  duration_s: seconds({ above: 0 }).describe("Length of the run, seconds of simulated time."),
  sample_interval_s: seconds({ min: 0.001 }).default(0.5).describe("Distance of the samples of time lines, seconds."),
  server: serverSchema.describe("The server: its kernel, its listeners, its applications."),
  client: clientSchema.prefault({}).describe("The clients' kernel, and their distance."),
  path: pathSchema.prefault({}).describe("What the path does besides its constant delay, the words of tc-netem."),
  workloads: list(workloadSchema, "workloads", MAX_WORKLOADS).default([]).describe("Clients and floods."),
  impairments: list(impairmentSchema, "impairments", MAX_IMPAIRMENTS)
    .default([])
    .describe("Packets lost by kind, probability or turn."),
});

export type ListenerInput = z.output<typeof listenerSchema>;
export type WorkloadInput = z.output<typeof workloadSchema>;
export type ImpairmentInput = z.output<typeof impairmentSchema>;
export type ScenarioInput = z.output<typeof scenarioSchema>;
