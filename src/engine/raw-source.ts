/**
 * A raw workload: bare packets, one by one or in bulk.
 *
 * Packet by packet   Every packet is drawn, looked up and judged.
 * Lagging            While packets change nothing (they are dropped, or answered by a cookie that nobody reads), nobody needs them at their
 *                    very time: they are run when something that verdicts depend on is about to change (Host.beforeChange), at samples and at
 *                    the end, each at its own time. What they count is the same.
 * Bulk               As lagging, but only the number of packets is counted (even arrivals, bursts) or drawn (Poisson, changing rates); the judge is
 *                    asked once for all of them. It is the same judge; there is no second set of rules.
 * Who may lag        Mute SYNs of addresses that never repeat while a request of theirs can be alive, at one listener, on a path without
 *                    impairments and duplicates (set-up.ts: mayLag).
 * The path           Packets come straight to the server. Losses and duplicates hit them; delay, jitter and reordering are left out, since packets
 *                    of nobody in particular arrive as well one way as the other. What is sent back to them always arrives.
 * Units              ns.
 */
import { hash3 } from "../base/hash.ts";
import { drawExponential, EXPONENTIAL } from "../base/prng.ts";
import { Gate } from "../vocabulary/gates.ts";
import { CLASS_DEFAULT } from "../vocabulary/mss.ts";
import { type PathSpec, RawAddresses, RawAnswer, RawPacket, type RawSpec } from "../vocabulary/run-spec.ts";
import { Verdict } from "../vocabulary/verdicts.ts";
import { Arrivals, type Share } from "./arrivals.ts";
import { deliver } from "./deliver.ts";
import { AT, GAP, LIMIT, passStrangers } from "./flood-loop.ts";
import type { Host } from "./host.ts";
import { metFullQueue, warnOfFlood } from "./kernel-log.ts";
import {
  ACK,
  NO_ROW,
  RST,
  S_ACK,
  S_ATTEMPT,
  S_DST,
  S_FLAGS,
  S_HASH,
  S_LEN,
  S_MSS_SHIFT,
  S_PORTS,
  S_SEQ,
  S_SRC,
  SEG_WORDS,
  SYN,
} from "./layout.ts";
import { type Impairment, packetClass, WIRE_ATK } from "./link.ts";
import { judgeSyn, openRequest, sendSynAck } from "./listen.ts";
import type { Listener } from "./listener.ts";
import type { RawAnswerer } from "./raw-answers.ts";
import type { ReceivePath } from "./receive-path.ts";
import { settleLater } from "./sources.ts";
import { hashPeer, hashService } from "./table.ts";
import { copyHash, isDuplicated } from "./uneven-path.ts";

/** First raw source address, 198.18.0.1, and the ports that addresses go through before they repeat. */
const FIRST_ADDRESS = (198 << 24) | (18 << 16) | 1;
export const RAW_PORTS = 64512;
const LOWEST_PORT = 1024;
/** From the sender's timetable to the server's stack. */
const PACING_NS = 30_000;
/** Spread of the moment at which a packet that will be answered leaves: the sender's wake-up. Mute packets are counted, so they have none. */
const PACING_SPREAD_MASK = 0x7fff;
/** Bare packets have no options, an MSS neither. */
const BARE_SYN = SYN | (CLASS_DEFAULT << S_MSS_SHIFT);
/** Packets per call: the loop comes back often, so that V8 sees a short function called many times. */
const BATCH = 512;
/** Requests that one call may make: the simulation reserves rows for so many an event. */
export const ROWS_PER_EVENT = 8;
const FOREVER = Number.POSITIVE_INFINITY;

