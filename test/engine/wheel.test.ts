/**
 * Goal    Timers are never early, late by up to the granularity of their level, and of one bucket the one armed last fires first.
 * Method  fireTick on both sides of each level (kernel-semantics 0.4); small wheels driven tick by tick.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_ROW, ROW_SHIFT } from "../../src/engine/layout.ts";
import { fireTick, NO_TICK, TimerWheel } from "../../src/engine/wheel.ts";

describe("a timer set when the tick divides by all levels", () => {
  const cases = [
    // delta, fires after, why
    [0, 1, "even a timer of no ticks waits for the next one"],
    [1, 2, "level 0: one tick late"],
    [62, 63, "the last delta of level 0"],
    [63, 64, "the first of level 1: rounded to 8 ticks"],
    [250, 256, "1 s at HZ=250 is 24 ms late"],
    [503, 504, "the last delta of level 1"],
    [504, 512, "the first of level 2: rounded to 64 ticks"],
    [512, 576, "a delta that is a multiple of the granularity is late by all of it"],
    [4031, 4032, "the last delta of level 2"],
    [4032, 4096, "the first of level 3: rounded to 512 ticks"],
    [15_000, 15_360, "60 s at HZ=250 are 1.44 s late"],
    [32_255, 32_256, "the last delta of level 3"],
    [32_256, 32_768, "the first of level 4: rounded to 4096 ticks"],
    [258_047, 258_048, "the last delta of level 4"],
    [258_048, 262_144, "the first of level 5"],
  ] as const;
  for (const [delta, after, why] of cases) {
    test(`of ${delta} ticks fires after ${after}: ${why}`, () => {
      expect(fireTick(2 ** 20, delta) - 2 ** 20).toBe(after);
    });
  }
});

test("a timer of 62 ticks is a tick late, one of 63 up to eight: set a tick later", () => {
  expect([62, 63].map((delta) => fireTick(2 ** 20 + 1, delta) - 2 ** 20 - 1)).toEqual([63, 71]);
});

test("a timer is never early, and late by at most the granularity of its level", () => {
  const granularity = (delta: number): number => [63, 504, 4032, 32_256, 258_048].findIndex((limit) => delta < limit);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 24 }), fc.integer({ min: 0, max: 258_047 }), (now, delta) => {
      const late = fireTick(now, delta) - (now + delta);
      expect(late).toBeGreaterThan(0);
      expect(late).toBeLessThanOrEqual(8 ** granularity(delta));
      expect(fireTick(now, delta) % 8 ** granularity(delta)).toBe(0);
    }),
  );
});

function wheelOf(rows: number, tick: number): TimerWheel {
  const words = new Int32Array(rows << ROW_SHIFT).fill(-1);
  const wheel = new TimerWheel(words);
  wheel.reset(words, tick);
  return wheel;
}

/** Rows that fire, in order, with the tick at which they do. */
function drain(wheel: TimerWheel): [row: number, tick: number][] {
  const fired: [number, number][] = [];
  while (wheel.nextTick !== NO_TICK) {
    const tick = wheel.nextTick;
    for (let row = wheel.pop(tick); row !== NO_ROW; row = wheel.pop(tick)) fired.push([row, tick]);
  }
  return fired;
}

describe("timers that are due together", () => {
  test("fire last-armed-first when they share a bucket", () => {
    const wheel = wheelOf(4, 0);
    for (const row of [0, 1, 2, 3]) wheel.arm(row, 0, 250);
    expect(drain(wheel).map(([row]) => row)).toEqual([3, 2, 1, 0]);
  });

  test("fire coarse levels first", () => {
    const wheel = wheelOf(2, 0);
    wheel.arm(0, 0, 511);
    wheel.arm(1, 511, 0);
    expect(drain(wheel)).toEqual([
      [0, 512],
      [1, 512],
    ]);
  });

  test("fire in the order of their ticks when the buckets differ, whatever the order of arming", () => {
    const wheel = wheelOf(3, 0);
    wheel.arm(0, 0, 300);
    wheel.arm(1, 0, 10);
    wheel.arm(2, 0, 100);
    expect(drain(wheel)).toEqual([
      [1, 11],
      [2, 104],
      [0, 304],
    ]);
  });
});

test("a disarmed timer does not fire, from the head, the middle or the end of its bucket", () => {
  for (const gone of [0, 1, 2]) {
    const wheel = wheelOf(3, 0);
    for (const row of [0, 1, 2]) wheel.arm(row, 0, 20);
    wheel.disarm(gone);
    expect(wheel.isArmed(gone)).toBe(false);
    expect(drain(wheel).map(([row]) => row)).toEqual([2, 1, 0].filter((row) => row !== gone));
  }
});

test("every armed timer fires once, at its tick, in the order of the ticks", () => {
  const operations = fc.array(fc.tuple(fc.integer({ min: 0, max: 40_000 }), fc.boolean()), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), operations, (start, list) => {
      const wheel = wheelOf(list.length, start);
      const due = new Map<number, number>();
      list.forEach(([delta, stays], row) => {
        wheel.arm(row, start, delta);
        if (stays) due.set(row, fireTick(start, delta));
        else wheel.disarm(row);
      });
      const fired = drain(wheel);
      expect(new Map(fired)).toEqual(due);
      expect(fired.map(([, tick]) => tick)).toEqual([...due.values()].sort((a, b) => a - b));
    }),
  );
});
