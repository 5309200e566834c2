/**
 * Goal    A value that a search makes up is checked as one in a file is, and --find says what its writer means.
 * Method  One row is one key and value, or one text of --find.
 */
import { describe, expect, test } from "vitest";
import { parseExperiment } from "../../src/config/experiment.ts";
import { thresholdsFrom } from "../../src/config/thresholds.ts";
import { formatVaryIssues, isWholeKey, parseFind } from "../../src/config/vary.ts";
import { filesOf } from "./files.ts";

const EXPERIMENT = `
scenario:
  duration_s: 10
  server:
    sysctls: { net.core.somaxconn: 1024 }
    listeners: [{ port: 80, backlog: 511 }]
  workloads:
    - { name: clients, kind: connections, rate_per_s: 50, duration_s: 10 }
tunings:
  as_is: {}
  small: { server.listeners.80.backlog: 8 }
`;
const parsed = parseExperiment(EXPERIMENT, filesOf({}));
if (!parsed.ok) throw new Error("the experiment is good");
const { vary, experiment } = parsed.value;

describe("a further value", () => {
  test("is laid over the tuning, and leaves the rest of it", () => {
    const varied = vary("small", { "server.sysctls.net.core.somaxconn": 4 });
    expect(varied.ok && varied.value.scenario.server).toMatchObject({
      sysctls: { "net.core.somaxconn": 4 },
      listeners: [{ backlog: 8 }],
    });
  });
  test("of a key that the tuning sets replaces what it says", () => {
    const varied = vary("small", { "server.listeners.80.backlog": 64 });
    expect(varied.ok && varied.value.scenario.server.listeners[0]?.backlog).toBe(64);
  });
  test("leaves the tuning itself as it was", () => {
    expect(experiment.tunings[1]?.scenario.server.listeners[0]?.backlog).toBe(8);
  });

  const refused = [
    [
      "server.listeners.80.backlog",
      1.5,
      /^server\.listeners\.80\.backlog: found 1\.5, allowed is a whole number/,
      "a fraction",
    ],
    [
      "server.listeners.81.backlog",
      1,
      /^server\.listeners\.81\.backlog: found no listener on port "81" in the scenario\n {2}hint: there is 80\n$/,
      "no such listener",
    ],
    [
      "server.listeners.80.backlgo",
      1,
      /^server\.listeners\.80\.backlgo: .*\n {2}hint: did you mean backlog\?\n$/,
      "no such key",
    ],
    ["server.sysctls.net.core.somaxcon", 1, /somaxcon: (.|\n)*somaxconn/, "no such sysctl"],
    ["duration_s", 5, /^duration_s: found in a tuning, but it belongs to the scenario/, "what tunings have in common"],
    ["workloads.clients.rate_per_s", -1, /^workloads\.clients\.rate_per_s: found -1/, "out of range"],
  ] as const;
  for (const [path, value, text, why] of refused) {
    test(`is refused as in a file: ${why}`, () => {
      const varied = vary("as_is", { [path]: value });
      expect(varied.ok ? "" : formatVaryIssues(varied.error)).toMatch(text);
    });
  }

  test("has the warnings that it brings about, not those that were there", () => {
    const warnings = (value: number): string[] => {
      const varied = vary("as_is", { "server.listeners.80.backlog": value });
      return varied.ok ? varied.value.warnings.map(({ code, path }) => `${code} ${path}`) : [];
    };
    expect(warnings(600)).toEqual([]);
    expect(warnings(1025)).toEqual(["cut server.listeners.80.backlog"]);
  });
});

describe("--find", () => {
  const finds = [
    // text, goal, path, lo, hi, value with 7, why
    ["min:a.b=1..9", "min", "a.b", 1, 9, 7, "whole numbers"],
    ["max:a=0.5..1e6", "max", "a", 0.5, 1e6, 7, "other numbers"],
    ["MAX:a=-3..-1", "max", "a", -3, -1, 7, "in capitals, below 0"],
    ["min:a=1024 2000..65535", "min", "a", 2000, 65_535, "1024 7", "a number within a text"],
    ["min:a=[[5, 5.1..15]]", "min", "a", 5.1, 15, [[5, 7]], "a number within lists"],
    ["min:a={ b: 1..9, c: 2 }", "min", "a", 1, 9, { b: 7, c: 2 }, "a number within a map"],
  ] as const;
  for (const [text, goal, path, lo, hi, value, why] of finds) {
    test(`${text}: ${why}`, () => {
      const find = parseFind(text);
      expect(find.ok && [find.value.goal, find.value.path, find.value.lo, find.value.hi]).toEqual([goal, path, lo, hi]);
      expect(find.ok && find.value.valueWith(7)).toEqual(value);
    });
  }

  const faults = [
    ["a.b=1..9", /^found "a\.b=1\.\.9", allowed is min:KEY=lo\.\.hi or max:KEY=lo\.\.hi$/, "no goal"],
    ["min:a.b", /^found "min:a\.b", allowed is/, "no range"],
    ["min:a.b=5", /allowed is/, "a value is no range"],
    ["min:=1..9", /allowed is/, "no key"],
    ["min:a=9..1", /^found 9\.\.1, the second number must be the larger one$/, "the wrong way round"],
    ["min:a=5..5", /the second number must be the larger one$/, "one value is no range"],
    ["min:a=1..9 1..9", /^found a second \.\. in/, "two ranges"],
    ["min:a=[1..9", /^found "\[1", which is not YAML$/, "half a list"],
  ] as const;
  for (const [text, fault, why] of faults) {
    test(`${text} is refused: ${why}`, () => {
      const find = parseFind(text);
      expect(find.ok ? "" : find.error).toMatch(fault);
    });
  }

  const kinds = [
    ["min:server.listeners.80.backlog=1..9", true, "a whole number by the schema"],
    ["min:server.sysctls.net.core.somaxconn=1..9", true, "a whole number by the table of sysctls"],
    ["max:workloads.clients.rate_per_s=1..9", false, "a rate"],
    ["max:workloads.clients.rate_per_s=0.5..9", false, "ends that are not whole"],
    ["min:client.sysctls.net.ipv4.ip_local_port_range=1024 2000..9000", true, "a port within a text"],
  ] as const;
  for (const [text, isWhole, why] of kinds) {
    test(`${text} takes ${isWhole ? "whole" : "other"} numbers: ${why}`, () => {
      const find = parseFind(text);
      expect(find.ok && isWholeKey(vary, "as_is", find.value)).toBe(isWhole);
    });
  }
});

test("thresholds from elsewhere are those of a file", () => {
  expect(thresholdsFrom(["clients.served_ratio > 0.9"], experiment)).toEqual({
    ok: true,
    value: [{ text: "clients.served_ratio > 0.9", metric: "clients.served_ratio", comparison: ">", limit: 0.9 }],
  });
  const bad = thresholdsFrom(["clients.served_ratio > 0.9", "client.served_ratio > 1"], experiment);
  expect(bad.ok ? "" : bad.error).toMatch(/^found "client\.served_ratio": there is no metric .*\n {2}hint: /);
});
