/**
 * Goal    Sweeps and plans are jobs as runs are: they give what the command line gives, say what is wrong before they begin, survive what kills a daemon, and show
 *         what they found as metrics.
 * Method  A daemon in this process, asked over HTTP; the reference is the library with the same words, undisturbed.
 */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { findValues } from "../../src/advise/find-values.ts";
import type { Serving } from "../../src/daemon/serve.ts";
import {
  encodePlan,
  encodeSweep,
  type PlanResult,
  parseExperiment,
  questionOf,
  type SweepSummary,
  simulateSweep,
  sweepOf,
} from "../../src/index.ts";
import { seriesValue } from "../metrics/exposition-text.ts";
import { killed, startedDaemon } from "./faults.ts";
import { type Answered, ask, daemonWith, ended, LONG, newFolder, post, SMALL, STEADY, stop } from "./running.ts";

const BACKLOG = "server.listeners.80.backlog";
const FLOOD = "workloads.flood.rate_per_s";

async function swept(
  text: string,
  params: readonly string[] = [],
  sample: string | null = null,
): Promise<SweepSummary> {
  const parsed = parseExperiment(text, () => ({ ok: false, error: "" }), [], [], { params, sample });
  if (!parsed.ok || parsed.value.sweep === null) throw new Error(JSON.stringify(parsed));
  return simulateSweep(sweepOf(parsed.value.experiment, parsed.value.sweep));
}

async function planned(text: string, find: string, and: readonly string[] = []): Promise<PlanResult> {
  const parsed = parseExperiment(text, () => ({ ok: false, error: "" }));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  const { experiment, vary } = parsed.value;
  const question = questionOf(experiment, vary, { find, and, tuning: null });
  if (!question.ok) throw new Error(JSON.stringify(question));
  return findValues(experiment, question.value);
}

const query = (words: Readonly<Record<string, string | readonly string[]>>): string =>
  `/api/v1/jobs?${Object.entries(words)
    .flatMap(([word, values]) => [values].flat().map((value) => `${word}=${encodeURIComponent(value)}`))
    .join("&")}`;

let serving: Serving;
beforeAll(async () => {
  serving = await daemonWith({ max_simulated_s: 5000, max_arrivals: 1e7, max_rate_per_s: 1e5 });
});

async function doneJob(words: Parameters<typeof query>[0], text = SMALL): Promise<Answered["body"]> {
  const accepted = await post(serving, query(words), text);
  expect(accepted.body, accepted.text).toHaveProperty("job");
  return ended(serving, accepted.body.job.id);
}
const resultOf = async ({ id }: { readonly id: string }): Promise<string> =>
  (await ask(serving, `/api/v1/jobs/${id}/result`)).text;

describe("a sweep", () => {
  const params = [`${BACKLOG}=8,64`, `${FLOOD}=10..1000:log3`];
  let job: Answered["body"];
  let expected: SweepSummary;
  beforeAll(async () => {
    job = await doneJob({ kind: "sweep", param: params });
    expected = await swept(SMALL, params);
  });

  test("ends as sweep --json does, to the byte, with its points and seeds as runs", async () => {
    expect(job).toMatchObject({
      ...{ kind: "sweep", state: "done", experiment: "small", tunings: ["off", "on"], runs: 24, done: 24 },
      ...{ thresholds_hold: null, asked: { param: params, sample: null, find: null, metric: [] } },
    });
    expect(await resultOf(job)).toBe(encodeSweep(expected));
  });

  test("takes the axes of the experiment where none are given, and draws points", async () => {
    const text = `${SMALL}sweep: { axes: { ${BACKLOG}: 8..64 }, sample: "lhs:5" }\n`;
    const own = await doneJob({ kind: "sweep" }, text);
    expect(own.runs).toBe(2 * 5 * 2);
    expect(await resultOf(own)).toBe(encodeSweep(await swept(text)));
    const drawn = await doneJob(
      { kind: "sweep", param: `${BACKLOG}=1..9`, sample: "lhs:3", seeds: "1", seed: "7" },
      text,
    );
    expect(JSON.parse(await resultOf(drawn))).toMatchObject({ sample: "lhs:3", points: 6, seeds: [7] });
  });

  test("of one tuning, and of chosen metrics", async () => {
    const metric = ["legit.gave_up", "server.TcpExtListenDrops"];
    const one = await doneJob({ kind: "sweep", param: params[0] ?? "", tuning: "on", metric });
    expect(JSON.parse(await resultOf(one))).toMatchObject({ points: 2, metrics: metric, axes: [{ path: BACKLOG }] });
  });

  test("shows what moved what, its best and worst points, and each point of a grid", async () => {
    const again = await doneJob({ kind: "sweep", param: params });
    const { text } = await ask(serving, "/metrics");
    const effect = expected.effects.find(({ axis, metric }) => axis === BACKLOG && metric === "legit.served_ratio");
    const of = `axis="${BACKLOG}",metric="legit.served_ratio"`;
    expect(seriesValue(text, `halfopen_result_sweep_effect_share_ratio{${of},experiment="small"}`)).toBe(effect?.share);
    expect(seriesValue(text, `halfopen_result_sweep_effect_ratio{${of},stat="mean",experiment="small"}`)).toBe(
      effect?.levels[effect.strongest]?.difference,
    );
    const latency = expected.extremes.find(({ metric }) => metric === "legit.connect_latency_ms.p99")?.highest;
    expect(latency?.mean).toBeGreaterThan(0);
    const worst = `metric="legit.connect_latency_seconds.p99",extreme="worst",tuning="${latency?.tuning}",at="${latency?.at.join(", ")}"`;
    expect(seriesValue(text, `halfopen_result_sweep_extreme_seconds{${worst},experiment="small"}`)).toBe(
      (latency?.mean ?? 0) * 1e-3,
    );
    const outcome = expected.outcomes?.[4];
    expect(outcome).toMatchObject({ tuning: "off", at: [64, 100] });
    const point = `metric="legit.served_ratio",point="4",row="64",column="100",experiment="small",tuning="off"`;
    expect(seriesValue(text, `halfopen_result_sweep_point_ratio{${point}}`)).toBe(outcome?.means[0]);
    expect(seriesValue(text, `halfopen_result_info{kind="sweep",slot="2",experiment="small",tuning="on"}`)).toBe(1);
    expect(seriesValue(text, `halfopen_result_completion_time_seconds{kind="sweep",experiment="small"}`)).toBe(
      again.ended_ms / 1000,
    );
  });
});

