/**
 * A raw workload: bare packets, one by one or in bulk.
 *
 * Packet by packet   Every packet is looked up and judged.
 * Bulk               While nothing that a verdict about an unknown SYN depends on changes (Host.epoch), every packet has the same fate; only
 *                    their number matters. It is counted (even arrivals) or drawn (Poisson) when the fate changes, at samples and at the end.
 *                    The judge is the same function; there is no second set of rules.
 * Eligible for bulk  SYNs of addresses that never repeat while a request of theirs can be alive, at one listener, on a path without
 *                    impairments; answered workloads only while the verdict sends no SYN-ACK.
 * Units              ns.
 */
import { hash3 } from "../base/hash.ts";
import { RawAddresses, RawAnswer, RawPacket, type RawSpec } from "../vocabulary/run-spec.ts";
import { Verdict } from "../vocabulary/verdicts.ts";
import { Arrivals } from "./arrivals.ts";
import { deliver } from "./deliver.ts";
import type { Host } from "./host.ts";
import { ACK, NO_ROW, RST, S_ACK, S_ATTEMPT, S_DST, S_FLAGS, S_HASH, S_LEN, S_PORTS, S_SEQ, S_SRC, SEG_WORDS, SYN } from "./layout.ts";
import { type Impairment, packetClass, WIRE_ATK } from "./link.ts";
import { judgeSyn, noteCookieSent, openRequest, sendSynAck } from "./listen.ts";
import type { RawAnswerer } from "./raw-answers.ts";
import { hashTuple } from "./table.ts";
import { Gate } from "../vocabulary/gates.ts";

/** First raw source address, 198.18.0.1, and the ports that addresses go through before they repeat. */
const FIRST_ADDRESS = (198 << 24) | (18 << 16) | 1;
export const RAW_PORTS = 64512;
const LOWEST_PORT = 1024;
/** From the sender's timetable to the server's stack. */
const PACING_NS = 30_000;
/** Spread of the moment at which a packet that will be answered leaves: the sender's wake-up. Mute packets are counted, so they have none. */
const PACING_SPREAD_MASK = 0xffff;
/** Packets per call: the loop comes back often, so that V8 sees a short function called many times. */
const BATCH = 512;
const FOREVER = Number.POSITIVE_INFINITY;

export class RawSource {
  readonly arrivals: Arrivals;
  /** Whether packets are being counted instead of made. */
  isBulk = false;
  #bulkVerdict = 0;
  sent = 0;
  readonly #spec: RawSpec;
  readonly #workload: number;
  readonly #host: Host;
  readonly #answerer: RawAnswerer;
  readonly #server: number;
  readonly #impairments: readonly Impairment[];
  readonly #mayBulk: boolean;
  readonly #segment = new Int32Array(SEG_WORDS);
  readonly #flags: number;
  /** Address and port of the next sequential packet. */
  #addressIndex = 0;
  #portIndex = 0;

  constructor(host: Host, spec: RawSpec, workload: number, seed: number, server: number, answerer: RawAnswerer, impairments: readonly Impairment[], mayBulk: boolean) {
    this.#host = host;
    this.#spec = spec;
    this.#workload = workload;
    this.#server = server;
    this.#answerer = answerer;
    this.#impairments = impairments;
    this.#mayBulk = mayBulk && spec.packet === RawPacket.Syn && spec.addresses === RawAddresses.Sequential && host.groups.filter((g) => g[0]!.port === spec.port && g.length > 1).length === 0;
    this.arrivals = new Arrivals(spec, seed, PACING_NS);
    this.#portIndex = spec.firstSourcePort - LOWEST_PORT;
    this.#flags = spec.packet === RawPacket.Syn ? SYN : spec.packet === RawPacket.Ack ? ACK : RST;
  }

  /** When this source wants to run: its next packet, or never while it counts. */
  get dueNs(): number {
    return this.isBulk ? FOREVER : this.#leaveNs();
  }

