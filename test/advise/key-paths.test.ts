/** Key paths on a scenario: what they reach, and that replacing a value leaves the scenario that was given alone. */
import { describe, expect, test } from "vitest";
import { valueAt, withValue } from "../../src/advise/key-paths.ts";
import { scenarioOf } from "../compile/scenario-of.ts";

const scenario = scenarioOf(`
duration_s: 10
server:
  sysctls: { net.core.somaxconn: 128 }
  listeners: [{ port: 80, backlog: 511 }, { port: 8080, backlog: 5 }]
workloads:
  - { name: a, kind: connections, count: 1 }
  - { name: a.b, kind: connections, count: 2 }
`);

describe("a path reaches", () => {
  const rows = [
    ["duration_s", 10, "a key"],
    ["server.sysctls.net.core.somaxconn", 128, "a sysctl, whose name has dots"],
    ["server.sysctls.net.ipv4.tcp_syncookies", undefined, "nothing where the scenario leaves the default"],
    ["server.listeners.80.backlog", 511, "a listener by its port"],
    ["server.listeners.8080.backlog", 5, "the port as a whole, not its beginning"],
    ["workloads.a.count", 1, "a workload by its name"],
    ["workloads.a.b.count", 2, "the longest name that is there"],
    ["workloads.c.count", undefined, "nothing where no workload has the name"],
    ["duration_s.more", undefined, "nothing below a number"],
  ] as const;
  for (const [path, value, why] of rows)
    test(`${path}: ${why}`, () => {
      expect(valueAt(scenario, path)).toBe(value);
    });
});

test("a replaced value is read back, and the scenario that was given stays as it was", () => {
  const before = structuredClone(scenario);
  for (const [path, value] of [
    ["server.sysctls.net.core.somaxconn", 4096],
    ["server.sysctls.net.ipv4.tcp_syncookies", 0],
    ["server.listeners.8080.backlog", 9],
    ["workloads.a.b.count", 7],
  ] as const) {
    expect(valueAt(withValue(scenario, path, value), path)).toBe(value);
  }
  expect(scenario).toEqual(before);
});

test("undefined takes a sysctl back to its default", () => {
  expect(withValue(scenario, "server.sysctls.net.core.somaxconn", undefined).server.sysctls).toEqual({});
});

test("listeners that share a port are all replaced, as in a tuning", () => {
  const shared = scenarioOf(`
duration_s: 1
server: { listeners: [{ port: 80, backlog: 1, reuseport: true }, { port: 80, backlog: 2, reuseport: true }, { port: 81, backlog: 3 }] }
`);
  const backlogs = withValue(shared, "server.listeners.80.backlog", 9).server.listeners.map(({ backlog }) => backlog);
  expect(backlogs).toEqual([9, 9, 3]);
});
