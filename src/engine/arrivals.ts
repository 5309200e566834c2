/**
 * Arrival times of one workload.
 *
 * Counted   Even ones and bursts: the time of arrival i follows from i, so that counting them and stepping through them give the same.
 * Drawn     Poisson: gaps are exponential draws of the workload's own sequential generator. Rates: the same draws, stretched by a RateCurve.
 *           Both end at `endNs` or after `count`.
 * Share     One host of n has each n-th of the counted arrivals; drawn ones it draws by itself at an n-th of the rate. Numbers are those of the whole
 *           workload.
 * Units     ns. Fields instead of results: a float64 that a function returns is boxed.
 */
import { assert } from "../base/assert.ts";
import { hash2 } from "../base/hash.ts";
import { drawExponential, EXPONENTIAL, nextExponential, nextPoisson, seedState } from "../base/prng.ts";
import { Arrival, type RunSpec, type WorkloadSpec } from "../vocabulary/run-spec.ts";
import { RateCurve } from "./rate-curve.ts";

const FOREVER = Number.POSITIVE_INFINITY;

/** Which host's arrivals. */
export type Share = Pick<RunSpec, "hostIndex" | "hostCount">;
export const WHOLE: Share = { hostIndex: 0, hostCount: 1 };

export class Arrivals {
  /** [0]: the next arrival, Infinity when there is none; [1]: its number. */
  readonly next = new Float64Array(2);
  /** The run of arrivals that the next one is in, as `findPiece` sets it. [0]: counted ones: its start; [1]: the next one's place in it; [2]: how many are left of it. */
  readonly piece = new Float64Array(3);
  readonly isCounted: boolean;
  readonly isPoisson: boolean;
  /** Between two of a piece: counted ones, exactly; Poisson, the mean. 0: all at once. */
  gapNs: number;
  readonly endNs: number;
  readonly state = new Int32Array(4);
  /** From one arrival's number to the next one's. */
  readonly stride: number;
  readonly #count: number;
  /** Of the run's first arrival, as the spec says; and when number 0 is due, or would have been at the rate that holds now. */
  readonly #firstNs: number;
  #startNs: number;
  /** Bursts begin this far apart and have so many arrivals each; even arrivals are one burst. */
  readonly #periodNs: number;
  readonly #burstSize: number;
  readonly #curve: RateCurve | null;

  /** `offsetNs` is added to every arrival. */
  constructor(spec: WorkloadSpec, seed: number, offsetNs: number, share: Share = WHOLE) {
    const { hostIndex, hostCount } = share;
    const isBursts = spec.arrival === Arrival.Bursts;
    const gapNs = spec.ratePerS > 0 ? 1e9 / spec.ratePerS : 0;
    this.isPoisson = spec.arrival === Arrival.Poisson;
    this.isCounted = isBursts || spec.arrival === Arrival.Even;
    this.gapNs = isBursts ? spec.burstSpreadNs / spec.burstSize : this.isPoisson ? gapNs * hostCount : gapNs;
    this.#periodNs = isBursts ? spec.burstSize * gapNs : 0;
    this.#burstSize = isBursts ? spec.burstSize : Number.MAX_SAFE_INTEGER;
    this.#firstNs = spec.startNs + offsetNs;
    this.#startNs = this.#firstNs;
    this.endNs = spec.endNs < 0 ? FOREVER : spec.endNs + offsetNs;
    this.stride = hostCount;
    this.#count = spec.count + (this.isCounted || spec.endNs < 0 ? 0 : slackOf(spec.count, hostCount));
    assert(spec.arrival !== Arrival.Rates || spec.endNs >= 0, "rates that change need an end");
    this.#curve =
      spec.arrival === Arrival.Rates ? new RateCurve(spec.ratePieces, spec.endNs, offsetNs, hostCount) : null;
    const key = hash2(seed, spec.streamKey);
    seedState(this.state, hostCount === 1 ? key : hash2(key, hostIndex));
    this.next[1] = hostIndex;
    if (this.isPoisson) this.next[0] = this.#startNs + nextExponential(this.state) * this.gapNs;
    this.settle();
  }

