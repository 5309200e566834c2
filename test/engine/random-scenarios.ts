/**
 * Random scenarios: everything that a file can say about a small run, often enough.
 *
 * Two kinds   `parts` are runs of a few seconds on kernels as they are. `wildParts` add what makes sockets live long and end badly: losses of each
 *             class, closes of every kind, tiny limits, kernels of all versions, listeners that share a port, few local ports.
 * Used by     properties; the seed is printed when one fails.
 */
import fc from "fast-check";
import { KERNELS } from "../../src/vocabulary/kernels.ts";
import { HZ_VALUES } from "../../src/vocabulary/scenario.ts";
import type { Keys } from "./helpers.ts";

export const oneOf = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
export const sysctl = (name: string): string => `net.ipv4.${name}`;

const server = fc.record({
  backlog: oneOf(0, 1, 4, 16, 40),
  accept: oneOf<Keys>(
    { mode: "immediate" },
    { mode: "never" },
    { mode: "rate", rate_per_s: 30 },
    { mode: "serial", service_time_s: 0.02 },
    { mode: "immediate", pause_windows_s: [[0.2, 1.5]] },
    { mode: "workers", workers: 3, service_time_s: 0.02 },
    { mode: "workers", workers: 1, service_time_s: 0.1, slow_start: { duration_s: 0.5, factor: 3 } },
  ),
  app: oneOf<Keys>(
    {},
    {},
    { keepalive_requests: 2 },
    { pause_windows_s: [[0.3, 0.8]] },
    { pause_every: { first_s: 0.1, period_s: 0.2, length_s: 0.05 } },
    { close_delay_s: 0.03 },
  ),
  deferS: oneOf(0, 0, 1),
  startS: oneOf(null, null, null, 0.6),
  stopS: oneOf(null, null, null, 1.2),
  close: oneOf("on_eof", "after_response", "never"),
  syncookies: oneOf(0, 1, 1, 2),
  abort: oneOf(0, 0, 1),
  maxSynBacklog: oneOf(8, 32, 2048),
  synackRetries: oneOf(0, 1, 2, 5),
  buckets: oneOf(0, 3, 1000),
});

const clients = fc.record({
  ratePerS: fc.integer({ min: 5, max: 200 }),
  arrival: oneOf("even", "even", "bursts", "poisson", "poisson", "ramp"),
  firstCloser: oneOf("client", "server", "none"),
  timeoutS: oneOf(null, 0.5, 2),
  withRst: oneOf(false, false, true),
  addresses: oneOf(1, 5),
  requests: oneOf<Keys>(
    {},
    {},
    { requests_per_connection: 3, think_time_s: 0.02 },
    { requests_per_connection: 4, response_timeout_s: 0.3 },
    { requests_per_connection: 2, response_bytes: 0, think_time_s: 0.001 },
  ),
  behindEach: oneOf(1, 1, 3),
  retries: oneOf(0, 0, 1, 4),
  hosts: oneOf(1, 1, 2),
});

const flood = fc.record({
  ratePerS: fc.integer({ min: 20, max: 3000 }),
  startS: fc.double({ min: 0, max: 1, noNaN: true }),
  answer: oneOf("nothing", "nothing", "ack", "bad_ack", "rst"),
  port: oneOf(80, 80, 81),
});

/** Request and response. */
const bytes = oneOf<[number, number]>(
  [100, 200],
  [100, 200],
  [100, 200],
  [100, 30_000],
  [20_000, 200],
  [50_000, 400_000],
);

const loss = fc.option(
  fc.record({ direction: oneOf("to_server", "to_client"), match: oneOf("any", "syn", "synack", "pure_ack", "data") }),
  { nil: null },
);

/** One direction: even as often as not; else all of it at once, so that losses, copies and overtaking meet each other. */
export const direction = oneOf(false, true).chain((isUneven) =>
  isUneven
    ? fc.record({
        jitter: fc.record({
          distribution: oneOf("uniform", "normal", "exponential"),
          spread_s: oneOf(0.00002, 0.002, 0.05, 0.6),
          per: oneOf("packet", "packet", "connection"),
        }),
        loss: oneOf(0, 0, 0.05),
        duplicate: oneOf(0, 0.1, 0.5, 1),
        reorder: oneOf(0, 0.1, 0.5),
      })
    : fc.constant({}),
);

export const parts = fc.record({
  server,
  clients,
  floods: fc.array(flood, { maxLength: 2 }),
  path: fc.record({ to_server: direction, to_client: direction }),
  loss,
  bytes,
  durationS: oneOf(1, 2.5, 9),
});
export type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

