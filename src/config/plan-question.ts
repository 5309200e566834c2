/**
 * Plan question: what `plan` is asked, in the words of the command line → a question that can be searched for, or what is wrong with it.
 *
 * Checks   Both ends of the range are laid over every tuning that is asked, so that nothing is simulated of a question that makes no sense. A value between two
 *          good ends that is refused all the same is a RefusedValueError when its turn comes.
 */
import { err, ok, type Result } from "../base/result.ts";
import { type Experiment, type Threshold, unknownTuning } from "../vocabulary/experiment.ts";
import type { Scenario } from "../vocabulary/scenario.ts";
import { thresholdsFrom } from "./thresholds.ts";
import { formatVaryIssues, isWholeKey, parseFind, type Vary, type VaryIssue } from "./vary.ts";

export interface PlanWords {
  /** `min:KEY=lo..hi` or `max:KEY=lo..hi`. */
  readonly find: string;
  /** Thresholds besides the experiment's. */
  readonly and: readonly string[];
  /** null: all of them. */
  readonly tuning: string | null;
}

export interface PlanQuestion {
  readonly goal: "min" | "max";
  /** As a user writes it. */
  readonly path: string;
  readonly lo: number;
  readonly hi: number;
  /** The key takes whole numbers only. */
  readonly isWhole: boolean;
  /** Names, at least one. */
  readonly tunings: readonly string[];
  /** Those of the words, not of the experiment. */
  readonly further: readonly Threshold[];
  /** The tuning's scenario with this value; throws RefusedValueError. */
  readonly scenarioWith: (tuning: string, value: number) => Scenario;
  /** Of the first tuning, at the upper end. */
  readonly warnings: readonly VaryIssue[];
}

/** A word that is wrong by itself, or what it makes of the experiment. */
export type QuestionFault =
  | { readonly word: keyof PlanWords; readonly message: string }
  | { readonly word: null; readonly issues: readonly VaryIssue[] };

/** A value between two good ends that the checks refuse. */
export class RefusedValueError extends Error {
  override readonly name = "RefusedValueError";
}

export function questionOf(
  experiment: Experiment,
  vary: Vary,
  { find, and, tuning }: PlanWords,
): Result<PlanQuestion, QuestionFault> {
  const parsed = parseFind(find);
  if (!parsed.ok) return err({ word: "find", message: parsed.error });
  const tunings = experiment.tunings.map(({ name }) => name).filter((name) => tuning === null || name === tuning);
  const [first] = tunings;
  if (first === undefined) return err({ word: "tuning", message: unknownTuning(tuning ?? "", experiment) });
  const further = thresholdsFrom(and, experiment);
  if (!further.ok) return err({ word: "and", message: further.error });
  const { goal, path, lo, hi, valueWith } = parsed.value;
  const warnings: VaryIssue[] = [];
  for (const name of tunings) {
    for (const end of [lo, hi]) {
      const varied = vary(name, { [path]: valueWith(end) });
      if (!varied.ok) return err({ word: null, issues: varied.error });
      if (end === hi && name === first) warnings.push(...varied.value.warnings);
    }
  }
  const scenarioWith = (name: string, value: number): Scenario => {
    const varied = vary(name, { [path]: valueWith(value) });
    if (!varied.ok) throw new RefusedValueError(formatVaryIssues(varied.error).trimEnd());
    return varied.value.scenario;
  };
  const isWhole = isWholeKey(vary, first, parsed.value);
  return ok({ goal, path, lo, hi, isWhole, tunings, further: further.value, scenarioWith, warnings });
}
