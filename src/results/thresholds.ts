/** Thresholds: what must hold in every tuning, against its summary. */
import type { Experiment, Threshold } from "../vocabulary/experiment.ts";
import { metricOf } from "./metrics.ts";
import type { ThresholdResult, TuningSummary } from "./summary-format.ts";

const HOLDS: Readonly<Record<Threshold["comparison"], (value: number, limit: number) => boolean>> = {
  "<": (value, limit) => value < limit,
  "<=": (value, limit) => value <= limit,
  ">": (value, limit) => value > limit,
  ">=": (value, limit) => value >= limit,
  "==": (value, limit) => value === limit,
  "!=": (value, limit) => value !== limit,
};

export const isMet = ({ comparison, limit }: Threshold, value: number): boolean => HOLDS[comparison](value, limit);

/** Threshold by threshold, each for all tunings. What was not measured does not hold. */
export function thresholdResults(
  thresholds: Experiment["thresholds"],
  tunings: readonly TuningSummary[],
): ThresholdResult[] {
  return thresholds.flatMap((threshold) =>
    tunings.map((tuning) => {
      const value = metricOf(tuning, threshold.metric)?.value ?? null;
      const holds = value !== null && isMet(threshold, value);
      return { threshold: threshold.text, tuning: tuning.name, value, holds };
    }),
  );
}
