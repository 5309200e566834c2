/**
 * Goal    What a sweep writes is what it reads, to the last digit; rows of anything else are seen.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rowFormatOf } from "../../src/results/sweep-rows.ts";
import type { PointValues, SweepShape } from "../../src/results/sweep-table.ts";
import { SHAPE } from "./sweeps.ts";

const shape: SweepShape = { ...SHAPE, tunings: ["plain", "a,b"], metrics: ["legit.served_ratio", "synacks_out"] };
const values: PointValues = [
  [0.1, null, 0.3],
  [1, 2, 3],
];
const linesOf = (text: string): string[] => text.split("\n").slice(0, -1);

describe.each(["points.jsonl", "points.csv", "points"])("%s", (file) => {
  const format = rowFormatOf(file, shape, "f00d");

  test("any numbers come back, of any point", () => {
    const number = fc.option(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
      { nil: null },
    );
    const perSeed = fc.array(number, { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.nat(11), fc.tuple(perSeed, perSeed), (point, written) => {
        const lines = linesOf(format.encode(point, written));
        expect(lines).toHaveLength(format.linesPerPoint);
        expect(format.decode(point, lines)).toEqual(written);
      }),
    );
  });

  type Damage = readonly [(line: string) => string, string];
  test.each<Damage>([
    [(line: string) => line.slice(0, -3), "a line that was cut"],
    [(line: string) => line.replace("0.3", "0.x"), "a number that is none"],
    [(line: string) => line.replace("plain", "other"), "another tuning"],
    [() => "", "an empty line"],
  ])("%s is not taken: %s", (damage, _why) => {
    const lines = linesOf(format.encode(3, values));
    const damaged = lines.map((line, index) => (index === lines.length - 1 ? damage(line) : line));
    expect(format.decode(3, lines)).toEqual(values);
    expect(format.decode(3, damaged)).toBeNull();
  });

  test("a row is that of its point only", () => {
    expect(format.decode(4, linesOf(format.encode(3, values)))).toBeNull();
  });
});

test("JSON lines: the head says what was swept, rows where and what", () => {
  const format = rowFormatOf("x.jsonl", shape, "f00d");
  expect(JSON.parse(format.head)).toMatchObject({ fingerprint: "f00d", points: 12, seeds: [1, 2, 3], sample: "grid" });
  expect(JSON.parse(format.encode(7, values))).toEqual({
    ...{ point: 7, tuning: "a,b", at: { a: 1, b: 20 } },
    mean: { "legit.served_ratio": 0.2, synacks_out: 2 },
    per_seed: { "legit.served_ratio": [0.1, null, 0.3], synacks_out: [1, 2, 3] },
  });
});

test("CSV: a line for each seed, nothing where nothing was measured", () => {
  const format = rowFormatOf("x.CSV", shape, "f00d");
  expect(format.head).toBe("sweep,point,tuning,a,b,seed,legit.served_ratio,synacks_out\r\n");
  expect(format.encode(7, values)).toBe(
    'f00d,7,"a,b",1,20,1,0.1,1\r\nf00d,7,"a,b",1,20,2,,2\r\nf00d,7,"a,b",1,20,3,0.3,3\r\n',
  );
});

test("CSV of another sweep is seen in each row", () => {
  const [ours, other] = ["f00d", "beef"].map((fingerprint) => rowFormatOf("x.csv", shape, fingerprint));
  expect(ours?.decode(0, linesOf(other?.encode(0, values) ?? ""))).toBeNull();
});
