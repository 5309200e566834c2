/**
 * Overlay: a tuning's overrides laid over a scenario, as plain values, and where each of them was written.
 *
 * Rules   Maps merge by key. Lists of named things (NAMED_LISTS) merge by name; elements with new names are added. Other lists are replaced.
 *         Keys may be key paths; `kernel` at the top is the server's. null takes a key, or a named element, away: back to the default.
 *         Listeners that share a port are all meant by it.
 * Limits  MAX_WRITES values a tuning, MAX_DEPTH levels.
 */

import { isMap } from "./as-written.ts";
import type { Path } from "./document.ts";
import { ALL_ELEMENTS, hasEmptyPart, splitAtKey, splitAtName, unknownName } from "./key-path.ts";
import { labelBy, labelOf, NAMED_LISTS } from "./locate.ts";
import { MAX_DEPTH } from "./text-limits.ts";
import { type PathIssue, valueAt } from "./zod-issues.ts";

/** A tuning has a handful. */
export const MAX_WRITES = 250;

/** One value that the overrides set. */
export interface Write {
  /** In the scenario, elements of named lists by name. */
  readonly path: readonly string[];
  /** Where it stands below the overrides. */
  readonly source: Path;
  /** null: taken away. */
  readonly value: unknown;
}

export interface Overlaid {
  readonly value: unknown;
  /** In the order in which they were written. */
  readonly writes: readonly Write[];
  /** Their paths are below the overrides. */
  readonly issues: readonly PathIssue[];
}

type Values = Record<string, unknown>;

/** Of the experiment's scenario; tunings are compared over the same time. */
export const SHARED_KEYS = ["name", "description", "notes", "duration_s", "sample_interval_s"];

export function overlay(base: unknown, overrides: Readonly<Values>): Overlaid {
  const layer = new Overlay();
  const value = layer.merge(base, overrides, [], []);
  return { value, writes: layer.writes, issues: layer.issues };
}

class Overlay {
  readonly writes: Write[] = [];
  readonly issues: PathIssue[] = [];
  /** Maps and lists that were made here, and may be changed. */
  readonly #own = new WeakSet<object>();
  /** Written paths → where. A path may be written twice if one of the two means several elements. */
  readonly #written = new Map<string, Path>();

