/**
 * Goal    Bulk and packet by packet give the same distribution with Poisson arrivals: mean, variance and p99 of every number of a run.
 * Method  bulk.ts says how; 1000 seeds each way on ten classes of scenario, |z| <= 4. The number of comparisons is printed: among so many
 *         independent ones, chance alone would pass 4 once in 16 000.
 */
import { afterAll, expect, test } from "vitest";
import { CLASSES, compareClass, describeComparison, LARGEST_Z } from "./bulk.ts";

const SEEDS = 1000;
let count = 0;
let largest = 0;

test.each(Object.keys(CLASSES))(`bulk agrees with packet by packet over ${SEEDS} seeds: %s`, (name) => {
  const comparisons = compareClass(name, SEEDS);
  count += comparisons.length;
  largest = Math.max(largest, ...comparisons.map(({ z }) => Math.abs(z)));
  expect(comparisons.filter(({ z }) => Math.abs(z) > LARGEST_Z).map(describeComparison)).toEqual([]);
});

afterAll(() => {
  process.stdout.write(`${count} comparisons, largest |z| ${largest.toFixed(2)}, allowed ${LARGEST_Z}\n`);
});
