/** Limits: what a job may ask for. What is beyond them is an issue like any other, before anything runs. */
import { USUAL_VALUES, valuesTried } from "../advise/find-values.ts";
import { formatCount, formatSeconds } from "../base/units.ts";
import {
  type ConfigIssue,
  type DaemonConfig,
  pointCountOf,
  type Scenario,
  type Sweep,
  SweepPointError,
  scenarioAt,
} from "../index.ts";
import { arrivalsOf } from "../vocabulary/scenario.ts";
import type { Asked } from "./asked.ts";

type Limits = Pick<DaemonConfig, "max_simulated_s" | "max_arrivals" | "max_rate_per_s">;

/** A scenario, and how often it is simulated on each of its hosts; no whole number where it stands for others. */
interface Part {
  readonly scenario: Scenario;
  readonly times: number;
}

/** Of a job: what it is counted over, and how to ask for less. */
interface Wording {
  readonly over: string;
  readonly less: string;
}

const WORDING: Readonly<Record<Asked["kind"], Wording>> = {
  experiment: { over: "over all tunings and seeds", less: "fewer seeds or tunings" },
  sweep: { over: "over all points and seeds", less: "fewer values or seeds, or sample=lhs:N" },
  plan: {
    over: `over all tunings and seeds, with at most some ${USUAL_VALUES} values tried in each`,
    less: "one tuning, fewer seeds, or a narrower range",
  },
};

export function limitIssues(asked: Asked, limits: Limits): ConfigIssue[] {
  try {
    return [...issuesOf(partsOf(asked), WORDING[asked.kind], limits), ...numbersIssues(asked)];
  } catch (error) {
    // A combination of values that was not among those that are checked when the axes are read.
    if (!(error instanceof SweepPointError)) throw error;
    return [{ code: "conflict", path: "", line: 1, column: 1, message: error.message }];
  }
}

/** A sweep keeps each number that it measures until it ends, in 8 bytes. */
const MOST_NUMBERS = 1e7;

function numbersIssues(asked: Asked): ConfigIssue[] {
  if (asked.kind !== "sweep") return [];
  const { shape } = asked.sweep;
  const numbers = pointCountOf(shape) * shape.seeds.length * shape.metrics.length;
  if (numbers <= MOST_NUMBERS) return [];
  const message = `found ${formatCount(numbers)} numbers, points by seeds by metrics, a daemon takes at most ${formatCount(MOST_NUMBERS)} a job`;
  return [{ code: "too-many", path: "", line: 1, column: 1, message, hint: "fewer metrics, values or seeds" }];
}

function partsOf(asked: Asked): Part[] {
  const { tunings, seeds } = asked.experiment;
  switch (asked.kind) {
    case "experiment":
      return tunings.map(({ scenario }) => ({ scenario, times: seeds.length }));
    case "sweep":
      return partsOfSweep(asked.sweep);
    case "plan": {
      const { question } = asked;
      // Both ends stand for what is tried between them.
      const ends = question.tunings.flatMap((name) => [question.lo, question.hi].map((end) => ({ name, end })));
      return ends.map(({ name, end }) => ({
        scenario: question.scenarioWith(name, end),
        times: (valuesTried(question) * seeds.length) / 2,
      }));
    }
  }
}

/** Looking at a point takes 0.3 ms, in which the daemon does nothing else. */
const MOST_LOOKED_AT = 200;

/** All points, or some of them, from the first to the last, for all. */
function partsOfSweep(sweep: Sweep): Part[] {
  const points = pointCountOf(sweep.shape);
  const looked = Math.min(points, MOST_LOOKED_AT);
  const times = (sweep.shape.seeds.length * points) / looked;
  return Array.from({ length: looked }, (_, k) => ({
    scenario: scenarioAt(sweep, looked === 1 ? 0 : Math.round((k * (points - 1)) / (looked - 1))),
    times,
  }));
}

function issuesOf(parts: readonly Part[], { over, less }: Wording, limits: Limits): ConfigIssue[] {
  const sum = (of: (scenario: Scenario) => number): number =>
    parts.reduce((total, { scenario, times }) => total + of(scenario) * times * scenario.server.hosts, 0);
  const simulatedS = sum(({ duration_s }) => duration_s);
  const arrivals = sum(({ workloads, duration_s }) =>
    workloads.reduce((total, workload) => total + arrivalsOf(workload, duration_s), 0),
  );
  const fastest = fastestOf(parts);
  const issues: ConfigIssue[] = [];
  const beyond = (path: string, message: string, hint: string): void => {
    issues.push({ code: "too-many", path, line: 1, column: 1, message, hint });
  };
  if (simulatedS > limits.max_simulated_s)
    beyond(
      "",
      `found ${formatSeconds(simulatedS)} of simulated time ${over}, this daemon takes at most ${formatSeconds(limits.max_simulated_s)} a job`,
      `${less}, or a shorter duration_s`,
    );
  if (arrivals > limits.max_arrivals)
    beyond(
      "",
      `found ${formatCount(Math.round(arrivals))} arrivals ${over}, this daemon takes at most ${formatCount(limits.max_arrivals)} a job`,
      `${less}, or lower rates`,
    );
  if (fastest.rate > limits.max_rate_per_s)
    beyond(
      `workloads.${fastest.name}`,
      `found ${formatCount(fastest.rate)} arrivals per second, this daemon takes at most ${formatCount(limits.max_rate_per_s)}`,
      "a lower rate",
    );
  return issues;
}

interface Fastest {
  readonly name: string;
  readonly rate: number;
}

function fastestOf(parts: readonly Part[]): Fastest {
  const all = parts.flatMap(({ scenario }) =>
    scenario.workloads.map((workload): Fastest => ({ name: workload.name, rate: highestRate(workload) })),
  );
  return all.reduce((most, one) => (one.rate > most.rate ? one : most), { name: "", rate: 0 });
}

function highestRate({ rate_per_s, end_rate_per_s, trace }: Scenario["workloads"][number]): number {
  return Math.max(rate_per_s ?? 0, end_rate_per_s ?? 0, ...(trace ?? []).map(([, perS]) => perS));
}
