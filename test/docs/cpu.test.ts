/** The arithmetic of docs/cpu.md is that of the profile. What its commands print: console.shipped.test.ts. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CPU_COST_NAMES, CPU_PROFILES } from "../../src/vocabulary/cpu.ts";

const page = readFileSync("docs/cpu.md", "utf8");
const { costsUs } = CPU_PROFILES["measured-6.18"];

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
