/**
 * Advice: what would help a tuning whose clients fail or wait, each change simulated before a word is said about it.
 *
 * Method   The gate that binds names candidates (candidates.ts); all of them run with the same seeds, hence the same clients, as the tuning itself.
 *          The smallest change after which nearly all get in, or none waits any more, is named first; where none is enough, the best one; what changed nothing is said too.
 * Limits   At most MAX_ADVISED tunings, those with most clients outside first, then those whose clients are late, and MAX_SEEDS seeds: differences smaller than that shows are none.
 */

import { type Binding, bindingOf, servedShareOf } from "../results/blame.ts";
import type { Difference, ExperimentSummary, TuningSummary } from "../results/summary-format.ts";
import { formatMean } from "../results/summary-table.ts";
import { type ExperimentOptions, simulateExperiment } from "../simulate.ts";
import type { Experiment, Tuning } from "../vocabulary/experiment.ts";
import { GATES } from "../vocabulary/gates.ts";
import { arrivalsOf, type Scenario } from "../vocabulary/scenario.ts";
import { type Aim, aimOf } from "./aim.ts";
import { acceptCapacityPerS, type Candidate, candidatesFor } from "./candidates.ts";

/** Nobody reads more, and each costs as much as a tuning. */
const MAX_ADVISED = 2;
const MAX_SEEDS = 5;

export interface AdviseOptions extends Omit<ExperimentOptions, "onDone"> {
  /** Called before each tuning's candidates run, with words for people. */
  readonly onTry?: ((what: string) => void) | undefined;
}

export interface Trial {
  readonly changes: Candidate["changes"];
  readonly before: TuningSummary;
  readonly after: TuningSummary;
  readonly aim: Aim;
  /** Paired, on the share of clients that got in. */
  readonly verdict: Difference["verdict"];
}

export interface Advice {
  readonly tuning: string;
  readonly trials: readonly Trial[];
  /** The smallest change that helps; null: none of those tried does. */
  readonly best: Trial | null;
  readonly sentences: readonly string[];
}

export async function advise(
  experiment: Experiment,
  summary: ExperimentSummary,
  options: AdviseOptions = {},
): Promise<Advice[]> {
  const { onTry, ...simulate } = options;
  const advice: Advice[] = [];
  for (const one of troubled(experiment, summary)) {
    onTry?.(`trying what would help "${one.tuning.name}"`);
    const trials = await tryAll(experiment, one, simulate);
    const best = bestOf(trials);
    advice.push({ tuning: one.tuning.name, trials, best, sentences: wordsOn(one, trials, best) });
  }
  return advice;
}

interface Troubled {
  readonly tuning: Tuning;
  readonly of: TuningSummary;
  readonly binding: Binding;
  readonly aim: Aim;
  readonly candidates: readonly Candidate[];
}

function troubled(experiment: Experiment, summary: ExperimentSummary): Troubled[] {
  return experiment.tunings
    .flatMap((tuning, index) => {
      const of = summary.tunings[index];
      const binding = of === undefined ? null : bindingOf(of);
      const aim = of === undefined || binding === null ? null : aimOf(of, binding);
      if (of === undefined || binding === null || aim === null) return [];
      const candidates = candidatesFor(binding.gate, tuning.scenario);
      // That nothing moves a path's losses the verdict has said already.
      return binding.by === "waited" && candidates.length === 0 ? [] : [{ tuning, of, binding, aim, candidates }];
    })
    .sort((a, b) => servedShareOf(a.of) - servedShareOf(b.of))
    .slice(0, MAX_ADVISED);
}

async function tryAll(
  experiment: Experiment,
  { tuning, aim, candidates }: Troubled,
  options: ExperimentOptions,
): Promise<Trial[]> {
  if (candidates.length === 0) return [];
  const trial: Experiment = {
    ...experiment,
    thresholds: [],
    seeds: experiment.seeds.slice(0, MAX_SEEDS),
    tunings: [
      { ...tuning, name: "before" },
      ...candidates.map(({ changes, scenario }, index) => ({ name: `try-${index}`, changes, scenario })),
    ],
  };
  const { tunings, differences } = await simulateExperiment(trial, options);
  const [before, ...after] = tunings;
  return after.flatMap((one, index) => {
    const changes = candidates[index]?.changes;
    if (before === undefined || changes === undefined) return [];
    return [{ changes, before, after: one, aim, verdict: servedVerdict(differences, one.name) }];
  });
}

