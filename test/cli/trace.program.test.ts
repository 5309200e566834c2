/**
 * Goal    `halfopen trace` finds the connection that is asked for, shows it and writes its packets; mistakes are sentences.
 * Method  One row is one call of the built program on a scenario from standard input.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCli } from "./run-cli.ts";

const SCENARIO = JSON.stringify({
  duration_s: 5,
  server: { listeners: [{ port: 80, backlog: 1, accept: { mode: "never" } }] },
  workloads: [
    { name: "first", kind: "connections", arrival: "even", count: 2, rate_per_s: 10 },
    { name: "late", kind: "connections", arrival: "even", count: 3, rate_per_s: 10, start_s: 1, connect_timeout_s: 2 },
  ],
});

const folder = mkdtempSync(join(tmpdir(), "halfopen-trace-"));
afterAll(() => rmSync(folder, { recursive: true }));

const trace = (...args: string[]): ReturnType<typeof runCli> => runCli(["trace", "-", ...args], { stdin: SCENARIO });

const calls: readonly (readonly [readonly string[], number, RegExp, RegExp, string])[] = [
  [[], 0, /^attempt 1 of workload first, 10\.10\.0\.2:\d+ to 10\.10\.0\.1:80/, /^$/, "the first attempt"],
  [["--connection", "2"], 0, /^attempt 2 of workload first/, /^$/, "by number"],
  [["--workload", "late"], 0, /^attempt 3 of workload late/, /^$/, "by workload"],
  [["--outcome", "app_timeout"], 0, /charged to: accept queue, at the SYN\./, /^$/, "by outcome"],
  [["--slowest", "2"], 0, /^attempt (.|\n)*\nattempt /, /^$/, "several"],
  [["--from", "4s"], 0, /\n {9}\.\.\. {2}\d+ lines before\n {3}\+4\.9999\d\d /, /^$/, "the end of a ladder"],
  [["--from", "later"], 2, /^$/, /A time such as 12s or 500ms is needed/, "no time"],
  [["--connection", "6"], 2, /^$/, /^no attempt of the run is such a one\n$/, "there are five"],
  [
    ["--workload", "flood"],
    2,
    /^$/,
    /^error: found workload "flood", allowed is one of first, late\n/,
    "no such workload",
  ],
  [["--tuning", "x"], 2, /^$/, /^error: found tuning "x", allowed is one of as_is\n/, "no such tuning"],
  [["--outcome", "lost"], 2, /^$/, /Allowed choices are completed, refused/, "no such outcome"],
  [["--all"], 2, /^$/, /^error: --all needs --pcapng\n/, "all ladders would be too many"],
  [["--pcapng", "absent/x"], 2, /^attempt 1 /, /^absent\/x: cannot be written: no such folder\n$/, "no such folder"],
];

for (const [args, code, stdout, stderr, why] of calls) {
  test(`halfopen trace - ${args.join(" ")} ends with ${code}: ${why}`, async () => {
    const result = await trace(...args);
    expect(result.stdout).toMatch(stdout);
    expect(result.stderr).toMatch(stderr);
    expect(result.code).toBe(code);
  });
}

test("as JSON it is the same attempt with all its events", async () => {
  const { stdout } = await trace("--connection", "2", "--json", "--seed", "7");
  const { seed, attempts } = JSON.parse(stdout);
  expect(seed).toBe(7);
  expect(attempts).toMatchObject([{ number: 2, workload: "first", outcome: "completed" }]);
  expect(attempts[0].events[0]).toMatchObject({ kind: "state", side: "client", state: "syn_sent" });
});

test("packets of one attempt, and of all, are written as pcapng", async () => {
  const file = (name: string): string => join(folder, name);
  await trace("--pcapng", file("one"));
  await trace("--pcapng", file("all"), "--all");
  const [one, all] = [readFileSync(file("one")), readFileSync(file("all"))];
  expect(one.readUInt32LE(0)).toBe(0x0a0d0d0a);
  expect(one.includes("attempt 1 of workload first")).toBe(true);
  expect(one.includes("attempt 2 ")).toBe(false);
  expect(all.includes("attempt 5 of workload late")).toBe(true);
  const { stdout } = await trace("--pcapng", "-");
  expect(stdout).toContain("attempt 1 of workload first");
  expect(stdout).not.toContain("SYN_SENT");
});
