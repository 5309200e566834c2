/**
 * Key paths: `server.sysctls.net.core.somaxconn`, `workloads.flood.rate_per_s`, `server.listeners.80.backlog`.
 *
 * Rule    Dots part the keys; elements of named lists stand by their name or port; the longest key that exists wins, so that names may have
 *         dots. What follows `sysctls.` is one name. `*` in place of a name means all elements.
 */
import { nearest } from "../base/nearest.ts";
import { isMap } from "./as-written.ts";
import { describe } from "./fields.ts";
import { labelBy, NAMED_LISTS } from "./locate.ts";
import type { PathIssue } from "./zod-issues.ts";

export const ALL_ELEMENTS = "*";

/** A key path taken apart at its first dot that parts two keys. `rest` is empty when `head` is all. */
export interface Split {
  readonly head: string;
  readonly rest: string;
}

const splitAfter = (keyPath: string, head: string): Split => ({ head, rest: keyPath.slice(head.length + 1) });
const startsWithKey = (keyPath: string, key: string): boolean =>
  keyPath.startsWith(key) && (keyPath.length === key.length || keyPath[key.length] === ".");

/** The first key of `keyPath` below a map that stands at `place`. */
export function splitAtKey(keyPath: string, map: unknown, place: readonly string[]): Split {
  if (place.at(-1) === "sysctls") return { head: keyPath, rest: "" };
  const known = isMap(map) ? Object.keys(map) : [];
  return splitAfter(keyPath, longestOf(known, keyPath) ?? (keyPath.split(".", 1)[0] as string));
}

/** The name of the elements of the list at `place` that `keyPath` begins with; null: there are no such elements. */
export function splitAtName(keyPath: string, list: readonly unknown[], place: readonly string[]): Split | null {
  if (startsWithKey(keyPath, ALL_ELEMENTS)) return splitAfter(keyPath, ALL_ELEMENTS);
  const head = longestOf(labelsOf(list, place), keyPath);
  return head === undefined ? null : splitAfter(keyPath, head);
}

function labelsOf(list: readonly unknown[], place: readonly string[]): string[] {
  const key = NAMED_LISTS[place.join(".")] ?? "";
  return list.map((element) => labelBy(key, element)).filter((label) => label !== undefined);
}

function longestOf(keys: readonly string[], keyPath: string): string | undefined {
  let longest: string | undefined;
  for (const key of keys) {
    if (startsWithKey(keyPath, key) && key.length > (longest?.length ?? -1)) longest = key;
  }
  return longest;
}

/** Why `keyPath` leads to no element of the list at `place`. */
export function unknownName(
  keyPath: string,
  list: readonly unknown[],
  place: readonly string[],
): Pick<PathIssue, "code" | "message" | "hint"> {
  const what = place.at(-1) === "listeners" ? "listener on port" : "workload";
  const labels = [...new Set(labelsOf(list, place))];
  const name = keyPath.split(".", 1)[0] as string;
  const meant = nearest(name, labels);
  const hint = meant === undefined ? `there ${listed(labels)}` : `did you mean ${meant}?`;
  return { code: "unknown-name", message: `found no ${what} ${describe(name)} in the scenario`, hint };
}

function listed(labels: readonly string[]): string {
  if (labels.length === 0) return "are none";
  const more = labels.length > 10 ? " ..." : "";
  return `${labels.length === 1 ? "is" : "are"} ${labels.slice(0, 10).join(", ")}${more}`;
}

/** `a..b`, `.a`, `a.`: a part of the path is empty. */
export const hasEmptyPart = (keyPath: string): boolean => /(^|\.)(\.|$)/.test(keyPath);
