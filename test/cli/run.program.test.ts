/**
 * Goal    What `run` prints and writes, for each flag, and how it ends.
 * Method  The built program on small experiments in a temporary folder.
 */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { shippedNames } from "../../src/cli/shipped.ts";
import { EXPERIMENT, folderOf, SCENARIO } from "./experiments.ts";
import { runCli, STARTED_MS } from "./run-cli.ts";

const path = folderOf({
  "small.yaml": EXPERIMENT,
  "passes.yaml": `${EXPERIMENT}\nthresholds: [legit.users > 1]`,
  "fails.yaml": `${EXPERIMENT}\nthresholds: [legit.users > 1, legit.served_ratio > 0.999]`,
  "long.yaml": EXPERIMENT.replaceAll(/duration_s: [23]/g, "duration_s: 30000"),
  "someone.yaml": `${EXPERIMENT}  no_one: { workloads: null }\n`,
  "no-one.yaml": EXPERIMENT.replace(/^ +- \{ name: legit.*\n/m, ""),
  "nameless.yaml": SCENARIO.replaceAll("\n  ", "\n"),
  "broken/experiment.yaml":
    "scenario: scenario.yaml\nprofiles: [profile.yaml]\nseedz: 2\ntunings: { a: { server.hz: 5 } }\n",
  "broken/scenario.yaml": "duration_s: 0\nserver: { kernel: 6.18 }\n",
  "broken/profile.yaml": "tunings: { b: { server.sysctls.net.core.somaxcon: 1 } }\n",
});
const small = path("small.yaml");
const run = (...args: readonly string[]) => runCli(["run", ...args]);

describe("the table", () => {
  const result = run(small);
  test("stands on stdout with a column per tuning and the verdicts; nothing is said beside it where no one looks", async () => {
    const { code, stdout, stderr } = await result;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^small: 3 tunings, 2 seeds, 3 s each\n\nMost clients are served with /);
    expect(stdout).toMatch(/^ +as_is +cookies +queue$/m);
    expect(stdout).toMatch(/^as_is\n {2}- \d+ of \d+ clients were served/m);
    expect(stdout).toContain(
      "The smallest change tried that serves nearly all: server.sysctls.net.ipv4.tcp_syncookies = 1",
    );
    expect(stdout).toContain("It looks like a SYN flood");
  });
  test("has no escape codes, and neither has progress", async () => {
    const { stdout, stderr } = await result;
    expect(stdout + stderr).not.toContain("\u001b");
  });
  test("as Markdown has as many cells in each row", async () => {
    const { stdout } = await run(small, "--markdown", "--no-advice");
    const rows = stdout.split("\n").filter((line) => line.startsWith("|"));
    expect(rows.length).toBeGreaterThan(10);
    expect(rows[1]).toBe("| --- | ---: | ---: | ---: |");
    for (const row of rows) expect(row.match(/(?<!\\)\|/g), row).toHaveLength(5);
    expect(stdout).toContain("\n**as_is**\n\n- ");
  });
  test("without advice says nothing of what was not simulated", async () => {
    const { stdout } = await run(small, "--no-advice");
    expect(stdout).not.toMatch(/[Tt]ried|changes nothing/);
  });
  test("of a scenario without a name has that of its file", async () => {
    const { stdout } = await run(path("nameless.yaml"), "--no-advice", "--seeds", "1");
    expect(stdout).toMatch(/^nameless: 1 tuning, 1 seed, 3 s each\n/);
  });
  test("says who lets most in of those tunings only that have clients", async () => {
    const { stdout } = await run(path("someone.yaml"), "--no-advice");
    expect(stdout).toMatch(/^Most clients are served with (?!.*no_one).*$/m);
  });
  test("says nothing of who gets in where nobody comes", async () => {
    const { code, stdout } = await run(path("no-one.yaml"), "--no-advice");
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/clients in:|clients get in/);
  });
  test("of standard input", async () => {
    const { code, stdout } = await runCli(["run", "-", "--no-advice", "--tuning", "cookies"], { stdin: EXPERIMENT });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^small: 1 tuning,/);
    expect(stdout).toMatch(/^ +cookies$/m);
  });
});

