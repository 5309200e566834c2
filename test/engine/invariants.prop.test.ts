/**
 * Goal    In any run, at any time: no socket lost, no timer leaked or missing, queues within their bounds, sequence numbers that agree, every
 *         segment accounted for. When traffic is over, what is left is what a kernel keeps for ever.
 * Method  Random scenarios (random-scenarios.ts), looked at between slices (invariants.ts). The seed is printed when one fails; `SEED=n` runs those again.
 */
import { expect, test } from "vitest";
import { checkDrains, checkRuns } from "./invariant-runs.ts";

const seed = Number(process.env.SEED ?? 20_261_125);

test("what holds between events holds in 150 random runs, cut anywhere", () => {
  checkRuns(150, seed);
});

test("after 150 random runs, long after the last packet, only what the kernel keeps is left", () => {
  expect([...checkDrains(150, seed).keys()].length).toBeGreaterThan(2);
});
