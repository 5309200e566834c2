/**
 * Goal    `compare --kernel` answers what an upgrade changes: in what was simulated, in rules, in defaults; and refuses what it cannot compare.
 * Method  Whole runs of the built command line over a small experiment.
 */
import { describe, expect, test } from "vitest";
import { runCli } from "./run-cli.ts";

const EXPERIMENT = `
name: upgrade
seeds: 3
scenario:
  duration_s: 6
  server:
    sysctls: { net.ipv4.tcp_syncookies: 0 }
    listeners: [{ port: 80, backlog: 511, accept: { mode: never } }]
  workloads:
    - { name: clients, kind: connections, count: 400, rate_per_s: 200 }
tunings:
  default: {}
  set: { server.sysctls.net.core.somaxconn: 512 }
`;

const compare = (args: readonly string[], stdin = EXPERIMENT) => runCli(["compare", "-", ...args], { stdin });

test("a larger somaxconn of the newer kernel lets clients in, unless it was set anyway", async () => {
  const { code, stdout, stderr } = await compare(["--kernel", "4.19,6.18"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^server 4\.19 → 6\.18\ntuning +metric +4\.19 +6\.18 +difference/);
  expect(stdout).toMatch(/^default +clients\.established_ratio +.*\+/m);
  expect(stdout).not.toMatch(/^set +clients\.established_ratio/m);
  expect(stdout).toContain("\n  net.core.somaxconn 128 → 4096 (2.1): set by set, where the default does not matter\n");
  expect(stdout).toContain("q >= b → q > b (2.3)\n");
  expect(stdout).toContain("TcpExtTW counts a TIME_WAIT at its: expiry → entry (7.7)\n");
});

test("JSON has a comparison for each further kernel, with intervals over the seeds", async () => {
  const { code, stdout } = await compare(["--kernel", "4.4,5.15,6.18", "--json", "--seeds", "2"]);
  expect(code).toBe(0);
  const { kernels, seeds, comparisons } = JSON.parse(stdout);
  expect([kernels, seeds]).toEqual([
    ["4.4", "5.15", "6.18"],
    [1, 2],
  ]);
  expect(comparisons.map(({ from, to }: { from: string; to: string }) => [from, to])).toEqual([
    ["4.4", "5.15"],
    ["4.4", "6.18"],
  ]);
  const tunings = comparisons[0].differences.map(({ tuning }: { tuning: string }) => tuning);
  expect([...new Set(tunings)]).toEqual(["default", "set"]);
});

test("Markdown has headings and lists", async () => {
  const { stdout } = await compare(["--kernel", "6.18.15,6.18", "--markdown", "--seeds", "1"]);
  expect(stdout).toContain("## server 6.18.15 → 6.18\n");
  expect(stdout).toContain("- An RST kills a request if its sequence number is: in window → exact (4.2)\n");
  expect(stdout).toContain("**no default of a server differs**");
});

describe("a sysctl that the older kernel does not have", () => {
  test("is an issue where it stands in the scenario, once for all tunings", async () => {
    const text = EXPERIMENT.replace("tcp_syncookies: 0", "tcp_rto_max_ms: 2000");
    const { code, stderr } = await compare(["--kernel", "5.15,6.18"], text);
    expect(code).toBe(104);
    expect(stderr).toContain(
      "-:7:16 scenario.server.sysctls.net.ipv4.tcp_rto_max_ms: found a sysctl that kernel 5.15 does not have\n",
    );
    expect(stderr.split("does not have").length).toBe(2);
  });

  test("is an issue where a tuning sets it", async () => {
    const text = EXPERIMENT.replace("net.core.somaxconn: 512", "net.ipv4.tcp_rto_max_ms: 2000");
    const { code, stderr } = await compare(["--kernel", "5.15,6.18"], text);
    expect([code, stderr]).toEqual([
      104,
      "-:13:10 tunings.set.server.sysctls.net.ipv4.tcp_rto_max_ms: found a sysctl that kernel 5.15 does not have\n",
    ]);
  });
});

const refused = [
  [["--kernel", "3.10,6.18"], /found kernel "3\.10", modelled are 4\.4, /, "a kernel that is not modelled"],
  [["--kernel", "six,6.18"], /found kernel "six"/, "no version"],
  [["--kernel", "6.18"], /at least two kernels/, "one kernel"],
  [["--kernel", "6.18,6.18.44"], /at least two kernels/, "one kernel by two names"],
  [[], /two summaries, or --kernel and one experiment/, "one file without --kernel"],
  [["b.json", "--kernel", "5.15,6.18"], /two summaries, or --kernel and one experiment/, "two files with --kernel"],
] as const;
for (const [args, complaint, why] of refused) {
  test(`${why} is refused`, async () => {
    const { code, stdout, stderr } = await compare(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(complaint);
  });
}

test("a kernel that is not listed is said to be taken for the nearest older one", async () => {
  const { code, stderr } = await compare(["--kernel", "6.10,6.18", "--seeds", "1"]);
  expect(code).toBe(0);
  expect(stderr).toContain("warning: kernel 6.10 is not listed, 6.8 is taken\n");
});
