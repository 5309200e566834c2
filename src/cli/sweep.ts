/**
 * `sweep EXPERIMENT -P KEY.PATH=VALUES ...`: simulates every combination of values (or a Latin hypercube of them), and says which key moved what.
 *
 * Output   The effects and a heat map on stdout; progress and what the sweep will take on stderr; points, as they are done, where --out says.
 */
import { Option } from "commander";
import { formatCount } from "../base/units.ts";
import {
  closePool,
  encodeSweep,
  formatIssues,
  pointCountOf,
  RunError,
  rowFormatOf,
  type Sweep,
  SweepPointError,
  type SweepSummary,
  SweepTable,
  simulateSweep,
  sweepFingerprint,
  sweepOf,
  sweepSizeFault,
  sweptMetricFault,
} from "../index.ts";
import { sweepReportHtml } from "../report/sweep-report.ts";
import { unknownTuning } from "../vocabulary/experiment.ts";
import type { Command, CommandContext } from "./command.ts";
import { ExitCode } from "./exit-codes.ts";
import { forecast } from "./forecast.ts";
import { EXPERIMENT_ARGUMENT, loadExperiment } from "./load-experiment.ts";
import { nameOf } from "./named.ts";
import { clearProgress, showProgress } from "./progress.ts";
import { addSimulateOptions, seedsOf, simulateFlags } from "./simulate-options.ts";
import { SweepFile, SweepFileError } from "./sweep-file.ts";
import { sweepText } from "./sweep-text.ts";
import { writeOutputs } from "./write-output.ts";

interface SweepCommandOptions {
  readonly param: readonly string[];
  readonly sample?: string;
  readonly metric: readonly string[];
  readonly out?: string;
  readonly resume?: boolean;
  readonly html?: string;
  readonly json?: boolean;
  readonly tuning?: string;
  readonly profile: readonly string[];
}

const several = (text: string, before: readonly string[]): readonly string[] => [...before, text];

export const command: Command = {
  configure: (commander) => {
    commander
      .argument("<experiment>", EXPERIMENT_ARGUMENT)
      .option("-P, --param <path=values>", "an axis: a key path and the values to try; may be given again", several, [])
      .option(
        "--sample <way>",
        "grid: every value with every other; lhs:N: N points of a Latin hypercube (default: grid)",
      )
      .option(
        "--metric <name>",
        "what to look at, as thresholds name it; may be given again (default: who got in, how late, at what cost)",
        several,
        [],
      )
      .option(
        "--out <file>",
        "write each point as it is done: .csv, else JSON lines; - is standard output, in place of the table",
      )
      .addOption(new Option("--resume", "go on with the file of --out where an interrupted sweep stopped"))
      .option("--html <file>", "write a page with all effects and heat maps; - is standard output")
      .option("--json", "print JSON in place of the table")
      .option("--tuning <name>", "only this tuning")
      .option("--profile <file>", "also the tunings of this file; may be given again", several, []);
    addSimulateOptions(commander, "what the experiment says");
    commander.addHelpText("after", VALUES_HELP);
  },

  async execute(context, positionals, given) {
    const options = given as unknown as SweepCommandOptions;
    const fault = faultOf(options);
    if (fault !== null) return refused(context, fault);
    const flags = { params: options.param, sample: options.sample ?? null };
    const loaded = await loadExperiment(String(positionals[0]), options.profile, [], flags);
    context.stderr(loaded.ok ? formatIssues(loaded.value.file, loaded.value.warnings) : loaded.error.text);
    if (!loaded.ok) return ExitCode.InvalidConfig;
    const { sweep: plan, file } = loaded.value;
    if (plan === null)
      return refused(context, `${file} has no axes: give -P KEY.PATH=VALUES, or sweep: { axes: ... } in the file`);
    const all = { ...loaded.value.experiment, name: nameOf(loaded.value) };
    const tunings = all.tunings.filter(({ name }) => options.tuning === undefined || name === options.tuning);
    if (tunings.length === 0) return refused(context, unknownTuning(options.tuning ?? "", all));
    const simulate = simulateFlags(given);
    const seeds = simulate.isSeedGiven ? seedsOf(simulate, simulate.seedCount ?? all.seeds.length) : all.seeds;
    const metrics = options.metric.length === 0 ? undefined : [...new Set(options.metric)];
    const sweep = sweepOf({ ...all, tunings, seeds }, plan.ofTunings(tunings), { engine: simulate.engine, metrics });
    const wrong = wrongWith(sweep);
    if (wrong !== null) return refused(context, wrong);
    try {
      return await runSweep(sweep, options, simulate.workers, context);
    } catch (error) {
      clearProgress();
      if (error instanceof SweepFileError) return failed(context, error.message, ExitCode.Usage);
      const isOfPoint = error instanceof SweepPointError || (error instanceof RunError && error.isLimit);
      if (!isOfPoint) throw error;
      return failed(context, `${file}: ${error.message}`, ExitCode.InvalidConfig);
    } finally {
      clearProgress();
      await closePool();
    }
  },
};

