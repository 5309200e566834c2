/** The options that every command shares that talks to a daemon: --url, --token-file; and what their failures look like. */
import type { Command as Commander } from "commander";
import { type ClientError, DaemonClient, DEFAULT_URL } from "../client/client.ts";
import { type ConfigIssue, formatIssues } from "../index.ts";
import type { CommandContext } from "./command.ts";
import { ExitCode } from "./exit-codes.ts";
import { readTextFile } from "./read-file.ts";

export interface DaemonFlags {
  readonly url: string;
  readonly tokenFile?: string;
}

export function addDaemonOptions(commander: Commander): void {
  commander
    .option("--url <url>", "where the daemon listens", process.env.HALFOPEN_URL ?? DEFAULT_URL)
    .option("--token-file <file>", "file with a bearer token (default: the variable HALFOPEN_TOKEN)");
}

/** Calls `use` with a client of the daemon that the flags name. */
export async function withClient(
  context: CommandContext,
  { url, tokenFile }: DaemonFlags,
  use: (client: DaemonClient) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (!(URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) {
    context.stderr(`--url: found "${url}", allowed is an address such as ${DEFAULT_URL}\n`);
    return ExitCode.Usage;
  }
  let token = process.env.HALFOPEN_TOKEN;
  if (tokenFile !== undefined) {
    const text = await readTextFile(tokenFile);
    if (!text.ok) {
      context.stderr(`${text.error}\n`);
      return ExitCode.InvalidConfig;
    }
    token = text.value.trim();
  }
  const client = new DaemonClient({ url, token, signal: context.signal });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** Says why the daemon did not do it. `file`: the experiment's, as issues name it. */
export function failed({ stderr }: CommandContext, error: ClientError, file = "-"): ExitCode {
  if (error.issues.length > 0) {
    stderr(formatIssues(file, error.issues as readonly ConfigIssue[]));
    return ExitCode.InvalidConfig;
  }
  stderr(`${error.message}${error.retryAfterS === null ? "" : ` (worth another try in ${error.retryAfterS} s)`}\n`);
  return ExitCode.DaemonRefused;
}
