/**
 * Timers of the applications: a 4-ary heap of (time, kind, subject, value); equal times come out in the order they went in.
 *
 * Units   ns since the start of the run.
 */
import { assert } from "../base/assert.ts";

const WORDS = 4;

export class AppHeap {
  #times = new Float64Array(1024);
  #words = new Int32Array(1024 * WORDS);
  #count = 0;
  #sequence = 0;
  readonly #due: Float64Array;
  readonly #source: number;
  /** The time to push at, and what `pop` took last: fields instead of arguments, since a float64 argument is boxed. */
  readonly atNs = new Float64Array(1);
  kind = 0;
  subject = 0;
  value = 0;

  constructor(due: Float64Array, source: number) {
    this.#due = due;
    this.#source = source;
    due[source] = Number.POSITIVE_INFINITY;
  }

  /** Pushes at `atNs[0]`. */
  push(kind: number, subject: number, value: number): void {
    if (this.#count === this.#times.length) this.#grow();
    const time = this.atNs[0]!;
    const times = this.#times;
    const words = this.#words;
    let place = this.#count++;
    while (place > 0) {
      const parent = (place - 1) >> 2;
      if (times[parent]! <= time) break;
      times[place] = times[parent]!;
      copyWords(words, parent * WORDS, place * WORDS);
      place = parent;
    }
    times[place] = time;
    words[place * WORDS] = kind;
    words[place * WORDS + 1] = subject;
    words[place * WORDS + 2] = value;
    words[place * WORDS + 3] = this.#sequence++ | 0;
    this.#due[this.#source] = times[0]!;
  }

  /** Takes the earliest into `kind`, `subject`, `value`. */
  pop(): void {
    assert(this.#count > 0, "the heap of application timers is empty");
    const times = this.#times;
    const words = this.#words;
    this.kind = words[0]!;
    this.subject = words[1]!;
    this.value = words[2]!;
    const last = --this.#count;
    if (last > 0) this.#sink(last);
    this.#due[this.#source] = last === 0 ? Number.POSITIVE_INFINITY : times[0]!;
  }

  /** Moves the entry at `from` to the root and down to its place. */
  #sink(from: number): void {
    const times = this.#times;
    const words = this.#words;
    const time = times[from]!;
    const sequence = words[from * WORDS + 3]!;
    const count = this.#count;
    let place = 0;
    for (;;) {
      const first = place * 4 + 1;
      if (first >= count) break;
      let best = first;
      const end = Math.min(first + 4, count);
      for (let child = first + 1; child < end; child++)
        if (this.#isBefore(child, times[best]!, words[best * WORDS + 3]!)) best = child;
      if (!this.#isBefore(best, time, sequence)) break;
      times[place] = times[best]!;
      copyWords(words, best * WORDS, place * WORDS);
      place = best;
    }
    times[place] = time;
    copyWords(words, from * WORDS, place * WORDS);
  }

  #isBefore(place: number, time: number, sequence: number): boolean {
    const own = this.#times[place]!;
    return own < time || (own === time && ((this.#words[place * WORDS + 3]! - sequence) | 0) < 0);
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
    const words = new Int32Array(this.#words.length * 2);
    words.set(this.#words);
    this.#words = words;
  }
}

function copyWords(words: Int32Array, from: number, to: number): void {
  words[to] = words[from]!;
  words[to + 1] = words[from + 1]!;
  words[to + 2] = words[from + 2]!;
  words[to + 3] = words[from + 3]!;
}
