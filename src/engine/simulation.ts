/**
 * Simulation: one run, advanced in slices of any size.
 *
 * Purpose     The discrete-event core: two hosts, two links, their applications, the workloads and the sampler, on one clock.
 * Order       The next event is the earliest of the sources; ties go to the source that stands first: ticks, links, application,
 *             workloads, sampler. So a run does not depend on how it is cut into slices.
 * Units       ns since the start of the run, float64: exact up to 2^53 ns, 104 days.
 * Invariants  Time never goes back. Nothing is allocated while events run, but tables that grow between batches.
 *             Attempts offered = completed + failed + in flight.
 */
import { assert } from "../base/assert.ts";
import { hash2, hash3, unitOf } from "../base/hash.ts";
import { ChangeKind, type LoadChange } from "../vocabulary/load-change.ts";
import { type RunResult, WIRE_NAMES } from "../vocabulary/run-result.ts";
import { Direction, EngineMode, type HostSpec, type RunSpec, WorkloadKind } from "../vocabulary/run-spec.ts";
import { AnswerQueue } from "./answer-queue.ts";
import { AppCpus } from "./app-cpus.ts";
import { AppHeap } from "./app-heap.ts";
import { AppTimer } from "./app-timers.ts";
import { takeTable } from "./arena.ts";
import { Arrivals } from "./arrivals.ts";
import { ClientApp, SERVER_ADDRESS } from "./client-app.ts";
import { deliver, runTick } from "./deliver.ts";
import { Host, type HostParts } from "./host.ts";
import { MORE_SHIFT, S_FLAGS, S_HASH } from "./layout.ts";
import { Ledger } from "./ledger.ts";
import { Impairment, isDataWithFin, Link, packetClass, WIRE_IN_BOTH } from "./link.ts";
import type { Listener } from "./listener.ts";
import { canChange } from "./load-control.ts";
import { Notice, NoticeRing } from "./notices.ts";
import { ObservedHost, ObservedLedger, ObservedLink, type Observer, type QueueLengths } from "./observer.ts";
import { RawAnswerer } from "./raw-answers.ts";
import { RawSource, ROWS_PER_EVENT } from "./raw-source.ts";
import { ReceivePath } from "./receive-path.ts";
import { Recorder, WorkloadField } from "./recorder.ts";
import { writeResult } from "./result-writer.ts";
import { Sampler } from "./sampler.ts";
import { ServerApp } from "./server-app.ts";
import {
  answers,
  BATCH,
  expectedHalfOpen,
  expectedSockets,
  hostSeed,
  looksUpStrangers,
  mayLag,
  type Slot,
  slotsOf,
  streamKeys,
} from "./set-up.ts";
import { optionsOf } from "./socket-options.ts";
import { FIXED_SOURCES, firstLater, Source, settleLater } from "./sources.ts";
import { copyHash, isDuplicated, isUneven } from "./uneven-path.ts";

/** Ticks since boot at t = 0: at least an hour, and a spread that covers all phases of the wheel's coarse levels and of the cookie minute. */
const BOOT_TICKS_MIN = 1_000_000;
const BOOT_TICKS_SPREAD = 2_097_152;
/** From the time of an arrival to its connect(): the clients' process has to wake, as the server's does for its accept ticks (server-app.ts). */
const ARRIVAL_WAKE_NS = 40_000;
const ARRIVAL_WAKE_MASK = 0xffff;
const FOREVER = Number.POSITIVE_INFINITY;

