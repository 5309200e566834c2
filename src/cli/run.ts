/**
 * `run EXPERIMENT.yaml`: simulates every tuning with every seed, and says who got in, how late, which limit turned the others away.
 *
 * Output   The table and the verdicts on stdout; progress and complaints on stderr; files where a flag names them.
 */
import { Option } from "commander";
import { advise } from "../advise/advise.ts";
import { deadKnobs } from "../advise/dead-knobs.ts";
import {
  closePool,
  type Experiment,
  type ExperimentSummary,
  encodeCsv,
  encodeSummary,
  formatIssues,
  RunError,
  simulateExperiment,
  verdictOn,
} from "../index.ts";
import { reportHtml } from "../report/report.ts";
import { unknownTuning } from "../vocabulary/experiment.ts";
import type { Command, CommandContext } from "./command.ts";
import { emitTuning } from "./emit.ts";
import { ExitCode } from "./exit-codes.ts";
import { runForecast } from "./forecast.ts";
import { EXPERIMENT_ARGUMENT, loadExperiment } from "./load-experiment.ts";
import { MOMENT_TOOLS, type MomentTool, showMoment, showStates } from "./moment.ts";
import { nameOf } from "./named.ts";
import { clearProgress, showProgress } from "./progress.ts";
import { summaryText } from "./run-text.ts";
import { shippedNames } from "./shipped.ts";
import { addSimulateOptions, parseTime, seedsOf, simulateFlags } from "./simulate-options.ts";
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
  readonly as?: MomentTool;
  readonly tuning?: string;
  readonly profile: readonly string[];
  readonly emit?: string;
}

export const command: Command = {
  configure: (commander) => {
    commander
      .argument("<experiment>", EXPERIMENT_ARGUMENT)
      .option("--json <file>", "write the summary as JSON; - is standard output, in place of the table")
      .option("--csv <file>", "write every metric of every tuning as CSV; - is standard output, in place of the table")
      .option("--html <file>", "write a page with charts that needs nothing else; - is standard output")
      .option("--markdown", "print Markdown")
      .option("--no-advice", "do not simulate which changes would help, and which help nothing")
      .option("--states", "print the sockets by state over time, as ss -ant | awk would count them")
      .addOption(
        new Option("--at <time>", "print what a tool would show on the server at that time, such as 12s or 500ms")
          .argParser(parseTime)
          .conflicts("states"),
      )
      .addOption(new Option("--as <tool>", "which tool, with --at (default: ss)").choices([...MOMENT_TOOLS]))
      .option("--tuning <name>", "only this tuning")
      .option(
        "--profile <file>",
        "also the tunings of this file, as those in config/profiles; may be given again",
        (file: string, before: readonly string[]) => [...before, file],
        [],
      )
      .addOption(
        new Option(
          "--emit <tuning>",
          "print the tuning's settings for sysctl.d and the application; nothing is simulated",
        ).conflicts(["tuning", "json", "csv", "html", "at", "states", "markdown"]),
      );
    addSimulateOptions(commander, "what the experiment says");
    commander.addHelpText(
      "after",
      `\nShipped experiments:\n${shippedNames()
        .map((name) => `  ${name}\n`)
        .join("")}`,
    );
  },

  async execute(context, positionals, given) {
    const options = given as unknown as RunOptions;
    const fault = faultOf(options);
    if (fault !== null) return refused(context, fault);
    const loaded = await loadExperiment(String(positionals[0]), options.profile);
    context.stderr(loaded.ok ? formatIssues(loaded.value.file, loaded.value.warnings) : loaded.error.text);
    if (!loaded.ok) return ExitCode.InvalidConfig;
    const experiment = chosen(
      { ...loaded.value.experiment, name: nameOf(loaded.value) },
      options.emit ?? options.tuning,
      context,
    );
    if (experiment === null) return ExitCode.Usage;
    if (options.emit !== undefined) {
      context.stdout(experiment.tunings.map((tuning) => emitTuning(experiment.name, tuning)).join("\n"));
      return ExitCode.Ok;
    }
    const durationS = experiment.tunings[0]?.scenario.duration_s ?? 0;
    if (options.at !== undefined && options.at > durationS)
      return refused(context, `--at ${options.at} s: the run ends at ${durationS} s`);
    const flags = simulateFlags(given);
    const seeds = flags.isSeedGiven ? seedsOf(flags, flags.seedCount ?? experiment.seeds.length) : experiment.seeds;
    try {
      return await runExperiment({ ...experiment, seeds }, options, flags, context);
    } catch (error) {
      if (!(error instanceof RunError && error.isLimit)) throw error;
      clearProgress();
      context.stderr(`${loaded.value.file}: ${error.message}; fewer arrivals or shorter time-outs need less\n`);
      return ExitCode.InvalidConfig;
    } finally {
      clearProgress();
      await closePool();
    }
  },
};

