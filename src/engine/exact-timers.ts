/**
 * Timers of a kernel before the wheel of 4.8: each fires at its very tick, and of those that are due together the one that was armed first.
 *
 * Invariants   The methods are those of TimerWheel (wheel.ts). A timer is in the heap or not (R_BUCKET: its place, -1).
 * Layout       A binary heap of rows. R_NEXT holds the tick of an armed timer, R_PREV its serial number.
 * Left out     The old wheel moves a far timer to the near slots in time, so that among timers of one tick a few come in another order.
 * Source       kernel-semantics 0.4; kernel/time/timer.c:__run_timers (4.4).
 */
import { NO_ROW, R_BUCKET, R_NEXT, R_PREV, ROW_SHIFT } from "./layout.ts";
import { NO_TICK } from "./wheel.ts";

export class ExactTimers {
  rows: Int32Array;
  /** Tick of the earliest timer; NO_TICK when nothing is armed. */
  nextTick = NO_TICK;
  #heap = new Int32Array(1024);
  #length = 0;
  #serial = 0;

  constructor(rows: Int32Array) {
    this.rows = rows;
  }

  reset(rows: Int32Array, _nowTick: number): void {
    this.rows = rows;
    this.#length = 0;
    this.nextTick = NO_TICK;
  }

  /** Arms the timer of `row` (not armed now) to fire `delta` >= 0 ticks after `nowTick`, at the next tick at the earliest. */
  arm(row: number, nowTick: number, delta: number): void {
    const at = row << ROW_SHIFT;
    this.rows[at + R_NEXT] = nowTick + Math.max(1, delta);
    this.#serial = (this.#serial + 1) | 0;
    this.rows[at + R_PREV] = this.#serial;
    if (this.#length === this.#heap.length) this.#grow();
    this.#rise(this.#length++, row);
    this.#findNext();
  }

  /** Disarms the timer of `row`; nothing happens when it is not armed. */
  disarm(row: number): void {
    const place = this.rows[(row << ROW_SHIFT) + R_BUCKET]!;
    if (place < 0) return;
    this.rows[(row << ROW_SHIFT) + R_BUCKET] = -1;
    const last = this.#heap[--this.#length]!;
    if (last !== row) {
      this.#sink(place, last);
      this.#rise(this.rows[(last << ROW_SHIFT) + R_BUCKET]!, last);
    }
    this.#findNext();
  }

  isArmed(row: number): boolean {
    return this.rows[(row << ROW_SHIFT) + R_BUCKET]! >= 0;
  }

  /** Takes the next timer that is due at `tick`, or answers NO_ROW. */
  pop(tick: number): number {
    if (this.#length === 0) return NO_ROW;
    const row = this.#heap[0]!;
    if (this.rows[(row << ROW_SHIFT) + R_NEXT]! > tick) return NO_ROW;
    this.disarm(row);
    return row;
  }

  #findNext(): void {
    this.nextTick = this.#length === 0 ? NO_TICK : this.rows[(this.#heap[0]! << ROW_SHIFT) + R_NEXT]!;
  }

  /** Ticks are far from wrapping; serial numbers may wrap. */
  #isBefore(row: number, other: number): boolean {
    const a = row << ROW_SHIFT;
    const b = other << ROW_SHIFT;
    const later = this.rows[a + R_NEXT]! - this.rows[b + R_NEXT]!;
    return later < 0 || (later === 0 && ((this.rows[a + R_PREV]! - this.rows[b + R_PREV]!) | 0) < 0);
  }

  #put(place: number, row: number): void {
    this.#heap[place] = row;
    this.rows[(row << ROW_SHIFT) + R_BUCKET] = place;
  }

  #rise(place: number, row: number): void {
    let at = place;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(row, this.#heap[parent]!)) break;
      this.#put(at, this.#heap[parent]!);
      at = parent;
    }
    this.#put(at, row);
  }

  #sink(place: number, row: number): void {
    let at = place;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#length) break;
      if (child + 1 < this.#length && this.#isBefore(this.#heap[child + 1]!, this.#heap[child]!)) child++;
      if (!this.#isBefore(this.#heap[child]!, row)) break;
      this.#put(at, this.#heap[child]!);
      at = child;
    }
    this.#put(at, row);
  }

  #grow(): void {
    const heap = new Int32Array(this.#heap.length * 2);
    heap.set(this.#heap);
    this.#heap = heap;
  }
}
