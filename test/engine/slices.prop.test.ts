/**
 * Goal    A run does not depend on how it is cut into slices, even where a flood is counted and drawn in bulk.
 * Method  Poisson floods against a small listener, cut anywhere, byte by byte. (The recorded scenarios: test/integration/determinism.prop.test.ts.)
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recycle, run, runWhile, Simulation } from "../../src/engine/run.ts";
import { bytesOf, specOf } from "./helpers.ts";

const flood = { name: "flood", kind: "raw", packet: "syn", arrival: "poisson", rate_per_s: 20_000, duration_s: 1 };
const clients = { name: "clients", kind: "connections", arrival: "poisson", rate_per_s: 50, duration_s: 1 };
const keys = { duration_s: 1, server: { listeners: [{ port: 80, backlog: 8 }] }, workloads: [flood, clients] };

function isSameInSlices(seed: number, endsNs: readonly number[]): boolean {
  const spec = specOf(keys, { seed });
  const simulation = new Simulation(spec);
  for (const ns of endsNs) simulation.advanceTo(ns);
  simulation.advanceTo(spec.durationNs);
  return bytesOf(simulation.result()).equals(bytesOf(run(spec)));
}

test("a flood that is counted and drawn in bulk does not see where slices end: many short ones, some seeds", () => {
  const everyTenthMs = Array.from({ length: 10_000 }, (_, k) => k * 1e5);
  for (let seed = 0; seed < 10; seed++) expect(isSameInSlices(seed, everyTenthMs)).toBe(true);
});

test("nor anywhere else, with any seed", () => {
  const anySeed = fc.integer({ min: 0, max: 0xffffffff });
  const ends = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 8 });
  const property = fc.property(anySeed, ends, (seed, endsNs) =>
    isSameInSlices(
      seed,
      endsNs.toSorted((a, b) => a - b),
    ),
  );
  fc.assert(property, { numRuns: 50 });
});

test("nor where a slice ends after so many batches of events", () => {
  for (const batches of [1, 2, 7]) {
    const spec = specOf({ ...keys, workloads: [{ ...flood, addresses: "random" }, clients] }, { seed: 1 });
    const simulation = new Simulation(spec);
    let slices = 1;
    while (!simulation.advanceTo(spec.durationNs, batches)) slices += 1;
    expect(slices).toBeGreaterThan(1);
    expect(bytesOf(simulation.result()).equals(bytesOf(run(spec)))).toBe(true);
  }
});

describe("a run that is watched", () => {
  const spec = specOf({ ...keys, workloads: [{ ...flood, addresses: "random" }, clients] }, { seed: 1 });

  test("tells how far it is, and gives the same result", () => {
    const shares: number[] = [];
    const result = runWhile(spec, (share) => shares.push(share) > 0);
    expect(result && bytesOf(result).equals(bytesOf(run(spec)))).toBe(true);
    expect(shares.length).toBeGreaterThan(0);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.every((share) => share > 0 && share < 1)).toBe(true);
  });

  test("ends when it is told to, and leaves its tables to the next one", () => {
    expect(runWhile(spec, () => false)).toBeNull();
    expect(bytesOf(run(spec)).equals(bytesOf(run(spec)))).toBe(true);
  });

  test("a result that was given back is written over, and nothing of it is left", () => {
    const fresh = bytesOf(run(spec));
    const busy = run(
      specOf(
        {
          ...keys,
          workloads: [
            { ...flood, rate_per_s: 1000 },
            { ...clients, rate_per_s: 500 },
          ],
        },
        { seed: 2 },
      ),
    );
    recycle(busy);
    const again = run(spec);
    expect(again.buffer).toBe(busy.buffer);
    expect(bytesOf(again).equals(fresh)).toBe(true);
  });
});
