/**
 * Goal    `halfopen plan` answers with a value, says why there is none, refuses what makes no sense, and tells what it has when it is interrupted.
 * Method  Whole runs of the built command line over a small experiment; one row is one call.
 */
import { describe, expect, test, vi } from "vitest";
import { EXPERIMENT, SCENARIO } from "./experiments.ts";
import { type CliResult, runCli, STARTED_MS } from "./run-cli.ts";

/** Each finds a value, on machines that do other things too. */
vi.setConfig({ testTimeout: 180_000 });

const plan = (args: readonly string[], stdin = EXPERIMENT): Promise<CliResult> =>
  runCli(["plan", "-", ...args], { stdin });

const BACKLOG = "server.listeners.80.backlog";
const FLOOD = "max:workloads.flood.rate_per_s=1..1000";

describe("a value that is enough", () => {
  const asked = plan(["--find", `min:${BACKLOG}=1..4000`, "--tuning", "as_is"]);
  test("comes with the question, the default threshold, the reason and every point", async () => {
    const { code, stdout, stderr } = await asked;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^small: the smallest server\.listeners\.80\.backlog with which\n {2}legit\.served_ratio >= 0\.99 {3}\(the default: the experiment has no thresholds\)\n\(1 to 4000, whole numbers; 2 seeds, 3 s each\)\n\nas_is: \d+ \(95 %: (\d+|\?) to (\d+|\?)\)\n/,
    );
    expect(stdout).toMatch(/^ {2}- With \d+ it fails: legit\.served_ratio 0\.\d+\. What binds: /m);
    expect(stdout).toMatch(/^ {2}- The tuning has 8 now: \d+\.\d % of what it needs\.$/m);
    expect(stdout).toMatch(/^what it costs +backlog 1 +backlog \d+ +backlog \d+ +backlog 4000$/m);
    expect(stdout).toMatch(/^backlog tried +legit\.served_ratio >= 0\.99 +seeds +all$/m);
    expect(stdout).toMatch(/^8 +0\.\d+ ±0\.\d+ +0 +fails$/m);
  });
  test("is the same with one thread, and as JSON", async () => {
    const { code, stdout } = await plan([
      ...["--find", `min:${BACKLOG}=1..4000`, "--tuning", "as_is", "--json", "--workers", "1"],
    ]);
    expect(code).toBe(0);
    const { goal, key, from, to, thresholds, default_thresholds, tunings } = JSON.parse(stdout);
    expect([goal, key, from, to, thresholds, default_thresholds]).toEqual([
      ...["min", BACKLOG, 1, 4000, ["legit.served_ratio >= 0.99"], 1],
    ]);
    const [{ status, value, points }] = tunings;
    expect(status).toBe("found");
    expect((await asked.then((text) => text.stdout)).includes(`as_is: ${value} (`)).toBe(true);
    expect(points.find((point: { value: number }) => point.value === value).holds).toBe(true);
  });
});

describe("what takes longer than a moment is said beforehand", () => {
  const busy = `
name: busy
seeds: 1
scenario:
  duration_s: 60
  server: { listeners: [{ port: 80, backlog: 128 }] }
  workloads: [{ name: clients, kind: connections, rate_per_s: 700, duration_s: 60 }]
`;
  test("of a search", async () => {
    const { code, stdout, stderr } = await plan(
      ["--find", `min:${BACKLOG}=1..4000`, "--workers", "1", "--and", "clients.served_ratio > 0"],
      busy.replace("700", "1500"),
    );
    expect([code, stderr.replace(/ [\d.]+ [KMG]iB /, " N ")]).toEqual([
      0,
      "busy: about 40 runs of 60 s on 1 thread; at most N of memory, very roughly 10 s\n",
    ]);
    expect(stdout).toMatch(/^busy: the smallest/);
  });
  test("of what a tuning recovers from", async () => {
    const { code, stderr } = await plan(["--recover", "--workers", "1"], busy);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^busy: about 80 runs of 35 s to 65 s on 1 thread; at most .* of memory, very roughly \d+ s\n$/,
    );
  });
});

test("tunings stand below each other, with a table of their answers; a load that no range ends is said to be so", async () => {
  const { code, stdout } = await plan(["--find", FLOOD]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/\ntuning +workloads\.flood\.rate_per_s\nas_is +\d.*\ncookies +1000 or more\nqueue +\d.*\n$/);
});

test("no value is enough: exit code 99, and what was tried besides", async () => {
  const { code, stdout } = await plan([
    ...["--find", `min:${BACKLOG}=1..16`, "--tuning", "as_is", "--and", "legit.connect_latency_ms.p99 < 100"],
  ]);
  expect(code).toBe(99);
  expect(stdout).toContain("\nas_is: no value is enough\n  - No value of server.listeners.80.backlog is enough");
  expect(stdout.replace(/\s+/g, " ")).toMatch(/With \d+ and server\.sysctls\.net\.ipv4\.tcp_syncookies = 1: enough/);
});

