/** Parse: the text of a scenario file → Scenario, or all that is wrong with it, in the order of the file. */
import { err, ok } from "../base/result.ts";
import type { Scenario } from "../vocabulary/scenario.ts";
import { asWritten } from "./as-written.ts";
import { checkScenario } from "./check-scenario.ts";
import { loadDocument } from "./document.ts";
import type { ConfigIssue, ConfigResult } from "./issues.ts";
import { inOrder, locate, MAX_ISSUES, MAX_LOCATED, pathText } from "./locate.ts";
import { type ReadFile, TraceFiles } from "./trace-file.ts";

export interface ParsedScenario {
  readonly scenario: Scenario;
  readonly warnings: readonly ConfigIssue[];
}

/** For texts that come without their folder. */
export const noFiles: ReadFile = () => ({ ok: false, error: "files cannot be read here; write the rates as a list" });

/** `readFile`: gives the files that the scenario names (`trace: rates.csv`), by path as written there. Without it such a path is an error. */
export function parseScenario(text: string, readFile: ReadFile = noFiles): ConfigResult<ParsedScenario> {
  const loaded = loadDocument(text);
  if (!loaded.ok) return err(loaded.error.slice(0, MAX_ISSUES).map((issue) => ({ ...issue, path: "" })));
  const source = { document: loaded.value, prefix: [] };
  const raw = asWritten(loaded.value);
  const traces = new TraceFiles(readFile);
  const { scenario, issues } = checkScenario(raw, traces);
  const located = issues.slice(0, MAX_LOCATED).map((issue) => locate(issue, source, pathText(issue.path, raw)));
  const all = inOrder([...located, ...traces.issues]);
  // A broken trace file is an error even if all else is well.
  return scenario !== null && traces.issues.length === 0 ? ok({ scenario, warnings: all }) : err(all);
}
