/**
 * `run EXPERIMENT.yaml`: simulates every tuning with every seed, and says who got in, how late, which limit turned the others away.
 *
 * Output   The table and the verdicts on stdout; progress and complaints on stderr; files where a flag names them.
 */
import { InvalidArgumentError, Option } from "commander";
import { advise } from "../advise/advise.ts";
import { deadKnobs } from "../advise/dead-knobs.ts";
import {
  closePool,
  type Experiment,
  type ExperimentSummary,
  encodeCsv,
  encodeSummary,
  formatIssues,
  simulateExperiment,
  verdictOn,
} from "../index.ts";
import { reportHtml } from "../report/report.ts";
import type { Command, CommandContext } from "./command.ts";
import { emitTuning } from "./emit.ts";
import { ExitCode } from "./exit-codes.ts";
import { loadExperiment } from "./load-experiment.ts";
import { MOMENT_TOOLS, type MomentTool, showMoment, showStates } from "./moment.ts";
import { clearProgress, showProgress } from "./progress.ts";
import { summaryText } from "./run-text.ts";
import { addSimulateOptions, seedsOf, simulateFlags } from "./simulate-options.ts";
import { verdictSections } from "./verdict-text.ts";
import { writeOutputs } from "./write-output.ts";

interface RunOptions {
  readonly json?: string;
  readonly csv?: string;
  readonly html?: string;
  readonly markdown?: boolean;
  readonly advice: boolean;
  readonly states?: boolean;
  readonly at?: number;
  readonly as: MomentTool;
  readonly tuning?: string;
  readonly emit?: string;
}

export const command: Command = {
  configure: (commander) => {
    commander
      .argument("<experiment>", "experiment or scenario, YAML or JSON; - reads standard input")
      .option("--json <file>", "write the summary as JSON; - is standard output, in place of the table")
      .option("--csv <file>", "write every metric of every tuning as CSV; - is standard output, in place of the table")
      .option("--html <file>", "write a page with charts that needs nothing else")
      .option("--markdown", "print Markdown")
      .option("--no-advice", "do not simulate which changes would help, and which help nothing")
      .option("--states", "print the sockets by state over time, as ss -ant | awk would count them")
      .option("--at <time>", "print what a tool would show on the server at that time, such as 12s or 500ms", parseTime)
      .addOption(new Option("--as <tool>", "which tool, with --at").choices([...MOMENT_TOOLS]).default("ss"))
      .option("--tuning <name>", "only this tuning")
      .option("--emit <tuning>", "print the tuning's settings for sysctl.d and the application; nothing is simulated");
    addSimulateOptions(commander, "what the experiment says");
  },

  async execute(context, positionals, given) {
    const options = given as unknown as RunOptions;
    const file = String(positionals[0]);
    const loaded = await loadExperiment(file);
    context.stderr(loaded.ok ? formatIssues(file, loaded.value.warnings) : loaded.error.text);
    if (!loaded.ok) return ExitCode.InvalidConfig;
    const experiment = chosen(loaded.value.experiment, options.emit ?? options.tuning, context);
    if (experiment === null) return ExitCode.Usage;
    if (options.emit !== undefined) {
      context.stdout(experiment.tunings.map((tuning) => emitTuning(experiment.name, tuning)).join("\n"));
      return ExitCode.Ok;
    }
    const flags = simulateFlags(given);
    const seeds = flags.isSeedGiven ? seedsOf(flags, flags.seedCount ?? experiment.seeds.length) : experiment.seeds;
    try {
      return await runExperiment({ ...experiment, seeds }, options, flags, context);
    } finally {
      clearProgress();
      await closePool();
    }
  },
};

type SimulateFlags = ReturnType<typeof simulateFlags>;

async function runExperiment(
  experiment: Experiment,
  options: RunOptions,
  { workers, engine }: SimulateFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const common = { workers, engine, signal: context.signal };
  const summary = await simulateExperiment(experiment, {
    ...common,
    onDone: (done, total) => showProgress(`${experiment.name}: run ${done} of ${total}`),
  });
  const wantsAdvice = options.advice && options.at === undefined && options.states !== true;
  if (wantsAdvice) showProgress(`${experiment.name}: trying what would help`);
  const advice = wantsAdvice ? await advise(experiment, summary, common) : [];
  const dead = wantsAdvice ? await deadKnobs(experiment, summary, common) : [];
  clearProgress();
  const sections = verdictSections(summary.tunings.map(verdictOn), dead, advice);
  const written = await writeOutputs(context, [
    [options.json, () => encodeSummary(summary)],
    [options.csv, () => encodeCsv(summary)],
    [options.html, () => reportHtml(summary, sections)],
  ]);
  if (!written.usedStdout) context.stdout(textOf(summary, options, sections));
  if (!written.ok) return ExitCode.Usage;
  return summary.thresholds.every(({ holds }) => holds) ? ExitCode.Ok : ExitCode.ThresholdFailed;
}

function textOf(summary: ExperimentSummary, options: RunOptions, verdicts: ReturnType<typeof verdictSections>): string {
  const { at, as, states, markdown } = options;
  if (at !== undefined) return summary.tunings.map((tuning) => showMoment(tuning, at, as)).join("\n");
  if (states === true) return summary.tunings.map((tuning) => showStates(tuning)).join("\n");
  return summaryText(summary, verdicts, markdown === true ? "markdown" : "text");
}

/** The experiment with one tuning only, if one is named; null where it does not exist. */
function chosen(experiment: Experiment, name: string | undefined, { stderr }: CommandContext): Experiment | null {
  if (name === undefined) return experiment;
  const tunings = experiment.tunings.filter((tuning) => tuning.name === name);
  if (tunings.length > 0) return { ...experiment, tunings };
  stderr(`found tuning "${name}", allowed is one of ${experiment.tunings.map((tuning) => tuning.name).join(", ")}\n`);
  return null;
}

/** "12s", "12", "500ms" → seconds. */
function parseTime(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(s|ms)?$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError("A time such as 12s or 500ms is needed.");
  return unit === "ms" ? Number(number) / 1000 : Number(number);
}
