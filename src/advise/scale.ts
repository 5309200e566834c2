/**
 * Scale: the values that a search may try, in order, and which one lies in the middle of two.
 *
 * Kinds       Whole numbers: each of them. Others: three significant digits where the range spans a decade or more, else steps of a thousandth to
 *             a hundredth of it, a power of ten; both ends as they were given.
 * Invariants  Index 0 is `lo`, `last` is `hi`. Values rise with their index.
 */
export interface Scale {
  readonly last: number;
  readonly isWhole: boolean;
  /** For people. */
  readonly resolution: string;
  readonly at: (index: number) => number;
  /** The index strictly between two that are not neighbours: the geometric mean where the range spans a decade, else the arithmetic one. */
  readonly middle: (from: number, to: number) => number;
}

/** `lo` < `hi`, both finite; whole numbers if `isWhole`. */
export const scaleOf = (lo: number, hi: number, isWhole: boolean): Scale =>
  isWhole ? wholeScale(lo, hi) : realScale(lo, hi);

const spansDecade = (lo: number, hi: number): boolean => lo > 0 && hi >= 10 * lo;

function wholeScale(lo: number, hi: number): Scale {
  // 0 has no place on a logarithmic scale: counted from 1 on, it has.
  const shift = lo === 0 ? 1 : 0;
  const isLog = spansDecade(lo + shift, hi + shift);
  const middle = (from: number, to: number): number => {
    if (!isLog) return Math.floor((from + to) / 2);
    return strictlyBetween(from, to, Math.round(Math.sqrt((lo + from + shift) * (lo + to + shift))) - shift - lo);
  };
  return { last: hi - lo, isWhole: true, resolution: "whole numbers", at: (index) => lo + index, middle };
}

const strictlyBetween = (from: number, to: number, index: number): number =>
  Math.min(to - 1, Math.max(from + 1, index));

function realScale(lo: number, hi: number): Scale {
  const isLog = spansDecade(lo, hi);
  const inside = isLog ? threeDigits(lo, hi) : steps(lo, hi);
  const values = [lo, ...inside, hi];
  const at = (index: number): number => values[index] as number;
  const middle = (from: number, to: number): number => {
    if (!isLog) return Math.floor((from + to) / 2);
    const mean = Math.sqrt(at(from) * at(to));
    return strictlyBetween(
      from,
      to,
      values.findIndex((value) => value >= mean),
    );
  };
  return {
    last: values.length - 1,
    isWhole: false,
    resolution: isLog ? "three significant digits" : `steps of ${stepOf(lo, hi)}`,
    ...{ at, middle },
  };
}

function threeDigits(lo: number, hi: number): number[] {
  const values: number[] = [];
  for (let exponent = Math.floor(Math.log10(lo)) - 2; ; exponent++) {
    for (let mantissa = 100; mantissa < 1000; mantissa++) {
      // By its digits: 0.1 * 3 is not 0.3.
      const value = Number(`${mantissa}e${exponent}`);
      if (value >= hi) return values;
      if (value > lo) values.push(value);
    }
  }
}

const exponentOf = (lo: number, hi: number): number => Math.floor(Math.log10(hi - lo)) - 2;
const stepOf = (lo: number, hi: number): number => Number(`1e${exponentOf(lo, hi)}`);

function steps(lo: number, hi: number): number[] {
  const exponent = exponentOf(lo, hi);
  const values: number[] = [];
  for (let count = Math.floor(lo / stepOf(lo, hi)); ; count++) {
    const value = Number(`${count}e${exponent}`);
    if (value >= hi) return values;
    if (value > lo) values.push(value);
  }
}
