/** The rows that people read: what stands in them, and which are left out. */
import { describe, expect, test } from "vitest";
import { formatMean, formatMs, formatRatio, summaryTable } from "../../src/results/summary-table.ts";
import { clients, latencies, listener, measure, summary, tuning } from "./summaries.ts";

describe("numbers for people", () => {
  const rows = [
    [formatMean(0), "0", "nothing"],
    [formatMean(2.25), "2.3", "one decimal below ten"],
    [formatMean(1234.5), "1235", "none above"],
    [formatRatio(1), "100 %", "all"],
    [formatRatio(0.9999), "> 99.9 %", "not quite all is not called all"],
    [formatRatio(0.0001), "< 0.1 %", "not quite nothing is not called nothing"],
    [formatRatio(0), "0 %", "nothing"],
    [formatRatio(0.9734), "97.3 %", "one decimal"],
    [formatMs(0), "0", "no time"],
    [formatMs(0.412), "0.41 ms", "below ten milliseconds"],
    [formatMs(34.2), "34 ms", "below a second"],
    [formatMs(3050), "3.05 s", "seconds"],
  ] as const;
  for (const [text, expected, why] of rows) test(`${expected}: ${why}`, () => expect(text).toBe(expected));
});

const labelsOf = (sections: ReturnType<typeof summaryTable>): string[] =>
  sections.flatMap(({ title, rows }) => rows.map(({ label }) => `${title}: ${label}`));

test("rows that say nothing in any tuning are left out", () => {
  const labels = labelsOf(summaryTable(summary()));
  expect(labels).toContain('clients "clients": served');
  expect(labels.filter((label) => /failed|lost|gave up|response|served after|workers|thresholds/.test(label))).toEqual(
    [],
  );
});

test("a row has a cell for each tuning, and a dash where a tuning does not have the workload", () => {
  const late = tuning({ name: "late", clients: [clients({ connect_latency_ms: latencies(3000) })] });
  const none = tuning({ name: "none", clients: [] });
  const [section] = summaryTable(summary({ tunings: [tuning(), late, none] }));
  expect(section?.rows.find(({ label }) => label === "connect p99")?.cells).toEqual(["1.00 ms", "3.00 s", "-"]);
});

describe("the comb", () => {
  const of = (...seconds: number[]) =>
    tuning({ clients: [clients({ steps: seconds.map((at_s, k) => ({ at_s, established: measure(10 * k) })) })] });
  const combOf = (...tunings: ReturnType<typeof of>[]) =>
    summaryTable(summary({ tunings }))[0]?.rows.filter(({ label }) => label.startsWith("connected by"));

  test("names the second at which each SYN was due", () => {
    expect(combOf(of(0, 1.02, 3.04))).toEqual([
      { label: "connected by the SYN due at 1 s", cells: ["10"] },
      { label: "connected by the SYN due at 3 s", cells: ["20"] },
    ]);
  });

  test("has a dash where a tuning's clients send no SYN at that second, and 0 where none of them had to", () => {
    expect(combOf(of(0, 1, 2, 3), of(0, 1, 3), of(0))).toEqual([
      { label: "connected by the SYN due at 1 s", cells: ["10", "10", "0"] },
      { label: "connected by the SYN due at 2 s", cells: ["20", "-", "0"] },
      { label: "connected by the SYN due at 3 s", cells: ["30", "20", "0"] },
    ]);
  });
});

test("listeners that share a port are told apart", () => {
  const titles = summaryTable(summary({ tunings: [tuning({ listeners: [listener(), listener()] })] })).map(
    ({ title }) => title,
  );
  expect(titles).toEqual(expect.arrayContaining(["port 80", "port 80, listener 2"]));
});

test("thresholds are said per tuning", () => {
  const thresholds = [{ threshold: "a > 1", tuning: "as_is", value: 0, holds: false }];
  const section = summaryTable(summary({ thresholds })).find(({ title }) => title === "thresholds");
  expect(section?.rows).toEqual([{ label: "a > 1", cells: ["FAILS"] }]);
});