export class Simulation {
  readonly #spec: RunSpec;
  /** The clock. One element, because a float64 in an argument or a field is boxed. */
  readonly #now = new Float64Array(1);
  readonly #due: Float64Array;
  /** Where the slice ends. */
  readonly #until = new Float64Array(1);
  readonly #ledger: Ledger;
  readonly #recorder: Recorder;
  readonly #notices: NoticeRing;
  readonly #heap: AppHeap;
  readonly #server: Host;
  readonly #client: Host;
  readonly #toServer: Link;
  readonly #toClient: Link;
  readonly #answers: (AnswerQueue | null)[];
  readonly #serverApp: ServerApp;
  readonly #clientApp: ClientApp;
  readonly #arrivals: (Arrivals | null)[];
  readonly #arrivalKeys: Int32Array;
  /** By slot: a source of its own for each workload, and for each lane of a flood that waits for room. */
  readonly #raw: (RawSource | null)[];
  readonly #slots: readonly Slot[];
  /** null: CPUs take no time. */
  readonly #receive: ReceivePath | null;
  readonly #appCpus: AppCpus | null;
  readonly #sampler: Sampler;
  readonly #wire = new Float64Array(WIRE_NAMES.length);
  readonly #impairments: Impairment[];
  /** Workloads that answer SYN-ACKs: each has a source of its own before the workloads'. */
  readonly #answering: readonly number[];
  readonly #firstWorkload: number;
  readonly #samplerSource: number;
  #epoch = 0;
  #events = 0;
  /** The source whose event runs. */
  #source = 0;
  #finished = false;