export function scenarioOf(
  { server: s, clients: c, floods, path, loss: lost, bytes: [request, response], durationS }: Parts,
  kinds: "counted" | "all",
): Keys {
  const rate = { rate_per_s: c.ratePerS, duration_s: 1.5 };
  return {
    duration_s: durationS,
    server: {
      hosts: c.hosts,
      sysctls: {
        [sysctl("tcp_syncookies")]: s.syncookies,
        [sysctl("tcp_abort_on_overflow")]: s.abort,
        [sysctl("tcp_max_syn_backlog")]: s.maxSynBacklog,
        [sysctl("tcp_synack_retries")]: s.synackRetries,
        [sysctl("tcp_max_tw_buckets")]: s.buckets,
      },
      listeners: [
        {
          ...{ port: 80, backlog: s.backlog, accept: s.accept, defer_accept_s: s.deferS },
          ...(s.startS === null ? {} : { listen_start_s: s.startS }),
          ...(s.stopS === null ? {} : { listen_stop_s: s.stopS }),
          app: { request_bytes: request, response_bytes: response, close: s.close, ...s.app },
        },
      ],
    },
    client: { one_way_delay_s: 0.005 },
    path,
    workloads: [
      {
        ...{ name: "clients", kind: "connections", port: 80, ...rate, source_addresses: c.addresses, hold_s: 0.05 },
        ...{ request_bytes: request, response_bytes: response, first_closer: c.firstCloser, close_with_rst: c.withRst },
        ...c.requests,
        ...(c.timeoutS === null ? {} : { connect_timeout_s: c.timeoutS }),
        clients_per_address: c.behindEach,
        ...(c.retries === 0 ? {} : { retry: { max_retries: c.retries, backoff_s: 0.3, jitter: 0.5 } }),
        ...arrivalOf(c.arrival, c.ratePerS, kinds),
      },
      ...floods.map((f, i) => ({
        ...{ name: `flood${i}`, kind: "raw", packet: "syn", port: f.port, rate_per_s: f.ratePerS, duration_s: 1 },
        ...{
          start_s: f.startS,
          answer_to_synack: f.answer,
          first_source_port: 2000 + 30_000 * i,
          source_addresses: 64,
        },
        ...arrivalOf(c.arrival, f.ratePerS, kinds),
      })),
    ],
    impairments: lost === null ? [] : [{ ...lost, drop_probability: 0.1 }],
  };
}

/** With "counted", arrivals whose times are fixed. */
function arrivalOf(arrival: string, ratePerS: number, kinds: "counted" | "all"): Keys {
  if (arrival === "bursts") return { arrival, burst_size: 8, burst_spread_s: 2 / ratePerS };
  if (kinds === "counted" || arrival === "even") return { arrival: "even" };
  return arrival === "ramp" ? { arrival, end_rate_per_s: ratePerS * 2 } : { arrival };
}

const KERNEL_NAMES = KERNELS.filter(({ supported }) => supported).map(({ name }) => name);
/** The default as often as all the others. */
const kernel = fc.oneof(fc.constant("6.18"), fc.constantFrom(...KERNEL_NAMES));

/** Sysctls that every kernel has, at either end. */
const endSysctls = fc.record({
  [sysctl("tcp_fin_timeout")]: oneOf(60, 60, 1, 5, 61, 90),
  [sysctl("tcp_max_orphans")]: oneOf(8192, 8192, 0, 1, 3),
  [sysctl("tcp_orphan_retries")]: oneOf(0, 0, 1, 3),
  [sysctl("tcp_retries2")]: oneOf(15, 3, 8),
  [sysctl("tcp_timestamps")]: oneOf(1, 1, 0, 2),
  [sysctl("tcp_sack")]: oneOf(1, 1, 0),
  [sysctl("tcp_window_scaling")]: oneOf(1, 1, 0),
  [sysctl("tcp_rfc1337")]: oneOf(0, 0, 1),
  [sysctl("tcp_no_metrics_save")]: oneOf(0, 0, 1),
  // Without the limit two ends can answer each other's answers for ever, and a path that duplicates them makes it a storm.
  [sysctl("tcp_invalid_ratelimit")]: oneOf(500, 500, 100, 3000),
});

const clientSysctls = fc.record({
  [sysctl("tcp_syn_retries")]: oneOf(6, 1, 2, 3),
  [sysctl("tcp_tw_reuse")]: oneOf(0, 1, 1, 2),
  [sysctl("tcp_max_tw_buckets")]: oneOf(8192, 0, 3),
  [sysctl("ip_local_port_range")]: oneOf("32768 60999", "40000 40007", "40000 40063"),
});

const impairment = fc.record({
  direction: oneOf("to_server", "to_client"),
  match: oneOf("any", "syn", "synack", "pure_ack", "data", "fin", "rst"),
  when: oneOf<Keys>(
    { drop_probability: 0.1 },
    { drop_probability: 0.5 },
    { drop_probability: 1, end_s: 1 },
    { drop_probability: 1, start_s: 0.5 },
    { drop_probability: 1 },
    { drop_every_nth: 2 },
    { drop_every_nth: 5 },
  ),
});

