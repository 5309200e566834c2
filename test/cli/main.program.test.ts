/**
 * Goal    Every way to end has its exit code and its stream; no user ever sees a stack trace.
 * Method  One row is one call of the built program.
 */
import { describe, expect, test } from "vitest";
import { runCli, STARTED_MS } from "./run-cli.ts";

const GOOD = "test/recordings/01-baseline.scenario.json";

const calls = [
  // arguments, code, stdout, stderr, why
  [["--help"], 0, /Commands:\n {2}check/, /^$/, "help was asked for"],
  [["--version"], 0, /^\d+\.\d+\.\d+\n$/, /^$/, "the version was asked for"],
  [["check", "--help"], 0, /Usage: halfopen check/, /^$/, "a command has help of its own"],
  [["check", GOOD], 0, /accept queue/, /^$/, "a good file"],
  [["check", GOOD, "--json"], 0, /"ok": true/, /^$/, "a good file, for programs"],
  [[], 2, /^$/, /Usage: halfopen/, "nothing to do"],
  [["chekc"], 2, /^$/, /Did you mean check/, "no such command"],
  [["check"], 2, /^$/, /missing required argument 'file'/, "an argument is missing"],
  [["check", GOOD, "--jsno"], 2, /^$/, /unknown option '--jsno'/, "no such option"],
  [["check", GOOD, "b"], 2, /^$/, /too many arguments/, "an argument too many"],
  [["check", "absent.yaml"], 104, /^$/, /^absent.yaml: no such file\n$/, "no such file"],
  [["check", "test"], 104, /^$/, /^test: it is a directory\n$/, "no file at all"],
  [["check", process.execPath], 104, /^$/, /: /, "a program is not a scenario"],
  [["check", "test/config/conflict.bad.yaml"], 104, /^$/, /conflict.bad.yaml:9:22 server/, "a broken file"],
  [
    ["check", "test/config/tunings.experiment.bad.yaml"],
    104,
    /^$/,
    /\ntest\/config\/tunings.profile.bad.yaml:3:1 /,
    "a broken profile",
  ],
  [["check", "test/config/conflict.bad.yaml", "--json"], 104, /"ok": false/, /^$/, "a broken file, for programs"],
] as const;

for (const [args, code, stdout, stderr, why] of calls) {
  test(`halfopen ${args.join(" ")} ends with ${code}: ${why}`, async () => {
    const result = await runCli(args);
    expect(result.code).toBe(code);
    expect(result.stdout).toMatch(stdout);
    expect(result.stderr).toMatch(stderr);
    expect(result.stderr).not.toMatch(/^ +at /m);
  });
}

test("standard input is a file too", async () => {
  const result = await runCli(["check", "-"], { stdin: "duration_s: 1\nserver: {hz: 5}" });
  expect(result).toMatchObject({ code: 104, stderr: expect.stringContaining("-:2:14 server.hz: found 5") });
});

test("warnings go to stderr and leave the result usable", async () => {
  const stdin = "{duration_s: 1, server: {sysctls: {net.ipv4.tcp_congestion_control: bbr}}}";
  const result = await runCli(["check", "-"], { stdin });
  expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining("warning: ") });
});

describe("interrupted while it waits", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal} ends it with 105, quietly`, async () => {
      const result = await runCli(["check", "-"], {
        stdin: null,
        started: (child) => void setTimeout(() => child.kill(signal), STARTED_MS),
      });
      expect(result).toEqual({ code: 105, stdout: "", stderr: "" });
    });
  }
});

test("a reader that goes away is no error", async () => {
  const result = await runCli(["check", GOOD, "--json"], { started: (child) => child.stdout?.destroy() });
  expect(result.stderr).toBe("");
  expect(result.code).toBe(0);
});