  /** `observer` is told what happens to each attempt; the result is the same with and without one. */
  constructor(spec: RunSpec, observer: Observer | null = null) {
    this.#spec = spec;
    this.#slots = slotsOf(spec);
    this.#answering = spec.workloads.flatMap((w, index) => (answers(w) ? [index] : []));
    this.#firstWorkload = FIXED_SOURCES + this.#answering.length;
    this.#samplerSource = this.#firstWorkload + this.#slots.length;
    this.#due = new Float64Array(this.#samplerSource + 1).fill(FOREVER);
    this.#ledger =
      observer === null
        ? new Ledger(this.#now, spec.seed, streamKeys(spec))
        : new ObservedLedger(this.#now, spec.seed, streamKeys(spec), observer);
    this.#recorder = new Recorder(spec, this.#now);
    this.#notices = new NoticeRing(this.#now, this.#due, Source.Notices, hash2(spec.seed, 42));
    this.#heap = new AppHeap(this.#due, Source.AppTimers);
    this.#impairments = spec.impairments.map(
      (impairment, index) => new Impairment(impairment, hash3(spec.seed, index, 7)),
    );
    this.#server = this.#makeHost(true, observer);
    this.#client = this.#makeHost(false, observer);
    this.#toServer = this.#makeLink(true, observer);
    this.#toClient = this.#makeLink(false, observer);
    this.#answers = spec.workloads.map((w, index) =>
      answers(w)
        ? new AnswerQueue(this.#server, this.#due, FIXED_SOURCES + this.#answering.indexOf(index), w.answerDelayNs)
        : null,
    );
    const answerer = new RawAnswerer(spec, this.#wire, this.#answers, this.#ledger, this.#recorder);
    this.#server.link = this.#toClient;
    this.#server.answerer = answerer;
    this.#server.options = optionsOf(spec.listeners, this.#server.table);
    this.#client.options = optionsOf(
      spec.workloads.map((w) => (w.kind === WorkloadKind.Connections ? w : null)),
      this.#client.table,
    );
    this.#client.link = this.#toServer;
    this.#receive =
      spec.cpu === null
        ? null
        : new ReceivePath(spec.cpu, this.#server, this.#due, Source.Cpus, this.#recorder, isUneven(spec.toServer));
    this.#server.receive = this.#receive;
    this.#appCpus =
      spec.cpu === null || this.#receive === null
        ? null
        : new AppCpus(spec.cpu, this.#now, this.#heap, this.#recorder, this.#receive);
    if (this.#receive !== null && spec.cpu?.appCores === 0) this.#receive.sharing = this.#appCpus;
    this.#serverApp = new ServerApp(this.#server, this.#heap, this.#recorder, spec, this.#appCpus);
    this.#clientApp = new ClientApp(this.#client, this.#heap, this.#recorder, spec, this.#serverApp);
    this.#arrivals = spec.workloads.map((w) =>
      w.kind === WorkloadKind.Connections ? new Arrivals(w, spec.seed, 0) : null,
    );
    this.#arrivalKeys = Int32Array.from(spec.workloads, ({ streamKey }) => hash2(spec.seed, streamKey));
    this.#raw = this.#slots.map(({ workload, lane, lanes }) => {
      const w = spec.workloads[workload]!;
      if (w.kind !== WorkloadKind.Raw) return null;
      const source = new RawSource(
        this.#server,
        w,
        workload,
        spec.seed,
        SERVER_ADDRESS,
        answerer,
        this.#impairmentsTo(Direction.ToServer),
        spec.toServer,
        mayLag(spec, w),
        spec.engine === EngineMode.Auto,
        { hostIndex: spec.hostIndex * lanes + Math.max(0, lane), hostCount: spec.hostCount * lanes },
        lane,
        lanes,
      );
      if (lane >= 0) this.#receive?.addFlood(lane, source);
      return source;
    });
    this.#server.lagged = this;
    this.#sampler = new Sampler(this.#recorder, this.#server, this.#client, spec.sampleIntervalNs);
    for (let slot = 0; slot < this.#slots.length; slot++) this.#updateSlot(slot);
    this.#due[this.#samplerSource] = this.#sampler.dueNs;
    settleLater(this.#due);
    observer?.starts(this);
  }

  #impairmentsTo(direction: number): Impairment[] {
    return this.#impairments.filter((_, i) => this.#spec.impairments[i]!.direction === direction);
  }

  #makeLink(toServer: boolean, observer: Observer | null): Link {
    const spec = this.#spec;
    const parts = [
      this.#now,
      this.#due,
      toServer ? Source.ToServer : Source.ToClient,
      this.#ledger,
      spec.oneWayDelayNs,
      toServer ? spec.toServer : spec.toClient,
      toServer,
      this.#impairmentsTo(toServer ? Direction.ToServer : Direction.ToClient),
      toServer ? spec.client : spec.server,
    ] as const;
    return observer === null ? new Link(...parts) : new ObservedLink(...parts, observer);
  }

  #makeHost(isServer: boolean, observer: Observer | null): Host {
    const spec = this.#spec;
    const seed = hostSeed(spec);
    const bootKey = spec.sharedClock === 1 ? 0 : isServer ? 1 : 2;
    const parts: HostParts = {
      now: this.#now,
      due: this.#due,
      tickSource: isServer ? Source.ServerTick : Source.ClientTick,
      ledger: this.#ledger,
      notices: this.#notices,
      bootTicks: BOOT_TICKS_MIN + unitOf(hash3(seed, bootKey, 11)) * BOOT_TICKS_SPREAD,
      secret: hash2(seed, isServer ? 21 : 22),
      table: isServer
        ? takeTable(expectedHalfOpen(spec), looksUpStrangers(spec))
        : takeTable(expectedSockets(spec), false),
      isServer,
    };
    const hostSpec = isServer ? spec.server : spec.client;
    return observer === null ? new Host(hostSpec, parts) : new ObservedHost(hostSpec, parts, observer);
  }

  get nowNs(): number {
    return this.#now[0]!;
  }

