/**
 * Plan: the value of one key with which a tuning meets its thresholds: the smallest one, or the largest load that it survives.
 *
 * Method      Each value is simulated with the same seeds, hence the same clients; search.ts chooses which. Where no value is enough, the gate that binds at the best
 *             one names other settings, each of which is simulated at that value before a word is said about it.
 * Interrupt   When the signal comes, what was found so far is the answer, with status `interrupted`.
 */
import { bindingOf } from "../results/blame.ts";
import type { Besides, Measured, PlanStatus, TuningPlan } from "../results/plan-format.ts";
import type { TuningSummary } from "../results/summary-format.ts";
import { type ExperimentOptions, simulateExperiment } from "../simulate.ts";
import type { Experiment, Tuning } from "../vocabulary/experiment.ts";
import type { Scenario } from "../vocabulary/scenario.ts";
import { defaultFor, TUNABLE_NAMES, type TunableName } from "../vocabulary/tunables.ts";
import { candidatesFor } from "./candidates.ts";
import { costOf } from "./cost.ts";
import { isUnmoved } from "./dead-knobs.ts";
import { type Judgement, judge } from "./judge.ts";
import { valueAt } from "./key-paths.ts";
import { reasonFor } from "./knob-reasons.ts";
import { planWords } from "./plan-words.ts";
import type { Scale } from "./scale.ts";
import { type Found, type Goal, search } from "./search.ts";

export interface Quest {
  readonly goal: Goal;
  /** As a user writes it. */
  readonly path: string;
  readonly scale: Scale;
  /** The tuning's scenario with this value. Throws where a value between two good ends is refused. */
  readonly scenarioWith: (tuning: string, value: number) => Scenario;
}

/** `onDone` counts the runs of the values that are being tried, and begins again with the next ones. */
export interface PlanOptions extends Omit<ExperimentOptions, "known" | "onResult"> {
  /** What must hold besides the thresholds. */
  readonly alsoNeeds?: ((of: TuningSummary) => Measured) | undefined;
  /** Called when values begin to run, with words for people. */
  readonly onTry?: ((what: string) => void) | undefined;
}

/** A value that was simulated, and what came of it. */
export interface Tried extends Judgement {
  readonly value: number;
  readonly of: TuningSummary;
}

/** What came of a search in one tuning: `found` is null where it was interrupted. */
export interface Yield {
  readonly tuning: string;
  readonly quest: Quest;
  readonly status: PlanStatus;
  readonly found: Found<Tried> | null;
  /** The smallest value first. */
  readonly tried: readonly Tried[];
  readonly own: number | null;
  readonly besides: readonly Besides[];
  /** Why the key moves nothing, where all values came to the same. */
  readonly dead: string | null;
}

/** `experiment.thresholds` decide. */
export async function plan(
  experiment: Experiment,
  tuning: string,
  quest: Quest,
  options: PlanOptions = {},
): Promise<TuningPlan> {
  const tried: Tried[] = [];
  const own = ownValue(scenarioOf(experiment, tuning), quest.path);
  const common = { tuning, quest, own };
  try {
    const evaluate = (values: readonly number[]) => tryValues(experiment, tuning, quest, values, options);
    const remember = async (values: readonly number[]): Promise<Tried[]> => {
      const now = await evaluate(values);
      tried.push(...now);
      return now;
    };
    const found = await search(quest.scale, quest.goal, remember, own);
    const besides =
      found.answer === null ? await tryBesides(experiment, tuning, quest, found.best.judged, options) : [];
    const dead = deadBecause(tuning, quest, byValue(tried));
    return planOf({ ...common, tried: byValue(tried), status: statusOf(found), found, besides, dead });
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    const nothing = { found: null, besides: [], dead: null };
    return planOf({ ...common, tried: byValue(tried), status: "interrupted", ...nothing });
  }
}

const byValue = (tried: readonly Tried[]): Tried[] => [...tried].sort((a, b) => a.value - b.value);

function scenarioOf({ tunings }: Experiment, name: string): Scenario {
  const tuning = tunings.find((one) => one.name === name);
  if (tuning === undefined) throw new RangeError(`there is no tuning ${name}`);
  return tuning.scenario;
}