describe("files", () => {
  test("--json is byte for byte the same for any number of threads, and - takes the table's place", async () => {
    const [one, two] = await Promise.all(["1", "2"].map((workers) => run(small, "--json", "-", "--workers", workers)));
    expect(one?.stdout).toBe(two?.stdout);
    expect(JSON.parse(one?.stdout ?? "")).toMatchObject({ format: "halfopen-summary-1", seeds: [1, 2] });
  });
  test("--json, --csv and --html beside the table", async () => {
    const [json, csv, html] = [path("o.json"), path("o.csv"), path("o.html")] as const;
    const { code, stdout } = await run(small, "--no-advice", "--json", json, "--csv", csv, "--html", html);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^small: /);
    expect(JSON.parse(readFileSync(json, "utf8")).tunings).toHaveLength(3);
    expect(readFileSync(csv, "utf8").split("\n").length).toBeGreaterThan(100);
    expect(readFileSync(html, "utf8")).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/i);
  });
  test("one that cannot be written loses neither the others nor the table", async () => {
    const json = path("there.json");
    const { code, stdout, stderr } = await run(small, "--no-advice", "--csv", path("no/o.csv"), "--json", json);
    expect(code).toBe(2);
    expect(stderr).toBe(`${path("no/o.csv")}: cannot be written: no such folder\n`);
    expect(stdout).toMatch(/^small: /);
    expect(existsSync(json)).toBe(true);
  });
});

