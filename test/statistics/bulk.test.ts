/**
 * Goal    Bulk and packet by packet give the same distribution with Poisson arrivals: a sample of bulk.long.test.ts.
 * Method  bulk.ts says how.
 */
import { expect, test } from "vitest";
import { compareClass, describeComparison, LARGEST_Z } from "./bulk.ts";

test.each(["last quarter", "cookies", "rates that change", "a full ring"])(
  "bulk agrees with packet by packet over 60 seeds: %s",
  (name) => {
    const comparisons = compareClass(name, 60);
    expect(comparisons.length).toBeGreaterThan(40);
    expect(comparisons.filter(({ z }) => Math.abs(z) > LARGEST_Z).map(describeComparison)).toEqual([]);
  },
);
