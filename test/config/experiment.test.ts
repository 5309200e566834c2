/**
 * Goal    An experiment's file says what its writer means: scenario, tunings, profiles, seeds, thresholds, and files beside it.
 * Method  Small experiments with their files in memory; one row of a table is one tuning and what it changes.
 */
import { describe, expect, test } from "vitest";
import { AS_IS, type ParsedExperiment, parseExperiment } from "../../src/config/experiment.ts";
import { formatIssues } from "../../src/config/issues.ts";
import { filesOf } from "./files.ts";

const SCENARIO = `
name: web
description: a server
duration_s: 10
server:
  sysctls: { net.core.somaxconn: 1024 }
  listeners: [{ port: 80, backlog: 511 }, { port: 81, backlog: 5, reuseport: true }, { port: 81, backlog: 5, reuseport: true }]
workloads:
  - { name: legit, kind: connections, rate_per_s: 50, duration_s: 10 }
  - { name: legit.v2, kind: connections, rate_per_s: 50, duration_s: 10, retry: { max_retries: 3, backoff_s: 1 } }
  - { name: flood, kind: raw, packet: syn, rate_per_s: 1000, duration_s: 10 }
`;
const FILES = { "web.yaml": SCENARIO };

function parse(text: string, files: Readonly<Record<string, string>> = FILES): ParsedExperiment {
  const result = parseExperiment(text, filesOf(files));
  if (!result.ok) throw new Error(formatIssues("experiment", result.error));
  return result.value;
}

function issuesOf(text: string, files: Readonly<Record<string, string>> = FILES): string[] {
  const result = parseExperiment(text, filesOf(files));
  const issues = result.ok ? result.value.warnings : result.error;
  return issues.map(({ file, line, code, path }) => `${file === undefined ? "" : `${file}:`}${line} ${code} ${path}`);
}

const tunings = [
  // overrides, changes, why
  ["", [], "nothing"],
  ["{}", [], "an empty map"],
  ["{ server.listeners.80.backlog: 4096 }", ["server.listeners.80.backlog=4096"], "a key path"],
  ["{ server: { listeners: { 80: { backlog: 4096 } } } }", ["server.listeners.80.backlog=4096"], "maps"],
  [
    "{ server: { listeners: [{ port: 80, backlog: 4096 }] } }",
    ["server.listeners.80.backlog=4096"],
    "an element by its port",
  ],
  ["{ server.listeners: { 80.backlog: 4096 } }", ["server.listeners.80.backlog=4096"], "a key path below a key path"],
  ["{ server.listeners.80.backlog: 511 }", [], "the value that is there already"],
  ["{ server.listeners.81.backlog: 9 }", ["server.listeners.81.backlog=9"], "all listeners of a port"],
  [
    "{ server.listeners.*.backlog: 9 }",
    ["server.listeners.80.backlog=9", "server.listeners.81.backlog=9"],
    "all listeners",
  ],
  [
    "{ server.listeners.*.backlog: 9, server.listeners.80.backlog: 10 }",
    ["server.listeners.80.backlog=10", "server.listeners.81.backlog=9"],
    "all, and one otherwise",
  ],
  ["{ server.sysctls.net.ipv4.tcp_syncookies: 0 }", ["server.sysctls.net.ipv4.tcp_syncookies=0"], "a name with dots"],
  ["{ server.sysctls: { net.core.somaxconn: 9 } }", ["server.sysctls.net.core.somaxconn=9"], "a map of such names"],
  ["{ server.sysctls.net.core.somaxconn: null }", ["server.sysctls.net.core.somaxconn=null"], "back to the default"],
  ["{ server.sysctls.net.core.netdev_budget: null }", [], "what is not there is not taken away"],
  ["{ kernel: 6.18 }", ['server.kernel="6.18"'], "the server's kernel, which is no number"],
  ["{ workloads.legit.v2.rate_per_s: 60 }", ["workloads.legit.v2.rate_per_s=60"], "the longest name"],
  ["{ workloads.legit.rate_per_s: 60 }", ["workloads.legit.rate_per_s=60"], "the shorter one"],
  [
    "{ workloads.legit.v2.retry.max_retries: 5 }",
    ["workloads.legit.v2.retry.max_retries=5"],
    "the rest of a map stays",
  ],
  ["{ workloads.legit.v2.retry: null }", ["workloads.legit.v2.retry=null"], "a map is taken away"],
  ["{ workloads.legit.retry.max_retries: null }", [], "a map that is not there does not come of it"],
  ["{ workloads.flood: null }", ["workloads.flood=null"], "an element is taken away"],
  [
    "{ workloads: [{ name: acks, kind: raw, packet: ack, count: 5 }] }",
    [
      'workloads.acks.name="acks"',
      'workloads.acks.kind="raw"',
      'workloads.acks.packet="ack"',
      "workloads.acks.count=5",
    ],
    "an element is added",
  ],
  [
    "{ impairments: [{ direction: to_server, match: syn }] }",
    ['impairments=[{"direction":"to_server","match":"syn"}]'],
    "other lists are replaced",
  ],
  ["{ path.to_server.loss: 0.1 }", ["path.to_server.loss=0.1"], "maps that were not there"],
  ["{ server: { listeners: [] } }", [], "no elements, no changes"],
] as const;

