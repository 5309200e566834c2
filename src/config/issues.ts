/**
 * Issues: what is wrong with a file, as values. A broken file is an expected outcome: all issues at once, no exception.
 *
 * Invariants  Every code has a file in test/config/ that shows it; a test holds that.
 */
import type { Result } from "../base/result.ts";

/** All codes. `warning`: the scenario is usable nevertheless. */
export const ISSUE_CODES = {
  "too-large": { severity: "error", help: "The file is larger than any scenario needs." },
  syntax: { severity: "error", help: "The text is not YAML 1.2." },
  "duplicate-key": { severity: "error", help: "A key stands twice in one map." },
  "too-deep": { severity: "error", help: "Lists and maps are nested deeper than any scenario needs." },
  "bad-alias": { severity: "error", help: "An alias refers to nothing or to itself, or aliases blow the file up." },
  "wrong-type": { severity: "error", help: "Text, number, map ... where another is needed." },
  "missing-key": { severity: "error", help: "A key without a default is not there." },
  "unknown-key": { severity: "error", help: "No such key here." },
  "not-allowed": { severity: "error", help: "Not one of the words that are allowed." },
  "out-of-range": { severity: "error", help: "A number beyond what is allowed." },
  "bad-name": { severity: "error", help: "A name with characters that labels and key paths cannot hold." },
  "too-many": { severity: "error", help: "More elements, or arrivals, than one run can hold." },
  "duplicate-name": { severity: "error", help: "Two workloads, or two tunings, have one name." },
  "duplicate-port": { severity: "error", help: "Two listeners have one port and do not share it." },
  conflict: { severity: "error", help: "Two settings contradict each other." },
  "unknown-sysctl": { severity: "error", help: "No sysctl that matters to the accept path." },
  "absent-sysctl": { severity: "error", help: "The kernel of this host has no such sysctl." },
  "unknown-kernel": { severity: "error", help: "Not a kernel version, or one older than any that is known." },
  "not-modelled": { severity: "error", help: "Known, but the engine does not do it yet." },
  "nearest-kernel": { severity: "warning", help: "The rules of a listed kernel stand in for one that is not listed." },
  unreadable: { severity: "error", help: "A file that is named here cannot be read." },
  "unknown-name": { severity: "error", help: "No workload or listener of this name." },
  "bad-threshold": { severity: "error", help: "Not of the form METRIC OPERATOR NUMBER." },
  "bad-axis": { severity: "error", help: "Not the values of an axis, or not a way to choose points." },
  "unknown-metric": { severity: "error", help: "No number of this experiment has this name." },
  cut: { severity: "warning", help: "The kernel cuts the value to another setting." },
  counterfactual: { severity: "warning", help: "No kernel can be set to this: it shows what the rule is for." },
  "without-effect": { severity: "warning", help: "The setting changes nothing." },
} as const satisfies Record<string, { readonly severity: "error" | "warning"; readonly help: string }>;

export type IssueCode = keyof typeof ISSUE_CODES;

export interface ConfigIssue {
  readonly code: IssueCode;
  /** A file that the one that was asked for names: its path as written there. Absent: the file that was asked for. */
  readonly file?: string;
  /** As the user would write it: server.listeners.80.backlog. Empty: the whole file. */
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  /** What was found and what is allowed, with the unit. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

export type ConfigResult<T> = Result<T, readonly ConfigIssue[]>;

export const isWarning = (issue: Pick<ConfigIssue, "code">): boolean => ISSUE_CODES[issue.code].severity === "warning";

/** Lines for people: `file:line:col path: message`, then `  hint: ...` where there is one. Ends with a newline if not empty. */
export function formatIssues(file: string, issues: readonly ConfigIssue[]): string {
  let text = "";
  for (const issue of issues) {
    const kind = isWarning(issue) ? "warning: " : "";
    const path = issue.path === "" ? "" : `${issue.path}: `;
    text += `${issue.file ?? file}:${issue.line}:${issue.column} ${kind}${path}${issue.message}\n`;
    if (issue.hint !== undefined) text += `  hint: ${issue.hint}\n`;
  }
  return text;
}
