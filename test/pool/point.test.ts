/**
 * Goal    Threads make the points of a sweep as the program itself would, and say what cannot be.
 * Method  The thread's code in this process; a sweep with one combination that contradicts itself, too rare to be found before the start.
 */
import { afterAll, describe, expect, test } from "vitest";
import {
  closePool,
  parseExperiment,
  RunError,
  type Sweep,
  SweepPointError,
  simulateSweep,
  sweepOf,
} from "../../src/index.ts";
import { preparePoint } from "../../src/pool/point.ts";
import type { PointJob } from "../../src/pool/task.ts";
import { scenarioAt, specsAt } from "../../src/simulate-sweep.ts";

afterAll(closePool);

function sweepFrom(axes: string, more = "rate_per_s: 50, duration_s: 0.1"): Sweep {
  const parsed = parseExperiment(
    `
seeds: 2
scenario:
  duration_s: 0.1
  server: { hosts: 2, listeners: [{ port: 80, backlog: 16 }] }
  client: { one_way_delay_s: 0.001 }
  workloads: [{ name: legit, kind: connections, ${more} }]
sweep: { axes: { ${axes} } }
`,
    () => ({ ok: false, error: "no files" }),
  );
  if (!parsed.ok || parsed.value.sweep === null) throw new Error("not a sweep");
  return sweepOf(parsed.value.experiment, parsed.value.sweep);
}

function jobOf({ shape, plan }: Sweep, point: number, memory = 1e12): PointJob {
  const { engine, metrics } = shape;
  const sweep = { ...plan.parts, engine, metrics, workers: 1, memory };
  return { kind: "point", sweep, tuning: 0, values: shape.valuesAt(point), seed: 1 };
}

describe("a point", () => {
  const sweep = sweepFrom('server.listeners.80.backlog: [1, 2, 3], workloads.legit.rate_per_s: "10..50:5"');

  test("is what the program would make of it, also after it crossed to a thread", () => {
    for (const point of [0, 7, 14]) {
      const made = preparePoint(structuredClone(jobOf(sweep, point)));
      if ("contradiction" in made) throw new Error(made.contradiction);
      expect(made.tuning.scenario).toEqual(scenarioAt(sweep, point));
      expect(made.hosts).toEqual(specsAt(sweep, point));
      expect(made.hosts).toHaveLength(2);
    }
  });

  test("is made once for its seeds, and anew for other values", () => {
    const job = jobOf(sweep, 3);
    const [first, second] = [preparePoint(job), preparePoint({ ...job, seed: 2 })];
    const other = preparePoint({ ...job, values: sweep.shape.valuesAt(4) });
    if ("contradiction" in first || "contradiction" in second || "contradiction" in other) throw new Error("made");
    expect(second.tuning).toBe(first.tuning);
    expect(second.hosts.map(({ seed }) => seed)).toEqual([2, 2]);
    expect(other.tuning).not.toBe(first.tuning);
  });

  test("that would not fit into memory is refused by name", () => {
    expect(() => preparePoint(jobOf(sweep, 0, 1e6))).toThrow(
      /^it would take .* of memory with one thread, the process/,
    );
  });
});

test("values that contradict each other end the sweep with the point's number, wherever it is made", async () => {
  const axes = 'workloads.legit.arrival: [even, bursts, poisson], workloads.legit.rate_per_s: "1..1000:1000"';
  const error = await simulateSweep(sweepFrom(axes), { workers: 2 }).catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(SweepPointError);
  expect((error as Error).message).toMatch(/^point 1\d\d\d: .*workloads\.legit\.arrival = "bursts"/);
});

test("a run that no thread can hold ends the sweep as such", async () => {
  const sweep = sweepFrom("workloads.legit.count: [10, 16777217]", "source_addresses: 60000, arrival: even, count: 1");
  const error = await simulateSweep(sweep, { workers: 1 }).catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(RunError);
  expect(error).toMatchObject({
    isLimit: true,
    message: expect.stringMatching(/^run 3 \(seed 1\): more than 16 million/),
  });
});
