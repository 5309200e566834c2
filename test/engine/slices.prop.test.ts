/**
 * Goal    A run does not depend on how it is cut into slices, even where a flood is counted and drawn in bulk.
 * Method  Poisson floods against a small listener, cut anywhere, byte by byte. (The recorded scenarios: test/integration/determinism.prop.test.ts.)
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { run, Simulation } from "../../src/engine/run.ts";
import { bytesOf, specOf } from "./helpers.ts";

test("a flood that is counted and drawn in bulk does not see where slices end", () => {
  const flood = { name: "flood", kind: "raw", packet: "syn", arrival: "poisson", rate_per_s: 20_000, duration_s: 1 };
  const clients = { name: "clients", kind: "connections", arrival: "poisson", rate_per_s: 50, duration_s: 1 };
  const keys = { duration_s: 1, server: { listeners: [{ port: 80, backlog: 8 }] }, workloads: [flood, clients] };
  const anySeed = fc.integer({ min: 0, max: 0xffffffff });
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(anySeed, cuts, (seed, parts) => {
      const spec = specOf(keys, { seed });
      const simulation = new Simulation(spec);
      for (const part of parts.toSorted((a, b) => a - b)) simulation.advanceTo(part * spec.durationNs);
      simulation.advanceTo(spec.durationNs);
      expect(bytesOf(simulation.result()).equals(bytesOf(run(spec)))).toBe(true);
    }),
    { numRuns: 100 },
  );
});
