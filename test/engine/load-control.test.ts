/**
 * Goal    A run whose load is changed while it goes on is a function of its spec and of the changes with their times; each change does what it says.
 * Method  Runs in slices with looks and changes in between, against run() with the same changes, byte by byte; and what comes of each change, counted.
 */
import { describe, expect, test } from "vitest";
import { endlessSpec } from "../../src/compile/endless.ts";
import { canChange } from "../../src/engine/load-control.ts";
import { run, Simulation } from "../../src/engine/run.ts";
import { RunView } from "../../src/results/run-view.ts";
import { ChangeKind, type LoadChange } from "../../src/vocabulary/load-change.ts";
import type { RunSpec } from "../../src/vocabulary/run-spec.ts";
import { bytesOf, type Keys, specOf } from "./helpers.ts";

const NS_PER_S = 1e9;
const rate = (atS: number, subject: number, value: number): LoadChange => ({
  atNs: atS * NS_PER_S,
  kind: ChangeKind.WorkloadRate,
  subject,
  value,
});
const acceptRate = (atS: number, value: number): LoadChange => ({
  atNs: atS * NS_PER_S,
  kind: ChangeKind.AcceptRate,
  subject: 0,
  value,
});
const pause = (atS: number, lengthS: number): LoadChange => ({
  atNs: atS * NS_PER_S,
  kind: ChangeKind.AppPause,
  subject: 0,
  value: lengthS * NS_PER_S,
});

const legit: Keys = {
  name: "legit",
  kind: "connections",
  arrival: "poisson",
  rate_per_s: 100,
  duration_s: 10,
  source_addresses: 100,
};
const flood: Keys = {
  name: "flood",
  kind: "raw",
  packet: "syn",
  arrival: "poisson",
  rate_per_s: 2000,
  duration_s: 10,
  source_addresses: 65_000,
};
const keysOf = (accept: Keys, workloads: readonly Keys[] = [legit, flood]): Keys => ({
  duration_s: 10,
  server: { listeners: [{ port: 80, backlog: 64, accept }] },
  workloads,
});
const BY_RATE = { mode: "rate", rate_per_s: 80 };
const LOG = [
  rate(1.5, 1, 0),
  rate(2, 0, 300),
  acceptRate(3, 20),
  pause(4.25, 1),
  rate(5, 1, 5000),
  pause(5, 0.5),
  rate(7, 0, 50),
  acceptRate(8, 200),
];

describe("seed and log replay a run", () => {
  for (const engine of ["packet", "auto"] as const) {
    for (const arrival of ["poisson", "even"] as const) {
      test(`to the byte, however it was cut: ${engine}, ${arrival}`, () => {
        const spec = specOf(
          keysOf(BY_RATE, [
            { ...legit, arrival },
            { ...flood, arrival },
          ]),
          { engine },
        );
        const simulation = new Simulation(spec);
        const log = [...LOG];
        for (let ms = 50; ms <= 10_000; ms += 50) {
          simulation.advanceTo(ms * 1e6);
          while (log[0]?.atNs === ms * 1e6) simulation.control(log.shift() as LoadChange);
        }
        const replayed = run(spec, LOG);
        expect(bytesOf(simulation.result()).equals(bytesOf(replayed))).toBe(true);
        expect(bytesOf(replayed).equals(bytesOf(run(spec)))).toBe(false);
      });
    }
  }

  test("and looking at it changes nothing", () => {
    const spec = specOf(keysOf(BY_RATE), { engine: "packet" });
    const simulation = new Simulation(spec);
    for (let ms = 0; ms <= 10_000; ms += 37) {
      simulation.advanceTo(ms * 1e6);
      simulation.snapshot();
    }
    simulation.advanceTo(spec.durationNs);
    expect(bytesOf(simulation.result()).equals(bytesOf(run(spec)))).toBe(true);
    const other = new Simulation(spec);
    other.advanceTo(spec.durationNs);
    expect(bytesOf(other.snapshot()).equals(bytesOf(other.result()))).toBe(true);
  });
});

