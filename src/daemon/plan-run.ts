/** Plan run: the plan of one job, tuning by tuning, with each answer in the store, so that a job that is begun again asks only for those that are missing. */
import { findValues } from "../advise/find-values.ts";
import type { PlanResult, TuningPlan } from "../index.ts";
import type { Store } from "../store/store.ts";
import type { Asked } from "./asked.ts";
import { answersOf } from "./checkpoints.ts";
import type { StepOptions } from "./job-run.ts";

interface Answer {
  readonly plan: TuningPlan;
  /** That it took. */
  readonly runs: number;
}

const answerAt = (store: Store, job: string, place: string): Answer | null => {
  const bytes = store.get(answersOf(job), place);
  return bytes === null ? null : (JSON.parse(Buffer.from(bytes).toString()) as Answer);
};

/** Runs of answers that the store has. */
export const knownAnswerRuns = (store: Store, job: string): number =>
  store.list(answersOf(job)).reduce((sum, place) => sum + (answerAt(store, job, place)?.runs ?? 0), 0);

export async function runPlan(
  job: string,
  { experiment, question }: Extract<Asked, { kind: "plan" }>,
  { store, workers, signal, engine, onRuns, onStored, onDeath }: StepOptions,
): Promise<PlanResult> {
  const durationS = experiment.tunings[0]?.scenario.duration_s ?? 0;
  let done = knownAnswerRuns(store, job);
  let asked = done;
  let before = done;
  const result = await findValues(experiment, question, {
    ...{ workers, signal, engine, onDeath, inBackground: true },
    answered: (place) => answerAt(store, job, String(place))?.plan ?? null,
    onDone: (ofThese, these) => {
      if (ofThese === 1) asked += these;
      done += 1;
      onRuns(1, durationS, { of: these });
      onStored(done, asked);
    },
    onAnswer: (place, plan) => {
      const answer: Answer = { plan, runs: done - before };
      before = done;
      store.put({ collection: answersOf(job), id: String(place), bytes: Buffer.from(JSON.stringify(answer)) });
    },
  });
  // A plan that is interrupted answers with what it has; a job is whole or none.
  signal.throwIfAborted();
  return result;
}