export class RawSource {
  readonly arrivals: Arrivals;
  /** Whether packets wait for the next change instead of running at their time. */
  isLagging = false;
  /** Its packets do not come by themselves: their lane's CPU pulls them. */
  #isPulled = false;
  /** Where it has to tell when it runs next. */
  #due: Float64Array | null = null;
  #source = 0;
  /** [0]: packets run. */
  readonly #totals = new Float64Array(1);
  readonly #spec: RawSpec;
  readonly #workload: number;
  readonly #host: Host;
  readonly #answerer: RawAnswerer;
  readonly #server: number;
  readonly #impairments: readonly Impairment[];
  readonly #path: PathSpec;
  /** Mute SYNs of sequential addresses on a clear path: the fast loop's case. */
  readonly #isFlood: boolean;
  readonly #mayLag: boolean;
  readonly #isBulk: boolean;
  #listener: Listener | null = null;
  /** Which queue of the device its packets come to; -1: each one's hash chooses. */
  readonly #lane: number;
  /** From one packet's address to the next one's: lanes share a workload's addresses. */
  readonly #addressStride: number;
  /** [0]: from when on a packet is noted, and so has to be judged by itself. Not an answer: V8 boxes a float64 that a call gives back. */
  readonly noteNs = new Float64Array(1);
  /** [0]: the next event of anybody else. */
  readonly limitNs = new Float64Array(1);
  readonly #clock = new Float64Array(3);
  readonly #segment = new Int32Array(SEG_WORDS);
  readonly #flags: number;
  /** Address and port of the next sequential packet. */
  #addressIndex = 0;
  #portIndex = 0;

  constructor(
    host: Host,
    spec: RawSpec,
    workload: number,
    seed: number,
    server: number,
    answerer: RawAnswerer,
    impairments: readonly Impairment[],
    path: PathSpec,
    mayLag: boolean,
    isBulk: boolean,
    share: Share,
    lane = -1,
    lanes = 1,
  ) {
    this.#lane = lane;
    this.#addressStride = lanes;
    this.#addressIndex = Math.max(0, lane);
    this.#host = host;
    this.#spec = spec;
    this.#workload = workload;
    this.#server = server;
    this.#answerer = answerer;
    this.#impairments = impairments;
    this.#path = path;
    this.#isFlood =
      host.spec.twoWay === 0 &&
      spec.packet === RawPacket.Syn &&
      spec.addresses === RawAddresses.Sequential &&
      spec.answer === RawAnswer.Nothing &&
      impairments.length === 0 &&
      path.duplicate === 0;
    this.#mayLag = mayLag && this.#isFlood;
    this.#isBulk = isBulk;
    this.arrivals = new Arrivals(spec, seed, PACING_NS, share);
    this.#portIndex = spec.firstSourcePort - LOWEST_PORT;
    this.#flags = spec.packet === RawPacket.Syn ? SYN : spec.packet === RawPacket.Ack ? ACK : RST;
  }

  /** Writes when this source wants to run to `due[at]`: its next packet, or never while it lags. */
  writeDue(due: Float64Array, at: number): void {
    this.#due = due;
    this.#source = at;
    due[at] = this.isLagging || this.#isPulled ? FOREVER : this.#leaveNs();
    settleLater(due);
  }

