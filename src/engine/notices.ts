/**
 * Notices: what a host tells its application, which wakes up a little later (epoll and the scheduler).
 *
 * Wake-up     The clients' process and the server's each sleep until something happens, and take what has happened in its order.
 * Units       ns. The times are those of a live kernel and of the recordings: connect() takes 0.1 ms on a direct link, nearly all of it the
 *             client's wake-up; a response leaves 60 to 100 µs after the request came.
 * Staleness   A notice names a socket row and its serial number, or an attempt id: late ones of an earlier owner find nobody.
 */
import { mix32 } from "../base/hash.ts";

/** From the kernel's event to the application's reaction, least and spread above it. */
const CLIENT_WAKE_NS = 40_000;
const CLIENT_SPREAD_MASK = 0x7fff;
const SERVER_WAKE_NS = 60_000;
const SERVER_SPREAD_MASK = 0x7fff;
/** What an application that is awake does next: once round its loop. */
export const NEXT_STEP_NS = 25_000;
const WORDS_SHIFT = 2;
const WORDS = 1 << WORDS_SHIFT;
const W_KIND = 0;
const W_SUBJECT = 1;
const W_VALUE = 2;
/** Notices and sides that are told apart when the spread is drawn. */
const KIND_FACTOR = 0x9e3779b1;

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
  readonly #salt: number;
  /** [0] when the clients' process acts last of all that it was told, [1] the server's. */
  readonly #lastNs = new Float64Array(2);
  /** The notice that `take` took last. */
  kind = 0;
  subject = 0;
  value = 0;

  /** `salt` draws how long each wake-up takes. */
  constructor(now: Float64Array, due: Float64Array, source: number, salt: number) {
    this.#salt = salt;
    this.#now = now;
    this.#due = due;
    this.#source = source;
    due[source] = Number.POSITIVE_INFINITY;
  }

  /** Tells `subject` (row, attempt or listener) about `kind`. */
  push(kind: number, subject: number, value: number): void {
    if (this.#count > this.#mask) this.#grow();
    const side = kind >= Notice.Acceptable ? 1 : 0;
    const at = Math.max(this.#now[0]! + this.#wakeNs(kind, subject, side), this.#lastNs[side]!);
    this.#lastNs[side] = at;
    const place = this.#placeFor(at);
    this.#times[place] = at;
    const words = this.#words;
    const to = place << WORDS_SHIFT;
    words[to + W_KIND] = kind | 0;
    words[to + W_SUBJECT] = subject | 0;
    words[to + W_VALUE] = value | 0;
    this.#count++;
    this.#due[this.#source] = this.#times[this.#head]!;
  }

  #wakeNs(kind: number, subject: number, side: number): number {
    if (kind === Notice.ServerClose) return NEXT_STEP_NS;
    const draw = mix32(this.#salt ^ Math.imul(subject + kind, KIND_FACTOR) ^ ((this.#now[0]! * 1e-3) | 0));
    return side === 0 ? CLIENT_WAKE_NS + (draw & CLIENT_SPREAD_MASK) : SERVER_WAKE_NS + (draw & SERVER_SPREAD_MASK);
  }

  /** Makes room for a notice that is due at `at`: behind those that are due before it, and at the same time. */
  #placeFor(at: number): number {
    let i = this.#count;
    for (; i > 0; i--) {
      const before = (this.#head + i - 1) & this.#mask;
      if (this.#times[before]! <= at) break;
      const place = (before + 1) & this.#mask;
      this.#times[place] = this.#times[before]!;
      this.#words.copyWithin(place * WORDS, before * WORDS, (before + 1) * WORDS);
    }
    return (this.#head + i) & this.#mask;
  }

  /** Takes the first notice into `kind`, `subject`, `value`. */
  take(): void {
    const words = this.#words;
    const head = this.#head;
    const from = head << WORDS_SHIFT;
    this.kind = words[from + W_KIND]!;
    this.subject = words[from + W_SUBJECT]!;
    this.value = words[from + W_VALUE]!;
    const next = (head + 1) & this.#mask;
    this.#head = next;
    this.#count--;
    this.#due[this.#source] = this.#count === 0 ? Number.POSITIVE_INFINITY : this.#times[next]!;
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
