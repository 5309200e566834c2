/**
 * Schema: the keys of a scenario file, their types, ranges and defaults. What several keys say together is in rules.ts.
 *
 * Units   As in the names of the keys; ranges are limits of the model or of the kernel, whichever is narrower.
 */
import { z } from "zod";
import { DEFAULT_KERNEL } from "../vocabulary/kernels.ts";
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
const MAX_BURST = 10_000_000;
const MAX_NAT_CLIENTS = 1_000_000;

/** Values are checked against tunables.ts by sysctls.ts. */
const sysctls = () =>
  z
    .record(z.string(), z.unknown(), {
      error: ({ input }) => `found ${describe(input)}, allowed is a map of sysctl names to values`,
    })
    .default({});

const host = {
  /** A number is taken as it was written, see parse.ts. */
  kernel: text(64).default(DEFAULT_KERNEL),
  hz: oneOfNumbers(scenario.HZ_VALUES, "ticks per second").default(250),
  sysctls: sysctls(),
};

const pauseWindow = z.tuple([seconds(), seconds()], {
  error: ({ input }) => `found ${describe(input)}, allowed is a pair of times in seconds: [from, to]`,
});

const pauseWindows = () => list(pauseWindow, "pauses", MAX_PAUSES).default([]);

const slowStart = map({
  duration_s: seconds({ above: 0 }),
  factor: number("how many times as long", { min: 1, max: 1000 }),
});

const accept = map({
  mode: oneOf(scenario.ACCEPT_MODES),
  rate_per_s: optional(ratePerS("accept() calls")),
  service_time_s: optional(seconds({ above: 0 })),
  workers: optional(whole("a whole number of workers", { min: 1, max: MAX_APP_WORKERS })),
  slow_start: optional(slowStart),
  pause_windows_s: pauseWindows(),
});

const pauseEvery = map({
  first_s: seconds().default(0),
  period_s: seconds({ above: 0 }),
  length_s: seconds({ above: 0 }),
});

const app = map({
  request_bytes: bytes().default(0),
  response_bytes: bytes().default(0),
  close: oneOf(scenario.APP_CLOSES).default("on_eof"),
  close_delay_s: seconds().default(0),
  close_with_rst: flag().default(false),
  keepalive_requests: whole("a whole number of requests", { min: 1, max: MAX_REQUESTS }).default(1),
  pause_windows_s: pauseWindows(),
  pause_every: optional(pauseEvery),
});

export const listenerSchema = map({
  port: port(),
  /** A C int: negative values are as good as the largest, and the kernel cuts all to somaxconn. */
  backlog: whole("a whole number of connections", { min: -INT_MAX - 1, max: INT_MAX }),
  reuseport: flag().default(false),
  defer_accept_s: whole("a whole number of seconds", { max: 86_400 }).default(0),
  listen_start_s: optional(seconds()),
  listen_stop_s: optional(seconds()),
  accept: accept.prefault({ mode: "immediate" }),
  app: app.prefault({}),
});

const tracePoint = z.tuple([seconds(), number("a number of arrivals per second", { max: MAX_RATE_PER_S })], {
  error: ({ input }) => `found ${describe(input)}, allowed is a pair: [seconds, arrivals per second from then on]`,
});

const retry = map({
  max_retries: whole("a whole number of retries", { min: 1, max: 1000 }),
  backoff_s: seconds(),
  factor: number("a factor", { min: 1, max: 100 }).default(2),
  max_backoff_s: seconds().default(60),
  jitter: number("a share", { max: 1 }).default(0),
});

/** Keys without a default here get one that depends on others, in parse.ts. */
const arrivals = {
  name: identifier(),
  arrival: oneOf(scenario.ARRIVALS).default("even"),
  port: port().optional(),
  start_s: seconds().default(0),
  rate_per_s: optional(ratePerS("arrivals")),
  duration_s: optional(seconds({ above: 0 })),
  count: optional(whole("a whole number of arrivals", { min: 1, max: MAX_COUNT })),
  burst_size: optional(whole("a whole number of arrivals", { min: 1, max: MAX_BURST })),
  burst_spread_s: seconds().default(0),
  end_rate_per_s: optional(number("a number of arrivals per second", { max: MAX_RATE_PER_S })),
  trace: optional(list(tracePoint, "rates", MAX_TRACE_ROWS)),
};

