/**
 * `plan EXPERIMENT --find min:KEY=lo..hi`: which value is enough, or how much a tuning survives. `plan --recover EXPERIMENT`: how large a burst, how long a
 * pause it recovers from.
 *
 * Output   Text or JSON on stdout, progress and complaints on stderr. Interrupted, it prints what was found so far.
 */
import { Option } from "commander";
import { findValues, NO_THRESHOLDS, planThresholds, USUAL_VALUES, valuesTried } from "../advise/find-values.ts";
import { canRecover, endsOf, type Recovery, recover } from "../advise/recover.ts";
import {
  closePool,
  type Experiment,
  encodePlan,
  formatIssues,
  formatVaryIssues,
  type PlanQuestion,
  type QuestionFault,
  questionOf,
  RefusedValueError,
  RunError,
  type Tuning,
  type TuningPlan,
  type VaryIssue,
} from "../index.ts";
import { unknownTuning } from "../vocabulary/experiment.ts";
import type { Command, CommandContext } from "./command.ts";
import { ExitCode } from "./exit-codes.ts";
import { type ForeseenSearch, planForecast } from "./forecast.ts";
import { EXPERIMENT_ARGUMENT, type LoadedExperiment, loadExperiment } from "./load-experiment.ts";
import { findText, recoverText } from "./plan-text.ts";
import { clearProgress, showProgress } from "./progress.ts";
import { addSimulateOptions, parseTime, type SimulateFlags, seedsOf, simulateFlags } from "./simulate-options.ts";

interface PlanFlags {
  readonly find?: string;
  readonly and: readonly string[];
  readonly recover?: boolean;
  readonly within?: number;
  readonly tuning?: string;
  readonly json?: boolean;
}

/** What stderr says, and the exit code. */
interface Fault {
  readonly text: string;
  readonly code: ExitCode;
}
const usage = (text: string): Fault => ({
  text: `error: ${text}\n(--help lists what there is)\n`,
  code: ExitCode.Usage,
});
const invalid = (text: string): Fault => ({ text, code: ExitCode.InvalidConfig });

export const command: Command = {
  configure: (commander) => {
    commander
      .argument("<experiment>", EXPERIMENT_ARGUMENT)
      .addOption(
        new Option(
          "--find <goal>",
          "min:KEY=lo..hi is the smallest value that meets the thresholds, max:KEY=lo..hi the largest; lo..hi may stand within a text or a list",
        ),
      )
      .option(
        "--and <threshold>",
        "a threshold besides the experiment's, such as 'clients.connect_latency_ms.p99 < 100'; may be given again",
        (threshold: string, before: readonly string[]) => [...before, threshold],
        [],
      )
      .addOption(
        new Option(
          "--recover",
          "the largest burst of clients and the longest pause of the application that it recovers from",
        ).conflicts(["find", "and"]),
      )
      .option("--within <time>", "with --recover: how soon after it all must be as usual (default: 10s)", parseTime)
      .option("--tuning <name>", "only this tuning")
      .option("--json", "print JSON");
    addSimulateOptions(commander, "what the experiment says");
  },

  async execute(context, positionals, given) {
    const options = given as unknown as PlanFlags;
    const loaded = await loadExperiment(String(positionals[0]));
    context.stderr(loaded.ok ? formatIssues(loaded.value.file, loaded.value.warnings) : loaded.error.text);
    if (!loaded.ok) return ExitCode.InvalidConfig;
    const wanted = options.recover === true ? recoverable(loaded.value, options) : asked(loaded.value, options);
    if ("code" in wanted) {
      context.stderr(wanted.text);
      return wanted.code;
    }
    const { experiment } = loaded.value;
    const flags = simulateFlags(given);
    const seeds = flags.isSeedGiven ? seedsOf(flags, flags.seedCount ?? experiment.seeds.length) : experiment.seeds;
    try {
      const run = { ...{ experiment: { ...experiment, seeds }, flags, context }, isJson: options.json === true };
      return "goal" in wanted ? await find(run, wanted) : await recoverAll(run, wanted);
    } catch (error) {
      clearProgress();
      if (!(error instanceof RefusedValueError || (error instanceof RunError && error.isLimit))) throw error;
      context.stderr(`${loaded.value.file}: ${error.message}\n`);
      return ExitCode.InvalidConfig;
    } finally {
      clearProgress();
      await closePool();
    }
  },
};

