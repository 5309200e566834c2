/** What is said about the runs of an experiment before they start: nothing where they take seconds, else how many, how much memory, and how long. */
import { describe, expect, test } from "vitest";
import { planForecast, runForecast } from "../../src/cli/forecast.ts";
import { type Experiment, parseExperiment } from "../../src/index.ts";

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

test("before a plan: 40 values for each search, each with every seed, between what its ends take", () => {
  const [quiet, busy] = [100, 900].map((clients) => experiment(3600, clients, 100));
  const ends = [quiet, busy].flatMap((of) => of?.tunings.map(({ scenario }) => scenario) ?? []);
  // 160 runs of 1.8 M connections on average, at 4 µs.
  expect(planForecast(quiet as Experiment, ends, "auto", 2)).toMatch(
    /^sized: about 160 runs of 3600 s on 2 threads; at most .* of memory, very roughly 10 min$/,
  );
  expect(planForecast(quiet as Experiment, ends.concat(ends), "auto", 2)).toMatch(
    /about 320 runs.*very roughly 20 min$/,
  );
});

test("a plan of seconds needs no word", () => {
  const short = experiment(10, 100, 100);
  expect(
    planForecast(
      short,
      short.tunings.concat(short.tunings).map(({ scenario }) => scenario),
      "auto",
      2,
    ),
  ).toBeNull();
});
