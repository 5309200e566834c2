/**
 * Link: one direction of the path between client and server. Impairments on arrival; constant delay and order kept, unless the path is uneven.
 *
 * Uneven       A ring keeps packets in the order they were sent, which is all that a constant delay needs. Jitter, reordering and duplicates need
 *              an order by arrival (uneven-path.ts); runs without them pay one branch.
 * Base delay   Every packet takes some microseconds more, drawn from its own hash; on a path with a delay some tens, and what is due while the
 *              forwarder wakes leaves with it. Without that, ties that a real kernel breaks by chance would decide counters.
 * Impairments  Losses happen on arrival, as in the recordings: the sender does not notice, the wire counters of the server have it.
 * Fragments    A packet that is too large for the path travels as several (path.mtu); each has a fate of its own, and arrives with the others.
 * Units        ns; `now` is the simulation's clock, one element (a number as argument would be boxed).
 */
import { hash2, unitOf } from "../base/hash.ts";
import { Gate } from "../vocabulary/gates.ts";
import { HEADER_BYTES, IP_HEADER_BYTES, TIMESTAMP_BYTES } from "../vocabulary/mss.ts";
import { PACKET_CLASSES } from "../vocabulary/run-result.ts";
import { type HostSpec, type ImpairmentSpec, Match, type PathSpec } from "../vocabulary/run-spec.ts";
import { giveWordsBack, takeWords } from "./arena.ts";
import {
  ACK,
  BEHIND_MOST,
  BEHIND_SHIFT,
  COPY,
  CUT,
  FIN,
  LATE_COPY,
  MORE_BIT,
  MORE_SHIFT,
  mssClassOf,
  OPT_TS,
  PSH,
  RST,
  S_ACK,
  S_ATTEMPT,
  S_COPY,
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
import type { PacketHeap } from "./packet-heap.ts";
import { copyHash, isUneven, lateCopyHash, UnevenPath } from "./uneven-path.ts";

/**
 * Least time from one host's stack to the other's, and the spread above it. On a direct link the receiver's softirq runs before the sender's
 * system call returns: a SYN is answered within 5 to 7 µs in packet times of a live kernel. A path with a delay has a forwarder, a process
 * that has to wake: there connect() takes 0.15 to 0.2 ms more than the round trip in the recordings, two passes and the client's own wake-up.
 */
const DIRECT_DELAY_NS = 2_000;
const DIRECT_SPREAD_MASK = 0xfff;
const FORWARDED_DELAY_NS = 40_000;
const FORWARDED_SPREAD_MASK = 0x7fff;
/** From one packet to the next on a link. */
const PACKET_GAP_NS = 2_000;
/** Offset of the out_* counts among the wire counters; the flood link's own counts come after both. */
export const WIRE_OUT = PACKET_CLASSES.length;
export const WIRE_ATK = 2 * PACKET_CLASSES.length;
/** Segments with data and FIN, which recordings count in both classes. */
export const WIRE_IN_BOTH = WIRE_ATK + 4;
export const WIRE_OUT_BOTH = WIRE_IN_BOTH + 1;
const FOREVER = Number.POSITIVE_INFINITY;

/** Class of a segment, as an index into PACKET_CLASSES (the order of `Match`). */
export function packetClass(flags: number): number {
  if ((flags & RST) !== 0) return Match.Rst;
  if ((flags & SYN) !== 0) return (flags & ACK) !== 0 ? Match.SynAck : Match.Syn;
  if ((flags & FIN) !== 0) return Match.Fin;
  return (flags & PSH) !== 0 ? Match.Data : Match.PureAck;
}

/** A segment with data and FIN is of both classes; packetClass() says FIN. */
export function isDataWithFin(flags: number): boolean {
  return (flags & (FIN | PSH | RST)) === (FIN | PSH);
}

export class Link {
  words = takeWords(1024 * SEG_WORDS);
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
  readonly #baseNs: number;
  readonly #spreadMask: number;
  readonly #lossGate: number;
  readonly #impairments: Impairment[];
  readonly #uneven: UnevenPath | null;
  /** [class]: payload of the sender's segments without the timestamp option. */
  readonly #sentMss: Int32Array;
  /** What a fragment carries of a packet that is too large for the path; Infinity: none is. */
  readonly #fragmentBytes: number;

  constructor(
    now: Float64Array,
    due: Float64Array,
    source: number,
    ledger: Ledger,
    delayNs: number,
    path: PathSpec,
    toServer: boolean,
    impairments: Impairment[],
    sender: HostSpec,
  ) {
    this.#now = now;
    this.#sentMss = Int32Array.from(sender.sentMss);
    this.#fragmentBytes = path.mtu === 0 ? FOREVER : (path.mtu - IP_HEADER_BYTES) & ~7;
    this.#due = due;
    this.#source = source;
    this.#ledger = ledger;
    this.#delayNs = delayNs;
    this.#baseNs = delayNs > 0 ? FORWARDED_DELAY_NS : DIRECT_DELAY_NS;
    this.#spreadMask = delayNs > 0 ? FORWARDED_SPREAD_MASK : DIRECT_SPREAD_MASK;
    this.#lossGate = toServer ? Gate.path_to_server : Gate.path_to_client;
    this.#impairments = impairments;
    this.#uneven = isUneven(path)
      ? new UnevenPath(path, toServer, now, ledger, delayNs, this.#baseNs, this.#spreadMask)
      : null;
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
    const hash = this.#ledger.packetHash(attempt);
    const place = this.#uneven === null ? this.#queue(hash) : this.#schedule(this.#uneven, hash, attempt);
    const words = this.words;
    const to = place * SEG_WORDS;
    // As int32: V8 would take each argument for a float64 that has to be cut.
    words[to + S_FLAGS] = flags | 0;
    words[to + S_SRC] = src | 0;
    words[to + S_DST] = dst | 0;
    words[to + S_PORTS] = ports | 0;
    words[to + S_SEQ] = seq | 0;
    words[to + S_ACK] = ack | 0;
    words[to + S_LEN] = length | 0;
    words[to + S_TSVAL] = tsval | 0;
    words[to + S_TSECR] = tsecr | 0;
    words[to + S_ATTEMPT] = attempt | 0;
    words[to + S_HASH] = hash;
    this.sent(to);
  }

  /** The segment at `words[at]` is under way; an uneven path may copy it. */
  sent(at: number): void {
    if (this.#uneven === null) return;
    this.words[at + S_COPY] = 0;
    if (this.#uneven.isDuplicated(this.words[at + S_HASH]!)) this.#sendCopy(this.#uneven, at);
    if (this.#uneven.hasLateCopies) this.#sendLateCopies(this.#uneven, at);
  }

  /** A place at the end of the ring, for a packet that leaves now. */
  #queue(hash: number): number {
    if (this.#count > this.#mask) this.#grow();
    const place = (this.#head + this.#count) & this.#mask;
    const dueNs = this.#now[0]! + this.#delayNs;
    let at = this.#lastNs + PACKET_GAP_NS;
    // What is due before the last packet has left goes with it.
    if (dueNs > this.#lastNs) at = Math.max(at, dueNs + (this.#baseNs + (hash & this.#spreadMask)));
    this.#lastNs = at;
    this.#times[place] = at;
    if (this.#count === 0) this.#due[this.#source] = at;
    this.#count++;
    return place;
  }

  /** Gives what is large to the next run of this thread. */
  release(): void {
    giveWordsBack(this.words);
  }

  /** A place by arrival, for a packet that leaves now. */
  #schedule(path: UnevenPath, hash: number, attempt: number): number {
    this.#makeRoom(path.heap);
    const place = path.schedule(hash, attempt);
    path.heap.writeDue(this.#due, this.#source);
    return place;
  }

  #makeRoom(heap: PacketHeap): void {
    if (!heap.isFull) return;
    heap.grow();
    const words = takeWords(heap.capacity * SEG_WORDS);
    words.set(this.words);
    giveWordsBack(this.words);
    this.words = words;
  }

  /** Sends what stands at `words[from]` once more. */
  #sendCopy(path: UnevenPath, from: number): void {
    const hash = copyHash(this.words[from + S_HASH]!);
    const to = this.#schedule(path, hash, this.words[from + S_ATTEMPT]!) * SEG_WORDS;
    this.words.copyWithin(to, from, from + SEG_WORDS);
    this.words[to + S_HASH] = hash;
    this.words[to + S_COPY] = COPY;
  }

  /** Each segment of what stands at `words[from]` may have a late copy. */
  #sendLateCopies(path: UnevenPath, from: number): void {
    const flags = this.words[from + S_FLAGS]!;
    if (path.lateMatch !== Match.Any && path.lateMatch !== packetClass(flags)) return;
    const segments = 1 + (flags >>> MORE_SHIFT);
    for (let k = 0; k < segments; k++) {
      const hash = this.words[from + S_HASH]!;
      const own = segments === 1 ? hash : hash2(hash, k);
      if (path.isCopiedLate(own)) this.#sendLateCopy(path, from, k, lateCopyHash(own));
    }
  }

  /** Segment `k` of a flight (or the one that there is) once more, long after it. */
  #sendLateCopy(path: UnevenPath, from: number, k: number, hash: number): void {
    this.#makeRoom(path.heap);
    const to = path.scheduleLate(hash) * SEG_WORDS;
    path.heap.writeDue(this.#due, this.#source);
    const words = this.words;
    words.copyWithin(to, from, from + SEG_WORDS);
    const flags = words[from + S_FLAGS]!;
    const length = words[from + S_LEN]!;
    const mss = this.segmentBytes(flags);
    words[to + S_FLAGS] = flags & (MORE_BIT - 1);
    if (flags >= MORE_BIT && length > 0) {
      words[to + S_SEQ] = (words[from + S_SEQ]! + k * mss) | 0;
      words[to + S_LEN] = Math.min(mss, length - k * mss);
    }
    words[to + S_HASH] = hash;
    words[to + S_COPY] = LATE_COPY;
  }

  /** Whether the segment at `words[at]`, which was taken off last, is an old duplicate. */
  isLate(at: number): boolean {
    return this.#uneven !== null && this.words[at + S_COPY] === LATE_COPY;
  }

  /** Takes the first segment off; answers where its words are (valid until the next send on this link). */
  take(): number {
    if (this.#uneven !== null) {
      const slot = this.#uneven.heap.pop();
      this.#uneven.heap.writeDue(this.#due, this.#source);
      return slot * SEG_WORDS;
    }
    const place = this.#head;
    this.#head = (place + 1) & this.#mask;
    this.#count--;
    this.#due[this.#source] = this.#count === 0 ? FOREVER : this.#times[this.#head]!;
    return place * SEG_WORDS;
  }

  /** Whether the segment at `words[at]` is lost to an impairment of this direction, which is then counted and charged. */
  loses(words: Int32Array, at: number): boolean {
    if (this.#impairments.length === 0) return false;
    const flags = words[at + S_FLAGS]!;
    const segments = 1 + (flags >>> MORE_SHIFT);
    if (segments > 1) return this.#cuts(words, at, flags, segments);
    if (!this.#losesPacket(flags, words[at + S_HASH]!, words[at + S_LEN]!)) return false;
    this.#charge(words, at);
    return true;
  }

  #charge(words: Int32Array, at: number): void {
    if (words[at + S_COPY] !== 0) this.#ledger.loseCopy(words[at + S_ATTEMPT]!, this.#lossGate);
    else this.#ledger.lose(words[at + S_ATTEMPT]!, this.#lossGate);
  }

  /** Payload of a full segment of a flight with these flags. */
  segmentBytes(flags: number): number {
    return this.#sentMss[mssClassOf(flags)]! - ((flags & OPT_TS) !== 0 ? TIMESTAMP_BYTES : 0);
  }

  /**
   * A packet meets the impairments, or each fragment of one that is too large: whoever loses a fragment loses the segment (RFC 791 section 3.2).
   * `bytes`: its payload.
   */
  #losesPacket(flags: number, hash: number, bytes: number): boolean {
    let isLost = this.#isHit(flags, hash);
    const header = HEADER_BYTES - IP_HEADER_BYTES + ((flags & OPT_TS) !== 0 ? TIMESTAMP_BYTES : 0);
    const fragments = Math.ceil((header + bytes) / this.#fragmentBytes);
    for (let k = 1; k < fragments; k++) if (this.#isHit(flags, hash2(hash, -k))) isLost = true;
    return isLost;
  }

  #isHit(flags: number, hash: number): boolean {
    const list = this.#impairments;
    for (let i = 0; i < list.length; i++) if (list[i]!.hits(flags, hash, this.#now[0]!)) return true;
    return false;
  }

  /**
   * A flight meets the impairments segment by segment. What is left of its data goes on as if the lost segments had been its last; of several
   * ACKs those that are left say what all did. True: nothing is left.
   */
  #cuts(words: Int32Array, at: number, flags: number, segments: number): boolean {
    const mss = this.segmentBytes(flags);
    let lost = 0;
    let first = segments;
    for (let k = 0; k < segments; k++) {
      const bytes = Math.min(mss, words[at + S_LEN]! - k * mss);
      if (!this.#losesPacket(flags, hash2(words[at + S_HASH]!, k), bytes)) continue;
      lost++;
      first = Math.min(first, k);
      this.#charge(words, at);
    }
    if (lost === 0 || lost === segments) return lost > 0;
    const left = segments - lost;
    words[at + S_FLAGS] = (flags & (MORE_BIT - 1)) | ((left - 1) << MORE_SHIFT);
    if (words[at + S_LEN] === 0) return false;
    const behind = Math.min(BEHIND_MOST, left - first);
    words[at + S_FLAGS] = words[at + S_FLAGS]! | CUT | (behind << BEHIND_SHIFT);
    words[at + S_LEN] = left * mss;
    return false;
  }

  #grow(): void {
    const size = this.#mask + 1;
    const words = takeWords(size * 2 * SEG_WORDS);
    const times = new Float64Array(size * 2);
    for (let i = 0; i < size; i++) {
      const from = (this.#head + i) & this.#mask;
      words.set(this.words.subarray(from * SEG_WORDS, (from + 1) * SEG_WORDS), i * SEG_WORDS);
      times[i] = this.#times[from]!;
    }
    giveWordsBack(this.words);
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
    const isOther = spec.match !== Match.Any && spec.match !== packetClass(flags);
    if (isOther && (spec.match !== Match.Data || !isDataWithFin(flags))) return false;
    const lost =
      spec.everyNth > 0 ? this.#matched++ % spec.everyNth === 0 : unitOf(hash2(hash, this.#salt)) < spec.probability;
    if (lost) this.dropped++;
    return lost;
  }
}