/** Better or worse in at least one workload of clients; better wins, the sentences show the numbers. */
function servedVerdict(differences: readonly Difference[], tuning: string): Difference["verdict"] {
  const verdicts = differences
    .filter((one) => one.tuning === tuning && one.metric.endsWith(".served_ratio"))
    .map(({ verdict }) => verdict);
  return (["better", "worse", "unknown", "none"] as const).find((verdict) => verdicts.includes(verdict)) ?? "same";
}

/** More clients in, or less waiting: beyond chance, or in some seeds and in none fewer, which a few seeds' interval may not show. */
const helps = (trial: Trial): boolean =>
  trial.aim.of(trial.after) > trial.aim.of(trial.before) &&
  (trial.verdict === "none" || trial.verdict === "same" ? isNeverWorse(trial) : trial.verdict !== "worse");

/** Both met the same clients in each seed. */
function isNeverWorse({ before, after, aim }: Trial): boolean {
  const seeds = before.clients[0]?.served.per_seed ?? [];
  return seeds.every((_, seed) => aim.ofSeed(after, seed) >= aim.ofSeed(before, seed));
}

const isEnough = ({ aim, before, after }: Trial): boolean => aim.isEnough(before, after);

function bestOf(trials: readonly Trial[]): Trial | null {
  const helping = trials.filter(helps);
  const enough = helping.find(isEnough);
  if (enough !== undefined) return enough;
  return helping.reduce<Trial | null>(
    (best, trial) => (best === null || trial.aim.of(trial.after) > trial.aim.of(best.after) ? trial : best),
    null,
  );
}

function wordsOn({ tuning, of, binding, aim }: Troubled, trials: readonly Trial[], best: Trial | null): string[] {
  const sentences = capacityWords(tuning, of);
  if (trials.length === 0) {
    return [
      ...sentences,
      `Nothing was tried: no setting of these hosts moves the gate "${GATES[binding.gate].title}".`,
    ];
  }
  if (best !== null) {
    const what = isEnough(best) ? `The smallest change tried that ${aim.reached}` : PARTLY;
    sentences.push(`${what}: ${effectOf(best)}.`);
  } else sentences.push(`None of what was tried ${aim.missed}.`);
  for (const trial of trials.filter((one) => one !== best)) {
    sentences.push(`Tried, ${judged(trial)}: ${effectOf(trial)}.`);
  }
  return sentences;
}

const PARTLY = "The best of what was tried, and not enough";

/** What a trial came to, for those who want in. */
function judged(trial: Trial): string {
  if (helps(trial)) return "helps";
  if (trial.verdict === "none") return "no sure difference";
  return trial.aim.of(trial.after) < trial.aim.of(trial.before) ? "makes it worse" : "no help";
}

/** Says when the application, not a queue, is too slow. Listeners that share a port take clients together. */
function capacityWords({ scenario }: Tuning, of: TuningSummary): string[] {
  const ports = [...new Set(scenario.server.listeners.map(({ port }) => port))];
  return ports.flatMap((port) => {
    const capacities = scenario.server.listeners
      .filter((listener) => listener.port === port)
      .map(({ accept }) => acceptCapacityPerS(accept) ?? Number.POSITIVE_INFINITY);
    const capacity = capacities.reduce((sum, one) => sum + one, 0) * of.hosts;
    const offered = offeredPerS(scenario, port);
    if (capacity >= offered) return [];
    const rates = `${formatMean(capacity)}/s of ${formatMean(offered)}/s offered`;
    return [`The application on port ${port} takes at most ${rates}: no backlog makes up for that in the long run.`];
  });
}

/** Clients per second while they come, first attempts only. */
function offeredPerS({ workloads, duration_s }: Scenario, port: number): number {
  return workloads
    .filter((workload) => workload.kind === "connections" && workload.port === port)
    .reduce((sum, one) => sum + (one.rate_per_s ?? arrivalsOf(one, duration_s) / (one.duration_s ?? duration_s)), 0);
}

/** `somaxconn = 4096, ...: 62 % → 100 % of clients in, connect p99 3.05 s → 21 ms`. */
function effectOf({ changes, before, after, aim }: Trial): string {
  const settings = changes.map(({ path, value }) => `${path} = ${value}`).join(", ");
  return `${settings}: ${aim.effect(before, after)}`;
}
