/** Loads the file that a command was given, an experiment or a scenario, with the files that it names. */
import { dirname, isAbsolute, join, relative } from "node:path";
import { err, ok, type Result } from "../base/result.ts";
import { type ParsedExperiment, parseExperiment } from "../config/experiment.ts";
import { type ConfigIssue, formatIssues } from "../config/issues.ts";
import { NO_SWEEP_FLAGS, type SweepFlags } from "../config/sweep.ts";
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
  const file = resolveExperiment(given);
  const text = await readTextFile(file);
  if (!text.ok) return err({ text: `${text.error}\n${shippedHint(given)}`, issues: [] });
  const folder = file === "-" ? "." : dirname(file);
  const fromHere = (path: string): string => (isAbsolute(path) ? path : join(folder, path));
  const moved = (issues: readonly ConfigIssue[]): ConfigIssue[] =>
    issues.map((issue) => (isInFile(issue) ? { ...issue, file: fromHere(issue.file) } : issue));
  const fromThere = profiles.map((path) => (isAbsolute(path) ? path : relative(folder, path)));
  const parsed = parseExperiment(text.value, (path) => readNamedFile(fromHere(path)), fromThere, kernels, sweep);
  if (parsed.ok) return ok({ ...parsed.value, file, warnings: moved(parsed.value.warnings) });
  const issues = moved(parsed.error);
  return err({ text: formatIssues(file, issues), issues });
}

/** Of another file than the one that was asked for, not of the command line. */
const isInFile = (issue: ConfigIssue): issue is ConfigIssue & { readonly file: string } =>
  issue.file !== undefined && !issue.file.startsWith("-");
