/** `status [JOB]`: a daemon's jobs, the newest first, or one of them. */
import type { ClientJob } from "../client/client.ts";
import type { Command } from "./command.ts";
import { addDaemonOptions, type DaemonFlags, failed, withClient } from "./daemon-options.ts";
import { ExitCode } from "./exit-codes.ts";
import { formatTable } from "./table.ts";

interface StatusFlags extends DaemonFlags {
  readonly json?: boolean;
}

const SHOWN_JOBS = "20";

export const command: Command = {
  configure: (commander) => {
    commander.argument("[job]", "id of a job; absent: the newest jobs").option("--json", "print JSON");
    addDaemonOptions(commander);
  },

  execute(context, positionals, given) {
    const flags = given as unknown as StatusFlags;
    const [id] = positionals;
    return withClient(context, flags, async (client) => {
      const answer = id === undefined ? await client.jobs({ limit: SHOWN_JOBS }) : await client.job(String(id));
      if (!answer.ok) return failed(context, answer.error);
      const jobs = "jobs" in answer.value ? answer.value.jobs : [answer.value];
      context.stdout(flags.json === true ? `${JSON.stringify(answer.value, null, 2)}\n` : jobsText(jobs));
      return ExitCode.Ok;
    });
  },
};

function jobsText(jobs: readonly ClientJob[]): string {
  if (jobs.length === 0) return "no jobs\n";
  const rows = jobs.map(({ id, experiment, kind, state, done, runs, error }) => [
    id,
    experiment,
    kind,
    state,
    `${done} of ${runs}`,
    error ?? "",
  ]);
  return formatTable(["job", "experiment", "kind", "state", "runs", ""], rows);
}
