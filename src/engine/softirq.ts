/**
 * The receive softirq of each CPU: in what rounds it works, when ksoftirqd takes over, and what it leaves to the application.
 *
 * Models   dev.c:net_rx_action: a round polls each NAPI once; it ends early, which is a time_squeeze, at netdev_budget packets or after netdev_budget_usecs,
 *          looked at after each poll. softirq.c:handle_softirqs: rounds go on in interrupt context, before the application, for 10 of them or up to
 *          2 ms in jiffies; then ksoftirqd goes on, a thread like the application's.
 * Sharing  Measured (test/kernel/livelock_probe.py, 6.18, HZ 250): ksoftirqd and an application that wants to run have half of the CPU each, in turns of
 *          ticks; but in each tick of the application's turn an interrupt does a round at its cost. So under any overload it keeps the same part: a
 *          half less a round for every second tick.
 * Units    ns; ticks of 1/HZ.
 */
import type { CpuSpec } from "../vocabulary/run-spec.ts";
import type { Host } from "./host.ts";

/** MAX_SOFTIRQ_RESTART, MAX_SOFTIRQ_TIME. */
const MOST_ROUNDS = 10;
const MOST_MS = 2;

/** Who works the softirq off: interrupts, ksoftirqd, or it is the application's turn, in which interrupts do a round a tick. */
const Phase = { Interrupt: 0, Thread: 1, App: 2 } as const;

export class Softirq {
  readonly #spec: CpuSpec;
  readonly #host: Host;
  readonly #mostTicks: number;
  /** [cpu]: until when it is busy with what it has begun; and when it goes on, which is later in the application's slice. */
  readonly workUntilNs: Float64Array;
  readonly freeAtNs: Float64Array;
  /** [cpu]: time taken, what is under way included; and of it by ksoftirqd. */
  readonly takenNs: Float64Array;
  readonly ksoftirqdNs: Float64Array;
  readonly timeSqueezed: Float64Array;
  readonly #phase: Uint8Array;
  /** [cpu]: since when it is whose turn; what ksoftirqd has had more than the application, its interrupts included; the tick of the last look. */
  readonly #turnFromNs: Float64Array;
  readonly #aheadNs: Float64Array;
  readonly #lookTick: Int32Array;
  /** [cpu]: of this round what is left of the budget, and when its time is up. */
  readonly #budgetLeft: Int32Array;
  readonly #roundEndTick: Int32Array;
  /** [cpu]: when interrupt context began, and rounds since. */
  readonly #startTick: Int32Array;
  readonly #rounds: Int32Array;

  constructor(spec: CpuSpec, host: Host) {
    this.#spec = spec;
    this.#host = host;
    this.#mostTicks = Math.ceil((MOST_MS * host.spec.hz) / 1000);
    const { cores } = spec;
    this.workUntilNs = new Float64Array(cores);
    this.freeAtNs = new Float64Array(cores);
    this.takenNs = new Float64Array(cores);
    this.ksoftirqdNs = new Float64Array(cores);
    this.timeSqueezed = new Float64Array(cores);
    this.#phase = new Uint8Array(cores);
    this.#turnFromNs = new Float64Array(cores);
    this.#aheadNs = new Float64Array(cores);
    this.#lookTick = new Int32Array(cores);
    this.#budgetLeft = new Int32Array(cores);
    this.#roundEndTick = new Int32Array(cores);
    this.#startTick = new Int32Array(cores);
    this.#rounds = new Int32Array(cores);
  }

