/**
 * Goal    The daemon holds up: threads and processes that die, requests that are wrong, clients that are slow or many, hours of churn.
 * Method  The built program, disturbed at length; results are compared with those of undisturbed runs, byte by byte.
 */
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { MAX_PACED } from "../../src/daemon/paced-runs.ts";
import type { Serving } from "../../src/daemon/serve.ts";
import { encodeSummary, parseExperiment, poolThreads, simulateExperiment } from "../../src/index.ts";
import { compileInForeground } from "../pool/foreground.ts";
import { killed, slowLoris, startedDaemon } from "./faults.ts";
import { fuzzRequests, send } from "./fuzz.ts";
import { ask, daemonWith, ended, newFolder, post, SMALL, STEADY, stop } from "./running.ts";

compileInForeground();

async function undisturbed(text: string): Promise<string> {
  const parsed = parseExperiment(text, () => ({ ok: false, error: "" }));
  if (!parsed.ok) throw new Error(parsed.error[0]?.message);
  return encodeSummary(await simulateExperiment(parsed.value.experiment));
}

const YAML = { "content-type": "text/yaml" };
const asJob = (url: string, text: string): Promise<string> =>
  fetch(`${url}/api/v1/jobs`, { method: "POST", body: text, headers: YAML })
    .then((answer) => answer.json())
    .then((body) => (body as { readonly job: { readonly id: string } }).job.id);

const jobOf = async (url: string, id: string): Promise<{ state: string; error: string; done: number }> =>
  (await (await fetch(`${url}/api/v1/jobs/${id}`)).json()) as { state: string; error: string; done: number };

async function untilEnded(url: string, id: string): Promise<void> {
  while (["queued", "running"].includes((await jobOf(url, id)).state))
    await new Promise((resolve) => setTimeout(resolve, 20));
}

const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

/** After five within a minute a daemon lets its jobs rest for half a minute (crash-breaker.ts), which the clock alone ends. */
const DEATHS_PER_DAEMON = 4;

test("200 threads that die: no job has another result, none is lost", async () => {
  const expected = await undisturbed(STEADY);
  for (let deaths = 0; deaths < 200; deaths += DEATHS_PER_DAEMON) {
    const serving = await daemonWith();
    await killThreads(serving, DEATHS_PER_DAEMON, expected);
    await stop(serving);
  }
});

/** Under a job each, two at a time. */
async function killThreads(serving: Serving, count: number, expected: string): Promise<void> {
  for (let deaths = 0; deaths < count; ) {
    const { id } = (await post(serving, "/api/v1/jobs", STEADY)).body.job;
    await vi.waitUntil(async () => (await ask(serving, `/api/v1/jobs/${id}`)).body.done > 0, { timeout: 120_000 });
    for (const thread of poolThreads()) {
      await thread.terminate();
      deaths++;
    }
    const job = await ended(serving, id);
    if (job.state === "done") expect((await ask(serving, `/api/v1/jobs/${id}/result`)).text).toBe(expected);
    else expect(job).toMatchObject({ state: "failed", error: expect.stringMatching(/^run /) });
  }
}

test("20 kill -9 under load: no finished run is lost, none has another result", async () => {
  const data = newFolder();
  const expected = await undisturbed(STEADY);
  let { child, url } = await startedDaemon(data);
  const done = new Map<string, number>();
  for (let kills = 0; kills < 20; kills++) {
    const id = await asJob(url, STEADY);
    done.set(id, 0);
    await new Promise((resolve) => setTimeout(resolve, 200 + ((kills * 397) % 1500)));
    for (const { id: each, done: runs } of (
      (await (await fetch(`${url}/api/v1/jobs`)).json()) as { jobs: { id: string; done: number }[] }
    ).jobs)
      done.set(each, runs);
    await killed(child, "SIGKILL");
    ({ child, url } = await startedDaemon(data));
    for (const [each, runs] of done) {
      expect((await jobOf(url, each)).done).toBeGreaterThanOrEqual(runs);
    }
  }
  for (const id of done.keys()) {
    await untilEnded(url, id);
    const job = await jobOf(url, id);
    if (job.state === "done") expect(await (await fetch(`${url}/api/v1/jobs/${id}/result`)).text()).toBe(expected);
    else expect(job.error).toMatch(/^the daemon ended 5 times while this job was on$/);
  }
  expect(await killed(child, "SIGTERM")).toEqual([0, null]);
});

