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
const MAX_PAUSES = 4096;
/** 10.88.0.1 ff., the clients' network. */
const MAX_CLIENT_ADDRESSES = 65_534;
/** 198.18.0.1 ff., the flood's network (a /15). */
const MAX_RAW_ADDRESSES = 131_070;
const INT_MAX = 0x7fffffff;

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

const accept = map({
  mode: oneOf(scenario.ACCEPT_MODES),
  rate_per_s: optional(ratePerS("accept() calls")),
  service_time_s: optional(seconds({ above: 0 })),
  pause_windows_s: list(pauseWindow, "pauses", MAX_PAUSES).default([]),
});

const app = map({
  request_bytes: bytes().default(0),
  response_bytes: bytes().default(0),
  close: oneOf(scenario.APP_CLOSES).default("on_eof"),
  close_delay_s: seconds().default(0),
  close_with_rst: flag().default(false),
});

export const listenerSchema = map({
  port: port(),
  /** A C int: negative values are as good as the largest, and the kernel cuts all to somaxconn. */
  backlog: whole("a whole number of connections", { min: -INT_MAX - 1, max: INT_MAX }),
  reuseport: flag().default(false),
  defer_accept_s: whole("a whole number of seconds", { max: 86_400 }).default(0),
  listen_start_s: optional(seconds()),
  listen_stop_s: optional(seconds()),
  accept: accept.default({ mode: "immediate", rate_per_s: null, service_time_s: null, pause_windows_s: [] }),
  app: app.prefault({}),
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

export const serverSchema = map({ ...host, listeners: list(listenerSchema, "listeners", MAX_LISTENERS).default([]) });

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
  workloads: list(workloadSchema, "workloads", MAX_WORKLOADS).default([]),
  impairments: list(impairmentSchema, "impairments", MAX_IMPAIRMENTS).default([]),
});

export type ListenerInput = z.output<typeof listenerSchema>;
export type WorkloadInput = z.output<typeof workloadSchema>;
export type ImpairmentInput = z.output<typeof impairmentSchema>;
export type ScenarioInput = z.output<typeof scenarioSchema>;
