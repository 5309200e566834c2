/**
 * Goal    A summary survives the way through text, and a file that is none gets one sentence, whatever is in it.
 * Method  A summary of hand-made results; files damaged in one place each, by hand and at random.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareSummaries } from "../../src/results/compare-summaries.ts";
import { encodeCsv } from "../../src/results/csv.ts";
import { jsonText } from "../../src/results/json-text.ts";
import { encodeSummary, parseSummary } from "../../src/results/summary-text.ts";
import { Gate } from "../../src/vocabulary/gates.ts";
import { experimentOf, extremeAt, fieldAt, handMadeSummary } from "./experiment-of.ts";
import { recordLatencies } from "./hand-made.ts";

const scenario = `{duration_s: 3, server: {listeners: [{port: 80, backlog: 9}]}, workloads: [
  {kind: connections, name: legit, port: 80, start_s: 0, rate_per_s: 9, duration_s: 2},
  {kind: raw, name: flood, packet: syn, port: 80, start_s: 0, rate_per_s: 10, duration_s: 2, source_addresses: 10}]}`;

const experiment = experimentOf(
  { first: scenario, "second, [x , y]": scenario },
  {
    name: 'a "b"',
    description: "[a , b]",
    seeds: [1, 2],
    thresholds: [{ text: "synacks_out < 1", metric: "synacks_out", comparison: "<", limit: 1 }],
  },
);
const summary = handMadeSummary(experiment, (values, layout, { seed, tuning }) => {
  values[fieldAt(layout, 0, "users")] = 10;
  values[fieldAt(layout, 0, "usersServed")] = 3 + seed + tuning;
  values[layout.workloads[0]!.drops + Gate.syn_queue_full] = 2 * seed;
  recordLatencies(values, layout.workloads[0]!.connectLatency, [1500]);
  values[extremeAt(layout, 0, "connectMaxUs")] = 1500;
});
const text = encodeSummary(summary);

describe("a summary", () => {
  test("is read as it was written, and written as it was read", () => {
    const parsed = parseSummary(text);
    expect(parsed).toEqual({ ok: true, value: summary });
    if (parsed.ok) expect(encodeSummary(parsed.value)).toBe(text);
    expect(JSON.parse(text), "any reader of JSON reads it").toEqual(summary);
  });

  test("is JSON with two spaces and lists of numbers on one line", () => {
    expect(text.split("\n").slice(0, 6)).toEqual([
      "{",
      '  "format": "halfopen-summary-1",',
      '  "name": "a \\"b\\"",',
      '  "description": "[a , b]",',
      '  "duration_s": 3,',
      '  "seeds": [1, 2],',
    ]);
    expect(text.endsWith("}\n")).toBe(true);
  });
});

test("whatever JSON can hold survives the way through text", () => {
  const survives = fc.property(fc.jsonValue(), (value) => {
    expect(JSON.parse(jsonText(value))).toEqual(JSON.parse(JSON.stringify(value)));
  });
  fc.assert(survives);
});

test("there is no JSON of NaN", () => {
  expect(() => jsonText({ mean: [Number.NaN] })).toThrow("NaN");
});

type Damage = (copy: typeof summary) => void;
const put =
  (value: unknown, ...path: (string | number)[]): Damage =>
  (copy) => {
    let at = copy as unknown as Record<string | number, unknown>;
    for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
    at[path.at(-1)!] = value;
  };

const damages: readonly (readonly [Damage, string])[] = [
  [put("halfopen-summary-0", "format"), "no summary of an experiment: its format is not halfopen-summary-1"],
  [put(undefined, "tunings"), "a damaged summary: tunings is not a list"],
  [put(7, "tunings", 0), "a damaged summary: tunings[0] is not an object"],
  [put("3", "duration_s"), "a damaged summary: duration_s is not a number"],
  [put("fast", "engine"), "a damaged summary: engine is not one of auto, packet"],
  [
    put(null, "tunings", 1, "clients", 0, "users", "per_seed", 1),
    "a damaged summary: tunings[1].clients[0].users.per_seed[1] is not a number",
  ],
  [
    put({}, "tunings", 0, "clients", 0, "connect_latency_ms"),
    "a damaged summary: tunings[0].clients[0].connect_latency_ms.count is not a number",
  ],
  [
    put({}, "tunings", 0, "clients", 0, "drops", "moat"),
    "a damaged summary: tunings[0].clients[0].drops.moat is unknown",
  ],
  [put([1], "differences", 0, "interval"), "a damaged summary: differences[0].interval is not a pair"],
  [put(1, "thresholds", 0, "holds"), "a damaged summary: thresholds[0].holds is not true or false"],
];

describe("a wrong file is met with a sentence", () => {
  for (const [damage, message] of damages) {
    test(message, () => {
      const copy = structuredClone(summary);
      damage(copy);
      expect(parseSummary(JSON.stringify(copy))).toEqual({ ok: false, error: message });
    });
  }

  for (const json of ["", "{", "null", "[]", "7", '{"format": "halfopen-summary-1"}']) {
    test(JSON.stringify(json), () => {
      expect(parseSummary(json)).toMatchObject({ ok: false, error: expect.stringMatching(/^(not JSON|no|a) ?/) });
    });
  }

  test("whatever one value is replaced by: what passes can be worked with", () => {
    const paths = pathsOf(summary);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        const copy = structuredClone(summary);
        put(value, ...path)(copy);
        const parsed = parseSummary(JSON.stringify(copy));
        if (parsed.ok) {
          encodeCsv(parsed.value);
          compareSummaries(summary, parsed.value);
        } else {
          expect(parsed.error).toMatch(/^(no|a damaged) summary/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Of every value in it. */
function pathsOf(value: unknown): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, child]) => [[key], ...pathsOf(child).map((path) => [key, ...path])]);
}

describe("the CSV of a summary", () => {
  const lines = encodeCsv(summary).split("\r\n");

  test("has a row for each tuning and metric, quoted as RFC 4180 says", () => {
    expect(lines[0]).toBe("experiment,tuning,metric,mean,least,most");
    expect(lines).toContain('"a ""b""",first,legit.served_ratio,0.35,0.3,0.4');
    expect(lines).toContain('"a ""b""","second, [x , y]",legit.served_ratio,0.45,0.4,0.5');
    expect(lines.at(-1), "the last row ends too").toBe("");
  });

  test("has latencies of all seeds, with those of single seeds where they are kept", () => {
    expect(lines).toContain('"a ""b""",first,legit.connect_latency_ms.p99,1.5,1.5,1.5');
    expect(lines).toContain('"a ""b""",first,legit.connect_latency_ms.p50,1.5,,');
  });

  test("leaves out what is 0 in all tunings and what was not measured", () => {
    expect(lines.some((line) => line.includes("legit.drops.syn_queue_full"))).toBe(true);
    expect(lines.filter((line) => /last_quarter|user_latency_ms|TcpExt/.test(line))).toEqual([]);
  });
});
