/**
 * Result series: what /metrics shows of jobs that are done: of each experiment the last run, the last sweep, and the last plan for each key, for a while.
 */
import { parseFind, servedShareOf } from "../index.ts";
import type { Group } from "../metrics/family.ts";
import { foundByPlan, foundBySweep } from "../metrics/found-families.ts";
import { resultGroups } from "../metrics/result-families.ts";
import type { Found } from "./found.ts";
import type { JobRecord } from "./job-record.ts";
import type { Jobs } from "./jobs.ts";

interface Shown {
  readonly experiment: string;
  readonly job: string;
  readonly endedMs: number;
  readonly groups: readonly Group[];
  /** Empty but of runs. */
  readonly tunings: readonly { readonly name: string; readonly served_ratio: number }[];
}

export class ResultSeries {
  readonly #keptMs: number;
  readonly #nowMs: () => number;
  /** By what a later job takes the place of. */
  readonly #shown = new Map<string, Shown>();

  constructor(keptMs: number, nowMs: () => number = Date.now) {
    this.#keptMs = keptMs;
    this.#nowMs = nowMs;
  }

  show(record: JobRecord, found: Found): void {
    const { id, experiment, ended_ms } = record;
    const endedMs = ended_ms ?? this.#nowMs();
    const subject = subjectOf(record);
    // What was shown last stands last, and is cut first.
    this.#shown.delete(subject);
    this.#shown.set(subject, { experiment, job: id, endedMs, ...seriesOf(record, found, endedMs) });
  }

  /** After a start: the last results, as far as they are not too old. */
  async restore(jobs: Jobs): Promise<void> {
    const last = new Map<string, JobRecord>();
    for (const job of jobs.list())
      if (job.state === "done" && !this.#isOld(job.ended_ms ?? 0)) last.set(subjectOf(job), job);
    for (const [subject, job] of last) {
      const found = await jobs.results.found(job);
      if (found !== null && !this.#shown.has(subject)) this.show(job, found);
    }
  }

  forget(job: string): void {
    for (const [subject, shown] of this.#shown) if (shown.job === job) this.#shown.delete(subject);
  }

  groups(): Group[] {
    this.#expire();
    return [...this.#shown.values()].flatMap(({ groups }) => groups);
  }

  /** Of jobs that ran an experiment. */
  list(): { readonly experiment: string; readonly job: string; readonly tunings: Shown["tunings"] }[] {
    this.#expire();
    return [...this.#shown.values()]
      .filter(({ tunings }) => tunings.length > 0)
      .map(({ experiment, job, tunings }) => ({ experiment, job, tunings }));
  }

  #isOld(endedMs: number): boolean {
    return this.#nowMs() - endedMs > this.#keptMs;
  }

  #expire(): void {
    for (const [subject, { endedMs }] of this.#shown) if (this.#isOld(endedMs)) this.#shown.delete(subject);
  }
}

/** Jobs with the same subject show one thing, the last of them. */
function subjectOf({ experiment, kind, asked }: JobRecord): string {
  const question = kind === "plan" ? parseFind(asked.find ?? "") : null;
  return `${kind} ${experiment} ${question?.ok === true ? question.value.path : ""}`;
}

function seriesOf(
  { experiment, tunings }: JobRecord,
  found: Found,
  completedMs: number,
): Pick<Shown, "groups" | "tunings"> {
  const by = { experiment, tunings, completedMs };
  switch (found.kind) {
    case "experiment": {
      const { summary } = found;
      const served = summary.tunings.map((one) => ({ name: one.name, served_ratio: servedShareOf(one) }));
      return { groups: resultGroups(experiment, summary, completedMs), tunings: served };
    }
    case "sweep":
      return { groups: foundBySweep(by, found.summary), tunings: [] };
    case "plan":
      return { groups: foundByPlan(by, found.result), tunings: [] };
  }
}
