/**
 * Goal    docs/cpu.md shows what the commands print today, and the arithmetic beside it is that of the profile.
 * Method  Each ```console block is run (UPDATE_README=1 writes what is printed now); numbers are read from the page.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CPU_COST_NAMES, CPU_PROFILES } from "../../src/vocabulary/cpu.ts";
import { commandsOf, firstMissing, outputOf, shownOf, updateBlock } from "./console-blocks.ts";

const file = "docs/cpu.md";
const page = readFileSync(file, "utf8");
const update = process.env.UPDATE_README === "1";
const { costsUs } = CPU_PROFILES["measured-6.18"];

describe("it shows what is printed now (else: UPDATE_README=1 npx vitest run test/docs)", () => {
  test.each(commandsOf(page))("%s", { timeout: 300_000 }, (command, block) => {
    const actual = outputOf(command, "build");
    if (update) updateBlock(file, command, block, actual);
    else expect(firstMissing(shownOf(block), actual)).toBeNull();
  });
});

test("the costs are the profile's", () => {
  const [names = "", , values = ""] = /\| receive .*\n.*\n.*/.exec(page)?.[0].split("\n") ?? [];
  const cells = (row: string): string[] =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
  expect(cells(names)).toEqual(CPU_COST_NAMES);
  expect(cells(values)).toEqual(CPU_COST_NAMES.map((name) => String(costsUs[name])));
});

test.each([
  ["909 000 SYNs that are dropped", 1 / (costsUs.receive + costsUs.syn_dropped)],
  ["238 000 that are answered by cookies", 1 / (costsUs.receive + costsUs.cookie)],
])("%s: a CPU's second over what one costs", (text, millions) => {
  expect(page).toContain(text);
  expect(Math.round(millions * 1000)).toBe(Number(text.slice(0, 3)));
});
