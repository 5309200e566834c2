/**
 * Goal    The flips can be applied: each `find` occurs exactly once, so the table cannot rot while the source moves on.
 */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FLIPS } from "./table.ts";

test.each(FLIPS)("flip can be applied: $name", ({ file, find, replace, tests }) => {
  expect(readFileSync(file, "utf8").split(find).length - 1).toBe(1);
  expect(replace).not.toBe(find);
  expect(existsSync(tests)).toBe(true);
});

test("no two flips have the same name", () => {
  expect(new Set(FLIPS.map(({ name }) => name)).size).toBe(FLIPS.length);
});
