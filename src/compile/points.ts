/**
 * Points: a sweep's design → the values of each point, by its number. Nothing is kept, so there may be any number of points.
 *
 * Grid        Every value with every other; the last axis changes fastest.
 * Sample      A Latin hypercube: each axis is cut into as many parts as there are points (on its own scale), and each part is in exactly one point. Which
 *             part, and where in it, is drawn by the seed and the axis's path: another axis, or their order, changes nothing.
 * Source      McKay, Beckman, Conover, Technometrics 21(2), 1979.
 */
import { hash3, hashText, unitOf } from "../base/hash.ts";
import { exp, ln } from "../base/prng.ts";
import type { AxisRange, AxisValue, SweepDesign } from "../vocabulary/sweep.ts";

/** Nobody sets more digits than these, and they are the same on every machine. */
const DIGITS = 6;

export interface Points {
  readonly count: number;
  /** Values in the order of the axes. */
  readonly at: (point: number) => AxisValue[];
}

/** `seed`: of samples; a grid has none. */
export function pointsOf({ axes, samples }: SweepDesign, seed: number): Points {
  if (samples !== null) return hypercube(axes, samples, seed);
  const count = axes.reduce((product, { values }) => product * values.length, 1);
  const at = (point: number): AxisValue[] => {
    let rest = point;
    const chosen = axes.toReversed().map(({ values }) => {
      const value = values[rest % values.length] as AxisValue;
      rest = Math.floor(rest / values.length);
      return value;
    });
    return chosen.reverse();
  };
  return { count, at };
}

function hypercube(axes: SweepDesign["axes"], samples: number, seed: number): Points {
  const drawn = axes.map(({ path }) => {
    const key = hashText(path);
    return { key, parts: permutation(samples, hash3(seed, key, 1)) };
  });
  const at = (point: number): AxisValue[] =>
    axes.map(({ values, range }, index) => {
      const { key, parts } = drawn[index] as (typeof drawn)[number];
      const within = unitOf(hash3(hash3(seed, key, 2), point, 3));
      const share = ((parts[point] as number) + within) / samples;
      return range === null ? (values[Math.floor(share * values.length)] as AxisValue) : valueWithin(range, share);
    });
  return { count: samples, at };
}

/** 0 .. count-1 in an order that the key decides (Fisher and Yates). */
function permutation(count: number, key: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(unitOf(hash3(key, last, 4)) * (last + 1));
    const value = order[last] as number;
    order[last] = order[other] as number;
    order[other] = value;
  }
  return order;
}

/** `share` of the way from one end of the range to the other, 0..1. Whole numbers have equal parts of it each. */
export function valueWithin({ from, to, isLogarithmic, isWhole }: AxisRange, share: number): number {
  const low = isWhole ? from - 0.5 : from;
  const high = isWhole ? to + 0.5 : to;
  const isOnLogScale = isLogarithmic && low > 0;
  const value = isOnLogScale ? low * exp(share * ln(high / low)) : low + share * (high - low);
  return isWhole ? Math.min(to, Math.max(from, Math.round(value))) : Number(value.toPrecision(DIGITS));
}
