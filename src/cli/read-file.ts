/** Files that users name: what cannot be read is a sentence, not an exception. */
import { readFileSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { text as readStream } from "node:stream/consumers";
import { err, ok, type Result } from "../base/result.ts";
import { formatBytes } from "../base/units.ts";

/** No file that this program reads is larger; a recording of 75 s has 60 KB. */
const MAX_BYTES = 64 * 1024 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "it is a directory",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left",
  ENOTDIR: "a part of the path is not a directory",
};

/** The text of `file`; "-" is standard input. The error names the file. */
export async function readTextFile(file: string): Promise<Result<string, string>> {
  try {
    if (file === "-") return ok(await readStream(process.stdin));
    const { size } = await stat(file);
    if (size > MAX_BYTES) return err(`${file}: ${tooLarge(size)}`);
    return ok(decode(await readFile(file)));
  } catch (error) {
    return err(`${file}: ${reasonOf(error)}`);
  }
}

/** The text of a file that another file names, at once. Regular files only: nothing to wait for. The error does not name the file. */
export function readNamedFile(file: string): Result<string, string> {
  try {
    const stats = statSync(file);
    if (!stats.isFile()) return err(stats.isDirectory() ? "it is a directory" : "it is not a regular file");
    if (stats.size > MAX_BYTES) return err(tooLarge(stats.size));
    return ok(decode(readFileSync(file)));
  } catch (error) {
    return err(reasonOf(error));
  }
}

const decode = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

const tooLarge = (size: number): string => `${formatBytes(size)}, at most ${formatBytes(MAX_BYTES)} are read`;

/** Why a file cannot be read or written. */
export function reasonOf(error: unknown): string {
  if (error instanceof TypeError) return "not UTF-8 text";
  const { code = "", message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}
