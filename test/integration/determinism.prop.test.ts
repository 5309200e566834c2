/**
 * Goal    A run is a pure function of its spec: the same bytes twice, in slices of any size, and in another thread.
 * Method  Scenarios of all kinds (the recorded ones, cut short), compared byte by byte.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { closePool, compileScenario, parseScenario, type RunSpec, run, runSpecs, Simulation } from "../../src/index.ts";
import { recordingNames, recordingsUrl } from "../results/recordings.ts";

afterAll(closePool);

/** The first seconds of a recorded scenario: its events are all there, but the run is short. */
function specOf(name: string, seed: number, durationS = 6): RunSpec {
  const parsed = parseScenario(readFileSync(new URL(`${name}.scenario.json`, recordingsUrl), "utf8"));
  if (!parsed.ok) throw new Error(`${name} is no scenario`);
  const { scenario } = parsed.value;
  return compileScenario({ ...scenario, duration_s: Math.min(scenario.duration_s, durationS) }, { seed });
}

const bytesOf = ({ buffer }: { buffer: ArrayBuffer }): Buffer => Buffer.from(buffer);

describe.each(recordingNames)("%s", (name) => {
  test("gives the same bytes twice", () => {
    const first = bytesOf(run(specOf(name, 7)));
    expect(bytesOf(run(specOf(name, 7))).equals(first)).toBe(true);
  });

  test("gives the same bytes in slices of any size", () => {
    const spec = specOf(name, 3);
    const whole = bytesOf(run(spec));
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 });
    fc.assert(
      fc.property(cuts, (parts) => {
        const simulation = new Simulation(spec);
        for (const part of parts.toSorted((a, b) => a - b)) simulation.advanceTo(part * spec.durationNs);
        simulation.advanceTo(spec.durationNs);
        expect(bytesOf(simulation.result()).equals(whole)).toBe(true);
      }),
      { numRuns: 5 },
    );
  });
});

test("a slice may be as short as a tick, or nothing at all", () => {
  const spec = specOf("23-mix-flood-slow-accept", 5, 2);
  const simulation = new Simulation(spec);
  for (let ns = 0; ns <= spec.durationNs; ns += 1e6) {
    simulation.advanceTo(ns);
    simulation.advanceTo(ns);
  }
  expect(bytesOf(simulation.result()).equals(bytesOf(run(spec)))).toBe(true);
});

test("runs on a thread, one after the other in any order, give the bytes that they give here", async () => {
  const specs = recordingNames.flatMap((name) => [specOf(name, 1), specOf(name, 2)]);
  const expected = specs.map((spec) => bytesOf(run(spec)));
  const forward = await runSpecs(specs, { workers: 1 });
  const backward = await runSpecs(specs.toReversed(), { workers: 2 });
  expect(forward.map(bytesOf).every((bytes, i) => bytes.equals(expected[i]!))).toBe(true);
  expect(
    backward
      .toReversed()
      .map(bytesOf)
      .every((bytes, i) => bytes.equals(expected[i]!)),
  ).toBe(true);
});
