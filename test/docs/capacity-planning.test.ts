/**
 * Goal    The planner's answers in docs/capacity-planning.md are near what arithmetic says.
 * Method  Answers are read from the page, which shows what is printed today (console.shipped.test.ts).
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { commandsOf } from "./console-blocks.ts";

const page = readFileSync("docs/capacity-planning.md", "utf8");

/** The answer of a tuning below the first command that contains `part`: of its own paragraph, or of the table of answers. */
function answer(part: string, tuning: string): number {
  const block = commandsOf(page).find(([command]) => command.includes(part))?.[1] ?? "";
  const text = new RegExp(`^${tuning}:? +([\\d. ]+?) \\(`, "m").exec(block)?.[1] ?? "";
  return Number(text.replaceAll(" ", ""));
}

/** Of an address with the kernel's default range, 32768 to 60999. */
const PORTS = 28_232;
/** TIME_WAIT, and how late a timer of the kernel's wheel can be there: the next 512 ticks of 4 ms. */
const TIME_WAIT_S = 60;
const LATEST_S = TIME_WAIT_S + 512 * 0.004;

const sums = [
  // command, tuning, least, most, why
  ["capacity-connections", "one_by_one", 0.95 * (1 / 0.002), 1.02 * (1 / 0.002), "2 ms each"],
  ["capacity-connections", "workers_32", 0.95 * (32 / 0.04), 1.05 * (32 / 0.04), "32 at a time, 40 ms each"],
  [
    ...["capacity-connections", "workers_32_keep_alive"],
    ...[0.9 * (32 / (10 * 0.06)), 1.1 * (32 / (10 * 0.06 - 0.02))],
    "32 at a time, ten times 40 ms and nearly as many round trips of 20 ms",
  ],
  ["capacity-gc-pause", "backlog_511", 0.5 * 2000, 0.5 * 2000 + 3.1 * Math.sqrt(1000), "0.5 s x 2000/s, and chance"],
  ["source_addresses", "one_address", 4, 4, "1500/s x 60 s is more than three times 28 232 ports, and less than four"],
  [
    "proxy.rate_per_s",
    "one_address",
    0.99 * (PORTS / LATEST_S),
    1.01 * (PORTS / TIME_WAIT_S),
    "28 232 ports / 60 to 62 s",
  ],
  ["capacity-flood", "no_cookies", 512 / 7, 512 / 3, "512 places, each for 3 to 7 s while more than half are taken"],
  ["capacity-flood", "both_backlogs", 4097 / 7, 4097 / 3, "4097 places"],
  [
    "capacity-flood",
    "backlog_4096",
    1537 / 63,
    1.15 * (1537 / 63),
    "three quarters of 2048, each for 63 s, and 1 % may fail",
  ],
] as const;
describe("arithmetic agrees", () => {
  test.each(sums.map((sum) => [sum[0], sum[1], sum[4], sum[2], sum[3]] as const))(
    "%s, %s: %s",
    (part, tuning, _, least, most) => {
      const value = answer(part, tuning);
      expect(value).toBeGreaterThanOrEqual(least);
      expect(value).toBeLessThanOrEqual(most);
    },
  );
});
