/**
 * `npm run flips`: each rule of the table is flipped in turn, in a copy of the tree, and a named test must fail.
 *
 * Method  The copies hold src/ and the tests that the table names, and share node_modules. Unflipped, all of them pass and every title is
 *         found. Then each flip runs its own test file only; two at a time. `FLIPS=word npm run flips` takes those whose name matches.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Flip } from "./flip.ts";
import { FLIPS as ALL } from "./table.ts";

const wanted = new RegExp(process.env.FLIPS ?? "");
const FLIPS = ALL.filter(({ name }) => wanted.test(name));

const CONFIG = `export default {
  cacheDir: ".vite",
  test: { include: ["test/**/*.test.ts"], testTimeout: 20000, fileParallelism: false },
};
`;
const TESTS = [
  "engine",
  "compile",
  "statistics",
  "vocabulary",
  "recordings",
  "config",
  "pool",
  "results",
  "advise",
].map((part) => `test/${part}`);
/** A flip may make a test run for ever. */
const LIMIT_MS = 90_000;
const made: string[] = [];

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function copyTree(): string {
  const folder = mkdtempSync(join(tmpdir(), "halfopen-flips-"));
  made.push(folder);
  for (const part of ["src", ...TESTS, "package.json", "tsconfig.json"]) {
    cpSync(part, join(folder, part), { recursive: true });
  }
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "vitest.config.mjs"), CONFIG);
  return folder;
}

interface Report {
  readonly testResults: readonly {
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Runs test files in a copy; answers the titles by whether they passed, and why a file could not be run at all. */
async function runTests(
  folder: string,
  files: readonly string[],
): Promise<{ passed: string[]; failed: string[]; broken: string }> {
  const report = join(folder, "report.json");
  rmSync(report, { force: true });
  const args = ["node_modules/vitest/vitest.mjs", "run", "--reporter=json", `--outputFile=${report}`, ...files];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: "ignore", timeout: LIMIT_MS });
  await new Promise((done) => child.on("exit", done));
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report;
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const titles = (status: string): string[] =>
    results.filter((r) => r.status === status).map(({ fullName }) => fullName);
  const broken = testResults
    .filter(({ assertionResults }) => assertionResults.length === 0)
    .map(({ message }) => message ?? "");
  return { passed: titles("passed"), failed: titles("failed"), broken: broken.join("\n") };
}

const matches = ({ named }: Flip, titles: readonly string[]): boolean =>
  titles.some(
    (title) => named.test(title) || title.split(" ").some((_, i, words) => named.test(words.slice(i).join(" "))),
  );

test("unflipped, all tests pass and every title is found", async () => {
  const { passed, failed, broken } = await runTests(copyTree(), [...new Set(FLIPS.map(({ tests }) => tests))]);
  expect({ failed, broken }).toEqual({ failed: [], broken: "" });
  expect(FLIPS.filter((flip) => !matches(flip, passed)).map(({ name }) => name)).toEqual([]);
});

const idle: string[] = [];

describe("flipped, a named test fails", () => {
  test.concurrent.each(FLIPS)("$name", async (flip) => {
    const folder = idle.pop() ?? copyTree();
    const file = join(folder, flip.file);
    const source = readFileSync(file, "utf8");
    const parts = source.split(flip.find);
    expect(parts.length, `\`find\` of "${flip.name}" occurs once in ${flip.file}`).toBe(2);
    writeFileSync(file, parts.join(flip.replace));
    try {
      const { failed, broken } = await runTests(folder, [flip.tests]);
      expect(broken).toBe("");
      expect(matches(flip, failed), `of "${flip.name}" failed only: ${failed.join("; ") || "nothing"}`).toBe(true);
    } finally {
      writeFileSync(file, source);
      idle.push(folder);
    }
  });
});
