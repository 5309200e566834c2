/**
 * Goal    Arrivals come when the scenario says: bursts to the nanosecond, changing rates in distribution, each host's share as a part of the whole.
 * Method  Tables and properties on the arrivals alone; skipping them (bulk) against stepping through them.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Arrivals, type Share } from "../../src/engine/arrivals.ts";
import { RateCurve } from "../../src/engine/rate-curve.ts";
import { type Keys, specOf } from "./helpers.ts";

const DURATION_S = 20;

function arrivalsOf(keys: Keys, seed = 1, share?: Share): Arrivals {
  const spec = specOf({
    duration_s: DURATION_S,
    server: {},
    workloads: [{ name: "a", kind: "raw", packet: "syn", ...keys }],
  });
  return new Arrivals(spec.workloads[0]!, seed, 0, share);
}

/** All times still to come, in seconds. */
function timesOf(arrivals: Arrivals): number[] {
  const times: number[] = [];
  for (; arrivals.next[0]! < Number.POSITIVE_INFINITY; arrivals.step()) times.push(arrivals.next[0]! / 1e9);
  return times;
}

const between = (times: readonly number[], fromS: number, toS: number): number =>
  times.filter((s) => s >= fromS && s < toS).length;

describe("bursts", () => {
  const cases: [string, Keys, number[]][] = [
    ["all of one at once", { rate_per_s: 2, burst_size: 4, count: 8 }, [0, 0, 0, 0, 2, 2, 2, 2]],
    [
      "spread evenly",
      { rate_per_s: 2, burst_size: 4, burst_spread_s: 1, count: 8 },
      [0, 0.25, 0.5, 0.75, 2, 2.25, 2.5, 2.75],
    ],
    ["as long as their period: even", { rate_per_s: 2, burst_size: 2, burst_spread_s: 1, count: 4 }, [0, 0.5, 1, 1.5]],
    ["from the start of the workload", { rate_per_s: 1, burst_size: 2, start_s: 5, count: 3 }, [5, 5, 7]],
    ["the last one cut short by count", { rate_per_s: 3, burst_size: 3, count: 5 }, [0, 0, 0, 1, 1]],
    ["as many as rate and duration give", { rate_per_s: 3, burst_size: 3, duration_s: 2 }, [0, 0, 0, 1, 1, 1]],
  ];
  test.each(cases)("%s", (_, keys, times) => {
    expect(timesOf(arrivalsOf({ arrival: "bursts", ...keys }))).toEqual(times);
  });
});

const counted = fc
  .record({
    size: fc.integer({ min: 1, max: 50 }),
    rate: fc.integer({ min: 1, max: 3_000_000 }),
    spread: fc.constantFrom(0, 0.3, 1),
    count: fc.integer({ min: 1, max: 3000 }),
    isBursts: fc.boolean(),
  })
  .map(({ size, rate, spread, count, isBursts }): Keys => {
    const even = { rate_per_s: rate, count };
    return isBursts ? { ...even, arrival: "bursts", burst_size: size, burst_spread_s: (spread * size) / rate } : even;
  });
const share = fc
  .integer({ min: 1, max: 5 })
  .chain((hostCount) => fc.record({ hostCount: fc.constant(hostCount), hostIndex: fc.nat(hostCount - 1) }));

test("counted arrivals that are skipped are as many, and go on at the same time, as those that are stepped through", () => {
  const cuts = fc.array(fc.tuple(fc.nat(5_000_000), fc.boolean()), { maxLength: 30 });
  fc.assert(
    fc.property(counted, share, cuts, (keys, part, list) => {
      const skipped = arrivalsOf(keys, 1, part);
      const stepped = arrivalsOf(keys, 1, part);
      for (const [ns, inclusive] of list.toSorted(([a], [b]) => a - b)) {
        let n = 0;
        for (; inclusive ? stepped.next[0]! <= ns : stepped.next[0]! < ns; n++) stepped.step();
        expect(skipped.passOver(ns, inclusive)).toBe(n);
        expect(skipped.next).toEqual(stepped.next);
      }
    }),
  );
});

test("the first counted arrival passed over from a moment on is found again", () => {
  fc.assert(
    fc.property(counted, share, fc.nat(2_000_000), fc.nat(2_000_000), (keys, part, fromNs, untilNs) => {
      const arrivals = arrivalsOf(keys, 1, part);
      const passed = timesOf(arrivalsOf(keys, 1, part)).map((s) => s * 1e9);
      arrivals.passOver(untilNs, true);
      const first = passed.find((ns) => ns >= fromNs - 1e-3 && ns <= untilNs + 1e-3);
      const found = arrivals.passedFrom(fromNs);
      if (first === undefined) expect(found).toBe(Number.POSITIVE_INFINITY);
      else expect(Math.abs(found - first)).toBeLessThan(1e-2);
    }),
  );
});

test("counted arrivals of all hosts together are exactly the whole", () => {
  fc.assert(
    fc.property(counted, fc.integer({ min: 1, max: 7 }), (keys, hostCount) => {
      const hosts = Array.from({ length: hostCount }, (_, hostIndex) =>
        timesOf(arrivalsOf(keys, 1, { hostIndex, hostCount })),
      );
      expect(hosts.flat().toSorted((a, b) => a - b)).toEqual(timesOf(arrivalsOf(keys)));
    }),
  );
});

