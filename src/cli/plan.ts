/**
 * `plan EXPERIMENT --find min:KEY=lo..hi`: which value is enough, or how much a tuning survives. `plan --recover EXPERIMENT`: how large a burst, how long a
 * pause it recovers from.
 *
 * Output   Text or JSON on stdout, progress and complaints on stderr. Interrupted, it prints what was found so far.
 */
import { Option } from "commander";
import { defaultThresholds } from "../advise/judge.ts";
import { plan, type Quest, type TuningPlan } from "../advise/plan.ts";
import { canRecover, type Recovery, recover } from "../advise/recover.ts";
import { scaleOf } from "../advise/scale.ts";
import {
  closePool,
  type Experiment,
  formatIssues,
  formatVaryIssues,
  isWholeKey,
  parseFind,
  RunError,
  type Threshold,
  type Tuning,
  thresholdsFrom,
  type VaryIssue,
} from "../index.ts";
import type { Command, CommandContext } from "./command.ts";
import { ExitCode } from "./exit-codes.ts";
import { EXPERIMENT_ARGUMENT, type LoadedExperiment, loadExperiment } from "./load-experiment.ts";
import { findText, type PlanHead, recoverText } from "./plan-text.ts";
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

/** A value between two good ends that the checks refuse. */
class RefusedValue extends Error {}

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
    const asked = options.recover === true ? recoverable(loaded.value, options) : questOf(loaded.value, options);
    if ("code" in asked) {
      context.stderr(asked.text);
      return asked.code;
    }
    const { experiment } = loaded.value;
    const flags = simulateFlags(given);
    const seeds = flags.isSeedGiven ? seedsOf(flags, flags.seedCount ?? experiment.seeds.length) : experiment.seeds;
    try {
      const run = { ...{ experiment: { ...experiment, seeds }, flags, context }, isJson: options.json === true };
      return "quest" in asked ? await findValues(run, asked) : await recoverAll(run, asked);
    } catch (error) {
      clearProgress();
      if (!(error instanceof RefusedValue || (error instanceof RunError && error.isLimit))) throw error;
      context.stderr(`${loaded.value.file}: ${error.message}\n`);
      return ExitCode.InvalidConfig;
    } finally {
      clearProgress();
      await closePool();
    }
  },
};

interface Asked {
  readonly quest: Quest;
  readonly tunings: readonly string[];
  readonly thresholds: readonly Threshold[];
  /** How many of the thresholds are defaults, which come first. */
  readonly defaults: number;
  readonly warnings: string;
}

/** What is looked for, in which tunings, checked at both ends of the range; or what is wrong. */
function questOf({ experiment, vary }: LoadedExperiment, { find, and, tuning }: PlanFlags): Asked | Fault {
  if (find === undefined)
    return usage("--find or --recover is needed, such as --find min:server.listeners.80.backlog=16..65535");
  const parsed = parseFind(find);
  if (!parsed.ok) return usage(`--find: ${parsed.error}`);
  const tunings = experiment.tunings.map(({ name }) => name).filter((name) => tuning === undefined || name === tuning);
  const [first] = tunings;
  if (first === undefined) return unknownTuning(tuning, experiment);
  const thresholds = allThresholds(experiment, and);
  if ("code" in thresholds) return thresholds;
  const { goal, path, lo, hi, valueWith } = parsed.value;
  let warnings = "";
  for (const name of tunings) {
    for (const end of [lo, hi]) {
      const varied = vary(name, { [path]: valueWith(end) });
      if (!varied.ok) return invalid(formatVaryIssues(varied.error));
      if (end === hi && name === first) warnings = warningsText(varied.value.warnings);
    }
  }
  const scenarioWith = (name: string, value: number) => {
    const varied = vary(name, { [path]: valueWith(value) });
    if (!varied.ok) throw new RefusedValue(formatVaryIssues(varied.error).trimEnd());
    return varied.value.scenario;
  };
  const scale = scaleOf(lo, hi, isWholeKey(vary, first, parsed.value));
  return { quest: { goal, path, scale, scenarioWith }, tunings, warnings, ...thresholds };
}

const unknownTuning = (found: string | undefined, { tunings }: Experiment): Fault =>
  usage(`found tuning "${found}", allowed is one of ${tunings.map(({ name }) => name).join(", ")}`);

const warningsText = (warnings: readonly VaryIssue[]): string =>
  warnings.map((warning) => `warning: ${formatVaryIssues([warning])}`).join("");

function allThresholds(
  experiment: Experiment,
  texts: readonly string[],
): Pick<Asked, "thresholds" | "defaults"> | Fault {
  const further = thresholdsFrom(texts, experiment);
  if (!further.ok) return usage(`--and: ${further.error}`);
  const clients = experiment.tunings[0]?.scenario.workloads.filter(({ kind }) => kind === "connections") ?? [];
  const defaults =
    experiment.thresholds.length > 0
      ? []
      : defaultThresholds(
          clients.map(({ name }) => name),
          further.value,
        );
  const thresholds = [...defaults, ...experiment.thresholds, ...further.value];
  if (thresholds.length > 0) return { thresholds, defaults: defaults.length };
  return usage("the experiment has neither thresholds nor clients: --and says what must hold");
}

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

async function findValues(run: PlanRun, { quest, tunings, thresholds, defaults, warnings }: Asked): Promise<ExitCode> {
  const { experiment, context, isJson } = run;
  context.stderr(warnings);
  const plans: TuningPlan[] = [];
  for (const tuning of tunings) {
    if (context.signal.aborted) break;
    plans.push(await plan({ ...experiment, thresholds }, tuning, quest, optionsOf(run)));
  }
  clearProgress();
  const head = headOf(experiment, quest, thresholds, defaults);
  context.stdout(isJson ? toJson({ ...head, tunings: plans }) : findText(head, plans));
  return exitCode(context, plans);
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

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
  if (tunings.length === 0) return unknownTuning(tuning, experiment);
  const without = tunings.find((one) => !canRecover(one));
  if (without === undefined) return { tunings, withinS: within };
  return usage(
    `--recover needs clients that come at a rate (even, poisson or bursts), tuning ${without.name} has none`,
  );
}

async function recoverAll(run: PlanRun, { tunings, withinS }: Recoverable): Promise<ExitCode> {
  const { experiment, context, isJson } = run;
  const recoveries: Recovery[] = [];
  for (const tuning of tunings) {
    if (context.signal.aborted) break;
    const recovery = await recover(experiment, tuning, { ...optionsOf(run), withinS });
    if (recovery !== null) recoveries.push(recovery);
  }
  clearProgress();
  const head = { name: experiment.name, within_s: withinS, seeds: experiment.seeds };
  context.stdout(isJson ? toJson({ ...head, tunings: recoveries }) : recoverText(head, recoveries));
  return exitCode(
    context,
    recoveries.flatMap(({ burst, pause }) => [burst, pause]),
  );
}

function headOf(
  { name, seeds, tunings }: Experiment,
  { goal, path, scale }: Quest,
  thresholds: readonly Threshold[],
  defaults: number,
): PlanHead {
  return {
    ...{ name, goal, key: path, from: scale.at(0), to: scale.at(scale.last), resolution: scale.resolution },
    ...{ thresholds: thresholds.map(({ text }) => text), default_thresholds: defaults, seeds },
    duration_s: tunings[0]?.scenario.duration_s ?? 0,
  };
}
