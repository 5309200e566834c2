/**
 * Judge: whether a tuning meets thresholds, how far it is from the limit, and whether the seeds are enough to say so.
 *
 * Sure        A threshold is about the mean over the seeds (metricOf()), so its 95 % interval decides: sure to hold if its worse end holds too, sure to
 *             fail if its better end fails too. Where seeds by themselves are not kept, or there is one only, nothing is sure.
 */
import { metricOf } from "../results/metrics.ts";
import type { Measured } from "../results/plan-format.ts";
import { meanInterval } from "../results/student.ts";
import type { TuningSummary } from "../results/summary-format.ts";
import { isMet } from "../results/thresholds.ts";
import type { Threshold } from "../vocabulary/experiment.ts";
import type { Judged } from "./search.ts";

export interface Judgement extends Judged {
  readonly measured: readonly Measured[];
}

export function judge(tuning: TuningSummary, thresholds: readonly Threshold[]): Judgement {
  const each = thresholds.map((threshold) => judgeOne(tuning, threshold));
  const holds = each.every(({ measured }) => measured.holds);
  const isSure = holds
    ? each.every(({ isSure }) => isSure)
    : each.some(({ measured, isSure }) => isSure && !measured.holds);
  return {
    ...{ holds, isSure },
    margin: Math.min(...each.map(({ margin }) => margin)),
    measured: each.map(({ measured }) => measured),
  };
}

interface One {
  readonly measured: Measured;
  readonly isSure: boolean;
  readonly margin: number;
}

function judgeOne(tuning: TuningSummary, threshold: Threshold): One {
  const { text, metric } = threshold;
  const found = metricOf(tuning, metric);
  const value = found?.value ?? null;
  const holds = value !== null && isMet(threshold, value);
  const seeds = found?.perSeed ?? null;
  const numbers = (seeds ?? []).flatMap((seed) => seed ?? []);
  const interval = meanInterval(numbers);
  const measured: Measured = {
    ...{ threshold: text, metric, value, interval, holds },
    seeds_holding: seeds === null ? null : numbers.filter((number) => isMet(threshold, number)).length,
  };
  const isSure = interval?.every((end) => isMet(threshold, end) === holds) ?? false;
  return { measured, isSure, margin: value === null ? Number.NEGATIVE_INFINITY : marginOf(threshold, value) };
}

/** How far on the good side of its limit, as a share of the limit. */
function marginOf({ comparison, limit }: Threshold, value: number): number {
  const size = Math.abs(limit) || 1;
  if (comparison === ">" || comparison === ">=") return (value - limit) / size;
  if (comparison === "<" || comparison === "<=") return (limit - value) / size;
  return comparison === "==" ? -Math.abs(value - limit) / size : Number(value !== limit);
}

/** Users served that count as enough where an experiment asks for nothing. */
export const ENOUGH_SERVED_RATIO = 0.99;

/** Of an experiment that has no thresholds: that its clients are served, but for those whose share `given` names. */
export function defaultThresholds(clients: readonly string[], given: readonly Threshold[]): Threshold[] {
  return clients
    .map((name) => `${name}.served_ratio`)
    .filter((metric) => given.every((threshold) => threshold.metric !== metric))
    .map((metric) => ({
      ...{ text: `${metric} >= ${ENOUGH_SERVED_RATIO}`, metric, limit: ENOUGH_SERVED_RATIO },
      comparison: ">=",
    }));
}
