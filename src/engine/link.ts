/**
 * Link: one direction of the path between client and server. Constant delay, order kept, impairments on arrival.
 *
 * Base delay   Every packet takes some tens of microseconds more, drawn from its own hash. Without that, ties that a real kernel
 *              breaks by chance (an arrival on an accept tick) would decide counters.
 * Impairments  Losses happen on arrival, as in the recordings: the sender does not notice, the wire counters of the server have it.
 * Units        ns; `now` is the simulation's clock, one element (a number as argument would be boxed).
 */
import { hash2, unitOf } from "../base/hash.ts";
import { Gate } from "../vocabulary/gates.ts";
import { PACKET_CLASSES } from "../vocabulary/run-result.ts";
import { type ImpairmentSpec, Match } from "../vocabulary/run-spec.ts";
import {
  ACK,
  FIN,
  MORE_SHIFT,
  PSH,
  RST,
  S_ACK,
  S_ATTEMPT,
  S_DST,
  S_FLAGS,
  S_HASH,
  S_LEN,
  S_PORTS,
  S_SEQ,
  S_SRC,
  S_TSECR,
  S_TSVAL,
  SEG_WORDS,
  SYN,
} from "./layout.ts";
import type { Ledger } from "./ledger.ts";

/**
 * Least time from one host's stack to the other's, and the spread above it: on a direct link, and on a path with a delay, which has a forwarder
 * in it. In the recordings connect() takes 0.1 ms without a delay; with one, 0.16, 0.26 and 0.35 ms more than the round trip (p50, p90, p99).
 */
const BASE_DELAY_NS = 20_000;
const DIRECT_SPREAD_MASK = 0x7fff;
const FORWARDED_SPREAD_MASK = 0x1ffff;
/** Offset of the out_* counts among the wire counters; the flood link's own counts come after both. */
export const WIRE_OUT = PACKET_CLASSES.length;
export const WIRE_ATK = 2 * PACKET_CLASSES.length;
const FOREVER = Number.POSITIVE_INFINITY;

/** Class of a segment, as an index into PACKET_CLASSES (the order of `Match`). */
export function packetClass(flags: number): number {
  if ((flags & RST) !== 0) return Match.Rst;
  if ((flags & SYN) !== 0) return (flags & ACK) !== 0 ? Match.SynAck : Match.Syn;
  if ((flags & FIN) !== 0) return Match.Fin;
  return (flags & PSH) !== 0 ? Match.Data : Match.PureAck;
}

export class Link {
  words = new Int32Array(1024 * SEG_WORDS);
  #times = new Float64Array(1024);
  #mask = 1023;
  #head = 0;
  #count = 0;
  #lastNs = 0;
  readonly #now: Float64Array;
  /** due[source] is when the first packet arrives. */
  readonly #due: Float64Array;
  readonly #source: number;
  readonly #ledger: Ledger;
  readonly #delayNs: number;
  readonly #spreadMask: number;
  readonly #lossGate: number;
  readonly #impairments: Impairment[];

  constructor(
    now: Float64Array,
    due: Float64Array,
    source: number,
    ledger: Ledger,
    delayNs: number,
    toServer: boolean,
    impairments: Impairment[],
  ) {
    this.#now = now;
    this.#due = due;
    this.#source = source;
    this.#ledger = ledger;
    this.#delayNs = delayNs;
    this.#spreadMask = delayNs > 0 ? FORWARDED_SPREAD_MASK : DIRECT_SPREAD_MASK;
    this.#lossGate = toServer ? Gate.path_to_server : Gate.path_to_client;
    this.#impairments = impairments;
    due[source] = FOREVER;
  }

  /** Puts a segment on the way. Addresses and ports as the receiver sees them (layout.ts). */
  send(
    flags: number,
    src: number,
    dst: number,
    ports: number,
    seq: number,
    ack: number,
    length: number,
    tsval: number,
    tsecr: number,
    attempt: number,
  ): void {
    if (this.#count > this.#mask) this.#grow();
    const place = (this.#head + this.#count) & this.#mask;
    const hash = this.#ledger.packetHash(attempt);
    let at = this.#now[0]! + this.#delayNs + (BASE_DELAY_NS + (hash & this.#spreadMask));
    if (at < this.#lastNs) at = this.#lastNs;
    this.#lastNs = at;
    this.#times[place] = at;
    if (this.#count === 0) this.#due[this.#source] = at;
    this.#count++;
    const words = this.words;
    const to = place * SEG_WORDS;
    words[to + S_FLAGS] = flags;
    words[to + S_SRC] = src;
    words[to + S_DST] = dst;
    words[to + S_PORTS] = ports;
    words[to + S_SEQ] = seq;
    words[to + S_ACK] = ack;
    words[to + S_LEN] = length;
    words[to + S_TSVAL] = tsval;
    words[to + S_TSECR] = tsecr;
    words[to + S_ATTEMPT] = attempt;
    words[to + S_HASH] = hash;
  }

  /** Takes the first segment off; answers where its words are (valid until the next send on this link). */
  take(): number {
    const place = this.#head;
    this.#head = (place + 1) & this.#mask;
    this.#count--;
    this.#due[this.#source] = this.#count === 0 ? FOREVER : this.#times[this.#head]!;
    return place * SEG_WORDS;
  }

  /** Whether the segment at `words[at]` is lost to an impairment of this direction, which is then counted and charged. */
  loses(words: Int32Array, at: number): boolean {
    const list = this.#impairments;
    for (let i = 0; i < list.length; i++) {
      if (!list[i]!.hits(words[at + S_FLAGS]!, words[at + S_HASH]!, this.#now[0]!)) continue;
      this.#ledger.lose(words[at + S_ATTEMPT]!, this.#lossGate);
      return true;
    }
    return false;
  }

  #grow(): void {
    const size = this.#mask + 1;
    const words = new Int32Array(size * 2 * SEG_WORDS);
    const times = new Float64Array(size * 2);
    for (let i = 0; i < size; i++) {
      const from = (this.#head + i) & this.#mask;
      words.set(this.words.subarray(from * SEG_WORDS, (from + 1) * SEG_WORDS), i * SEG_WORDS);
      times[i] = this.#times[from]!;
    }
    this.words = words;
    this.#times = times;
    this.#mask = size * 2 - 1;
    this.#head = 0;
  }
}

/** One rule of lost packets, with what it has seen and lost. */
export class Impairment {
  dropped = 0;
  #matched = 0;
  readonly #spec: ImpairmentSpec;
  readonly #salt: number;
  readonly #endNs: number;

  constructor(spec: ImpairmentSpec, salt: number) {
    this.#spec = spec;
    this.#salt = salt;
    this.#endNs = spec.endNs < 0 ? FOREVER : spec.endNs;
  }

  /** Decides and counts. `hash`: the packet's own. */
  hits(flags: number, hash: number, nowNs: number): boolean {
    const spec = this.#spec;
    if (nowNs < spec.startNs || nowNs >= this.#endNs) return false;
    if (spec.match !== Match.Any && spec.match !== packetClass(flags)) return false;
    const lost =
      spec.everyNth > 0 ? this.#matched++ % spec.everyNth === 0 : unitOf(hash2(hash, this.#salt)) < spec.probability;
    if (lost) this.dropped += 1 + (flags >>> MORE_SHIFT);
    return lost;
  }
}
