/**
 * Goal    A CSV of rates is read as a spreadsheet writes it, and its faults have their line.
 * Method  One row is one text.
 */
import { expect, test } from "vitest";
import { MAX_FILES, parseTrace, TraceFiles } from "../../src/config/trace-file.ts";

const texts = [
  // text, rows, issues, why
  [
    "0,5\n10,0\n",
    [
      [0, 5],
      [10, 0],
    ],
    [],
    "numbers",
  ],
  ["time_s,rate_per_s\n0,5", [[0, 5]], [], "a header"],
  ["\uFEFFtime,rate\r\n0,5\r\n", [[0, 5]], [], "as Windows writes it"],
  [
    "# a\n\ntime,rate\n\n0 , 5e2\n# b\n.5,1\n",
    [
      [0, 500],
      [0.5, 1],
    ],
    [],
    "comments, blank lines and spaces",
  ],
  ["time,rate\ntime,rate\n0,5", [[0, 5]], ["2 wrong-type"], "two headers"],
  ["0,5\ntime,rate", [[0, 5]], ["2 wrong-type"], "a header that comes late"],
  ["time,5\n0,5", [[0, 5]], ["1 wrong-type"], "a header has no numbers"],
  ["0,5,\n0", [], ["1 wrong-type", "2 wrong-type"], "too many and too few"],
  [
    "-1,5\n0,2e9\n1,Infinity\n2,0x5",
    [],
    ["1 out-of-range", "2 out-of-range", "3 wrong-type", "4 wrong-type"],
    "numbers beyond the limits, and words",
  ],
  [
    "5,1\n5,1\n4,1\n6,1",
    [
      [5, 1],
      [5, 1],
      [4, 1],
      [6, 1],
    ],
    ["2 conflict", "3 conflict"],
    "times that do not rise",
  ],
  ["", [], ["1 missing-key"], "nothing"],
  ["time,rate\n", [], ["1 missing-key"], "a header alone"],
  [
    "1,y,z\n".repeat(50),
    [],
    Array.from({ length: 20 }, (_, line) => `${line + 1} wrong-type`),
    "garbage is reported up to a limit",
  ],
] as const;

for (const [text, rows, issues, why] of texts) {
  test(`${JSON.stringify(text.slice(0, 40))}: ${why}`, () => {
    const parsed = parseTrace(text);
    expect(parsed.issues.map(({ line, code }) => `${line} ${code}`)).toEqual(issues);
    if (issues.length === 0) expect(parsed.rows).toEqual(rows);
  });
}

test("too long a file is refused at the first line beyond", () => {
  const lines = (count: number): string => Array.from({ length: count }, (_, i) => `${i},1`).join("\n");
  expect(parseTrace(lines(100_000)).issues).toEqual([]);
  expect(parseTrace(lines(100_001)).issues.map(({ line, code }) => `${line} ${code}`)).toEqual(["100001 too-many"]);
  expect(parseTrace(" ".repeat(5e6)).issues.map(({ code }) => code)).toEqual(["too-large"]);
});

const workloads = (count: number, path: (index: number) => string) => ({
  workloads: Array.from({ length: count }, (_, index) => ({ name: `w${index}`, trace: path(index) })),
});

test("each file is read once, and not more of them than are allowed", () => {
  const read: string[] = [];
  const traces = new TraceFiles((path) => {
    read.push(path);
    return { ok: true, value: "0,1" };
  });
  traces.resolve(workloads(5, () => "same.csv"));
  traces.resolve(workloads(5, () => "same.csv"));
  expect(read).toEqual(["same.csv"]);
  const { issues } = traces.resolve(workloads(MAX_FILES, (index) => `${index}.csv`));
  expect(read).toHaveLength(MAX_FILES);
  expect(issues.map(({ code, path }) => `${code} ${path.join(".")}`)).toEqual([
    `unreadable workloads.${MAX_FILES - 1}.trace`,
  ]);
});
