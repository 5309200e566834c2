/**
 * `compare A.json B.json`: what differs between two summaries that `run --json` wrote, tuning by tuning.
 * `compare --kernel 5.15,6.18 EXPERIMENT`: what differs when the server's kernel does.
 */
import { compareSummaries, type ExperimentSummary, parseSummary } from "../index.ts";
import type { Command, CommandContext } from "./command.ts";
import { compareOnKernels } from "./compare-kernels.ts";
import { ExitCode } from "./exit-codes.ts";
import { EXPERIMENT_ARGUMENT } from "./load-experiment.ts";
import { readTextFile } from "./read-file.ts";
import { comparisonText } from "./run-text.ts";
import { addSimulateOptions } from "./simulate-options.ts";

export const command: Command = {
  configure: (commander) => {
    commander
      .argument("<before>", `summary written by run --json; with --kernel ${EXPERIMENT_ARGUMENT}`)
      .argument("[after]", "summary to compare with it")
      .option("--kernel <list>", "simulate each tuning with each of these kernels on the server, such as 5.15,6.18")
      .option("--json", "print JSON")
      .option("--markdown", "print Markdown");
    addSimulateOptions(commander, "with --kernel, what the experiment says");
  },

  async execute(context, positionals, options) {
    const isSecondGiven = positionals[1] !== undefined;
    const isKernelGiven = options.kernel !== undefined;
    if (isSecondGiven === isKernelGiven) {
      context.stderr("error: compare needs two summaries, or --kernel and one experiment\n");
      return ExitCode.Usage;
    }
    if (isKernelGiven) return compareOnKernels(context, String(positionals[0]), options);
    if (positionals.every((file) => file === "-")) {
      context.stderr("error: only one of both summaries can come from standard input\n");
      return ExitCode.Usage;
    }
    // One after the other, so that what is wrong is said in their order.
    const before = await loadSummary(String(positionals[0]), context);
    const after = await loadSummary(String(positionals[1]), context);
    if (!before || !after) return ExitCode.InvalidConfig;
    const comparison = compareSummaries(before, after);
    if (options.json === true) context.stdout(`${JSON.stringify(comparison, null, 2)}\n`);
    else context.stdout(comparisonText(comparison, options.markdown === true ? "markdown" : "text"));
    return ExitCode.Ok;
  },
};

/** null: it cannot be used, and stderr says why. */
async function loadSummary(file: string, { stderr }: CommandContext): Promise<ExperimentSummary | null> {
  const text = await readTextFile(file);
  const parsed = text.ok ? parseSummary(text.value) : text;
  if (parsed.ok) return parsed.value;
  stderr(text.ok ? `${file}: ${parsed.error}\n` : `${parsed.error}\n`);
  return null;
}
