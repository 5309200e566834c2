/**
 * Goal    Threads change nothing but the time: same bytes, same order. What goes wrong comes back, and nothing is left behind.
 * Method  Small runs of real scenarios through the built worker; the reference is run() in this thread.
 */
import { createHash } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { compileScenario } from "../../src/compile/compile.ts";
import { run } from "../../src/engine/run.ts";
import { closePool, MAX_WORKERS, RunError, runSpecs, warmPool, workersFor } from "../../src/pool/pool.ts";
import type { RunResult } from "../../src/vocabulary/run-result.ts";
import type { RunSpec } from "../../src/vocabulary/run-spec.ts";
import { scenarioOf } from "../compile/scenario-of.ts";

afterAll(closePool);

const scenario = scenarioOf(`
duration_s: 0.5
server: { listeners: [{ port: 80, backlog: 16, accept: { mode: rate, rate_per_s: 50 } }] }
workloads:
  - { name: legit, kind: connections, rate_per_s: 100, duration_s: 0.5, arrival: poisson }
  - { name: flood, kind: raw, packet: syn, rate_per_s: 500, duration_s: 0.5, arrival: poisson }
`);
const specsOf = (count: number): RunSpec[] =>
  Array.from({ length: count }, (_, seed) => compileScenario(scenario, { seed, detail: "summary" }));
/** Compared as digests: a failing test would print megabytes otherwise. */
const digestOf = ({ buffer }: RunResult): string => createHash("sha256").update(Buffer.from(buffer)).digest("hex");
/** The engine cannot make sense of it. */
const broken = (seed: number): RunSpec => ({ ...(specsOf(1)[0] as RunSpec), seed, server: null as never });
/** Long enough to be interrupted. */
const endless = (): RunSpec =>
  compileScenario(
    { ...scenario, duration_s: 1e5, workloads: scenario.workloads.map((w) => ({ ...w, duration_s: 1e5 })) },
    { seed: 1 },
  );

describe("the pool", () => {
  test.each([1, 2, 5])("gives the results of this thread, in order, with %i threads", async (workers) => {
    const specs = specsOf(23);
    const results = await runSpecs(specs, { workers });
    expect(results.map(digestOf)).toEqual(specs.map((spec) => digestOf(run(spec))));
  });

  test("lets short runs share tasks without losing any", async () => {
    const specs = specsOf(100);
    const done: number[] = [];
    const results = await runSpecs(specs, { workers: 2, onDone: (index) => done.push(index) });
    expect(done.toSorted((a, b) => a - b)).toEqual(specs.map((_, index) => index));
    expect(results.map(digestOf)).toEqual(specs.map((spec) => digestOf(run(spec))));
  });

  test("has nothing to do for no runs", async () => {
    expect(await runSpecs([])).toEqual([]);
  });

  test("serves two calls at a time", async () => {
    const specs = specsOf(8);
    const [a, b] = await Promise.all([runSpecs(specs, { workers: 2 }), runSpecs(specs, { workers: 2 })]);
    expect(a.map(digestOf)).toEqual(b.map(digestOf));
  });

  test("starts anew after it was closed", async () => {
    await closePool();
    await warmPool(1);
    expect(await runSpecs(specsOf(1), { workers: 1 })).toHaveLength(1);
  });
});

describe("a run that fails", () => {
  test("is named by its place and its seed", async () => {
    const specs = specsOf(40).map((spec, index) => (index === 17 ? broken(4711) : spec));
    const error = await runSpecs(specs, { workers: 1 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RunError);
    expect(error).toMatchObject({ index: 17, message: expect.stringMatching(/^run 18 of 40 \(seed 4711\): ./) });
  });

  test("ends the other runs of its call", async () => {
    const startedMs = performance.now();
    await expect(runSpecs([endless(), broken(1)], { workers: 2 })).rejects.toThrow("run 2 of 2 (seed 1)");
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  test("leaves other calls alone", async () => {
    const specs = specsOf(8);
    const [good, bad] = await Promise.allSettled([runSpecs(specs, { workers: 1 }), runSpecs([broken(1)])]);
    expect(good.status).toBe("fulfilled");
    expect(bad.status).toBe("rejected");
  });
});

describe("cancelling", () => {
  test("ends a call at once, with the reason", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(runSpecs([endless(), endless()], { signal: controller.signal })).rejects.toThrow("enough");
  });

  test("before the start runs nothing", async () => {
    const signal = AbortSignal.abort(new Error("never"));
    await expect(runSpecs([endless()], { signal })).rejects.toThrow("never");
  });
});

describe("the number of threads", () => {
  test.each([
    [3, undefined, 3, "no more than there are runs"],
    [3, 8, 3, "no more than there are runs, even if asked"],
    [100, 8, 8, "as asked"],
    [0, undefined, 1, "one at least"],
  ] as const)("%i runs, asked %s: at most %i, %s", (runs, asked, threads, _why) => {
    expect(workersFor(runs, asked)).toBeLessThanOrEqual(threads);
    if (asked !== undefined) expect(workersFor(runs, asked)).toBe(threads);
  });

  test.each([0, -1, 1.5, MAX_WORKERS + 1])("is refused: %d", (workers) => {
    expect(() => workersFor(10, workers)).toThrow(`1 to ${MAX_WORKERS}`);
  });
});
