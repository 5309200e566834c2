/**
 * Recover: how large a burst, and how long a pause of the application, a tuning recovers from.
 *
 * Disturbance   One, in ordinary times: every workload that comes at a rate comes all the time, the scenario's own pause windows are left out (pauses that come again and
 *               again are ordinary). A burst is so many more clients of the first such workload, all at once; a pause stops all applications.
 * Recovered     The clients who begin OBSERVED_S long from `withinS` after its end on fare as usual: of them as many are served (to 1 %), their p99, from the first attempt to
 *               being served, is at most twice the usual one (or 10 ms more), and no accept queue is more than half full meanwhile. Usual is what the same clients have
 *               without the disturbance: a workload of their own, so that both runs have them alike.
 * Limits        Bursts to MOST_CLIENTS, pauses to LONGEST_PAUSE_S. Queues are those of the first seed, the only one with time lines.
 */
import type { Measured, TuningPlan } from "../results/plan-format.ts";
import type { ClientsSummary, TuningSummary } from "../results/summary-format.ts";
import { simulateExperiment } from "../simulate.ts";
import type { Experiment, Threshold, Tuning } from "../vocabulary/experiment.ts";
import type { ConnectionsWorkload, Scenario, WorkloadScenario } from "../vocabulary/scenario.ts";
import { type PlanOptions, plan } from "./plan.ts";
import { scaleOf } from "./scale.ts";

export interface RecoverOptions extends Omit<PlanOptions, "alsoNeeds"> {
  /** Seconds after the disturbance's end from which on all must be as usual. */
  readonly withinS: number;
}

/** What clients have without a disturbance. */
export interface Usual {
  readonly served_ratio: number;
  /** null: nobody was served. */
  readonly p99_ms: number | null;
}

export interface Recovery {
  readonly tuning: string;
  readonly usual: Usual;
  /** Clients at once. */
  readonly burst: TuningPlan;
  /** Seconds. */
  readonly pause: TuningPlan;
}

const KINDS = {
  burst: { path: "burst_clients", scale: scaleOf(1, 65_536, true), longestS: 0 },
  pause: { path: "pause_s", scale: scaleOf(0.1, 30, false), longestS: 30 },
} as const;
type Kind = keyof typeof KINDS;

/** Before the disturbance, so that all is as usual; and after those who are watched have come, so that they can be served. */
const WARM_S = 5;
const OBSERVED_S = 10;
const DRAIN_S = 10;

const SERVED_OF_USUAL = 0.99;
const LATENCY_OF_USUAL = 2;
const LATENCY_SLACK_MS = 10;
const QUEUE_SHARE = 0.5;

/** Whether any clients come at a rate; else there are no ordinary times. */
export const canRecover = ({ scenario }: Tuning): boolean => scenario.workloads.some(isOrdinary);

/** null: interrupted before there was anything to tell. */
export async function recover(
  experiment: Experiment,
  tuning: Tuning,
  { withinS, ...options }: RecoverOptions,
): Promise<Recovery | null> {
  const search = async (kind: Kind): Promise<TuningPlan & { readonly usual: Usual }> => {
    const { path, scale } = KINDS[kind];
    const scenarioWith = (_: string, size: number): Scenario => disturbed(tuning.scenario, kind, size, withinS);
    options.onTry?.(`${tuning.name}: ordinary times`);
    const { onTry, ...simulate } = options;
    const quiet = { ...tuning, scenario: scenarioWith("", 0) };
    const { tunings } = await simulateExperiment({ ...experiment, tunings: [quiet], thresholds: [] }, simulate);
    const calm = tunings[0] as TuningSummary;
    const watched = firstWatched(tuning.scenario);
    const usual = usualOf(calm, watched);
    const asked = { ...experiment, tunings: [tuning], thresholds: thresholdsOf(watched, usual) };
    const times = timesOf(kind, withinS);
    const alsoNeeds = (of: TuningSummary): Measured => queueIsShort(of, calm, times.watchedS);
    return {
      ...(await plan(asked, tuning.name, { goal: "max", path, scale, scenarioWith }, { ...options, alsoNeeds })),
      usual,
    };
  };
  try {
    const { usual, ...burst } = await search("burst");
    const { usual: _, ...pause } = await search("pause");
    return { tuning: tuning.name, usual, burst, pause };
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    return null;
  }
}

/** The scenarios at both ends of both searches, to foresee what they take. */
export const endsOf = ({ scenario }: Tuning, withinS: number): (readonly [Scenario, Scenario])[] =>
  (["burst", "pause"] as const).map((kind) => {
    const { at, last } = KINDS[kind].scale;
    return [disturbed(scenario, kind, at(0), withinS), disturbed(scenario, kind, at(last), withinS)];
  });

