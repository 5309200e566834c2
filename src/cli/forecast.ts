/**
 * Forecast: what a sweep, a plan or the runs of an experiment will take, before they start: memory, which is held against the limit, and time, roughly.
 *
 * Method   Some points of a sweep, from the first to the last, are compiled and looked at; of an experiment each tuning's first seed, of a plan both ends of
 *          each search. Time is connections and packets times what they cost on a machine of 2025, and can be wrong by a factor of five: it tells
 *          seconds from hours.
 */

import { err, ok, type Result } from "../base/result.ts";
import { formatBytes, formatCount, formatSeconds } from "../base/units.ts";
import {
  type Experiment,
  type ExperimentSummary,
  memoryFault,
  memoryNeeded,
  pointCountOf,
  type RunSpec,
  type Sweep,
  specsAt,
  usableMemory,
  workersFor,
} from "../index.ts";
import { experimentSpecs } from "../simulate.ts";
import { CpuCost } from "../vocabulary/cpu.ts";
import { EngineMode, WorkloadKind } from "../vocabulary/run-spec.ts";
import type { Scenario } from "../vocabulary/scenario.ts";

const MOST_LOOKED_AT = 64;
/** Seconds. */
const PER_RUN = 0.002;
const PER_CONNECTION = 4e-6;
const PER_PACKET_ONE_BY_ONE = 1e-7;
/** Packets that share a fate cost nothing but for those that find room. */
const PER_PACKET_IN_BULK = 1e-10;
/** What a CPU that takes time works off, one by one through its queues. */
const PER_PACKET_SERVED = 4e-7;
/** A wait so short needs no word. */
const SHORT_S = 10;

export interface Forecast {
  readonly workers: number;
  /** One line, without its end. */
  readonly text: string;
}

/** `asked`: threads that the user wants; else fewer are taken where memory is short. The error names the limit and the point. */
export function forecast(sweep: Sweep, asked: number | undefined): Result<Forecast, string> {
  const { shape } = sweep;
  const points = pointCountOf(shape);
  const runs = points * shape.seeds.length;
  const memory = usableMemory();
  let workers = workersFor(runs, asked);
  let [most, seconds, looked] = [0, 0, 0];
  for (const point of lookedAt(points)) {
    for (const spec of specsAt(sweep, point)) {
      while (workers > 1 && asked === undefined && memoryFault(spec, workers, memory) !== null) workers -= 1;
      const fault = memoryFault(spec, workers, memory);
      if (fault !== null) return err(`point ${point}: ${fault}`);
      most = Math.max(most, memoryNeeded(spec, workers));
      seconds += secondsOf(spec);
    }
    looked += 1;
  }
  const total = ((seconds / looked) * runs) / workers;
  const size = `${formatCount(points)} points, ${formatCount(runs)} runs of ${formatSeconds(shape.durationS)}`;
  return ok({
    workers,
    text: `${shape.name}: ${size} on ${threadsText(workers)}; at most ${formatBytes(most)} of memory, very roughly ${aboutText(total)}`,
  });
}

/** Spread over all points, both ends included. */
function lookedAt(points: number): number[] {
  if (points <= MOST_LOOKED_AT) return Array.from({ length: points }, (_, point) => point);
  return Array.from({ length: MOST_LOOKED_AT }, (_, k) => Math.round((k * (points - 1)) / (MOST_LOOKED_AT - 1)));
}

/**
 * One line about the runs of an experiment, advice not included; null: they are done within seconds. Whether their memory is there is seen by
 * simulateExperiment, before it starts.
 */
export function runForecast(
  experiment: Experiment,
  engine: ExperimentSummary["engine"],
  asked: number | undefined,
): string | null {
  const scenarios = experiment.tunings.map(({ scenario }) => scenario);
  return foreseen({ experiment, scenarios, values: 1, atOnce: scenarios.length, engine, asked }, "");
}

/** A search: the scenarios at both ends of its scale stand for what is tried between them. */
export interface ForeseenSearch {
  readonly ends: readonly [Scenario, Scenario];
  /** How many values it tries, about. */
  readonly values: number;
}

