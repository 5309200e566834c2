/** Flips: which values the planner tries, and which of them it calls the answer. */
import { type Flip, flip } from "../flip.ts";

export const PLANNER_FLIPS: readonly Flip[] = [
  flip(
    "search: the value before the answer is the answer",
    "advise/search",
    "this.#bisect(before, first, holds, 0))[1]",
    "this.#bisect(before, first, holds, 0))[0]",
    "advise/search",
    /the smallest that holds/,
  ),
  flip(
    "search: the largest is searched for like the smallest",
    "advise/search",
    'return this.#goal === "min" ? position : this.#scale.last - position;',
    "return position;",
    "advise/search",
    /the largest that holds/,
  ),
  flip(
    "search: nobody looks beyond the answer",
    "advise/search",
    "const to = this.#first(fails(true)) ?? this.#first(fails(false));",
    "const to = null as number | null;",
    "advise/search",
    /is found where it fails again, with the end of the window/,
  ),
  flip(
    "search: the grid is never made closer",
    "advise/search",
    "if (this.#first(holds) === null) await this.#lookCloser();",
    "",
    "advise/search",
    /although the coarse grid meets none of it/,
  ),
  flip(
    "search: an unsure value ends the interval",
    "advise/search",
    "!judged.holds && judged.isSure",
    "!judged.holds",
    "advise/search",
    /has its ends where the runs begin to be sure/,
  ),
  flip(
    "scale: decades are halved like lengths",
    "advise/scale",
    "const spansDecade = (lo: number, hi: number): boolean => lo > 0 && hi >= 10 * lo;",
    "const spansDecade = (lo: number, hi: number): boolean => lo > 0 && hi >= 1e9 * lo;",
    "advise/scale",
    /whole numbers over two decades: the geometric mean/,
  ),
];
