/** `serve`: runs the daemon until SIGTERM or SIGINT. Flags come before the file, the file before the defaults. */
import { serve } from "../daemon/serve.ts";
import { type DaemonConfig, DEFAULT_DAEMON_CONFIG, formatIssues, MAX_WORKERS, parseDaemonConfig } from "../index.ts";
import type { Command, CommandContext } from "./command.ts";
import { ExitCode } from "./exit-codes.ts";
import { readTextFile } from "./read-file.ts";
import { whole } from "./simulate-options.ts";
import { version } from "./version.ts";

interface ServeFlags {
  readonly listen?: string;
  readonly data?: string;
  readonly config?: string;
  readonly workers?: number;
}

/** Longer than any drain_s: what ends the daemon in time is its own deadline. */
const LONGEST_DRAIN_MS = 3_700_000;

export const command: Command = {
  drainMs: LONGEST_DRAIN_MS,

  configure: (commander) => {
    commander
      .option("--listen <address:port>", "where to listen (default: 127.0.0.1:9640)")
      .option("--data <folder>", "folder of the store (default: halfopen-data)")
      .option("--config <file>", "settings, as config/schema/daemon.schema.json describes them")
      .option("--workers <threads>", "threads for jobs (default: what the machine has)", whole(1, MAX_WORKERS));
  },

  async execute(context, _positionals, given) {
    const flags = given as ServeFlags;
    const config = await loadConfig(flags, context);
    if (config === null) return ExitCode.InvalidConfig;
    const serving = await serve({ config, version: version() });
    if (!serving.ok) {
      context.stderr(`${serving.error}\n`);
      return ExitCode.InvalidConfig;
    }
    await untilAborted(context.signal);
    await serving.value.stop();
    return ExitCode.Ok;
  },
};

async function loadConfig(
  { config: file, ...flags }: ServeFlags,
  { stderr }: CommandContext,
): Promise<DaemonConfig | null> {
  if (file === undefined) return { ...DEFAULT_DAEMON_CONFIG, ...flags };
  const text = await readTextFile(file);
  if (!text.ok) {
    stderr(`${text.error}\n`);
    return null;
  }
  const parsed = parseDaemonConfig(text.value);
  if (parsed.ok) return { ...parsed.value, ...flags };
  stderr(formatIssues(file, parsed.error));
  return null;
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