/** As runForecast(), about searches one after the other. */
export function planForecast(
  experiment: Experiment,
  searches: readonly ForeseenSearch[],
  engine: ExperimentSummary["engine"],
  asked: number | undefined,
): string | null {
  const scenarios = searches.flatMap(({ ends }) => ends);
  const values = Math.max(...searches.map((search) => search.values)) / 2;
  return foreseen({ experiment, scenarios, values, atOnce: 1, engine, asked }, "about ");
}

interface Foreseen {
  readonly experiment: Experiment;
  readonly scenarios: readonly Scenario[];
  /** How often each is simulated with each seed, and how many can be at a time: a bisection waits for each value. */
  readonly values: number;
  readonly atOnce: number;
  readonly engine: ExperimentSummary["engine"];
  /** Threads that the user wants. */
  readonly asked: number | undefined;
}

function foreseen({ experiment, scenarios, values, atOnce, engine, asked }: Foreseen, about: string): string | null {
  const { name, seeds } = experiment;
  const tunings = scenarios.map((scenario) => ({ name: "", changes: [], scenario }));
  const specs = experimentSpecs({ ...experiment, tunings, seeds: seeds.slice(0, 1) }, engine).flat(2);
  const times = values * seeds.length;
  const workers = workersFor((specs.length / scenarios.length) * atOnce * seeds.length, asked);
  const seconds = (specs.reduce((sum, spec) => sum + secondsOf(spec), 0) * times) / workers;
  if (seconds < SHORT_S) return null;
  const most = Math.max(...specs.map((spec) => memoryNeeded(spec, workers)));
  const size = `${about}${formatCount(Math.round(specs.length * times))} runs of ${durationsText(scenarios)}`;
  return `${name}: ${size} on ${threadsText(workers)}; at most ${formatBytes(most)} of memory, very roughly ${aboutText(seconds)}`;
}

function durationsText(scenarios: readonly Scenario[]): string {
  const durations = scenarios.map(({ duration_s }) => duration_s);
  const [least, most] = [Math.min(...durations), Math.max(...durations)];
  return least === most ? formatSeconds(most) : `${formatSeconds(least)} to ${formatSeconds(most)}`;
}

function secondsOf(spec: RunSpec): number {
  const perPacket = spec.engine === EngineMode.Auto ? PER_PACKET_IN_BULK : PER_PACKET_ONE_BY_ONE;
  const served = spec.cpu === null ? 0 : servedMost(spec) * PER_PACKET_SERVED;
  return spec.workloads.reduce((sum, workload) => {
    const count = Math.min(workload.count, (workload.ratePerS * spec.durationNs) / 1e9 || workload.count);
    return sum + count * (workload.kind === WorkloadKind.Connections ? PER_CONNECTION : perPacket);
  }, PER_RUN + served);
}

/** Packets of floods that the CPUs can work off, were all of them of the cheapest kind. */
function servedMost({ cpu, workloads, durationNs }: RunSpec): number {
  if (cpu === null) return 0;
  const sent = workloads
    .filter(({ kind }) => kind === WorkloadKind.Raw)
    .reduce((sum, { count, ratePerS }) => sum + Math.min(count, (ratePerS * durationNs) / 1e9 || count), 0);
  const leastNs = (cpu.costNs[CpuCost.receive] ?? 0) + (cpu.costNs[CpuCost.syn_dropped] ?? 0);
  return leastNs === 0 ? sent : Math.min(sent, (cpu.cores * durationNs) / leastNs);
}

const threadsText = (workers: number): string => (workers === 1 ? "1 thread" : `${workers} threads`);

/** One digit. */
function aboutText(seconds: number): string {
  const [size, unit] = seconds < 90 ? [1, "s"] : seconds < 5400 ? [60, "min"] : [3600, "h"];
  return `${Math.max(1, Number((seconds / Number(size)).toPrecision(1)))} ${unit}`;
}
