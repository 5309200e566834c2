/**
 * A rate that changes over time, as the number of arrivals that it lets expect up to a moment (operational time).
 *
 * Method      A Poisson process of unit rate in operational time is, mapped back to the clock, one of the changing rate (Çinlar 1975). In each piece
 *             the rate is linear, so the way back is the root of a quadratic: sqrt is all it needs, in the form that does not cancel.
 * Units       ns; rates per ns times a piece's length: numbers of arrivals. Fields instead of results: a float64 that a function returns is boxed.
 */
const FOREVER = Number.POSITIVE_INFINITY;
const WORDS = 3;

export class RateCurve {
  /** [0]: how far the arrivals have come, in arrivals expected from the start on. */
  readonly operational = new Float64Array(1);
  /** [0]: what `invert` answers. */
  readonly timeNs = new Float64Array(1);
  readonly #pieces: number;
  readonly #fromNs: Float64Array;
  readonly #lengthNs: Float64Array;
  /** Arrivals of each piece, if the rate were all along that at its start, and that at its end. */
  readonly #atFirst: Float64Array;
  readonly #atLast: Float64Array;
  /** Arrivals expected before each piece; one more entry for the end. */
  readonly #before: Float64Array;
  /** The piece that `invert` was in last. */
  #piece = 0;

  /** `ratePieces` as in the spec, ending at `endNs`; `offsetNs` is added to all times, and rates are divided by `divisor`. */
  constructor(ratePieces: readonly number[], endNs: number, offsetNs: number, divisor: number) {
    const pieces = ratePieces.length / WORDS;
    this.#pieces = pieces;
    this.#fromNs = new Float64Array(pieces);
    this.#lengthNs = new Float64Array(pieces);
    this.#atFirst = new Float64Array(pieces);
    this.#atLast = new Float64Array(pieces);
    this.#before = new Float64Array(pieces + 1);
    for (let p = 0; p < pieces; p++) {
      const [fromNs = 0, first = 0, last = 0, toNs = endNs] = ratePieces.slice(p * WORDS, (p + 1) * WORDS + 1);
      const lengthNs = Math.max(0, toNs - fromNs);
      const arrivalsAt = (ratePerS: number): number => ((ratePerS / divisor) * lengthNs) / 1e9;
      this.#fromNs[p] = fromNs + offsetNs;
      this.#lengthNs[p] = lengthNs;
      this.#atFirst[p] = arrivalsAt(first);
      this.#atLast[p] = arrivalsAt(last);
      this.#before[p + 1] = this.#before[p]! + (this.#atFirst[p]! + this.#atLast[p]!) / 2;
    }
  }

  /** Writes to `timeNs[0]` the moment that belongs to `operational[0]`, which never decreases; Infinity beyond the last piece. */
  invert(): void {
    const wanted = this.operational[0]!;
    while (this.#piece < this.#pieces && wanted >= this.#before[this.#piece + 1]!) this.#piece++;
    const p = this.#piece;
    if (p === this.#pieces) {
      this.timeNs[0] = FOREVER;
      return;
    }
    const first = this.#atFirst[p]!;
    const within = Math.max(0, wanted - this.#before[p]!);
    // first * s + (last - first) / 2 * s² = within, by the share s of the piece's length.
    const root = first + Math.sqrt(Math.max(0, first * first + 2 * (this.#atLast[p]! - first) * within));
    const share = root > 0 ? Math.min(1, (2 * within) / root) : 0;
    this.timeNs[0] = this.#fromNs[p]! + share * this.#lengthNs[p]!;
  }

  /** Arrivals expected up to `ns`. */
  expectedUntil(ns: number): number {
    const p = this.#pieceAt(ns);
    if (p < 0) return 0;
    const lengthNs = this.#lengthNs[p]!;
    const share = lengthNs > 0 ? Math.min(1, (ns - this.#fromNs[p]!) / lengthNs) : 0;
    const first = this.#atFirst[p]!;
    return this.#before[p]! + share * (first + ((this.#atLast[p]! - first) / 2) * share);
  }

  /** The first moment from `ns` on in a piece in which somebody may arrive, Infinity when there is none. */
  possibleFrom(ns: number): number {
    for (let p = Math.max(0, this.#pieceAt(ns)); p < this.#pieces; p++) {
      const isEmpty = this.#before[p + 1] === this.#before[p];
      if (!isEmpty && this.#fromNs[p]! + this.#lengthNs[p]! > ns) return Math.max(ns, this.#fromNs[p]!);
    }
    return FOREVER;
  }

  /** The last piece that begins at or before `ns`, -1 before the first. */
  #pieceAt(ns: number): number {
    let low = -1;
    let high = this.#pieces;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#fromNs[middle]! <= ns) low = middle;
      else high = middle;
    }
    return low;
  }
}
