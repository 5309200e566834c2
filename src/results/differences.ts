/**
 * Differences of two tunings in the numbers that matter, paired over the seeds: both met the same clients.
 *
 * Invariants  A difference whose interval contains 0 is none.
 */
import { metricBetter } from "../vocabulary/metrics.ts";
import { metricNamesOf, metricOf } from "./metrics.ts";
import { meanInterval } from "./student.ts";
import type { ClientsSummary, Difference, TuningSummary } from "./summary-format.ts";
import { meanOf } from "./tuning-runs.ts";

/** Of a tuning's runs and the seeds that they had. */
export interface Side {
  readonly tuning: TuningSummary;
  readonly seeds: readonly number[];
}

/** Every tuning against the first. */
export function differencesOf(tunings: readonly TuningSummary[], seeds: readonly number[]): Difference[] {
  const [first, ...others] = tunings;
  if (first === undefined) return [];
  return others.flatMap((tuning) => differencesBetween({ tuning: first, seeds }, { tuning, seeds }));
}

/** What both sides measured; `other` against `baseline`, over the seeds that both have. */
export function differencesBetween(baseline: Side, other: Side): Difference[] {
  return comparedMetrics(baseline.tuning, other.tuning).flatMap(
    (metric) => differenceOf(metric, baseline, other) ?? [],
  );
}

/** In the order of a reader's interest: who got in, how late, at what cost. */
function comparedMetrics(baseline: TuningSummary, other: TuningSummary): string[] {
  const retries = ({ users, attempted }: ClientsSummary): boolean => attempted.mean > users.mean;
  const ofClients = baseline.clients.flatMap((clients) => {
    const same = other.clients.find(({ name }) => name === clients.name);
    if (same === undefined) return [];
    const withRetries = retries(clients) || retries(same);
    return [
      ...["served_ratio", "established_ratio", "gave_up", "connect_latency_ms.p99", "response_latency_ms.p99"],
      ...(withRetries ? ["user_latency_ms.p99", "attempted"] : []),
    ].map((key) => `${clients.name}.${key}`);
  });
  return [...ofClients, "synacks_out", "half_open_peak_bytes"];
}

/** null where one of both measured nothing. */
function differenceOf(metric: string, baseline: Side, other: Side): Difference | null {
  const before = metricOf(baseline.tuning, metric);
  const after = metricOf(other.tuning, metric);
  if (before === null || after === null) return null;
  const differences = baseline.seeds.flatMap((seed, index) => {
    const a = before.perSeed?.[index] ?? null;
    const b = after.perSeed?.[other.seeds.indexOf(seed)] ?? null;
    return a === null || b === null ? [] : [b - a];
  });
  const interval = meanInterval(differences);
  return {
    tuning: other.tuning.name,
    metric,
    baseline: before.value,
    value: after.value,
    difference: differences.length === 0 ? after.value - before.value : meanOf(differences),
    interval,
    verdict: verdictOf(metric, baseline.tuning, differences, interval),
  };
}

function verdictOf(
  metric: string,
  tuning: TuningSummary,
  differences: readonly number[],
  interval: Difference["interval"],
): Difference["verdict"] {
  if (differences.length > 0 && differences.every((difference) => difference === 0)) return "same";
  if (interval === null) return "unknown";
  const [low, high] = interval;
  if (low <= 0 && high >= 0) return "none";
  return low > 0 === (metricBetter(metric, metricNamesOf(tuning)) === "up") ? "better" : "worse";
}
