/**
 * Answers of a raw workload on their way back to the server.
 *
 * When       `answerDelayNs` after the SYN-ACK the answer is due; it leaves when the answering program looks next: at the next SYN-ACK it
 *            receives, or when its receive time-out of one tick ends (one to two ticks after it began to wait). The recordings' answerer
 *            works like that, and any user-space program that polls does.
 * Units      ns; ticks of the server's clock.
 */
import type { Host } from "./host.ts";
import { SEG_WORDS } from "./layout.ts";
import { settleLater } from "./sources.ts";

const FOREVER = Number.POSITIVE_INFINITY;
/** schedule_timeout(1) begun in tick j ends at tick j + 2 (kernel-semantics 0.4). */
const POLL_TICKS = 2;

export class AnswerQueue {
  words = new Int32Array(256 * SEG_WORDS);
  #dueNs = new Float64Array(256);
  #mask = 255;
  #head = 0;
  #count = 0;
  /** Tick at which the program began to wait last. */
  #waitTick = 0;
  readonly #host: Host;
  readonly #due: Float64Array;
  readonly #source: number;
  readonly #delayNs: number;

  constructor(host: Host, due: Float64Array, source: number, delayNs: number) {
    this.#host = host;
    this.#due = due;
    this.#source = source;
    this.#delayNs = delayNs;
    due[source] = FOREVER;
  }

  /** A SYN-ACK has come: the program looks. Answers that are due leave now. */
  wake(): void {
    this.#waitTick = this.#host.tick();
    this.#update();
  }

  /** A place for one more answer's words, due `answerDelayNs` from now. */
  push(): number {
    if (this.#count > this.#mask) this.#grow();
    const place = (this.#head + this.#count) & this.#mask;
    this.#dueNs[place] = this.#host.now[0]! + this.#delayNs;
    this.#count++;
    if (this.#count === 1) this.#update();
    return place * SEG_WORDS;
  }

  /** Takes the first answer off; it is due and the program is awake. Answers where its words are. */
  take(): number {
    const place = this.#head;
    this.#head = (place + 1) & this.#mask;
    this.#count--;
    const now = this.#host.now[0]!;
    if (this.#count > 0 && this.#dueNs[this.#head]! <= now) {
      this.#due[this.#source] = now;
      settleLater(this.#due);
    } else {
      this.#waitTick = this.#host.tick();
      this.#update();
    }
    return place * SEG_WORDS;
  }

  /** When the program sees that the first answer is due: now, or at the first end of its time-outs that is not before it. */
  #update(): void {
    this.#writeDue();
    settleLater(this.#due);
  }

  #writeDue(): void {
    if (this.#count === 0) {
      this.#due[this.#source] = FOREVER;
      return;
    }
    const host = this.#host;
    const first = this.#dueNs[this.#head]!;
    if (first <= host.now[0]!) {
      this.#due[this.#source] = host.now[0]!;
      return;
    }
    const firstPollNs = host.nsOfTick(this.#waitTick + POLL_TICKS);
    const polls = first <= firstPollNs ? 0 : Math.ceil((first - firstPollNs) / (POLL_TICKS * host.tickNs));
    this.#due[this.#source] = Math.max(host.now[0]!, firstPollNs + polls * POLL_TICKS * host.tickNs);
  }

  #grow(): void {
    const size = this.#mask + 1;
    const words = new Int32Array(size * 2 * SEG_WORDS);
    const due = new Float64Array(size * 2);
    for (let i = 0; i < size; i++) {
      const from = (this.#head + i) & this.#mask;
      words.set(this.words.subarray(from * SEG_WORDS, (from + 1) * SEG_WORDS), i * SEG_WORDS);
      due[i] = this.#dueNs[from]!;
    }
    this.words = words;
    this.#dueNs = due;
    this.#mask = size * 2 - 1;
    this.#head = 0;
  }
}
