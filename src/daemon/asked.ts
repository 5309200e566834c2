/**
 * Asked: the text of an experiment and the words of a request → what a job simulates, or what is wrong with either.
 *
 * Purpose   Read when a job is submitted, and again when it begins, maybe by a later process: both mean the same.
 */
import { NO_THRESHOLDS, planThresholds } from "../advise/find-values.ts";
import { err, ok, type Result } from "../base/result.ts";
import {
  type ConfigIssue,
  type Experiment,
  type ParsedExperiment,
  type PlanQuestion,
  questionOf,
  type Sweep,
  seedsFrom,
  sweepOf,
  sweepSizeFault,
  sweptMetricFault,
  type Tuning,
} from "../index.ts";
import { unknownTuning } from "../vocabulary/experiment.ts";
import type { JobKind, JobRecord, JobWords } from "./job-record.ts";
import { parseSent } from "./sent-experiment.ts";

/** `experiment` has all tunings, and the seeds that were asked for. */
export type Asked =
  | { readonly kind: "experiment"; readonly experiment: Experiment }
  | { readonly kind: "sweep"; readonly experiment: Experiment; readonly sweep: Sweep }
  | { readonly kind: "plan"; readonly experiment: Experiment; readonly question: PlanQuestion };

/** A word of the request that is wrong by itself, or issues of the experiment with it. */
export type AskedFault =
  | { readonly word: keyof JobWords | "kind"; readonly message: string }
  | { readonly word: null; readonly issues: readonly ConfigIssue[] };

export interface Read {
  readonly asked: Asked;
  readonly warnings: readonly ConfigIssue[];
}

/** `label`: the name of an experiment that has none. */
export type Request = Pick<JobRecord, "kind" | "engine" | "asked"> & { readonly label: string | null };

const WORDS_OF: Readonly<Record<JobKind, readonly (keyof JobWords)[]>> = {
  experiment: [],
  sweep: ["param", "sample", "metric", "tuning", "seeds", "seed"],
  plan: ["find", "and", "tuning", "seeds", "seed"],
};

export function readAsked(text: string, request: Request): Result<Read, AskedFault> {
  const { kind, asked: words } = request;
  const misplaced = misplacedWord(kind, words);
  if (misplaced !== null) return err(misplaced);
  const parsed = parseSent(text, kind === "sweep" ? { params: words.param, sample: words.sample } : undefined);
  if (!parsed.ok) return err({ word: null, issues: parsed.error });
  const named = withName(parsed.value, request.label);
  if (kind === "experiment") return ok({ asked: { kind, experiment: named.experiment }, warnings: named.warnings });
  return kind === "sweep" ? readSweep(named, request) : readPlan(named, words);
}

/** Of a job that was accepted before; a version of the program that refuses it now throws. */
export function mustReadAsked(text: string, request: Request): Asked {
  const read = readAsked(text, request);
  if (read.ok) return read.value.asked;
  const why = read.error.word === null ? read.error.issues[0]?.message : read.error.message;
  throw new Error(`its text is refused now: ${why}`);
}

function misplacedWord(kind: JobKind, words: JobWords): AskedFault | null {
  const given = (Object.keys(words) as (keyof JobWords)[]).filter((word) => {
    const value = words[word];
    return Array.isArray(value) ? value.length > 0 : value !== null;
  });
  const word = given.find((one) => !WORDS_OF[kind].includes(one));
  if (word === undefined) return null;
  const kinds = Object.entries(WORDS_OF).filter(([, own]) => own.includes(word));
  const allowed = kinds.map(([one]) => `kind=${one}`).join(" or ");
  return { word, message: `found with kind=${kind}, allowed is it with ${allowed}` };
}

const withName = (parsed: ParsedExperiment, label: string | null): ParsedExperiment => ({
  ...parsed,
  experiment: { ...parsed.experiment, name: parsed.experiment.name || (label ?? "") },
});

function readSweep(
  { experiment, sweep: plan, warnings }: ParsedExperiment,
  { engine, asked: words }: Request,
): Result<Read, AskedFault> {
  const tunings = tuningsOf(experiment, words);
  if (!tunings.ok) return tunings;
  if (plan === null) {
    const message = "the experiment has no axes: give KEY.PATH=VALUES, or write sweep: { axes: ... } into it";
    return err({ word: "param", message });
  }
  const metrics = words.metric.length === 0 ? undefined : [...new Set(words.metric)];
  const seeded = { ...experiment, seeds: seedsOf(experiment, words) };
  const swept = { ...seeded, tunings: tunings.value };
  const sweep = sweepOf(swept, plan.ofTunings(tunings.value), { engine, metrics });
  const fault = sweptMetricFault(sweep);
  if (fault !== null)
    return err({ word: "metric", message: `${fault.metric}: ${fault.message}\n  hint: ${fault.hint}` });
  const tooLarge = sweepSizeFault(sweep);
  if (tooLarge !== null) return err({ word: null, issues: [issue("too-many", "", tooLarge)] });
  return ok({ asked: { kind: "sweep", experiment: seeded, sweep }, warnings });
}

function readPlan({ experiment, vary, warnings }: ParsedExperiment, words: JobWords): Result<Read, AskedFault> {
  const { find, and, tuning } = words;
  if (find === null)
    return err({ word: "find", message: "is needed, such as min:server.listeners.80.backlog=16..65535" });
  const question = questionOf(experiment, vary, { find, and, tuning });
  if (!question.ok) {
    if (question.error.word !== null) return err(question.error);
    const issues = question.error.issues.map(({ code, path, message, hint }) => issue(code, path, message, hint));
    return err({ word: null, issues });
  }
  if (planThresholds(experiment, question.value) === null) return err({ word: "and", message: NO_THRESHOLDS });
  const cuts = question.value.warnings.map(({ code, path, message, hint }) => issue(code, path, message, hint));
  const seeded = { ...experiment, seeds: seedsOf(experiment, words) };
  return ok({
    asked: { kind: "plan", experiment: seeded, question: question.value },
    warnings: [...warnings, ...cuts],
  });
}

/** Of a value that stands in no file. */
const issue = (code: ConfigIssue["code"], path: string, message: string, hint?: string): ConfigIssue => ({
  ...{ code, path, line: 1, column: 1, message },
  ...(hint === undefined ? {} : { hint }),
});

function tuningsOf(experiment: Experiment, { tuning }: JobWords): Result<readonly Tuning[], AskedFault> {
  const wanted = experiment.tunings.filter(({ name }) => tuning === null || name === tuning);
  return wanted.length > 0 ? ok(wanted) : err({ word: "tuning", message: unknownTuning(tuning ?? "", experiment) });
}

const seedsOf = ({ seeds }: Experiment, asked: JobWords): readonly number[] =>
  asked.seeds === null && asked.seed === null ? seeds : seedsFrom(asked.seed ?? 1, asked.seeds ?? seeds.length);