test("the experiment's own thresholds are taken, with no default beside them", async () => {
  const text = `${EXPERIMENT}thresholds: [legit.served_ratio > 0.5]\n`;
  const { stdout } = await plan(["--find", `min:${BACKLOG}=1..4000`, "--tuning", "as_is"], text);
  expect(stdout).toContain(" with which\n  legit.served_ratio > 0.5\n(");
});

test("a default is not added to what --and says of the same clients", async () => {
  const { stdout } = await plan([
    ...["--find", `min:${BACKLOG}=1..4000`, "--tuning", "as_is", "--and", "legit.served_ratio >= 0.5"],
  ]);
  expect(stdout).toContain(" with which\n  legit.served_ratio >= 0.5\n(");
});

test("what the kernel cuts is a warning", async () => {
  const { code, stderr } = await plan(["--find", `min:${BACKLOG}=1..8000`, "--tuning", "cookies"]);
  expect(code).toBe(0);
  expect(stderr).toContain(
    "warning: server.listeners.80.backlog: found 8000, which the kernel cuts to net.core.somaxconn, 4096\n",
  );
});

const refused = [
  [[], 2, /^error: --find or --recover is needed, such as/, "neither"],
  [["--find", `min:${BACKLOG}=1..9`, "--recover"], 2, /cannot be used with/, "both"],
  [["--find", BACKLOG], 2, /^error: --find: found ".*", allowed is min:KEY=lo\.\.hi/, "no range"],
  [["--find", "min:server.backlog=1..9"], 104, /^server\.backlog: /, "no such key"],
  [
    ["--find", `min:${BACKLOG}=0.5..9`],
    104,
    /^server\.listeners\.80\.backlog: found 0\.5, allowed is a whole/,
    "a fraction",
  ],
  [
    ["--find", "max:workloads.flood.rate_per_s=0..9"],
    104,
    /^workloads\.flood\.rate_per_s: found 0/,
    "an end out of range",
  ],
  [
    ["--find", FLOOD, "--tuning", "x"],
    2,
    /^error: found tuning "x", allowed is one of as_is, cookies, queue\n/,
    "no such tuning",
  ],
  [["--find", FLOOD, "--and", "x > 1"], 2, /^error: --and: found "x": there is no metric "x"/, "no such metric"],
  [
    ["--find", FLOOD, "--and", "legit.served_ratio"],
    2,
    /^error: --and: found "legit\.served_ratio", allowed is METRIC/,
    "no threshold",
  ],
  [["--recover", "--within", "soon"], 2, /A time such as 12s or 500ms is needed/, "no time"],
] as const;
for (const [args, code, stderr, why] of refused) {
  test(`plan ${args.join(" ")} is refused: ${why}`, async () => {
    const result = await plan(args);
    expect([result.code, result.stdout]).toEqual([code, ""]);
    expect(result.stderr).toMatch(stderr);
  });
}

test("a file that is wrong is told from a question that is wrong", async () => {
  const { code, stderr } = await plan(["--find", FLOOD], "{ scenario: { duration_s: x, server: {} } }");
  expect(code).toBe(104);
  expect(stderr).toMatch(/^-:1:27 scenario\.duration_s: found "x"/);
});

test("without clients there is nothing that could hold, unless --and says it", async () => {
  const floodOnly = SCENARIO.replace(/ {4}- \{ name: legit.*\n/, "");
  const { code, stderr } = await plan(["--find", FLOOD], floodOnly);
  expect([code, stderr]).toEqual([
    2,
    "error: the experiment has neither thresholds nor clients: --and says what must hold\n(--help lists what there is)\n",
  ]);
  const asked = await plan(["--find", FLOOD, "--and", "flood.drops.syn_queue_full == 0"], floodOnly);
  expect(asked.code).toBe(0);
});

test("nobody recovers without ordinary times", async () => {
  const { code, stderr } = await plan(
    ["--recover"],
    SCENARIO.replace("arrival: poisson, rate_per_s: 20, duration_s: 2", "count: 40"),
  );
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^error: --recover needs clients that come at a rate \(even, poisson or bursts\), tuning as_is has none\n/,
  );
});

test("interrupted, it ends with 105 and tells what it found", async () => {
  const slow = EXPERIMENT.replace("rate_per_s: 200,", "rate_per_s: 20000, addresses: random,").replace(
    "seeds: 2",
    "seeds: 1000",
  );
  const { code, stdout } = await runCli(["plan", "-", "--find", `min:${BACKLOG}=1..4000`], {
    stdin: slow,
    started: (child) => setTimeout(() => child.kill("SIGINT"), STARTED_MS),
  });
  expect(code).toBe(105);
  expect(stdout).toMatch(/^as_is: (interrupted|\d|no value)/m);
  expect(stdout).toMatch(/Interrupted/);
});
