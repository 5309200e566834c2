/**
 * Goal    A sweep that is killed in the middle (SIGKILL, nothing can be tidied up) and resumed has written the same bytes as one that was left in peace.
 * Method  Real processes. Killed where it happens to be, as often as it takes until nothing is missing.
 */
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { EXPERIMENT, folderOf } from "../cli/experiments.ts";
import { runCli } from "../cli/run-cli.ts";

const path = folderOf({ "small.yaml": EXPERIMENT });
const args = (file: string): string[] => [
  ...["sweep", path("small.yaml"), "--tuning", "as_is", "--out", file, "--resume", "--seeds", "1"],
  ...["-P", "server.listeners.80.backlog=1..60:60", "-P", "workloads.flood.rate_per_s=10..1000:log5"],
];

/** Runs the sweep, and kills it as soon as the file has grown by some points; whether it was killed. */
async function killedAfter(file: string, bytes: number): Promise<boolean> {
  const start = existsSync(file) ? statSync(file).size : 0;
  let isKilled = false;
  const { code } = await runCli(args(file), {
    started: (child) => {
      const timer = setInterval(() => {
        if (!existsSync(file) || statSync(file).size < start + bytes) return;
        isKilled = true;
        child.kill("SIGKILL");
        clearInterval(timer);
      }, 5);
      child.on("exit", () => clearInterval(timer));
    },
  });
  return isKilled && code === null;
}

describe.each(["points.jsonl", "points.csv"])("%s", (name) => {
  test("killed and resumed is the same as left in peace", async () => {
    const [peace, killed] = [path(`peace-${name}`), path(`killed-${name}`)];
    expect((await runCli(args(peace))).code).toBe(0);
    const whole = statSync(peace).size;
    let kills = 0;
    while (kills < 3 && (await killedAfter(killed, Math.ceil(whole / 6)))) kills += 1;
    expect(kills).toBe(3);
    const before = statSync(killed).size;
    expect(before).toBeLessThan(whole);
    const last = await runCli(args(killed));
    expect(last).toMatchObject({ code: 0, stderr: expect.stringMatching(/; \d+ points are there already\n$/) });
    expect(readFileSync(killed, "utf8") === readFileSync(peace, "utf8")).toBe(true);
    for (const file of [peace, killed]) rmSync(file);
  });

  test("ended by SIGINT it says how to go on", async () => {
    const file = path(`interrupted-${name}`);
    const { code, stderr } = await runCli(args(file), {
      started: (child) => {
        const timer = setInterval(() => {
          if (!existsSync(file) || statSync(file).size < 2000) return;
          clearInterval(timer);
          child.kill("SIGINT");
        }, 5);
        child.on("exit", () => clearInterval(timer));
      },
    });
    expect(code).toBe(105);
    expect(stderr).toContain("--resume goes on with it");
  });
});
