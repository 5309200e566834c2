/**
 * Host: the TCP state of one kernel. State and small primitives; the rules are in the modules beside it, which take a Host.
 *
 * Purpose     Both ends run the same code. What a host sends goes to its `link`; what its application must know goes to `notices`.
 * Units       Ticks of 1/HZ s since an arbitrary boot; ms and µs words are int32 that wrap.
 * Invariants  Counters change only through `apply` and `applyMany`; states only through `setState`.
 */
import { hash2, hash3, mix32 } from "../base/hash.ts";
import { Gate } from "../vocabulary/gates.ts";
import { RETRANSMIT_CLASSES, STATE_COUNT } from "../vocabulary/run-result.ts";
import { type HostSpec, TimestampOffset } from "../vocabulary/run-spec.ts";
import { VERDICT_NAMES, VERDICTS, Verdict, type VerdictDef } from "../vocabulary/verdicts.ts";
import { giveBack, givePortTableBack, NO_PORTS, takePortTable } from "./arena.ts";
import { ExactTimers } from "./exact-timers.ts";
import { KernelLog } from "./kernel-log.ts";
import {
  CLOSE,
  F_STREAM,
  NO_ROW,
  OPT_TS,
  OPTIONS_ROW,
  R_ATTEMPT,
  R_FULL,
  R_HASH,
  R_LOCAL,
  R_META,
  R_PEER,
  R_PORTS,
  R_STATE,
  R_TS_RECENT,
  REQ_LISTENER_MASK,
  ROW_PERSON_SHIFT,
  ROW_SHIFT,
  ROW_STATE_MASK,
  ROW_TS,
} from "./layout.ts";
import type { Ledger } from "./ledger.ts";
import type { Link } from "./link.ts";
import type { Listener } from "./listener.ts";
import type { NoticeRing } from "./notices.ts";
import { PairPorts } from "./pair-ports.ts";
import { PeerMetrics } from "./peer-metrics.ts";
import type { RawAnswerer } from "./raw-answers.ts";
import type { ReceivePath } from "./receive-path.ts";
import { modelTimeoutMs } from "./rtt.ts";
import type { ServerApp } from "./server-app.ts";
import type { SocketOptions } from "./socket-options.ts";
import { settleTicks } from "./sources.ts";
import { Streams } from "./streams.ts";
import type { ConnectionTable } from "./table.ts";
import { TakenPorts } from "./taken-ports.ts";
import { NO_TICK, TimerWheel } from "./wheel.ts";

/** Gate of each verdict, 0 (none) where the segment is not lost. */
const VERDICT_GATE = Int32Array.from(VERDICT_NAMES, (name) => {
  const gate = (VERDICTS[name] as VerdictDef).gate;
  return gate === undefined ? Gate.none : Gate[gate];
});

/** Where random addresses of raw workloads begin: 198.18.0.0/15, whose packets take the flood link. */
export const RAW_NETWORK = (198 << 24) | (18 << 16);
export const RAW_NETMASK = ~0x1ffff;

/** TCP_TIMEOUT_INIT: the base of the model time after which connect() gives up. */
const SYN_TIMEOUT_MS = 1000;

/** A tick's own start, computed back from its number, must not fall into the tick before. */
const TICK_ROUNDING = 1e-6;

export interface HostParts {
  readonly now: Float64Array;
  readonly due: Float64Array;
  /** Index in `due` of this host's next tick. */
  readonly tickSource: number;
  readonly ledger: Ledger;
  readonly notices: NoticeRing;
  /** Boot draws: which tick it is at t = 0 (with fraction), and the host's secret. */
  readonly bootTicks: number;
  readonly secret: number;
  readonly table: ConnectionTable;
  readonly isServer: boolean;
}

