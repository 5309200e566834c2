/**
 * Goal    A paced run follows the clock it is given, skips what it cannot catch up with, and its log replays it to the byte.
 * Method  A pacer in this thread with a clock of the test's; the reference is a Simulation that is told the same changes.
 */
import { describe, expect, test } from "vitest";
import { endlessSpec } from "../../src/compile/endless.ts";
import { Simulation } from "../../src/engine/run.ts";
import type { PacedPlan } from "../../src/pool/paced-task.ts";
import { MOST_BEHIND_MS, Pacer } from "../../src/pool/pacer.ts";
import { sparseParts } from "../../src/results/values.ts";
import { ChangeKind, type LoadChange } from "../../src/vocabulary/load-change.ts";
import { specOf } from "../engine/helpers.ts";

const spec = endlessSpec(
  specOf({
    duration_s: 1,
    server: { listeners: [{ port: 80, backlog: 16, accept: { mode: "rate", rate_per_s: 50 } }] },
    workloads: [
      { name: "legit", kind: "connections", arrival: "poisson", rate_per_s: 100, duration_s: 1, source_addresses: 50 },
    ],
  }),
);
const change = (atS: number, value: number): LoadChange => ({
  atNs: atS * 1e9,
  kind: ChangeKind.WorkloadRate,
  subject: 0,
  value,
});
const planOf = (part: Partial<PacedPlan> = {}): PacedPlan => ({
  name: "p",
  specs: [spec],
  scale: 1,
  timetable: [],
  periodNs: 0,
  ...part,
});

describe("simulated time", () => {
  test("follows the clock, in slices", () => {
    const pacer = new Pacer(planOf(), 1000);
    expect(pacer.advance(1250, 100)).toBe(true);
    expect(pacer.moment()).toMatchObject({ nowNs: 100e6, behindMs: 150 });
    expect([pacer.advance(1250, 100), pacer.advance(1250, 100), pacer.advance(1250, 100)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(pacer.moment()).toMatchObject({ nowNs: 250e6, behindMs: 0, skips: 0 });
  });

  test("goes k times as fast", () => {
    const pacer = new Pacer(planOf({ scale: 20 }), 0);
    pacer.advance(100, 100);
    expect(pacer.moment().nowNs).toBe(2e9);
  });

  test("catches up with 5 s, and skips what is more", () => {
    const patient = new Pacer(planOf(), 0);
    expect(patient.advance(MOST_BEHIND_MS, 100)).toBe(true);
    expect(patient.moment()).toMatchObject({ nowNs: 100e6, skips: 0 });
    const late = new Pacer(planOf(), 0);
    expect(late.advance(MOST_BEHIND_MS + 1, 100)).toBe(false);
    expect(late.moment()).toMatchObject({ nowNs: 0, skips: 1, skippedMs: MOST_BEHIND_MS + 1 });
    late.advance(MOST_BEHIND_MS + 51, 100);
    expect(late.moment().nowNs).toBe(50e6);
  });
});

test("a timetable is repeated, each change at its time", () => {
  const pacer = new Pacer(planOf({ timetable: [change(0, 10), change(1, 200)], periodNs: 2e9 }), 0);
  for (let ms = 100; ms <= 4500; ms += 100) pacer.advance(ms, 100);
  expect(pacer.moment().changes).toEqual([change(0, 10), change(1, 200), change(2, 10), change(3, 200), change(4, 10)]);
  expect(pacer.moment().changes).toEqual([]);
});

test("seed and log replay a run to the byte, whenever the thread had time", () => {
  const specs = [spec, { ...spec, server: { ...spec.server, syncookies: 0 } }];
  const pacer = new Pacer(planOf({ specs, timetable: [change(0.5, 300), change(1.5, 20)], periodNs: 2e9 }), 0);
  let wallMs = 0;
  for (let step = 0; step < 100; step++) {
    wallMs += (step * 37) % 90;
    pacer.advance(wallMs, 100);
    if (step === 40) pacer.change([{ kind: ChangeKind.AcceptRate, subject: 0, value: 5 }]);
    if (step === 60) pacer.change([{ kind: ChangeKind.AppPause, subject: 0, value: 3e8 }]);
  }
  const { runs, changes, nowNs } = pacer.moment();
  expect(changes.map(({ kind }) => kind)).toContain(ChangeKind.AppPause);
  expect(nowNs).toBeGreaterThan(3e9);
  specs.forEach((one, index) => {
    const replay = new Simulation(one);
    for (const entry of changes) {
      replay.advanceTo(entry.atNs);
      replay.control(entry);
    }
    replay.advanceTo(nowNs);
    expect(runs[index]?.parts).toEqual(sparseParts(new Float64Array(replay.snapshot().buffer)));
  });
});
