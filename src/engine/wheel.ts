/**
 * Timer wheel of one host, as the kernel has it since 4.8 (kernel/time/timer.c): 64 buckets a level, granularity 8^level ticks,
 * insert at the head, no cascade. Lateness and last-armed-first order of timers that share a bucket follow from it.
 *
 * Units        Ticks: 1/HZ s since an arbitrary boot; int32.
 * Invariants   A timer is in one bucket or in none (R_BUCKET = -1). `nextTick` is never later than the earliest timer; it may be
 *              earlier (the last timer of a bucket was disarmed), which costs an empty look and changes nothing.
 * Source       calc_wheel_index, calc_index, collect_expired_timers, __next_timer_interrupt (6.18); kernel-semantics 0.4.
 */
import { NO_ROW, R_BUCKET, R_NEXT, R_PREV, ROW_SHIFT } from "./layout.ts";

const LEVELS = 9;
const BUCKETS = 64;
/** No timer is armed. */
export const NO_TICK = 0x7fffffff;

/** Ticks at which a timer set `delta` ticks ahead at tick `now` fires: never early, late by up to the granularity of its level. */
export function fireTick(now: number, delta: number): number {
  const shift = 3 * levelOf(delta);
  return (((now + delta) >> shift) + 1) << shift;
}

function levelOf(delta: number): number {
  if (delta < 63) return 0;
  if (delta < 504) return 1;
  if (delta < 4032) return 2;
  if (delta < 32256) return 3;
  if (delta < 258048) return 4;
  if (delta < 2064384) return 5;
  if (delta < 16515072) return 6;
  return 7;
}

export class TimerWheel {
  rows: Int32Array;
  /** Earliest tick at which something may be due; NO_TICK when nothing is armed. */
  nextTick = NO_TICK;
  /** Tick whose buckets were expired last. */
  #expiredTick = 0;
  readonly #head = new Int32Array(LEVELS * BUCKETS);
  /** Two words a level: which buckets are not empty. */
  readonly #pending = new Int32Array(LEVELS * 2);

  constructor(rows: Int32Array) {
    this.rows = rows;
    this.#head.fill(NO_ROW);
  }

  reset(rows: Int32Array, nowTick: number): void {
    this.rows = rows;
    this.#head.fill(NO_ROW);
    this.#pending.fill(0);
    this.nextTick = NO_TICK;
    this.#expiredTick = nowTick;
  }

  /** Arms the timer of `row` (not armed now) to fire `delta` >= 0 ticks after `nowTick`, by the kernel's rounding. */
  arm(row: number, nowTick: number, delta: number): void {
    const level = levelOf(delta);
    const shift = 3 * level;
    const slot = ((nowTick + delta) >> shift) + 1;
    const bucket = (level << 6) | (slot & 63);
    const rows = this.rows;
    const at = row << ROW_SHIFT;
    const first = this.#head[bucket] as number;
    rows[at + R_NEXT] = first;
    rows[at + R_PREV] = NO_ROW;
    rows[at + R_BUCKET] = bucket;
    if (first !== NO_ROW) rows[(first << ROW_SHIFT) + R_PREV] = row;
    else {
      const word = bucket >> 5;
      this.#pending[word] = (this.#pending[word] as number) | (1 << (bucket & 31));
    }
    this.#head[bucket] = row;
    const fire = slot << shift;
    if (fire < this.nextTick) this.nextTick = fire;
  }

  /** Disarms the timer of `row`; nothing happens when it is not armed. */
  disarm(row: number): void {
    const rows = this.rows;
    const at = row << ROW_SHIFT;
    const bucket = rows[at + R_BUCKET] as number;
    if (bucket < 0) return;
    const next = rows[at + R_NEXT] as number;
    const prev = rows[at + R_PREV] as number;
    rows[at + R_BUCKET] = -1;
    if (next !== NO_ROW) rows[(next << ROW_SHIFT) + R_PREV] = prev;
    if (prev !== NO_ROW) rows[(prev << ROW_SHIFT) + R_NEXT] = next;
    else this.#setHead(bucket, next);
  }

  isArmed(row: number): boolean {
    return (this.rows[(row << ROW_SHIFT) + R_BUCKET] as number) >= 0;
  }

  /**
   * Takes the next timer that is due at `tick` off the wheel, or answers NO_ROW and looks for the next tick. A tick has to be asked
   * until NO_ROW: coarse levels go first, and in a bucket the timer that was armed last (expire_timers).
   */
  pop(tick: number): number {
    let level = 0;
    while (level < LEVELS - 1 && (tick & ((8 << (3 * level)) - 1)) === 0) level++;
    for (; level >= 0; level--) {
      const shift = 3 * level;
      const bucket = (level << 6) | ((tick >> shift) & 63);
      const row = this.#head[bucket] as number;
      if (row === NO_ROW) continue;
      const at = row << ROW_SHIFT;
      const next = this.rows[at + R_NEXT] as number;
      this.rows[at + R_BUCKET] = -1;
      if (next !== NO_ROW) this.rows[(next << ROW_SHIFT) + R_PREV] = NO_ROW;
      this.#setHead(bucket, next);
      return row;
    }
    this.#expiredTick = tick;
    this.#findNext();
    return NO_ROW;
  }

  #setHead(bucket: number, row: number): void {
    this.#head[bucket] = row;
    if (row !== NO_ROW) return;
    const word = bucket >> 5;
    this.#pending[word] = (this.#pending[word] as number) & ~(1 << (bucket & 31));
  }

  /** Sets `nextTick` from the buckets: on each level the first one after the tick that was expired last. */
  #findNext(): void {
    let best = NO_TICK;
    for (let level = 0; level < LEVELS; level++) {
      const low = this.#pending[level * 2] as number;
      const high = this.#pending[level * 2 + 1] as number;
      if ((low | high) === 0) continue;
      const shift = 3 * level;
      const position = this.#expiredTick >> shift;
      const fire = (position + 1 + distanceToBit(low, high, (position + 1) & 63)) << shift;
      if (fire < best) best = fire;
    }
    this.nextTick = best;
  }
}

/** How many places after `from` (0..63, going round) the first set bit of the 64-bit word (high, low) is. */
function distanceToBit(low: number, high: number, from: number): number {
  const first = from < 32 ? low : high;
  const second = from < 32 ? high : low;
  const within = from & 31;
  const ahead = first >>> within;
  if (ahead !== 0) return trailingZeros(ahead);
  if (second !== 0) return 32 - within + trailingZeros(second);
  return 64 - within + trailingZeros(first);
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}
