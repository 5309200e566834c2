/** `results JOB`: fetches what came of a job: as `run --json` or `--csv` would write it, as a recording, or as a file for promtool. */
import { Option } from "commander";
import type { Command } from "./command.ts";
import { addDaemonOptions, type DaemonFlags, failed, withClient } from "./daemon-options.ts";
import { ExitCode } from "./exit-codes.ts";
import { writeOutputs } from "./write-output.ts";

interface ResultsFlags extends DaemonFlags {
  readonly format: string;
  readonly tuning?: string;
  readonly output: string;
}

export const command: Command = {
  configure: (commander) => {
    commander
      .argument("<job>", "id of a job that is done")
      .addOption(
        new Option("--format <format>", "what to write")
          .choices(["json", "csv", "recording", "openmetrics"])
          .default("json"),
      )
      .option("--tuning <name>", "which tuning, for a recording (default: the first)")
      .option("--output <file>", "where to; - is standard output", "-");
    addDaemonOptions(commander);
  },

  execute(context, positionals, given) {
    const { format, tuning, output, ...flags } = given as unknown as ResultsFlags;
    return withClient(context, flags, async (client) => {
      const answer = await client.result(String(positionals[0]), { format, ...(tuning && { tuning }) });
      if (!answer.ok) return failed(context, answer.error);
      const written = await writeOutputs(context, [[output, () => answer.value]]);
      return written.ok ? ExitCode.Ok : ExitCode.Usage;
    });
  },
};
