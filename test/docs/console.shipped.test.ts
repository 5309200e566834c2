/**
 * Goal    The pages show what the commands print today, and the README's program runs.
 * Method  Each ```console block is run. UPDATE_PAGES=1 writes what the commands print now into the blocks, line for line by the first word.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOf, commandsOf, firstMissing, outputOf, shownOf, updateBlock } from "./console-blocks.ts";

const PAGES = ["README.md", "docs/capacity-planning.md", "docs/cpu.md"];
const folder = "build/pages";
const readme = readFileSync("README.md", "utf8");
const update = process.env.UPDATE_PAGES === "1";

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/flood.yaml`, blocksOf(readme, "yaml")[0] ?? "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(PAGES)("%s shows what is printed now (else: UPDATE_PAGES=1 npm run test:shipped)", (file) => {
  test.each(commandsOf(readFileSync(file, "utf8")))("%s", (command, block) => {
    const actual = outputOf(command, folder);
    const missing = firstMissing(shownOf(block), actual);
    // A block that holds stays: in the choice of its lines is somebody's thought.
    if (update && missing !== null) updateBlock(file, command, block, actual);
    else expect(missing).toBeNull();
  });
});

test("the README's program runs", () => {
  writeFileSync(`${folder}/program.mjs`, blocksOf(readme, "js")[0] ?? "");
  const { status, stdout, stderr } = spawnSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^as_it_is 0\.\d{3}\nbigger 0\.\d{3}\ncookies 1\.000\n$/);
});
