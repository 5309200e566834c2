/**
 * `trace EXPERIMENT.yaml`: looks at single connections of one run: each as a ladder, and as packets for tshark and Wireshark.
 *
 * Output   The ladders on stdout (or JSON), packets in the file that --pcapng names.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { Option } from "commander";
import { secondsToNs } from "../base/units.ts";
import { compileScenario, formatIssues, OUTCOMES, type OutcomeName, type RunSpec, type Tuning } from "../index.ts";
import type { Choice } from "../trace/attempts.ts";
import { CAPTURE_PLACES, type CapturePlace } from "../trace/capture.ts";
import { titleOf, traceJson, traceText } from "../trace/text.ts";
import { captureAll, captureOf, listAttempts, type TracedAttempt, traceAttempts } from "../trace/trace.ts";
import { encodeCapture } from "../wire/pcapng.ts";
import type { Command, CommandContext } from "./command.ts";
import { ExitCode } from "./exit-codes.ts";
import { EXPERIMENT_ARGUMENT, loadExperiment } from "./load-experiment.ts";
import { parseTime, whole } from "./simulate-options.ts";
import { writeOutputs } from "./write-output.ts";

interface TraceOptions {
  readonly tuning?: string;
  readonly connection?: number;
  readonly workload?: string;
  readonly outcome?: OutcomeName;
  readonly slowest?: number;
  readonly from?: number;
  readonly seed?: number;
  readonly engine: "auto" | "packet";
  readonly pcapng?: string;
  readonly at: CapturePlace;
  readonly all?: boolean;
  readonly json?: boolean;
}

const MAX_CONNECTION = 2 ** 31;
const MAX_SLOWEST = 1000;
const MAX_SEED = 0xffffffff;

export const command: Command = {
  configure: (commander) => {
    commander
      .argument("<experiment>", EXPERIMENT_ARGUMENT)
      .option("--tuning <name>", "of which tuning (default: the first)")
      .option("--connection <number>", "the attempt of this number, from 1", whole(1, MAX_CONNECTION))
      .option("--workload <name>", "the first attempt of this workload")
      .addOption(new Option("--outcome <outcome>", "the first attempt that ended so").choices(Object.keys(OUTCOMES)))
      .option("--slowest <count>", "of what fits, those that waited longest", whole(1, MAX_SLOWEST))
      .option(
        "--from <time>",
        "leave out of ladders what was before, such as 2s or 500ms after the attempt began",
        parseTime,
      )
      .option("--seed <seed>", "the seed (default: the experiment's first)", whole(0, MAX_SEED))
      .addOption(
        new Option("--engine <engine>", "auto counts packets that share a fate in bulk; packet simulates each")
          .choices(["auto", "packet"])
          .default("auto"),
      )
      .option(
        "--pcapng <file>",
        "write the packets for tshark and Wireshark; - is standard output, in place of the ladders",
      )
      .option("--all", "with --pcapng: the packets of all connections; no ladder")
      .addOption(
        new Option("--at <place>", "where --pcapng captures: wire has each packet once as it leaves, lost ones too")
          .choices([...CAPTURE_PLACES])
          .default("wire"),
      )
      .option("--json", "print JSON");
  },

  async execute(context, positionals, given) {
    const options = given as unknown as TraceOptions;
    const loaded = await loadExperiment(String(positionals[0]));
    if (!loaded.ok) {
      context.stderr(loaded.error.text);
      return ExitCode.InvalidConfig;
    }
    const { tunings, seeds } = loaded.value.experiment;
    if (options.all === true && options.pcapng === undefined) return fault(context, "--all needs --pcapng");
    const known = tunings.map(({ name }) => name);
    const tuning = tunings[options.tuning === undefined ? 0 : known.indexOf(options.tuning)];
    if (tuning === undefined) return fault(context, oneOf("tuning", options.tuning, known));
    const others = known.filter((name) => name !== tuning.name);
    const warnings = loaded.value.warnings.filter(({ path }) => !others.includes(path.split(".")[1] ?? ""));
    context.stderr(formatIssues(loaded.value.file, warnings));
    const names = tuning.scenario.workloads.map(({ name }) => name);
    if (options.workload !== undefined && !names.includes(options.workload))
      return fault(context, oneOf("workload", options.workload, names));
    const seed = options.seed ?? seeds[0] ?? 1;
    return await traceTuning(tuning, seed, options, context);
  },
};

/** A mistake on the command line. */
function fault({ stderr }: CommandContext, text: string): ExitCode {
  stderr(`error: ${text}\n(--help lists what there is)\n`);
  return ExitCode.Usage;
}

const oneOf = (what: string, found: string | undefined, allowed: readonly string[]): string =>
  `found ${what} "${found}", allowed is one of ${allowed.join(", ")}`;

async function traceTuning(
  { name: tuning, scenario }: Tuning,
  seed: number,
  options: TraceOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const spec = compileScenario(scenario, { seed, engine: options.engine, detail: "summary" });
  const names = scenario.workloads.map(({ name }) => name);
  const pause = pauseOf(context);
  if (options.all === true) return await writeAll(spec, names, options, context);
  const attempts = await traceAttempts(spec, choiceOf(options, names), pause);
  if (attempts.length === 0) {
    context.stderr("no attempt of the run is such a one\n");
    return ExitCode.Usage;
  }
  const capture = (): Uint8Array => encodeCapture(options.at, captureOf(attempts, options.at, titles(attempts, names)));
  const written = await writeOutputs(context, [[options.pcapng, capture]]);
  if (!written.usedStdout) {
    const fromNs = secondsToNs(options.from ?? 0);
    const texts = attempts.map((attempt) => traceText(attempt, names[attempt.workload] ?? "", fromNs));
    context.stdout(options.json === true ? traceJson(tuning, seed, attempts, names) : texts.join("\n"));
  }
  return written.ok ? ExitCode.Ok : ExitCode.Usage;
}

function choiceOf({ connection, workload, outcome, slowest }: TraceOptions, names: readonly string[]): Choice {
  const index = workload === undefined ? undefined : names.indexOf(workload);
  return { connection, workload: index, outcome, slowest };
}

const titles = (attempts: readonly Pick<TracedAttempt, "number" | "workload">[], names: readonly string[]) => {
  const workloads = new Map(attempts.map(({ number, workload }) => [number, names[workload] ?? ""]));
  return (number: number): string => titleOf(number, workloads.get(number) ?? "");
};

async function writeAll(
  spec: RunSpec,
  names: readonly string[],
  options: TraceOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const pause = pauseOf(context);
  const attempts = await listAttempts(spec, pause);
  const { packets, isCut } = await captureAll(spec, options.at, titles(attempts, names), pause);
  if (isCut) context.stderr("the capture ends early: the run has more packets than it may have\n");
  const written = await writeOutputs(context, [[options.pcapng, () => encodeCapture(options.at, packets)]]);
  return written.ok ? ExitCode.Ok : ExitCode.Usage;
}

/** Between slices of the run signals are heard: who was interrupted goes no further. */
const pauseOf =
  ({ signal }: CommandContext) =>
  async (): Promise<void> => {
    await nextTurn();
    signal.throwIfAborted();
  };
