/**
 * Queries: metrics by the names of the tables that they are exported from, with the matchers of the dashboards' variables.
 *
 * Purpose     No name of a metric stands anywhere else in this folder, so that one that was renamed does not compile or does not generate.
 * Time        Counters of runs count in simulated time. A rate is divided by halfopen_time_scale, so that it is the same at ×1 and at ×20.
 */
import { SERIES_FAMILIES } from "../metrics/exposition.ts";
import type { FamilyDef } from "../metrics/family.ts";
import type { PlanMetric } from "../metrics/plan-families.ts";
import { RESULT_INFO, RESULT_TUNING, resultFamily } from "../metrics/result-families.ts";
import { type SweepUnit, sweepFamily } from "../metrics/sweep-families.ts";
import { type DAEMON_METRICS, kernelFamily, type PACED_METRICS, type RUN_METRICS } from "../metrics/table.ts";
import { type CounterName, nodeExporterName } from "../vocabulary/counters.ts";
import { METRICS } from "../vocabulary/metrics.ts";

/** What the variable `datasource` chose. */
export const DATASOURCE = { type: "prometheus", uid: "$datasource" } as const;

/** What every query is asked of. */
export const HERE = 'job=~"$job",instance=~"$instance"';
const OF_EXPERIMENT = `${HERE},experiment=~"$experiment"`;
const OF_TUNING = `${OF_EXPERIMENT},tuning=~"$tuning"`;

const selector = (metric: string, matchers: string, own: string): string =>
  `${metric}{${matchers}${own === "" ? "" : `,${own}`}}`;

/** Of runs that go on. `own`: matchers besides those of the variables. */
export const run = (metric: keyof typeof RUN_METRICS, own = ""): string => selector(metric, OF_TUNING, own);

/** A part of a histogram of runs that go on. */
export const buckets = (metric: keyof typeof RUN_METRICS, own = ""): string =>
  selector(`${metric}_bucket`, OF_TUNING, own);

/** A counter of a kernel in a run that goes on. */
export const kernel = (counter: CounterName, host: "server" | "client" = "server"): string =>
  selector(kernelFamily(counter).name, OF_TUNING, `host="${host}"`);

export const paced = (metric: keyof typeof PACED_METRICS, own = ""): string => selector(metric, OF_EXPERIMENT, own);

export const daemon = (metric: keyof typeof DAEMON_METRICS, own = ""): string => selector(metric, HERE, own);

/** Of the paced runs of all experiments, where no variable chooses one. */
export const anyPaced = (metric: keyof typeof PACED_METRICS): string => selector(metric, HERE, "");

/** Of a scrape as a whole. */
export function series(metric: "halfopen_series" | "halfopen_series_limit" | "halfopen_series_cut"): string {
  if (!SERIES_FAMILIES.some(({ name }) => name === metric)) throw new Error(`no scrape says ${metric}`);
  return selector(metric, HERE, "");
}

/** Of the last job that is done, by the name that results have it under: `served_ratio`, `failed.<gate>`. */
export function result(name: string, own = ""): string {
  const def = METRICS.find((metric) => metric.name === name);
  if (def === undefined) throw new Error(`no result has a metric ${name}`);
  return selector(resultFamily(def).name, OF_TUNING, own);
}

const OF_RUN = 'kind="experiment"';

/** Of a job's experiment as a whole: `seeds`, `thresholds_failed`. */
export function resultInfo(word: string, own = OF_RUN): string {
  const def = RESULT_INFO.find(({ name }) => name.endsWith(`_${word}`));
  if (def === undefined) throw new Error(`no result says ${word}`);
  return selector(def.name, OF_EXPERIMENT, own);
}

/** Of a sweep as a whole; its effects go over all tunings. */
export const sweep = ({ name }: FamilyDef, own = ""): string => selector(name, OF_EXPERIMENT, own);

/** Of a sweep's points, in the tunings that are chosen. */
export const sweepPoint = (unit: SweepUnit, own = ""): string =>
  selector(sweepFamily("point", unit).name, OF_TUNING, own);

export const planned = (metric: PlanMetric, own = ""): string => selector(metric, OF_TUNING, own);

/** Hosts have these labels only where they are predictions: "All" of both matches real ones too. */
const OF_HOST = OF_TUNING;

/** A counter as node_exporter has it. */
export const node = (counter: CounterName): string => selector(nodeExporterName(counter), OF_HOST, "");

/** What else a host shows, by node_exporter's names (metrics/virtual-host.ts, metrics/cpu-families.ts). */
export const NODE_METRICS = {
  info: "node_uname_info",
  states: "node_tcp_connection_states",
  inUse: "node_sockstat_TCP_inuse",
  timeWait: "node_sockstat_TCP_tw",
  softnetDropped: "node_softnet_dropped_total",
  softnetSqueezed: "node_softnet_times_squeezed_total",
} as const;
export const nodeMetric = (metric: keyof typeof NODE_METRICS, own = ""): string =>
  selector(NODE_METRICS[metric], OF_HOST, own);

/** Increase per second in Grafana's own interval. */
export const rate = (counter: string): string => `rate(${counter}[$__rate_interval])`;

/** How much it grew in all that is shown. */
export const increase = (counter: string): string => `increase(${counter}[$__range])`;

export const sum = (expression: string, ...by: readonly string[]): string =>
  by.length === 0 ? `sum(${expression})` : `sum by (${by.join(", ")}) (${expression})`;

export const max = (expression: string, ...by: readonly string[]): string =>
  by.length === 0 ? `max(${expression})` : `max by (${by.join(", ")}) (${expression})`;

/** A rate of the wall clock → of simulated time. */
export const simulated = (expression: string): string =>
  `${expression} / on () group_left () ${max(paced("halfopen_time_scale"))}`;

/** Per simulated second. */
export const perSecond = (counter: string, ...by: readonly string[]): string => simulated(sum(rate(counter), ...by));

/** Adds the label `slot`, the tuning's place, to an expression by tuning: legends begin with it and overrides colour by it. */
export const withSlot = (expression: string): string =>
  `(${expression}) * on (tuning) group_left (slot) ${max(run("halfopen_run_info"), "tuning", "slot")}`;

/** The same for results of jobs. */
export const withResultSlot = (expression: string): string =>
  `(${expression}) * on (tuning) group_left (slot) ${max(selector(RESULT_TUNING.name, OF_TUNING, OF_RUN), "tuning", "slot")}`;

/** The same for plans, which there may be one of for each key. */
export const withPlanSlot = (expression: string): string =>
  `(${expression}) * on (tuning, key) group_left (slot) ${max(planned("halfopen_result_plan_info"), "tuning", "key", "slot")}`;

/** Metrics that variables look for values in. */
export const VARIABLE_METRICS = {
  runs: "halfopen_run_info" satisfies keyof typeof RUN_METRICS,
  results: RESULT_TUNING.name,
  daemon: "halfopen_build_info" satisfies keyof typeof DAEMON_METRICS,
  hosts: NODE_METRICS.info,
} as const;

/** Of the workloads that are clients: floods establish nothing, not even 0. By series, so before any sum. */
export const ofClients = (expression: string): string =>
  `${expression} and on (tuning, workload) ${rate(run("halfopen_attempts_established_total"))}`;
