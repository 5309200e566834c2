/**
 * Goal    The planner's answer is that of trying every value; where none is enough it says why, with nothing that was not simulated.
 * Method  Small experiments, simulated; brute force runs every value of a range.
 */
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import { defaultThresholds, judge } from "../../src/advise/judge.ts";
import { type PlanOptions, plan, type Quest } from "../../src/advise/plan.ts";
import { scaleOf } from "../../src/advise/scale.ts";
import { parseExperiment } from "../../src/config/experiment.ts";
import { thresholdsFrom } from "../../src/config/thresholds.ts";
import { closePool } from "../../src/pool/pool.ts";
import type { TuningPlan } from "../../src/results/plan-format.ts";
import { simulateExperiment } from "../../src/simulate.ts";
import type { Experiment } from "../../src/vocabulary/experiment.ts";

afterAll(closePool);
/** Some simulate hundreds of runs. */
vi.setConfig({ testTimeout: 180_000 });

interface Case {
  readonly server?: string;
  readonly accept?: string;
  readonly app?: string;
  readonly clients?: string;
  readonly flood?: number;
  readonly loss?: number;
  readonly seeds?: number;
  readonly thresholds?: readonly string[];
}

/** Two seconds of clients at a server with a backlog of 16. */
function experimentOf(given: Case): { experiment: Experiment; scenarioWith: Quest["scenarioWith"]; path: string } {
  const { server = "", accept = "{ mode: immediate }", app = "", clients = "", flood = 0, loss = 0, seeds = 2 } = given;
  const parsed = parseExperiment(
    `
seeds: ${seeds}
scenario:
  duration_s: 5
  server:
    sysctls: { ${server} }
    listeners: [{ port: 80, backlog: 16, accept: ${accept}, app: { request_bytes: 100, response_bytes: 100, close: after_response${app} } }]
  client: { one_way_delay_s: 0.01 }
  path: { to_server: { loss: ${loss} } }
  workloads:
    - { name: clients, kind: connections, arrival: poisson, rate_per_s: 60, duration_s: 2, source_addresses: 50, connect_timeout_s: 0.9, request_bytes: 100, response_bytes: 100${clients} }
${flood === 0 ? "" : `    - { name: flood, kind: raw, packet: syn, arrival: poisson, rate_per_s: ${flood}, duration_s: 2, source_addresses: 1000 }`}
`,
    () => ({ ok: false, error: "no file is read" }),
  );
  if (!parsed.ok) throw new Error(parsed.error.map(({ path, message }) => `${path}: ${message}`).join("\\n"));
  const { experiment, vary } = parsed.value;
  const asked = thresholdsFrom(given.thresholds ?? [], experiment);
  if (!asked.ok) throw new Error(asked.error);
  const path = "server.listeners.80.backlog";
  const scenarioWith = (name: string, value: number, key = path) => {
    const varied = vary(name, { [key]: value });
    if (!varied.ok) throw new Error(varied.error.map(({ message }) => message).join("; "));
    return varied.value.scenario;
  };
  const thresholds = [...defaultThresholds(["clients"], asked.value), ...asked.value];
  return { experiment: { ...experiment, thresholds }, scenarioWith, path };
}

interface Find {
  readonly goal?: Quest["goal"];
  readonly path?: string;
  readonly lo: number;
  readonly hi: number;
  readonly options?: PlanOptions;
}

const SYN_BACKLOG = "server.sysctls.net.ipv4.tcp_max_syn_backlog";
const FLOOD_RATE = "workloads.flood.rate_per_s";
const CLIENTS_RATE = "workloads.clients.rate_per_s";

function questOf(given: Case, { goal = "min", path, lo, hi }: Find): { experiment: Experiment; quest: Quest } {
  const { experiment, scenarioWith, path: backlog } = experimentOf(given);
  const key = path ?? backlog;
  const varied = scenarioWith as (name: string, value: number, key: string) => ReturnType<Quest["scenarioWith"]>;
  const quest = { goal, path: key, scale: scaleOf(lo, hi, true) };
  return { experiment, quest: { ...quest, scenarioWith: (name, value) => varied(name, value, key) } };
}

async function planned(given: Case, find: Find): Promise<TuningPlan> {
  const { experiment, quest } = questOf(given, find);
  return plan(experiment, "as_is", quest, find.options);
}

/** Whether each value holds, the smallest first. */
async function everyValue(given: Case, find: Find): Promise<boolean[]> {
  const { experiment, quest } = questOf(given, find);
  const tunings = Array.from({ length: find.hi - find.lo + 1 }, (_, k) => ({
    ...{ name: `v${k}`, changes: [], scenario: quest.scenarioWith("as_is", find.lo + k) },
  }));
  const summary = await simulateExperiment({ ...experiment, tunings });
  return summary.tunings.map((of) => judge(of, experiment.thresholds).holds);
}

const changesOf = (list: readonly boolean[]): number => list.filter((one, i) => i > 0 && one !== list[i - 1]).length;