  /** Runs packets up to `limitNs[0]` (the next event of anybody else; the first packet is run in any case). */
  run(): void {
    if (this.#host.receive === null && this.#isFlood && this.#setListener()) this.#runFlood();
    else this.#runOne();
  }

  /** Its lane's CPU is busy, and pulls packets when it needs them; or it is idle, and the next packet wakes it. */
  setPulled(isPulled: boolean): void {
    this.#isPulled = isPulled;
    if (this.#due !== null) this.writeDue(this.#due, this.#source);
  }

  /** The lane gets the packets that came before now (with `inclusive` also now). In bulk those that find it full are counted. */
  pull(receive: ReceivePath, inclusive: boolean): void {
    const now = this.#host.now[0]!;
    const next = this.arrivals.next;
    while (next[0]! < now || (inclusive && next[0]! === now)) {
      if (this.#isBulk && receive.isFull(this.#lane)) {
        const n = this.arrivals.passOver(now, inclusive);
        this.#advanceAddress(n);
        this.#count(n);
        receive.dropMany(this.#lane, this.#workload, n);
        return;
      }
      this.pullOne(receive);
    }
  }

  /** The lane gets the next packet, at its time. */
  pullOne(receive: ReceivePath): void {
    this.#makeAddress();
    this.#fill();
    receive.offer(this.#segment, 0, this.#lane, this.arrivals.next);
    this.arrivals.step();
    this.#count(1);
  }

  /** Whose its packets are (ledger id). */
  get id(): number {
    return -2 - this.#workload;
  }

  /** Its packets can share a fate: in bulk, mute SYNs of addresses that never repeat. */
  get isAlike(): boolean {
    return this.#isBulk && this.#mayLag;
  }

  /** The verdict that each of its packets meets before noteNs; -1: each has to be judged by itself, since it makes a request. */
  fateNow(): number {
    if (!this.#setListener()) return -1;
    const verdict = this.#judge();
    this.#setNoteNs(verdict);
    return verdict === Verdict.syn_queued ? -1 : verdict;
  }

  /** `n` packets met `verdict`. */
  meetMany(verdict: number, n: number): void {
    this.#applyFate(verdict, n);
  }

  /** One packet by the general way. */
  #runOne(): void {
    this.#host.now[0] = this.#leaveNs();
    this.#makeAddress();
    this.#deliver();
    this.arrivals.step();
    this.#count(1);
  }

  /** The one listener that the flood meets (or none); false when a hash picks among several. */
  #setListener(): boolean {
    const group = this.#host.portGroup[this.#spec.port]!;
    const members = group === 0 ? null : this.#host.groups[group - 1]!;
    this.#listener = members === null ? null : members[0]!;
    return members === null || members.length === 1;
  }

  /**
   * Mute SYNs of sequential addresses, each drawn and looked up; the judge is asked again after every packet that changed something. Hot: its
   * state is in locals (a field or an array element costs 15 to 30 %).
   */
  #runFlood(): void {
    const host = this.#host;
    const arrivals = this.arrivals;
    arrivals.findPiece();
    const { state, next, piece, isPoisson, gapNs, endNs, stride } = arrivals;
    const clock = this.#clock;
    const startNs = piece[0]!;
    let place = piece[1]!;
    const sources = this.#spec.sourceAddresses;
    const server = this.#server;
    const portWord = (this.#spec.port << 16) | LOWEST_PORT;
    const table = host.table;
    let at = next[0]!;
    const firstNumber = next[1]!;
    const most = Math.min(BATCH, piece[2]!);
    let address = this.#addressIndex;
    let port = this.#portIndex;
    let limit = isPoisson ? Math.min(this.limitNs[0]!, endNs) : this.limitNs[0]!;
    let service = hashService(server, portWord + port);
    let verdict = this.#judge();
    let n = 0;
    let total = 0;
    let room = ROWS_PER_EVENT;
    this.#setNoteNs(verdict);
    let noteAt = this.noteNs[0]!;
    // In bulk, what follows the first packet without a change is counted, however far this call may go: else the numbers that are drawn would
    // depend on how the run is cut into slices.
    const countsRest = this.#isBulk && this.#mayLag;
    clock[GAP] = gapNs;
    do {
      let passed = 0;
      if (isPoisson && !countsRest && verdict !== Verdict.syn_queued) {
        clock[AT] = at;
        clock[LIMIT] = Math.min(limit, noteAt);
        const upTo = Math.min(most - total, sources - address);
        passed = passStrangers(table, state, clock, (FIRST_ADDRESS + address) | 0, service, upTo);
        at = clock[AT]!;
        n += passed;
        total += passed;
        address += passed;
      }
      if (passed === 0) {
        const peer = (FIRST_ADDRESS + address) | 0;
        const hash = hashPeer(peer, service);
        const isKnown = table.find(hash, server, peer, portWord + port) !== NO_ROW;
        if (isKnown || verdict === Verdict.syn_queued) {
          if (n > 0) this.#applyFate(verdict, n);
          n = 0;
          host.now[0] = at;
          next[1] = firstNumber + total * stride;
          this.#take(isKnown, hash, peer, portWord + port);
          verdict = this.#judge();
          this.#setNoteNs(verdict);
          noteAt = this.noteNs[0]!;
          limit = Math.min(limit, host.nextTickNs[host.tickSource]!);
          room--;
        } else {
          n++;
          if (at >= noteAt) {
            this.#note(verdict, at);
            this.#setNoteNs(verdict);
            noteAt = this.noteNs[0]!;
          }
        }
        total++;
        address++;
        if (isPoisson) {
          drawExponential(state);
          at += EXPONENTIAL[0]! * gapNs;
        } else {
          place += stride;
          at = startNs + place * gapNs;
        }
      }
      if (address === sources) {
        address = 0;
        port = port + 1 === RAW_PORTS ? 0 : port + 1;
        service = hashService(server, portWord + port);
      }
    } while (at < limit && total < most && room > 0 && !(countsRest && n > 0));
    next[0] = at;
    next[1] = firstNumber + total * stride;
    arrivals.settle();
    this.#addressIndex = address;
    this.#portIndex = port;
    if (n > 0) {
      this.#applyFate(verdict, n);
      this.isLagging = this.#mayLag;
    } else this.isLagging = false;
    this.#count(total);
  }

  /** Sets from when on a packet with this verdict is noted: the first that meets a full queue, and where cookies are sent, one a second. */
  #setNoteNs(verdict: number): void {
    const { noteNs } = this;
    if (this.#warns(verdict)) noteNs[0] = Number.NEGATIVE_INFINITY;
    else if (verdict === Verdict.syn_cookie) noteNs[0] = this.#host.overflowKeeper(this.#listener!).refreshNs[0]!;
    else noteNs[0] = FOREVER;
  }

  /** Whether a packet with this verdict is the first that meets the listener's full queue. */
  #warns(verdict: number): boolean {
    const listener = this.#listener;
    return listener !== null && !listener.hasWarned && metFullQueue(verdict);
  }

  #note(verdict: number, ns: number): void {
    if (this.#warns(verdict)) warnOfFlood(this.#host, this.#listener!, ns);
    this.#setNoteNs(verdict);
    if (ns >= this.noteNs[0]!) this.#stampCookie(ns);
  }

  /** Notes at `ns` that a cookie was sent (listen.ts:noteCookieSent). */
  #stampCookie(ns: number): void {
    const host = this.#host;
    host.overflowKeeper(this.#listener!).stampOverflow(host, host.tickAt(ns));
  }

  /** The verdict about a SYN of this flood that meets no socket of its own. It holds until something changes; no peer of a flood is proven. */
  #judge(): number {
    const listener = this.#listener;
    if (listener === null || !listener.listening) return Verdict.no_socket;
    return judgeSyn(this.#host, listener, FIRST_ADDRESS ^ this.#server, false, SYN, 0);
  }

  /** A packet that changes something: a request is made, or it meets a socket of its 4-tuple. */
  #take(isKnown: boolean, hash: number, peer: number, ports: number): void {
    this.#segment[S_SRC] = peer;
    this.#segment[S_PORTS] = ports;
    if (isKnown) this.#deliver();
    else this.#queue(hash);
  }

  /** When the current packet reaches the server: mute ones on their timetable, so that they can be counted; answered ones a little late, in order. */
  #leaveNs(): number {
    const at = this.arrivals.next[0]!;
    if (this.#spec.answer === RawAnswer.Nothing) return at;
    const spread = hash3(this.#spec.streamKey, this.arrivals.next[1]! | 0, 5) & PACING_SPREAD_MASK;
    return Math.max(this.#host.now[0]!, at + spread);
  }

  /** Something has changed: packets that have another fate than being counted run at their time again. */
  rejudge(): void {
    if (this.#judge() === Verdict.syn_queued) this.isLagging = false;
  }

  /** Runs what lags before now (with `inclusive` also what is due now), under the state that still holds. */
  catchUp(inclusive: boolean): void {
    if (this.#isPulled) {
      this.pull(this.#host.receive!, inclusive);
      return;
    }
    const now = this.#host.now[0]!;
    const next = this.arrivals.next;
    if (!this.isLagging || next[0]! > now || (next[0]! === now && !inclusive)) return;
    if (this.#isBulk) {
      this.#countUp(inclusive);
      return;
    }
    // The loop's limit is exclusive: the next float64 above now lets those in that are due now.
    this.limitNs[0] = inclusive ? now * (1 + Number.EPSILON) : now;
    while (next[0]! < this.limitNs[0]!) this.#runFlood();
  }

  /** Counts the packets of a bulk up to now. */
  #countUp(inclusive: boolean): void {
    const firstNs = this.arrivals.next[0]!;
    const n = this.arrivals.passOver(this.#host.now[0]!, inclusive);
    const verdict = this.#judge();
    this.#advanceAddress(n);
    this.#count(n);
    this.#applyFate(verdict, n);
    if (this.#warns(verdict)) warnOfFlood(this.#host, this.#listener!, firstNs);
    if (verdict === Verdict.syn_cookie) this.#stampCookies(firstNs);
  }

  /** The cookies' time stamps of the packets passed over from `firstNs` on: each refresh at the first packet that is due for one. */
  #stampCookies(firstNs: number): void {
    const keeper = this.#host.overflowKeeper(this.#listener!);
    const now = this.#host.now[0]!;
    for (;;) {
      const at = this.arrivals.passedFrom(Math.max(firstNs, keeper.refreshNs[0]!));
      if (at > now) return;
      this.#stampCookie(at);
    }
  }

  #count(n: number): void {
    this.#totals[0] = this.#totals[0]! + n;
    this.#countWire(n);
  }

  #countWire(n: number): void {
    const wire = this.#answerer.wire;
    const kind = packetClass(this.#flags);
    wire[kind] = wire[kind]! + n;
    if (this.#flags === SYN) wire[WIRE_ATK] = wire[WIRE_ATK]! + n;
  }

  /** Packets sent so far. */
  get sent(): number {
    return this.#totals[0]!;
  }

  /** `n` packets met `verdict`: counters, drops, and replies that nobody reads. */
  #applyFate(verdict: number, n: number): void {
    this.#host.applyMany(verdict, n, this.#workload);
    if (verdict === Verdict.syn_cookie) this.#answerer.countMute(true, n);
    else if (verdict === Verdict.no_socket) this.#answerer.countMute(false, n);
  }

  /** A request for this packet. */
  #queue(hash: number): void {
    const host = this.#host;
    const seg = this.#segment;
    host.applyMany(Verdict.syn_queued, 1, this.#workload);
    const row = openRequest(
      host,
      this.#listener!,
      BARE_SYN,
      this.#server,
      seg[S_SRC]!,
      seg[S_PORTS]!,
      hash,
      this.#sequence(),
      0,
      host.initialSequence(hash),
      this.id,
    );
    sendSynAck(host, row);
  }

  /** The general way: through the path's impairments to whatever socket there is. */
  #deliver(): void {
    const attempt = this.#fill();
    const seg = this.#segment;
    if (this.#impairments.length > 0 || this.#path.duplicate > 0) this.#deliverByPath(seg, attempt);
    else this.#arrive(seg);
  }

  /** Makes the current packet in the scratch segment, but for its addresses; answers whose it is. */
  #fill(): number {
    const seg = this.#segment;
    const attempt = this.id;
    seg[S_FLAGS] = this.#flags === SYN ? BARE_SYN : this.#flags;
    seg[S_DST] = this.#server;
    seg[S_SEQ] = this.#sequence();
    seg[S_ACK] = this.#flags === ACK ? hash3(seg[S_SEQ]!, this.#workload, 1) : 0;
    seg[S_LEN] = 0;
    seg[S_ATTEMPT] = attempt;
    return attempt;
  }

  #arrive(seg: Int32Array): void {
    const { receive } = this.#host;
    if (receive === null) deliver(this.#host, seg, 0);
    else receive.offer(seg, 0, this.#lane, this.#host.now);
  }

  /** The path may lose the packet, or deliver it twice; a copy's fate is its own. */
  #deliverByPath(seg: Int32Array, attempt: number): void {
    const hash = this.#host.ledger.packetHash(attempt);
    seg[S_HASH] = hash;
    if (!this.#isLost(seg, attempt)) this.#arrive(seg);
    if (!isDuplicated(hash, this.#path)) return;
    this.#countWire(1);
    seg[S_HASH] = copyHash(hash);
    if (!this.#isLost(seg, attempt)) this.#arrive(seg);
  }

  #isLost(seg: Int32Array, attempt: number): boolean {
    for (const impairment of this.#impairments) {
      if (!impairment.hits(this.#flags, seg[S_HASH]!, this.#host.now[0]!)) continue;
      this.#host.ledger.lose(attempt, Gate.path_to_server);
      return true;
    }
    return false;
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
    this.#addressIndex += this.#addressStride;
    while (this.#addressIndex >= spec.sourceAddresses) {
      this.#addressIndex -= spec.sourceAddresses;
      this.#portIndex = this.#portIndex + 1 === RAW_PORTS ? 0 : this.#portIndex + 1;
    }
  }

  #advanceAddress(n: number): void {
    const index = this.#addressIndex + n * this.#addressStride;
    const rounds = Math.floor(index / this.#spec.sourceAddresses);
    this.#addressIndex = index - rounds * this.#spec.sourceAddresses;
    this.#portIndex = (this.#portIndex + rounds) % RAW_PORTS;
  }
}