  /** Runs packets up to `limitNs` (the next event of anybody else; the first packet is run in any case). */
  run(limitNs: number): void {
    const host = this.#host;
    const next = this.arrivals.next;
    const isPlain = this.#spec.packet === RawPacket.Syn && this.#impairments.length === 0;
    let verdict = -1;
    let n = 0;
    let total = 0;
    do {
      host.now[0] = this.#leaveNs();
      total++;
      this.#makeAddress();
      const hash = hashTuple(this.#server, this.#segment[S_SRC]!, this.#segment[S_PORTS]!);
      const fate = isPlain ? this.#fateOfSyn(hash) : -1;
      if (fate !== verdict && n > 0) {
        this.#applyFate(verdict, n);
        n = 0;
      }
      verdict = fate;
      if (fate < 0) this.#deliver();
      else if (fate === Verdict.syn_queued) this.#queue(hash);
      else n++;
      this.arrivals.step();
      if (fate >= 0 && this.#mayBulk && this.#isBulkFate(fate)) {
        this.isBulk = true;
        this.#bulkVerdict = fate;
        break;
      }
      if (fate === Verdict.syn_queued || fate < 0) break;
    } while (next[0]! < limitNs && total < BATCH);
    if (n > 0) this.#applyFate(verdict, n);
    this.#count(total);
  }

  /** When the current packet reaches the server: mute ones on their timetable, so that they can be counted; answered ones a little late. */
  #leaveNs(): number {
    const at = this.arrivals.next[0]!;
    if (this.#spec.answer === RawAnswer.Nothing) return at;
    return at + (hash3(this.#spec.streamKey, this.arrivals.next[1]! | 0, 5) & PACING_SPREAD_MASK);
  }

  /** Verdict about a plain SYN of an unknown 4-tuple; -1: it takes the general way (a known tuple, or an answer to make). */
  #fateOfSyn(hash: number): number {
    const host = this.#host;
    const peer = this.#segment[S_SRC]!;
    if (host.table.find(hash, this.#server, peer, this.#segment[S_PORTS]!) !== NO_ROW) return -1;
    const listener = host.listenerFor(this.#spec.port, hash);
    const verdict = listener === null ? Verdict.no_socket : judgeSyn(host, listener, peer ^ this.#server, false);
    if (this.#spec.answer !== RawAnswer.Nothing && verdict === Verdict.syn_cookie) return -1;
    return verdict;
  }

  /** Whether every further packet has this fate until something changes. */
  #isBulkFate(verdict: number): boolean {
    return verdict !== Verdict.syn_queued;
  }

  /** The listener's state has changed: ends the bulk (its packets until now are counted) when packets now have another fate. */
  rejudge(inclusive: boolean): void {
    const host = this.#host;
    const listener = host.listenerFor(this.#spec.port, 0);
    const verdict = listener === null ? Verdict.no_socket : judgeSyn(host, listener, FIRST_ADDRESS ^ this.#server, false);
    if (verdict === this.#bulkVerdict) return;
    this.flush(inclusive);
    const isAnsweredCookie = this.#spec.answer !== RawAnswer.Nothing && verdict === Verdict.syn_cookie;
    if (this.#isBulkFate(verdict) && !isAnsweredCookie) this.#bulkVerdict = verdict;
    else this.isBulk = false;
  }

  /** Counts the bulk's packets up to now. */
  flush(inclusive: boolean): void {
    if (!this.isBulk) return;
    const n = this.arrivals.skip(this.#host.now[0]!, inclusive);
    if (n === 0) return;
    this.#advanceAddress(n);
    this.#count(n);
    this.#applyFate(this.#bulkVerdict, n);
  }

  #count(n: number): void {
    this.sent += n;
    const wire = this.#answerer.wire;
    const kind = packetClass(this.#flags);
    wire[kind] = wire[kind]! + n;
    if (this.#flags === SYN) wire[WIRE_ATK] = wire[WIRE_ATK]! + n;
  }

  /** `n` packets met `verdict`: counters, drops, and replies that nobody reads. */
  #applyFate(verdict: number, n: number): void {
    this.#host.applyMany(verdict, n, this.#workload);
    if (verdict === Verdict.syn_cookie) {
      this.#answerer.countMute(true, n);
      noteCookieSent(this.#host, this.#host.listenerFor(this.#spec.port, 0)!);
    } else if (verdict === Verdict.no_socket) this.#answerer.countMute(false, n);
  }

  /** A request for this packet: the bulk's only way to change the listener. */
  #queue(hash: number): void {
    const host = this.#host;
    const seg = this.#segment;
    host.applyMany(Verdict.syn_queued, 1, this.#workload);
    const listener = host.listenerFor(this.#spec.port, hash)!;
    const row = openRequest(host, listener, SYN, this.#server, seg[S_SRC]!, seg[S_PORTS]!, hash, this.#sequence(), 0, host.initialSequence(hash), -2 - this.#workload);
    sendSynAck(host, row);
  }

  /** The general way: through the path's impairments to whatever socket there is. */
  #deliver(): void {
    const seg = this.#segment;
    const attempt = -2 - this.#workload;
    seg[S_FLAGS] = this.#flags;
    seg[S_DST] = this.#server;
    seg[S_SEQ] = this.#sequence();
    seg[S_ACK] = this.#flags === ACK ? hash3(seg[S_SEQ]!, this.#workload, 1) : 0;
    seg[S_LEN] = 0;
    seg[S_ATTEMPT] = attempt;
    if (this.#impairments.length > 0) {
      seg[S_HASH] = this.#host.ledger.packetHash(attempt);
      for (const impairment of this.#impairments) {
        if (!impairment.hits(this.#flags, seg[S_HASH]!, this.#host.now[0]!)) continue;
        this.#host.ledger.lose(attempt, Gate.path_to_server);
        return;
      }
    }
    deliver(this.#host, seg, 0);
  }

  /** Sequence number of the packet: the recorder's hash of (number, seed), so that equal seeds give equal segments. */
  #sequence(): number {
    return hash3(this.arrivals.next[1]! | 0, this.#spec.packetSeed, 0);
  }

  /** Sets source address and ports of the current packet in the scratch segment. */
  #makeAddress(): void {
    const spec = this.#spec;
    const seg = this.#segment;
    if (spec.addresses === RawAddresses.Random) {
      const draw = hash3(spec.streamKey, this.arrivals.next[1]! | 0, 2);
      const port = hash3(draw, spec.streamKey, 3);
      seg[S_SRC] = (FIRST_ADDRESS + ((draw >>> 0) % spec.sourceAddresses)) | 0;
      seg[S_PORTS] = (spec.port << 16) | (LOWEST_PORT + ((port >>> 0) % RAW_PORTS));
      return;
    }
    seg[S_SRC] = (FIRST_ADDRESS + this.#addressIndex) | 0;
    seg[S_PORTS] = (spec.port << 16) | (LOWEST_PORT + this.#portIndex);
    this.#addressIndex++;
    if (this.#addressIndex === spec.sourceAddresses) {
      this.#addressIndex = 0;
      this.#portIndex = this.#portIndex + 1 === RAW_PORTS ? 0 : this.#portIndex + 1;
    }
  }

  #advanceAddress(n: number): void {
    const index = this.#addressIndex + n;
    const rounds = Math.floor(index / this.#spec.sourceAddresses);
    this.#addressIndex = index - rounds * this.#spec.sourceAddresses;
    this.#portIndex = (this.#portIndex + rounds) % RAW_PORTS;
  }
}