export class Host {
  readonly spec: HostSpec;
  /** Whose application is told, and how (notices.ts). */
  readonly isServer: boolean;
  readonly now: Float64Array;
  readonly ledger: Ledger;
  readonly notices: NoticeRing;
  readonly table: ConnectionTable;
  readonly wheel: TimerWheel | ExactTimers;
  secret: number;
  readonly counts = new Float64Array(VERDICT_NAMES.length);
  readonly states = new Int32Array(STATE_COUNT);
  /** Half-open requests by SYN-ACK retransmissions. */
  readonly synRecvByRetransmits = new Int32Array(RETRANSMIT_CLASSES);
  readonly listeners: Listener[] = [];
  /** Port → 1 + index of the first listener of its group; 0: none. */
  portGroup: Int32Array = NO_PORTS;
  readonly groups: Listener[][] = [];
  metrics = new PeerMetrics();
  readonly streams = new Streams();
  readonly log = new KernelLog();
  /** [class]: payload without the timestamp option of its own segments, and of its peers' (vocabulary/mss.ts). */
  readonly sentMss: Int32Array;
  readonly receivedMss: Int32Array;
  /** Port → 1: ip_local_reserved_ports. */
  readonly reserved: Uint8Array | null;
  readonly takenPorts: TakenPorts;
  /** At the clients: how many ports each address pair has taken. */
  readonly pairPorts: PairPorts | null;
  /** What connect() has added to each slot of the port perturbation table. */
  readonly perturbAdded: Int32Array;
  /** Set by the simulation; a host alone (tests) has only a link. */
  link!: Link;
  /** Takes what goes to the flood link; also counts what leaves the server. */
  answerer: RawAnswerer | null = null;
  /** The CPUs in front of TCP; null: they take no time. */
  receive: ReceivePath | null = null;
  /** SO_KEEPALIVE and TCP_USER_TIMEOUT; null: no socket of this host has either. */
  options: SocketOptions | null = null;
  /** Told of each child in an accept queue. */
  app: ServerApp | null = null;
  timeWaits = 0;
  /** The second (of ticks) whose budget of challenge ACKs was drawn last, and what is left of it (rate-limit.ts). */
  challengeSecond = -1;
  challengesLeft = 0;
  orphans = 0;
  /** Rises with every change that a verdict about an unknown SYN could depend on. */
  epoch = 0;
  /** Number of raw workloads that lag, and who lets them catch up before a change. */
  lagging = 0;
  lagged: { catchUp(): void } | null = null;
  readonly tickNs: number;
  readonly timeWaitTicks: number;
  /** connect() gives up at the first timer this long after the first SYN. */
  readonly connectTimeoutMs: number;
  /** tcp_rto_max_ms. */
  readonly maxRtoTicks: number;
  readonly #ticksPerNs: number;
  #timestampSecret: number;
  /** Offset of all timestamps where there is none for each connection: 0 until the host boots anew, when their clock starts again. */
  #timestampBase = 0;
  readonly #bootTicks: number;
  /** All bits where a keyed hash is part of an initial sequence number; steps of its clock in a ns. */
  readonly #isnMask: number;
  readonly #isnPerNs: number;
  /** [tickSource]: when this host's next tick with something to do begins, ns. */
  readonly nextTickNs: Float64Array;
  readonly tickSource: number;
  #serial = 0;

  constructor(spec: HostSpec, parts: HostParts) {
    this.spec = spec;
    this.isServer = parts.isServer;
    this.sentMss = Int32Array.from(spec.sentMss);
    this.receivedMss = Int32Array.from(spec.receivedMss);
    this.now = parts.now;
    this.ledger = parts.ledger;
    this.notices = parts.notices;
    this.table = parts.table;
    this.secret = parts.secret;
    this.#timestampSecret = hash2(parts.secret, 1);
    this.tickNs = 1e9 / spec.hz;
    this.timeWaitTicks = Math.max(1, Math.round(spec.timeWaitS * spec.hz));
    this.maxRtoTicks = Math.ceil((spec.rtoMaxMs * spec.hz) / 1000);
    this.#ticksPerNs = spec.hz / 1e9;
    this.connectTimeoutMs = modelTimeoutMs(spec.synRetries, SYN_TIMEOUT_MS, spec.rtoMaxMs);
    this.#isnMask = spec.isnKeyed === 1 ? -1 : 0;
    this.#isnPerNs = spec.isnStepNs === 0 ? 0 : 1 / spec.isnStepNs;
    this.#bootTicks = parts.bootTicks;
    this.nextTickNs = parts.due;
    this.tickSource = parts.tickSource;
    this.wheel = spec.exactTimers === 1 ? new ExactTimers(parts.table.rows) : new TimerWheel(parts.table.rows);
    this.wheel.reset(parts.table.rows, this.tick());
    this.reserved = spec.reservedPorts.length > 0 ? new Uint8Array(65536) : null;
    for (const port of spec.reservedPorts) this.reserved![port] = 1;
    this.takenPorts = new TakenPorts(parts.table, spec.twReuse === 1);
    this.pairPorts = parts.isServer ? null : new PairPorts();
    // A server's sockets never choose a port.
    this.perturbAdded = parts.isServer ? NO_PORTS : takePortTable();
    this.updateDue();
  }

  // ---- clock