const SLOW = {
  receive: 100,
  syn_dropped: 200,
  cookie: 1000,
  request: 1000,
  final_ack: 2000,
  data: 500,
  app_request: 5000,
};

const closes = fc.record({
  halfClose: fc.boolean(),
  clientRst: oneOf(false, false, true),
  serverRst: oneOf(false, false, true),
  close: oneOf("on_eof", "after_response", "on_accept", "never"),
  firstCloser: oneOf("client", "server", "none"),
  closeDelayS: oneOf(0, 0.03, 5),
  holdS: oneOf(0, 0.05, 3),
  responseTimeoutS: oneOf(null, 0.5, 30),
  /** What the client expects beyond what it gets: it waits for the rest. */
  missing: oneOf(0, 0, 0, 100),
});

/** CPUs so slow that a few packets a second wait, and queues so short that they overflow; most runs have none. */
const cpus = oneOf<Keys>(
  {},
  {},
  {},
  { cpu: { cores: 1 } },
  { cpu: { cores: 1, costs_us: SLOW }, device: { ring: 16 } },
  { cpu: { cores: 1, costs_us: SLOW, app: "separate" }, device: { kind: "veth" } },
  { cpu: { cores: 3, costs_us: SLOW }, device: { queues: 2, ring: 4, rps_cpus: 2 } },
  { cpu: { cores: 2, costs_us: SLOW }, device: { kind: "loopback" } },
);

export const wildParts = fc.record({
  base: parts,
  kernels: fc.tuple(kernel, kernel),
  hz: fc.tuple(fc.constantFrom(...HZ_VALUES), fc.constantFrom(...HZ_VALUES)),
  server: endSysctls,
  client: fc.tuple(endSysctls, clientSysctls),
  impairments: fc.array(impairment, { maxLength: 3 }),
  closes,
  shared: oneOf(false, false, true),
  cpus,
  backlogLength: oneOf(1, 20, 1000),
  delayS: oneOf(0, 0.005, 0.3),
});
export type WildParts = typeof wildParts extends fc.Arbitrary<infer T> ? T : never;

/**
 * When a loss of a long run ends. Where half of all ACKs are lost for ever a transfer takes hours, as it would in the kernel; where all are, a
 * worker is free again after each 945 s. So long a loss is total that whoever gives up at all has given up.
 */
const endOf = (when: Keys): Keys => ({ end_s: when.end_s ?? (when.drop_probability === 1 ? 1200 : 60) });

/** Without CPUs the setting would change nothing, which is a mistake. */
const backlogOf = ({ cpus: { cpu }, backlogLength }: WildParts): Keys =>
  cpu === undefined ? {} : { "net.core.netdev_max_backlog": backlogLength };

/** `durationS`: all traffic of the workloads comes in the first seconds. */
export function wildScenarioOf(wild: WildParts, durationS: number): Keys {
  const { closes: c, delayS } = wild;
  const isLong = durationS > 100;
  const keys = scenarioOf({ ...wild.base, durationS }, "all") as {
    server: { sysctls: Keys; listeners: { app: Keys }[] };
    workloads: ({ kind: string; response_bytes: number } & Keys)[];
  };
  const [listener] = keys.server.listeners;
  const app = { ...listener!.app, close: c.close, close_with_rst: c.serverRst, close_delay_s: c.closeDelayS };
  const own = { ...listener!, app, reuseport: wild.shared };
  // A listener that shares the port never stops, so that there is one.
  const other = { port: 80, backlog: 4, reuseport: true, app };
  return {
    ...keys,
    sample_interval_s: isLong ? 100 : 0.5,
    server: {
      ...keys.server,
      ...{ kernel: wild.kernels[0], hz: wild.hz[0], ...wild.cpus },
      sysctls: { ...keys.server.sysctls, ...wild.server, ...backlogOf(wild) },
      listeners: wild.shared ? [own, other] : [own],
    },
    client: {
      ...{ kernel: wild.kernels[1], hz: wild.hz[1], clock: "own", one_way_delay_s: delayS },
      sysctls: { ...wild.client[0], ...wild.client[1] },
    },
    workloads: keys.workloads.map((workload) =>
      workload.kind === "raw"
        ? workload
        : {
            ...workload,
            ...{ half_close: c.halfClose, close_with_rst: c.clientRst, first_closer: c.firstCloser, hold_s: c.holdS },
            response_bytes: workload.response_bytes === 0 ? 0 : workload.response_bytes + c.missing,
            ...(c.responseTimeoutS === null ? {} : { response_timeout_s: c.responseTimeoutS }),
          },
    ),
    impairments: wild.impairments.map(({ when, ...rest }) => ({ ...rest, ...when, ...(isLong ? endOf(when) : {}) })),
  };
}
