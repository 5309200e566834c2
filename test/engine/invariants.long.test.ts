/**
 * Goal    The invariants of any run (invariants.ts) hold in ten thousand random ones, and long after the last packet only what a kernel keeps is left.
 * Method  As invariants.prop.test.ts, each time with other scenarios: the seed is printed, `SEED=n` runs those again.
 */
import { expect, test } from "vitest";
import { checkDrains, checkRuns } from "./invariant-runs.ts";

const RUNS = 5000;
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000);

test(`what holds between events holds in ${RUNS} random runs, cut anywhere: SEED=${seed}`, () => {
  checkRuns(RUNS, seed);
});

test(`after ${RUNS} random runs only what the kernel keeps is left: SEED=${seed}`, () => {
  const left = checkDrains(RUNS, seed);
  process.stdout.write(`left, SEED=${seed}:\n${[...left].map(([why, n]) => `  ${n} ${why}\n`).join("")}`);
  expect(left.size).toBe(5);
});
