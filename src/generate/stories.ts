/**
 * `node dist/generate/stories.js [--check]`: runs the commands in docs/handshake.md and docs/teardown.md, and writes what they print into the pages.
 * With --check nothing is written; exit 1 says that a committed page is not what would be written.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { filledStory } from "./story-document.ts";

const PAGES = ["handshake", "teardown"];
const repository = fileURLToPath(new URL("../../", import.meta.url));
const isCheck = process.argv.includes("--check");

/** One after the other: a page has dozens of commands. */
let last: Promise<unknown> = Promise.resolve();

function print(command: string): Promise<string> {
  const [npx, halfopen, ...args] = command.split(" ");
  if (npx !== "npx" || halfopen !== "halfopen") throw new Error(`not a command of ours: ${command}`);
  const run = last.then(() =>
    promisify(execFile)(process.execPath, ["dist/cli/main.js", ...args], { cwd: repository }),
  );
  last = run;
  return run.then(({ stdout }) => stdout);
}

const story = (file: string): string =>
  readFileSync(new URL(`../../config/stories/${file}.yaml`, import.meta.url), "utf8");

for (const name of PAGES) {
  const url = new URL(`../../docs/${name}.md`, import.meta.url);
  const page = readFileSync(url, "utf8");
  const filled = await filledStory(page, { print, story });
  if (!isCheck) {
    writeFileSync(url, filled);
  } else if (filled !== page) {
    process.stderr.write(`docs/${name}.md is not current: npm run docs:stories\n`);
    process.exitCode = 1;
  }
}
