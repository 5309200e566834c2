/** Two summaries beside each other: the same tunings, before and after something changed. */
import { differencesBetween, type Side } from "./differences.ts";
import type { Difference, ExperimentSummary, TuningSummary } from "./summary-format.ts";

export interface SummaryComparison {
  /** Tuning by tuning, b against a; `tuning` is its name in b. */
  readonly differences: readonly Difference[];
  /** What the reader must know, as sentences: tunings without a partner, seeds that differ. */
  readonly notes: readonly string[];
}

/** Tunings of the same name are compared; where each side has only one, these. Paired over the seeds that both have. */
export function compareSummaries(a: ExperimentSummary, b: ExperimentSummary): SummaryComparison {
  const pairs = tuningPairs(a, b);
  const side = (tuning: TuningSummary, { seeds }: ExperimentSummary): Side => ({ tuning, seeds });
  return {
    differences: pairs.flatMap(([before, after]) => differencesBetween(side(before, a), side(after, b))),
    notes: [
      ...without(
        a,
        pairs.map(([before]) => before),
        "the first",
      ),
      ...without(
        b,
        pairs.map(([, after]) => after),
        "the second",
      ),
      ...seedNotes(a.seeds, b.seeds),
      ...(a.duration_s === b.duration_s ? [] : [`the runs last ${a.duration_s} s and ${b.duration_s} s`]),
    ],
  };
}

function tuningPairs(a: ExperimentSummary, b: ExperimentSummary): (readonly [TuningSummary, TuningSummary])[] {
  const [onlyA, ...moreA] = a.tunings;
  const [onlyB, ...moreB] = b.tunings;
  if (onlyA && onlyB && moreA.length === 0 && moreB.length === 0) return [[onlyA, onlyB]];
  return a.tunings.flatMap((before) => {
    const after = b.tunings.find(({ name }) => name === before.name);
    return after === undefined ? [] : [[before, after] as const];
  });
}

const without = (summary: ExperimentSummary, paired: readonly TuningSummary[], which: string): string[] =>
  summary.tunings
    .filter((tuning) => !paired.includes(tuning))
    .map(({ name }) => `tuning ${JSON.stringify(name)} is in ${which} summary only`);

function seedNotes(a: readonly number[], b: readonly number[]): string[] {
  const common = a.filter((seed) => b.includes(seed)).length;
  if (common === a.length && common === b.length) return [];
  if (common === 0) return ["the seeds differ, so the clients do: no difference has an interval"];
  return [`intervals are of the ${common} seeds that both have`];
}