  /** The tick that has begun last. */
  tick(): number {
    return (this.now[0]! * this.#ticksPerNs + this.#bootTicks + TICK_ROUNDING) | 0;
  }

  tickAt(ns: number): number {
    return (ns * this.#ticksPerNs + this.#bootTicks + TICK_ROUNDING) | 0;
  }

  /** Start of a tick, ns. */
  nsOfTick(tick: number): number {
    return (tick - this.#bootTicks) * this.tickNs;
  }

  nowMs(): number {
    return (this.now[0]! * 1e-6) | 0;
  }

  /** Whole seconds of uptime at `ms` of the run (nowMs). */
  uptimeS(ms: number): number {
    return Math.floor((ms + (this.#bootTicks * 1000) / this.spec.hz) / 1000) | 0;
  }

  nowUs(): number {
    return (this.now[0]! * 1e-3) | 0;
  }

  /** Minutes of uptime: the counter in SYN cookies. */
  cookieMinute(): number {
    return Math.floor((this.now[0]! / this.tickNs + this.#bootTicks) / (60 * this.spec.hz)) | 0;
  }

  /** A new boot, of which this is the secret: what was known of peers and ports is forgotten, clocks of timestamps start again. */
  boot(secret: number): void {
    this.secret = secret;
    this.#timestampSecret = hash2(secret, 1);
    this.#timestampBase = -this.timestampNow() | 0;
    this.metrics.release();
    this.metrics = new PeerMetrics();
    this.perturbAdded.fill(0);
  }

  /** Gives what is large to the next run of this thread. */
  release(): void {
    giveBack(this.table);
    this.metrics.release();
    this.pairPorts?.release();
    givePortTableBack(this.portGroup);
    givePortTableBack(this.perturbAdded);
  }

  /** Tells the event loop when this host's next tick with something to do begins. */
  updateDue(): void {
    const next = this.wheel.nextTick;
    this.nextTickNs[this.tickSource] = next === NO_TICK ? Number.POSITIVE_INFINITY : this.nsOfTick(next);
    settleTicks(this.nextTickNs);
  }

  arm(row: number, ticks: number): void {
    const before = this.wheel.nextTick;
    this.wheel.arm(row, this.tick(), ticks);
    if (this.wheel.nextTick !== before) this.updateDue();
  }

  rearm(row: number, ticks: number): void {
    this.wheel.disarm(row);
    this.arm(row, ticks);
  }

  // ---- counting

  /** One verdict about a segment (or timer, or call) of `attempt`. */
  apply(verdict: number, attempt: number): void {
    this.counts[verdict] = this.counts[verdict]! + 1;
    const gate = VERDICT_GATE[verdict]!;
    if (gate !== 0) this.ledger.lose(attempt, gate);
  }

  /** The same verdict about `n` segments more that travel with the one that was applied. */
  countMore(verdict: number, n: number): void {
    this.counts[verdict] = this.counts[verdict]! + n;
  }

  /** The same verdict about `n` packets of a raw workload. */
  applyMany(verdict: number, n: number, workload: number): void {
    this.counts[Verdict.segment_in] = this.counts[Verdict.segment_in]! + n;
    this.counts[verdict] = this.counts[verdict]! + n;
    const gate = VERDICT_GATE[verdict]!;
    if (gate !== 0) this.ledger.drop(workload, gate, n);
  }

  /** To be called before anything that a verdict about an unknown SYN could depend on changes, or is read after the fact. */
  beforeChange(): void {
    this.epoch++;
    if (this.lagging > 0) this.lagged!.catchUp();
  }

  /** A line of the kernel's log (vocabulary/kernel-log.ts); who writes has asked net_ratelimit. */
  writeLog(line: number, subject: number, ns: number): void {
    this.log.write(line, subject, ns);
  }

  // ---- what only an observer listens to (observer.ts)

  /** The timer of `row` fires. */
  onTimer(_row: number): void {}

  /** The application accepts the connection of `row`. */
  onAccept(_row: number): void {}

  // ---- rows

  /** Makes sure that `count` rows can be taken (between batches of events). */
  reserve(count: number): void {
    this.table.reserve(count);
    this.wheel.rows = this.table.rows;
    if (this.options !== null) this.options.reserve();
  }

  stateOf(row: number): number {
    return this.table.rows[(row << ROW_SHIFT) + R_STATE]! & ROW_STATE_MASK;
  }

  setState(row: number, state: number): void {
    const rows = this.table.rows;
    const at = (row << ROW_SHIFT) + R_STATE;
    const old = rows[at]! & ROW_STATE_MASK;
    this.states[old] = this.states[old]! - 1;
    this.states[state] = this.states[state]! + 1;
    rows[at] = (rows[at]! & ~ROW_STATE_MASK) | state;
  }

  /** A new row in `state`, entered under its 4-tuple. */
  open(state: number, local: number, peer: number, ports: number, hash: number, attempt: number): number {
    const row = this.table.take();
    const rows = this.table.rows;
    const at = row << ROW_SHIFT;
    rows[at + R_STATE] = state;
    rows[at + R_LOCAL] = local;
    rows[at + R_PEER] = peer;
    rows[at + R_PORTS] = ports;
    rows[at + R_HASH] = hash;
    rows[at + R_ATTEMPT] = attempt;
    this.states[state] = this.states[state]! + 1;
    this.table.link(row);
    return row;
  }

  /**
   * Whether the socket of `attempt` still is at `row`: a row is given to others, as their second row too, whose words mean something else.
   */
  isOf(row: number, attempt: number): boolean {
    return this.table.rows[(row << ROW_SHIFT) + R_ATTEMPT] === attempt && this.stateOf(row) < OPTIONS_ROW;
  }

  /** Second row of a full socket. */
  fullOf(row: number): number {
    return this.table.rows[(row << ROW_SHIFT) + R_FULL]!;
  }

  /** A number that no other live socket of this host has, 14 bits. */
  nextSerial(): number {
    this.#serial = (this.#serial + 1) & 0x3fff;
    return this.#serial;
  }

  /** Frees the second row of a socket and its timer, and the third. */
  dropFull(row: number): void {
    if (this.options !== null) {
      this.stopKeepalive(row);
      this.options.release(row);
    }
    const at = (row << ROW_SHIFT) + R_FULL;
    const full = this.table.rows[at]!;
    if (full === NO_ROW) return;
    this.wheel.disarm(full);
    const stream = this.table.rows[(full << ROW_SHIFT) + F_STREAM]!;
    if (stream !== NO_ROW) this.streams.close(stream);
    this.table.release(full);
    this.table.rows[at] = NO_ROW;
  }

  /** Takes a socket out of the hash and stops its timers; the row stays (state CLOSE) until its owner lets go. */
  detach(row: number): void {
    this.setState(row, CLOSE);
    this.wheel.disarm(row);
    const full = this.fullOf(row);
    if (full !== NO_ROW) this.wheel.disarm(full);
    this.stopKeepalive(row);
    this.#unlink(row);
  }

  /** Disarms the keepalive timer of a socket, if it has one. */
  stopKeepalive(row: number): void {
    const options = this.options === null ? NO_ROW : this.options.rowOf(row);
    if (options !== NO_ROW) this.wheel.disarm(options);
  }

  /** Frees a detached socket. */
  freeDetached(row: number): void {
    this.states[CLOSE] = this.states[CLOSE]! - 1;
    this.dropFull(row);
    this.table.release(row);
  }

  /** Frees a socket that is still in the hash. */
  free(row: number): void {
    const state = this.stateOf(row);
    this.states[state] = this.states[state]! - 1;
    this.wheel.disarm(row);
    this.dropFull(row);
    this.#unlink(row);
    this.table.release(row);
  }

  #unlink(row: number): void {
    this.table.unlink(row);
    if (this.pairPorts === null) return;
    const at = row << ROW_SHIFT;
    this.pairPorts.giveBack(this.table.rows[at + R_LOCAL]!, this.table.rows[at + R_PORTS]! & 0xffff);
  }

  // ---- listeners

  addListener(listener: Listener): void {
    if (this.portGroup === NO_PORTS) this.portGroup = takePortTable();
    this.listeners.push(listener);
    const group = this.portGroup[listener.port]!;
    if (group > 0) this.groups[group - 1]!.push(listener);
    else {
      this.groups.push([listener]);
      this.portGroup[listener.port] = this.groups.length;
    }
  }

  /** The listener that a segment of this 4-tuple meets, or null. A group shares by hash: reuseport_select_sock. */
  listenerFor(port: number, hash: number): Listener | null {
    const group = this.portGroup[port]!;
    if (group === 0) return null;
    const members = this.groups[group - 1]!;
    if (members.length === 1) return members[0]!.listening ? members[0]! : null;
    let count = 0;
    for (let i = 0; i < members.length; i++) if (members[i]!.listening) count++;
    if (count === 0) return null;
    let pick = Math.floor((hash2(hash, this.secret) >>> 0) * 2.3283064365386963e-10 * count);
    for (let i = 0; i < members.length; i++) {
      if (!members[i]!.listening) continue;
      if (pick-- === 0) return members[i]!;
    }
    return null;
  }

  /** Where the time of the last SYN cookie is kept: shared by a SO_REUSEPORT group. */
  overflowKeeper(listener: Listener): Listener {
    return this.groups[this.portGroup[listener.port]! - 1]![0]!;
  }

  /** A handshake is complete. */
  onChild(row: number): void {
    if (this.app !== null)
      this.app.childQueued(this.listeners[this.table.rows[(row << ROW_SHIFT) + R_META]! & REQ_LISTENER_MASK]!);
  }

  // ---- sending

  /** Initial sequence number: secure_seq.c:secure_tcp_seq, a keyed hash of the 4-tuple plus a 64 ns clock; or as isn.ts has it. */
  initialSequence(hash: number): number {
    return ((this.#isnMask & mix32(hash ^ this.secret)) + this.now[0]! * this.#isnPerNs) | 0;
  }

  /** The clock of timestamps: ms, in old kernels ticks. */
  timestampNow(): number {
    return this.spec.timestampTicks === 1 ? this.tick() : this.nowMs();
  }

  /** What the clock of timestamps showed `ageUs` ago. */
  timestampAtUs(ageUs: number): number {
    const us = Math.floor(this.now[0]! * 1e-3) - ageUs;
    return this.spec.timestampTicks === 1 ? this.tickAt(us * 1e3) : Math.floor(us / 1000) | 0;
  }

  /** Whole units of the clock of timestamps in so many ms. */
  timestampsIn(ms: number): number {
    return this.spec.timestampTicks === 1 ? Math.floor((ms * this.spec.hz) / 1000) | 0 : ms;
  }

  /** Units of the clock of timestamps in a ms. */
  timestampsPerMs(): number {
    return this.spec.timestampTicks === 1 ? this.spec.hz / 1000 : 1;
  }

  /** Offset of this host's timestamps for a 4-tuple, whose `hash` this is: of its own, or of the addresses (secure_seq.c:secure_tcp_ts_off). */
  timestampOffset(hash: number, local: number, peer: number): number {
    if (this.spec.timestamps === 2 || this.spec.timestampOffset === TimestampOffset.None) return this.#timestampBase;
    const key = this.spec.timestampOffset === TimestampOffset.Tuple ? hash : hash2(local, peer);
    return mix32(key ^ this.#timestampSecret);
  }

  /** Offset of a row's timestamps: that of its 4-tuple, and its user's clock where a NAT hides several behind the address. */
  timestampOffsetOf(row: number): number {
    const rows = this.table.rows;
    const at = row << ROW_SHIFT;
    const offset = this.timestampOffset(rows[at + R_HASH]!, rows[at + R_LOCAL]!, rows[at + R_PEER]!);
    const person = rows[at + R_STATE]! >>> ROW_PERSON_SHIFT;
    return person === 0 ? offset : (offset + hash3(this.#timestampSecret, rows[at + R_LOCAL]!, person)) | 0;
  }

  /** Sends a segment of a connection; adds timestamps when it has them. */
  sendFrom(row: number, flags: number, seq: number, ack: number, length: number): void {
    const at = row << ROW_SHIFT;
    const rows = this.table.rows;
    const hasTs = (rows[at + R_STATE]! & ROW_TS) !== 0;
    const tsval = hasTs ? (this.timestampNow() + this.timestampOffsetOf(row)) | 0 : 0;
    this.send(
      hasTs ? flags | OPT_TS : flags,
      rows[at + R_LOCAL]!,
      rows[at + R_PEER]!,
      rows[at + R_PORTS]!,
      seq,
      ack,
      length,
      tsval,
      rows[at + R_TS_RECENT]!,
      rows[at + R_ATTEMPT]!,
    );
  }

  /** Sends a segment from (`local`, high half of `ports`) to (`peer`, low half). */
  send(
    flags: number,
    local: number,
    peer: number,
    ports: number,
    seq: number,
    ack: number,
    length: number,
    tsval: number,
    tsecr: number,
    attempt: number,
  ): void {
    if (this.answerer !== null) {
      this.answerer.countOut(flags);
      if ((peer & RAW_NETMASK) === RAW_NETWORK) {
        this.answerer.receive(flags, local, peer, ports, seq, ack, attempt);
        return;
      }
    }
    this.link.send(flags, local, peer, (ports << 16) | (ports >>> 16), seq, ack, length, tsval, tsecr, attempt);
  }

  /** TcpCurrEstab: sockets in ESTABLISHED or CLOSE_WAIT. */
  currentlyEstablished(): number {
    return this.states[1]! + this.states[8]!;
  }
}