/** Jobs and requests until the heaps of V8, one for each thread, have the size that they keep: it lets garbage lie until it is as large as what lives. */
const WARM_UP = { jobs: 400, requests: 2000 } as const;

test("10 000 fuzzed requests: no 5xx but 503, no growth over 50 MiB", async () => {
  const { child, url } = await startedDaemon(newFolder());
  // As many paced runs as there may be, the demo among them: each has tables of its own, which are no growth.
  for (let other = 1; other < MAX_PACED; other++)
    await fetch(`${url}/api/v1/paced?name=other${other}`, { method: "POST", body: SMALL, headers: YAML });
  for (let job = 0; job < WARM_UP.jobs; job++) await untilEnded(url, await asJob(url, SMALL));
  const requests = fuzzRequests(WARM_UP.requests + 10_000, 7);
  for (const one of requests.slice(0, WARM_UP.requests)) await send(url, one);
  const before = memoryOf(child.pid ?? 0);
  for (const one of requests.slice(WARM_UP.requests)) {
    const status = await send(url, one);
    expect(status >= 500 && status !== 503, `${status}: ${JSON.stringify(one)}`).toBe(false);
  }
  const grownMib = memoryOf(child.pid ?? 0) - before;
  console.info(`grown by ${grownMib.toFixed(1)} MiB from ${before.toFixed(0)}`);
  expect(grownMib).toBeLessThan(50);
  expect(await killed(child, "SIGTERM")).toEqual([0, null]);
});

test("200 slow requests are cut off, and others are answered meanwhile", async () => {
  const { child, url } = await startedDaemon(newFolder());
  const slow = Promise.all(Array.from({ length: 200 }, () => slowLoris(url, 500)));
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect(Math.max(...(await slow))).toBeLessThan(20_000);
  await killed(child, "SIGTERM");
});

test("500 clients that follow events", async () => {
  const serving = await daemonWith();
  await post(serving, "/api/v1/paced?name=one", SMALL);
  const abort = new AbortController();
  const readers = await Promise.all(
    Array.from({ length: 500 }, async () =>
      (await fetch(new URL("/api/v1/paced/one/events", serving.url), { signal: abort.signal })).body?.getReader(),
    ),
  );
  for (const reader of readers) expect(new TextDecoder().decode((await reader?.read())?.value)).toContain("retry: ");
  expect(serving.daemon.streams.count).toBe(500);
  expect((await ask(serving, "/healthz")).status).toBe(200);
  abort.abort();
  await vi.waitUntil(() => serving.daemon.streams.count === 0, { timeout: 20_000 });
  await stop(serving);
});

test("ten minutes of churn with flat memory", async () => {
  const { child, url } = await startedDaemon(newFolder());
  const until = (minutes: number): number => Date.now() + minutes * 60_000;
  const churn = async (endMs: number): Promise<void> => {
    while (Date.now() < endMs) {
      await asJob(url, SMALL).catch(() => undefined);
      await fetch(`${url}/metrics`).then((answer) => answer.text());
      await fetch(`${url}/api/v1/jobs?limit=1000`).then((answer) => answer.text());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await churn(until(3));
  const before = memoryOf(child.pid ?? 0);
  await churn(until(7));
  const grownMib = memoryOf(child.pid ?? 0) - before;
  console.info(`grown by ${grownMib.toFixed(1)} MiB from ${before.toFixed(0)}`);
  expect(grownMib).toBeLessThan(50);
  expect(await killed(child, "SIGTERM")).toEqual([0, null]);
});
