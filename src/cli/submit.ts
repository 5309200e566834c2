/**
 * `submit EXPERIMENT`: gives an experiment, with what is in the files that it names, to a daemon, to be run, swept (--kind sweep) or planned with (--kind plan). With --wait it
 * stays until the job has ended. Prints the job's id.
 */
import { Option } from "commander";
import type { ClientJob, DaemonClient } from "../client/client.ts";
import { type ConfigIssue, formatIssues } from "../index.ts";
import type { Command, CommandContext } from "./command.ts";
import { addDaemonOptions, type DaemonFlags, failed, withClient } from "./daemon-options.ts";
import { ExitCode } from "./exit-codes.ts";
import { EXPERIMENT_ARGUMENT, sendableExperiment } from "./load-experiment.ts";
import { clearProgress, showProgress } from "./progress.ts";

interface SubmitFlags extends DaemonFlags {
  readonly wait?: boolean;
  readonly name?: string;
  readonly engine?: string;
  readonly kind: string;
  readonly param: readonly string[];
  readonly sample?: string;
  readonly metric: readonly string[];
  readonly find?: string;
  readonly and: readonly string[];
  readonly tuning?: string;
  readonly seeds?: string;
  readonly seed?: string;
}

const several = (text: string, before: readonly string[]): readonly string[] => [...before, text];

const POLL_MS = 500;

export const command: Command = {
  configure: (commander) => {
    commander
      .argument("<experiment>", EXPERIMENT_ARGUMENT)
      .option("--wait", "stay until the job has ended; then the exit code is that of run")
      .option("--name <name>", "in place of the experiment's own name")
      .option("--engine <engine>", "auto or packet (default: auto)")
      .addOption(
        new Option("--kind <kind>", "run the experiment, sweep it, or plan with it")
          .choices(["experiment", "sweep", "plan"])
          .default("experiment"),
      )
      .option("-P, --param <path=values>", "sweep: an axis, as of halfopen sweep; may be given again", several, [])
      .option("--sample <way>", "sweep: grid or lhs:N (default: what the experiment says, else grid)")
      .option("--metric <name>", "sweep: what to look at; may be given again", several, [])
      .option("--find <goal>", "plan: min:KEY=lo..hi or max:KEY=lo..hi, as of halfopen plan")
      .option("--and <threshold>", "plan: a threshold besides the experiment's; may be given again", several, [])
      .option("--tuning <name>", "sweep, plan: only this tuning")
      .option("--seeds <count>", "sweep, plan: runs of each scenario (default: what the experiment says)")
      .option("--seed <seed>", "sweep, plan: the first seed; the others follow it");
    addDaemonOptions(commander);
  },

  async execute(context, positionals, given) {
    const flags = given as unknown as SubmitFlags;
    const sendable = await sendableExperiment(String(positionals[0]));
    if (!sendable.ok) {
      context.stderr(sendable.error.text);
      return ExitCode.InvalidConfig;
    }
    const { file, text, warnings: ofFiles } = sendable.value;
    return withClient(context, flags, async (client) => {
      const answer = await client.submit(text, queryOf(flags));
      if (!answer.ok) return failed(context, answer.error, file);
      const { job, warnings } = answer.value;
      // Those of the text that was sent are the same, with other lines.
      context.stderr(formatIssues(file, ofFiles.length > 0 ? ofFiles : (warnings as readonly ConfigIssue[])));
      context.stdout(`${job.id}\n`);
      return flags.wait === true ? wait(client, job, context) : ExitCode.Ok;
    });
  },
};

/** What was not given is left to the daemon. */
function queryOf(flags: SubmitFlags): Readonly<Record<string, string | readonly string[]>> {
  const { name, engine, kind, param, sample, metric, find, and, tuning, seeds, seed } = flags;
  const given = { name, engine, kind, param, sample, metric, find, and, tuning, seeds, seed };
  return Object.fromEntries(
    Object.entries(given).flatMap(([word, value]) =>
      value === undefined || value.length === 0 ? [] : [[word, value]],
    ),
  );
}

async function wait(client: DaemonClient, submitted: ClientJob, context: CommandContext): Promise<ExitCode> {
  let job = submitted;
  while (job.state === "queued" || job.state === "running") {
    showProgress(`${job.experiment}: ${job.state}, ${job.done} of ${job.runs} runs`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const answer = await client.job(job.id);
    if (!answer.ok) return failed(context, answer.error);
    job = answer.value;
  }
  clearProgress();
  if (job.state !== "done") {
    context.stderr(`${job.state}: ${job.error ?? "without a reason"}\n`);
    return ExitCode.DaemonRefused;
  }
  return job.thresholds_hold === false ? ExitCode.ThresholdFailed : ExitCode.Ok;
}
