/**
 * Locate: paths → places in a file, in the words of its writer.
 */
import { isMap } from "./as-written.ts";
import type { LoadedDocument, Path, Position } from "./document.ts";
import type { ConfigIssue } from "./issues.ts";
import { type PathIssue, valueAt } from "./zod-issues.ts";

/** Nobody reads more, and a file of garbage has one in each line. */
export const MAX_ISSUES = 100;
/** So many are looked up in the file to find the first MAX_ISSUES: a look-up takes time in proportion to the file. */
export const MAX_LOCATED = 1000;
/** Characters of one part of a path that are shown. */
const MAX_PART = 80;

/** Where a value was written. */
export interface Source {
  readonly document: LoadedDocument;
  /** Absent: the file that was asked for. */
  readonly file?: string;
  /** Where in the document the value stands. */
  readonly prefix: Path;
}

/** `issue`, whose path is below `source.prefix`, shown as `path`. */
export function locate(issue: PathIssue, source: Source, path: string): ConfigIssue {
  const at = [...source.prefix, ...issue.path];
  const position: Position = issue.atKey ? source.document.positionOfKey(at) : source.document.positionOf(at);
  return {
    code: issue.code,
    ...(source.file === undefined ? {} : { file: source.file }),
    path,
    line: position.line,
    column: position.column,
    message: issue.message,
    ...(issue.hint === undefined ? {} : { hint: issue.hint }),
  };
}

/** The first issues, in the order of the files and of their lines. The file that was asked for comes first. */
export function inOrder(issues: readonly ConfigIssue[]): ConfigIssue[] {
  const files = ["", ...new Set(issues.map(({ file }) => file ?? ""))];
  const rank = new Map(files.map((file, index) => [file, file === "" ? 0 : index]));
  const rankOf = (issue: ConfigIssue): number => rank.get(issue.file ?? "") ?? 0;
  return [...issues]
    .sort((a, b) => rankOf(a) - rankOf(b) || a.line - b.line || a.column - b.column)
    .slice(0, MAX_ISSUES);
}

/** The lists whose elements are known by a name: where they stand in a scenario, and the key of the name. */
export const NAMED_LISTS: Readonly<Record<string, string>> = { "server.listeners": "port", workloads: "name" };

/** The name or port of an element of the list at `list`, as text. */
export function labelOf(list: Path, element: unknown): string | undefined {
  const key = NAMED_LISTS[list.join(".")];
  return key === undefined ? undefined : labelBy(key, element);
}

/** The same, for those who know the key. */
export function labelBy(key: string, element: unknown): string | undefined {
  const label = isMap(element) && Object.hasOwn(element, key) ? element[key] : undefined;
  return typeof label === "string" || typeof label === "number" ? String(label) : undefined;
}

/** A path as its user would write it: listeners by port, workloads by name, other lists by number. */
export function pathText(path: Path, raw: unknown): string {
  let text = "";
  path.forEach((part, index) => {
    if (typeof part === "number") {
      const label = uniqueLabel(path.slice(0, index), raw, part);
      text += label === undefined ? `[${part}]` : `.${label}`;
    } else text += `${index === 0 ? "" : "."}${part.slice(0, MAX_PART)}`;
  });
  return text;
}

/** The name or port by which element `index` of a list is known, unless another has it too. */
function uniqueLabel(list: Path, raw: unknown, index: number): string | undefined {
  const elements = valueAt(raw, list);
  if (!Array.isArray(elements)) return undefined;
  const label = labelOf(list, elements[index]);
  if (label === undefined || !/^[\w.-]{1,64}$/.test(label)) return undefined;
  return elements.filter((element) => labelOf(list, element) === label).length === 1 ? label : undefined;
}

/** The parts of a path, elements of named lists by name: the same for each tuning of a scenario. */
export const labelled = (path: Path, raw: unknown): string[] =>
  path.map((part, index) => {
    const list = path.slice(0, index);
    return typeof part === "number" ? (labelOf(list, valueAt(raw, path.slice(0, index + 1))) ?? String(part)) : part;
  });
