/**
 * Goal    The README shows what the commands print today, and its program runs.
 * Method  Each ```console block is run. UPDATE_README=1 writes what the commands print now into the blocks, line for line by the first word.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOf, commandsOf, firstMissing, outputOf, shownOf, updateBlock } from "./console-blocks.ts";

const folder = "build/readme";
const readme = readFileSync("README.md", "utf8");
const update = process.env.UPDATE_README === "1";

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/flood.yaml`, blocksOf(readme, "yaml")[0] ?? "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the README shows what is printed now (else: UPDATE_README=1 npx vitest run test/docs)", () => {
  test.each(commandsOf(readme))("%s", (command, block) => {
    const actual = outputOf(command, folder);
    if (update) updateBlock("README.md", command, block, actual);
    else expect(firstMissing(shownOf(block), actual)).toBeNull();
  });
});

test("its program runs", () => {
  writeFileSync(`${folder}/program.mjs`, blocksOf(readme, "js")[0] ?? "");
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
