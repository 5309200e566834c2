/**
 * Observer: whoever wants to see what happens to single attempts in a run, and the observed kinds of ledger, link and host that tell it.
 *
 * Why classes   A run without an observer has no observed parts, so it has no branch for them either; and there is one place that says what is told.
 *               They change nothing: the result is the same to the byte.
 * Units         ns since the start of the run; sequence numbers, addresses and timestamps are uint32.
 */
import type { HostSpec, PathSpec } from "../vocabulary/run-spec.ts";
import { Host, type HostParts } from "./host.ts";
import {
  CLOSE,
  COPY,
  F_OWNER,
  LATE_COPY,
  MORE_SHIFT,
  OPT_SACK,
  OPT_TS,
  OPT_WSCALE,
  OPTIONS_ROW,
  R_ATTEMPT,
  ROW_SHIFT,
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
  SACKED,
  SYN,
} from "./layout.ts";
import { Ledger } from "./ledger.ts";
import { type Impairment, Link } from "./link.ts";

const HEADER_FLAGS = 0x1f;

/** A segment, or a flight of several that travel together, as its sender made it. */
export interface ObservedSegment {
  readonly toServer: boolean;
  /** FIN 1, SYN 2, RST 4, PSH 8, ACK 16: the header's bits. */
  readonly flags: number;
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly seq: number;
  readonly ack: number;
  /** Payload bytes of the whole flight. */
  readonly length: number;
  /** How many segments travel together: data of one flight, or ACKs of which this is the last. */
  readonly segments: number;
  /** On a SYN the MSS that it announces; elsewhere payload bytes of a full segment of the flight. */
  readonly mss: number;
  readonly timestamps: { readonly value: number; readonly echo: number } | null;
  /** On a SYN: SACK permitted and window scale are offered. */
  readonly sackPermitted: boolean;
  readonly windowScale: boolean;
  /** The ACK says that something beyond a hole came. */
  readonly sacks: boolean;
  /** Tells the packets of a run apart; a packet has the same one when it leaves and when it arrives. */
  readonly id: number;
  /** The path's own copy of a packet. */
  readonly isCopy: boolean;
  /** An old duplicate: a copy that comes long after its packet. */
  readonly isLate: boolean;
}

/** How long the queues are that a segment for a port meets at the server, and how long they can be. */
export interface QueueLengths {
  readonly syn: number;
  readonly synMost: number;
  readonly accept: number;
  readonly acceptMost: number;
}

/** What an observer may look at while it is told something. */
export interface ObservedRun {
  readonly nowNs: number;
  /** Of all listeners of `port`; null: nobody listens. */
  queuesAt(port: number): QueueLengths | null;
  specOf(side: "server" | "client"): HostSpec;
}

/**
 * Every method is told at once, in the order in which things happen. `attempt` is the ledger's id: negative where no client stands behind it,
 * and taken up again by a later attempt some time after its own has ended.
 */
export interface Observer {
  /** Before the first event. */
  starts(run: ObservedRun): void;
  began(attempt: number, workload: number, index: number, retry: number): void;
  /** The attempt has all that it came for. */
  served(attempt: number): void;
  /** `outcome`, `gate`: indexes into OUTCOME_NAMES and GATE_NAMES; gate 0 where it did not fail. */
  ended(attempt: number, outcome: number, gate: number): void;
  /** When the result is taken: still in flight, and the gate that it waits for (0: none). */
  unfinished(attempt: number, gate: number): void;
  sent(attempt: number, segment: ObservedSegment): void;
  /** At the end of the path, as it was sent. `lost`: how many of its segments the path has lost; the others are handed to the host. */
  arrived(attempt: number, segment: ObservedSegment, lost: number): void;
  /** `verdict`: index into VERDICT_NAMES; `count` segments that share it. */
  judged(attempt: number, atServer: boolean, verdict: number, count: number): void;
  /** `state`: the kernel's number (STATE_NAMES); CLOSE when the socket is gone. */
  changed(attempt: number, atServer: boolean, state: number): void;
  timerFired(attempt: number, atServer: boolean): void;
  /** A timer is set to fire so long from now, or some ticks later: the wheel's lateness is not in it. */
  timerSet(attempt: number, atServer: boolean, afterNs: number): void;
  accepted(attempt: number): void;
  /** `line`: index into LOG_LINES; `ns` may be past where packets of a flood lagged. */
  logged(atServer: boolean, line: number, subject: number, ns: number): void;
}

/** What stands at `words[at]`. */
function segmentAt(words: Int32Array, at: number, toServer: boolean, mss: number): ObservedSegment {
  const flags = words[at + S_FLAGS]!;
  const ports = words[at + S_PORTS]!;
  return {
    toServer,
    flags: flags & HEADER_FLAGS,
    source: words[at + S_SRC]! >>> 0,
    destination: words[at + S_DST]! >>> 0,
    sourcePort: ports & 0xffff,
    destinationPort: ports >>> 16,
    seq: words[at + S_SEQ]! >>> 0,
    ack: words[at + S_ACK]! >>> 0,
    length: words[at + S_LEN]!,
    segments: 1 + (flags >>> MORE_SHIFT),
    mss,
    timestamps: (flags & OPT_TS) === 0 ? null : { value: words[at + S_TSVAL]! >>> 0, echo: words[at + S_TSECR]! >>> 0 },
    sackPermitted: (flags & OPT_SACK) !== 0,
    windowScale: (flags & OPT_WSCALE) !== 0,
    sacks: (flags & SACKED) !== 0,
    id: words[at + S_HASH]! >>> 0,
    isCopy: words[at + S_COPY] === COPY || words[at + S_COPY] === LATE_COPY,
    isLate: words[at + S_COPY] === LATE_COPY,
  };
}