/** What is wrong with the options as a whole; null: nothing. */
function faultOf({ json, csv, html, at, as }: RunOptions): string | null {
  if ([json, csv, html].filter((file) => file === "-").length > 1)
    return "only one of --json, --csv and --html can be written to standard output";
  return as !== undefined && at === undefined ? "--as needs --at: the time that the tool is asked at" : null;
}

function refused({ stderr }: CommandContext, fault: string): ExitCode {
  stderr(`error: ${fault}\n(--help lists what there is)\n`);
  return ExitCode.Usage;
}

type SimulateFlags = ReturnType<typeof simulateFlags>;

async function runExperiment(
  experiment: Experiment,
  options: RunOptions,
  { workers, engine }: SimulateFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const common = { workers, engine, signal: context.signal };
  const expected = runForecast(experiment, engine, workers);
  if (expected !== null) context.stderr(`${expected}\n`);
  const summary = await simulateExperiment(experiment, {
    ...common,
    onDone: (done, total) => showProgress(`${experiment.name}: run ${done} of ${total}`),
  });
  const wantsAdvice = options.advice && showsVerdicts(options);
  const advice = wantsAdvice ? await advise(experiment, summary, { ...common, onTry: showProgress }) : [];
  const dead = wantsAdvice ? await deadKnobs(experiment, summary, common) : [];
  clearProgress();
  const sections = verdictSections(summary.tunings.map(verdictOn), dead, advice);
  const written = await writeOutputs(context, [
    [options.json, () => encodeSummary(summary)],
    [options.csv, () => encodeCsv(summary)],
    [options.html, () => reportHtml(summary, sections)],
  ]);
  if (!written.usedStdout) context.stdout(textOf(summary, options, sections));
  const failed = summary.thresholds.filter(({ holds }) => !holds);
  context.stderr(failed.map(failureText).join(""));
  if (!written.ok) return ExitCode.Usage;
  return failed.length === 0 ? ExitCode.Ok : ExitCode.ThresholdFailed;
}

/** Whether verdicts and advice appear anywhere: in the page, or beside the table. */
function showsVerdicts({ html, json, csv, at, states }: RunOptions): boolean {
  const showsTable = json !== "-" && csv !== "-" && at === undefined && states !== true;
  return html !== undefined || showsTable;
}

const failureText = ({ threshold, tuning, value }: ExperimentSummary["thresholds"][number]): string =>
  `threshold failed with ${tuning}: ${threshold}, ${value === null ? "nothing was measured" : `found ${value}`}\n`;

function textOf(summary: ExperimentSummary, options: RunOptions, verdicts: ReturnType<typeof verdictSections>): string {
  const { at, as, states, markdown } = options;
  if (at !== undefined) return summary.tunings.map((tuning) => showMoment(tuning, at, as ?? "ss")).join("\n");
  if (states === true) return summary.tunings.map((tuning) => showStates(tuning)).join("\n");
  return summaryText(summary, verdicts, markdown === true ? "markdown" : "text");
}

/** The experiment with one tuning only, if one is named; null where it does not exist. */
function chosen(experiment: Experiment, name: string | undefined, { stderr }: CommandContext): Experiment | null {
  if (name === undefined) return experiment;
  const tunings = experiment.tunings.filter((tuning) => tuning.name === name);
  if (tunings.length > 0) return { ...experiment, tunings };
  stderr(`${unknownTuning(name, experiment)}\n`);
  return null;
}
