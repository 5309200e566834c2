/**
 * RTTs of earlier connections, by address pair: tcp_metrics.c. They make a peer *proven* for the last-quarter rule (tcp_peer_is_proven), and
 * seed the first RTO of later connections.
 *
 * An entry is written when a connection ends through TIME_WAIT or LAST_ACK, unless tcp_no_metrics_save: a longer RTT is stored, a shorter one
 * moves the entry by an eighth; a connection that ends with a backoff pending, or without a sample, takes the RTT away.
 *
 * With tcp_tw_recycle an entry also has the last timestamp of a connection that went into TIME_WAIT, and when that was (tcp_remember_stamp).
 *
 * Units   µs << 3, as srtt; seconds of uptime. Keys are local address ^ peer address: one of the two is the server's, so no two pairs share a key.
 */

import { giveWordsBack, takeWords } from "./arena.ts";

/** TCP_PAWS_MSL: how long a noted timestamp is looked at, s. */
const PAWS_MSL_S = 60;
/** TCP_PAWS_WINDOW: so much older a SYN's timestamp may be, in units of the peer's clock. */
const PAWS_WINDOW = 1;

// An entry's words.
const WORDS_SHIFT = 3;
const W_KEY = 0;
const W_IS_USED = 1;
const W_RTT = 2;
/** Last timestamp of the peer, and the second it was noted in; 0: never. */
const W_STAMP = 3;
const W_STAMP_S = 4;
const FIRST_SLOTS = 64;

export class PeerMetrics {
  #words = takeWords(FIRST_SLOTS << WORDS_SHIFT);
  #mask = FIRST_SLOTS - 1;
  #entries = 0;
  #provenCount = 0;

  /** Cached RTT of an address pair, 0 when there is none. */
  rttOf(key: number): number {
    return this.#provenCount === 0 ? 0 : this.#words[this.#place(key) + W_RTT]!;
  }

  isProven(key: number): boolean {
    return this.rttOf(key) !== 0;
  }

  /** Notes how a connection ended: its smoothed RTT, 0 when that cannot be used. */
  update(key: number, srtt: number): void {
    if (srtt === 0 && this.#entries === 0) return;
    const place = this.#place(key);
    if (this.#words[place + W_IS_USED] === 0) {
      if (srtt === 0) return;
      this.#enter(place, key);
    }
    const old = this.#words[place + W_RTT]!;
    const excess = old - srtt;
    const rtt = srtt === 0 || excess <= 0 ? srtt : old - (excess >> 3);
    this.#provenCount += (rtt !== 0 ? 1 : 0) - (old !== 0 ? 1 : 0);
    this.#words[place + W_RTT] = rtt;
    this.#makeRoom();
  }

  /** A connection whose last timestamp is `tsval` went into TIME_WAIT in second `nowS`: the newer stamp stays, or the one that is not old. */
  noteStamp(key: number, tsval: number, nowS: number): void {
    const place = this.#place(key);
    const words = this.#words;
    if (words[place + W_IS_USED] === 0) this.#enter(place, key);
    const isNewer = ((words[place + W_STAMP]! - tsval) | 0) <= 0;
    if (words[place + W_STAMP_S] !== 0 && !isNewer && nowS - words[place + W_STAMP_S]! <= PAWS_MSL_S) return;
    words[place + W_STAMP] = tsval;
    words[place + W_STAMP_S] = nowS;
    this.#makeRoom();
  }

  /**
   * tcp_peer_is_proven with a check of timestamps (kernel-semantics 7.9): whether a SYN is older than the address's last connection, or has
   * no timestamp, less than a minute after that connection ended.
   */
  isOutdated(key: number, hasTs: boolean, tsval: number, nowS: number): boolean {
    if (this.#entries === 0) return false;
    const place = this.#place(key);
    const noted = this.#words[place + W_STAMP_S]!;
    if (this.#words[place + W_IS_USED] === 0 || noted === 0 || nowS - noted >= PAWS_MSL_S) return false;
    return !hasTs || ((this.#words[place + W_STAMP]! - tsval) | 0) > PAWS_WINDOW;
  }

  #enter(place: number, key: number): void {
    this.#words[place + W_IS_USED] = 1;
    this.#words[place + W_KEY] = key;
    this.#entries++;
  }

  #makeRoom(): void {
    if (this.#entries * 2 > this.#mask) this.#grow();
  }

  /** First word of the key's entry, or of where it would be. */
  #place(key: number): number {
    const words = this.#words;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 7) & this.#mask;
    for (;;) {
      const at = slot << WORDS_SHIFT;
      if (words[at + W_IS_USED] === 0 || words[at + W_KEY] === key) return at;
      slot = (slot + 1) & this.#mask;
    }
  }

  #grow(): void {
    const old = this.#words;
    this.#mask = this.#mask * 2 + 1;
    this.#words = takeWords((this.#mask + 1) << WORDS_SHIFT);
    for (let from = 0; from < old.length; from += 1 << WORDS_SHIFT) {
      if (old[from + W_IS_USED] === 0) continue;
      const to = this.#place(old[from + W_KEY]!);
      for (let word = W_KEY; word <= W_STAMP_S; word++) this.#words[to + word] = old[from + word]!;
    }
    giveWordsBack(old);
  }

  /** Nothing may be asked of it any more. */
  release(): void {
    giveWordsBack(this.#words);
  }
}
