/**
 * Console blocks: what a page shows of the commands' output, and whether they print it today.
 *
 * Form     ```console, `$ npx halfopen ...`, then lines of the output. A line of `...` stands for any lines; speeds are not compared.
 * Used by  the tests of the README and of docs/.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { ExitCode } from "../../src/cli/exit-codes.ts";
import { recordingNames } from "../results/recordings.ts";

export const blocksOf = (page: string, language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map((match) => match[1] ?? "");

/** The command, without its prompt, and the whole block. */
export const commandsOf = (page: string): (readonly [command: string, block: string])[] =>
  blocksOf(page, "console").map((block) => [block.split("\n")[0]?.replace("$ ", "") ?? "", block]);

/** The lines shown below the command. */
export const shownOf = (block: string): string[] => block.trimEnd().split("\n").slice(1);

/** What a reader of the page sees, as lines. Files that the page makes are in `folder`. */
export function outputOf(command: string, folder: string): string[] {
  const args = [...command.replace(/^npx halfopen /, "").matchAll(/'([^']*)'|(\S+)/g)]
    .map(([, quoted, bare]) => quoted ?? bare ?? "")
    .flatMap((arg) => (arg.includes("*") ? recordingNames.map((name) => arg.replace("*", name)) : [arg]))
    .map((arg) => (/^(flood\.yaml|\w+\.json)$/.test(arg) ? `${folder}/${arg}` : arg));
  const { status, stdout, stderr } = spawnSync(process.execPath, ["dist/cli/main.js", ...args], { encoding: "utf8" });
  // Beside a result stand progress and warnings, which the pages leave out.
  return (status === 0 || status === ExitCode.ThresholdFailed ? stdout : stderr).trimEnd().split("\n");
}

/** Without the last column of the table of recordings, and its width. */
const comparable = (line: string): string => line.replace(/^(\S+ +\d+ +\d+\/\d+ +[\d.]+) +\d+$/, "$1");

/** The first line that is not in `actual`, in order; null when all are. */
export function firstMissing(shown: readonly string[], actual: readonly string[]): string | null {
  let at = 0;
  let isGap = false;
  for (const line of shown) {
    if (line === "...") {
      isGap = true;
      continue;
    }
    const last = isGap ? actual.length - 1 : at;
    while (at <= last && comparable(actual[at] ?? "") !== comparable(line)) at++;
    if (at > last || at >= actual.length) return line;
    at++;
    isGap = false;
  }
  return isGap || at === actual.length ? null : `${actual[at]} (which is not shown)`;
}

const firstWord = (line: string): string => line.trim().split(/\s+/)[0] ?? "";

/** The lines shown, with what is printed now in place of those that begin with the same word; where only a speed differs they stay. */
function updated(shown: readonly string[], actual: readonly string[]): string[] {
  let at = 0;
  return shown.map((line) => {
    const found = line === "..." ? -1 : actual.findIndex((other, i) => i >= at && firstWord(other) === firstWord(line));
    if (found < 0) return line;
    at = found + 1;
    const now = actual[found] ?? line;
    return comparable(now) === comparable(line) ? line : now;
  });
}

/** Writes what is printed now into a block of the page. */
export function updateBlock(file: string, command: string, block: string, actual: readonly string[]): void {
  const text = `$ ${command}\n${updated(shownOf(block), actual).join("\n")}\n`;
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(block, () => text),
  );
}
