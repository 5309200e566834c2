/**
 * Goal    Kernel names are found as users write them, and each rule has a value in every kernel.
 * Method  One row is one name; a few rules are checked on both sides of each change.
 */
import { describe, expect, test } from "vitest";
import {
  COUNTER_KERNELS,
  findKernel,
  KERNEL_NAMES,
  KERNEL_RULES,
  KERNELS,
  ruleValue,
} from "../../src/vocabulary/kernels.ts";

const names = [
  ["6.18", "6.18", true, "a name"],
  ["6.18.44", "6.18", true, "the very tree that was read"],
  ["6.18.15", "6.18.15", true, "a point release of its own"],
  ["6.18.43", "6.18.15", false, "one short of a tree that was read"],
  ["6.18.45", "6.18", false, "newer than any"],
  ["7.2", "6.18", false, "a new series"],
  ["6.1.175", "5.15", false, "an early release of a long-lived series is nearer to the series before"],
  ["6.1.176", "6.1", true, "the tree read of a long-lived series"],
  ["5.15.0-91-generic", "5.15", false, "a distribution's suffix"],
  ["3.10.108", "3.10", true, "two digits after the dot are a number, not a fraction"],
  ["2.6.32.69", "2.6.32", true, "four parts"],
] as const;

describe("a kernel is found", () => {
  for (const [text, name, exact, why] of names) {
    test(`${text} is ${name}: ${why}`, () => {
      expect(findKernel(text)).toMatchObject({ kernel: { name }, exact });
    });
  }
});

const refused = [
  ["2.6.31", "too old", "older than any listed"],
  ["six", "not a version", "no number"],
  ["6", "not a version", "a series needs two parts"],
  ["6.18 or so", "not a version", "text after it"],
] as const;

for (const [text, answer, why] of refused) {
  test(`${text} is ${answer}: ${why}`, () => {
    expect(findKernel(text)).toBe(answer);
  });
}

test("releases go from old to new", () => {
  const key = (release: string): string =>
    release
      .split(".")
      .map((part) => part.padStart(6, "0"))
      .join(".");
  expect(KERNELS.map((kernel) => key(kernel.release))).toEqual(KERNELS.map((kernel) => key(kernel.release)).sort());
});

describe("every rule", () => {
  for (const [id, rule] of Object.entries(KERNEL_RULES)) {
    test(`${id} begins with the oldest kernel and goes on in order, never repeating itself`, () => {
      const steps = Object.entries(rule.steps);
      const at = steps.map(([kernel]) => (KERNEL_NAMES as readonly string[]).indexOf(kernel));
      expect(at[0]).toBe(0);
      expect(at).toEqual([...at].sort((a, b) => a - b));
      for (let i = 1; i < steps.length; i++) expect(steps[i]![1]).not.toBe(steps[i - 1]![1]);
    });
  }
});

const rules = [
  ["synQueueFull", "3.10", "q >= n"],
  ["synQueueFull", "5.15", "q >= b"],
  ["synQueueFull", "6.1", "q > b"],
  ["synQueueFull", "6.8", "q >= b"],
  ["synQueueFull", "6.12", "q > b"],
  ["synQueueFull", "6.18", "q > b"],
  ["acceptFullDropsSyn", "4.4", "a > b && y > 1"],
  ["acceptFullDropsSyn", "4.15", "a > b"],
  ["cookieCountsListenDrop", "4.4", true],
  ["cookieCountsListenDrop", "4.15", false],
  ["rstKillsRequest", "6.18.15", "in window"],
  ["rstKillsRequest", "6.18", "exact"],
] as const;

for (const [id, kernel, value] of rules) {
  test(`${id} in ${kernel} is ${value}`, () => {
    expect(ruleValue(id, kernel)).toBe(value);
  });
}

test("counters that come and go name listed kernels", () => {
  for (const [name, [from, until]] of Object.entries(COUNTER_KERNELS)) {
    expect(KERNEL_NAMES, name).toContain(from);
    if (until !== undefined) expect(KERNEL_NAMES.indexOf(until)).toBeGreaterThan(KERNEL_NAMES.indexOf(from));
  }
});
