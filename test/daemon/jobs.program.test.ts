/**
 * Goal    A job ends with the result that it would have had without, whatever dies under it; nothing makes the daemon spin.
 * Method  Threads that are ended, daemons that are killed, a store that is full; the reference is the same experiment undisturbed.
 */
import { describe, expect, test, vi } from "vitest";
import { CrashBreaker, REST_MS } from "../../src/daemon/crash-breaker.ts";
import { labelOf, newJobId } from "../../src/daemon/job-record.ts";
import { encodeSummary, parseExperiment, poolThreads, simulateExperiment } from "../../src/index.ts";
import { compileInForeground } from "../pool/foreground.ts";
import { killed, startedDaemon } from "./faults.ts";
import { ask, daemonWith, ended, LONG, newFolder, post, SMALL, STEADY, stop } from "./running.ts";

compileInForeground();

async function undisturbed(text: string): Promise<string> {
  const parsed = parseExperiment(text, () => ({ ok: false, error: "" }));
  if (!parsed.ok) throw new Error(parsed.error[0]?.message);
  return encodeSummary(await simulateExperiment(parsed.value.experiment));
}

describe("a thread that dies", () => {
  test("is tried again once, and the result is the same", async () => {
    const serving = await daemonWith();
    const { body } = await post(serving, "/api/v1/jobs", STEADY);
    const { id } = body.job;
    await vi.waitUntil(async () => (await ask(serving, `/api/v1/jobs/${id}`)).body.done > 2, { timeout: 30_000 });
    await poolThreads()[0]?.terminate();
    expect(await ended(serving, id)).toMatchObject({ state: "done", done: 20, begun: 1 });
    expect((await ask(serving, "/metrics")).text).toContain("halfopen_job_retries_total 1\n");
    expect((await ask(serving, `/api/v1/jobs/${id}/result`)).text).toBe(await undisturbed(STEADY));
    await stop(serving);
  });

  test("twice is an error of the job", async () => {
    const serving = await daemonWith();
    const { id } = (await post(serving, "/api/v1/jobs", LONG)).body.job;
    const isRunning = async (): Promise<boolean> => (await ask(serving, `/api/v1/jobs/${id}`)).body.state !== "failed";
    while (await isRunning()) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await Promise.all(poolThreads().map((thread) => thread.terminate()));
    }
    expect(serving.daemon.jobs.totals.retries).toBeGreaterThanOrEqual(2);
    expect(await ended(serving, id)).toMatchObject({
      state: "failed",
      error: expect.stringMatching(/^run \d of 4 \(seed \d\): /),
    });
    await stop(serving);
  });
});

test("a job that takes too long is ended", async () => {
  const serving = await daemonWith({ job_timeout_s: 1 });
  const { id } = (await post(serving, "/api/v1/jobs", LONG)).body.job;
  expect(await ended(serving, id)).toMatchObject({
    state: "failed",
    error: "not done after 1 s, which is the limit of this daemon",
  });
  await stop(serving);
});

test("only so many ended jobs are kept", async () => {
  const serving = await daemonWith({ keep_jobs: 2 });
  const ids = [];
  for (let i = 0; i < 4; i++) {
    ids.push((await post(serving, "/api/v1/jobs", SMALL)).body.job.id);
    await ended(serving, ids[i]);
  }
  await vi.waitUntil(() => serving.daemon.jobs.list().length === 2);
  expect(serving.daemon.jobs.list().map(({ id }) => id)).toEqual(ids.slice(2));
  await stop(serving);
});

test("a full store takes no jobs, says so, and is read on", async () => {
  const serving = await daemonWith({ max_store_mib: 1, keep_jobs: 100_000 });
  const first = (await post(serving, "/api/v1/jobs", SMALL)).body.job.id;
  expect(await ended(serving, first)).toMatchObject({ state: "done" });
  const padded = `${SMALL}\n#${"x".repeat(200_000)}`;
  let status = 202;
  for (let i = 0; i < 20 && status === 202; i++) ({ status } = await post(serving, "/api/v1/jobs", padded));
  expect(status).toBe(503);
  expect(await ask(serving, "/readyz")).toMatchObject({
    status: 503,
    body: { ready: false, closed_for: "store-full" },
  });
  expect((await ask(serving, "/metrics")).text).toContain("halfopen_store_writable 0\n");
  expect((await ask(serving, `/api/v1/jobs/${first}/result`)).status).toBe(200);
  await stop(serving);
});

describe("the process", () => {
  test("that is killed loses no finished run, and goes on with the job", async () => {
    const data = newFolder();
    let { child, url, log } = await startedDaemon(data);
    const { job } = (await (
      await fetch(`${url}/api/v1/jobs`, { method: "POST", body: STEADY, headers: { "content-type": "text/yaml" } })
    ).json()) as { job: { id: string } };
    const look = async (): Promise<{ state: string; done: number; begun: number }> =>
      (await (await fetch(`${url}/api/v1/jobs/${job.id}`)).json()) as never;
    await vi.waitUntil(async () => (await look()).done >= 3, { timeout: 30_000 });
    const before = (await look()).done;
    await killed(child, "SIGKILL");
    ({ child, url, log } = await startedDaemon(data));
    // At once: what is in the store is known before anything is simulated again.
    expect((await look()).done).toBeGreaterThanOrEqual(before);
    await vi.waitUntil(async () => (await look()).state === "done", { timeout: 50_000 });
    expect(await look()).toMatchObject({ begun: 2, done: 20 });
    expect(await (await fetch(`${url}/api/v1/jobs/${job.id}/result`)).text()).toBe(await undisturbed(STEADY));
    expect(await killed(child, "SIGTERM"), log()).toEqual([0, null]);
  });
});

test("the breaker opens after five deaths within a minute, for half a minute", () => {
  let nowMs = 1_000_000;
  const breaker = new CrashBreaker(() => nowMs);
  for (let i = 0; i < 4; i++) breaker.note();
  nowMs += 60_001;
  breaker.note();
  expect(breaker.restMs).toBe(0);
  for (let i = 0; i < 3; i++) breaker.note();
  expect(breaker.restMs).toBe(0);
  breaker.note();
  expect(breaker.restMs).toBe(REST_MS);
  nowMs += REST_MS;
  expect(breaker.restMs).toBe(0);
});

test("ids sort by time, names become labels", () => {
  expect(newJobId(1_700_000_000_000) < newJobId(1_700_000_000_001)).toBe(true);
  expect(newJobId(3_000_000_000_000)).toHaveLength(newJobId(0).length);
  const labels = [
    ["flood-vs-tunings", "flood-vs-tunings"],
    ["  a title, with words ", "a-title-with-words-"],
    ["Größe", "Gr-e"],
    ["../../etc", "etc"],
    ["***", "unnamed"],
    ["x".repeat(100), "x".repeat(64)],
  ] as const;
  for (const [name, label] of labels) expect(labelOf(name)).toBe(label);
});
