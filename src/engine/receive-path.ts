/**
 * The way of a packet from the device to TCP: rings, backlogs, and CPUs that take time for each packet.
 *
 * Models      kernel-semantics 1: NAPI polls of 64 packets from a NIC's rings; RPS, veth and loopback put packets into the backlog of a CPU.
 * Method      Each CPU works off one packet at a time; what a packet costs is known when TCP has judged it, so it is judged when its turn begins.
 *             In bulk, packets of a flood that share a fate are judged once, and worked off one after the other.
 * Left out    Interrupt moderation; what CPUs wait for each other; GRO merges only what travels as one flight. A flight is dropped as a whole.
 * Units       ns.
 */
import { mix32 } from "../base/hash.ts";
import { CPU_COST_NAMES, CpuCost } from "../vocabulary/cpu.ts";
import { Gate } from "../vocabulary/gates.ts";
import { HISTOGRAM_MAX_US, histogramIndex, LATENCY_LAYOUT } from "../vocabulary/histogram.ts";
import { CPU_FIELDS } from "../vocabulary/run-result.ts";
import type { CpuSpec } from "../vocabulary/run-spec.ts";
import type { AppCpus } from "./app-cpus.ts";
import { Backlog } from "./backlog.ts";
import type { Host } from "./host.ts";
import { LATE_COPY, MORE_SHIFT, S_ATTEMPT, S_COPY, S_DST, S_FLAGS, S_PORTS, S_SRC, SEG_WORDS } from "./layout.ts";
import { PacketQueue } from "./packet-queue.ts";
import { deliverAsWork, workOf } from "./packet-work.ts";
import type { RawSource } from "./raw-source.ts";
import type { Recorder } from "./recorder.ts";
import { lanesOf } from "./set-up.ts";
import { Softirq } from "./softirq.ts";
import { Source, settleLater } from "./sources.ts";
import { hashTuple } from "./table.ts";

/** NAPI_POLL_WEIGHT of a NIC's queue. */
const NAPI_WEIGHT = 64;
const FOREVER = Number.POSITIVE_INFINITY;
const TO_FRACTION = 2 ** -32;

/** Packets' first part that must fit in before somebody else's turn, for a look at whether they share a fate. */
const WORTH_IT = 4;

/** Packets that one call of run() may take: the simulation reserves rows for so many an event. */
const MOST_AT_ONCE = 8;

export class ReceivePath {
  readonly #spec: CpuSpec;
  readonly #host: Host;
  readonly #due: Float64Array;
  readonly #source: number;
  readonly #recorder: Recorder;
  readonly #hasCopies: boolean;
  readonly #rings: PacketQueue[];
  readonly #backlogs: Backlog[];
  readonly softirq: Softirq;
  /** The application's share of these CPUs; null: it has its own. */
  sharing: AppCpus | null = null;
  /** [cpu]: when it begins with its next packet. */
  readonly #nextNs: Float64Array;
  /** [cpu]: which of its queues is polled, and how many packets this poll has taken. */
  readonly #polled: Int32Array;
  readonly #taken: Int32Array;
  /** [cpu]: the queue that its round began with; -1: no round is under way. */
  readonly #firstPolled: Int32Array;
  /** [cpu]: its rings, then its backlog. */
  readonly #queuesOf: readonly (readonly number[])[];
  /** [lane]: floods whose packets come to it. */
  readonly #floods: RawSource[][];
  /** [cpu]: the flood that alone comes to its only queue, if its packets can share a fate. */
  readonly #alike: (RawSource | null)[];
  /** [0]: the end of the slice. */
  readonly limitNs = new Float64Array(1);
  readonly #fields: Float64Array;
  readonly #costs = new Float64Array(CPU_COST_NAMES.length);
  readonly #wait: number;

