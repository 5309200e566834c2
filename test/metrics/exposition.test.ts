/**
 * Goal    A scrape is what its readers take: both formats, by negotiation, with a limit that says whom it hit.
 * Method  Groups written by hand; a strict reader.
 */
import { describe, expect, test } from "vitest";
import { render, scrapeOf, wantsOpenMetrics } from "../../src/metrics/exposition.ts";
import type { Group } from "../../src/metrics/family.ts";
import { readExposition, seriesValue } from "./exposition-text.ts";

const group = (experiment: string, series: number): Group => ({
  shared: { experiment, tuning: "as_is" },
  families: [
    {
      name: "halfopen_x_total",
      type: "counter",
      help: "X.",
      samples: Array.from({ length: series }, (_, gate) => ({ labels: { gate }, value: gate })),
    },
    { name: "halfopen_y", type: "untyped", help: "Y\nof two lines.", samples: [] },
  ],
});

describe("text by negotiation", () => {
  const asked = [
    [undefined, false, "nothing is said"],
    ["*/*", false, "a browser or curl"],
    ["text/plain;version=0.0.4;q=0.5,*/*;q=0.1", false, "an old Prometheus"],
    ["application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5", true, "a Prometheus"],
    ["application/openmetrics-text;version=1.0.0;q=0.8", true, "with a weight"],
    ["application/openmetrics-text;q=0", false, "a weight of nothing refuses it"],
    ["text/openmetrics", false, "another type"],
  ] as const;
  test.each(asked)("Accept: %s: OpenMetrics %s, %s", (accept, expected, _why) => {
    expect(wantsOpenMetrics(accept)).toBe(expected);
  });

  test("the text format keeps _total in the name and says untyped", async () => {
    const { contentType, body } = await render([group("a", 1)], false);
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(body).toContain("# TYPE halfopen_x_total counter\n");
    expect(body).toContain("# TYPE halfopen_y untyped");
    expect(body).toContain('halfopen_x_total{gate="0",experiment="a",tuning="as_is"} 0\n');
  });

  test("OpenMetrics has it in samples only, says unknown, and ends with EOF", async () => {
    const { contentType, body } = await render([group("a", 1)], true);
    expect(contentType).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(body).toContain("# TYPE halfopen_x counter\n");
    expect(body).toContain("# TYPE halfopen_y unknown");
    expect(body).toContain('halfopen_x_total{gate="0",experiment="a",tuning="as_is"} 0\n');
    expect(body.endsWith("# EOF\n")).toBe(true);
  });
});

test("families of several groups stand together, and names of users are escaped", async () => {
  const { body } = await render([group('a"b\\', 2), group("c", 2)], false);
  expect([...readExposition(body).keys()]).toEqual(["halfopen_x_total", "halfopen_y"]);
  expect(readExposition(body).get("halfopen_x_total")?.series.size).toBe(4);
  expect(body).toContain('experiment="a\\"b\\\\"');
});

test("a family that is brought up to date in place is shown as it is now, in both formats and in whichever group it stands", async () => {
  const one = group("a", 1);
  await render([one], false);
  for (const sample of one.families[0]?.samples ?? []) sample.value = 7;
  expect((await render([one], false)).body).toContain('halfopen_x_total{gate="0",experiment="a",tuning="as_is"} 7\n');
  expect((await render([one], true)).body).toContain('halfopen_x_total{gate="0",experiment="a",tuning="as_is"} 7\n');
  const elsewhere = { ...one, shared: { experiment: "b" } };
  expect((await render([elsewhere], false)).body).toContain('halfopen_x_total{gate="0",experiment="b"} 7\n');
});

describe("the limit of series", () => {
  test("holds what fits to the last one", async () => {
    const { body } = await scrapeOf([group("a", 6), group("b", 4)], false, 10);
    expect(seriesValue(body, "halfopen_series")).toBe(10);
    expect(readExposition(body).get("halfopen_series_cut")?.series.size).toBe(0);
  });

  test("cuts groups as a whole, and says whose", async () => {
    const { body } = await scrapeOf([group("a", 6), group("b", 5), group("c", 4)], false, 10);
    expect(seriesValue(body, "halfopen_series")).toBe(10);
    expect(seriesValue(body, "halfopen_series_limit")).toBe(10);
    expect(seriesValue(body, 'halfopen_series_cut{experiment="b"}')).toBe(5);
    expect(body).not.toContain('experiment="b",tuning');
    expect(seriesValue(body, 'halfopen_x_total{gate="3",experiment="c",tuning="as_is"}')).toBe(3);
  });
});
