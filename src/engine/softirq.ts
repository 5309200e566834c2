/**
 * The receive softirq of each CPU: in what rounds it works, when ksoftirqd takes over, and how much time it takes from the application.
 *
 * Models   dev.c:net_rx_action (a round ends at netdev_budget packets or netdev_budget_usecs, looked at after each poll: time_squeeze),
 *          softirq.c:handle_softirqs (after 10 rounds or 2 ms of jiffies ksoftirqd goes on, a thread like the application's).
 * Sharing  In interrupt context the softirq goes before the application. ksoftirqd and an application that wants to run have half of the CPU each.
 * Units    ns; ticks of 1/HZ.
 */
import type { CpuSpec } from "../vocabulary/run-spec.ts";
import type { Host } from "./host.ts";

/** MAX_SOFTIRQ_RESTART, MAX_SOFTIRQ_TIME. */
const MOST_ROUNDS = 10;
const MOST_MS = 2;

export class Softirq {
  readonly #spec: CpuSpec;
  readonly #host: Host;
  readonly #mostTicks: number;
  /** [cpu]: until when it is busy with what it has begun. */
  readonly busyUntilNs: Float64Array;
  /** [cpu]: time taken, what is under way included; and of it by ksoftirqd. */
  readonly takenNs: Float64Array;
  readonly ksoftirqdNs: Float64Array;
  readonly timeSqueezed: Float64Array;
  /** [cpu]: 1 while ksoftirqd runs it. */
  readonly #inThread: Uint8Array;
  /** [cpu]: share of the CPU that what is under way has. */
  readonly #share: Float64Array;
  readonly #budgetLeft: Int32Array;
  readonly #roundEndTick: Int32Array;
  readonly #startTick: Int32Array;
  readonly #rounds: Int32Array;

  constructor(spec: CpuSpec, host: Host) {
    this.#spec = spec;
    this.#host = host;
    this.#mostTicks = Math.ceil((MOST_MS * host.spec.hz) / 1000);
    const { cores } = spec;
    this.busyUntilNs = new Float64Array(cores);
    this.takenNs = new Float64Array(cores);
    this.ksoftirqdNs = new Float64Array(cores);
    this.timeSqueezed = new Float64Array(cores);
    this.#inThread = new Uint8Array(cores);
    this.#share = new Float64Array(cores).fill(1);
    this.#budgetLeft = new Int32Array(cores);
    this.#roundEndTick = new Int32Array(cores);
    this.#startTick = new Int32Array(cores);
    this.#rounds = new Int32Array(cores);
  }

  /** A packet comes to a CPU without any: an interrupt starts the softirq, unless the last packet is still being worked on. */
  wake(cpu: number): void {
    if (this.#host.now[0]! < this.busyUntilNs[cpu]!) return;
    this.#inThread[cpu] = 0;
    this.#startTick[cpu] = this.#host.tick();
    this.#rounds[cpu] = 0;
    this.#beginRound(cpu);
  }

  #beginRound(cpu: number): void {
    this.#budgetLeft[cpu] = this.#spec.budget;
    this.#roundEndTick[cpu] = this.#host.tick() + this.#spec.budgetTicks;
  }

  /** A poll of `packets` has ended. */
  endPoll(cpu: number, packets: number): void {
    this.#budgetLeft[cpu] = this.#budgetLeft[cpu]! - packets;
    const tick = this.#host.tick();
    if (this.#budgetLeft[cpu]! > 0 && tick - this.#roundEndTick[cpu]! < 0) return;
    this.timeSqueezed[cpu] = this.timeSqueezed[cpu]! + 1;
    this.#rounds[cpu] = this.#rounds[cpu]! + 1;
    if (this.#rounds[cpu]! >= MOST_ROUNDS || tick - this.#startTick[cpu]! >= this.#mostTicks) this.#inThread[cpu] = 1;
    this.#beginRound(cpu);
  }

  /** The CPU is busy for `costNs[0]` of its time from when it is free on; `hasApp`: an application wants to run there. */
  take(cpu: number, costNs: number, hasApp: boolean): void {
    const isThread = this.#inThread[cpu] === 1;
    const share = isThread && hasApp ? 0.5 : 1;
    const now = this.#host.now[0]!;
    this.#share[cpu] = share;
    this.busyUntilNs[cpu] = Math.max(now, this.busyUntilNs[cpu]!) + costNs / share;
    this.takenNs[cpu] = this.takenNs[cpu]! + costNs;
    if (isThread) this.ksoftirqdNs[cpu] = this.ksoftirqdNs[cpu]! + costNs;
  }

  /** Time taken up to now. */
  takenUntilNow(cpu: number): number {
    const ahead = Math.max(0, this.busyUntilNs[cpu]! - this.#host.now[0]!);
    return this.takenNs[cpu]! - ahead * this.#share[cpu]!;
  }
}
