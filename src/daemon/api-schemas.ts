/**
 * JSON Schemas of what the API takes and answers. Fastify checks parameters by them, the OpenAPI document is made of them, and a test holds real answers to
 * them: one place, no drift.
 */
import { ISSUE_CODES, jsonSchemas } from "../index.ts";
import { VIRTUAL_FIELDS } from "../metrics/virtual-host.ts";
import { JOB_ID, JOB_KINDS, JOB_STATES } from "./job-record.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

const described = (description: string, schema: JsonSchema): JsonSchema => ({ description, ...schema });
const text = (description: string): JsonSchema => ({ description, type: "string" });
const number = (description: string): JsonSchema => ({ description, type: "number" });
const whole = (description: string): JsonSchema => ({ description, type: "integer", minimum: 0 });
const orNull = (schema: JsonSchema): JsonSchema => ({ ...schema, type: [schema.type, "null"].flat() });
const listOf = (items: JsonSchema): JsonSchema => ({ type: "array", items });
/** All keys are there, and no others. */
const object = (properties: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []): JsonSchema => ({
  type: "object",
  properties,
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
  additionalProperties: false,
});
const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

const ISSUE = object(
  {
    code: described("What kind of fault it is.", { type: "string", enum: Object.keys(ISSUE_CODES) }),
    file: text("Absent: the text that was sent."),
    path: text("Key path, as a user writes it; empty: the whole text."),
    line: whole("From 1."),
    column: whole("From 1."),
    message: text("What was found and what is allowed."),
    hint: text("What to do about it."),
  },
  ["file", "hint"],
);

const MAX_SEED = 0xffffffff;
const MAX_SEEDS = 10_000;

const word = (description: string): JsonSchema => ({ description, type: "string", minLength: 1, maxLength: 1000 });
const words = (description: string): JsonSchema => ({ description, type: "array", items: word("One."), maxItems: 32 });

/** What a job is asked besides, by the words of the command line. */
const WORDS = {
  param: words("sweep: an axis, KEY.PATH=VALUES; may be given again. Default: the axes of the experiment's own sweep."),
  sample: word(
    "sweep: grid, or lhs:N for N points of a Latin hypercube. Default: what the experiment says, else grid.",
  ),
  metric: words("sweep: what to look at; may be given again. Default: who got in, how late, at what cost."),
  find: word("plan: min:KEY=lo..hi or max:KEY=lo..hi."),
  and: words("plan: a threshold besides the experiment's; may be given again."),
  tuning: word("sweep, plan: only this tuning. Default: all."),
  seeds: described("sweep, plan: runs of each scenario. Default: what the experiment says.", {
    type: "integer",
    minimum: 1,
    maximum: MAX_SEEDS,
  }),
  seed: described("sweep, plan: the first seed; the others follow it. Default: what the experiment says.", {
    type: "integer",
    minimum: 0,
    maximum: MAX_SEED,
  }),
} as const;

const KIND = {
  type: "string",
  enum: [...JOB_KINDS],
} as const;

const JOB = object({
  id: described("Sorts by the time of submission.", { type: "string", pattern: JOB_ID.source }),
  experiment: text("As labels of metrics name it."),
  kind: described("What is done with the experiment.", KIND),
  asked: described(
    "What is asked besides, in the words of the request; null, or empty: nothing.",
    object(
      Object.fromEntries(
        Object.entries(WORDS).map(([name, schema]) => [name, schema.type === "array" ? schema : orNull(schema)]),
      ),
    ),
  ),
  state: described("How far it is.", { type: "string", enum: [...JOB_STATES] }),
  engine: described("How packets of floods are simulated.", { type: "string", enum: ["auto", "packet"] }),
  tunings: described("Names of the experiment's tunings.", listOf({ type: "string" })),
  seeds: whole("Runs of each tuning, point or value."),
  runs: whole("Runs altogether; of a plan, which finds out as it goes, those that were asked for so far."),
  done: whole("Runs that have ended and are in the store."),
  begun: whole("Times that it was begun."),
  submitted_ms: number("Unix time in milliseconds."),
  started_ms: orNull(number("Unix time in milliseconds.")),
  ended_ms: orNull(number("Unix time in milliseconds.")),
  error: orNull(text("Why it failed or was cancelled.")),
  thresholds_hold: orNull({
    description:
      "Whether all thresholds hold; of a plan: whether each tuning has an answer. null: not done, or without.",
    type: "boolean",
  }),
});

