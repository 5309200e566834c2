/**
 * Goal    An experiment that was made one text is the same experiment, without any file.
 * Method  Files in memory, in folders of their own; both are parsed and compared as a whole.
 */
import { expect, test } from "vitest";
import { parseExperiment } from "../../src/config/experiment.ts";
import { selfContained } from "../../src/config/self-contained.ts";
import type { Experiment } from "../../src/vocabulary/experiment.ts";

const files: Readonly<Record<string, string>> = {
  "s/day.yaml": `
duration_s: 10
server: { kernel: 6.1, listeners: [{ port: 80, backlog: 511 }] }
workloads: [{ name: day, kind: connections, arrival: trace, trace: ../rates/day.csv }]
`,
  "rates/day.csv": "time_s,rate_per_s\n0,50\n5,70\n",
  "rates/night.csv": "# night\n0,5\n",
  "p/more.yaml":
    "tunings: { night: { workloads.day.trace: ../rates/night.csv }, big: { server.listeners.80.backlog: 64 } }",
};
const read = (path: string) => {
  const text = files[path];
  return text === undefined ? ({ ok: false, error: "no such file" } as const) : ({ ok: true, value: text } as const);
};
const noFiles = () => ({ ok: false, error: "no files" }) as const;

/** Without the tunings' own words, where rates stand in place of a path. */
const simulated = (experiment: Experiment) => ({
  ...experiment,
  tunings: experiment.tunings.map(({ name, scenario }) => ({ name, scenario })),
});

const OWN_SCENARIO = `
  duration_s: 10
  server: { listeners: [{ port: 80, backlog: 511 }] }
  workloads: [{ name: day, kind: connections, arrival: trace, trace: rates/day.csv }]
`;
const whole = [
  ["{ scenario: s/day.yaml }", "a scenario in another folder, whose trace is seen from there"],
  ["{ scenario: s/day.yaml, profiles: [p/more.yaml], seeds: 2 }", "profiles follow the tuning that changes nothing"],
  [
    "{ name: n, scenario: s/day.yaml, tunings: { own: { server.kernel: 5.15 } }, profiles: [p/more.yaml], thresholds: [day.served_ratio > 0.5] }",
    "profiles follow own tunings; thresholds and names stay",
  ],
  [`scenario:${OWN_SCENARIO}sweep: { axes: { server.listeners.80.backlog: [1, 2] } }`, "a trace; axes stay"],
  [OWN_SCENARIO.replace(/^ {2}/gm, ""), "a scenario alone"],
] as const;
test.each(whole)("%s: %s", (text, _why) => {
  const expected = parseExperiment(text, read);
  const sent = selfContained(text, read);
  const parsed = parseExperiment(sent ?? "", noFiles);
  if (!expected.ok || !parsed.ok) throw new Error(JSON.stringify([expected, parsed]));
  expect(simulated(parsed.value.experiment)).toEqual(simulated(expected.value.experiment));
  expect(parsed.value.sweep?.design).toEqual(expected.value.sweep?.design);
});

test("what names no files stays as it is", () => {
  expect(selfContained("{ scenario: { duration_s: 1 }, tunings: { a: { duration_s: 2 } } }", read)).toBeNull();
});