  /**
   * Even and Poisson arrivals: from `nowNs` on the rate is another, and the next one comes a whole gap, or a fresh draw, from there. 0: nobody
   * comes until it is changed again. Numbers go on.
   */
  setRate(nowNs: number, ratePerS: number): void {
    if (ratePerS === 0) {
      this.next[0] = FOREVER;
      return;
    }
    const fromNs = Math.max(nowNs, this.#firstNs);
    this.gapNs = (1e9 / ratePerS) * (this.isPoisson ? this.stride : 1);
    this.#startNs = fromNs + this.gapNs - this.next[1]! * this.gapNs;
    if (this.isPoisson) this.next[0] = fromNs + nextExponential(this.state) * this.gapNs;
    this.settle();
  }

  /** Goes on to the next arrival. */
  step(): void {
    this.next[1] = this.next[1]! + this.stride;
    if (this.isPoisson) {
      drawExponential(this.state);
      this.next[0] = this.next[0]! + EXPONENTIAL[0]! * this.gapNs;
    }
    this.settle();
  }

  /** `next[1]` is set, with Poisson arrivals `next[0]` too: sets the time that belongs to it. */
  settle(): void {
    if (this.isCounted) this.next[0] = this.#timeOf(this.next[1]!);
    else if (!this.isPoisson) this.#stretch();
    if (this.next[1]! >= this.#count || (!this.isCounted && this.next[0]! >= this.endNs)) this.next[0] = FOREVER;
  }

  #timeOf(number: number): number {
    const burst = Math.floor(number / this.#burstSize);
    return this.#startNs + burst * this.#periodNs + (number - burst * this.#burstSize) * this.gapNs;
  }

  /** One more draw in operational time. Rounding must not lead back. */
  #stretch(): void {
    const curve = this.#curve!;
    curve.operational[0] = curve.operational[0]! + nextExponential(this.state);
    curve.invert();
    this.next[0] = Math.max(this.next[0]!, curve.timeNs[0]!);
  }

  /** Sets `piece`, in which times follow from places, or from draws with Poisson. Of rates that change each arrival is a piece. */
  findPiece(): void {
    const number = this.next[1]!;
    const piece = this.piece;
    if (this.isCounted) {
      const burst = Math.floor(number / this.#burstSize);
      const first = burst * this.#burstSize;
      piece[0] = this.#startNs + burst * this.#periodNs;
      piece[1] = number - first;
      piece[2] = Math.ceil((Math.min(this.#count, first + this.#burstSize) - number) / this.stride);
    } else piece[2] = this.isPoisson ? this.#left() : 1;
  }

  #left(): number {
    return Math.ceil((this.#count - this.next[1]!) / this.stride);
  }

  /**
   * Skips all arrivals before `untilNs` (with `inclusive` also those at it) and answers their number: counted, or drawn (the next one known, the
   * rest a Poisson number, and a fresh gap from there: memoryless).
   */
  passOver(untilNs: number, inclusive: boolean): number {
    const first = this.next[0]!;
    if (first > untilNs || (first === untilNs && !inclusive)) return 0;
    const number = this.next[1]!;
    const n = this.isCounted ? (this.#firstFrom(untilNs, inclusive) - number) / this.stride : this.#draw(untilNs);
    this.next[1] = number + n * this.stride;
    this.settle();
    return n;
  }

  /**
   * The first of the counted arrivals passed over that came at or after `ns`: its time, Infinity when there is none. Of drawn ones the first
   * moment at which one may have come.
   */
  passedFrom(ns: number): number {
    if (!this.isCounted) return this.#curve === null ? ns : this.#curve.possibleFrom(ns);
    const number = this.#firstFrom(ns, false);
    return number < this.next[1]! ? this.#timeOf(number) : FOREVER;
  }

  /** Number of this host's first arrival that is not before `ns` (with `after`: that is after it). */
  #firstFrom(ns: number, after: boolean): number {
    const own = this.next[1]! % this.stride;
    return own + Math.ceil((this.#countUpTo(ns, after) - own) / this.stride) * this.stride;
  }

  /** Number of counted arrivals up to `untilNs`, from the first one on, of all hosts. */
  #countUpTo(untilNs: number, inclusive: boolean): number {
    const size = this.#burstSize;
    let burst = this.#periodNs > 0 ? Math.max(0, Math.floor((untilNs - this.#startNs) / this.#periodNs) - 1) : 0;
    for (; burst * size < this.#count; burst++) {
      const most = Math.min(size, this.#count - burst * size);
      const n = this.#countInBurst(this.#startNs + burst * this.#periodNs, most, untilNs, inclusive);
      if (n < most) return burst * size + n;
    }
    return this.#count;
  }

  #countInBurst(fromNs: number, most: number, untilNs: number, inclusive: boolean): number {
    const guess = this.gapNs > 0 ? Math.floor((untilNs - fromNs) / this.gapNs) - 1 : 0;
    let n = Math.min(most, Math.max(0, guess));
    while (n < most && this.#isUpTo(fromNs + n * this.gapNs, untilNs, inclusive)) n = this.gapNs > 0 ? n + 1 : most;
    return n;
  }

  #isUpTo(ns: number, untilNs: number, inclusive: boolean): boolean {
    return ns < untilNs || (inclusive && ns === untilNs);
  }

  /** Draws how many come up to `untilNs`, and where the draws go on from. */
  #draw(untilNs: number): number {
    const to = Math.min(untilNs, this.endNs);
    const curve = this.#curve;
    const reached = curve === null ? 0 : curve.expectedUntil(to);
    const mean = curve === null ? (to - this.next[0]!) / this.gapNs : reached - curve.operational[0]!;
    const n = Math.min(this.#left(), 1 + nextPoisson(this.state, Math.max(0, mean)));
    if (curve !== null) curve.operational[0] = Math.max(curve.operational[0]!, reached);
    this.next[0] = curve === null ? to + nextExponential(this.state) * this.gapNs : to;
    return n;
  }
}

/** What a share may have beyond its part of a bound, so that the bound that no whole stream reaches is none for a share: twelve standard deviations. */
function slackOf(count: number, hostCount: number): number {
  return hostCount === 1 ? 0 : hostCount * (12 * Math.sqrt(count / hostCount) + 64);
}
