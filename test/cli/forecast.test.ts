/** What is said about the runs of an experiment before they start: nothing where they take seconds, else how many, how much memory, and how long. */
import { describe, expect, test } from "vitest";
import { valuesTried } from "../../src/advise/find-values.ts";
import { planForecast, runForecast } from "../../src/cli/forecast.ts";
import { type Experiment, parseExperiment } from "../../src/index.ts";
import type { Scenario } from "../../src/vocabulary/scenario.ts";

/** `cpu`: of the server; `flood`: SYN/s; `clients` a second, for `durationS`. */
function experiment(durationS: number, clients: number, flood: number, cpu = "", tunings = 1): Experiment {
  const text = `
name: sized
seeds: 4
scenario:
  duration_s: ${durationS}
  server: { ${cpu} listeners: [{ port: 80, backlog: 128 }] }
  workloads:
    - { name: clients, kind: connections, rate_per_s: ${clients}, duration_s: ${durationS} }
    - { name: flood, kind: raw, packet: syn, arrival: poisson, rate_per_s: ${flood}, duration_s: ${durationS}, source_addresses: 131070 }
tunings:
${Array.from({ length: tunings }, (_, k) => `  t${k}: {}`).join("\n")}
`;
  const parsed = parseExperiment(text, () => ({ ok: false, error: "no files" }));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value.experiment;
}
const CPU = "cpu: { cores: 1, app: separate },";

describe("before the runs of an experiment", () => {
  const cases = [
    // seconds, clients/s, SYN/s, cpu, tunings, engine, what is said, why
    [60, 100, 1e6, "", 1, "auto", null, "packets that share a fate cost nothing"],
    [60, 100, 1e6, "", 1, "packet", /4 runs of 60 s on 2 threads.*very roughly 10 s$/, "240 M SYNs, each at 0.1 µs"],
    [3600, 1000, 100, "", 1, "auto", /4 runs of 3600 s on 2 threads.*very roughly 30 s$/, "14 M connections at 4 µs"],
    [3600, 1000, 100, "", 6, "auto", /24 runs.*very roughly 3 min$/, "six tunings take six times as long"],
    [
      60,
      100,
      1e6,
      CPU,
      1,
      "auto",
      /very roughly 40 s$/,
      "of a million SYN/s one CPU takes 0.9 M, one by one at 0.4 µs",
    ],
    [60, 100, 1e8, CPU, 1, "auto", /very roughly 40 s$/, "and of a hundred million no more"],
  ] as const;
  for (const [seconds, clients, flood, cpu, tunings, engine, said, why] of cases) {
    test(`${seconds} s, ${clients} clients/s, ${flood} SYN/s, ${tunings} tunings, ${engine}: ${why}`, () => {
      const text = runForecast(experiment(seconds, clients, flood, cpu, tunings), engine, 2);
      if (said === null) expect(text).toBeNull();
      else expect(text).toMatch(said);
    });
  }
});

describe("before a plan", () => {
  const [quiet, busy] = [100, 900].map((clients) => experiment(3600, clients, 100)) as [Experiment, Experiment];
  const ends = [quiet, busy].map((of) => of.tunings[0]?.scenario) as [Scenario, Scenario];
  const cases = [
    // searches, values each, workers, what is said, why
    [
      1,
      40,
      2,
      /^sized: about 160 runs of 3600 s on 2 threads; at most .* of memory, very roughly 10 min$/,
      "four seeds, 1.8 M connections on average",
    ],
    [2, 40, 2, /about 320 runs.*very roughly 20 min$/, "two searches, one after the other"],
    [1, 2, 2, /about 8 runs.*very roughly 30 s$/, "a scale of two values"],
    [1, 40, 16, /on 4 threads.*very roughly 5 min$/, "a bisection waits for each value: no more threads than seeds"],
  ] as const;
  for (const [searches, values, workers, said, why] of cases) {
    test(`${searches} searches, ${values} values each, ${workers} workers: ${why}`, () => {
      const all = Array.from({ length: searches }, () => ({ ends, values }));
      expect(planForecast(quiet, all, "auto", workers)).toMatch(said);
    });
  }

  test("of seconds needs no word", () => {
    const short = experiment(10, 100, 100).tunings[0]?.scenario as Scenario;
    expect(planForecast(quiet, [{ ends: [short, short], values: 40 }], "auto", 2)).toBeNull();
  });

  test("of runs that differ in length says between what", () => {
    const longer = experiment(7200, 100, 100).tunings[0]?.scenario as Scenario;
    expect(planForecast(quiet, [{ ends: [ends[0], longer], values: 40 }], "auto", 2)).toMatch(
      /runs of 3600 s to 7200 s on/,
    );
  });
});

test("a search tries some forty values, or those that there are", () => {
  expect(valuesTried({ lo: 16, hi: 65535, isWhole: true })).toBe(40);
  expect(valuesTried({ lo: 16, hi: 17, isWhole: true })).toBe(2);
});
