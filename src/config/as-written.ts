/** As written: the value of a document, with what YAML and the change of folder would lose put back. */
import { posix } from "node:path";
import type { LoadedDocument, Path } from "./document.ts";

/** Each is looked up in the document, which takes time; an experiment has two for each tuning. */
const MAX_KERNELS = 1000;

/**
 * Two changes. `kernel: 6.10` is the number 6.1 to YAML, and the kernel 6.10 to its writer. The path in `trace: rates.csv` is relative to the file
 * that names it, so it gets that file's `folder` in front.
 */
export function asWritten(document: LoadedDocument, folder = "."): unknown {
  let kernels = 0;
  /** What several aliases stand for is looked at once. */
  const seen = new WeakMap<object, unknown>();
  const visit = (value: unknown, path: Path): unknown => {
    if (typeof value === "object" && value !== null) {
      if (!seen.has(value)) seen.set(value, replaced(value, path, visit));
      return seen.get(value);
    }
    if (typeof value === "number" && kernels < MAX_KERNELS && endsWith(path, "kernel")) {
      kernels += 1;
      return document.sourceOf(path) ?? value;
    }
    return typeof value === "string" && value !== "" && endsWith(path, "trace") ? resolvedPath(folder, value) : value;
  };
  return visit(document.value, []);
}

/** Whether this key, or this end of a key path, is the last one. */
function endsWith(path: Path, key: string): boolean {
  const last = path.at(-1);
  return last === key || (typeof last === "string" && last.endsWith(`.${key}`));
}

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `path` as the file in `folder` means it. */
export const resolvedPath = (folder: string, path: string): string =>
  folder === "." || posix.isAbsolute(path) ? path : posix.join(folder, path);

export const folderOf = (path: string): string => posix.dirname(path);

/** A copy with the parts that `visit` changed, or the same object if it changed none. */
function replaced(parent: object, path: Path, visit: (value: unknown, path: Path) => unknown): object {
  const entries: Iterable<[string | number, unknown]> = Array.isArray(parent)
    ? parent.entries()
    : Object.entries(parent);
  let copy: Record<string | number, unknown> | null = null;
  for (const [key, value] of entries) {
    const now = visit(value, [...path, key]);
    if (now === value) continue;
    copy ??= (Array.isArray(parent) ? [...parent] : { ...parent }) as Record<string | number, unknown>;
    copy[key] = now;
  }
  return copy ?? parent;
}
