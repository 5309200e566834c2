/**
 * Search: the end of a scale at which something begins to hold: the smallest value for `min`, the largest one for `max`.
 *
 * Method      A coarse grid over the whole scale, then bisection between neighbours of which one holds and one does not. Points on both sides of the answer, close
 *             and farther away, show whether it is monotone there; where it fails again beyond the answer, the end of that window is bisected too.
 *             The interval is the set of values of which the runs do not say for sure on which side they are.
 * Positions   Counted from the end at which it should fail: from `lo` for `min`, from `hi` for `max`. So both goals are one search.
 * Invariants  Every value is evaluated once. The answer holds, and the value before it does not, unless the answer is the end of the scale.
 */
import type { Scale } from "./scale.ts";

export type Goal = "min" | "max";

/** What came of one value. */
export interface Judged {
  readonly holds: boolean;
  /** Beyond chance, as far as the seeds tell. */
  readonly isSure: boolean;
  /** How far from failing, 0 at the limit; only compared. */
  readonly margin: number;
}

/** In the order of the values. */
export type Evaluate<P extends Judged> = (values: readonly number[]) => Promise<readonly P[]>;

export interface Point<P> {
  readonly value: number;
  readonly judged: P;
}

export interface Found<P> {
  /** All that were evaluated, the smallest value first. */
  readonly points: readonly Point<P>[];
  /** null: no value holds. */
  readonly answer: Point<P> | null;
  /** Its neighbour that fails; null where the answer is the end of the scale. */
  readonly before: Point<P> | null;
  /** Values that may be the answer, the smaller one first; null: the end of the scale is not sure either. */
  readonly interval: readonly [number | null, number | null];
  /** Beyond the answer, where it fails again, and the last value before that holds; null: it holds wherever it was tried. */
  readonly again: { readonly holdsTo: Point<P>; readonly failsFrom: Point<P> } | null;
  /** The value with the largest margin; of those that differ from it as little as chance does, the one that asks for most. */
  readonly best: Point<P>;
}

/** The scale is halved so often for the coarse grid: nine values. */
const HALVINGS = 3;
/** Where nothing holds, so often the search looks closer around the best value. */
const CLOSER = 4;
/** How far from the answer it is looked whether all is monotone, as shares of the answer. */
const PROBES = [0.02, 0.1, 0.3] as const;
/** Probes can find an answer beyond the first one; then it is searched again, at most so often. */
const MAX_ANSWERS = 4;
/** Margins that differ by less are alike: they are shares of a limit. */
const AS_GOOD = 0.02;
/** Ends of intervals and windows are as exact as this share. */
const FINE = 0.01;

/** `also`: a value that is evaluated too, if it is one of the scale's. */
export async function search<P extends Judged>(
  scale: Scale,
  goal: Goal,
  evaluate: Evaluate<P>,
  also: number | null = null,
): Promise<Found<P>> {
  return new Search(scale, goal, evaluate).run(also);
}

class Search<P extends Judged> {
  readonly #scale: Scale;
  readonly #goal: Goal;
  readonly #evaluate: Evaluate<P>;
  readonly #known = new Map<number, P>();

  constructor(scale: Scale, goal: Goal, evaluate: Evaluate<P>) {
    this.#scale = scale;
    this.#goal = goal;
    this.#evaluate = evaluate;
  }