describe("a moment", () => {
  const at = (time: string, tool: string) => run(small, "--tuning", "as_is", "--at", time, "--as", tool);
  test("ss, nstat and netstat show the same run, and --states the same sockets", async () => {
    const [ss, nstat, netstat, states] = await Promise.all([
      ...["ss", "nstat", "netstat"].map((tool) => at("2s", tool)),
      run(small, "--tuning", "as_is", "--states"),
    ]);
    const counter = (name: string): number =>
      Number(new RegExp(`^${name} +(\\d+)`, "m").exec(nstat?.stdout ?? "")?.[1]);
    const sentence = (words: string): number =>
      Number(new RegExp(`(\\d+) ${words}`).exec(netstat?.stdout ?? "")?.[1] ?? 0);
    expect(counter("TcpExtListenDrops")).toBeGreaterThan(0);
    expect(sentence("SYNs to LISTEN sockets dropped")).toBe(counter("TcpExtListenDrops"));
    expect(sentence("passive connection openings")).toBe(counter("TcpPassiveOpens"));
    expect(sentence("segments received")).toBe(counter("TcpInSegs"));
    const halfOpen = Number(/^ *(\d+) +SYN-RECV/m.exec(ss?.stdout ?? "")?.[1]);
    expect(halfOpen).toBe(9);
    expect(ss?.stdout).toMatch(/^LISTEN +\d+ +8 +0\.0\.0\.0:80/m);
    expect(counter("TcpCurrEstab")).toBe(Number(/^ *(\d+) +ESTAB/m.exec(ss?.stdout ?? "")?.[1] ?? 0));
    expect(states?.stdout).toMatch(/^as_is: sockets of the server by state, first seed\n *at s .*SYN-RECV/);
    const server =
      states?.stdout
        .split("\n\n")[0]
        ?.split("\n")
        .map((line) => line.trim().split(/ {2,}/)) ?? [];
    const column = server[1]?.indexOf("SYN-RECV") ?? -1;
    // Samples stand in the middle of their half second: the one before 2 s.
    expect(server.find(([s]) => s === "1.75")?.[column]).toBe("9");
    for (const one of [ss, nstat, netstat])
      expect(one?.stdout).toMatch(/^# as_is: the server at 1.75 s, the last sample before 2 s, first seed, as /);
  });
  test("netstat has counters of TCP only under Tcp", async () => {
    const { stdout } = await at("2s", "netstat");
    expect(stdout).not.toContain("IpOutNoRoutes");
  });
  test("before the first sample it says that it is the first", async () => {
    const { stdout } = await at("100ms", "ss");
    expect(stdout).toMatch(/^# as_is: the server at 0.25 s, the first sample, first seed, as /);
  });
  test("at the very end it is the last sample", async () => {
    const { stdout } = await at("3", "ss");
    expect(stdout).toMatch(/^# as_is: the server at 2.75 s, the last sample before 3 s, first seed, as /);
  });
});

describe("--emit", () => {
  const emitted = run(small, "--emit", "queue");
  test("of a profile that the command names, too", async () => {
    const profiles = ["config/profiles/defaults.yaml", "config/profiles/pod.yaml"].flatMap((file) => [
      "--profile",
      file,
    ]);
    const { code, stdout } = await run(small, ...profiles, "--emit", "in_a_pod");
    expect({ code, backlog: stdout.includes("65535") }).toEqual({ code: 0, backlog: true });
  });
  test("writes what scenario and tuning set, each line with its reason, and nothing else", async () => {
    const { code, stdout } = await emitted;
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^# .* Set by the scenario for every tuning; default of 6.18: 1\.\nnet\.ipv4\.tcp_syncookies = 0$/m,
    );
    expect(stdout).toContain("nginx   listen 80 backlog=100;");
    expect(stdout).toMatch(/^# .* Set by the tuning; default of 6.18: 6\.\n# {3}net\.ipv4\.tcp_syn_retries = 3$/m);
    expect(stdout).not.toContain("somaxconn =");
  });
  test("is a file for sysctl.d as it is: all that is no comment is a setting of the server", async () => {
    const { stdout } = await emitted;
    const settings = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(settings).toEqual(["net.ipv4.tcp_syncookies = 0"]);
  });
});

describe("what is asked for wrongly ends with 2, and says what is allowed", () => {
  const rows = [
    [["--emit", "nope"], /^found tuning "nope", allowed is one of as_is, cookies, queue\n$/, "no such tuning to emit"],
    [["--tuning", "nope"], /^found tuning "nope", allowed is one of/, "no such tuning to run"],
    [["--at", "4s"], /--at 4 s: the run ends at 3 s/, "a moment after the end"],
    [["--at", "soon"], /A time such as 12s or 500ms is needed/, "no time"],
    [["--as", "nstat"], /--as needs --at/, "a tool without a moment"],
    [
      ["--at", "1", "--states"],
      /'--at <time>' cannot be used with option '--states'/,
      "two things in place of the table",
    ],
    [["--emit", "queue", "--json", "-"], /'--emit <tuning>' cannot be used with option '--json/, "nothing to write"],
    [["--json", "-", "--csv", "-"], /only one of --json, --csv and --html/, "two texts in one stream"],
  ] as const;
  for (const [args, stderr, why] of rows) {
    test(`${args.join(" ")}: ${why}`, async () => {
      const result = await run(small, ...args);
      expect(result).toMatchObject({ code: 2, stdout: "" });
      expect(result.stderr).toMatch(stderr);
    });
  }
});

describe("thresholds", () => {
  test("that all hold end with 0", async () => {
    const { code, stdout, stderr } = await run(path("passes.yaml"), "--no-advice");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/legit.users > 1 +holds +holds +holds/);
  });
  test("one that fails ends with 99, and table and stderr say which and where", async () => {
    const { code, stdout, stderr } = await run(path("fails.yaml"), "--no-advice");
    expect(code).toBe(99);
    expect(stdout).toMatch(/legit.users > 1 +holds +holds +holds/);
    expect(stdout).toMatch(/legit.served_ratio > 0.999 +FAILS +holds +FAILS/);
    expect(stderr).toMatch(
      /^threshold failed with as_is: legit.served_ratio > 0.999, found 0\.\d+\nthreshold failed with queue: /,
    );
  });
});

test("all faults of an experiment, its scenario and its profile are listed with their files, and end with 104", async () => {
  const { code, stdout, stderr } = await run(path("broken/experiment.yaml"));
  expect({ code, stdout }).toEqual({ code: 104, stdout: "" });
  expect(stderr).toContain(`${path("broken/experiment.yaml")}:3:1 seedz: `);
  expect(stderr).toMatch(/experiment.yaml:4:\d+ tunings.a.server.hz: /);
  expect(stderr).toContain(`${path("broken/scenario.yaml")}:1:13 duration_s: `);
  expect(stderr).toMatch(/profile.yaml:1:\d+ tunings.b.*somaxcon/);
});

test("a run that is interrupted ends with 105, quietly", async () => {
  const result = await runCli(["run", path("long.yaml"), "--engine", "packet"], {
    started: (child) => void setTimeout(() => child.kill("SIGINT"), STARTED_MS),
  });
  expect(result).toEqual({ code: 105, stdout: "", stderr: "" });
});

describe("a shipped experiment", () => {
  test("runs by its name", async () => {
    const { code, stdout } = await run("flood-vs-tunings", "--emit", "cookies_off");
    expect(code).toBe(0);
    expect(stdout).toContain('"flood-vs-tunings"');
  });
  test("is listed by the help", async () => {
    const { stdout } = await run("--help");
    for (const name of shippedNames()) expect(stdout).toContain(`  ${name}\n`);
  });
  test("of another name ends with 104, and says which there are", async () => {
    const { code, stderr } = await run("flood-vs-tuning");
    expect(code).toBe(104);
    expect(stderr).toMatch(
      /^flood-vs-tuning: no such file\n {2}hint: did you mean flood-vs-tunings\? shipped experiments are behind-nat, /,
    );
  });
  test("is checked by its name too", async () => {
    const { code, stdout } = await runCli(["check", "flood-vs-tunings"]);
    expect(code).toBe(0);
    expect(stdout).toContain("# cookies_off");
  });
});
