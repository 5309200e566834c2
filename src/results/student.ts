/**
 * Student's t: the interval of a mean of few numbers.
 *
 * Source      Quantiles 0.975: Abramowitz and Stegun, Handbook of Mathematical Functions, table 26.10; beyond 30 degrees of freedom
 *             formula 26.7.5, which is within 0.0005 there.
 */
import { meanOf, sumOf } from "./tuning-runs.ts";

const T_975: readonly number[] = [
  ...[12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228],
  ...[2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086],
  ...[2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042],
];
/** Of the normal distribution. */
const Z_975 = 1.959964;

/** `degrees`: whole, from 1 on. Two-sided 95 %. */
export function studentT975(degrees: number): number {
  const z = Z_975;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  return T_975[degrees - 1] ?? z + first / degrees + second / (degrees * degrees);
}

/** 95 % interval of the mean; null with fewer than two values. */
export function meanInterval(values: readonly number[]): readonly [number, number] | null {
  const n = values.length;
  if (n < 2) return null;
  const mean = meanOf(values);
  const variance = sumOf(values.map((value) => (value - mean) * (value - mean))) / (n - 1);
  const half = studentT975(n - 1) * Math.sqrt(variance / n);
  return [mean - half, mean + half];
}
