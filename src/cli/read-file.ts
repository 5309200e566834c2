/** Files that users name: what cannot be read is a sentence, not an exception. */
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
  ENOTDIR: "a part of the path is not a directory",
};

/** The text of `file`; "-" is standard input. The error names the file. */
export async function readTextFile(file: string): Promise<Result<string, string>> {
  try {
    if (file === "-") return ok(await readStream(process.stdin));
    const { size } = await stat(file);
    if (size > MAX_BYTES) return err(`${file}: ${formatBytes(size)}, at most ${formatBytes(MAX_BYTES)} are read`);
    return ok(new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file)));
  } catch (error) {
    if (error instanceof TypeError) return err(`${file}: not UTF-8 text`);
    const { code = "", message } = error as NodeJS.ErrnoException;
    return err(`${file}: ${REASONS[code] ?? message}`);
  }
}