  async run(also: number | null): Promise<Found<P>> {
    const wanted = also === null ? [] : [this.#nearest(also)].filter((position) => this.#value(position) === also);
    await this.#ask([...this.#coarse(), ...wanted]);
    if (this.#first(holds) === null) await this.#lookCloser();
    let answer = await this.#bisectAnswer();
    if (answer === null) return this.#found(null, [null, null], null);
    for (let round = 1; round < MAX_ANSWERS; round++) {
      await this.#ask(this.#around(answer));
      if (this.#first(holds) === answer) break;
      answer = (await this.#bisectAnswer()) ?? answer;
    }
    const interval = [await this.#lowEnd(answer), await this.#highEnd(answer)] as const;
    return this.#found(answer, interval, await this.#window(answer));
  }

  /** The first position that holds of those that are known, and its neighbour does not. */
  async #bisectAnswer(): Promise<number | null> {
    const first = this.#first(holds);
    if (first === null || first === 0) return first;
    const before = this.#last((judged, position) => position < first && !judged.holds);
    return before === null ? first : (await this.#bisect(before, first, holds, 0))[1];
  }

  /** Halves of halves: `middle` knows whether the scale is a logarithmic one. */
  #coarse(): number[] {
    let positions = [0, this.#scale.last];
    for (let halving = 0; halving < HALVINGS; halving++) {
      positions = positions.flatMap((from, index) => {
        const to = positions[index + 1];
        return to === undefined || to - from < 2 ? [from] : [from, this.#middle(from, to)];
      });
    }
    return positions;
  }

  async #lookCloser(): Promise<void> {
    for (let round = 0; round < CLOSER && this.#first(holds) === null; round++) {
      const positions = this.#positions();
      const at = positions.indexOf(this.#best());
      const pairs = [positions.slice(Math.max(0, at - 1), at + 1), positions.slice(at, at + 2)];
      await this.#ask(
        pairs.flatMap(([from, to]) => (from === undefined || to === undefined ? [] : this.#inside(from, to))),
      );
    }
  }

  #inside(from: number, to: number): number[] {
    return to - from < 2 ? [] : [this.#middle(from, to)];
  }

  /** Positions near the answer and farther away, on both sides. */
  #around(answer: number): number[] {
    const value = this.#value(answer);
    return PROBES.flatMap((share) => [this.#nearest(value * (1 - share)), this.#nearest(value * (1 + share))]).concat(
      answer + 1 <= this.#scale.last ? [answer + 1] : [],
    );
  }

  /** Where it begins not to be sure that it fails. */
  async #lowEnd(answer: number): Promise<number | null> {
    const fails = (judged: P): boolean => !judged.holds && judged.isSure;
    const from = this.#last((judged, position) => position < answer && fails(judged));
    if (from === null) return null;
    const to = this.#first((_, position) => position > from) ?? answer;
    const [, first] = await this.#bisect(from, to, (judged) => !fails(judged), FINE);
    return this.#value(first);
  }

  /** Where it begins to be sure that it holds. */
  async #highEnd(answer: number): Promise<number | null> {
    const sure = (judged: P): boolean => judged.holds && judged.isSure;
    const to = this.#first((judged, position) => position >= answer && sure(judged));
    if (to === null) return null;
    const from = this.#last((_, position) => position < to) ?? to;
    if (from < answer) return this.#value(to);
    const [, first] = await this.#bisect(from, to, sure, FINE);
    return this.#value(first);
  }

  async #window(answer: number): Promise<Found<P>["again"]> {
    const fails = (sure: boolean) => (judged: P, position: number) =>
      position > answer && !judged.holds && (judged.isSure || !sure);
    // A value that fails by chance is no end of a window that goes on beyond it.
    const to = this.#first(fails(true)) ?? this.#first(fails(false));
    if (to === null) return null;
    const from = this.#last((judged, position) => position < to && judged.holds) ?? answer;
    const [last, first] = await this.#bisect(from, to, (judged) => !judged.holds, FINE);
    return { holdsTo: this.#point(last), failsFrom: this.#point(first) };
  }

  /** `is` is false at `from` and true at `to`: the neighbours, or two as close as `fine` asks, between which it turns. */
  async #bisect(from: number, to: number, is: (judged: P) => boolean, fine: number): Promise<[number, number]> {
    let [low, high] = [from, to];
    while (high - low > 1 && !this.#isFine(low, high, fine)) {
      const middle = this.#middle(low, high);
      await this.#ask([middle]);
      if (is(this.#at(middle))) high = middle;
      else low = middle;
    }
    return [low, high];
  }

  #isFine(from: number, to: number, fine: number): boolean {
    const [a, b] = [this.#value(from), this.#value(to)];
    return Math.abs(a - b) <= fine * Math.max(Math.abs(a), Math.abs(b));
  }

  async #ask(positions: readonly number[]): Promise<void> {
    const unknown = [...new Set(positions)].filter((position) => !this.#known.has(position)).sort((a, b) => a - b);
    if (unknown.length === 0) return;
    const judged = await this.#evaluate(unknown.map((position) => this.#value(position)));
    for (const [index, position] of unknown.entries()) this.#known.set(position, judged[index] as P);
  }

  #index(position: number): number {
    return this.#goal === "min" ? position : this.#scale.last - position;
  }

  #value(position: number): number {
    return this.#scale.at(this.#index(position));
  }

  #middle(from: number, to: number): number {
    const [a, b] = [this.#index(from), this.#index(to)];
    return this.#index(this.#scale.middle(Math.min(a, b), Math.max(a, b)));
  }

  /** The position whose value is nearest to `value`. */
  #nearest(value: number): number {
    let [low, high] = [0, this.#scale.last];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#scale.at(middle) <= value) low = middle;
      else high = middle;
    }
    return this.#index(value - this.#scale.at(low) <= this.#scale.at(high) - value ? low : high);
  }

  #at(position: number): P {
    return this.#known.get(position) as P;
  }

  #point(position: number): Point<P> {
    return { value: this.#value(position), judged: this.#at(position) };
  }

  #positions(): number[] {
    return [...this.#known.keys()].sort((a, b) => a - b);
  }

  #first(is: (judged: P, position: number) => boolean): number | null {
    return this.#positions().find((position) => is(this.#at(position), position)) ?? null;
  }

  #last(is: (judged: P, position: number) => boolean): number | null {
    return this.#positions().findLast((position) => is(this.#at(position), position)) ?? null;
  }

  #best(): number {
    return this.#positions().reduce((best, one) => (this.#at(one).margin > this.#at(best).margin ? one : best));
  }

  /** The last one, which asks for most, of those that are as good as the best. */
  #lastAsGood(): number {
    const best = this.#at(this.#best()).margin;
    return this.#last(({ margin }) => margin >= best - AS_GOOD) ?? 0;
  }

  #found(
    answer: number | null,
    [near, far]: readonly [number | null, number | null],
    again: Found<P>["again"],
  ): Found<P> {
    const before = answer === null || answer === 0 ? null : this.#point(answer - 1);
    const points = this.#positions().map((position) => this.#point(position));
    return {
      points: points.sort((a, b) => a.value - b.value),
      answer: answer === null ? null : this.#point(answer),
      before,
      interval: this.#goal === "min" ? [near, far] : [far, near],
      again,
      best: this.#point(this.#lastAsGood()),
    };
  }
}

const holds = ({ holds }: Judged): boolean => holds;
