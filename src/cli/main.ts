#!/usr/bin/env node
/**
 * The command line. Finds the command, loads it and nothing else, runs it, and turns every way to end into an exit code.
 *
 * Adding a command is one line in COMMANDS.
 */
import { Command as Commander, CommanderError } from "commander";
import type { Command, CommandContext } from "./command.ts";
import { ExitCode } from "./exit-codes.ts";
import { version } from "./version.ts";

interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: Command }>;
}

const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  check: {
    summary: "validate an experiment or a scenario and print the limits that result",
    load: () => import("./check.ts"),
  },
  run: { summary: "simulate an experiment and compare its tunings", load: () => import("./run.ts") },
  sweep: {
    summary: "try values of several keys with each other, and say which of them matter",
    load: () => import("./sweep.ts"),
  },
  compare: {
    summary: "compare two summaries that run --json wrote, or an experiment on two kernels",
    load: () => import("./compare.ts"),
  },
  plan: { summary: "find the value that is enough, or the load that is survived", load: () => import("./plan.ts") },
  trace: { summary: "look at single connections: as ladders, and as packets", load: () => import("./trace.ts") },
  serve: {
    summary: "run the daemon: jobs, results and Prometheus metrics over HTTP",
    load: () => import("./serve.ts"),
  },
  submit: { summary: "give an experiment to a daemon", load: () => import("./submit.ts") },
  status: { summary: "look at a daemon, or at one of its jobs", load: () => import("./status.ts") },
  cancel: { summary: "cancel a job of a daemon", load: () => import("./cancel.ts") },
  results: { summary: "fetch the result of a daemon's job", load: () => import("./results.ts") },
  dashboards: {
    summary: "write Grafana dashboards and Prometheus settings, with --alerts alerts for real hosts too",
    load: () => import("./dashboards.ts"),
  },
  replay: { summary: "simulate recorded scenarios and compare with the kernel", load: () => import("./replay.ts") },
};

/** A command that was interrupted gets this long to end what it began. */
const GRACE_MS = 1000;

/** What holds for the command that runs. */
interface Ending {
  /** null: the command is not waited for. */
  drainMs: number | null;
}

async function run(args: readonly string[], context: CommandContext, ending: Ending): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.Ok;
  const program = new Commander("halfopen")
    .description(
      "Models the TCP accept path of Linux: how many clients get in, how late, and which limit stops the others.",
    )
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: context.stdout, writeErr: context.stderr })
    .showHelpAfterError("(--help lists what there is)");

  const wanted = args.find((arg) => !arg.startsWith("-"));
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const subcommand = program.command(name).description(summary).copyInheritedSettings(program);
    // Only the command that is asked for is loaded; of the others, help shows no more than the summary.
    if (name !== wanted) continue;
    const { command } = await load();
    ending.drainMs = command.drainMs ?? null;
    command.configure(subcommand);
    subcommand.action(async (...given: unknown[]) => {
      const options = given.at(-2) as Readonly<Record<string, unknown>>;
      exitCode = await command.execute(context, given.slice(0, -2), options);
    });
  }
  if (args.length === 0) {
    context.stderr(program.helpInformation());
    return ExitCode.Usage;
  }
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    // Commander has printed what there is to say. Its exit code is 0 for help and version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Ok : ExitCode.Usage;
    throw error;
  }
  return exitCode;
}

/** Ends on SIGINT and SIGTERM: politely at first, at once when asked again or when it takes too long. */
function interruptible(ending: Ending): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    process.exitCode = ExitCode.Interrupted;
    if (controller.signal.aborted) process.exit();
    controller.abort();
    setTimeout(() => process.exit(ExitCode.Interrupted), ending.drainMs ?? GRACE_MS).unref();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  return controller.signal;
}

/** A reader that has seen enough, such as `head`, is no error. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      process.exit(error.code === "EPIPE" ? undefined : ExitCode.Internal);
    });
  }
}

async function main(): Promise<void> {
  ignoreClosedPipes();
  const ending: Ending = { drainMs: null };
  const signal = interruptible(ending);
  const context: CommandContext = {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    signal,
  };
  const interrupted = new Promise<ExitCode>((resolve) => {
    signal.addEventListener("abort", () => {
      if (ending.drainMs === null) resolve(ExitCode.Interrupted);
    });
  });
  try {
    process.exitCode = await Promise.race([run(process.argv.slice(2), context, ending), interrupted]);
  } catch (error) {
    // What a user can cause is an exit code of a command; what ends here is a fault of ours.
    process.exitCode = signal.aborted ? ExitCode.Interrupted : ExitCode.Internal;
    if (!signal.aborted) context.stderr(`halfopen: internal error: ${error instanceof Error ? error.stack : error}\n`);
  }
  // A signal can still come while the last words are being written.
  if (signal.aborted && ending.drainMs === null) process.exitCode = ExitCode.Interrupted;
}

await main();
