/**
 * Vary: further overrides laid over a tuning that was checked, as a search for a value does at each of its steps.
 *
 * Purpose   The same checks as for what stands in a file, whoever makes the value up: nothing runs that `check` would refuse.
 * Form      Issues have no line, their values stand in no file; the path says what is meant.
 */
import { err, ok, type Result } from "../base/result.ts";
import type { Scenario } from "../vocabulary/scenario.ts";
import { isMap } from "./as-written.ts";
import { checkScenario } from "./check-scenario.ts";
import { loadDocument } from "./document.ts";
import { type ConfigIssue, isWarning } from "./issues.ts";
import { pathText } from "./locate.ts";
import { overlay } from "./overlay.ts";
import type { TraceFiles } from "./trace-file.ts";
import type { PathIssue } from "./zod-issues.ts";

export type VaryIssue = Pick<ConfigIssue, "code" | "path" | "message" | "hint">;

export interface Varied {
  readonly scenario: Scenario;
  /** Those that the tuning by itself has not. */
  readonly warnings: readonly VaryIssue[];
}

/** `overrides` laid over the tuning of this name: as in a tuning, key paths to values. */
export type Vary = (
  tuning: string,
  overrides: Readonly<Record<string, unknown>>,
) => Result<Varied, readonly VaryIssue[]>;

/** Of tunings as plain values, by name. */
export function varyOf(tunings: readonly { readonly name: string; readonly raw: unknown }[], traces: TraceFiles): Vary {
  const ofTuning = new Map(tunings.map(({ name, raw }) => [name, raw]));
  return (tuning, overrides) => {
    const base = ofTuning.get(tuning);
    const laid = overlay(base, overrides);
    const asText = (raw: unknown) => (issue: PathIssue) => withText(issue, raw);
    if (laid.issues.length > 0) return err(laid.issues.map(asText(overrides)));
    const { scenario, issues } = checkScenario(laid.value, traces);
    if (scenario === null) return err(issues.filter((issue) => !isWarning(issue)).map(asText(laid.value)));
    const before = new Set(checkScenario(base, traces).issues.map(asText(base)).map(identity));
    return ok({ scenario, warnings: issues.map(asText(laid.value)).filter((issue) => !before.has(identity(issue))) });
  };
}

/** A message has the values in it. */
const identity = ({ code, path }: VaryIssue): string => `${code} ${path}`;

const withText = ({ code, message, hint, path }: PathIssue, raw: unknown): VaryIssue => ({
  ...{ code, message, path: pathText(path, raw) },
  ...(hint === undefined ? {} : { hint }),
});

/** Lines for people, as formatIssues() makes them of issues in files. */
export const formatVaryIssues = (issues: readonly VaryIssue[]): string =>
  issues
    .map(({ path, message, hint }) => `${path}: ${message}\n${hint === undefined ? "" : `  hint: ${hint}\n`}`)
    .join("");

/** What is looked for: `min:server.listeners.80.backlog=16..65535`. */
export interface FindText {
  readonly goal: "min" | "max";
  readonly path: string;
  readonly lo: number;
  readonly hi: number;
  /** The value of the key with this number in it: the number itself, or a text or a list that has it in one place. */
  readonly valueWith: (number: number) => unknown;
}

const NUMBER = String.raw`[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?`;
const FIND = new RegExp(String.raw`^(min|max):([^=]+)=(.*?)(${NUMBER})\.\.(${NUMBER})(.*)$`, "i");
/** Longer ones are no value of a scenario. */
const MAX_FIND = 1000;

/** A fault is a sentence. `lo..hi` stands for one number of a YAML value, which is text or a list where there is more than the number. */
export function parseFind(text: string): Result<FindText, string> {
  const match = text.length > MAX_FIND ? null : FIND.exec(text);
  if (match === null)
    return err(`found ${JSON.stringify(text.slice(0, 100))}, allowed is min:KEY=lo..hi or max:KEY=lo..hi`);
  const [, goal, path = "", before = "", loText = "", hiText = "", after = ""] = match;
  const [lo, hi] = [Number(loText), Number(hiText)];
  if (!(Number.isFinite(lo) && Number.isFinite(hi) && lo < hi))
    return err(`found ${loText}..${hiText}, the second number must be the larger one`);
  if (after.includes("..")) return err(`found a second .. in ${JSON.stringify(text.slice(0, 100))}, one is allowed`);
  const isAlone = before.trim() === "" && after.trim() === "";
  const valueWith = (number: number): unknown => (isAlone ? number : valueIn(`${before}${number}${after}`));
  if (valueWith(lo) === undefined) return err(`found ${JSON.stringify(`${before}${lo}${after}`)}, which is not YAML`);
  return ok({ goal: goal?.toLowerCase() === "max" ? "max" : "min", path: path.trim(), lo, hi, valueWith });
}

/** Whether the key refuses what lies between two whole numbers; where it refuses `lo` too, that is found out by others. */
export function isWholeKey(vary: Vary, tuning: string, { path, lo, hi, valueWith }: FindText): boolean {
  if (!(Number.isInteger(lo) && Number.isInteger(hi))) return false;
  return !vary(tuning, { [path]: valueWith(lo + 0.5) }).ok;
}

/** The value that a YAML text stands for; undefined: none. */
function valueIn(text: string): unknown {
  const document = loadDocument(`value: ${text}`);
  return document.ok && isMap(document.value.value) ? document.value.value.value : undefined;
}
