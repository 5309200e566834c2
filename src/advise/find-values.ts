/**
 * Find values: one question, asked of several tunings one after the other: what `plan` answers, whoever asks.
 *
 * Thresholds   The experiment's and those of the question; where the experiment has none, that its clients are served.
 * Interrupt    When the signal comes, the tunings that were answered are the result, the last one with what was found so far.
 */
import type { PlanHead, PlanResult, TuningPlan } from "../results/plan-format.ts";
import type { Experiment, Threshold } from "../vocabulary/experiment.ts";
import { defaultThresholds } from "./judge.ts";
import { type PlanOptions, plan, type Quest } from "./plan.ts";
import { scaleOf } from "./scale.ts";

/** What is looked for. */
export interface Question extends Pick<Quest, "goal" | "path" | "scenarioWith"> {
  readonly lo: number;
  readonly hi: number;
  /** The key takes whole numbers only. */
  readonly isWhole: boolean;
  /** Names, at least one. */
  readonly tunings: readonly string[];
  /** Thresholds besides the experiment's. */
  readonly further: readonly Threshold[];
}

export interface FindOptions extends PlanOptions {
  /** Answers from before, by the tuning's place among those that are asked: they are not looked for again. */
  readonly answered?: ((place: number) => TuningPlan | null) | undefined;
  /** Called with each other answer that is complete. */
  readonly onAnswer?: ((place: number, plan: TuningPlan) => void) | undefined;
}

/** Values that a search tries in a tuning, about: the grid, the bisections, the probes around the answer. */
export const USUAL_VALUES = 40;
/** Of a scale with fewer, all at most. */
export const valuesTried = ({ lo, hi, isWhole }: Pick<Question, "lo" | "hi" | "isWhole">): number =>
  Math.min(USUAL_VALUES, scaleOf(lo, hi, isWhole).last + 1);

export interface PlanThresholds {
  readonly thresholds: readonly Threshold[];
  /** How many of them are defaults, which come first. */
  readonly defaults: number;
}

/** null: nothing has to hold, so that there is nothing to look for. */
export function planThresholds(experiment: Experiment, { further }: Pick<Question, "further">): PlanThresholds | null {
  const clients = experiment.tunings[0]?.scenario.workloads.filter(({ kind }) => kind === "connections") ?? [];
  const names = clients.map(({ name }) => name);
  const defaults = experiment.thresholds.length > 0 ? [] : defaultThresholds(names, further);
  const thresholds = [...defaults, ...experiment.thresholds, ...further];
  return thresholds.length > 0 ? { thresholds, defaults: defaults.length } : null;
}

/** What to say where planThresholds() is null. */
export const NO_THRESHOLDS = "the experiment has neither thresholds nor clients: --and says what must hold";

/** The question must have thresholds. */
export async function findValues(
  experiment: Experiment,
  question: Question,
  { answered, onAnswer, ...options }: FindOptions = {},
): Promise<PlanResult> {
  const { goal, path, lo, hi, isWhole, scenarioWith } = question;
  const asked = planThresholds(experiment, question);
  if (asked === null) throw new RangeError(NO_THRESHOLDS);
  const quest: Quest = { goal, path, scale: scaleOf(lo, hi, isWhole), scenarioWith };
  const of = { ...experiment, thresholds: asked.thresholds };
  const tunings: TuningPlan[] = [];
  for (const [place, tuning] of question.tunings.entries()) {
    if (options.signal?.aborted === true) break;
    const known = answered?.(place) ?? null;
    const found = known ?? (await plan(of, tuning, quest, options));
    tunings.push(found);
    if (known === null && found.status !== "interrupted") onAnswer?.(place, found);
  }
  return { ...headOf(of, quest, asked.defaults), tunings };
}

function headOf(
  { name, seeds, tunings, thresholds }: Experiment,
  { goal, path, scale }: Quest,
  defaults: number,
): PlanHead {
  return {
    ...{ name, goal, key: path, from: scale.at(0), to: scale.at(scale.last), resolution: scale.resolution },
    ...{ thresholds: thresholds.map(({ text }) => text), default_thresholds: defaults, seeds },
    duration_s: tunings[0]?.scenario.duration_s ?? 0,
  };
}
