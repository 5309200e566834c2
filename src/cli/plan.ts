/**
 * `plan EXPERIMENT --find min:KEY=lo..hi`: which value is enough, or how much a tuning survives. `plan --recover EXPERIMENT`: how large a burst, how long a
 * pause it recovers from.
 *
 * Output   Text or JSON on stdout, progress and complaints on stderr. Interrupted, it prints what was found so far.
 */
import { Option } from "commander";
import { defaultThresholds } from "../advise/judge.ts";
import { plan, type Quest, type TuningPlan } from "../advise/plan.ts";
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
  thresholdsFrom,
  type VaryIssue,
} from "../index.ts";
import type { Command, CommandContext } from "./command.ts";
import { ExitCode } from "./exit-codes.ts";
import { EXPERIMENT_ARGUMENT, type LoadedExperiment, loadExperiment } from "./load-experiment.ts";
import { findText, type PlanHead } from "./plan-text.ts";
import { clearProgress, showProgress } from "./progress.ts";
import { addSimulateOptions, seedsOf, simulateFlags } from "./simulate-options.ts";

interface PlanFlags {
  readonly find?: string;
  readonly and: readonly string[];
  readonly recover?: boolean;
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
const usage = (text: string): Fault => ({ text: `error: ${text}\n`, code: ExitCode.Usage });
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
      .option("--tuning <name>", "only this tuning")
      .option("--json", "print JSON");
    addSimulateOptions(commander, "what the experiment says");
  },

  async execute(context, positionals, given) {
    const options = given as unknown as PlanFlags;
    const loaded = await loadExperiment(String(positionals[0]));
    context.stderr(loaded.ok ? formatIssues(loaded.value.file, loaded.value.warnings) : loaded.error.text);
    if (!loaded.ok) return ExitCode.InvalidConfig;
    const asked = questOf(loaded.value, options);
    if ("code" in asked) {
      context.stderr(asked.text);
      return asked.code;
    }
    context.stderr(asked.warnings);
    const { experiment } = loaded.value;
    const flags = simulateFlags(given);
    const seeds = flags.isSeedGiven ? seedsOf(flags, flags.seedCount ?? experiment.seeds.length) : experiment.seeds;
    try {
      return await findValues({ ...experiment, seeds }, asked, options, flags, context);
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
  if (find === undefined) return usage("--find is needed, such as min:server.listeners.80.backlog=16..65535");
  const parsed = parseFind(find);
  if (!parsed.ok) return usage(`--find: ${parsed.error}`);
  const names = experiment.tunings.map(({ name }) => name);
  const tunings = names.filter((name) => tuning === undefined || name === tuning);
  const [first] = tunings;
  if (first === undefined) return usage(`found tuning "${tuning}", allowed is one of ${names.join(", ")}`);
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

async function findValues(
  experiment: Experiment,
  { quest, tunings, thresholds, defaults }: Asked,
  { json }: PlanFlags,
  { workers, engine }: ReturnType<typeof simulateFlags>,
  context: CommandContext,
): Promise<ExitCode> {
  const plans: TuningPlan[] = [];
  for (const tuning of tunings) {
    if (context.signal.aborted) break;
    const options = { workers, engine, signal: context.signal, onTry: showProgress };
    plans.push(await plan({ ...experiment, thresholds }, tuning, quest, options));
  }
  clearProgress();
  const head = headOf(experiment, quest, thresholds, defaults);
  context.stdout(json === true ? `${JSON.stringify({ ...head, tunings: plans }, null, 2)}\n` : findText(head, plans));
  if (context.signal.aborted) return ExitCode.Interrupted;
  return plans.some(({ status }) => status === "never") ? ExitCode.ThresholdFailed : ExitCode.Ok;
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
