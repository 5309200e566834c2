/**
 * The workloads, each as a scenario of halfopen and as arguments of limit.c.
 *
 * Sizes   `real` is what the figures mean. `smoke` cuts the same workloads to what runs in a second.
 * Units   Simulated seconds.
 */
import { readFileSync } from "node:fs";
import { benchFolder } from "./places.ts";

export interface Workload {
  readonly name: string;
  readonly stresses: string;
  /** NAME.scenario.json in bench/scenarios. */
  readonly scenario: string;
  readonly engine: "auto" | "packet";
  readonly realS: number;
  readonly smokeS: number;
  /** Flood SYN/s, clients/s. */
  readonly rates: readonly [string, string];
  /** backlog, cookies, SYN-ACK retries, kernel rules, mode (0: each packet, 2: coalesced). */
  readonly rest: string;
  /** What a figure is compared with: `ratio` to limit.c at least, simulated seconds per second at least, µs a connection at most. */
  readonly goal?: { readonly ratio?: number; readonly simulatedPerS?: number; readonly connectionUs?: number };
}

const packet = { engine: "packet", goal: { ratio: 0.5 } } as const;

export const WORKLOADS: readonly Workload[] = [
  {
    ...packet,
    name: "W0",
    stresses: "flood, cookies off",
    scenario: "W0",
    realS: 60,
    smokeS: 1,
    rates: ["1e5", "1000"],
    rest: "4096 0 5 1 0",
  },
  {
    ...packet,
    name: "W1",
    stresses: "flood, cookies on",
    scenario: "W1",
    realS: 60,
    smokeS: 1,
    rates: ["1e5", "1000"],
    rest: "4096 1 5 1 0",
  },
  {
    ...packet,
    name: "W2",
    stresses: "a million half-opens",
    scenario: "W2",
    realS: 10,
    smokeS: 0.5,
    rates: ["1e5", "1000"],
    rest: "1048576 0 2 1 0",
  },
  {
    name: "W0-10M",
    stresses: "600 million SYNs, in bulk",
    scenario: "W0-10M",
    engine: "auto",
    realS: 60,
    smokeS: 2,
    rates: ["1e7", "1000"],
    rest: "4096 0 5 1 2",
    goal: { simulatedPerS: 400 },
  },
  {
    name: "Q0",
    stresses: "600 million SYNs and few clients, in bulk",
    scenario: "W0-10M",
    engine: "auto",
    realS: 60,
    smokeS: 2,
    rates: ["1e7", "10"],
    rest: "4096 0 5 1 2",
    goal: { simulatedPerS: 8000 },
  },
  {
    name: "P0",
    stresses: "CPUs that take time: 1 M SYN/s, of which one CPU takes 0.91 M",
    scenario: "P0",
    engine: "auto",
    realS: 10,
    smokeS: 0.5,
    rates: ["1e6", "1000"],
    rest: "4096 0 5 1 0",
    // 5 M packets that are taken a second.
    goal: { simulatedPerS: 5.5 },
  },
  {
    name: "N0",
    stresses: "ordinary connections",
    scenario: "N0",
    engine: "auto",
    realS: 1000,
    smokeS: 10,
    rates: ["0", "500"],
    rest: "4096 0 5 1 0",
    goal: { connectionUs: 2.5 },
  },
];

/** Simulated seconds of a workload in this size. */
export const secondsOf = (workload: Workload, smoke: boolean): number => (smoke ? workload.smokeS : workload.realS);

/** The scenario's text with the workload's rates, cut to `seconds`. */
export function scenarioText(workload: Workload, seconds: number): string {
  const text = readFileSync(`${benchFolder}/scenarios/${workload.scenario}.scenario.json`, "utf8");
  const scenario = JSON.parse(text) as { workloads: { readonly kind: string }[] };
  const [flood, clients] = workload.rates.map(Number);
  const rateOf = (kind: string): number | undefined => (kind === "raw" ? flood : clients);
  const workloads = scenario.workloads.map((w) => ({ ...w, rate_per_s: rateOf(w.kind), duration_s: seconds }));
  return JSON.stringify({ ...scenario, duration_s: seconds, workloads });
}

/** limit.c: F legitPerS simSeconds backlog cookies synackRetries kernelRules mode seed reps; of two repetitions the second is warm. */
export function limitArguments({ rates, rest }: Workload, seconds: number): string[] {
  return [...rates, String(seconds), ...rest.split(" "), "1", "2"];
}
