/** Files that a command writes. What cannot be written is a sentence; the others are written nevertheless. */
import { writeFile } from "node:fs/promises";
import type { CommandContext } from "./command.ts";
import { reasonOf } from "./read-file.ts";

/** The file that a flag names ("-" is standard output; undefined: not asked for), and what goes there. */
export type Output = readonly [file: string | undefined, data: () => string | Uint8Array];

export interface Written {
  readonly ok: boolean;
  readonly usedStdout: boolean;
}

export async function writeOutputs({ stdout, stderr }: CommandContext, outputs: readonly Output[]): Promise<Written> {
  let ok = true;
  let usedStdout = false;
  for (const [file, data] of outputs) {
    if (file === undefined) continue;
    if (file === "-") {
      usedStdout = true;
      stdout(data());
      continue;
    }
    try {
      await writeFile(file, data());
    } catch (error) {
      ok = false;
      const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
      stderr(`${file}: cannot be written: ${isAbsent ? "no such folder" : reasonOf(error)}\n`);
    }
  }
  return { ok, usedStdout };
}