export class ObservedLedger extends Ledger {
  readonly #observer: Observer;

  constructor(now: Float64Array, seed: number, streamKeys: readonly number[], observer: Observer) {
    super(now, seed, streamKeys);
    this.#observer = observer;
  }

  override begin(workload: number, index: number, retry = 0): number {
    const id = super.begin(workload, index, retry);
    this.#observer.began(id, workload, index, retry);
    return id;
  }

  override serve(at: number): void {
    super.serve(at);
    this.#observer.served(this.idOf(at));
  }

  override end(at: number, outcome: number, failed: boolean, gate: number): void {
    this.#observer.ended(this.idOf(at), outcome, failed ? this.chargedGate(at, gate) : 0);
    super.end(at, outcome, failed, gate);
  }

  override visitInFlight(visit: (at: number) => void): void {
    super.visitInFlight((at) => {
      this.#observer.unfinished(this.idOf(at), this.gateOf(at));
      visit(at);
    });
  }
}

export class ObservedLink extends Link {
  readonly #observer: Observer;
  readonly #toServer: boolean;
  readonly #announcedMss: number;

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
    observer: Observer,
  ) {
    super(now, due, source, ledger, delayNs, path, toServer, impairments, sender);
    this.#announcedMss = sender.announcedMss;
    this.#observer = observer;
    this.#toServer = toServer;
  }

  #segmentAt(words: Int32Array, at: number): ObservedSegment {
    const flags = words[at + S_FLAGS]!;
    return segmentAt(words, at, this.#toServer, (flags & SYN) !== 0 ? this.#announcedMss : this.segmentBytes(flags));
  }

  override sent(at: number): void {
    super.sent(at);
    this.#observer.sent(this.words[at + S_ATTEMPT]!, this.#segmentAt(this.words, at));
  }

  override loses(words: Int32Array, at: number): boolean {
    // A flight that loses some of its segments goes on as a shorter one.
    const segment = this.#segmentAt(words, at);
    const isLost = super.loses(words, at);
    const lost = isLost ? segment.segments : segment.segments - 1 - (words[at + S_FLAGS]! >>> MORE_SHIFT);
    this.#observer.arrived(words[at + S_ATTEMPT]!, segment, lost);
    return isLost;
  }
}

export class ObservedHost extends Host {
  readonly #observer: Observer;
  #judged = -1;

  constructor(spec: HostSpec, parts: HostParts, observer: Observer) {
    super(spec, parts);
    this.#observer = observer;
  }

  override apply(verdict: number, attempt: number): void {
    super.apply(verdict, attempt);
    this.#judged = attempt;
    this.#observer.judged(attempt, this.isServer, verdict, 1);
  }

  override countMore(verdict: number, n: number): void {
    super.countMore(verdict, n);
    if (n > 0) this.#observer.judged(this.#judged, this.isServer, verdict, n);
  }

  override open(state: number, local: number, peer: number, ports: number, hash: number, attempt: number): number {
    const row = super.open(state, local, peer, ports, hash, attempt);
    this.#observer.changed(attempt, this.isServer, state);
    return row;
  }

  override setState(row: number, state: number): void {
    super.setState(row, state);
    this.#observer.changed(this.#attemptOf(row), this.isServer, state);
  }

  override free(row: number): void {
    const attempt = this.#attemptOf(row);
    super.free(row);
    this.#observer.changed(attempt, this.isServer, CLOSE);
  }

  override writeLog(line: number, subject: number, ns: number): void {
    super.writeLog(line, subject, ns);
    this.#observer.logged(this.isServer, line, subject, ns);
  }

  override onTimer(row: number): void {
    this.#observer.timerFired(this.#ownerOf(row), this.isServer);
  }

  override arm(row: number, ticks: number): void {
    super.arm(row, ticks);
    this.#observer.timerSet(this.#ownerOf(row), this.isServer, ticks * this.tickNs);
  }

  override onAccept(row: number): void {
    this.#observer.accepted(this.#attemptOf(row));
  }

  /** The attempt of a row with a timer: a socket's second row has the delayed ACK's. */
  #ownerOf(row: number): number {
    const isSecond = this.stateOf(row) >= OPTIONS_ROW;
    return this.#attemptOf(isSecond ? this.table.rows[(row << ROW_SHIFT) + F_OWNER]! : row);
  }

  #attemptOf(row: number): number {
    return this.table.rows[(row << ROW_SHIFT) + R_ATTEMPT]!;
  }
}