/** Queues against pauses, services and floods; loads against queues. */
const cases = fc.oneof(
  fc
    .record({ pauseMs: fc.integer({ min: 100, max: 700 }), seeds: fc.integer({ min: 1, max: 2 }) })
    .map(({ pauseMs, seeds }): [Case, Find] => [
      { app: `, pause_windows_s: [[0.5, ${(500 + pauseMs) / 1000}]]`, seeds },
      { lo: 1, hi: 50 },
    ]),
  fc
    .record({ serviceMs: fc.integer({ min: 10, max: 22 }), ratio: fc.constantFrom(0.8, 0.9, 0.99) })
    .map(({ serviceMs, ratio }): [Case, Find] => [
      {
        accept: `{ mode: serial, service_time_s: ${serviceMs / 1000} }`,
        thresholds: [`clients.served_ratio >= ${ratio}`],
      },
      { lo: 1, hi: 50 },
    ]),
  fc
    .record({ flood: fc.integer({ min: 20, max: 45 }), ratio: fc.constantFrom(0.9, 0.99) })
    .map(({ flood, ratio }): [Case, Find] => [
      {
        ...{ server: "net.ipv4.tcp_syncookies: 0", flood },
        thresholds: [`clients.served_ratio >= ${ratio}`],
      },
      { lo: 20, hi: 90 },
    ]),
  fc
    .integer({ min: 11, max: 20 })
    .map((serviceMs): [Case, Find] => [
      { accept: `{ mode: serial, service_time_s: ${serviceMs / 1000} }` },
      { goal: "max", path: CLIENTS_RATE, lo: 35, hi: 85 },
    ]),
);

test("of 20 random monotone cases the answer is that of trying every value", { timeout: 300_000 }, async () => {
  let monotone = 0;
  let answers = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ([given, find]) => {
      if (monotone === 20) return;
      const all = await everyValue(given, find);
      fc.pre(changesOf(all) <= 1);
      monotone += 1;
      const index = find.goal === "max" ? all.lastIndexOf(true) : all.indexOf(true);
      const { value, before, again, status } = await planned(given, find);
      expect([value, again]).toEqual([index < 0 ? null : find.lo + index, null]);
      if (status === "found") {
        answers += 1;
        expect(all[(before as number) - find.lo]).toBe(false);
      }
    }),
    { numRuns: 60, maxSkipsPerRun: 1000, endOnFailure: true },
  );
  expect(monotone).toBe(20);
  // Else the ranges are too narrow to say anything.
  expect(answers).toBeGreaterThan(6);
});

describe("where no value is enough", () => {
  const flooded = planned(
    { server: "net.ipv4.tcp_syncookies: 0", flood: 300 },
    { path: SYN_BACKLOG, lo: 64, hi: 4096 },
  );
  test("the gate that binds is named, and only what was simulated is said to help", async () => {
    const { status, value, besides, sentences } = await flooded;
    expect([status, value]).toEqual(["never", null]);
    expect(sentences[0]).toMatch(
      /^No value of server\.sysctls\.net\.ipv4\.tcp_max_syn_backlog is enough, of \d+ from 64 to 4096\. At best, with \d+: clients\.served_ratio 0\.\d+\.$/,
    );
    expect(sentences.join(" ")).toContain("What binds: SYN queue full");
    const said = sentences.filter((sentence) => sentence.startsWith("With "));
    expect(said.length).toBe(besides.length);
    expect(said.some((one) => /tcp_syncookies = 1: enough, clients\.served_ratio 1\.$/.test(one))).toBe(true);
    for (const { changes, holds } of besides) {
      if (holds) expect(changes.some(({ path }) => path !== SYN_BACKLOG)).toBe(true);
    }
  });
  test("a setting that is said to help does, when it is run by itself", async () => {
    const { besides } = await flooded;
    const helps = besides.find(({ holds }) => holds);
    expect(helps?.changes).toEqual([{ path: "server.sysctls.net.ipv4.tcp_syncookies", value: 1 }]);
    expect((await planned({ flood: 300 }, { path: SYN_BACKLOG, lo: 64, hi: 4096 })).status).toBe("always");
  });
  test("a key that moves nothing is said to be dead, and why", async () => {
    const accept = "{ mode: serial, service_time_s: 0.05 }";
    const { sentences } = await planned({ accept }, { path: SYN_BACKLOG, lo: 64, hi: 4096 });
    expect(sentences.at(-1)).toBe(
      `${SYN_BACKLOG} moves nothing here: the kernel reads it only with tcp_syncookies = 0, and it is 1.`,
    );
  });
  test("and no setting moves the gate, that is said", async () => {
    const { sentences, besides } = await planned({ loss: 0.5 }, { lo: 1, hi: 64 });
    expect(besides).toEqual([]);
    expect(sentences.at(-1)).toMatch(/^Nothing else was tried: no setting of these hosts moves the gate/);
  });
});

