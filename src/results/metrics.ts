/**
 * Metrics: numbers of a tuning's summary by the names of vocabulary/metrics.ts.
 *
 * Used by     thresholds, differences, CSV and the commands.
 */
import { type MetricNames, type MetricReference, resolveMetric } from "../vocabulary/metrics.ts";
import type { Latencies, ListenerSummary, Measure, TuningMeasures } from "./summary-format.ts";
import { meanOf, sumOf } from "./tuning-runs.ts";

export interface MetricValue {
  /** Counts and ratios: the mean over the seeds. Latencies: of all seeds together. */
  readonly value: number;
  /** In the order of the seeds, null where a seed measured nothing; null altogether where seeds by themselves are not kept: other quantiles than p99. */
  readonly perSeed: readonly (number | null)[] | null;
}

/** What the tuning has that metrics can be of. */
export const metricNamesOf = ({ clients, floods, listeners }: TuningMeasures): MetricNames => ({
  clients: clients.map(({ name }) => name),
  floods: floods.map(({ name }) => name),
  ports: listeners.map(({ port }) => port),
});

/**
 * `metricOf(tuning, "legit.connect_latency_ms.p99")`. null: there is no such metric, or it measured nothing (latencies of nobody, workers
 * where there are none). Gates, outcomes and counters that the summary leaves out are 0.
 */
export function metricOf(tuning: TuningMeasures, metric: string): MetricValue | null {
  const reference = resolveMetric(metric, metricNamesOf(tuning));
  if (reference === null) return null;
  const { subject, of, key } = reference;
  switch (subject) {
    case "clients":
      return readPart(
        tuning,
        tuning.clients.find(({ name }) => name === of),
        key,
      );
    case "flood":
      return readPart(
        tuning,
        tuning.floods.find(({ name }) => name === of),
        key,
      );
    case "listener":
      return ofListeners(tuning, reference);
    case "server":
      return readPart(tuning, { ...tuning.server_counters, ...tuning.server_unseen }, key) ?? zeroOf(tuning);
    case "client":
      return readPart(tuning, { ...tuning.client_counters, ...tuning.client_unseen }, key) ?? zeroOf(tuning);
    case "tuning":
      return ofTuning(tuning, key);
  }
}

/** `key`: "users", "drops.app", "connect_latency_ms.p99", "accept_queue.peak". */
function readPart(tuning: TuningMeasures, part: object | undefined, key: string): MetricValue | null {
  const [head = "", word] = key.split(".");
  const value = (part as Readonly<Record<string, unknown>> | undefined)?.[head] as Part;
  if (value === null || value === undefined) return null;
  if (isMeasure(value)) return ofMeasure(value);
  if (isLatencies(value)) return ofLatencies(value, word as keyof Latencies);
  const measure = value[word ?? ""];
  return measure === undefined ? zeroOf(tuning) : ofMeasure(measure);
}

type Part = Measure | Latencies | { readonly [word: string]: Measure | undefined } | null | undefined;

const isMeasure = (part: NonNullable<Part>): part is Measure => "per_seed" in part;
const isLatencies = (part: NonNullable<Part>): part is Latencies => "p99_per_seed" in part;

const ofMeasure = ({ mean, per_seed }: Measure): MetricValue => ({ value: mean, perSeed: per_seed });

function ofLatencies(latencies: Latencies, quantile: keyof Latencies): MetricValue {
  return { value: latencies[quantile] as number, perSeed: quantile === "p99" ? latencies.p99_per_seed : null };
}

const zeroOf = (tuning: TuningMeasures): MetricValue => ({ value: 0, perSeed: tuning.syns_in.per_seed.map(() => 0) });

/** Families that are sums over the clients' gates. */
const BY_GATE = new Set(["gates", "failed"]);

function ofTuning(tuning: TuningMeasures, key: string): MetricValue | null {
  const [family = "", gate] = key.split(".");
  if (gate === undefined || !BY_GATE.has(family)) return readPart(tuning, tuning, key);
  const ofClients = family === "gates" ? `drops.${gate}` : key;
  const values = tuning.clients.flatMap((clients) => readPart(tuning, clients, ofClients) ?? []);
  return together([zeroOf(tuning), ...values], sumOf);
}

/** Listeners that share a port: connections are added up, of workers it is the mean, else it is the listener with the largest value. */
function ofListeners(tuning: TuningMeasures, { of, key }: MetricReference): MetricValue | null {
  const isAsked = ({ port }: ListenerSummary): boolean => String(port) === of;
  const values = tuning.listeners.filter(isAsked).flatMap((listener) => readPart(tuning, listener, key) ?? []);
  if (key === "accepted") return together(values, sumOf);
  return together(values, key === "workers_busy_ratio" ? meanOf : (several) => Math.max(...several));
}

function together(values: readonly MetricValue[], join: (several: readonly number[]) => number): MetricValue | null {
  const [first] = values;
  if (first === undefined || values.length === 1) return first ?? null;
  const seedOf = (seed: number): number | null => {
    const measured = values.flatMap(({ perSeed }) => perSeed?.[seed] ?? []);
    return measured.length === 0 ? null : join(measured);
  };
  return {
    value: join(values.map(({ value }) => value)),
    perSeed: first.perSeed === null ? null : first.perSeed.map((_, seed) => seedOf(seed)),
  };
}
