/**
 * Goal    The bench does not rot: it compiles, all its parts run, every figure is a number.
 * Method  Its smoke size, compiled into a folder of its own, so that a bench that is being run meanwhile is not disturbed.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseTrace } from "../../bench/scavenges.ts";
import { median } from "../../bench/statistics.ts";
import { WORKLOADS } from "../../bench/workloads.ts";

const folder = "build/smoke";
const node = (...args: string[]) => spawnSync(process.execPath, args, { encoding: "utf8" });
let output = "";

beforeAll(() => {
  expect(node("node_modules/typescript/bin/tsc", "-p", "tsconfig.bench.json", "--outDir", folder).stdout).toBe("");
  expect(node(`${folder}/src/generate/bundle-engine.js`).stderr).toBe("");
  const { status, stdout, stderr } = node(`${folder}/bench/main.js`, "--smoke");
  expect(status, stderr).toBe(0);
  output = stdout;
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every workload has its row, and every cell is a number or says that there is none", () => {
  for (const { name } of WORKLOADS) expect(output).toMatch(new RegExp(`^\\| +${name} \\|`, "m"));
  expect(output).not.toMatch(/NaN|Infinity|undefined/);
});

test("it says what it compared with, or why it did not", () => {
  expect(output).toMatch(/^(limit\.c: |No C compiler here)/m);
  expect(output).toMatch(/^(Previous: |No ratio to the previous commit: )/m);
});

test("the bench of sweeps runs, and every cell is a number", () => {
  const { status, stdout, stderr } = node(`${folder}/bench/sweep.js`, "--smoke");
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/^\| flooded \| 80 \| 2 \|/m);
  expect(stdout).toMatch(/^\| short \| 200 \|/m);
  expect(stdout).not.toMatch(/NaN|Infinity|undefined/);
});

test("the bench of peers runs, and every cell is a number", () => {
  const { status, stdout, stderr } = node(`${folder}/bench/peers/main.js`, "--smoke");
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/^\| simjs .* × \|$/m);
  expect(stdout).not.toMatch(/NaN|Infinity|undefined/);
});

test("the bench of steadiness runs, and every cell is a number", () => {
  const { status, stdout, stderr } = node(`${folder}/bench/steady.js`, "--smoke");
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/^\| W0 .*\| 2 \|/m);
  expect(stdout).toMatch(/^\| a day .*\|$/m);
  expect(stdout).not.toMatch(/NaN|Infinity|undefined/);
});

test("collections that the program asked for part a trace", () => {
  const scavenge = "[1:0x1]  42 ms: Scavenge 3.8 (5.0) -> 2.8 (5.0) MB, 0.05 / 0.00 ms  allocation failure;";
  const asked = "[1:0x1]  51 ms: Scavenge 3.0 (5.0) -> 2.6 (5.0) MB, 8.17 / 0.00 ms  testing;";
  const trace = [scavenge, scavenge, asked, scavenge, asked, scavenge].join("\n");
  expect(parseTrace(trace)).toEqual({ duringWarmUp: 2, afterWarmUp: 1 });
  expect(() => parseTrace(scavenge)).toThrow("not the expected trace");
});

test("the median is the middle, or the mean of the two middle ones", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});