describe("a plan", () => {
  const find = `min:${BACKLOG}=1..2000`;
  const and = ["legit.connect_latency_ms.p99 < 900"];
  let job: Answered["body"];
  let expected: PlanResult;
  beforeAll(async () => {
    job = await doneJob({ kind: "plan", find, and });
    expected = await planned(SMALL, find, and);
  });

  test("ends as plan --json does, to the byte; its runs are those that it took", async () => {
    expect(job).toMatchObject({ kind: "plan", state: "done", experiment: "small", asked: { find, and, param: [] } });
    expect(job.done).toBe(job.runs);
    expect(job.runs).toBeGreaterThan(2 * 2 * 9);
    expect(job.thresholds_hold).toBe(expected.tunings.every(({ status }) => status !== "never"));
    expect(await resultOf(job)).toBe(encodePlan(expected));
  });

  test("shows the answer, its interval, what the tuning has now, and headroom", async () => {
    const { text } = await ask(serving, "/metrics");
    expect(expected.tunings.filter(({ value }) => value !== null).length).toBeGreaterThan(0);
    for (const [place, { tuning, value, own, status, interval }] of expected.tunings.entries()) {
      const series = (metric: string, labels = ""): string =>
        `halfopen_result_plan_${metric}{key="${BACKLOG}"${labels},experiment="small",tuning="${tuning}"}`;
      expect(seriesValue(text, series("info", `,goal="min",status="${status}",slot="${place + 1}"`))).toBe(1);
      expect(seriesValue(text, series("answered"))).toBe(value === null ? 0 : 1);
      expect(seriesValue(text, series("own_value"))).toBe(own);
      if (value === null) continue;
      expect(seriesValue(text, series("value", ',stat="answer"'))).toBe(value);
      expect(seriesValue(text, series("headroom_ratio"))).toBe((own ?? 0) / value);
      if (interval[0] !== null) expect(seriesValue(text, series("value", ',stat="low"'))).toBe(interval[0]);
    }
  });

  test("of another key stands beside it, a later one of the same key takes its place", async () => {
    await doneJob({ kind: "plan", find: `max:${FLOOD}=1..1000`, tuning: "on", seeds: "1" });
    await doneJob({ kind: "plan", find: `min:${BACKLOG}=1..4`, tuning: "off", seeds: "1" });
    const { text } = await ask(serving, "/metrics");
    expect(text.match(/^halfopen_result_plan_info\{.*$/gm)?.sort()).toEqual([
      expect.stringContaining(`key="${BACKLOG}",goal="min",status="never",slot="1",experiment="small",tuning="off"`),
      expect.stringMatching(`key="${FLOOD}",goal="max",status="\\w+",slot="2",experiment="small",tuning="on"`),
    ]);
  });
});

describe("is refused before it begins", () => {
  const words: readonly (readonly [words: Readonly<Record<string, string>>, text: string, message: RegExp])[] = [
    [{ kind: "sweep" }, SMALL, /^param: the experiment has no axes/],
    [{ kind: "plan" }, SMALL, /^find: is needed, such as min:/],
    [{ kind: "plan", find: BACKLOG }, SMALL, /^find: found ".*", allowed is min:KEY=lo\.\.hi/],
    [{ kind: "plan", find: `min:${BACKLOG}=1..9`, and: "x > 1" }, SMALL, /^and: found "x": there is no metric "x"/],
    [
      { kind: "plan", find: `min:${BACKLOG}=1..9`, tuning: "x" },
      SMALL,
      /^tuning: found tuning "x", allowed is one of off, on$/,
    ],
    [
      { kind: "sweep", param: `${BACKLOG}=1,2`, tuning: "x" },
      SMALL,
      /^tuning: found tuning "x", allowed is one of off, on$/,
    ],
    [
      { kind: "sweep", param: `${BACKLOG}=1,2`, metric: "legit.servedratio" },
      SMALL,
      /^metric: .*\n {2}hint: did you mean/,
    ],
    [{ find: `min:${BACKLOG}=1..9` }, SMALL, /^find: found with kind=experiment, allowed is it with kind=plan$/],
    [
      { kind: "plan", find: `min:${BACKLOG}=1..9`, param: `${BACKLOG}=1,2` },
      SMALL,
      /^param: found with kind=plan, .* kind=sweep$/,
    ],
    [{ kind: "experiment", seeds: "3" }, SMALL, /^seeds: found with kind=experiment, .* kind=sweep or kind=plan$/],
    [{ kind: "survey" }, SMALL, /must be equal to one of the allowed values/],
    [{ kind: "plan", seeds: "0", find: `min:${BACKLOG}=1..9` }, SMALL, /must be >= 1/],
  ];
  test.each(words)("%j: a word is wrong", async (asked, text, message) => {
    const answer = await post(serving, query(asked), text);
    expect([answer.status, answer.body.error.code]).toEqual([400, "bad-parameter"]);
    expect(answer.body.error.message).toMatch(message);
  });

  const issues: readonly (readonly [words: Readonly<Record<string, string>>, code: string, message: RegExp])[] = [
    [{ kind: "sweep", param: `${BACKLOG}=1,many` }, "wrong-type", /found "many"/],
    [{ kind: "sweep", param: "server.backlog=1,2" }, "unknown-key", /^there is no such key here$/],
    [{ kind: "plan", find: "min:server.backlog=1..9" }, "unknown-key", /^there is no such key here$/],
    [{ kind: "plan", find: `max:${FLOOD}=0..9` }, "out-of-range", /found 0/],
    // 2 tunings, 2 seeds, 2 s each: 1000 points are 8000 s.
    [
      { kind: "sweep", param: `${BACKLOG}=1..1000:1000` },
      "too-many",
      /^found .* of simulated time over all points and seeds, this daemon takes at most .* a job$/,
    ],
    // 20 points of 10 000 to 60 000 arrivals per second.
    [
      { kind: "sweep", param: `${FLOOD}=1e4..6e4:100` },
      "too-many",
      /^found .* arrivals over all points and seeds, this daemon takes at most 10 000 000 a job$/,
    ],
    [
      { kind: "sweep", param: `${FLOOD}=10,200000` },
      "too-many",
      /^found 200 000 arrivals per second, this daemon takes at most 100 000$/,
    ],
    [
      { kind: "plan", find: `max:${FLOOD}=1..200000` },
      "too-many",
      /^found .* arrivals over all tunings and seeds, with at most some 40/,
    ],
    [
      { kind: "plan", find: `min:${BACKLOG}=1..900`, seeds: "100" },
      "too-many",
      /with at most some 40 values tried in each, this daemon takes at most/,
    ],
  ];
  test.each(issues)("%j: an issue says so", async (asked, code, message) => {
    const answer = await post(serving, query(asked), SMALL);
    expect([answer.status, answer.body.error.code]).toEqual([422, "invalid-experiment"]);
    expect(answer.body.issues[0]).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

/** Limits that LONG keeps within. */
const GENEROUS = { max_simulated_s: 1e9, max_arrivals: 1e13 };

describe("like any job", () => {
  test.each([
    ["a sweep", { kind: "sweep", param: `${BACKLOG}=16,32` }],
    ["a plan", { kind: "plan", find: `min:${BACKLOG}=1..99` }],
  ])("%s is cancelled, and has no result then", async (_name, words) => {
    const patient = await daemonWith(GENEROUS);
    const { id } = (await post(patient, query(words), LONG)).body.job;
    await vi.waitUntil(async () => (await ask(patient, `/api/v1/jobs/${id}`)).body.state === "running");
    expect((await post(patient, `/api/v1/jobs/${id}/cancel`, "")).status).toBe(202);
    expect(await ended(patient, id)).toMatchObject({ state: "cancelled", error: "cancelled while it was on" });
    expect((await ask(patient, `/api/v1/jobs/${id}/result`)).status).toBe(409);
  });

  test.each([
    ["a sweep", { kind: "sweep", param: `${BACKLOG}=16,32` }],
    ["a plan", { kind: "plan", find: `min:${BACKLOG}=1..99` }],
  ])("%s that takes too long is ended", async (_name, words) => {
    const hasty = await daemonWith({ ...GENEROUS, job_timeout_s: 1 });
    const { id } = (await post(hasty, query(words), LONG)).body.job;
    expect(await ended(hasty, id)).toMatchObject({
      state: "failed",
      error: "not done after 1 s, which is the limit of this daemon",
    });
  });

  test("has events, and JSON as its only format", async () => {
    const { body } = await post(serving, query({ kind: "sweep", param: `${BACKLOG}=1,2,3` }), SMALL);
    const events = await ask(serving, `/api/v1/jobs/${body.job.id}/events`);
    const jobs = [...events.text.matchAll(/^event: job\ndata: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ""));
    expect(jobs.at(-1)).toMatchObject({ state: "done", done: 12, runs: 12 });
    expect(events.text).not.toContain("event: lines");
    const csv = await ask(serving, `/api/v1/jobs/${body.job.id}/result?format=csv`);
    expect([csv.status, csv.body.error.message]).toEqual([400, "format: found csv, a sweep has json only"]);
  });

  test("its results are shown again after a restart", async () => {
    const data = newFolder();
    const first = await daemonWith({ data });
    const submitted = [];
    for (const words of [
      { kind: "sweep", param: `${BACKLOG}=8,64` },
      { kind: "plan", find: `min:${BACKLOG}=1..99`, tuning: "on" },
    ])
      submitted.push((await post(first, query(words), SMALL)).body.job.id);
    for (const id of submitted) await ended(first, id);
    await stop(first);
    const second = await daemonWith({ data });
    await vi.waitUntil(async () => (await ask(second, "/metrics")).text.includes("halfopen_result_plan_info{"));
    const { text } = await ask(second, "/metrics");
    expect(seriesValue(text, 'halfopen_result_sweep_points{experiment="small"}')).toBe(4);
  });
});

/** Points and values that each take a part of a second, so that some are done and some are not when it is looked at. */
const STEPS = `${STEADY.replace("seeds: 20", "seeds: 2")}
tunings: { one: {}, two: { ${BACKLOG}: 128 }, three: { ${BACKLOG}: 256 } }
`;

describe("a daemon that is killed", () => {
  const kinds: readonly (readonly [string, Readonly<Record<string, string>>, () => Promise<string>])[] = [
    [
      "a sweep",
      { kind: "sweep", param: `${BACKLOG}=16..160:10` },
      async () => encodeSweep(await swept(STEPS, [`${BACKLOG}=16..160:10`])),
    ],
    [
      "a plan",
      { kind: "plan", find: `min:${BACKLOG}=1..64` },
      async () => encodePlan(await planned(STEPS, `min:${BACKLOG}=1..64`)),
    ],
  ];
  test.each(kinds)(
    "goes on with %s where it was, to the same bytes",
    async (_name, words, undisturbed) => {
      const data = newFolder();
      let { child, url } = await startedDaemon(data);
      const sent = await fetch(`${url}${query(words)}`, {
        ...{ method: "POST", body: STEPS, headers: { "content-type": "text/yaml" } },
      });
      const { job } = (await sent.json()) as { job: { id: string } };
      const look = async (): Promise<{ state: string; done: number; runs: number; begun: number }> =>
        (await (await fetch(`${url}/api/v1/jobs/${job.id}`)).json()) as never;
      // Of a plan: the first tuning is answered, and then some.
      await vi.waitUntil(async () => (await look()).done >= (words.kind === "plan" ? 40 : 6), { timeout: 60_000 });
      await killed(child, "SIGKILL");
      ({ child, url } = await startedDaemon(data));
      const kept = await look();
      expect(kept.done).toBeGreaterThan(0);
      expect(kept.runs).toBeGreaterThanOrEqual(kept.done);
      await vi.waitUntil(async () => (await look()).state === "done", { timeout: 90_000 });
      const { begun, done, runs } = await look();
      expect([begun, done]).toEqual([2, runs]);
      expect(await (await fetch(`${url}/api/v1/jobs/${job.id}/result`)).text()).toBe(await undisturbed());
      await killed(child, "SIGTERM");
    },
    180_000,
  );
});
