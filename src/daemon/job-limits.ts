/** Limits: what a job may ask for. What is beyond them is an issue like any other, before anything runs. */

import { formatCount, formatSeconds } from "../base/units.ts";
import type { ConfigIssue, DaemonConfig, Experiment, Scenario } from "../index.ts";
import { arrivalsOf } from "../vocabulary/scenario.ts";

type Limits = Pick<DaemonConfig, "max_simulated_s" | "max_arrivals" | "max_rate_per_s">;

export function limitIssues({ tunings, seeds }: Experiment, limits: Limits): ConfigIssue[] {
  const sum = (of: (scenario: Scenario) => number): number =>
    tunings.reduce((total, { scenario }) => total + of(scenario) * seeds.length * scenario.server.hosts, 0);
  const simulatedS = sum(({ duration_s }) => duration_s);
  const arrivals = sum(({ workloads, duration_s }) =>
    workloads.reduce((total, workload) => total + arrivalsOf(workload, duration_s), 0),
  );
  const fastest = tunings
    .flatMap(({ scenario }) =>
      scenario.workloads.map((workload) => ({ name: workload.name, rate: highestRate(workload) })),
    )
    .reduce((most, one) => (one.rate > most.rate ? one : most), { name: "", rate: 0 });
  const issues: ConfigIssue[] = [];
  const beyond = (path: string, message: string, hint: string): void => {
    issues.push({ code: "too-many", path, line: 1, column: 1, message, hint });
  };
  if (simulatedS > limits.max_simulated_s)
    beyond(
      "",
      `found ${formatSeconds(simulatedS)} of simulated time over all tunings and seeds, this daemon takes at most ${formatSeconds(limits.max_simulated_s)} a job`,
      "fewer seeds or tunings, or a shorter duration_s",
    );
  if (arrivals > limits.max_arrivals)
    beyond(
      "",
      `found ${formatCount(arrivals)} arrivals over all tunings and seeds, this daemon takes at most ${formatCount(limits.max_arrivals)} a job`,
      "fewer seeds or tunings, or lower rates",
    );
  if (fastest.rate > limits.max_rate_per_s)
    beyond(
      `workloads.${fastest.name}`,
      `found ${formatCount(fastest.rate)} arrivals per second, this daemon takes at most ${formatCount(limits.max_rate_per_s)}`,
      "a lower rate",
    );
  return issues;
}

function highestRate({ rate_per_s, end_rate_per_s, trace }: Scenario["workloads"][number]): number {
  return Math.max(rate_per_s ?? 0, end_rate_per_s ?? 0, ...(trace ?? []).map(([, perS]) => perS));
}
