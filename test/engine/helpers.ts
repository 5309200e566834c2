/**
 * Helpers of the engine's tests: a run of a short scenario read by name, and one host that is driven segment by segment.
 *
 * Clock   A TestHost's tick 0 is tick 2^20 since boot, which every level of the timer wheel up to 4096 ticks divides: a timer of n ticks set
 *         at t = 0 is as late as it can be. `bootTicks` moves it.
 */
import { type CompileOptions, compileScenario } from "../../src/compile/compile.ts";
import { takeChild } from "../../src/engine/child.ts";
import { closeSocket } from "../../src/engine/close.ts";
import { connect } from "../../src/engine/connect.ts";
import { deliver, runTick } from "../../src/engine/deliver.ts";
import { Host } from "../../src/engine/host.ts";
import {
  ACK,
  OPT_TS,
  S_ACK,
  S_ATTEMPT,
  S_DST,
  S_FLAGS,
  S_LEN,
  S_PORTS,
  S_SEQ,
  S_SRC,
  S_TSECR,
  S_TSVAL,
  SEG_WORDS,
  SYN,
} from "../../src/engine/layout.ts";
import { Ledger, NO_ATTEMPT } from "../../src/engine/ledger.ts";
import type { Link } from "../../src/engine/link.ts";
import { Listener } from "../../src/engine/listener.ts";
import { NoticeRing } from "../../src/engine/notices.ts";
import { run } from "../../src/engine/run.ts";
import { writeCounters } from "../../src/engine/sampler.ts";
import { optionsOf } from "../../src/engine/socket-options.ts";
import { FIXED_SOURCES, Source } from "../../src/engine/sources.ts";
import { ConnectionTable, hashTuple } from "../../src/engine/table.ts";
import { sendData } from "../../src/engine/transmit.ts";
import { RunView } from "../../src/results/run-view.ts";
import { COUNTER_NAMES, type CounterName } from "../../src/vocabulary/counters.ts";
import { DEFAULT_KERNEL, type KernelName } from "../../src/vocabulary/kernels.ts";
import type { ConnectionsSpec, HostSpec, ListenerSpec, RunSpec } from "../../src/vocabulary/run-spec.ts";
import { scenarioOf } from "../compile/scenario-of.ts";

/** The keys of a scenario file, unchecked: parsing checks them. */
export type Keys = Readonly<Record<string, unknown>>;

export function specOf(keys: Keys, options: Partial<CompileOptions> = {}): RunSpec {
  return compileScenario(scenarioOf(JSON.stringify(keys)), { seed: 1, ...options });
}

export function runOf(keys: Keys, options: Partial<CompileOptions> = {}): RunView {
  const spec = specOf(keys, options);
  return new RunView(spec, run(spec));
}

export const bytesOf = ({ buffer }: { readonly buffer: ArrayBuffer }): Buffer => Buffer.from(buffer);

export const HOST_ADDRESS = (10 << 24) | 1;
export const PEER_ADDRESS = (10 << 24) | 2;
export const PORT = 80;
export const FIRST_TICK = 2 ** 20;

/** A segment as it arrives; `port` is the peer's. */
export interface Arriving {
  readonly flags: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly length?: number;
  readonly tsval?: number;
  readonly tsecr?: number;
  readonly port?: number;
  /** The host's own port. */
  readonly to?: number;
  readonly peer?: number;
  /** Whose it is: the ledger's id. */
  readonly attempt?: number;
}

/** A segment that the host has sent, and when. */
export interface Sent {
  readonly atS: number;
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  readonly length: number;
  readonly tsval: number;
  readonly tsecr: number;
  /** Destination port, and the host's own. */
  readonly port: number;
  readonly own: number;
}

export interface TestHostOptions {
  readonly kernel?: KernelName;
  readonly sysctls?: Keys;
  readonly listener?: Keys;
  readonly hz?: number;
  readonly bootTicks?: number;
  readonly isServer?: boolean;
  /** Of a client: what its sockets are asked for. */
  readonly workload?: Keys;
  /** Timers fire at their very tick, as before 4.8: nominal times. */
  readonly onTime?: boolean;
  /** Further keys of the host's side of the scenario. */
  readonly keys?: Keys;
}

/** One host, with a listener on port 80 unless it is a client, and a link that only notes what is sent. */
export class TestHost {
  readonly host: Host;
  readonly sent: Sent[] = [];
  readonly #now = new Float64Array(1);
  readonly #due = new Float64Array(FIXED_SOURCES).fill(Number.POSITIVE_INFINITY);
  readonly #segment = new Int32Array(SEG_WORDS);
  #before: Float64Array = new Float64Array(COUNTER_NAMES.length);

