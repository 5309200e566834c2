/**
 * Goal    No text makes the parser throw or hang; every answer is a scenario or a list of issues with a place in the text.
 * Method  Arbitrary text; YAML-like text; broken scenarios (a good one with one value replaced by anything); and texts made
 *         to be slow, each within the limits on size.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseScenario } from "../../src/config/parse.ts";
import { places, replaced } from "./places.ts";

function check(text: string): void {
  const result = parseScenario(text);
  if (result.ok) return;
  expect(result.error.length).toBeGreaterThan(0);
  const lines = text.split(/\n/).length;
  for (const issue of result.error) {
    expect(issue.line).toBeGreaterThanOrEqual(1);
    expect(issue.line).toBeLessThanOrEqual(lines);
    expect(issue.column).toBeGreaterThanOrEqual(1);
    expect(issue.message).not.toBe("");
  }
}

test("any text has an answer", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), check), { numRuns: 300 });
});

const tokens = [
  "[",
  "]",
  "{",
  "}",
  ": ",
  "- ",
  "? ",
  ", ",
  "\n",
  "  ",
  "&a ",
  "*a",
  "!!set ",
  "|",
  ">",
  "#",
  "'",
  '"',
  "---",
  "<<",
  "%",
  "\t",
];
const words = [
  "duration_s",
  "server",
  "listeners",
  "port",
  "workloads",
  "name",
  "kind",
  "raw",
  "1",
  "__proto__",
  "constructor",
  "toString",
];

test("anything that looks like YAML has an answer", () => {
  const pieces = fc.array(fc.constantFrom(...tokens, ...words), { maxLength: 60 });
  fc.assert(
    fc.property(pieces, (list) => check(list.join(""))),
    { numRuns: 400 },
  );
});

const good = {
  duration_s: 10,
  sample_interval_s: 1,
  server: {
    hz: 250,
    kernel: "6.18",
    sysctls: { "net.core.somaxconn": 1, "net.ipv4.tcp_fastopen": 1 },
    listeners: [{ port: 80, backlog: 1, accept: { mode: "rate", rate_per_s: 1, pause_windows_s: [[1, 2]] }, app: {} }],
  },
  client: {
    clock: "shared",
    sysctls: { "net.ipv4.ip_local_port_range": "40000 40001", "net.ipv4.ip_local_reserved_ports": 1 },
  },
  workloads: [
    { name: "a", kind: "connections", count: 1 },
    { name: "b", kind: "raw", packet: "syn", rate_per_s: 1, duration_s: 1 },
  ],
  impairments: [{ direction: "to_server", match: "syn", drop_every_nth: 1 }],
};

test("a scenario with anything in any place has an answer", () => {
  const anything = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom({ toString: 1 }, [{ toString: 1, valueOf: 1 }, 2], { __proto__: null }, 1e308, -0, ""),
    fc.integer(),
    fc.double(),
  );
  fc.assert(
    fc.property(fc.constantFrom(...places(good)), anything, (path, by) =>
      check(JSON.stringify(replaced(good, path, by))),
    ),
    { numRuns: 400 },
  );
});

/** Repeats `unit` to about `characters`. */
const times = (unit: string, characters: number): string => unit.repeat(Math.ceil(characters / unit.length));

const slow: Record<string, string> = {
  "open lists": times("[", 4e6),
  "open maps": times("{", 4e6),
  "lists in lists, on one line": times("- ", 4e6),
  "keys of keys": times("? ", 4e6),
  "lists in lists, line by line": Array.from({ length: 2000 }, (_, i) => `${" ".repeat(i)}-`).join("\n"),
  "one long text": times("a", 4e6),
  "a quote that never ends": `"${times("a\n", 4e6)}`,
  "a block of text": `|\n${times(" a\n", 4e6)}`,
  "as many keys as are allowed": Array.from({ length: 90_000 }, (_, i) => `a${i}:`).join("\n"),
  "as many sysctls as are allowed": `server: {sysctls: {${Array.from({ length: 60_000 }, (_, i) => `net.ipv4.tcp_sack${i}: 1`)}}}`,
  "as many workloads as are allowed": `workloads: [${times("{name: a},", 400_000)}]`,
  "as many aliases as are allowed": `- &a 1\n${times("- *a\n", 500)}${times("- 1\n", 300_000)}`,
  "many anchors": times("- &a 1\n", 400_000),
  "one syntax error in each line": times("a: 'x' y\n", 300_000),
};

describe("no text makes the parser hang", () => {
  for (const [what, text] of Object.entries(slow)) {
    // A parser that is quadratic in one of these takes minutes: the runner's time-out is what fails.
    test(what, () => check(text));
  }
});