/** What the scenario, or else its kernel, says now; null where that is no number. */
function ownValue(scenario: Scenario, path: string): number | null {
  const [, side, sysctl] = /^(server|client)\.sysctls\.(.*)$/.exec(path) ?? [];
  const isSysctl = sysctl !== undefined && (TUNABLE_NAMES as readonly string[]).includes(sysctl);
  const own =
    valueAt(scenario, path) ??
    (isSysctl ? defaultFor(sysctl as TunableName, scenario[side as "server" | "client"].kernel) : null);
  return typeof own === "number" ? own : null;
}

function statusOf({ answer, before }: Found<Tried>): PlanStatus {
  if (answer === null) return "never";
  return before === null ? "always" : "found";
}

async function tryValues(
  experiment: Experiment,
  tuning: string,
  { path, scenarioWith }: Quest,
  values: readonly number[],
  { onTry, alsoNeeds, ...options }: PlanOptions,
): Promise<Tried[]> {
  onTry?.(`${tuning}: ${path} = ${values.join(", ")}`);
  const tunings = values.map((value) => ({
    ...{ name: String(value), changes: [{ path, value }], scenario: scenarioWith(tuning, value) },
  }));
  const summary = await simulateExperiment({ ...experiment, tunings }, options);
  return summary.tunings.map((of, index) => {
    const judged = judge(of, experiment.thresholds);
    return {
      value: values[index] as number,
      of,
      ...(alsoNeeds === undefined ? judged : withMore(judged, alsoNeeds(of))),
    };
  });
}

/** What has no interval makes nothing surer. */
const withMore = (judged: Judgement, more: Measured): Judgement => ({
  ...{ holds: judged.holds && more.holds, isSure: more.holds ? judged.isSure : !judged.holds && judged.isSure },
  ...{ margin: more.holds ? judged.margin : Math.min(judged.margin, 0), measured: [...judged.measured, more] },
});

/** Settings that move the gate that binds, each beside the best value. */
async function tryBesides(
  experiment: Experiment,
  tuning: string,
  quest: Quest,
  { value, of }: Tried,
  { onTry, alsoNeeds: _, ...options }: PlanOptions,
): Promise<Besides[]> {
  const binding = bindingOf(of);
  const scenario = quest.scenarioWith(tuning, value);
  const candidates = (binding === null ? [] : candidatesFor(binding.gate, scenario)).filter(({ changes }) =>
    changes.some(({ path }) => path !== quest.path),
  );
  if (candidates.length === 0) return [];
  onTry?.(`${tuning}: trying what else would help`);
  const tunings = candidates.map((one, index) => ({ ...one, name: `besides-${index}` }));
  const summary = await simulateExperiment({ ...experiment, tunings }, options);
  return summary.tunings.map((one, index) => {
    const { measured, holds } = judge(one, experiment.thresholds);
    return { changes: candidates[index]?.changes ?? [], measured, holds };
  });
}

/** null unless each value that was tried gave the same. */
function deadBecause(tuning: string, { path, scenarioWith }: Quest, tried: readonly Tried[]): string | null {
  const [first, last] = [tried[0], tried.at(-1)];
  if (first === undefined || last === undefined || !tried.every(({ of }) => isUnmoved(first.of, of))) return null;
  const withValue = ({ value }: Tried): Tuning => {
    return { name: tuning, changes: [{ path, value }], scenario: scenarioWith(tuning, value) };
  };
  return reasonFor(path, { tuning: withValue(last), baseline: withValue(first), of: last.of, without: first.of });
}

function planOf(of: Yield): TuningPlan {
  const { tuning, found, status, own, besides, tried } = of;
  return {
    ...{ tuning, status, value: found?.answer?.value ?? null, interval: found?.interval ?? [null, null] },
    before: found?.before?.value ?? null,
    again: found?.again ? { holds_to: found.again.holdsTo.value, fails_from: found.again.failsFrom.value } : null,
    own,
    costs: tellingValues(found, tried).map(({ value, of }) => costOf(value, of)),
    besides,
    points: tried.map(({ value, holds, isSure, measured }) => ({
      ...{ value, holds, is_sure: isSure },
      thresholds: measured.map(({ metric: _, ...one }) => one),
    })),
    sentences: planWords(of),
  };
}

/** The ends of the range, the answer and its neighbour, or the best value. */
function tellingValues(found: Found<Tried> | null, tried: readonly Tried[]): Tried[] {
  const telling = [tried[0], tried.at(-1), found?.answer?.judged, found?.before?.judged, found?.best.judged].slice(
    0,
    found === null ? 0 : found.answer === null ? 5 : 4,
  );
  return tried.filter((one) => telling.includes(one));
}