  constructor(options: TestHostOptions = {}) {
    const { kernel = DEFAULT_KERNEL, sysctls = {}, listener = {}, hz = 250 } = options;
    const { bootTicks = FIRST_TICK, isServer = true, onTime = false, keys = {} } = options;
    const side = { kernel, hz, sysctls, ...keys };
    const spec = specOf({
      duration_s: 1,
      server: { ...(isServer ? side : {}), listeners: [{ port: PORT, backlog: 4, ...listener }] },
      client: { clock: "own", ...(isServer ? {} : side) },
      workloads: [{ kind: "connections", name: "w", count: 1, ...options.workload }],
    });
    const ownSpec: HostSpec = isServer ? spec.server : spec.client;
    const hostSpec: HostSpec = onTime ? { ...ownSpec, exactTimers: 1 } : ownSpec;
    const ledger = new Ledger(this.#now, 1, []);
    this.host = new Host(hostSpec, {
      now: this.#now,
      due: this.#due,
      tickSource: Source.ServerTick,
      ledger,
      notices: new NoticeRing(this.#now, this.#due, Source.Notices, 0),
      bootTicks,
      secret: 0x5eed,
      table: new ConnectionTable(1024),
      isServer,
    });
    this.host.link = { send: (...words: number[]) => this.#note(words) } as unknown as Link;
    const asked = isServer ? spec.listeners : [spec.workloads[0] as ConnectionsSpec];
    this.host.options = optionsOf(asked, this.host.table);
    this.host.reserve(512);
    if (isServer) this.host.addListener(this.#listening(spec.listeners[0]!, hostSpec));
  }

  #listening(spec: ListenerSpec, host: HostSpec): Listener {
    const listener = new Listener(0, spec, host);
    listener.listening = true;
    return listener;
  }

  #note(words: readonly number[]): void {
    const [flags, , , ports, seq, ack, length, tsval, tsecr] = words as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    this.sent.push({ atS: this.nowS, flags, seq, ack, length, tsval, tsecr, port: ports >>> 16, own: ports & 0xffff });
  }

  get listener(): Listener {
    return this.host.listeners[0]!;
  }

  get nowS(): number {
    return this.#now[0]! / 1e9;
  }

  /** Runs the host's timers up to `seconds`. */
  advanceTo(seconds: number): void {
    while (this.#due[0]! <= seconds * 1e9) {
      this.#now[0] = this.#due[0]!;
      runTick(this.host);
    }
    this.#now[0] = Math.max(this.#now[0]!, seconds * 1e9);
  }

  /** Delivers a segment now; answers what the host sent at once. */
  receive(segment: Arriving): Sent[] {
    const words = this.#segment;
    const {
      flags,
      seq = 0,
      ack = 0,
      length = 0,
      tsval,
      tsecr = 0,
      port = 40_000,
      to = PORT,
      peer = PEER_ADDRESS,
      attempt = NO_ATTEMPT,
    } = segment;
    words[S_FLAGS] = tsval === undefined ? flags : flags | OPT_TS;
    words[S_SRC] = peer;
    words[S_DST] = HOST_ADDRESS;
    words[S_PORTS] = (to << 16) | port;
    words[S_SEQ] = seq;
    words[S_ACK] = ack;
    words[S_LEN] = length;
    words[S_TSVAL] = tsval ?? 0;
    words[S_TSECR] = tsecr;
    words[S_ATTEMPT] = attempt;
    const before = this.sent.length;
    deliver(this.host, words, 0);
    return this.sent.slice(before);
  }

  /** A SYN of `port`; answers the SYN-ACK's sequence number. */
  syn(port = 40_000, seq = 100, options: Partial<Arriving> = {}): number {
    const [reply] = this.receive({ flags: SYN, seq, port, ...options });
    return reply?.seq ?? Number.NaN;
  }

  /** A whole handshake with `port`; answers the host's next sequence number. */
  establish(port = 40_000, seq = 100, options: Partial<Arriving> = {}): number {
    const next = (this.syn(port, seq, options) + 1) | 0;
    this.receive({ flags: ACK, seq: seq + 1, ack: next, port, ...options });
    return next;
  }

  /** accept(): the row of the child, -1 when nobody waits. */
  accept(): number {
    return takeChild(this.host, this.listener);
  }

  /** close() of the socket at `row`; `linger0`: with SO_LINGER of 0 s. */
  close(row: number, linger0 = false): void {
    closeSocket(this.host, row, NO_ATTEMPT, linger0);
  }

  /** write() of one segment. */
  write(row: number, bytes: number): void {
    sendData(this.host, row, bytes);
  }

  /** connect() to port 80 of the peer by a user of those behind the address; answers the row, -1 when there is no port. */
  connect(person = 0): number {
    const row = connect(this.host, HOST_ADDRESS, PEER_ADDRESS, PORT, NO_ATTEMPT, person);
    if (row >= 0) this.host.options?.give(row, 0);
    return row;
  }

  /** Row of the socket with `port` at the peer, -1 when there is none. */
  rowOf(port = 40_000, own = PORT): number {
    const ports = (own << 16) | port;
    return this.host.table.find(hashTuple(HOST_ADDRESS, PEER_ADDRESS, ports), HOST_ADDRESS, PEER_ADDRESS, ports);
  }

  /** State (kernel's number) of that socket, 0 when there is none. */
  stateOf(port = 40_000, own = PORT): number {
    const row = this.rowOf(port, own);
    return row < 0 ? 0 : this.host.stateOf(row);
  }

  counter(name: CounterName): number {
    return this.#counters()[COUNTER_NAMES.indexOf(name)]!;
  }

  #counters(): Float64Array {
    const out = new Float64Array(COUNTER_NAMES.length);
    writeCounters(this.host, out, 0, 1);
    return out;
  }

  /** Counters that changed since the last call, without TcpInSegs. */
  delta(): Partial<Record<CounterName, number>> {
    const now = this.#counters();
    const changes = COUNTER_NAMES.map((name, i) => [name, now[i]! - this.#before[i]!] as const);
    this.#before = now;
    return Object.fromEntries(changes.filter(([name, change]) => change !== 0 && name !== "TcpInSegs"));
  }
}
