/** Result series: what /metrics shows of jobs that are done: of each experiment the last one, for a while. */
import { type ExperimentSummary, servedShareOf } from "../index.ts";
import type { Group } from "../metrics/family.ts";
import { resultGroups } from "../metrics/result-families.ts";
import type { JobRecord } from "./job-record.ts";
import type { Jobs } from "./jobs.ts";

interface Shown {
  readonly job: string;
  readonly endedMs: number;
  readonly groups: readonly Group[];
  readonly tunings: readonly { readonly name: string; readonly served_ratio: number }[];
}

export class ResultSeries {
  readonly #keptMs: number;
  readonly #nowMs: () => number;
  readonly #byExperiment = new Map<string, Shown>();

  constructor(keptMs: number, nowMs: () => number = Date.now) {
    this.#keptMs = keptMs;
    this.#nowMs = nowMs;
  }

  show({ id, experiment, ended_ms }: JobRecord, summary: ExperimentSummary): void {
    const endedMs = ended_ms ?? this.#nowMs();
    // What was shown last stands last, and is cut first.
    this.#byExperiment.delete(experiment);
    this.#byExperiment.set(experiment, {
      job: id,
      endedMs,
      groups: resultGroups(experiment, summary, endedMs),
      tunings: summary.tunings.map((tuning) => ({ name: tuning.name, served_ratio: servedShareOf(tuning) })),
    });
  }

  /** After a start: the last result of each experiment, as far as it is not too old. */
  async restore(jobs: Jobs): Promise<void> {
    const last = new Map<string, JobRecord>();
    for (const job of jobs.list())
      if (job.state === "done" && !this.#isOld(job.ended_ms ?? 0)) last.set(job.experiment, job);
    for (const job of last.values()) {
      const summary = await jobs.results.summary(job.id);
      if (summary !== null && !this.#byExperiment.has(job.experiment)) this.show(job, summary);
    }
  }

  forget(job: string): void {
    for (const [experiment, shown] of this.#byExperiment) if (shown.job === job) this.#byExperiment.delete(experiment);
  }

  groups(): Group[] {
    this.#expire();
    return [...this.#byExperiment.values()].flatMap(({ groups }) => groups);
  }

  list(): { readonly experiment: string; readonly job: string; readonly tunings: Shown["tunings"] }[] {
    this.#expire();
    return [...this.#byExperiment].map(([experiment, { job, tunings }]) => ({ experiment, job, tunings }));
  }

  #isOld(endedMs: number): boolean {
    return this.#nowMs() - endedMs > this.#keptMs;
  }

  #expire(): void {
    for (const [experiment, { endedMs }] of this.#byExperiment)
      if (this.#isOld(endedMs)) this.#byExperiment.delete(experiment);
  }
}