/** What is looked for, checked; or what is wrong. */
function asked({ experiment, vary }: LoadedExperiment, { find, and, tuning }: PlanFlags): PlanQuestion | Fault {
  if (find === undefined)
    return usage("--find or --recover is needed, such as --find min:server.listeners.80.backlog=16..65535");
  const question = questionOf(experiment, vary, { find, and, tuning: tuning ?? null });
  if (!question.ok) return faultOf(question.error);
  return planThresholds(experiment, question.value) === null ? usage(NO_THRESHOLDS) : question.value;
}

function faultOf(fault: QuestionFault): Fault {
  if (fault.word === null) return invalid(formatVaryIssues(fault.issues));
  return usage(fault.word === "tuning" ? fault.message : `--${fault.word}: ${fault.message}`);
}

const warningsText = (warnings: readonly VaryIssue[]): string =>
  warnings.map((warning) => `warning: ${formatVaryIssues([warning])}`).join("");

/** What both kinds of plan need to run and print. */
interface PlanRun {
  readonly experiment: Experiment;
  readonly flags: SimulateFlags;
  readonly isJson: boolean;
  readonly context: CommandContext;
}

const optionsOf = ({ flags: { workers, engine }, context: { signal } }: PlanRun) => {
  return { workers, engine, signal, onTry: showProgress };
};

function foretell(run: PlanRun, searches: readonly ForeseenSearch[]): void {
  const { experiment, flags, context } = run;
  const expected = planForecast(experiment, searches, flags.engine, flags.workers);
  if (expected !== null) context.stderr(`${expected}\n`);
}

async function find(run: PlanRun, question: PlanQuestion): Promise<ExitCode> {
  const { experiment, context, isJson } = run;
  context.stderr(warningsText(question.warnings));
  const { tunings, scenarioWith, lo, hi } = question;
  foretell(
    run,
    tunings.map((name) => ({ ends: [scenarioWith(name, lo), scenarioWith(name, hi)], values: valuesTried(question) })),
  );
  const result = await findValues(experiment, question, optionsOf(run));
  clearProgress();
  context.stdout(isJson ? encodePlan(result) : findText(result));
  return exitCode(context, result.tunings);
}

function exitCode({ signal }: CommandContext, plans: readonly TuningPlan[]): ExitCode {
  if (signal.aborted) return ExitCode.Interrupted;
  return plans.some(({ status }) => status === "never") ? ExitCode.ThresholdFailed : ExitCode.Ok;
}

interface Recoverable {
  readonly tunings: readonly Tuning[];
  readonly withinS: number;
}

const WITHIN_S = 10;

function recoverable({ experiment }: LoadedExperiment, { tuning, within = WITHIN_S }: PlanFlags): Recoverable | Fault {
  const tunings = experiment.tunings.filter(({ name }) => tuning === undefined || name === tuning);
  if (tunings.length === 0) return usage(unknownTuning(tuning ?? "", experiment));
  const without = tunings.find((one) => !canRecover(one));
  if (without === undefined) return { tunings, withinS: within };
  return usage(
    `--recover needs clients that come at a rate (even, poisson or bursts), tuning ${without.name} has none`,
  );
}

async function recoverAll(run: PlanRun, { tunings, withinS }: Recoverable): Promise<ExitCode> {
  const { experiment, context, isJson } = run;
  foretell(
    run,
    tunings.flatMap((tuning) => endsOf(tuning, withinS)).map((ends) => ({ ends, values: USUAL_VALUES })),
  );
  const recoveries: Recovery[] = [];
  for (const tuning of tunings) {
    if (context.signal.aborted) break;
    const recovery = await recover(experiment, tuning, { ...optionsOf(run), withinS });
    if (recovery !== null) recoveries.push(recovery);
  }
  clearProgress();
  const head = { name: experiment.name, within_s: withinS, seeds: experiment.seeds };
  const json = { ...head, tunings: recoveries };
  context.stdout(isJson ? `${JSON.stringify(json, null, 2)}\n` : recoverText(head, recoveries));
  return exitCode(
    context,
    recoveries.flatMap(({ burst, pause }) => [burst, pause]),
  );
}