const resultOf = (spec: RunSpec, log: readonly LoadChange[]) => [spec, run(spec, log)] as const;

/** What a run with these changes has counted when each of the times, in s, is reached. */
function countsAt(
  spec: RunSpec,
  log: readonly LoadChange[],
  timesS: readonly number[],
  count: (view: RunView) => number,
): number[] {
  const simulation = new Simulation(spec);
  const steps = [...new Set([...log.map(({ atNs }) => atNs), ...timesS.map((s) => s * NS_PER_S)])].sort(
    (a, b) => a - b,
  );
  const counts = new Map<number, number>();
  for (const ns of steps) {
    simulation.advanceTo(ns);
    counts.set(ns, count(new RunView(spec, simulation.snapshot())));
    for (const change of log.filter(({ atNs }) => atNs === ns)) simulation.control(change);
  }
  return timesS.map((s) => counts.get(s * NS_PER_S) ?? Number.NaN);
}

describe("rates of workloads", () => {
  const even = specOf(keysOf({ mode: "immediate" }, [{ ...legit, arrival: "even" }]), { engine: "packet" });
  const attempts = (view: RunView): number => view.workloadField(0, "attempted");

  test("even arrivals come a gap after the change, and at the new rate", () => {
    expect(countsAt(even, [rate(2.005, 0, 10)], [1.999, 2.1, 2.11, 4.06], attempts)).toEqual([200, 201, 202, 221]);
  });

  test("0 is nobody, until it is changed again", () => {
    expect(countsAt(even, [rate(2.005, 0, 0), rate(6, 0, 100)], [2.005, 6, 6.005, 7.005], attempts)).toEqual([
      201, 201, 201, 301,
    ]);
  });

  test("Poisson arrivals follow, of clients and of floods", () => {
    const spec = endlessSpec(specOf(keysOf({ mode: "immediate" })));
    const log = [rate(2, 0, 1000), rate(2, 1, 0), rate(4, 1, 20_000)];
    const [before = 0, after = 0] = countsAt(spec, log, [2, 4], attempts);
    expect(Math.abs(after - before - 2000)).toBeLessThan(4 * Math.sqrt(2000));
    const [two, four, six = 0] = countsAt(spec, log, [2, 4, 6], (view) => view.workloadField(1, "sent"));
    expect(four).toBe(two);
    expect(Math.abs(six - (four ?? 0) - 40_000)).toBeLessThan(4 * Math.sqrt(40_000));
  });
});

test("packets that lag when their rate is changed were sent nevertheless", () => {
  for (const engine of ["packet", "auto"] as const) {
    const view = new RunView(...resultOf(specOf(keysOf({ mode: "never" }), { engine }), [rate(2, 1, 0)]));
    expect(Math.abs(view.workloadField(1, "sent") - 4000)).toBeLessThan(4 * Math.sqrt(4000));
  }
});

