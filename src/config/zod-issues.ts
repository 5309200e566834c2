/**
 * Zod's issues → ours: the same fault has the same code wherever it stands, and a key that is not there is told from one that is
 * wrong. Messages are made in fields.ts.
 */
import type { z } from "zod";
import { nearest } from "../base/nearest.ts";
import type { Path } from "./document.ts";
import type { IssueCode } from "./issues.ts";

/** An issue whose place is still a path. */
export interface PathIssue {
  readonly code: IssueCode;
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
  /** Stands at the key rather than at its value. */
  readonly atKey?: true;
}

/** The first `most` of them. */
export function fromZod(issues: readonly z.core.$ZodIssue[], raw: unknown, most: number): PathIssue[] {
  const translated: PathIssue[] = [];
  for (const issue of issues) {
    if (translated.length >= most) break;
    translated.push(...translate(issue, raw, most));
  }
  return translated;
}

function translate(issue: z.core.$ZodIssue, raw: unknown, most: number): PathIssue[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.split(" ");
    return issue.keys.slice(0, most).map((key) => unknownKey([...path, key], key, known));
  }
  // One value or a list of them: of a list, its elements say more.
  const deeper =
    issue.code === "invalid_union" && issue.errors.find((option) => option.some((at) => at.path.length > 0));
  if (deeper)
    return deeper.flatMap((inner) => translate({ ...inner, path: [...issue.path, ...inner.path] }, raw, most));
  const [message = "", hint] = issue.message.split("\n");
  if (isAbsent(raw, path)) {
    return [
      { code: "missing-key", path, message: message.replace("found nothing, allowed is", "is missing, it must be") },
    ];
  }
  return [{ code: codeOf(issue), path, message, ...(hint === undefined ? {} : { hint }) }];
}

const OF_EXPERIMENTS = ["tunings", "seeds", "thresholds", "profiles", "sweep"];

export function unknownKey(path: Path, key: string, known: readonly string[]): PathIssue {
  const meant = nearest(key, known);
  if (OF_EXPERIMENTS.includes(key) && path.length === 1 && !known.includes(key)) {
    const hint =
      "this file is a scenario: put all its keys below scenario:, then tunings, seeds and thresholds can stand beside that";
    return { code: "unknown-key", path, message: "there is no such key in a scenario", hint, atKey: true };
  }
  const hint = meant === undefined ? `the keys here are ${known.join(", ")}` : `did you mean ${meant}?`;
  return { code: "unknown-key", path, message: "there is no such key here", hint, atKey: true };
}

function codeOf(issue: z.core.$ZodIssue): IssueCode {
  switch (issue.code) {
    case "too_small":
    case "too_big": {
      if (issue.origin !== "array") return "out-of-range";
      // Elements of lists are pairs, whose length is part of their type.
      return issue.code === "too_small" || typeof issue.path.at(-1) === "number" ? "wrong-type" : "too-many";
    }
    case "invalid_value":
    case "invalid_union":
      return "not-allowed";
    case "invalid_format":
      return "bad-name";
    default:
      return "wrong-type";
  }
}

/** The value at `path`, undefined when the path leads nowhere. */
export function valueAt(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

const isAbsent = (raw: unknown, path: Path): boolean => path.length > 0 && valueAt(raw, path) === undefined;