const connectionsSchema = map({
  kind: z.literal("connections"),
  ...arrivals,
  source_addresses: whole("a whole number of addresses", { min: 1, max: MAX_CLIENT_ADDRESSES }).default(1),
  connect_timeout_s: optional(seconds({ above: 0 })),
  request_bytes: bytes().default(0),
  response_bytes: bytes().default(0),
  response_timeout_s: optional(seconds({ above: 0 })),
  first_closer: oneOf(scenario.FIRST_CLOSERS).default("client"),
  hold_s: seconds().default(0),
  close_with_rst: flag().default(false),
  half_close: flag().default(false),
  requests_per_connection: whole("a whole number of requests", { min: 1, max: MAX_REQUESTS }).default(1),
  think_time_s: seconds().default(0),
  clients_per_address: whole("a whole number of clients", { min: 1, max: MAX_NAT_CLIENTS }).default(1),
  retry: optional(retry),
});

const rawSchema = map({
  kind: z.literal("raw"),
  ...arrivals,
  source_addresses: whole("a whole number of addresses", { min: 1, max: MAX_RAW_ADDRESSES }).default(65_536),
  packet: oneOf(scenario.RAW_PACKETS),
  addresses: oneOf(scenario.RAW_ADDRESSES).default("sequential"),
  first_source_port: port().optional(),
  seed: whole("a whole number", { max: INT_MAX }).optional(),
  answer_to_synack: oneOf(scenario.RAW_ANSWERS).default("nothing"),
  answer_delay_s: seconds().default(0),
});

export const workloadSchema = z.discriminatedUnion("kind", [connectionsSchema, rawSchema], {
  error: ({ input }) => {
    const isMap = typeof input === "object" && input !== null && !Array.isArray(input);
    if (!isMap) return `found ${describe(input)}, allowed is a map of keys`;
    return `found ${describe((input as { kind?: unknown }).kind)}, allowed is one of connections, raw`;
  },
});

export const impairmentSchema = map({
  direction: oneOf(scenario.DIRECTIONS),
  match: oneOf(scenario.PACKET_MATCHES),
  drop_probability: optional(number("a probability", { max: 1 })),
  drop_every_nth: optional(whole("a whole number of packets", { min: 1, max: INT_MAX })),
  start_s: seconds().default(0),
  end_s: optional(seconds()),
});

const jitter = map({
  distribution: oneOf(scenario.JITTERS),
  spread_s: seconds({ above: 0, max: 60 }),
  per: oneOf(scenario.JITTER_SCOPES).default("packet"),
});
const probability = () => number("a probability", { max: 1 }).default(0);
const pathDirection = map({
  jitter: optional(jitter),
  loss: probability(),
  duplicate: probability(),
  reorder: probability(),
});
export const pathSchema = map({ to_server: pathDirection.prefault({}), to_client: pathDirection.prefault({}) });

export const serverSchema = map({
  ...host,
  hosts: whole("a whole number of hosts", { min: 1, max: MAX_HOSTS }).default(1),
  listeners: list(listenerSchema, "listeners", MAX_LISTENERS).default([]),
});

export const clientSchema = map({
  ...host,
  one_way_delay_s: seconds({ max: 60 }).default(0),
  clock: oneOf(scenario.CLOCKS).default("shared"),
});

export const scenarioSchema = map({
  name: text(200).default(""),
  description: text(10_000).default(""),
  notes: text(10_000).optional(),
  duration_s: seconds({ above: 0 }),
  sample_interval_s: seconds({ min: 0.001 }).default(0.5),
  server: serverSchema,
  client: clientSchema.prefault({}),
  path: pathSchema.prefault({}),
  workloads: list(workloadSchema, "workloads", MAX_WORKLOADS).default([]),
  impairments: list(impairmentSchema, "impairments", MAX_IMPAIRMENTS).default([]),
});

export type ListenerInput = z.output<typeof listenerSchema>;
export type WorkloadInput = z.output<typeof workloadSchema>;
export type ImpairmentInput = z.output<typeof impairmentSchema>;
export type ScenarioInput = z.output<typeof scenarioSchema>;
