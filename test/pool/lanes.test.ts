/**
 * Goal    What the lanes promise: threads may die and hang, calls may be cancelled, sources may be endless, and still each job is done once or reported.
 * Method  Real threads; a worker that dies of some seeds (mortal-worker.mjs), and the real one.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compileScenario } from "../../src/compile/compile.ts";
import { Lanes, MAX_AHEAD } from "../../src/pool/lanes.ts";
import type { RunError } from "../../src/pool/run-error.ts";
import type { Job, Yield } from "../../src/pool/task.ts";
import { Threads } from "../../src/pool/threads.ts";
import { scenarioOf } from "../compile/scenario-of.ts";
import { compileInForeground } from "./foreground.ts";

compileInForeground();

const folder = mkdtempSync(join(tmpdir(), "halfopen-lanes-"));
process.env.HALFOPEN_TEST_ONCE = join(folder, "once");
const mortal = new Threads(new URL("./mortal-worker.mjs", import.meta.url));
const real = new Threads(new URL("../../dist/pool/worker.js", import.meta.url));
afterAll(async () => {
  await Promise.all([mortal.close(), real.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const scenario = scenarioOf(`
duration_s: 0.1
server: { listeners: [{ port: 80, backlog: 16 }] }
workloads: [{ name: legit, kind: connections, rate_per_s: 50, duration_s: 0.1 }]
`);
/** About an hour of this machine's time, were nobody to end it. */
const LONG_S = 1e5;
const jobOf = (seed: number, durationS = 0.1): Job => {
  const workloads = scenario.workloads.map((w) => ({ ...w, rate_per_s: 500, duration_s: durationS }));
  const spec = compileScenario({ ...scenario, duration_s: durationS, workloads }, { seed, detail: "summary" });
  return { kind: "sparse", spec };
};
const options = { workers: 2, signal: undefined, onProgress: undefined, count: null, deadlineMs: 1000 };

async function indicesOf(threads: Threads, jobs: Iterable<Job>, more: Partial<typeof options> = {}): Promise<number[]> {
  const indices: number[] = [];
  await new Lanes(threads, jobs, (_: Yield, index) => indices.push(index), { ...options, ...more }).run();
  return indices;
}
const ascending = (indices: readonly number[]): number[] => indices.toSorted((a, b) => a - b);
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("a thread that dies", () => {
  test("costs nothing but time: its runs are done once more, each of them once", async () => {
    const jobs = range(60).map((index) => jobOf(index === 30 ? 13 : 1000 + index));
    expect(ascending(await indicesOf(mortal, jobs))).toEqual(range(60));
  });

  test("twice of the same run is reported, with the run's number and seed", async () => {
    const jobs = range(20).map((index) => jobOf(index === 7 ? 666 : 1000 + index));
    const error = await indicesOf(mortal, jobs, { workers: 1 }).catch((e: RunError) => e);
    expect(error).toMatchObject({
      index: 7,
      message: expect.stringMatching(/^run 8 \(seed 666\): its thread died, twice/),
    });
  });
});

describe("cancelling", () => {
  test("ends a run of an hour, and its thread lives on", async () => {
    await indicesOf(real, [jobOf(1), jobOf(2)]);
    const threads = real.all.map(({ threadId }) => threadId);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 100);
    const jobs = [jobOf(1, LONG_S), jobOf(2, LONG_S)];
    // Who does not listen is ended after the deadline, and replaced.
    const patient = { signal: controller.signal as never, deadlineMs: 120_000 };
    await expect(indicesOf(real, jobs, patient)).rejects.toThrow("enough");
    expect(await indicesOf(real, [jobOf(1)])).toEqual([0]);
    expect(real.all.map(({ threadId }) => threadId)).toEqual(threads);
  });

  test("ends a thread that does not listen, after its deadline", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 100);
    const startedMs = performance.now();
    await expect(indicesOf(mortal, [jobOf(99)], { signal: controller.signal as never })).rejects.toThrow("enough");
    expect(performance.now() - startedMs).toBeGreaterThan(1000);
    expect(await indicesOf(mortal, [jobOf(1)])).toEqual([0]);
  });
});

describe("a source of jobs", () => {
  test("is asked only for what there is a thread for: memory does not grow with it", async () => {
    let made = 0;
    let taken = 0;
    let most = 0;
    function* jobs(): Generator<Job> {
      for (let index = 0; index < 3000; index++) {
        made += 1;
        most = Math.max(most, made - taken);
        yield jobOf(1);
      }
    }
    await new Lanes(real, jobs(), () => taken++, options).run();
    expect(taken).toBe(3000);
    expect(most).toBeLessThanOrEqual(2 * 256);
  });

  test("waits for a run that holds the order up", async () => {
    let made = 0;
    const controller = new AbortController();
    function* jobs(): Generator<Job> {
      yield jobOf(1, LONG_S);
      for (;;) {
        made += 1;
        yield jobOf(1);
      }
    }
    // When so many were taken, there is some time in which more would be.
    const watch = setInterval(() => {
      if (made < MAX_AHEAD - 1) return;
      clearInterval(watch);
      setTimeout(() => controller.abort(new Error("enough")), 500);
    }, 20);
    await expect(indicesOf(real, jobs(), { signal: controller.signal as never })).rejects.toThrow("enough");
    expect(made).toBeLessThan(MAX_AHEAD + 256);
  });

  test("that fails ends the call with its error", async () => {
    function* jobs(): Generator<Job> {
      yield jobOf(1);
      throw new Error("no such point");
    }
    await expect(indicesOf(real, jobs())).rejects.toThrow("no such point");
  });
});

test("progress is told while a run is under way, parts of runs included", async () => {
  const told: number[] = [];
  const onProgress = (jobs: number): void => void told.push(jobs);
  await indicesOf(real, [jobOf(1, 1500), jobOf(2)], { workers: 1, onProgress: onProgress as never });
  expect(told.some((jobs) => jobs > 0 && jobs < 1)).toBe(true);
  expect(told.at(-1)).toBe(2);
  expect(told).toEqual(ascending(told));
});