/** The window in which clients are watched, and the end of the run. */
function timesOf(kind: Kind, withinS: number) {
  const endS = WARM_S + KINDS[kind].longestS;
  const watchedS = [endS + withinS, endS + withinS + OBSERVED_S] as const;
  return { endS, watchedS, durationS: watchedS[1] + DRAIN_S };
}

function isOrdinary(workload: WorkloadScenario): boolean {
  return workload.kind === "connections" && comesAllTheTime(workload);
}

const comesAllTheTime = ({ arrival, rate_per_s }: WorkloadScenario): boolean =>
  rate_per_s !== null && arrival !== "ramp" && arrival !== "trace";

const watchedName = (name: string): string => `${name}.after`;
const firstOrdinary = ({ workloads }: Scenario): ConnectionsWorkload =>
  workloads.find(isOrdinary) as ConnectionsWorkload;
const firstWatched = (scenario: Scenario): string => watchedName(firstOrdinary(scenario).name);

/** `size` 0: ordinary times. */
function disturbed(scenario: Scenario, kind: Kind, size: number, withinS: number): Scenario {
  const { endS, watchedS, durationS } = timesOf(kind, withinS);
  const [watchedFrom, watchedTo] = watchedS;
  const during = (workload: WorkloadScenario, start_s: number, end_s: number): WorkloadScenario => ({
    ...{ ...workload, start_s, duration_s: end_s - start_s, count: null },
  });
  const workloads = scenario.workloads.flatMap((workload): WorkloadScenario[] => {
    if (!comesAllTheTime(workload)) return [workload];
    if (workload.kind === "raw") return [during(workload, 0, durationS)];
    const watched = { ...during(workload, watchedFrom, watchedTo), name: watchedName(workload.name) };
    return [during(workload, 0, watchedFrom), watched];
  });
  const first = firstOrdinary(scenario);
  const burst: WorkloadScenario = {
    ...{ ...first, name: `${first.name}.burst`, arrival: "even", start_s: endS, count: size },
    ...{ rate_per_s: null, duration_s: null, burst_size: null, burst_spread_s: 0 },
  };
  const pauses = kind === "pause" && size > 0 ? [[endS - size, endS] as const] : [];
  const listeners = scenario.server.listeners.map((listener) => ({
    ...listener,
    accept: { ...listener.accept, pause_windows_s: [] },
    app: { ...listener.app, pause_windows_s: pauses },
  }));
  return {
    ...{ ...scenario, duration_s: durationS, server: { ...scenario.server, listeners } },
    workloads: kind === "burst" && size > 0 ? [...workloads, burst] : workloads,
  };
}

function usualOf({ clients }: TuningSummary, watched: string): Usual {
  const of = clients.find(({ name }) => name === watched) as ClientsSummary;
  return { served_ratio: of.served_ratio.mean, p99_ms: of.user_latency_ms?.p99 ?? null };
}

function thresholdsOf(watched: string, { served_ratio, p99_ms }: Usual): Threshold[] {
  const of = (metric: string, comparison: "<=" | ">=", limit: number): Threshold => ({
    ...{ text: `${watched}.${metric} ${comparison} ${limit}`, metric: `${watched}.${metric}`, comparison, limit },
  });
  const served = of("served_ratio", ">=", rounded(served_ratio * SERVED_OF_USUAL));
  if (p99_ms === null) return [served];
  const latest = Math.max(p99_ms * LATENCY_OF_USUAL, p99_ms + LATENCY_SLACK_MS);
  return [served, of("user_latency_ms.p99", "<=", rounded(latest))];
}

/** To four digits, which are read. */
const rounded = (value: number): number => Number(value.toPrecision(4));

/** The fullest accept queue while clients are watched, as a share of its room; in ordinary times it may be fuller than half. */
function queueIsShort(of: TuningSummary, calm: TuningSummary, watchedS: readonly [number, number]): Measured {
  const limit = Math.max(QUEUE_SHARE, fullest(calm, watchedS));
  const value = fullest(of, watchedS);
  const metric = "accept_queue_share";
  return {
    threshold: `${metric} <= ${rounded(limit)}`,
    metric,
    value,
    interval: null,
    holds: value <= limit,
    seeds_holding: null,
  };
}

function fullest({ lines, listeners }: TuningSummary, [from, to]: readonly [number, number]): number {
  const shares = lines.queues.flatMap(({ accept }, index) => {
    const room = listeners[index]?.accept_queue.capacity ?? 1;
    return lines.at_s.flatMap((at, sample) => (at >= from && at <= to ? [(accept[sample] ?? 0) / room] : []));
  });
  return Math.max(0, ...shares);
}
