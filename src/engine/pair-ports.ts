/**
 * How many local ports are taken by address pair: a client's address and a port of the server. Each pair has the whole range for itself (kernel-semantics 6.4).
 *
 * Counts    A port is taken from connect() until its socket is out of the hash, TIME_WAIT included.
 * Used by   the clients' host.
 */
import { giveWordsBack, takeWords } from "./arena.ts";

const WORDS_SHIFT = 3;
const W_LOCAL = 0;
const W_PORT = 1;
const W_USED = 2;
const W_PEAK = 3;
const W_REFUSED = 4;
const FIRST_SLOTS = 64;

export interface WorstPair {
  /** The client's address. */
  readonly local: number;
  /** The server's port. */
  readonly port: number;
  readonly peak: number;
  readonly refused: number;
}

export class PairPorts {
  #words = takeWords(FIRST_SLOTS << WORDS_SHIFT);
  #mask = FIRST_SLOTS - 1;
  #pairs = 0;

  take(local: number, port: number): void {
    const at = this.#place(local, port);
    const used = this.#words[at + W_USED]! + 1;
    this.#words[at + W_USED] = used;
    if (used > this.#words[at + W_PEAK]!) this.#words[at + W_PEAK] = used;
    if (this.#pairs * 2 > this.#mask) this.#grow();
  }

  giveBack(local: number, port: number): void {
    const at = this.#place(local, port) + W_USED;
    this.#words[at] = this.#words[at]! - 1;
  }

  /** connect() found no port. */
  refuse(local: number, port: number): void {
    const at = this.#place(local, port) + W_REFUSED;
    this.#words[at] = this.#words[at]! + 1;
  }

  /** The pair with the most attempts without a port, of equal ones that with the most ports taken; null when nobody connected. */
  worst(): WorstPair | null {
    const words = this.#words;
    let worst = -1;
    for (let at = 0; at < words.length; at += 1 << WORDS_SHIFT) {
      if (words[at + W_PORT] === 0) continue;
      if (worst < 0 || this.#isWorse(at, worst)) worst = at;
    }
    if (worst < 0) return null;
    return {
      local: words[worst + W_LOCAL]!,
      port: words[worst + W_PORT]!,
      peak: words[worst + W_PEAK]!,
      refused: words[worst + W_REFUSED]!,
    };
  }

  /** By address where nothing else differs, so that no order of slots shows. */
  #isWorse(a: number, b: number): boolean {
    const words = this.#words;
    for (const word of [W_REFUSED, W_PEAK]) {
      if (words[a + word] !== words[b + word]) return words[a + word]! > words[b + word]!;
    }
    return words[a + W_LOCAL] === words[b + W_LOCAL]
      ? words[a + W_PORT]! < words[b + W_PORT]!
      : words[a + W_LOCAL]! >>> 0 < words[b + W_LOCAL]! >>> 0;
  }

  #place(local: number, port: number): number {
    const words = this.#words;
    let slot = ((Math.imul(local, 0x9e3779b1) ^ Math.imul(port, 0x85ebca6b)) >>> 7) & this.#mask;
    for (;;) {
      const at = slot << WORDS_SHIFT;
      if (words[at + W_LOCAL] === local && words[at + W_PORT] === port) return at;
      if (words[at + W_PORT] === 0) {
        words[at + W_LOCAL] = local;
        words[at + W_PORT] = port;
        this.#pairs++;
        return at;
      }
      slot = (slot + 1) & this.#mask;
    }
  }

  #grow(): void {
    const old = this.#words;
    this.#mask = this.#mask * 2 + 1;
    this.#words = takeWords((this.#mask + 1) << WORDS_SHIFT);
    this.#pairs = 0;
    for (let from = 0; from < old.length; from += 1 << WORDS_SHIFT) {
      if (old[from + W_PORT] === 0) continue;
      const to = this.#place(old[from + W_LOCAL]!, old[from + W_PORT]!);
      for (let word = W_USED; word <= W_REFUSED; word++) this.#words[to + word] = old[from + word]!;
    }
    giveWordsBack(old);
  }

  /** Nothing may be asked of it any more. */
  release(): void {
    giveWordsBack(this.#words);
  }
}
