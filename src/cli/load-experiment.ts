/** Loads the file that a command was given, an experiment or a scenario, with the files that it names. */
import { dirname, isAbsolute, join, relative } from "node:path";
import { err, ok, type Result } from "../base/result.ts";
import { type ParsedExperiment, parseExperiment } from "../config/experiment.ts";
import { type ConfigIssue, formatIssues } from "../config/issues.ts";
import { selfContained } from "../config/self-contained.ts";
import { NO_SWEEP_FLAGS, type SweepFlags } from "../config/sweep.ts";
import type { ReadFile } from "../config/trace-file.ts";
import type { KernelName } from "../vocabulary/kernels.ts";
import { readNamedFile, readTextFile } from "./read-file.ts";
import { resolveExperiment, shippedHint } from "./shipped.ts";

/** What the help says of the argument. */
export const EXPERIMENT_ARGUMENT =
  "experiment or scenario, YAML or JSON, or the name of a shipped experiment; - reads standard input";

export interface LoadedExperiment extends ParsedExperiment {
  /** That was read, as issues name it. */
  readonly file: string;
}

export interface LoadFailure {
  /** For stderr, with its newline. */
  readonly text: string;
  /** Empty: the file itself could not be read. */
  readonly issues: readonly ConfigIssue[];
}

/**
 * `given`: a path, the name of a shipped experiment, or "-" for standard input, whose paths are seen from the working directory. Issues name other files as seen from
 * there too. `profiles`: files of further tunings, from the working directory. `kernels`: each tuning on each of them; `sweep`: axes of the command line (parseExperiment).
 * Printing the warnings is left to the caller.
 */
export async function loadExperiment(
  given: string,
  profiles: readonly string[] = [],
  kernels: readonly KernelName[] = [],
  sweep: SweepFlags = NO_SWEEP_FLAGS,
): Promise<Result<LoadedExperiment, LoadFailure>> {
  const source = await readExperiment(given);
  if (!source.ok) return source;
  const { file, text, folder, readFile, fromHere } = source.value;
  const fromThere = profiles.map((path) => (isAbsolute(path) ? path : relative(folder, path)));
  const parsed = parseExperiment(text, readFile, fromThere, kernels, sweep);
  if (parsed.ok) return ok({ ...parsed.value, file, warnings: movedTo(fromHere, parsed.value.warnings) });
  const issues = movedTo(fromHere, parsed.error);
  return err({ text: formatIssues(file, issues), issues });
}

interface ExperimentSource {
  /** As issues name it. */
  readonly file: string;
  readonly text: string;
  readonly folder: string;
  /** Of the files that it names. */
  readonly readFile: ReadFile;
  /** A path that it names, as seen from the working directory. */
  readonly fromHere: (path: string) => string;
}

async function readExperiment(given: string): Promise<Result<ExperimentSource, LoadFailure>> {
  const file = resolveExperiment(given);
  const text = await readTextFile(file);
  if (!text.ok) return err({ text: `${text.error}\n${shippedHint(given)}`, issues: [] });
  const folder = file === "-" ? "." : dirname(file);
  const fromHere = (path: string): string => (isAbsolute(path) ? path : join(folder, path));
  return ok({ file, text: text.value, folder, fromHere, readFile: (path) => readNamedFile(fromHere(path)) });
}

export interface SendableExperiment {
  readonly file: string;
  readonly text: string;
  /** Of files that are not sent, since what is in them is; for stderr. */
  readonly warnings: readonly ConfigIssue[];
}

/**
 * The text to be sent to whoever cannot read files of this machine. One that names none goes as it is, unchecked: the reader's issues have its lines. Of one that names files, the
 * files are checked here, where their lines mean something.
 */
export async function sendableExperiment(given: string): Promise<Result<SendableExperiment, LoadFailure>> {
  const source = await readExperiment(given);
  if (!source.ok) return source;
  const { file, text, readFile, fromHere } = source.value;
  let reads = 0;
  const parsed = parseExperiment(text, (path) => {
    reads++;
    return readFile(path);
  });
  if (reads === 0) return ok({ file, text, warnings: [] });
  if (!parsed.ok) {
    const issues = movedTo(fromHere, parsed.error);
    return err({ text: formatIssues(file, issues), issues });
  }
  return ok({ file, text: selfContained(text, readFile) ?? text, warnings: movedTo(fromHere, parsed.value.warnings) });
}

const movedTo = (fromHere: (path: string) => string, issues: readonly ConfigIssue[]): ConfigIssue[] =>
  issues.map((issue) => (isInFile(issue) ? { ...issue, file: fromHere(issue.file) } : issue));

/** Of another file than the one that was asked for, not of the command line. */
const isInFile = (issue: ConfigIssue): issue is ConfigIssue & { readonly file: string } =>
  issue.file !== undefined && !issue.file.startsWith("-");