const ERROR = object(
  {
    error: object({ code: text("For programs."), message: text("For people.") }),
    issues: described("What is wrong with the experiment, as `halfopen check` prints it.", listOf(ref("Issue"))),
  },
  ["issues"],
);

const PACED = object({
  experiment: text("Its name."),
  time_scale: number("Simulated seconds per second of the wall clock."),
  simulated_s: number("Simulated time since it began."),
  seed: whole("Of its random streams."),
  load_changes: whole("Changes of the load since it began."),
  restarts: whole("Times that it began again at 0 because its thread had died."),
  tunings: described(
    "In the experiment's order.",
    listOf(
      object({
        name: text("Tuning."),
        simulated_s: number("As of when these numbers are."),
        served_ratio: orNull(number("Share of the users who were served; null: nobody came yet.")),
        binding_gate: text("Of the last minute of simulated time."),
        queues: listOf(
          object({
            port: whole("Of the listener."),
            syn: whole("Half-open connections."),
            accept: whole("That wait for accept()."),
          }),
        ),
      }),
    ),
  ),
});

const LOAD_LOG = object({
  experiment: text("Its name."),
  seed: whole("Of its random streams."),
  now_ns: number("Simulated time of the last look."),
  changes: listOf(
    object({
      atNs: number("Simulated time."),
      kind: described("0 rate of a workload, 1 accept rate, 2 pause of an application.", {
        type: "integer",
        enum: [0, 1, 2],
      }),
      subject: whole("Number of the workload or listener, in the experiment's order."),
      value: number("Per second; of a pause, nanoseconds."),
    }),
  ),
});

const mapOf = (schema: JsonSchema): JsonSchema => ({ type: "object", additionalProperties: schema });
const LOAD_PATCH = object(
  {
    workloads: described("By name.", mapOf(object({ rate_per_s: number("Arrivals per second; 0: nobody comes.") }))),
    listeners: described(
      "By port.",
      mapOf(
        object(
          {
            accept_rate_per_s: number("accept() calls per second."),
            pause_s: number("The application does nothing, from now on."),
          },
          ["accept_rate_per_s", "pause_s"],
        ),
      ),
    ),
  },
  ["workloads", "listeners"],
);

const STATUS = object({
  version: text("Of the program."),
  uptime_s: number("Since the daemon started."),
  closed_for: orNull(text("Why no jobs are taken or begun: store-full, stopping, crash-loop; null: they are.")),
  jobs: described("Jobs by state.", { type: "object", additionalProperties: { type: "integer" } }),
  running: described("The job that is on.", { anyOf: [ref("Job"), { type: "null" }] }),
  paced: described("Paced runs.", listOf(ref("Paced"))),
  results: described(
    "Last result of each experiment.",
    listOf(
      object({
        experiment: text("Its name."),
        job: text("Whose result it is."),
        tunings: listOf(object({ name: text("Tuning."), served_ratio: number("Share of the users who were served.") })),
      }),
    ),
  ),
});

const SYSCTL = object({
  name: text("As `sysctl -a` prints it."),
  meaning: text("What it does."),
  unit: text("Of its value."),
  default: { description: "In the newest kernel; null: it has none.", type: ["number", "string", "null"] },
  modelled: described("Whether other values than the default are simulated.", { type: "boolean" }),
});

const COUNTER = object({
  name: text("As `nstat -az` prints it."),
  metric: text("Of runs that go on."),
  node_exporter: text("As node_exporter names it."),
  help: text("What it counts."),
});

