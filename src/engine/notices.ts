/**
 * Notices: what a host tells its application, which wakes up a little later (epoll and the scheduler).
 *
 * Units       WAKE_NS is the time from the kernel's event to the application's reaction; constant, so a ring keeps the order.
 * Staleness   A notice names a socket row and its serial number, or an attempt id: late ones of an earlier owner find nobody.
 */
export const WAKE_NS = 15_000;
const WORDS = 3;

export const Notice = {
  /** Client, subject = attempt: connect() succeeded; failed (value = an outcome). */
  Connected: 0,
  ConnectFailed: 1,
  /** Client, subject = attempt: value bytes came; EOF came; the connection is dead (value 1: timed out). */
  ClientData: 2,
  ClientEof: 3,
  ClientDead: 4,
  /** Server, subject = listener: its accept queue has a child. */
  Acceptable: 5,
  /** Server, subject = socket, value = its serial number: it is readable; it is to be closed. */
  ServerReadable: 6,
  ServerClose: 7,
} as const;

export class NoticeRing {
  #words = new Int32Array(1024 * WORDS);
  #times = new Float64Array(1024);
  #mask = 1023;
  #head = 0;
  #count = 0;
  readonly #now: Float64Array;
  readonly #due: Float64Array;
  readonly #source: number;
  /** The notice that `take` took last. */
  kind = 0;
  subject = 0;
  value = 0;

  constructor(now: Float64Array, due: Float64Array, source: number) {
    this.#now = now;
    this.#due = due;
    this.#source = source;
    due[source] = Number.POSITIVE_INFINITY;
  }

  /** Tells `subject` (row, attempt or listener) about `kind`. */
  push(kind: number, subject: number, value: number): void {
    if (this.#count > this.#mask) this.#grow();
    const place = (this.#head + this.#count) & this.#mask;
    const at = this.#now[0]! + WAKE_NS;
    this.#times[place] = at;
    if (this.#count === 0) this.#due[this.#source] = at;
    this.#count++;
    this.#words[place * WORDS] = kind;
    this.#words[place * WORDS + 1] = subject;
    this.#words[place * WORDS + 2] = value;
  }

  /** Takes the first notice into `kind`, `subject`, `value`. */
  take(): void {
    const from = this.#head * WORDS;
    this.kind = this.#words[from]!;
    this.subject = this.#words[from + 1]!;
    this.value = this.#words[from + 2]!;
    this.#head = (this.#head + 1) & this.#mask;
    this.#count--;
    this.#due[this.#source] = this.#count === 0 ? Number.POSITIVE_INFINITY : this.#times[this.#head]!;
  }

  #grow(): void {
    const size = this.#mask + 1;
    const words = new Int32Array(size * 2 * WORDS);
    const times = new Float64Array(size * 2);
    for (let i = 0; i < size; i++) {
      const from = (this.#head + i) & this.#mask;
      for (let w = 0; w < WORDS; w++) words[i * WORDS + w] = this.#words[from * WORDS + w]!;
      times[i] = this.#times[from]!;
    }
    this.#words = words;
    this.#times = times;
    this.#mask = size * 2 - 1;
    this.#head = 0;
  }
}