const VALUES_HELP = `
Values of -P, and of sweep: { axes: { KEY.PATH: VALUES } } in the experiment:
  128,512,4096     these
  1000..5000:5     5 numbers from 1000 to 5000 at equal steps, both ends included
  1e3..1e6:log10   10 numbers from 1000 to 1 000 000 at equal ratios, both ends included
  1e3..1e6         any number between (1e3..1e6:log on a logarithmic scale); with --sample lhs:N only
What lies between the ends is rounded where the key takes whole numbers only. Each point is simulated with every
seed, so points differ in their settings, not in their clients. With several tunings, each has all points.

Examples:
  halfopen sweep flood-vs-tunings --tuning cookies_off -P server.listeners.80.backlog=128,512,4096 \\
    -P 'workloads.flood.rate_per_s=1e3..1e5:log5' --out points.jsonl
  halfopen sweep flood-vs-tunings --sample lhs:200 -P server.sysctls.net.ipv4.tcp_synack_retries=0..5:6 \\
    -P 'workloads.clients.rate_per_s=10..1000:log'
`;

function faultOf({ out, html, json, resume }: SweepCommandOptions): string | null {
  if (resume === true && (out === undefined || out === "-")) return "--resume needs --out FILE: the file to go on with";
  const onStdout = [out === "-", html === "-", json === true].filter((is) => is).length;
  return onStdout > 1 ? "only one of --out, --html and --json can be written to standard output" : null;
}

/** What is wrong with a sweep as a whole. */
function wrongWith(sweep: Sweep): string | null {
  const fault = sweptMetricFault(sweep);
  return fault === null ? sweepSizeFault(sweep) : `--metric ${fault.metric}: ${fault.message}\n  hint: ${fault.hint}`;
}

const refused = (context: CommandContext, fault: string): ExitCode =>
  failed(context, `error: ${fault}\n(--help lists what there is)`, ExitCode.Usage);

function failed({ stderr }: CommandContext, text: string, code: ExitCode): ExitCode {
  stderr(`${text}\n`);
  return code;
}

async function runSweep(
  sweep: Sweep,
  options: SweepCommandOptions,
  askedWorkers: number | undefined,
  context: CommandContext,
): Promise<ExitCode> {
  const expected = forecast(sweep, askedWorkers);
  if (!expected.ok) return failed(context, `error: ${expected.error}`, ExitCode.InvalidConfig);
  const { workers, text } = expected.value;
  const table = new SweepTable(sweep.shape);
  const rows = rowFormatOf(options.out ?? "", sweep.shape, sweepFingerprint(sweep));
  const opened =
    options.out === undefined || options.out === "-"
      ? null
      : SweepFile.open(options.out, rows, table, options.resume === true);
  if (opened !== null && !opened.ok) return failed(context, opened.error, ExitCode.InvalidConfig);
  const file = opened?.value ?? null;
  const isOnStdout = options.out === "-";
  const restored = file?.restored ?? 0;
  context.stderr(`${text}${restored > 0 ? `; ${formatCount(restored)} points are there already` : ""}\n`);
  if (isOnStdout) context.stdout(rows.head);
  const progress = new Progress(pointCountOf(sweep.shape) - restored);
  try {
    const summary = await simulateSweep(sweep, {
      workers,
      signal: context.signal,
      restored: { table, points: restored },
      onPoint: (point, values) => {
        if (isOnStdout) context.stdout(rows.encode(point, values));
        file?.append(rows.encode(point, values));
      },
      onProgress: (points) => progress.show(points),
    });
    clearProgress();
    return await print(summary, options, context);
  } catch (error) {
    clearProgress();
    if (file !== null) context.stderr(`the points that were done are in ${options.out}; --resume goes on with it\n`);
    throw error;
  } finally {
    file?.close();
  }
}

async function print(summary: SweepSummary, options: SweepCommandOptions, context: CommandContext): Promise<ExitCode> {
  const written = await writeOutputs(context, [[options.html, () => sweepReportHtml(summary)]]);
  const isColourful = process.stdout.isTTY === true && !process.env.NO_COLOR;
  if (options.json === true) context.stdout(encodeSweep(summary));
  else if (!written.usedStdout && options.out !== "-") context.stdout(sweepText(summary, isColourful));
  return written.ok ? ExitCode.Ok : ExitCode.Usage;
}

/** How far, how fast, how long yet. */
class Progress {
  readonly #total: number;
  readonly #startedMs = performance.now();

  constructor(total: number) {
    this.#total = total;
  }

  show(points: number): void {
    const perS = points / ((performance.now() - this.#startedMs) / 1000);
    const left = perS > 0 ? `, ${formatCount(Math.ceil((this.#total - points) / perS))} s left` : "";
    const rate = perS >= 10 ? perS.toFixed(0) : perS.toFixed(1);
    showProgress(`${formatCount(Math.floor(points))} of ${formatCount(this.#total)} points, ${rate} per s${left}`);
  }
}
