/**
 * Goal    Conversions are exact where users write decimal fractions; formats read well.
 * Method  One row is one value.
 */
import { expect, test } from "vitest";
import { formatBytes, formatCount, formatSeconds, nsToSeconds, secondsToNs } from "../../src/base/units.ts";

test.each([
  [0.3, 300_000_000, "0.3 has no exact binary form"],
  [1.0025, 1_002_500_000, "as in the recordings"],
  [1e6, 1e15, "the longest run is exact: below 2^53 ns"],
  [0, 0, "nothing"],
])("%d s are %d ns (%s)", (seconds, ns) => {
  expect(secondsToNs(seconds)).toBe(ns);
  expect(nsToSeconds(ns)).toBe(seconds);
});

test.each([
  [341, "341 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [174_592, "170.5 KiB"],
  [357_564_416, "341.0 MiB"],
  [2 ** 40, "1.0 TiB"],
])("%d bytes read %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, "0"],
  [999, "999"],
  [65_535, "65535"],
  [100_000, "100 000"],
  [-131_072, "-131 072"],
  [1_048_576, "1 048 576"],
])("%d reads %s", (count, text) => {
  expect(formatCount(count)).toBe(text);
});

test.each([
  [0, "0 s"],
  [0.05, "50 ms"],
  [0.9999, "999.9 ms"],
  [1, "1 s"],
  [19.5, "19.5 s"],
])("%d s read %s", (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});
