/** Summaries as text: what `--json` writes and `compare` reads. */
import { err, ok, type Result } from "../base/result.ts";
import { COUNTER_NAMES } from "../vocabulary/counters.ts";
import { CPU_COST_NAMES } from "../vocabulary/cpu.ts";
import { GATE_NAMES } from "../vocabulary/gates.ts";
import { LOG_LINES } from "../vocabulary/kernel-log.ts";
import { OUTCOME_NAMES } from "../vocabulary/outcomes.ts";
import { RAW_PACKETS } from "../vocabulary/scenario.ts";
import { UNSEEN_NAMES } from "../vocabulary/unseen.ts";
import { jsonText } from "./json-text.ts";
import { LEFTOVER_KINDS } from "./leftovers.ts";
import { anything, listOf, mapOf, number, objectOf, oneOf, orNull, type Shape, text, truth } from "./shape.ts";
import { type ExperimentSummary, SUMMARY_FORMAT } from "./summary-format.ts";

export const encodeSummary = (summary: ExperimentSummary): string => `${jsonText(summary)}\n`;

/** Reads what encodeSummary wrote; of any other text it says in one sentence what is wrong with it. */
export function parseSummary(json: string): Result<ExperimentSummary, string> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return err(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const isSummary = typeof value === "object" && value !== null && "format" in value && value.format === SUMMARY_FORMAT;
  if (!isSummary) return err(`no summary of an experiment: its format is not ${SUMMARY_FORMAT}`);
  const fault = SUMMARY(value, "");
  return fault === null ? ok(value as ExperimentSummary) : err(`a damaged summary: ${fault}`);
}

const MEASURE = objectOf({ mean: number, least: number, most: number, per_seed: listOf(number) });
const LATENCIES = orNull(
  objectOf({
    ...{ count: number, mean: number, p50: number, p90: number, p99: number, p999: number, max: number },
    p99_per_seed: listOf(orNull(number)),
  }),
);
const BY_GATE = mapOf(GATE_NAMES, MEASURE);
const QUEUE = objectOf({ capacity: number, peak: MEASURE, full_s: MEASURE });
const LINE = listOf(number);
const LINES_BY_GATE = mapOf(GATE_NAMES, LINE);

const CLIENTS = objectOf({
  ...{ name: text, port: number },
  ...{ users: MEASURE, served: MEASURE, gave_up: MEASURE, in_flight: MEASURE },
  ...{ attempted: MEASURE, established: MEASURE, responses: MEASURE },
  ...{ served_ratio: MEASURE, established_ratio: MEASURE },
  outcomes: mapOf(OUTCOME_NAMES, MEASURE),
  ...{ failed: BY_GATE, drops: BY_GATE, waiting: BY_GATE, wait_s: BY_GATE },
  ...{ connect_latency_ms: LATENCIES, response_latency_ms: LATENCIES },
  ...{ user_latency_ms: LATENCIES, failed_after_ms: LATENCIES },
  steps: listOf(objectOf({ at_s: number, established: MEASURE })),
});

const FLOOD = objectOf({
  ...{ name: text, port: number, packet: oneOf(...RAW_PACKETS) },
  ...{ sent: MEASURE, answered: MEASURE, synacks_seen: MEASURE, drops: BY_GATE },
});

const LISTENER = objectOf({
  ...{ port: number, asked_backlog: number, backlog: number, accept_queue: QUEUE, syn_queue: QUEUE },
  ...{ accepted: MEASURE, accept_wait_ms: LATENCIES, workers_busy_ratio: orNull(MEASURE) },
});

const HOST = oneOf("server", "client");

const LINES = objectOf({
  at_s: LINE,
  queues: listOf(objectOf({ port: number, accept: listOf(orNull(number)), syn: listOf(orNull(number)) })),
  ...{ server_states: mapOf(null, LINE), client_states: mapOf(null, LINE) },
  ...{ client_drops: LINES_BY_GATE, client_failed: LINES_BY_GATE, flood_drops: LINES_BY_GATE },
  second_s: number,
  per_second: listOf(objectOf({ name: text, attempts: LINE, established: LINE, responses: LINE })),
  server_counters: mapOf(COUNTER_NAMES, LINE),
  cpus: listOf(objectOf({ waiting: LINE, softirq_ratio: LINE, app_ratio: LINE })),
  kernel_log: listOf(objectOf({ at_s: number, host: HOST, text })),
});

const SOFTNET = objectOf({
  ...{ processed: MEASURE, dropped: MEASURE, time_squeeze: MEASURE },
  ...{ received_rps: MEASURE, flow_limit_count: MEASURE, ring_dropped: MEASURE },
});

const CPUS = objectOf({
  per_cpu: listOf(
    objectOf({
      ...{ role: oneOf("receives", "application"), softnet: SOFTNET },
      ...{ softirq_ratio: MEASURE, ksoftirqd_ratio: MEASURE, app_ratio: MEASURE },
      ...{ waiting_peak: MEASURE, backlog_peak: MEASURE },
    }),
  ),
  ...{ softirq_ratio: MEASURE, busiest_ratio: MEASURE, app_ratio: MEASURE, app_shares: truth },
  cost_s: mapOf(CPU_COST_NAMES, MEASURE),
});

const TUNING = objectOf({
  name: text,
  changes: listOf(objectOf({ path: text, value: anything })),
  ...{ kernel: text, hosts: number },
  ...{ clients: listOf(CLIENTS), floods: listOf(FLOOD), listeners: listOf(LISTENER) },
  ...{ server_counters: mapOf(COUNTER_NAMES, MEASURE), client_counters: mapOf(COUNTER_NAMES, MEASURE) },
  ...{ server_unseen: mapOf(UNSEEN_NAMES, MEASURE), client_unseen: mapOf(UNSEEN_NAMES, MEASURE) },
  worst_pair: orNull(
    objectOf({ address: text, port: number, usable_ports: number, ports_peak: MEASURE, without_port: MEASURE }),
  ),
  ...{ syns_in: MEASURE, synacks_out: MEASURE, amplification_ratio: MEASURE, half_open_peak_bytes: MEASURE },
  ...{ cpu: orNull(CPUS), softnet: orNull(SOFTNET), receive_wait_ms: LATENCIES },
  leftovers: objectOf({ server: mapOf(LEFTOVER_KINDS, MEASURE), client: mapOf(LEFTOVER_KINDS, MEASURE) }),
  kernel_log: listOf(objectOf({ host: HOST, line: oneOf(...LOG_LINES), written: MEASURE, suppressed: MEASURE })),
  lines: LINES,
});

const pair: Shape = (value, path) =>
  listOf(number)(value, path) ?? ((value as number[]).length === 2 ? null : `${path} is not a pair`);

const SUMMARY = objectOf({
  ...{ name: text, description: text, duration_s: number, seeds: listOf(number), engine: oneOf("auto", "packet") },
  tunings: listOf(TUNING),
  differences: listOf(
    objectOf({
      ...{ tuning: text, metric: text, baseline: number, value: number, difference: number, interval: orNull(pair) },
      verdict: oneOf("better", "worse", "none", "same", "unknown"),
    }),
  ),
  thresholds: listOf(objectOf({ threshold: text, tuning: text, value: orNull(number), holds: truth })),
});
