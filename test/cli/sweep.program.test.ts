/**
 * Goal    `sweep` finds which key matters, writes every point once whatever happens, and says what is wrong with its axes.
 * Method  The built command line on an experiment of three seconds.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { SweepSummary } from "../../src/results/sweep-format.ts";
import { EXPERIMENT, folderOf } from "./experiments.ts";
import { runCli } from "./run-cli.ts";

const path = folderOf({
  "small.yaml": EXPERIMENT,
  "with-axes.yaml": `${EXPERIMENT}
sweep: { axes: { server.listeners.80.backlog: [8, 64], client.sysctls.net.ipv4.tcp_fin_timeout: [5, 60] } }
`,
});
const AXES = ["-P", "server.listeners.80.backlog=8,64", "-P", "workloads.flood.rate_per_s=10..1000:log3"];
const sweep = (...args: string[]) => runCli(["sweep", path("small.yaml"), ...AXES, "--tuning", "as_is", ...args]);

describe("the table", () => {
  test("says what moved what, what is dead, and shows a map", async () => {
    const { code, stdout, stderr } = await runCli(["sweep", path("with-axes.yaml"), "--tuning", "as_is"]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^small: 4 points, 8 runs of 3 s on \d threads?; at most [\d.]+ MiB of memory, very roughly \d+ s\n$/,
      ),
    });
    expect(stdout).toMatch(/^small: 4 points \(grid\), 2 seeds, 3 s each\n/);
    expect(stdout).toMatch(
      /^legit\.served_ratio\n {2}server\.listeners\.80\.backlog +8: [\d.]+ % +64: [\d.]+ % +\+[\d.]+ pp +±[\d.]+ pp +100 %/m,
    );
    expect(stdout).toContain(
      "client.sysctls.net.ipv4.tcp_fin_timeout is dead here: with any of its values every number above is the same, at every point.\n",
    );
    expect(stdout).toMatch(
      /^legit\.served_ratio: down server\.listeners\.80\.backlog, across client\.sysctls\S+\n +5 +60\n8 +/m,
    );
    expect(stdout).not.toContain("\u001b");
  });

  test("is the same with any number of threads, and --json has it all", async () => {
    const [one, two] = await Promise.all([sweep("--json", "--workers", "1"), sweep("--json", "--workers", "2")]);
    expect(one.stdout).toBe(two.stdout);
    const summary = JSON.parse(one.stdout) as SweepSummary;
    expect(summary).toMatchObject({ points: 6, seeds: [1, 2], sample: "grid", engine: "auto" });
    expect(summary.axes.map(({ path: axis }) => axis)).toEqual([
      "server.listeners.80.backlog",
      "workloads.flood.rate_per_s",
    ]);
    expect(summary.effects).toHaveLength(2 * summary.metrics.length);
  });

  test("tells tunings apart as an axis, and looks at the metrics that are asked for", async () => {
    const args = [
      ...AXES,
      "--metric",
      "legit.gave_up",
      "--metric",
      "server.TcpExtListenDrops",
      "--json",
      "--seeds",
      "1",
    ];
    const { stdout } = await runCli(["sweep", path("small.yaml"), ...args]);
    const { axes, metrics, effects, seeds } = JSON.parse(stdout) as SweepSummary;
    expect(axes[0]).toMatchObject({
      path: "tuning",
      levels: [{ label: "as_is" }, { label: "cookies" }, { label: "queue" }],
    });
    expect({ metrics, seeds }).toEqual({ metrics: ["legit.gave_up", "server.TcpExtListenDrops"], seeds: [1] });
    expect(
      effects.find(({ axis, metric }) => axis === "tuning" && metric === "legit.gave_up")?.levels[1]?.difference,
    ).toBeLessThan(0);
  });

  test("of a Latin hypercube has the stretches of its ranges", async () => {
    const args = [
      "-P",
      "server.listeners.80.backlog=8..64",
      "-P",
      "workloads.flood.rate_per_s=10..1000:log",
      "--sample",
      "lhs:20",
    ];
    const { code, stdout } = await runCli([
      "sweep",
      path("small.yaml"),
      "--tuning",
      "as_is",
      ...args,
      "--json",
      "--seeds",
      "1",
    ]);
    expect(code).toBe(0);
    const { axes, points, sample } = JSON.parse(stdout) as SweepSummary;
    expect({ points, sample }).toEqual({ points: 20, sample: "lhs:20" });
    expect(axes.map(({ levels }) => levels.length)).toEqual([5, 5]);
    expect(axes[0]?.levels.map(({ label }) => label)).toEqual(["8..19", "19..30", "30..42", "42..53", "53..64"]);
  });

  test("goes into a page", async () => {
    await sweep("--html", path("page.html"));
    const page = readFileSync(path("page.html"), "utf8");
    expect(page).toContain("<h2>What moved what</h2>");
    expect(page).not.toContain("<script");
  });
});

describe.each(["points.jsonl", "points.csv"])("--out %s", (name) => {
  const file = path(name);

  test("has every point once, in order, and goes on where it was cut: the same bytes", async () => {
    expect((await sweep("--out", file)).code).toBe(0);
    const whole = readFileSync(file, "utf8");
    const lines = whole.split("\n").length - 1;
    expect(lines).toBe(name.endsWith("csv") ? 1 + 6 * 2 : 1 + 6);
    for (const bytes of [whole.length - 1, Math.floor(whole.length / 2), 20, 0]) {
      writeFileSync(file, whole.slice(0, bytes));
      const { code, stdout } = await sweep("--out", file, "--resume");
      expect(code).toBe(0);
      expect(readFileSync(file, "utf8")).toBe(whole);
      expect(stdout).toMatch(/^small: 6 points/);
    }
    const { stderr } = await sweep("--out", file, "--resume");
    expect(stderr).toContain("; 6 points are there already\n");
    expect(readFileSync(file, "utf8")).toBe(whole);
  });

  test("is not touched where it is something else", async () => {
    const before = readFileSync(file, "utf8");
    expect(await sweep("--out", file)).toMatchObject({
      code: 104,
      stderr: expect.stringContaining("is there already; --resume goes on with it"),
    });
    const others = [
      ["--seeds", "1"],
      ["--engine", "packet"],
      ["--metric", "legit.gave_up"],
    ];
    for (const other of others) {
      const { code, stderr } = await sweep("--out", file, "--resume", ...other);
      expect({ code, stderr }).toEqual({
        code: 104,
        stderr: expect.stringMatching(/was written by another sweep|is not what this sweep wrote/),
      });
    }
    writeFileSync(
      file,
      before.replace(/"point":3|,3,as_is/, (text) => text.replace("3", "4")),
    );
    expect(await sweep("--out", file, "--resume")).toMatchObject({
      code: 104,
      stderr: expect.stringContaining("point 3 is another one, or damaged"),
    });
    expect(readFileSync(file, "utf8")).not.toBe(before);
    rmSync(file);
  });
});

test("--out - is the file on standard output", async () => {
  await sweep("--out", path("same.jsonl"));
  const { stdout } = await sweep("--out", "-");
  expect(stdout).toBe(readFileSync(path("same.jsonl"), "utf8"));
});

describe("what is wrong", () => {
  test.each([
    [["-P", "server.listeners.80.backlog=x"], 104, /^-P:1:29 server\.listeners\.80\.backlog: found "x"/, "a value"],
    [
      ["-P", "server.listeners.81.backlog=1"],
      104,
      /^-P:1:29 server\.listeners\.81\.backlog: found no listener on port "81"/,
      "a key path",
    ],
    [["-P", "nothing"], 104, /allowed is KEY\.PATH=VALUES/, "no values"],
    [["--sample", "lhs"], 104, /^--sample:1:1 found "lhs", allowed is grid/, "a way to choose"],
    [[], 2, /has no axes: give -P KEY\.PATH=VALUES/, "no axis at all"],
    [
      [...AXES, "--metric", "legit.serve_ratio"],
      2,
      /--metric legit\.serve_ratio: .*\n {2}hint: did you mean legit\.served_ratio\?/,
      "a metric",
    ],
    [[...AXES, "--tuning", "none"], 2, /allowed is one of as_is, cookies, queue/, "a tuning"],
    [[...AXES, "--resume"], 2, /--resume needs --out/, "nothing to go on with"],
    [[...AXES, "--json", "--out", "-"], 2, /only one of/, "two things on one stream"],
    [[...AXES, "--out", "/nowhere/x.jsonl"], 104, /cannot be written: no such file/, "a folder that is not there"],
    [
      [
        "-P",
        "workloads.legit.count=10,16777217",
        "-P",
        "workloads.legit.source_addresses=60000",
        "-P",
        "workloads.legit.rate_per_s=null",
        "-P",
        "workloads.legit.duration_s=null",
        "-P",
        "workloads.legit.arrival=even",
      ],
      104,
      /point 1: more than 16 million attempts would be in flight at once/,
      "a point that no run can hold",
    ],
  ] as const)("%j: %i, %s: %s", async (args, code, stderr, _why) => {
    const result = await runCli(["sweep", path("small.yaml"), ...args]);
    expect(result).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(stderr) });
  });

  test("leaves no file behind", () => {
    expect(existsSync("/nowhere/x.jsonl")).toBe(false);
  });
});