describe("a tuning changes what it says", () => {
  for (const [overrides, changes, why] of tunings) {
    test(`${overrides || "nothing"}: ${why}`, () => {
      const { experiment } = parse(`scenario: web.yaml\ntunings:\n  base:\n  tuned: ${overrides}`);
      expect(experiment.tunings[0]?.changes).toEqual([]);
      const written = experiment.tunings[1]?.changes.map(({ path, value }) => `${path}=${JSON.stringify(value)}`);
      expect(written).toEqual(changes);
    });
  }
});

test("the scenario of a tuning has its changes, and that of the others has not", () => {
  const { experiment } = parse(`
scenario: web.yaml
tunings:
  base:
  tuned:
    server.listeners.*.backlog: 9
    server.sysctls: { net.core.somaxconn: null, net.ipv4.tcp_syncookies: 0 }
    workloads: [{ name: flood, rate_per_s: 5 }, { name: acks, kind: raw, packet: ack, count: 5 }]
    workloads.legit.v2: null
`);
  const [base, tuned] = experiment.tunings.map(({ scenario }) => scenario);
  expect(base).toEqual(parse(SCENARIO).experiment.tunings[0]?.scenario);
  expect(tuned?.server.listeners.map(({ port, backlog }) => [port, backlog])).toEqual([
    [80, 9],
    [81, 9],
    [81, 9],
  ]);
  expect(tuned?.server.sysctls).toEqual({ "net.ipv4.tcp_syncookies": 0 });
  expect(tuned?.workloads.map(({ name, rate_per_s }) => [name, rate_per_s])).toEqual([
    ["legit", 50],
    ["flood", 5],
    ["acks", null],
  ]);
});

test("a scenario in the file, in a file of its own, and as the file itself are the same", () => {
  const indented = SCENARIO.replaceAll("\n", "\n  ");
  const [inline, named, itself] = [`scenario:${indented}`, "scenario: web.yaml", SCENARIO].map(
    (text) => parse(text).experiment,
  );
  expect(inline).toEqual(named);
  expect(itself).toEqual(named);
  expect(named).toMatchObject({
    name: "web",
    description: "a server",
    seeds: [1, 2, 3, 4, 5],
    thresholds: [],
  });
  expect(named?.tunings.map(({ name }) => name)).toEqual([AS_IS]);
});

test("an experiment has a name, a description and seeds of its own", () => {
  const { experiment } = parse("{ scenario: web.yaml, name: a, description: b, seeds: [7, 0, 4294967295] }");
  expect(experiment).toMatchObject({ name: "a", description: "b", seeds: [7, 0, 4294967295] });
  expect(parse("{ scenario: web.yaml, seeds: 2 }").experiment.seeds).toEqual([1, 2]);
});

test("tunings of profiles come after the file's own, in order", () => {
  const files = {
    ...FILES,
    "profiles/a.yaml": "{ description: x, tunings: { a1: { kernel: 6.18 }, a2: } }",
    "profiles/b.yaml": "tunings: { b: { server.listeners.*.backlog: 9 } }",
  };
  const names = (text: string): string[] => parse(text, files).experiment.tunings.map(({ name }) => name);
  expect(names("{ scenario: web.yaml, tunings: { z: }, profiles: [profiles/b.yaml, profiles/a.yaml] }")).toEqual([
    "z",
    "b",
    "a1",
    "a2",
  ]);
  expect(names("{ scenario: web.yaml, profiles: [profiles/b.yaml] }")).toEqual([AS_IS, "b"]);
});

