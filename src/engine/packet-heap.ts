/**
 * Packets that may overtake each other, by arrival: a 4-ary heap of (time, sequence) → slot; equal times come out in the order they went in.
 *
 * Slots       Where a packet's words are is its owner's business; the heap hands out numbers below `capacity`. Entries beyond the packets hold the
 *             free slots, so that slots need no list of their own.
 * Units       ns since the start of the run.
 */
import { assert } from "../base/assert.ts";

const FOREVER = Number.POSITIVE_INFINITY;

export class PacketHeap {
  /** Entries, by place: arrival; and below, sequence and slot. */
  #times: Float64Array;
  #sequences: Int32Array;
  #slots: Int32Array;
  #count = 0;
  #sequence = 0;
  /** [0]: the time to push at (a float64 argument is boxed). */
  readonly atNs = new Float64Array(1);

  constructor(capacity: number) {
    this.#times = new Float64Array(capacity);
    this.#sequences = new Int32Array(capacity);
    this.#slots = Int32Array.from({ length: capacity }, (_, slot) => slot);
  }

  get capacity(): number {
    return this.#slots.length;
  }

  get isFull(): boolean {
    return this.#count === this.#slots.length;
  }

  /** Arrival of the first packet, infinite when there is none, into `due[source]`. */
  writeDue(due: Float64Array, source: number): void {
    due[source] = this.#count === 0 ? FOREVER : this.#times[0]!;
  }

  /** Takes a slot for a packet that arrives at `atNs[0]`. The heap must not be full. */
  push(): number {
    assert(this.#count < this.#slots.length, "no slot is free");
    const time = this.atNs[0]!;
    let place = this.#count++;
    const slot = this.#slots[place]!;
    while (place > 0) {
      const parent = (place - 1) >> 2;
      if (this.#times[parent]! <= time) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#times[place] = time;
    this.#sequences[place] = this.#sequence++ | 0;
    this.#slots[place] = slot;
    return slot;
  }

  /** Takes the first packet off; its slot is free again, but nobody else's before the next push. */
  pop(): number {
    assert(this.#count > 0, "no packet is on the way");
    const slot = this.#slots[0]!;
    const last = --this.#count;
    if (last > 0) this.#sink(last);
    this.#slots[last] = slot;
    return slot;
  }

  /** Moves the entry at `from` to the root and down to its place. */
  #sink(from: number): void {
    const time = this.#times[from]!;
    const sequence = this.#sequences[from]!;
    const slot = this.#slots[from]!;
    const count = this.#count;
    let place = 0;
    for (;;) {
      const first = place * 4 + 1;
      if (first >= count) break;
      let best = first;
      const end = Math.min(first + 4, count);
      for (let child = first + 1; child < end; child++) if (this.#isBefore(child, best)) best = child;
      if (!this.#isBefore(best, from)) break;
      this.#move(best, place);
      place = best;
    }
    this.#times[place] = time;
    this.#sequences[place] = sequence;
    this.#slots[place] = slot;
  }

  #isBefore(a: number, b: number): boolean {
    const times = this.#times;
    if (times[a]! !== times[b]!) return times[a]! < times[b]!;
    return ((this.#sequences[a]! - this.#sequences[b]!) | 0) < 0;
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from]!;
    this.#sequences[to] = this.#sequences[from]!;
    this.#slots[to] = this.#slots[from]!;
  }

  /** Doubles the capacity; slots in use keep their numbers. */
  grow(): void {
    const size = this.capacity;
    const times = new Float64Array(size * 2);
    times.set(this.#times);
    this.#times = times;
    const sequences = new Int32Array(size * 2);
    sequences.set(this.#sequences);
    this.#sequences = sequences;
    const slots = new Int32Array(size * 2);
    slots.set(this.#slots);
    for (let slot = size; slot < size * 2; slot++) slots[slot] = slot;
    this.#slots = slots;
  }
}