  /** The two ends, for whoever looks into them between slices. */
  get hosts(): { readonly server: Host; readonly client: Host } {
    return { server: this.#server, client: this.#client };
  }

  /** How long the queues of a port are; null: nobody listens there. Of a SO_REUSEPORT group the sums. */
  queuesAt(port: number): QueueLengths | null {
    this.#assertRunning();
    const group = this.#server.portGroup[port]!;
    if (group === 0) return null;
    const members = this.#server.groups[group - 1]!;
    if (!members.some(({ listening }) => listening)) return null;
    const sum = (length: (listener: Listener) => number): number => members.reduce((all, one) => all + length(one), 0);
    return {
      ...{ syn: sum((one) => one.synLength), synMost: sum((one) => one.synLimit + 1) },
      ...{ accept: sum((one) => one.acceptLength), acceptMost: sum((one) => one.acceptLimit + 1) },
    };
  }

  /** What a host's kernel is. */
  specOf(side: "server" | "client"): HostSpec {
    return this.#spec[side];
  }

  /** Events so far: segments, ticks, timers, arrivals; packets counted in bulk are not events. */
  get eventCount(): number {
    return this.#events;
  }

  /**
   * Runs all events up to `untilNs`, inclusive, but no more than `batches` of BATCH events; false when some are left. May be called with any
   * rising times; the result does not depend on them.
   */
  advanceTo(untilNs: number, batches = FOREVER): boolean {
    this.#assertRunning();
    this.#until[0] = Math.min(untilNs, this.#spec.durationNs);
    for (let left = batches; this.#batch(); left--) if (left <= 1) return false;
    this.#now[0] = this.#until[0]!;
    return true;
  }

  /** Up to BATCH events; false when none is left. Kept short: V8 optimises a short function that is called often. */
  #batch(): boolean {
    this.#server.reserve(BATCH * ROWS_PER_EVENT);
    this.#client.reserve(BATCH * ROWS_PER_EVENT);
    this.#ledger.reserve(BATCH);
    const due = this.#due;
    const now = this.#now;
    const until = this.#until[0]!;
    for (let i = 0; i < BATCH; i++) {
      // Who is first among six, without a branch: which it is, no CPU can guess.
      const first = Number(due[1]! < due[0]!);
      const second = 2 + Number(due[3]! < due[2]!);
      const third = 4 + Number(due[5]! < due[4]!);
      const low = first + ((second - first) & -Number(due[second]! < due[first]!));
      const source = low + ((third - low) & -Number(due[third]! < due[low]!));
      const at = due[source]!;
      if (at > until) {
        this.#events += i;
        return false;
      }
      now[0] = at;
      this.#source = source;
      this.#dispatch(source);
      if (this.#server.lagging > 0 && this.#server.epoch !== this.#epoch) this.#rejudge();
    }
    this.#events += BATCH;
    return true;
  }

  #dispatch(source: number): void {
    switch (source) {
      case Source.Tick:
        this.#tick();
        return;
      case Source.ToServer:
        this.#takeAtServer();
        return;
      case Source.ToClient:
        this.#takeAtClient();
        return;
      case Source.Notices:
        this.#notice();
        return;
      case Source.AppTimers:
        this.#timer();
        return;
      default:
        this.#later(firstLater(this.#due));
    }
  }

  #tick(): void {
    const client = this.#due[Source.ClientTick]!;
    const server = this.#due[Source.ServerTick]!;
    // On a shared clock both hosts' timers are due at once, on CPUs of their own.
    const isServers = client === server ? this.#isServerFirst() : server < client;
    runTick(isServers ? this.#server : this.#client);
  }

  #isServerFirst(): boolean {
    return (hash2(this.#spec.seed, this.#server.tick()) & 1) === 1;
  }

  #takeAtServer(): void {
    const link = this.#toServer;
    const at = link.take();
    const isLate = link.isLate(at);
    if (isLate) this.#ledger.isOld = true;
    this.#arriveAtServer(link.words, at);
    if (isLate) this.#ledger.isOld = false;
  }

  #takeAtClient(): void {
    const link = this.#toClient;
    const at = link.take();
    const isLate = link.isLate(at);
    if (isLate) this.#ledger.isOld = true;
    if (!link.loses(link.words, at)) deliver(this.#client, link.words, at);
    if (isLate) this.#ledger.isOld = false;
  }

  #arriveAtServer(words: Int32Array, at: number): void {
    const flags = words[at + S_FLAGS]!;
    const kind = packetClass(flags);
    this.#wire[kind] = this.#wire[kind]! + 1 + (flags >>> MORE_SHIFT);
    if (isDataWithFin(flags)) this.#wire[WIRE_IN_BOTH] = this.#wire[WIRE_IN_BOTH]! + 1;
    if (this.#toServer.loses(words, at)) return;
    if (this.#receive !== null) this.#receive.offer(words, at, -1, this.#now);
    else deliver(this.#server, words, at);
  }

  #notice(): void {
    const notices = this.#notices;
    notices.take();
    if (notices.kind >= Notice.Acceptable) this.#serverApp.onNotice(notices.kind, notices.subject, notices.value);
    else this.#clientApp.onNotice(notices.kind, notices.subject, notices.value);
  }

  #timer(): void {
    const heap = this.#heap;
    heap.pop();
    if (heap.kind >= AppTimer.ConnectTimeout) this.#clientApp.onTimer(heap.kind, heap.subject, heap.value);
    else this.#serverApp.onTimer(heap.kind, heap.subject, heap.value);
  }

  /** CPUs, answers of raw workloads, then the workloads themselves, then the sampler. */
  #later(source: number): void {
    this.#source = source;
    if (source === Source.Cpus) {
      this.#receive!.limitNs[0] = this.#until[0]!;
      this.#receive!.run();
    } else if (source < this.#firstWorkload) {
      const workload = this.#answering[source - FIXED_SOURCES]!;
      this.#recorder.countWorkload(workload, WorkloadField.answered);
      this.#arriveAnswer(this.#answers[workload]!);
    } else if (source < this.#samplerSource) this.#arrive(source - this.#firstWorkload, source);
    else {
      this.catchUp();
      this.#receive?.sample(this.#sampler.next);
      this.#appCpus?.sample(this.#sampler.next);
      this.#sampler.take();
      this.#due[source] = this.#sampler.dueNs;
      settleLater(this.#due);
    }
  }

  /** An answer of a raw workload reaches the server, twice when the path duplicates it. */
  #arriveAnswer(queue: AnswerQueue): void {
    const at = queue.take();
    const { words } = queue;
    const hash = words[at + S_HASH]!;
    this.#arriveAtServer(words, at);
    if (!isDuplicated(hash, this.#spec.toServer)) return;
    words[at + S_HASH] = copyHash(hash);
    this.#arriveAtServer(words, at);
  }

  #arrive(slot: number, source: number): void {
    const raw = this.#raw[slot]!;
    if (raw === null) {
      const { workload } = this.#slots[slot]!;
      const arrivals = this.#arrivals[workload]!;
      const index = arrivals.next[1]!;
      arrivals.step();
      this.#updateArrival(source, workload, arrivals);
      this.#clientApp.arrive(workload, index);
      return;
    }
    this.#due[source] = FOREVER;
    settleLater(this.#due);
    let limit = this.#until[0]!;
    for (let s = 0; s < this.#due.length; s++) limit = Math.min(limit, this.#due[s]!);
    raw.limitNs[0] = limit;
    raw.run();
    this.#updateSlot(slot);
    if (raw.isLagging) {
      this.#server.lagging++;
      this.#epoch = this.#server.epoch;
    }
  }

  /** The next client calls connect() a little after its time, and not before the last one did. */
  #updateArrival(source: number, workload: number, { next }: Arrivals): void {
    const late = ARRIVAL_WAKE_NS + (hash3(this.#arrivalKeys[workload]!, next[1]! | 0, 41) & ARRIVAL_WAKE_MASK);
    this.#due[source] = Math.max(this.#now[0]!, next[0]! + late);
    settleLater(this.#due);
  }

  #updateSlot(slot: number): void {
    const at = this.#firstWorkload + slot;
    const raw = this.#raw[slot]!;
    const { workload } = this.#slots[slot]!;
    if (raw === null) this.#updateArrival(at, workload, this.#arrivals[workload]!);
    else raw.writeDue(this.#due, at);
  }

  /** Something that verdicts depend on has changed: packets that lag may have another fate now. */
  #rejudge(): void {
    this.#epoch = this.#server.epoch;
    for (let w = 0; w < this.#raw.length; w++) {
      const raw = this.#raw[w]!;
      if (raw === null || !raw.isLagging) continue;
      raw.rejudge();
      if (raw.isLagging) continue;
      this.#server.lagging--;
      this.#updateSlot(w);
    }
  }

  /** Lets the raw workloads run what lags before the event that runs now; ties go by the order of the sources. */
  catchUp(): void {
    for (let w = 0; w < this.#raw.length; w++) {
      const raw = this.#raw[w]!;
      if (raw !== null) raw.catchUp(this.#source > this.#firstWorkload + w);
    }
  }

  /** Changes the load now, which is `change.atNs`; what may be changed, canChange() says (load-control.ts). */
  control(change: LoadChange): void {
    assert(change.atNs === this.#now[0], "a change is made at its time");
    assert(canChange(this.#spec, change), "the spec does not allow this change");
    this.#catchUpToNow();
    const { kind, subject, value } = change;
    if (kind === ChangeKind.AcceptRate) this.#serverApp.setAcceptRate(subject, value);
    else if (kind === ChangeKind.AppPause) this.#serverApp.pauseApp(subject, change.atNs + value);
    else {
      this.#slots.forEach(({ workload }, slot) => {
        if (workload !== subject) return;
        (this.#raw[slot]?.arrivals ?? this.#arrivals[workload]!).setRate(change.atNs, value);
        this.#updateSlot(slot);
      });
    }
  }

  /** The run's yield; `advanceTo(spec.durationNs)` must have been reached. */
  result(): RunResult {
    assert(this.#now[0]! >= this.#spec.durationNs, "the run has not reached its end");
    assert(!this.#finished, "the result was taken already");
    this.#finished = true;
    this.#catchUpToNow();
    const { out } = this.#recorder;
    this.#writeTo(out);
    this.#giveTablesBack();
    return { buffer: out.buffer as ArrayBuffer };
  }

  /** What result() would be if the run ended now; it goes on. Only packet by packet is this no event: in bulk it draws from the streams. */
  snapshot(): RunResult {
    this.#assertRunning();
    assert(this.#spec.engine === EngineMode.Packet, "a look at a run in bulk would change it");
    this.#catchUpToNow();
    const out = this.#recorder.out.slice();
    this.#writeTo(out);
    return { buffer: out.buffer as ArrayBuffer };
  }

  /** Lengths of the queues now, by listener. */
  queueLengths(): Pick<QueueLengths, "syn" | "accept">[] {
    return this.#server.listeners.map(({ synLength, acceptLength }) => ({ syn: synLength, accept: acceptLength }));
  }

  /** Half-open requests now, by SYN-ACK retransmissions. */
  halfOpens(): number[] {
    return Array.from(this.#server.synRecvByRetransmits);
  }

  /** Whatever lags and is due by now is run; nothing else is due at this very moment any more. */
  #catchUpToNow(): void {
    this.#source = this.#samplerSource;
    this.catchUp();
  }

  #writeTo(out: Float64Array): void {
    const parts = {
      layout: this.#recorder.layout,
      ...{ server: this.#server, client: this.#client, ledger: this.#ledger, wire: this.#wire },
      ...{ serverApp: this.#serverApp, clientApp: this.#clientApp, impairments: this.#impairments },
    };
    writeResult(parts, out, this.#now[0]!);
    this.#slots.forEach(({ workload }, slot) => {
      const raw = this.#raw[slot]!;
      const at = this.#recorder.layout.workloads[workload]!.fields + WorkloadField.sent;
      if (raw !== null) out[at] = out[at]! + raw.sent;
    });
    this.#receive?.writeTo(out);
    this.#appCpus?.writeTo(out);
  }

  /** Ends a run whose result nobody wants. */
  abandon(): void {
    assert(!this.#finished, "the run has ended already");
    this.#finished = true;
    this.#giveTablesBack();
  }

  #assertRunning(): void {
    assert(!this.#finished, "the run has ended, its tables are others'");
  }

  #giveTablesBack(): void {
    // The last one given back is the first one taken: each host's table fits the same host of the next run.
    this.#client.release();
    this.#server.release();
    this.#ledger.release();
    this.#toServer.release();
    this.#toClient.release();
  }
}
