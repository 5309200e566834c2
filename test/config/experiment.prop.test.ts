/**
 * Goal    No experiment, and no file that it names, makes the parser throw or hang; every answer is an experiment within its limits, or issues
 *         with a place in the file that they name.
 * Method  Text that looks like YAML; good experiments with anything in any place; texts made to be slow, each within the limits on size.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseExperiment } from "../../src/config/experiment.ts";
import { MAX_TUNINGS } from "../../src/config/experiment-schema.ts";
import { filesOf } from "./files.ts";
import { places, replaced } from "./places.ts";

type Files = Readonly<Record<string, string>>;

function check(text: string, files: Files = {}): string {
  const result = parseExperiment(text, filesOf(files));
  if (result.ok) {
    const { tunings, seeds } = result.value.experiment;
    expect(tunings.length).toBeGreaterThan(0);
    expect(tunings.length).toBeLessThanOrEqual(MAX_TUNINGS);
    expect(new Set(tunings.map(({ name }) => name)).size).toBe(tunings.length);
    expect(new Set(seeds).size).toBe(seeds.length);
    return "ok";
  }
  expect(result.error.length).toBeGreaterThan(0);
  expect(result.error.length).toBeLessThanOrEqual(100);
  for (const { file, line, column, message } of result.error) {
    const place = file === undefined ? text : (files[file] ?? "");
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(place.split(/\n/).length);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(message).not.toBe("");
  }
  return result.error[0]?.code ?? "";
}

const good = {
  name: "a",
  scenario: {
    duration_s: 10,
    server: { sysctls: { "net.core.somaxconn": 100 }, listeners: [{ port: 80, backlog: 1 }] },
    workloads: [
      { name: "a", kind: "connections", count: 1 },
      { name: "b", kind: "raw", packet: "syn", arrival: "trace", trace: "t.csv" },
    ],
  },
  tunings: {
    x: null,
    y: {
      kernel: 6.18,
      "server.listeners.80.backlog": 5,
      "server.sysctls.net.ipv4.tcp_syncookies": 0,
      workloads: [
        { name: "a", count: 2 },
        { name: "c", kind: "raw", packet: "ack", count: 1 },
      ],
    },
    z: { server: { listeners: { "80.accept": { mode: "rate", rate_per_s: 1 } } }, "workloads.b": null },
  },
  profiles: ["p.yaml"],
  seeds: [1, 2],
  thresholds: ["a.served_ratio > 0.9", "server.TcpInSegs < 5"],
};
const profile = {
  tunings: { p: { "server.listeners.*.backlog": 3, "workloads.a.retry": { max_retries: 1, backoff_s: 1 } } },
};
const filesWith = (text: string): Files => ({ "p.yaml": text, "t.csv": "0,1", "s.yaml": "duration_s: 1\nserver: {}" });

test("the experiment that is broken below is good", () => {
  expect(check(JSON.stringify(good), filesWith(JSON.stringify(profile)))).toBe("ok");
});

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    ...[
      "server",
      "workloads.a",
      "a..b",
      ".",
      "*",
      "server.listeners.*",
      "__proto__",
      "constructor.x",
      "s.yaml",
      "a > 1",
    ],
  ),
  fc.constantFrom<unknown>(
    { "*": 1 },
    { "server.listeners": 5 },
    { workloads: { a: null, b: { c: { d: 1 } } } },
    [[1]],
    { "__proto__.x": 1 },
  ),
  fc.integer(),
  fc.double(),
);

test("an experiment with anything in any place has an answer", () => {
  fc.assert(
    fc.property(fc.constantFrom(...places(good)), anything, (path, by) => {
      check(JSON.stringify(replaced(good, path, by)), filesWith(JSON.stringify(profile)));
    }),
    { numRuns: 300 },
  );
});

test("a profile with anything in any place has an answer", () => {
  fc.assert(
    fc.property(fc.constantFrom(...places(profile)), anything, (path, by) => {
      check(JSON.stringify(good), filesWith(JSON.stringify(replaced(profile, path, by))));
    }),
    { numRuns: 300 },
  );
});

test("any key path of any overrides has an answer, and never changes the other tunings", () => {
  const part = fc.constantFrom(
    "server",
    "listeners",
    "80",
    "*",
    "backlog",
    "sysctls",
    "net",
    "workloads",
    "a",
    "name",
    "kernel",
    "__proto__",
    "toString",
    "",
  );
  const keyPath = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("."));
  const overrides = fc.dictionary(keyPath, fc.oneof(anything, fc.dictionary(keyPath, anything, { maxKeys: 2 })), {
    maxKeys: 4,
  });
  const alone = parseExperiment(
    JSON.stringify({ ...good, profiles: [], thresholds: [], tunings: { last: null } }),
    filesOf(filesWith("")),
  );
  expect(alone.ok).toBe(true);
  fc.assert(
    fc.property(overrides, (fuzzed) => {
      const text = JSON.stringify({ ...good, profiles: [], thresholds: [], tunings: { fuzzed, last: null } });
      check(text, filesWith(""));
      const result = parseExperiment(text, filesOf(filesWith("")));
      const [last] = result.ok ? result.value.experiment.tunings.slice(-1) : [];
      const [expected] = alone.ok ? alone.value.experiment.tunings : [];
      if (last) expect(last).toEqual(expected);
      expect(Object.keys(Object.prototype)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("any text of a profile, a scenario or a trace has an answer", () => {
  const pieces = fc.constantFrom(
    "[",
    "]",
    "{",
    "}",
    ": ",
    "- ",
    "\n",
    "  ",
    "&a ",
    "*a",
    "|",
    "#",
    "'",
    "---",
    ",",
    "1",
    "tunings",
    "duration_s",
    "server",
    "a",
  );
  const text = fc.array(pieces, { maxLength: 40 }).map((list) => list.join(""));
  fc.assert(
    fc.property(text, (broken) => {
      check("{ scenario: s.yaml, profiles: [s.yaml] }", { "s.yaml": broken });
      check(JSON.stringify(good), { ...filesWith(JSON.stringify(profile)), "t.csv": broken });
    }),
    { numRuns: 200 },
  );
});

const scenario = "scenario: {duration_s: 1, server: {listeners: [{port: 80, backlog: 1}]}}";
const listOf = (count: number, element: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => element(i)).join(", ");
const listeners = listOf(1000, (i) => `{port: ${i + 1}, backlog: 1}`);
const trace = Array.from({ length: 100_000 }, (_, i) => `${i},1`).join("\n");

const slow: Record<string, readonly [text: string, files?: Files]> = {
  "thousands of tunings": [`${scenario}\ntunings: {${listOf(20_000, (i) => `t${i}: {kernel: 6.18}`)}}`],
  "as many tunings as are allowed of a large scenario": [
    `scenario: {duration_s: 1, server: {listeners: [${listeners}]}}\ntunings: {${listOf(64, (i) => `t${i}: {server.listeners.*.backlog: ${i}}`)}}`,
  ],
  "as many overrides as are allowed": [
    `scenario: {duration_s: 1, server: {listeners: [${listeners}]}}\ntunings: {${listOf(64, (t) => `t${t}: {${listOf(249, (i) => `server.listeners.${i + 1}.backlog: ${t}`)}}`)}}`,
  ],
  "more overrides than are allowed": [
    `${scenario}\ntunings: {a: {${listOf(60_000, (i) => `server.sysctls.a${i}: 1`)}}}`,
  ],
  "one alias in all tunings": [
    `${scenario}\ntunings: {a: &a {server: {sysctls: {${listOf(5000, (i) => `net.a${i}: 1`)}}}}, ${listOf(63, (i) => `t${i}: *a`)}}`,
  ],
  "a key path of a million keys": [`${scenario}\ntunings: {a: {${"a.".repeat(1_000_000)}a: 1}}`],
  "a workload's name of a million dots": [`${scenario}\ntunings: {a: {workloads.${"a.".repeat(1_000_000)}a: 1}}`],
  "thousands of thresholds": [`${scenario}\nthresholds: [${listOf(50_000, () => "a.b > 1")}]`],
  "as many thresholds as are allowed, all wrong": [
    `scenario: {duration_s: 1, server: {}, workloads: [${listOf(256, (i) => `{name: workload${i}, kind: connections, count: 1}`)}]}\ntunings: {${listOf(64, (i) => `t${i}: {server.hosts: ${i + 1}}`)}}\nthresholds: [${listOf(64, (i) => `worklaod${i}.responce_latency_ms.p9 < 1`)}]`,
  ],
  "a threshold that is one operator": [`${scenario}\nthresholds: ['${"<".repeat(200)}', '${" ".repeat(200)}']`],
  "seeds beyond all counts": [`${scenario}\nseeds: 1e300`],
  "a list of seeds": [`${scenario}\nseeds: [${listOf(100_000, (i) => String(i))}]`],
  "a long trace in all tunings": [
    `scenario: {duration_s: 1, server: {}, workloads: [{name: a, kind: connections, arrival: trace, trace: t.csv}]}\ntunings: {${listOf(64, (i) => `t${i}: {server.hosts: ${i + 1}}`)}}`,
    { "t.csv": trace },
  ],
  "the same long trace in all workloads": [
    `scenario: {duration_s: 1, server: {}, workloads: [${listOf(256, (i) => `{name: a${i}, kind: connections, arrival: trace, trace: t.csv}`)}]}`,
    { "t.csv": trace },
  ],
  "profiles of profiles": [
    "scenario: p.yaml\nprofiles: [p.yaml, p.yaml]",
    { "p.yaml": "scenario: p.yaml\nprofiles: [p.yaml]" },
  ],
  "the largest files": ["scenario: s.yaml\nprofiles: [s.yaml]", { "s.yaml": "a:\n".repeat(130_000) }],
};

describe("no experiment makes the parser hang", () => {
  for (const [what, [text, files]] of Object.entries(slow)) {
    // A parser that is quadratic in one of these takes many minutes: the runner's time-out is what fails.
    test(what, () => check(text, files));
  }
});