  /** Lays `override` over `target`, which stands at `path`. */
  merge(target: unknown, override: unknown, path: readonly string[], source: Path): unknown {
    if (path.length > MAX_DEPTH) {
      this.#fault(
        source,
        "too-deep",
        `found a key path of more than ${MAX_DEPTH} keys, which is the most that is allowed`,
      );
      return target;
    }
    if (isMap(override)) {
      const entries = Object.entries(override);
      if (entries.length === 0 && !isMap(target) && !isNamedList(target, path)) return this.#write({}, path, source);
      let value = target;
      for (const [keyPath, inner] of entries) {
        if (this.writes.length >= MAX_WRITES) break;
        const at = [...source, keyPath];
        const sysctl = path.at(-1) === "sysctls";
        if (!sysctl && hasEmptyPart(keyPath)) this.#fault(at, "unknown-key", "found a key path with an empty part");
        else value = this.#lay(value, keyPath, inner, path, at);
      }
      return value;
    }
    if (Array.isArray(override) && NAMED_LISTS[path.join(".")] !== undefined) {
      return this.#mergeElements(Array.isArray(target) ? target : [], override, path, source);
    }
    return this.#write(override, path, source);
  }

  /** Lays `value` at the key path below `target`. */
  #lay(target: unknown, keyPath: string, value: unknown, path: readonly string[], source: Path): unknown {
    if (path.length > MAX_DEPTH) return this.merge(target, value, path, source);
    if (path.length === 0 && keyPath === "kernel") return this.#lay(target, "server.kernel", value, path, source);
    if (path.length === 0 && SHARED_KEYS.includes(keyPath)) {
      this.#fault(source, "conflict", "found in a tuning, but it belongs to the scenario: tunings have it in common");
      return target;
    }
    if (isNamedList(target, path)) return this.#layElement(target ?? [], keyPath, value, path, source);
    // Nothing can be taken away of what is not there.
    if (value === null && !isMap(target)) return target;
    const map = this.#owned(isMap(target) ? target : {});
    const { head, rest } = splitAtKey(keyPath, map, path);
    const inner = [...path, head];
    if (rest === "" && value === null) {
      this.#write(null, inner, source);
      delete map[head];
      return map;
    }
    const before = Object.hasOwn(map, head) ? map[head] : undefined;
    const after =
      rest === "" ? this.merge(before, value, inner, source) : this.#lay(before, rest, value, inner, source);
    if (after === undefined) return map;
    // Not by assignment: the key may be __proto__.
    Object.defineProperty(map, head, { value: after, configurable: true, enumerable: true, writable: true });
    return map;
  }

  #layElement(
    list: readonly unknown[],
    keyPath: string,
    value: unknown,
    path: readonly string[],
    source: Path,
  ): unknown {
    const split = splitAtName(keyPath, list, path);
    if (split === null) {
      this.issues.push({ ...unknownName(keyPath, list, path), path: source, atKey: true });
      return list;
    }
    const { head, rest } = split;
    const key = NAMED_LISTS[path.join(".")] ?? "";
    const isMeant = (element: unknown): boolean => head === ALL_ELEMENTS || labelBy(key, element) === head;
    if (rest === "" && value === null) {
      const gone = new Set(list.filter(isMeant).map((element) => labelBy(key, element) ?? ALL_ELEMENTS));
      for (const label of gone) this.#write(null, [...path, label], source);
      return list.filter((element) => !isMeant(element));
    }
    return list.map((element) => {
      if (!isMeant(element)) return element;
      const inner = [...path, labelBy(key, element) ?? head];
      return rest === "" ? this.merge(element, value, inner, source) : this.#lay(element, rest, value, inner, source);
    });
  }

  #mergeElements(
    list: readonly unknown[],
    overrides: readonly unknown[],
    path: readonly string[],
    source: Path,
  ): unknown {
    let merged = [...list];
    const key = NAMED_LISTS[path.join(".")] ?? "";
    const known = new Set(list.map((element) => labelBy(key, element)));
    for (const [index, override] of overrides.entries()) {
      if (this.writes.length >= MAX_WRITES) break;
      const at = [...source, index];
      const label = labelBy(key, override);
      if (label === undefined || !known.has(label)) {
        merged.push(this.merge(undefined, override, [...path, label ?? String(merged.length)], at));
        continue;
      }
      // The name itself is no change.
      const { [key]: _, ...others } = override as Values;
      merged = merged.map((element) =>
        labelBy(key, element) === label ? this.merge(element, others, [...path, label], at) : element,
      );
    }
    return merged;
  }

  #write(value: unknown, path: readonly string[], source: Path): unknown {
    const key = path.join("\n");
    const before = this.#written.get(key);
    if (before !== undefined && mayNotMeet(before, source)) {
      const message = `found ${path.join(".").slice(0, 200)} a second time in one tuning, once is allowed`;
      this.issues.push({ code: "duplicate-key", path: source, message, atKey: true });
    }
    this.#written.set(key, source);
    this.writes.push({ path, source, value });
    if (this.writes.length === MAX_WRITES) {
      this.#fault(source, "too-many", `found ${MAX_WRITES} values or more in one tuning, fewer are allowed`);
    }
    return value;
  }

  #fault(path: Path, code: PathIssue["code"], message: string): void {
    this.issues.push({ code, path, message, atKey: true });
  }

  #owned(map: Readonly<Values>): Values {
    if (this.#own.has(map)) return map;
    const copy = { ...map };
    this.#own.add(copy);
    return copy;
  }
}

/** A list of named things, also one that is not there yet. */
const isNamedList = (target: unknown, path: readonly string[]): target is readonly unknown[] | undefined =>
  NAMED_LISTS[path.join(".")] !== undefined && (Array.isArray(target) || target === undefined);

/** Two places that say the same thing contradict each other, unless one says it of several elements, or both are elements of one list. */
function mayNotMeet(a: Path, b: Path): boolean {
  const isWide = (source: Path): boolean =>
    source.some((part) => typeof part === "number" || part.split(".").includes(ALL_ELEMENTS));
  return a.join("\n") !== b.join("\n") && !isWide(a) && !isWide(b);
}

/** The value at a path that has elements of named lists by name; of the first of equal names. */
export function valueAtLabels(raw: unknown, path: readonly string[]): unknown {
  let value = raw;
  for (const [index, part] of path.entries()) {
    if (Array.isArray(value)) value = value.find((element) => labelOf(path.slice(0, index), element) === part);
    else value = valueAt(value, [part]);
  }
  return value;
}
