/**
 * Goal    A typing error leads to the word that was meant, and a foreign word to none.
 * Method  One row is one word.
 */
import { expect, test } from "vitest";
import { editDistance, nearest } from "../../src/base/nearest.ts";

const keys = ["backlog", "port", "reuseport", "rate_per_s"];

const words = [
  ["baklog", "backlog", "a letter is missing"],
  ["backlogg", "backlog", "a letter too many"],
  ["bakclog", "backlog", "two letters are swapped"],
  ["prot", "port", "a swap is one edit, not two"],
  ["rate_per_sec", "rate_per_s", "the end differs"],
  ["timeout", undefined, "nothing is near"],
  ["", undefined, "an empty word is near to nothing"],
] as const;

for (const [word, expected, why] of words) {
  test(`"${word}" leads to ${expected ?? "nothing"}: ${why}`, () => {
    expect(nearest(word, keys)).toBe(expected);
  });
}

const distances = [
  ["", "", 0],
  ["", "abc", 3],
  ["abc", "", 3],
  ["kitten", "sitting", 3],
  ["ab", "ba", 1],
] as const;

for (const [a, b, distance] of distances) {
  test(`"${a}" and "${b}" are ${distance} apart`, () => {
    expect(editDistance(a, b)).toBe(distance);
  });
}

test("words beyond any typing are not compared", () => {
  expect(editDistance("x".repeat(100_000), "y".repeat(100_000))).toBe(Number.POSITIVE_INFINITY);
});