test("paths of traces are seen from the file that names them", () => {
  const workload = "{ name: day, kind: connections, arrival: trace, trace: day.csv }";
  const files = {
    "day.csv": "0,1",
    "scenarios/day.yaml": `{ duration_s: 10, server: {}, workloads: [${workload}] }`,
    "scenarios/day.csv": "0,2",
    "profiles/p.yaml":
      "tunings: { profile: { workloads.day.trace: night.csv }, absolute: { workloads.day.trace: /x.csv } }",
    "profiles/night.csv": "time_s,rate_per_s\r\n0,3\r\n",
    "/x.csv": "# only this\n0,4",
  };
  const text =
    "{ scenario: scenarios/day.yaml, tunings: { base: , here: { workloads.day.trace: day.csv } }, profiles: [profiles/p.yaml] }";
  const traces = parse(text, files).experiment.tunings.map(({ scenario }) => scenario.workloads[0]?.trace);
  expect(traces).toEqual([[[0, 2]], [[0, 1]], [[0, 3]], [[0, 4]]]);
});

test("thresholds keep their text and are taken apart", () => {
  const { experiment } = parse(
    "{ scenario: web.yaml, thresholds: ['legit.v2.served_ratio>=.99', ' failed.app  ==  0 ', 'syns_in != -1e3'] }",
  );
  expect(experiment.thresholds).toEqual([
    { text: "legit.v2.served_ratio>=.99", metric: "legit.v2.served_ratio", comparison: ">=", limit: 0.99 },
    { text: " failed.app  ==  0 ", metric: "failed.app", comparison: "==", limit: 0 },
    { text: "syns_in != -1e3", metric: "syns_in", comparison: "!=", limit: -1000 },
  ]);
});

test("a scenario that only its tunings complete is good, and a fault that one of them mends is still the scenario's", () => {
  const scenario = "{ duration_s: 10, server: { listeners: [{ port: 80 }] } }";
  expect(issuesOf(`scenario: ${scenario}\ntunings: { a: { server.listeners.80.backlog: 1 } }`)).toEqual([]);
  expect(issuesOf(`scenario: ${scenario}\ntunings: { a: { server.listeners.80.backlog: 1 }, b: }`)).toEqual([
    "1 missing-key scenario.server.listeners.80.backlog",
  ]);
});

test("a warning of the scenario is said if it holds in every tuning, one of a tuning where it was written", () => {
  const scenario =
    "{ duration_s: 10, server: { sysctls: { net.core.somaxconn: 65535 }, listeners: [{ port: 80, backlog: 511 }] } }";
  expect(
    issuesOf(`scenario: ${scenario}\ntunings: { a: , b: { hz: }, c: { server.listeners.80.backlog: 512 } }`),
  ).toEqual([]);
  const [somaxconn] = issuesOf(`scenario: ${scenario}\ntunings: { a: , b: { server.hosts: 2 } }`);
  expect(somaxconn).toBe("1 without-effect scenario.server.sysctls.net.core.somaxconn");
  const cut = issuesOf(`scenario: ${scenario}\ntunings:\n  a:\n  b:\n    server.listeners.80.backlog: 65536`);
  expect(cut).toEqual(["5 cut tunings.b.server.listeners.80.backlog"]);
});

test("a fault of a file that is named stands in that file", () => {
  const files = { "s.yaml": "duration_s: 10\nserver: { hz: 5 }", "p.yaml": "\ntunings: { p: { server.hz: 6 } }" };
  expect(issuesOf("{ scenario: s.yaml, tunings: { base: }, profiles: [p.yaml] }", files)).toEqual([
    "s.yaml:2 not-allowed server.hz",
    "p.yaml:2 not-allowed tunings.p.server.hz",
  ]);
});

test("a second error in a trace that two workloads name is said once", () => {
  const workload = (name: string): string => `{ name: ${name}, kind: connections, arrival: trace, trace: t.csv }`;
  const text = `{ duration_s: 10, server: {}, workloads: [${workload("a")}, ${workload("b")}] }`;
  expect(issuesOf(text, { "t.csv": "0,1\n0,2" })).toEqual(["t.csv:2 conflict "]);
});
