/**
 * Goal    The README shows what the commands print today, and its program runs.
 * Method  Each ```console block is run. A line of `...` stands for any lines; speeds are not compared. UPDATE_README=1 writes what the commands
 *         print now into the blocks, line for line by the first word; where only a speed differs it stays.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ExitCode } from "../../src/cli/exit-codes.ts";
import { recordingNames } from "../results/recordings.ts";

const folder = "build/readme";
const readme = readFileSync("README.md", "utf8");
const blocksOf = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map((match) => match[1] ?? "");
const consoleBlocks = blocksOf("console");
const update = process.env.UPDATE_README === "1";

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/flood.yaml`, blocksOf("yaml")[0] ?? "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a reader of the README sees, as lines. */
function outputOf(command: string): string[] {
  const args = command
    .replace(/^npx halfopen /, "")
    .split(" ")
    .flatMap((arg) => (arg.includes("*") ? recordingNames.map((name) => arg.replace("*", name)) : [arg]))
    .map((arg) => (/^(flood\.yaml|\w+\.json)$/.test(arg) ? `${folder}/${arg}` : arg));
  const { status, stdout, stderr } = spawnSync(process.execPath, ["dist/cli/main.js", ...args], { encoding: "utf8" });
  // Beside a result stand progress and warnings, which the README leaves out.
  return (status === 0 || status === ExitCode.ThresholdFailed ? stdout : stderr).trimEnd().split("\n");
}

/** Without the last column of the table of recordings, and its width. */
const comparable = (line: string): string => line.replace(/^(\S+ +\d+ +\d+\/\d+ +[\d.]+) +\d+$/, "$1");

/** The first line that is not in `actual`, in order; null when all are. */
function firstMissing(shown: readonly string[], actual: readonly string[]): string | null {
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

describe("the README shows what is printed now (else: UPDATE_README=1 npx vitest run test/docs)", () => {
  test.each(consoleBlocks.map((block) => [block.split("\n")[0]?.replace("$ ", "") ?? "", block] as const))(
    "%s",
    (command, block) => {
      const shown = block.trimEnd().split("\n").slice(1);
      const actual = outputOf(command);
      if (update) {
        const text = `$ ${command}\n${updated(shown, actual).join("\n")}\n`;
        writeFileSync(
          "README.md",
          readFileSync("README.md", "utf8").replace(block, () => text),
        );
        return;
      }
      expect(firstMissing(shown, actual)).toBeNull();
    },
  );
});

test("its program runs", () => {
  writeFileSync(`${folder}/program.mjs`, blocksOf("js")[0] ?? "");
  const { status, stdout, stderr } = spawnSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^as_it_is 0\.\d{3}\nbigger 0\.\d{3}\ncookies 1\.000\n$/);
});

test("a line that is not printed is seen, and so is one that is not shown", () => {
  expect(firstMissing(["a", "...", "c"], ["a", "b", "c"])).toBeNull();
  expect(firstMissing(["a", "c"], ["a", "b", "c"])).toBe("c");
  expect(firstMissing(["a", "...", "d"], ["a", "b", "c"])).toBe("d");
  expect(firstMissing(["a", "b"], ["a", "b", "c"])).toBe("c (which is not shown)");
  expect(firstMissing(["x 4 31/31 1.000 94"], ["x 4 31/31 1.000 935"])).toBeNull();
  expect(firstMissing(["x 4 31/31 1.000 94"], ["x 4 30/31 0.968 94"])).not.toBeNull();
});
