/** Runs the built command line, as a user does. */
import { type ChildProcess, spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** By then a process has installed its handlers of signals, on a machine that has much else to do as well. */
export const STARTED_MS = 4000;

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** What standard input holds. Absent: nothing. null: it stays open. */
  readonly stdin?: string | null;
  /** Called when the process runs. */
  readonly started?: (child: ChildProcess) => void;
}

export async function runCli(args: readonly string[], { stdin = "", started }: CliOptions = {}): Promise<CliResult> {
  const child = spawn(process.execPath, ["dist/cli/main.js", ...args], { stdio: "pipe" });
  if (stdin !== null) child.stdin.end(stdin);
  started?.(child);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  // A test may close the reading end.
  const stdoutText = text(child.stdout).catch(() => "");
  const [stdout, stderr, code] = await Promise.all([stdoutText, text(child.stderr), ended]);
  child.stdin.destroy();
  return { code, stdout, stderr };
}
