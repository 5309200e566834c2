/**
 * Goal    submit, status, cancel, results talk to a daemon, and end as other commands do.
 * Method  The built program against a daemon in this process.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Serving } from "../../src/daemon/serve.ts";
import { daemonWith, LONG, newFolder, SMALL } from "../daemon/running.ts";
import { type CliResult, runCli } from "./run-cli.ts";

const TOKEN = "a-token-of-enough-length";
let serving: Serving;
let tokenFile: string;
beforeAll(async () => {
  serving = await daemonWith({ tokens: { read: [], write: [TOKEN] } });
  tokenFile = join(newFolder(), "token");
  writeFileSync(tokenFile, `${TOKEN}\n`);
});

const cli = (args: readonly string[], stdin = ""): Promise<CliResult> =>
  runCli([...args, "--url", serving.url, "--token-file", tokenFile], { stdin });

describe("a job by the command line", () => {
  test("submitted, waited for, shown, fetched", async () => {
    const submitted = await cli(["submit", "-", "--wait"], SMALL);
    expect(submitted).toMatchObject({ code: 99, stderr: "" });
    const id = submitted.stdout.trim();
    const status = await cli(["status", id]);
    expect(status.stdout).toMatch(
      new RegExp(`^job +experiment +kind +state +runs\n${id} +small +experiment +done +4 of 4\n$`),
    );
    const fetched = await cli(["results", id]);
    const run = await runCli(["run", "-", "--json", "-", "--no-advice"], { stdin: SMALL });
    expect(fetched.stdout).toBe(run.stdout);
    expect((await cli(["results", id, "--format", "csv"])).stdout).toMatch(/^experiment,tuning,metric/);
  });

  test("what is in files that it names goes along, and what is wrong in them is said with their lines", async () => {
    const folder = newFolder();
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    write("rates.csv", "0,40\n1,80\n");
    write("more.yaml", "tunings: { cookies: { server.sysctls.net.ipv4.tcp_syncookies: 1 } }");
    const scenario = `{ duration_s: 2, server: { listeners: [{ port: 80, backlog: 16 }] },
      workloads: [{ name: legit, kind: connections, arrival: trace, trace: rates.csv }] }`;
    const file = write("experiment.yaml", `{ name: files, scenario: ${scenario}, profiles: [more.yaml], seeds: 2 }`);
    const submitted = await cli(["submit", file, "--wait"]);
    expect(submitted).toMatchObject({ code: 0, stderr: "" });
    const run = await runCli(["run", file, "--json", "-", "--no-advice"]);
    expect((await cli(["results", submitted.stdout.trim()])).stdout).toBe(run.stdout);
    write("rates.csv", "0,40\n1,many\n");
    expect(await cli(["submit", file])).toMatchObject({
      code: 104,
      stdout: "",
      stderr: expect.stringContaining(`${join(folder, "rates.csv")}:2:1 found "1,many"`),
    });
  });

  test("that sweeps or plans gives what sweep and plan give, with their words and exit codes", async () => {
    const axes = ["-P", "server.listeners.80.backlog=8,64", "-P", "workloads.flood.rate_per_s=10..1000:log3"];
    const swept = await cli(
      ["submit", "-", "--kind", "sweep", ...axes, "--tuning", "on", "--seeds", "1", "--wait"],
      SMALL,
    );
    expect(swept).toMatchObject({ code: 0, stderr: "" });
    const sweep = await runCli(["sweep", "-", ...axes, "--tuning", "on", "--seeds", "1", "--json"], { stdin: SMALL });
    expect((await cli(["results", swept.stdout.trim()])).stdout).toBe(sweep.stdout);

    const question = ["--find", "min:server.listeners.80.backlog=1..4", "--and", "legit.connect_latency_ms.p99 < 100"];
    const planned = await cli(["submit", "-", "--kind", "plan", ...question, "--wait"], SMALL);
    const plan = await runCli(["plan", "-", ...question, "--json"], { stdin: SMALL });
    expect([planned.code, plan.code]).toEqual([99, 99]);
    expect((await cli(["results", planned.stdout.trim()])).stdout).toBe(plan.stdout);
    expect((await cli(["status", planned.stdout.trim()])).stdout).toMatch(/ small +plan +done +(\d+) of \1\n$/);
  });

  test("that sweeps keeps the axes of a file that names others", async () => {
    const folder = newFolder();
    const scenario = "{ duration_s: 1, server: { listeners: [{ port: 80, backlog: 16 }] } }";
    writeFileSync(join(folder, "scenario.yaml"), scenario);
    const file = join(folder, "axes.yaml");
    writeFileSync(
      file,
      "{ name: axes, scenario: scenario.yaml, sweep: { axes: { server.listeners.80.backlog: [1, 2] } } }",
    );
    const submitted = await cli(["submit", file, "--kind", "sweep", "--wait"]);
    expect(submitted).toMatchObject({ code: 0, stderr: "" });
    const { stdout } = await cli(["results", submitted.stdout.trim()]);
    expect(JSON.parse(stdout)).toMatchObject({ name: "axes", points: 2, keys: ["server.listeners.80.backlog"] });
  });

  test("cancelled", async () => {
    const id = (await cli(["submit", "-"], LONG)).stdout.trim();
    expect(await cli(["cancel", id])).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await cli(["cancel", id]).then(({ code }) => code)).toBe(106);
    expect(await cli(["results", id])).toMatchObject({ code: 106, stderr: "the job is cancelled\n" });
  });
});

const calls = [
  [
    ["submit", "test/config/conflict.bad.yaml"],
    104,
    /^test\/config\/conflict.bad.yaml:9:22 server/,
    "what check would print",
  ],
  [["submit", "absent.yaml"], 104, /^absent.yaml: no such file\n/, "no such file"],
  [["status", "nonsense"], 106, /^this is not the id of a job/, "not the form of an id"],
  [["status", "000000000aaaaaaaaaa"], 106, /^there is no such job\n/, "no such job"],
  [["submit", "-", "--kind", "survey"], 2, /Allowed choices are experiment, sweep, plan/, "no such kind"],
  [
    ["submit", "flood-vs-tunings", "--kind", "sweep"],
    106,
    /^param: the experiment has no axes: give KEY\.PATH=VALUES/,
    "a sweep without axes",
  ],
  [
    ["submit", "flood-vs-tunings", "--kind", "sweep", "-P", "server.backlog=1,2"],
    104,
    /^-P:1:16 server\.backlog: there is no such key here/,
    "an axis that is wrong",
  ],
  [["results", "x", "--format", "xml"], 2, /Allowed choices are json/, "no such format"],
] as const;
test.each(calls)("halfopen %j ends with %i: %s %s", async (args, code, stderr, _why) => {
  expect(await cli(args)).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(stderr) });
});

test("without a token, or without a daemon, it says so", async () => {
  expect(await runCli(["status", "--url", serving.url])).toMatchObject({
    code: 106,
    stderr: "a bearer token is needed\n",
  });
  expect(await runCli(["status", "--url", "http://127.0.0.1:1"])).toMatchObject({
    code: 106,
    stderr: "http://127.0.0.1:1: nobody listens there\n",
  });
  expect(await runCli(["status", "--url", "ftp://x"])).toMatchObject({ code: 2 });
});

describe("halfopen serve does not start", () => {
  const starts = [
    [["--listen", "0.0.0.0:0"], /there are no tokens/],
    [["--config", "absent.yaml"], /^absent.yaml: no such file\n/],
    [["--config", "package.json"], /^package.json:2:3 name: there is no such key here\n/],
  ] as const;
  test.each(starts)("with %j", async (args, stderr) => {
    expect(await runCli(["serve", "--data", newFolder(), ...args])).toMatchObject({
      code: 104,
      stderr: expect.stringMatching(stderr),
    });
  });
});