  /** A packet comes to a CPU without any: an interrupt starts the softirq, unless the last packet is still being worked on. */
  wake(cpu: number): void {
    if (this.#host.now[0]! < this.workUntilNs[cpu]!) return;
    this.#phase[cpu] = Phase.Interrupt;
    this.freeAtNs[cpu] = this.#host.now[0]!;
    this.#startTick[cpu] = this.#host.tick();
    this.#rounds[cpu] = 0;
    this.#beginRound(cpu);
  }

  #beginRound(cpu: number): void {
    this.#budgetLeft[cpu] = this.#spec.budget;
    const from = Math.max(this.#host.now[0]!, this.workUntilNs[cpu]!);
    this.#roundEndTick[cpu] = this.#host.tickAt(from) + this.#spec.budgetTicks;
  }

  /** The CPU takes `ns` of its time from when it is free on. */
  take(cpu: number, ns: number): void {
    this.takeUntil(cpu, Math.max(this.#host.now[0]!, this.workUntilNs[cpu]!) + ns, ns);
  }

  /** The CPU takes `ns` of its time for work that ends at `untilNs`. */
  takeUntil(cpu: number, untilNs: number, ns: number): void {
    this.workUntilNs[cpu] = untilNs;
    this.freeAtNs[cpu] = Math.max(this.freeAtNs[cpu]!, untilNs);
    this.takenNs[cpu] = this.takenNs[cpu]! + ns;
    if (this.#phase[cpu] === Phase.Thread) this.ksoftirqdNs[cpu] = this.ksoftirqdNs[cpu]! + ns;
  }

  /**
   * A poll of `packets` ends when the CPU is done with them. `hasOthers`: NAPIs that this round has not polled have packets; `hasMore`: any has;
   * `hasApp`: an application wants to run here. True: the round is over.
   */
  endPoll(cpu: number, packets: number, hasOthers: boolean, hasMore: boolean, hasApp: boolean): boolean {
    this.#budgetLeft[cpu] = this.#budgetLeft[cpu]! - packets;
    const tick = this.#host.tickAt(this.workUntilNs[cpu]!);
    const isSqueezed = this.#budgetLeft[cpu]! <= 0 || tick - this.#roundEndTick[cpu]! >= 0;
    if (isSqueezed) this.timeSqueezed[cpu] = this.timeSqueezed[cpu]! + 1;
    if (!isSqueezed && hasOthers) return false;
    this.#rounds[cpu] = this.#rounds[cpu]! + 1;
    if (hasMore) this.#chooseNext(cpu, tick, hasApp);
    this.#beginRound(cpu);
    return true;
  }

  /** A round is over, and there is more to do: who goes on? */
  #chooseNext(cpu: number, tick: number, hasApp: boolean): void {
    if (this.#phase[cpu] === Phase.Interrupt) {
      if (this.#rounds[cpu]! < MOST_ROUNDS && tick - this.#startTick[cpu]! < this.#mostTicks) return;
      // ksoftirqd is woken; who was interrupted goes on until the scheduler's tick.
      this.#aheadNs[cpu] = 0;
      this.#begin(cpu, hasApp ? Phase.App : Phase.Thread, tick);
      return;
    }
    if (this.#phase[cpu] === Phase.Thread && hasApp && tick === this.#lookTick[cpu]!) return;
    this.#account(cpu, this.workUntilNs[cpu]!);
    if (!hasApp) this.#aheadNs[cpu] = 0;
    this.#begin(cpu, hasApp && this.#aheadNs[cpu]! > 0 ? Phase.App : Phase.Thread, tick);
  }

  /** Whose turn it was has had the time up to `ns`. */
  #account(cpu: number, ns: number): void {
    const had = ns - this.#turnFromNs[cpu]!;
    this.#aheadNs[cpu] = this.#aheadNs[cpu]! + (this.#phase[cpu] === Phase.Thread ? had : -had);
    this.#turnFromNs[cpu] = ns;
  }

  #begin(cpu: number, phase: number, tick: number): void {
    this.#phase[cpu] = phase;
    this.#turnFromNs[cpu] = this.workUntilNs[cpu]!;
    this.#lookTick[cpu] = tick;
    if (phase === Phase.App) this.#waitForTick(cpu, tick + 1);
  }

  /** The application has nothing more to do on this CPU: ksoftirqd need not wait for its next turn. */
  appIsIdle(cpu: number): void {
    const now = this.#host.now[0]!;
    if (this.#phase[cpu] !== Phase.App || this.freeAtNs[cpu]! <= now) return;
    this.#account(cpu, now);
    this.#phase[cpu] = Phase.Thread;
    this.freeAtNs[cpu] = Math.max(now, this.workUntilNs[cpu]!);
  }

  #waitForTick(cpu: number, tick: number): void {
    this.freeAtNs[cpu] = Math.max(this.freeAtNs[cpu]!, this.#host.nsOfTick(tick));
  }

  /** Time taken up to now. */
  takenUntilNow(cpu: number): number {
    return this.takenNs[cpu]! - Math.max(0, this.workUntilNs[cpu]! - this.#host.now[0]!);
  }
}
