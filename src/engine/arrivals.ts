/**
 * Arrival times of one workload.
 *
 * Even      Arrival i at start + i / rate, computed from i, so that counting them and stepping through them give the same.
 * Poisson   Gaps are exponential draws of the workload's own sequential generator; ends at `endNs` or after `count`.
 * Units     ns. Fields instead of results: a float64 that a function returns is boxed.
 */
import { hash2 } from "../base/hash.ts";
import { nextExponential, nextPoisson, seedState } from "../base/prng.ts";
import { Arrival, type WorkloadSpec } from "../vocabulary/run-spec.ts";

const FOREVER = Number.POSITIVE_INFINITY;

export class Arrivals {
  /** [0]: the next arrival, Infinity when there is none; [1]: its number. */
  readonly next = new Float64Array(2);
  readonly isEven: boolean;
  /** Mean time between two; 0: all at once. */
  readonly gapNs: number;
  readonly endNs: number;
  readonly count: number;
  readonly state = new Int32Array(4);
  readonly startNs: number;

  /** `offsetNs` is added to every arrival. */
  constructor(spec: WorkloadSpec, seed: number, offsetNs: number) {
    this.isEven = spec.arrival === Arrival.Even;
    this.gapNs = spec.ratePerS > 0 ? 1e9 / spec.ratePerS : 0;
    this.startNs = spec.startNs + offsetNs;
    this.endNs = spec.endNs < 0 ? FOREVER : spec.endNs + offsetNs;
    this.count = spec.count;
    seedState(this.state, hash2(seed, spec.streamKey));
    this.next[0] = this.isEven ? this.startNs : this.startNs + nextExponential(this.state) * this.gapNs;
    this.#checkEnd();
  }

  /** Goes on to the next arrival. */
  step(): void {
    const index = this.next[1]! + 1;
    this.next[1] = index;
    this.next[0] = this.isEven
      ? this.startNs + index * this.gapNs
      : this.next[0]! + nextExponential(this.state) * this.gapNs;
    this.#checkEnd();
  }

  #checkEnd(): void {
    if (this.next[1]! >= this.count || (!this.isEven && this.next[0]! >= this.endNs)) this.next[0] = FOREVER;
  }

  /**
   * Skips all arrivals before `untilNs` (with `inclusive` also those at it) and answers their number: counted where they are even,
   * drawn where they are Poisson (the next one known, the rest a Poisson number, and a fresh gap from there: memoryless).
   */
  passOver(untilNs: number, inclusive: boolean): number {
    const first = this.next[0]!;
    if (first > untilNs || (first === untilNs && !inclusive)) return 0;
    const index = this.next[1]!;
    const n = this.isEven ? this.#countEven(untilNs, inclusive) - index : this.#drawPoisson(untilNs);
    this.next[1] = index + n;
    if (this.isEven) this.next[0] = this.startNs + (index + n) * this.gapNs;
    this.#checkEnd();
    return n;
  }

  /** Number of even arrivals up to `untilNs`, from the first one on. */
  #countEven(untilNs: number, inclusive: boolean): number {
    if (this.gapNs === 0) return this.count;
    let n = Math.min(this.count, Math.max(0, Math.floor((untilNs - this.startNs) / this.gapNs) - 1));
    while (n < this.count && this.#isUpTo(this.startNs + n * this.gapNs, untilNs, inclusive)) n++;
    return n;
  }

  #isUpTo(ns: number, untilNs: number, inclusive: boolean): boolean {
    return ns < untilNs || (inclusive && ns === untilNs);
  }

  #drawPoisson(untilNs: number): number {
    const to = Math.min(untilNs, this.endNs);
    const left = this.count - this.next[1]!;
    const n = Math.min(left, 1 + nextPoisson(this.state, (to - this.next[0]!) / this.gapNs));
    this.next[0] = to + nextExponential(this.state) * this.gapNs;
    return n;
  }
}
