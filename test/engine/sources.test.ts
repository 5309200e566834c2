/**
 * Goal    What the event loop stands on: arrivals that may be skipped, timers of applications in order, a ledger that loses nobody.
 * Method  Each alone; properties over random operations.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppHeap } from "../../src/engine/app-heap.ts";
import { Arrivals } from "../../src/engine/arrivals.ts";
import { Ledger } from "../../src/engine/ledger.ts";
import { Gate } from "../../src/vocabulary/gates.ts";
import { Outcome } from "../../src/vocabulary/outcomes.ts";
import { specOf } from "./helpers.ts";

function arrivalsOf(keys: Record<string, unknown>, offsetNs = 0): Arrivals {
  const { workloads } = specOf({
    duration_s: 9,
    server: {},
    workloads: [{ name: "a", kind: "raw", packet: "syn", ...keys }],
  });
  return new Arrivals(workloads[0]!, 1, offsetNs);
}

describe("even arrivals", () => {
  test("come at start + i / rate, so many as were asked for", () => {
    const arrivals = arrivalsOf({ rate_per_s: 4, count: 3, start_s: 1 }, 30_000);
    const times: number[] = [];
    for (; arrivals.next[0]! < Number.POSITIVE_INFINITY; arrivals.step()) times.push(arrivals.next[0]!);
    expect(times).toEqual([1_000_030_000, 1_250_030_000, 1_500_030_000]);
  });

  test("that are skipped are as many, and go on at the same time, as those that are stepped through", () => {
    const cuts = fc.array(fc.tuple(fc.integer({ min: 0, max: 5_000_000 }), fc.boolean()), { maxLength: 30 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000_000 }),
        fc.integer({ min: 1, max: 4000 }),
        cuts,
        (rate, count, list) => {
          const keys = { rate_per_s: rate, count };
          const skipped = arrivalsOf(keys);
          const stepped = arrivalsOf(keys);
          for (const [ns, inclusive] of list.toSorted(([a], [b]) => a - b)) {
            let n = 0;
            while (inclusive ? stepped.next[0]! <= ns : stepped.next[0]! < ns) {
              stepped.step();
              n++;
            }
            expect(skipped.passOver(ns, inclusive)).toBe(n);
            expect(skipped.next).toEqual(stepped.next);
          }
        },
      ),
    );
  });

  test("include the one at the very moment only when asked to", () => {
    for (const inclusive of [true, false]) {
      expect(arrivalsOf({ rate_per_s: 1000, count: 9 }).passOver(2_000_000, inclusive)).toBe(inclusive ? 3 : 2);
    }
  });
});

test("Poisson arrivals end at their time, skipped or not", () => {
  for (const skipNs of [0, 500_000_000]) {
    const arrivals = arrivalsOf({ arrival: "poisson", rate_per_s: 5000, duration_s: 1 });
    let n = arrivals.passOver(skipNs, true);
    let last = 0;
    for (; arrivals.next[0]! < Number.POSITIVE_INFINITY; arrivals.step(), n++) last = arrivals.next[0]!;
    expect(last).toBeLessThan(1e9);
    expect(Math.abs(n - 5000)).toBeLessThan(5 * Math.sqrt(5000));
  }
});

test("application timers come out by time, and in the order of going in where the times are equal", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 3000 }), (times) => {
      const due = new Float64Array(1);
      const heap = new AppHeap(due, 0);
      times.forEach((ns, i) => {
        heap.atNs[0] = ns;
        heap.push(1, i, ns);
      });
      const sorted = times.map((ns, i) => [ns, i] as const).toSorted(([a, i], [b, j]) => a - b || i - j);
      for (const [ns, i] of sorted) {
        expect(due[0]).toBe(ns);
        heap.pop();
        expect([heap.subject, heap.value]).toEqual([i, ns]);
      }
      expect(due[0]).toBe(Number.POSITIVE_INFINITY);
    }),
    { numRuns: 30 },
  );
});

test("application timers pushed and popped in turns: long delays in order, short ones between them, growing past any size", () => {
  const pushes = fc.record({ delay: fc.constantFrom(0, 3, 50, 50, 1000), pops: fc.integer({ min: 0, max: 2 }) });
  fc.assert(
    fc.property(fc.array(pushes, { minLength: 1, maxLength: 4000, size: "max" }), (steps) => {
      const due = new Float64Array(1);
      const heap = new AppHeap(due, 0);
      const waiting: { readonly ns: number; readonly number: number }[] = [];
      let now = 0;
      const popOne = (): void => {
        const first = waiting.reduce((least, one) => (one.ns < least.ns ? one : least));
        waiting.splice(waiting.indexOf(first), 1);
        expect(due[0]).toBe(first.ns);
        heap.pop();
        expect([heap.subject, heap.value]).toEqual([first.number, first.ns]);
        now = first.ns;
      };
      steps.forEach(({ delay, pops }, number) => {
        heap.atNs[0] = now + delay;
        heap.push(1, number, now + delay);
        waiting.push({ ns: now + delay, number });
        // Twice as many pushes as pops: what waits grows.
        if (number % 2 === 0) for (let k = 0; k < pops && waiting.length > 0; k++) popOne();
      });
      while (waiting.length > 0) popOne();
      expect(due[0]).toBe(Number.POSITIVE_INFINITY);
    }),
    { numRuns: 12 },
  );
});

describe("the ledger", () => {
  const ledgerAt = (): { now: Float64Array; ledger: Ledger } => {
    const now = new Float64Array(1);
    return { now, ledger: new Ledger(now, 1, [7]) };
  };

  test("charges the time from a loss to the next progress to the gate that took the segment", () => {
    const { now, ledger } = ledgerAt();
    const id = ledger.begin(0, 0);
    now[0] = 100;
    ledger.lose(id, Gate.syn_queue_full);
    now[0] = 350;
    ledger.lose(id, Gate.path_to_client);
    now[0] = 400;
    ledger.progress(id);
    expect(ledger.waitNs[Gate.syn_queue_full]).toBe(250);
    expect(ledger.waitNs[Gate.path_to_client]).toBe(50);
    expect(ledger.drops[Gate.syn_queue_full]).toBe(1);
  });

  test("charges a failed attempt to the gate of its last loss, or to the one that stands in", () => {
    const { ledger } = ledgerAt();
    const lost = ledger.begin(0, 0);
    const other = ledger.begin(0, 1);
    ledger.lose(lost, Gate.last_quarter);
    for (const id of [lost, other]) ledger.end(ledger.at(id), Outcome.timed_out, true, Gate.app);
    expect(ledger.failed[Gate.last_quarter]).toBe(1);
    expect(ledger.failed[Gate.app]).toBe(1);
  });

  test("hears nothing of an attempt that has ended, though its row is taken again", () => {
    const { ledger } = ledgerAt();
    const first = ledger.begin(0, 0);
    ledger.end(ledger.at(first), Outcome.completed, false, Gate.none);
    const second = ledger.begin(0, 1);
    expect(second).not.toBe(first);
    ledger.lose(first, Gate.app);
    expect(ledger.drops[Gate.app]).toBe(0);
    expect(ledger.at(first)).toBe(-1);
  });

  test("holds offered = ended + in flight, whatever ends when", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1, max: 20 }), { maxLength: 200 }), (operations) => {
        const { ledger } = ledgerAt();
        const live: number[] = [];
        let ended = 0;
        operations.forEach((operation, i) => {
          if (operation < 0 || live.length === 0) live.push(ledger.begin(0, i));
          else {
            const [id] = live.splice(operation % live.length, 1);
            ledger.end(ledger.at(id!), Outcome.completed, false, Gate.none);
            ended++;
          }
          ledger.assertBalanced();
        });
        expect(ledger.attempted[0]).toBe(ended + live.length);
        const inFlight: number[] = [];
        ledger.visitInFlight((at) => inFlight.push(at));
        expect(inFlight.toSorted((a, b) => a - b)).toEqual(live.map((id) => ledger.at(id)).toSorted((a, b) => a - b));
      }),
    );
  });
});
