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
  const visit = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) return replaced(value, value.entries(), path, visit);
    if (isMap(value)) return replaced(value, Object.entries(value), path, visit);
    const [key] = String(path.at(-1)).split(".").slice(-1);
    if (key === "kernel" && typeof value === "number" && kernels < MAX_KERNELS) {
      kernels += 1;
      return document.sourceOf(path) ?? value;
    }
    if (key === "trace" && typeof value === "string" && value !== "") return resolvedPath(folder, value);
    return value;
  };
  return visit(document.value, []);
}

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `path` as the file in `folder` means it. */
export const resolvedPath = (folder: string, path: string): string =>
  folder === "." || posix.isAbsolute(path) ? path : posix.join(folder, path);

export const folderOf = (path: string): string => posix.dirname(path);

/** A copy with the parts that `visit` changed, or the same object if it changed none. */
function replaced<T extends object>(
  parent: T,
  entries: Iterable<[string | number, unknown]>,
  path: Path,
  visit: (value: unknown, path: Path) => unknown,
): T {
  let copy: T | null = null;
  for (const [key, value] of entries) {
    const now = visit(value, [...path, key]);
    if (now === value) continue;
    copy ??= (Array.isArray(parent) ? [...parent] : { ...parent }) as T;
    (copy as Record<string | number, unknown>)[key] = now;
  }
  return copy ?? parent;
}