describe("the application", () => {
  const busy = specOf(keysOf(BY_RATE, [{ ...legit, rate_per_s: 400, arrival: "even" }]), { engine: "packet" });
  const accepted = (view: RunView): number => view.listenerField(0, "accepted");

  test("accepts at another rate from the change on", () => {
    const [at2 = 0, at3, at4] = countsAt(busy, [acceptRate(2, 10)], [2.001, 3.001, 4.001], accepted);
    expect([at3, at4]).toEqual([at2 + 10, at2 + 20]);
  });

  test("accepts nothing while it pauses, then goes on at its rate", () => {
    const [at2, at4, at5 = 0] = countsAt(busy, [pause(2, 2)], [2, 4, 5], accepted);
    expect(at4).toBe(at2);
    expect(Math.abs(at5 - (at4 ?? 0) - 80)).toBeLessThanOrEqual(1);
  });

  test("pauses that meet are one", () => {
    const [at2, at45, at6 = 0] = countsAt(busy, [pause(2, 2), pause(3, 1.5), pause(2.5, 0.1)], [2, 4.5, 6], accepted);
    expect(at45).toBe(at2);
    expect(Math.abs(at6 - (at45 ?? 0) - 120)).toBeLessThanOrEqual(1);
  });

  test("pauses in every mode, those of the scenario included", () => {
    for (const accept of [
      { mode: "immediate" },
      { mode: "serial", service_time_s: 0.01 },
      { mode: "workers", workers: 4, service_time_s: 0.01 },
    ]) {
      const server = {
        listeners: [{ port: 80, backlog: 64, accept, app: { close: "on_accept", pause_windows_s: [[3.5, 5]] } }],
      };
      const spec = specOf({ ...keysOf(accept, [legit]), server }, { engine: "packet" });
      const [at2 = 0, at5, at6] = countsAt(spec, [pause(2, 2)], [2.02, 5, 6], accepted);
      expect(at2).toBeGreaterThan(0);
      expect(at5).toBe(at2);
      expect(at6).toBeGreaterThan(at2);
    }
  });

  test("empty ticks are those of all its rates", () => {
    const idle = specOf(keysOf(BY_RATE, [{ ...legit, rate_per_s: 1, arrival: "even" }]), { engine: "packet" });
    const view = new RunView(idle, run(idle, [acceptRate(2, 10), pause(4, 2)]));
    expect(view.listenerField(0, "emptyTicks") + view.listenerField(0, "accepted")).toBe(2 * 80 + 2 * 10 + 4 * 10);
  });
});

const spec = specOf({
  duration_s: 1,
  server: {
    listeners: [
      { port: 80, backlog: 1, accept: BY_RATE },
      { port: 81, backlog: 1 },
    ],
  },
  workloads: [
    legit,
    { ...flood, source_addresses: 1 },
    { ...legit, name: "ramp", arrival: "ramp", end_rate_per_s: 5 },
    { ...legit, name: "bursts", arrival: "bursts", burst_size: 5 },
    { name: "all_at_once", kind: "connections", count: 5 },
    { ...flood, name: "answered", source_addresses: 1, answer_to_synack: "ack", first_source_port: 40_000 },
  ],
});
const allowed = [
  [ChangeKind.WorkloadRate, 0, 0, true, "nobody"],
  [ChangeKind.WorkloadRate, 0, 1e6, true, "many"],
  [ChangeKind.WorkloadRate, 0, -1, false, "less than nobody"],
  [ChangeKind.WorkloadRate, 0, Number.NaN, false, "no number"],
  [ChangeKind.WorkloadRate, 1, 107, true, "ports of one address do not come again within ten minutes"],
  [ChangeKind.WorkloadRate, 1, 108, false, "they do"],
  [ChangeKind.WorkloadRate, 5, 108, true, "packets of a flood that answers never wait"],
  [ChangeKind.WorkloadRate, 2, 5, false, "a ramp is what it is"],
  [ChangeKind.WorkloadRate, 3, 5, false, "so are bursts"],
  [ChangeKind.WorkloadRate, 4, 5, false, "all at once has no rate"],
  [ChangeKind.WorkloadRate, 6, 5, false, "no such workload"],
  [ChangeKind.AcceptRate, 0, 5, true, "accepts at a rate"],
  [ChangeKind.AcceptRate, 0, 0, false, "never would be a pause"],
  [ChangeKind.AcceptRate, 1, 5, false, "accepts at once"],
  [ChangeKind.AppPause, 1, 5, true, "any application pauses"],
  [ChangeKind.AppPause, 2, 5, false, "no such listener"],
] as const;
test.each(allowed)("change %i of %i to %d is allowed: %s, %s", (kind, subject, value, isAllowed, _why) => {
  expect(canChange(spec, { kind, subject, value })).toBe(isAllowed);
});
