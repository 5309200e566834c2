/**
 * Dead knobs: settings of a tuning that change nothing in this experiment, and why.
 *
 * Method   Each setting of a tuning is taken back by itself to what the first tuning has, over the same seeds. Where all that was measured stays what it was, the
 *          setting is dead here. "Here" is all that is claimed: another load may bring it to life.
 *          Settings that are dead one by one are also taken back together: where that shows, they stand in for each other, and that is said instead.
 * Limits   Settings of kernel and application only, MAX_KNOBS of a tuning, MAX_SEEDS seeds.
 */
import type { ExperimentSummary, TuningSummary } from "../results/summary-format.ts";
import { type ExperimentOptions, simulateExperiment } from "../simulate.ts";
import type { Experiment, Tuning } from "../vocabulary/experiment.ts";
import { isSame, valueAt, withValue } from "./key-paths.ts";
import { reasonFor } from "./knob-reasons.ts";

const MAX_SEEDS = 5;
/** A tuning with more takes too many runs; nothing is said of its settings. */
const MAX_KNOBS = 6;

export interface DeadKnob {
  readonly tuning: string;
  readonly path: string;
  /** undefined: the kernel's default. */
  readonly value: unknown;
  /** Paths that do the same; not empty: without these too, the results would be others. */
  readonly standIns: readonly string[];
  readonly because: string;
}

export async function deadKnobs(
  experiment: Experiment,
  summary: ExperimentSummary,
  options: ExperimentOptions = {},
): Promise<DeadKnob[]> {
  const [baseline, ...others] = experiment.tunings;
  const [ofBaseline] = summary.tunings;
  if (baseline === undefined || ofBaseline === undefined) return [];
  const dead: DeadKnob[] = [];
  for (const tuning of others) {
    const of = summary.tunings.find(({ name }) => name === tuning.name);
    const knobs = knobsOf(tuning, baseline);
    if (of === undefined || knobs.length === 0 || knobs.length > MAX_KNOBS) continue;
    const without = (paths: readonly string[]): Tuning["scenario"] =>
      paths.reduce((scenario, path) => withValue(scenario, path, valueAt(baseline.scenario, path)), tuning.scenario);
    const isAlreadyRun = knobs.length === 1 && isSame(without(knobs), baseline.scenario);
    const withoutEach = isAlreadyRun
      ? { of, trials: [ofBaseline] }
      : await runWithout(
          experiment,
          tuning,
          knobs.map((path) => without([path])),
          options,
        );
    const found = knobs.flatMap((path, index) => {
      const trial = withoutEach.trials[index];
      return trial !== undefined && isUnmoved(withoutEach.of, trial) ? [{ path, trial }] : [];
    });
    const paths = found.map(({ path }) => path);
    const together = await standIns(paths, (sets) => runWithout(experiment, tuning, sets.map(without), options));
    for (const { path, trial } of found) {
      dead.push({
        tuning: tuning.name,
        path,
        value: valueAt(tuning.scenario, path),
        standIns: together.includes(path) ? together.filter((other) => other !== path) : [],
        because: reasonFor(path, { tuning, baseline, of: withoutEach.of, without: trial }),
      });
    }
  }
  return dead;
}

/** What an administrator sets: sysctls, backlogs, and how the application accepts. Traffic and machines are not knobs. */
const KNOBS = [
  /^(server|client)\.sysctls\./,
  /^server\.listeners\.\d+\.backlog$/,
  /^server\.listeners\.\d+\.accept\.(rate_per_s|service_time_s|workers)$/,
];

function knobsOf(tuning: Tuning, baseline: Tuning): string[] {
  return tuning.changes
    .map(({ path }) => path)
    .filter((path) => KNOBS.some((knob) => knob.test(path)))
    .filter((path) => !isSame(valueAt(tuning.scenario, path), valueAt(baseline.scenario, path)))
    .filter((path) => path.includes(".sysctls.") || canBeTakenBack(path, tuning, baseline));
}

/** A listener that both have, accepting in the same way: else the value alone makes no sense. */
function canBeTakenBack(path: string, tuning: Tuning, baseline: Tuning): boolean {
  const mode = path.replace(/(\.\d+)\..*$/, "$1.accept.mode");
  return (
    typeof valueAt(tuning.scenario, path) === "number" &&
    typeof valueAt(baseline.scenario, path) === "number" &&
    valueAt(tuning.scenario, mode) === valueAt(baseline.scenario, mode)
  );
}

interface Trials {
  /** The tuning as it is, over the trials' seeds. */
  readonly of: TuningSummary;
  readonly trials: readonly TuningSummary[];
}

async function runWithout(
  experiment: Experiment,
  tuning: Tuning,
  scenarios: readonly Tuning["scenario"][],
  options: ExperimentOptions,
): Promise<Trials> {
  const without = scenarios.map((scenario, index) => ({ name: `without-${index}`, changes: [], scenario }));
  const trial: Experiment = {
    ...experiment,
    thresholds: [],
    seeds: experiment.seeds.slice(0, MAX_SEEDS),
    tunings: [{ ...tuning, name: "with-all" }, ...without],
  };
  const { tunings } = await simulateExperiment(trial, options);
  const [of, ...trials] = tunings;
  return { of: of as TuningSummary, trials };
}

/**
 * Those of `paths`, dead one by one, that stand in for each other. With all of them taken back nothing moves: none. Else those each of which is enough by itself;
 * where no single one is, all.
 */
async function standIns(
  paths: readonly string[],
  run: (sets: readonly (readonly string[])[]) => Promise<Trials>,
): Promise<readonly string[]> {
  if (paths.length < 2) return [];
  const all = await run([paths]);
  if (all.trials.every((trial) => isUnmoved(all.of, trial))) return [];
  const keepOne = await run(paths.map((kept) => paths.filter((path) => path !== kept)));
  const enough = paths.filter((_, index) => {
    const trial = keepOne.trials[index];
    return trial !== undefined && isUnmoved(keepOne.of, trial);
  });
  return enough.length > 1 ? enough : paths;
}

/** Whether all that was measured is equal, time lines included. */
export const isUnmoved = (a: TuningSummary, b: TuningSummary): boolean => isSame(measured(a), measured(b));

/** Without what only repeats the settings. */
function measured({ listeners, worst_pair: pair, ...of }: TuningSummary): unknown {
  return {
    ...of,
    name: "",
    changes: [],
    worst_pair: pair === null ? null : { ...pair, usable_ports: 0 },
    listeners: listeners.map(({ asked_backlog: _, backlog: __, accept_queue, syn_queue, ...one }) => ({
      ...one,
      accept_queue: { ...accept_queue, capacity: 0 },
      syn_queue: { ...syn_queue, capacity: 0 },
    })),
  };
}