  /** `hasCopies`: the path may duplicate packets. */
  constructor(spec: CpuSpec, host: Host, due: Float64Array, source: number, recorder: Recorder, hasCopies: boolean) {
    this.#spec = spec;
    this.#host = host;
    this.#due = due;
    this.#source = source;
    this.#recorder = recorder;
    this.#hasCopies = hasCopies;
    this.#wait = recorder.layout.cpu!.wait;
    this.#rings = Array.from({ length: spec.queues }, () => new PacketQueue());
    this.#backlogs = Array.from(
      { length: spec.cores },
      (_, cpu) => new Backlog(spec.maxBacklog, cpu < 31 && (spec.flowLimitCpus >>> cpu) & 1 ? spec.flowLimitSlots : 0),
    );
    this.softirq = new Softirq(spec, host);
    this.#nextNs = new Float64Array(spec.cores).fill(FOREVER);
    this.#polled = new Int32Array(spec.cores);
    this.#taken = new Int32Array(spec.cores);
    this.#firstPolled = new Int32Array(spec.cores).fill(-1);
    this.#queuesOf = this.#backlogs.map((_, cpu) => [
      ...this.#rings.flatMap((_, queue) => (queue % spec.cores === cpu ? [queue] : [])),
      spec.queues + cpu,
    ]);
    this.#alike = this.#backlogs.map(() => null);
    this.#floods = Array.from({ length: lanesOf(spec) }, () => []);
    this.#fields = new Float64Array(spec.cores * CPU_FIELDS.length);
    due[source] = FOREVER;
  }

  /** The gate that a full lane is. */
  get gate(): number {
    return this.#spec.queues > 0 ? Gate.nic_ring : Gate.netdev_backlog;
  }

  isFull(lane: number): boolean {
    if (this.#spec.queues === 0) return this.#backlogs[lane]!.isFull;
    return this.#rings[lane]!.length >= this.#spec.ring;
  }

  /** A flood of its own for a lane: it is asked for packets while the lane's CPU is busy, and wakes it while it is idle. */
  addFlood(lane: number, flood: RawSource): void {
    const floods = this.#floods[lane]!;
    floods.push(flood);
    const { queues, cores, rpsCpus } = this.#spec;
    const isOnly = queues > 0 && queues <= cores && rpsCpus === 0 && floods.length === 1 && flood.isAlike;
    if (queues > 0 && lane < cores) this.#alike[lane] = isOnly ? flood : null;
  }

  /** A full lane dropped `n` packets of a raw workload. */
  dropMany(lane: number, workload: number, n: number): void {
    this.#host.ledger.drop(workload, this.gate, n);
    if (this.#spec.queues === 0) this.#add(lane, "dropped", n);
    else this.#add(lane % this.#spec.cores, "ringDropped", n);
  }

  /** What floods have sent to a lane up to now. */
  #pull(lane: number): void {
    const floods = this.#floods[lane]!;
    if (floods.length === 1) floods[0]!.pull(this, false);
    else if (floods.length > 1) this.#pullInOrder(floods);
  }

  #pullInOrder(floods: readonly RawSource[]): void {
    const now = this.#host.now[0]!;
    for (;;) {
      let first = floods[0]!;
      for (const other of floods) if (other.arrivals.next[0]! < first.arrivals.next[0]!) first = other;
      if (first.arrivals.next[0]! >= now) return;
      first.pullOne(this);
    }
  }

  /** Floods of the lanes of a CPU that falls idle, or wakes. */
  #setPulled(cpu: number, isPulled: boolean): void {
    for (let lane = cpu; lane < this.#floods.length; lane += this.#spec.cores)
      for (const flood of this.#floods[lane]!) flood.setPulled(isPulled);
  }

  /** The packet at `seg[at]` comes to the device at `atNs[0]`. `lane`: -1, its hash decides. */
  offer(seg: Int32Array, at: number, lane: number, atNs: Float64Array): void {
    const needsFlow = lane < 0 || this.#spec.queues === 0;
    const flow = needsFlow ? hashTuple(seg[at + S_DST]!, seg[at + S_SRC]!, seg[at + S_PORTS]!) : 0;
    const to = lane >= 0 ? lane : pick(flow, this.#floods.length);
    if (lane < 0) this.#pull(to);
    if (this.#spec.queues === 0) {
      this.#enqueue(to, seg, at, atNs, 0, flow);
      return;
    }
    const ring = this.#rings[to]!;
    const cpu = to % this.#spec.cores;
    if (ring.length >= this.#spec.ring) {
      this.#add(cpu, "ringDropped", segmentsOf(seg, at));
      this.#lose(seg, at, Gate.nic_ring);
      return;
    }
    ring.push(seg, at, atNs, 0);
    this.#notePeak(cpu);
    this.#wake(cpu);
  }

  /** Into the backlog of `cpu`; the packet came to the device at `times[place]`. */
  #enqueue(cpu: number, seg: Int32Array, at: number, times: Float64Array, place: number, flow: number): void {
    const backlog = this.#backlogs[cpu]!;
    const limited = backlog.flowLimited;
    if (!backlog.push(seg, at, times, place, flow)) {
      this.#add(cpu, "dropped", segmentsOf(seg, at));
      this.#add(cpu, "flowLimited", backlog.flowLimited - limited);
      this.#lose(seg, at, Gate.netdev_backlog);
      return;
    }
    this.#notePeak(cpu);
    this.#wake(cpu);
  }

  #lose(seg: Int32Array, at: number, gate: number): void {
    const { ledger } = this.#host;
    if (this.#hasCopies && seg[at + S_COPY] !== 0) ledger.loseCopy(seg[at + S_ATTEMPT]!, gate);
    else ledger.lose(seg[at + S_ATTEMPT]!, gate);
  }

  #notePeak(cpu: number): void {
    const at = cpu * CPU_FIELDS.length;
    const waiting = this.waiting(cpu);
    if (waiting > this.#fields[at + PEAK_WAITING]!) this.#fields[at + PEAK_WAITING] = waiting;
    const backlog = this.#backlogs[cpu]!.length;
    if (backlog > this.#fields[at + PEAK_BACKLOG]!) this.#fields[at + PEAK_BACKLOG] = backlog;
  }

  /** Packets that wait for a CPU. */
  waiting(cpu: number): number {
    let sum = this.#backlogs[cpu]!.length;
    for (let queue = cpu; queue < this.#rings.length; queue += this.#spec.cores) sum += this.#rings[queue]!.length;
    return sum;
  }

  #wake(cpu: number): void {
    if (this.#nextNs[cpu]! !== FOREVER) return;
    this.softirq.wake(cpu);
    this.#setPulled(cpu, true);
    this.#setNext(cpu);
  }

  /** Sets when a CPU begins with its next packet. */
  #setNext(cpu: number): void {
    const free = this.softirq.freeAtNs[cpu]!;
    this.#nextNs[cpu] = this.waiting(cpu) > 0 ? Math.max(this.#host.now[0]!, free) : FOREVER;
    let next = FOREVER;
    for (let other = 0; other < this.#nextNs.length; other++) next = Math.min(next, this.#nextNs[other]!);
    this.#due[this.#source] = next;
    settleLater(this.#due);
  }

  /** Whether another source has an event before one at `ns` of this one. */
  #isOthersFirst(ns: number): boolean {
    const due = this.#due;
    for (let s = 0; s < due.length; s++) {
      if (s === Source.Later) continue;
      if (due[s]! < ns || (due[s]! === ns && s < this.#source)) return true;
    }
    return false;
  }

  /** A CPU begins with its next packet, and goes on while nothing else happens. */
  run(): void {
    const due = this.#due;
    const now = this.#host.now;
    for (let n = 0; n < MOST_AT_ONCE; n++) {
      let cpu = 0;
      while (this.#nextNs[cpu]! > now[0]!) cpu++;
      if (!this.#runAlike(cpu)) this.#runOne(cpu);
      const next = due[this.#source]!;
      if (next > this.limitNs[0]!) return;
      if (this.#isOthersFirst(next)) return;
      now[0] = next;
    }
  }

  /**
   * Packets of a flood that share a fate, up to the end of a poll and while nobody else has an event: TCP is asked once for all of them. The same as #runOne
   * for each, to the last bit: waits are added up one by one, costs are whole ns. False: the first packet is somebody else's, or has to be judged by itself.
   */
  #runAlike(cpu: number): boolean {
    const flood = this.#alike[cpu]!;
    if (flood === null) return false;
    // Where others have their turn after each packet there is nothing to be gained.
    const horizonNs = this.#horizonNs(cpu);
    if (horizonNs < this.#host.now[0]! + WORTH_IT * this.#spec.costNs[CpuCost.receive]!) return false;
    const verdict = flood.fateNow();
    if (verdict < 0) return false;
    const ring = this.#rings[cpu]!;
    const { costNs } = this.#spec;
    const receiveNs = costNs[CpuCost.receive]!;
    const kind = workOf(verdict);
    const kindNs = costNs[kind]!;
    const { now } = this.#host;
    const notedFromNs = flood.noteNs[0]!;
    const field = cpu * CPU_FIELDS.length;
    const { id } = flood;
    const most = NAPI_WEIGHT - this.#taken[cpu]!;
    let at = now[0]!;
    let workNs = this.softirq.workUntilNs[cpu]!;
    let waitSum = this.#fields[field + WAIT_NS]!;
    let n = 0;
    flood.pull(this, false);
    if (at >= notedFromNs || ring.attemptOfFirst() !== id) return false;
    const queue = this.#choose(cpu);
    do {
      const waitNs = at - ring.times[ring.shift()]!;
      waitSum += waitNs;
      this.#addWait(waitNs, 1);
      workNs = Math.max(at, workNs) + receiveNs + kindNs;
      n++;
      if (n === most || ring.length === 0 || !(workNs < horizonNs)) break;
      at = workNs;
      now[0] = at;
      flood.pull(this, false);
    } while (at < notedFromNs && ring.attemptOfFirst() === id);
    flood.meetMany(verdict, n);
    this.#fields[field + WAIT_NS] = waitSum;
    this.#fields[field + PROCESSED] = this.#fields[field + PROCESSED]! + n;
    this.#costs[CpuCost.receive] = this.#costs[CpuCost.receive]! + n * receiveNs;
    this.#costs[kind] = this.#costs[kind]! + n * kindNs;
    this.softirq.takeUntil(cpu, workNs, n * (receiveNs + kindNs));
    this.#endService(cpu, queue, n);
    return true;
  }

  /** Up to when nobody else has an event: what is due at that time may have its turn before this CPU. */
  #horizonNs(cpu: number): number {
    let horizonNs = this.limitNs[0]!;
    for (let s = 0; s < this.#due.length; s++)
      if (s !== this.#source && s !== Source.Later) horizonNs = Math.min(horizonNs, this.#due[s]!);
    for (let other = 0; other < this.#nextNs.length; other++)
      if (other !== cpu) horizonNs = Math.min(horizonNs, this.#nextNs[other]!);
    return horizonNs;
  }

  #runOne(cpu: number): void {
    const { queues, cores, costNs } = this.#spec;
    for (let lane = cpu; lane < this.#floods.length; lane += cores) this.#pull(lane);
    const queue = this.#choose(cpu);
    if (queue >= queues) this.#receive(cpu, this.#backlogs[cpu]!.queue, this.#backlogs[cpu]!.shift(), 0);
    else if (this.#spec.rpsCpus > 0) this.#steer(cpu, this.#rings[queue]!);
    else this.#receive(cpu, this.#rings[queue]!, this.#rings[queue]!.shift(), costNs[CpuCost.receive]!);
    this.#endService(cpu, queue, 1);
  }

  /** `n` packets of a queue were worked off. */
  #endService(cpu: number, queue: number, n: number): void {
    this.#taken[cpu] = this.#taken[cpu]! + n;
    const weight = queue < this.#spec.queues ? NAPI_WEIGHT : this.#spec.backlogWeight;
    if (this.#taken[cpu]! >= weight || this.#isEmpty(queue)) this.#endPoll(cpu);
    this.#setNext(cpu);
    if (this.#nextNs[cpu]! === FOREVER) this.#setPulled(cpu, false);
  }

  #isEmpty(queue: number): boolean {
    const { queues } = this.#spec;
    return (queue < queues ? this.#rings[queue]!.length : this.#backlogs[queue - queues]!.length) === 0;
  }

  /** The queue that is polled, or the next one of this CPU that has packets. */
  #choose(cpu: number): number {
    const own = this.#queuesOf[cpu]!;
    let polled = this.#polled[cpu]!;
    while (this.#isEmpty(own[polled]!)) polled = (polled + 1) % own.length;
    this.#polled[cpu] = polled;
    if (this.#firstPolled[cpu]! < 0) this.#firstPolled[cpu] = polled;
    return own[polled]!;
  }

  #endPoll(cpu: number): void {
    const own = this.#queuesOf[cpu]!;
    const polled = this.#polled[cpu]!;
    // The next one with packets, unless this round had its turn there already.
    let next = (polled + 1) % own.length;
    while (next !== this.#firstPolled[cpu]! && this.#isEmpty(own[next]!)) next = (next + 1) % own.length;
    const hasOthers = next !== this.#firstPolled[cpu]!;
    const hasApp = this.sharing?.wantsToRun(cpu) ?? false;
    const isOver = this.softirq.endPoll(cpu, this.#taken[cpu]!, hasOthers, this.waiting(cpu) > 0, hasApp);
    this.#taken[cpu] = 0;
    this.#polled[cpu] = (polled + 1) % own.length;
    if (isOver) this.#firstPolled[cpu] = -1;
  }

  /** RPS: the first packet of a ring goes on to another CPU's backlog. */
  #steer(cpu: number, ring: PacketQueue): void {
    const place = ring.shift();
    const { words, times } = ring;
    const at = place * SEG_WORDS;
    const { costNs, rpsCpus, cores } = this.#spec;
    const flow = hashTuple(words[at + S_DST]!, words[at + S_SRC]!, words[at + S_PORTS]!);
    // RSS goes by the hash's low bits and RPS by its high ones: the choices have nothing to do with each other.
    const to = pick(mix32(flow), Math.min(rpsCpus, cores));
    this.#take(cpu, CpuCost.receive, costNs[CpuCost.receive]! * segmentsOf(words, at));
    this.#take(cpu, CpuCost.rps, costNs[CpuCost.rps]! * segmentsOf(words, at));
    // One interrupt between processors for each time that the target has none pending (rps_trigger_softirq).
    if (to !== cpu && this.#backlogs[to]!.length === 0) this.#add(to, "receivedRps", 1);
    this.#enqueue(to, words, at, times, place, flow);
  }

  /** The packet at `place` of a queue goes up to TCP. `driverNs`: what taking it off a ring costs. */
  #receive(cpu: number, queue: PacketQueue, place: number, driverNs: number): void {
    const { words } = queue;
    const at = place * SEG_WORDS;
    const segments = segmentsOf(words, at);
    const waitNs = this.#host.now[0]! - queue.times[place]!;
    const field = cpu * CPU_FIELDS.length;
    this.#fields[field + WAIT_NS] = this.#fields[field + WAIT_NS]! + waitNs * segments;
    this.#fields[field + PROCESSED] = this.#fields[field + PROCESSED]! + segments;
    this.#addWait(waitNs, segments);
    if (driverNs > 0) this.#take(cpu, CpuCost.receive, driverNs * segments);
    const { ledger } = this.#host;
    const isOld = this.#hasCopies && words[at + S_COPY] === LATE_COPY;
    if (isOld) ledger.isOld = true;
    const kind = deliverAsWork(this.#host, words, at);
    if (isOld) ledger.isOld = false;
    this.#take(cpu, kind, this.#spec.costNs[kind]!);
  }

  /** The application has nothing more to do on a CPU that it shares. */
  appIsIdle(cpu: number): void {
    this.softirq.appIsIdle(cpu);
    if (this.#nextNs[cpu]! !== FOREVER) this.#setNext(cpu);
  }

  /** The timer of a half-open request fires on the CPU that made it, or one like it. */
  onRequestTimer(hash: number): void {
    const cpu = pick(hash, this.#spec.cores);
    this.#take(cpu, CpuCost.request_timeout, this.#spec.costNs[CpuCost.request_timeout]!);
    if (this.#nextNs[cpu]! !== FOREVER) this.#setNext(cpu);
  }

  #addWait(ns: number, segments: number): void {
    const us = Math.min(HISTOGRAM_MAX_US, Math.round(ns / 1000));
    this.#recorder.add(this.#wait + histogramIndex(us, LATENCY_LAYOUT.halfMagnitude), segments);
  }

  #take(cpu: number, kind: number, ns: number): void {
    this.#costs[kind] = this.#costs[kind]! + ns;
    this.softirq.take(cpu, ns);
  }

  #add(cpu: number, field: CpuField, n: number): void {
    const at = cpu * CPU_FIELDS.length + CPU_FIELDS.indexOf(field);
    this.#fields[at] = this.#fields[at]! + n;
  }

  /** Writes what the CPUs did up to now. */
  writeTo(out: Float64Array): void {
    const layout = this.#recorder.layout.cpu!;
    out.set(this.#fields, layout.fields);
    for (let cpu = 0; cpu < this.#spec.cores; cpu++) {
      const at = layout.fields + cpu * CPU_FIELDS.length;
      out[at + CPU_FIELDS.indexOf("timeSqueezed")] = this.softirq.timeSqueezed[cpu]!;
      out[at + CPU_FIELDS.indexOf("softirqNs")] = this.softirq.takenUntilNow(cpu);
      out[at + CPU_FIELDS.indexOf("ksoftirqdNs")] = this.softirq.ksoftirqdNs[cpu]!;
    }
    out.set(this.#costs, layout.costNs);
  }

  /** Sample `k` of the time lines. */
  sample(k: number): void {
    const { cpu: layout, sampleCount } = this.#recorder.layout;
    const { out } = this.#recorder;
    for (let cpu = 0; cpu < this.#spec.cores; cpu++) {
      out[layout!.waiting + cpu * sampleCount + k] = this.waiting(cpu);
      out[layout!.softirqNs + cpu * sampleCount + k] = this.softirq.takenUntilNow(cpu);
    }
  }
}

type CpuField = (typeof CPU_FIELDS)[number];
const PEAK_WAITING = CPU_FIELDS.indexOf("peakWaiting");
const PEAK_BACKLOG = CPU_FIELDS.indexOf("peakBacklog");
const WAIT_NS = CPU_FIELDS.indexOf("waitNs");
const PROCESSED = CPU_FIELDS.indexOf("processed");

const segmentsOf = (seg: Int32Array, at: number): number => 1 + (seg[at + S_FLAGS]! >>> MORE_SHIFT);

/** One of `n`, by hash, as RSS and get_rps_cpu pick. */
const pick = (hash: number, n: number): number => Math.floor((hash >>> 0) * TO_FRACTION * n);