describe("where each value is enough", () => {
  test("the smallest one is the answer, and may not be the end of it", async () => {
    const { status, value, before, interval, sentences } = await planned({}, { lo: 20, hi: 640 });
    expect([status, value, before, interval[0]]).toEqual(["always", 20, null, null]);
    expect(sentences[1]).toBe("It is the smallest value of the range: a smaller one may do too.");
  });
  test("so it is for the largest load: cookies take any flood", async () => {
    const { status, value, sentences } = await planned(
      { flood: 100 },
      { goal: "max", path: FLOOD_RATE, lo: 10, hi: 10_000 },
    );
    expect([status, value]).toEqual(["always", 10_000]);
    expect(sentences[2]).toBe("The tuning has 100 now, which is enough: it takes 100 times as much.");
  });
});

describe("a backlog so large that retries never let it recover", () => {
  const storm = planned(
    {
      accept: "{ mode: serial, service_time_s: 0.014 }",
      app: ", pause_windows_s: [[0.2, 1.2]]",
      clients: ", response_timeout_s: 0.5, retry: { max_retries: 4, backoff_s: 0.1 }",
      seeds: 3,
      thresholds: ["clients.served_ratio >= 0.95"],
    },
    { lo: 1, hi: 1024 },
  );
  test("is seen: it holds, then it fails again", async () => {
    const { status, value, again, points } = await storm;
    expect(status).not.toBe("never");
    expect(again).not.toBeNull();
    expect(again!.holds_to).toBeGreaterThanOrEqual(value as number);
    expect(again!.fails_from).toBeGreaterThan(again!.holds_to);
    expect(points.at(-1)?.holds).toBe(false);
  });
  test("and it is said what happens there", async () => {
    const { sentences } = await storm;
    const text = sentences.join(" ");
    expect(text).toMatch(
      /It is not monotone: from \d+ on it fails again \(\d+ holds\)\. With 1024: clients\.served_ratio 0\.\d+\./,
    );
    expect(text).toMatch(
      /The queue is longer than "clients" wait: .* attempts each: the application works for those who have left\./,
    );
  });
});

describe("of each point it is told", () => {
  const found = planned({ app: ", pause_windows_s: [[0.5, 1.1]]", seeds: 3 }, { lo: 1, hi: 80 });
  test("its value, whether it holds, what was measured, in how many seeds", async () => {
    const { points } = await found;
    const values = points.map(({ value }) => value);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    for (const { holds, is_sure, thresholds } of points) {
      const [one] = thresholds;
      expect(one?.threshold).toBe("clients.served_ratio >= 0.99");
      expect(one?.holds).toBe(holds);
      expect((one?.value ?? 0) >= 0.99).toBe(holds);
      const [low, high] = one?.interval ?? [0, 1];
      expect(is_sure).toBe(holds ? low >= 0.99 : high < 0.99);
      if (one?.seeds_holding === 3) expect(holds).toBe(true);
      if (one?.seeds_holding === 0) expect(holds).toBe(false);
    }
  });
  test("the answer and its neighbour are among them, and its interval has it inside", async () => {
    const { points, value, before, interval } = await found;
    expect(points.find((point) => point.value === value)?.holds).toBe(true);
    expect(points.find((point) => point.value === before)?.holds).toBe(false);
    expect(before).toBe((value as number) - 1);
    expect(interval[0] as number).toBeLessThanOrEqual(value as number);
    expect(interval[1] as number).toBeGreaterThanOrEqual(value as number);
  });
  test("what it costs: a longer queue takes memory", async () => {
    const { costs, value } = await found;
    expect(costs.map((cost) => cost.value)).toEqual([1, (value as number) - 1, value, 80]);
    const full = costs.map(({ queues_full_bytes }) => queues_full_bytes);
    // A place in the SYN queue, and one with its socket in the accept queue: 341 and 341 + 2521 bytes.
    expect(full[0]).toBe(2 * (341 + 341 + 2521));
    expect(full.at(-1)).toBe(81 * (341 + 341 + 2521));
    for (const { queues_peak_bytes, queues_full_bytes } of costs)
      expect(queues_peak_bytes).toBeLessThanOrEqual(queues_full_bytes);
  });
});

test("with one seed there is no interval, and that is said", async () => {
  const { interval, sentences } = await planned(
    { app: ", pause_windows_s: [[0.5, 1.1]]", seeds: 1 },
    { lo: 1, hi: 80 },
  );
  expect(interval).toEqual([null, null]);
  expect(sentences).toContain(
    "There is no interval: that takes two seeds or more, and metrics that seeds have by themselves.",
  );
});

test("interrupted, it tells what it found until then", async () => {
  const controller = new AbortController();
  let batches = 0;
  const onTry = (): void => {
    batches += 1;
    if (batches === 3) controller.abort();
  };
  const options = { onTry, signal: controller.signal };
  const { status, value, points, sentences } = await planned(
    { app: ", pause_windows_s: [[0.5, 1.1]]" },
    { lo: 1, hi: 80, options },
  );
  expect([status, value]).toEqual(["interrupted", null]);
  expect(points.length).toBeGreaterThan(8);
  expect(sentences).toEqual([expect.stringMatching(/^Interrupted; so far \d+ is enough, \d+ is not\.$/)]);
});
