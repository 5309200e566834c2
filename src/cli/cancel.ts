/** `cancel JOB`: ends a job that waits or is on. */
import type { Command } from "./command.ts";
import { addDaemonOptions, type DaemonFlags, failed, withClient } from "./daemon-options.ts";
import { ExitCode } from "./exit-codes.ts";

export const command: Command = {
  configure: (commander) => {
    commander.argument("<job>", "id of a job");
    addDaemonOptions(commander);
  },

  execute: (context, positionals, given) =>
    withClient(context, given as unknown as DaemonFlags, async (client) => {
      const answer = await client.cancel(String(positionals[0]));
      return answer.ok ? ExitCode.Ok : failed(context, answer.error);
    }),
};
