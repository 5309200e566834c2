/** A folder that is only in memory. */
import type { ReadFile } from "../../src/config/trace-file.ts";

export const filesOf =
  (files: Readonly<Record<string, string>>): ReadFile =>
  (path) => {
    const text = Object.hasOwn(files, path) ? files[path] : undefined;
    return text === undefined ? { ok: false, error: "no such file" } : { ok: true, value: text };
  };
