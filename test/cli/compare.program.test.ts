/**
 * Goal    `compare` says what differs between two summaries, what cannot be compared, and what is no summary.
 * Method  Summaries that `run --json` wrote; the built program.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { EXPERIMENT, folderOf } from "./experiments.ts";
import { runCli } from "./run-cli.ts";

const path = folderOf({
  "small.yaml": EXPERIMENT,
  "patient.yaml": EXPERIMENT.replace("backlog: 8", "backlog: 64"),
  "other.yaml": EXPERIMENT.replace("  queue:", "  another:"),
  "none.json": '{"format": "something else"}',
});
const [a, b] = [path("a.json"), path("b.json")];
const compare = (...args: readonly string[]) => runCli(["compare", ...args]);

beforeAll(async () => {
  const write = (experiment: string, file: string, ...args: string[]) =>
    runCli(["run", path(experiment), "--json", file, "--no-advice", ...args]);
  await Promise.all([
    write("small.yaml", a),
    write("patient.yaml", b),
    write("small.yaml", path("seeds.json"), "--seed", "7"),
    write("other.yaml", path("other.json")),
    write("small.yaml", path("one.json"), "--tuning", "cookies"),
  ]);
});

test("a summary is equal to itself", async () => {
  const { code, stdout } = await compare(a, a);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^(\d+) of \1 metrics are the same\n$/);
});

test("what differs is a row, before and after", async () => {
  const { code, stdout } = await compare(a, b);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^as_is +legit.served_ratio +[\d.]+ % +[\d.]+ % +\S/m);
  expect(stdout).not.toMatch(/^queue /m);
});

test("as Markdown all rows have as many cells", async () => {
  const { stdout } = await compare(a, b, "--markdown");
  const rows = stdout.split("\n").filter((line) => line.startsWith("|"));
  expect(rows.length).toBeGreaterThan(2);
  for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
});

test("as JSON it is what the library gives", async () => {
  const { stdout } = await compare(a, b, "--json");
  const { differences, notes } = JSON.parse(stdout);
  expect(notes).toEqual([]);
  expect(differences[0]).toMatchObject({ tuning: "as_is", metric: "legit.served_ratio" });
});

describe("what the reader must know is noted", () => {
  const rows = [
    ["seeds.json", /note: the seeds differ, so the clients do: no difference has an interval/, "other seeds"],
    [
      "other.json",
      /note: tuning "queue" is in the first summary only\nnote: tuning "another" is in the second/,
      "other tunings",
    ],
    ["one.json", /note: tuning "as_is" is in the first summary only/, "tunings that are missing"],
  ] as const;
  for (const [file, note, why] of rows) {
    test(why, async () => {
      const { code, stdout } = await compare(a, path(file));
      expect(code).toBe(0);
      expect(stdout).toMatch(note);
    });
  }
});

describe("what is no summary ends with 104, and both are looked at", () => {
  const rows = [
    [[a, "absent.json"], 104, /^absent.json: no such file\n$/, "no file"],
    [[path("none.json"), path("small.yaml")], 104, /none.json: [\s\S]*small.yaml: /, "no summary, and no JSON"],
    [["-", "-"], 2, /only one of both summaries can come from standard input/, "one stream for two"],
  ] as const;
  for (const [args, code, stderr, why] of rows) {
    test(why, async () => {
      const result = await compare(...args);
      expect(result).toMatchObject({ code, stdout: "" });
      expect(result.stderr).toMatch(stderr);
      expect(result.stderr).not.toMatch(/^ +at /m);
    });
  }
});
