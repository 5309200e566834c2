/** Command: what a file in this folder exports. Thin: flags → library → print → exit code. */
import type { Command as Commander } from "commander";
import type { ExitCode } from "./exit-codes.ts";

/** What a command may touch of the process. Results go to stdout, progress and complaints to stderr. */
export interface CommandContext {
  readonly stdout: (data: string | Uint8Array) => void;
  readonly stderr: (text: string) => void;
  /** Aborted by SIGINT and SIGTERM. A command that waits for something passes it on. */
  readonly signal: AbortSignal;
}

export interface Command {
  /**
   * After a first SIGINT or SIGTERM the command is given this long to end by itself, with its own exit code. Absent: it is ended within a second,
   * with the code of an interruption.
   */
  readonly drainMs?: number;
  /** Adds arguments and options; commander checks them. */
  readonly configure: (commander: Commander) => void;
  /** `positionals` and `options` as configured. */
  readonly execute: (
    context: CommandContext,
    positionals: readonly unknown[],
    options: Readonly<Record<string, unknown>>,
  ) => Promise<ExitCode>;
}
