/** Goal  Numbers on the page are short, and never say more than is so. */
import { describe, expect, test } from "vitest";
import {
  countText,
  metricFormats,
  millisecondsText,
  percentText,
  secondsText,
  seedsText,
  signedText,
} from "../../src/report/number-text.ts";

const cases = [
  [countText, 0, "0", "nothing"],
  [countText, 0.02391, "0.024", "two digits of what is small"],
  [countText, 12.345, "12.35", "two decimals below 100"],
  [countText, 540.25, "540.3", "one below 1000"],
  [countText, 622_678.4, "622 678", "none above, in groups from six digits on"],
  [countText, -1234.6, "-1235", "negative"],
  [percentText, 1, "100 %", "all"],
  [percentText, 0.99999, "> 99.99 %", "nearly all is not all"],
  [percentText, 0.00001, "< 0.01 %", "nearly nothing is not nothing"],
  [percentText, 0, "0 %", "nothing"],
  [percentText, 0.559_43, "55.94 %", "in between"],
  [millisecondsText, 0.352, "0.35 ms", "below 10 ms"],
  [millisecondsText, 40.24, "40.2 ms", "below a second"],
  [millisecondsText, 7046.25, "7.05 s", "a second and more"],
  [secondsText, 0.0405, "40.5 ms", "seconds that are milliseconds"],
  [secondsText, 0, "0 s", "no time"],
] as const;

for (const [format, value, text, why] of cases) {
  test(`${format.name}(${value}) is ${text}: ${why}`, () => {
    expect(format(value)).toBe(text);
  });
}

describe("differences", () => {
  const formatsOf = (name: string, unit: string) => metricFormats({ name, unit });

  test("of shares are percentage points, of what is no share plain numbers", () => {
    expect(signedText(0.07, formatsOf("served_ratio", "ratio").difference)).toBe("+7 pp");
    expect(signedText(0.07, formatsOf("amplification_ratio", "ratio").difference)).toBe("+0.07");
  });

  test("have their sign, also in bytes, which come in KiB on both sides of 0", () => {
    const { difference } = formatsOf("half_open_peak_bytes", "bytes");
    expect([2048, 0, -2048].map((bytes) => signedText(bytes, difference))).toEqual(["+2.0 KiB", "0 B", "−2.0 KiB"]);
  });
});

test.each([
  [[7], "7"],
  [[1, 2], "1, 2"],
  [[5, 6, 7], "5 to 7"],
  [[1, 2, 4], "1, 2, 4"],
])("seeds %j are written %s", (seeds, text) => {
  expect(seedsText(seeds)).toBe(text);
});
