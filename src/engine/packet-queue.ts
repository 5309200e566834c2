/**
 * Packets that wait in a ring or in a backlog, in order, each with the time of its arrival at the device.
 *
 * Units   ns since the start of the run; lengths are packets, of a flight each of its segments.
 */
import { MORE_SHIFT, S_ATTEMPT, S_FLAGS, SEG_WORDS } from "./layout.ts";
import { NO_ATTEMPT } from "./ledger.ts";

const FIRST_CAPACITY = 256;

export class PacketQueue {
  words = new Int32Array(FIRST_CAPACITY * SEG_WORDS);
  /** Arrivals at the device. */
  times = new Float64Array(FIRST_CAPACITY);
  #mask = FIRST_CAPACITY - 1;
  #head = 0;
  #entries = 0;
  /** Packets that wait. */
  length = 0;

  /** Takes in the packet at `seg[at]`, which came to the device at `times[place]`. */
  push(seg: Int32Array, at: number, times: Float64Array, place: number): void {
    if (this.#entries > this.#mask) this.#grow();
    const to = (this.#head + this.#entries++) & this.#mask;
    for (let i = 0; i < SEG_WORDS; i++) this.words[to * SEG_WORDS + i] = seg[at + i]!;
    this.times[to] = times[place]!;
    this.length += 1 + (seg[at + S_FLAGS]! >>> MORE_SHIFT);
  }

  /** Whose the first one is (ledger id); NO_ATTEMPT: nobody's, or there is none. */
  attemptOfFirst(): number {
    return this.#entries === 0 ? NO_ATTEMPT : this.words[this.#head * SEG_WORDS + S_ATTEMPT]!;
  }

  /** Takes the first one off; answers its place, which is good until the next push. */
  shift(): number {
    const place = this.#head;
    this.#head = (place + 1) & this.#mask;
    this.#entries--;
    this.length -= 1 + (this.words[place * SEG_WORDS + S_FLAGS]! >>> MORE_SHIFT);
    return place;
  }

  #grow(): void {
    const size = this.#mask + 1;
    const words = new Int32Array(2 * size * SEG_WORDS);
    const times = new Float64Array(2 * size);
    for (let i = 0; i < size; i++) {
      const from = (this.#head + i) & this.#mask;
      words.set(this.words.subarray(from * SEG_WORDS, (from + 1) * SEG_WORDS), i * SEG_WORDS);
      times[i] = this.times[from]!;
    }
    this.words = words;
    this.times = times;
    this.#mask = 2 * size - 1;
    this.#head = 0;
  }
}
