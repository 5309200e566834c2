/**
 * Timers of the applications: (time, kind, subject, value) by time; equal times come out in the order they went in.
 *
 * Method  Most timers come in order: the same delay after events in order. Such a one joins a queue; what is earlier than the queue's last goes to a 4-ary
 *         heap. So of time-outs by the thousand, which end the queue, none has to sink through the heap.
 * Units   ns since the start of the run.
 */
import { assert } from "../base/assert.ts";

const WORDS = 4;

export class AppHeap {
  #times = new Float64Array(1024);
  #words = new Int32Array(1024 * WORDS);
  #count = 0;
  #sequence = 0;
  /** A ring. */
  #queueTimes = new Float64Array(1024);
  #queueWords = new Int32Array(1024 * WORDS);
  #queueHead = 0;
  #queued = 0;
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
    if (this.#queued === 0 || this.atNs[0]! >= this.#lastQueued()) this.#enqueue(kind, subject, value);
    else this.#pushHeap(kind, subject, value);
    this.#updateDue();
  }

  /** Takes the earliest into `kind`, `subject`, `value`. */
  pop(): void {
    if (this.#isQueueFirst()) {
      const head = this.#queueHead;
      this.#take(this.#queueWords, head * WORDS);
      this.#queueHead = (head + 1) & (this.#queueTimes.length - 1);
      this.#queued--;
    } else {
      assert(this.#count > 0, "there is no application timer");
      this.#take(this.#words, 0);
      const last = --this.#count;
      if (last > 0) this.#sink(last);
    }
    this.#updateDue();
  }

  #take(words: Int32Array, at: number): void {
    this.kind = words[at]!;
    this.subject = words[at + 1]!;
    this.value = words[at + 2]!;
  }

  #updateDue(): void {
    const queue = this.#queued === 0 ? Number.POSITIVE_INFINITY : this.#queueTimes[this.#queueHead]!;
    const heap = this.#count === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
    this.#due[this.#source] = Math.min(queue, heap);
  }

  #isQueueFirst(): boolean {
    if (this.#queued === 0 || this.#count === 0) return this.#queued > 0;
    const head = this.#queueHead;
    return !this.#isBefore(0, this.#queueTimes[head]!, this.#queueWords[head * WORDS + 3]!);
  }

  #lastQueued(): number {
    return this.#queueTimes[(this.#queueHead + this.#queued - 1) & (this.#queueTimes.length - 1)]!;
  }

  #enqueue(kind: number, subject: number, value: number): void {
    if (this.#queued === this.#queueTimes.length) this.#growQueue();
    const place = (this.#queueHead + this.#queued++) & (this.#queueTimes.length - 1);
    this.#queueTimes[place] = this.atNs[0]!;
    this.#write(this.#queueWords, place * WORDS, kind, subject, value);
  }

  #pushHeap(kind: number, subject: number, value: number): void {
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
    this.#write(words, place * WORDS, kind, subject, value);
  }

  #write(words: Int32Array, at: number, kind: number, subject: number, value: number): void {
    words[at] = kind;
    words[at + 1] = subject;
    words[at + 2] = value;
    words[at + 3] = this.#sequence++ | 0;
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

  #growQueue(): void {
    const size = this.#queueTimes.length;
    const times = new Float64Array(2 * size);
    const words = new Int32Array(2 * size * WORDS);
    for (let k = 0; k < size; k++) {
      const from = (this.#queueHead + k) & (size - 1);
      times[k] = this.#queueTimes[from]!;
      words.set(this.#queueWords.subarray(from * WORDS, (from + 1) * WORDS), k * WORDS);
    }
    this.#queueTimes = times;
    this.#queueWords = words;
    this.#queueHead = 0;
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