describe("rates", () => {
  const ramp = { arrival: "ramp", start_s: 2, rate_per_s: 0, end_rate_per_s: 4000, duration_s: 8 };
  const trace = {
    arrival: "trace",
    start_s: 1,
    trace: [
      [1, 3000],
      [3, 0],
      [9, 500],
      [12, 3000],
    ],
    duration_s: 14,
  };
  const within = (n: number, mean: number): void => {
    expect(Math.abs(n - mean), `${n} of ${mean}`).toBeLessThanOrEqual(5 * Math.sqrt(mean));
  };
  const parts: [string, Keys, number, number, number][] = [
    ["nobody before a ramp begins", ramp, 0, 2, 0],
    ["a ramp's first half has a quarter of all", ramp, 2, 6, 4000],
    ["a ramp's second half has the rest", ramp, 6, 10, 12_000],
    ["nobody after a ramp's end", ramp, 10, 20, 0],
    ["a falling ramp's first half has three quarters", { ...ramp, rate_per_s: 4000, end_rate_per_s: 0 }, 2, 6, 12_000],
    ["a falling ramp goes to 0", { ...ramp, rate_per_s: 4000, end_rate_per_s: 0 }, 9, 10, 250],
    ["a ramp between equal rates is flat", { ...ramp, rate_per_s: 1000, end_rate_per_s: 1000 }, 9, 10, 1000],
    ["nobody before a trace's first rate", trace, 0, 2, 0],
    ["a trace's rate holds", trace, 2, 4, 6000],
    ["nobody while it is 0", trace, 4, 10, 0],
    ["the next rate comes at its time", trace, 10, 13, 1500],
    ["the last rate lasts to the end", trace, 13, 15, 6000],
    ["nobody after the end of a trace", trace, 15, 20, 0],
    ["a trace without a duration lasts as long as the run", { ...trace, duration_s: undefined }, 13, 20, 21_000],
  ];
  test.each(parts)("%s", (_, keys, fromS, toS, mean) => {
    within(between(timesOf(arrivalsOf(keys)), fromS, toS), mean);
  });

  test.each(parts)("skipped by the half second and counted: %s", (_, keys, fromS, toS, mean) => {
    const arrivals = arrivalsOf(keys);
    let n = 0;
    for (let s = 0.5; s <= DURATION_S; s += 0.5) {
      const more = arrivals.passOver(s * 1e9, true);
      if (s > fromS && s <= toS) n += more;
    }
    within(n, mean);
  });

  test("a host's share is an n-th, its own, and the shares make up the whole", () => {
    const hosts = Array.from({ length: 4 }, (_, hostIndex) =>
      timesOf(arrivalsOf(ramp, 1, { hostIndex, hostCount: 4 })),
    );
    for (const times of hosts) within(between(times, 6, 10), 3000);
    expect(new Set(hosts.flat()).size).toBe(hosts.flat().length);
  });

  test("the gaps of a constant rate are exponential: as many as e^-x are longer than x means", () => {
    const times = timesOf(arrivalsOf({ ...ramp, rate_per_s: 2000, end_rate_per_s: 2000 }));
    const gaps = times.slice(1).map((s, i) => (s - times[i]!) * 2000);
    for (const x of [0.1, 0.5, 1, 2, 4]) {
      const share = Math.exp(-x);
      const error = Math.sqrt((share * (1 - share)) / gaps.length);
      expect(Math.abs(gaps.filter((gap) => gap > x).length / gaps.length - share)).toBeLessThan(4.5 * error);
    }
  });

  test("the bound on the number of Poisson arrivals is none for one host of many", () => {
    const keys = { arrival: "poisson", rate_per_s: 20_000, duration_s: 20 };
    for (const hostIndex of [0, 7, 63]) {
      const times = timesOf(arrivalsOf(keys, 1, { hostIndex, hostCount: 64 }));
      within(times.length, 6250);
      expect(times.at(-1)).toBeGreaterThan(19.9);
    }
  });
});

const rate = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 100_000 }),
  fc.double({ min: 1e-6, max: 1e8, noNaN: true }),
);
const curve = fc
  .array(fc.tuple(fc.nat(5_000_000_000), rate, rate), { minLength: 1, maxLength: 6 })
  .map((pieces) => pieces.toSorted(([a], [b]) => a - b))
  .map((pieces) => ({ pieces: pieces.flat(), endNs: pieces.at(-1)![0] + 1_000_000_000 }));

test("the way back of a rate curve leads to the moment until which so many are expected", () => {
  fc.assert(
    fc.property(
      curve,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }),
      ({ pieces, endNs }, list) => {
        const back = new RateCurve(pieces, endNs, 0, 1);
        const total = back.expectedUntil(endNs);
        let last = 0;
        for (const share of list.toSorted((a, b) => a - b)) {
          back.operational[0] = share * total;
          back.invert();
          const ns = back.timeNs[0]!;
          if (ns === Number.POSITIVE_INFINITY) {
            expect(share * total).toBeGreaterThanOrEqual(total * (1 - 1e-12));
            continue;
          }
          expect(ns).toBeGreaterThanOrEqual(last - 1e-3);
          expect(Math.abs(back.expectedUntil(ns) - share * total)).toBeLessThanOrEqual(1e-6 * total);
          expect(back.possibleFrom(ns - 1)).toBeLessThanOrEqual(endNs);
          last = ns;
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("somebody may come from the next piece on whose rate is not 0", () => {
  const pieces = [10, 0, 0, 20, 5, 5, 30, 0, 0, 40, 0, 1];
  const at = (ns: number): number => new RateCurve(pieces, 50, 0, 1).possibleFrom(ns);
  expect([0, 10, 20, 25, 30, 35, 45, 50].map(at)).toEqual([20, 20, 20, 25, 40, 40, 45, Number.POSITIVE_INFINITY]);
});