/** Names in the OpenAPI document → schema. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Issue: ISSUE,
  Job: JOB,
  JobList: object({ jobs: listOf(ref("Job")) }),
  Accepted: object({ job: ref("Job"), warnings: listOf(ref("Issue")) }),
  Error: ERROR,
  Paced: PACED,
  PacedList: object({ paced: listOf(ref("Paced")) }),
  LoadPatch: LOAD_PATCH,
  LoadLog: LOAD_LOG,
  Targets: listOf(
    object({
      targets: described("This daemon.", listOf({ type: "string" })),
      labels: described("Of all series of the target.", { type: "object", additionalProperties: { type: "string" } }),
    }),
  ),
  Status: STATUS,
  Sysctls: object({ sysctls: listOf(SYSCTL) }),
  Counters: object({ counters: listOf(COUNTER) }),
  Ready: object({
    ready: { type: "boolean", description: "Whether jobs are taken." },
    closed_for: orNull(text("Why not.")),
  }),
  Experiment: withoutHead(jsonSchemas()["experiment.schema.json"] as JsonSchema),
};

function withoutHead({ $schema: _, ...schema }: JsonSchema): JsonSchema {
  return schema;
}

export const schemaRef = ref;

/** Parameters of paths and queries, as Fastify checks them. */
export const PARAMETERS = {
  jobId: object({ id: described("Id of a job.", { type: "string", pattern: JOB_ID.source }) }),
  jobList: object(
    {
      state: described("Only jobs in this state.", { type: "string", enum: [...JOB_STATES] }),
      experiment: described("Only jobs of this experiment.", { type: "string", maxLength: 64 }),
      limit: described("The newest of them, at most.", { type: "integer", minimum: 1, maximum: 1000, default: 100 }),
    },
    ["state", "experiment", "limit"],
  ),
  submit: object(
    {
      engine: described("auto counts packets that share a fate in bulk; packet simulates each.", {
        type: "string",
        enum: ["auto", "packet"],
        default: "auto",
      }),
      name: described("In place of the experiment's own name.", { type: "string", minLength: 1, maxLength: 64 }),
      kind: described("experiment: run it; sweep: over values of keys; plan: until a value is enough.", {
        ...KIND,
        default: "experiment",
      }),
      ...WORDS,
    },
    ["engine", "name", "kind", ...Object.keys(WORDS)],
  ),
  pacedName: object({ experiment: described("Name of a paced experiment.", { type: "string", maxLength: 64 }) }),
  virtualHost: object({
    experiment: described("Name of a paced experiment.", { type: "string", maxLength: 64 }),
    tuning: described("Name of one of its tunings.", { type: "string", maxLength: 64 }),
  }),
  virtualFields: object(
    {
      fields: described("default: those of node_exporter's default flags; all: every counter that is modelled.", {
        type: "string",
        enum: [...VIRTUAL_FIELDS],
        default: "default",
      }),
    },
    ["fields"],
  ),
  pace: object(
    {
      scale: described("Simulated seconds per second of the wall clock.", {
        type: "number",
        exclusiveMinimum: 0,
        maximum: 1000,
        default: 1,
      }),
      name: described("In place of the experiment's own name.", { type: "string", minLength: 1, maxLength: 64 }),
    },
    ["scale", "name"],
  ),
  result: object(
    {
      format: described(
        "json: as `run`, `sweep` or `plan` with --json; of experiments also csv: every metric; recording: the first seed's run of a tuning; openmetrics: time lines for promtool.",
        {
          type: "string",
          enum: ["json", "csv", "recording", "openmetrics"],
          default: "json",
        },
      ),
      tuning: described("Which tuning, for recording. Default: the first.", { type: "string", maxLength: 200 }),
      end: described("Unix time of the end, in seconds, for openmetrics. Default: three hours ago.", {
        type: "number",
        minimum: 0,
        maximum: 1e11,
      }),
    },
    ["format", "tuning", "end"],
  ),
} as const;
