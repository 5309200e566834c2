/** Submission: what somebody sent → a job that can wait for its turn, or why it cannot be one. */
import { err, ok, type Result } from "../base/result.ts";
import { type ConfigIssue, type DaemonConfig, pointCountOf } from "../index.ts";
import { type Asked, readAsked } from "./asked.ts";
import { limitIssues } from "./job-limits.ts";
import { type JobKind, type JobRecord, type JobWords, labelOf, newJobId } from "./job-record.ts";

export interface Submission {
  readonly text: string;
  readonly kind: JobKind;
  readonly asked: JobWords;
  readonly engine: JobRecord["engine"];
  /** In place of the experiment's own name. */
  readonly name: string | null;
}

export type Refusal =
  | { readonly reason: "invalid"; readonly issues: readonly ConfigIssue[] }
  | { readonly reason: "bad-word"; readonly word: string; readonly message: string }
  | { readonly reason: "queue-full" | "store-full" | "stopping" };

export interface Accepted {
  readonly job: JobRecord;
  readonly warnings: readonly ConfigIssue[];
}

export function accept(submission: Submission, config: DaemonConfig, nowMs: number): Result<Accepted, Refusal> {
  const { text, name } = submission;
  const read = readAsked(text, { ...submission, label: null });
  if (!read.ok) {
    const { error } = read;
    return err(error.word === null ? { reason: "invalid", issues: error.issues } : { reason: "bad-word", ...error });
  }
  const { asked, warnings } = read.value;
  const issues = limitIssues(asked, config);
  if (issues.length > 0) return err({ reason: "invalid", issues });
  return ok({ job: newRecord(asked, submission, labelOf(name ?? asked.experiment.name), nowMs), warnings });
}

function newRecord(found: Asked, { kind, asked, engine }: Submission, experiment: string, nowMs: number): JobRecord {
  const { tunings, seeds } = found.experiment;
  return {
    id: newJobId(nowMs),
    ...{ experiment, kind, asked, state: "queued", engine },
    tunings: tunings.map((tuning) => tuning.name),
    seeds: seeds.length,
    runs: runsOf(found),
    ...{ done: 0, begun: 0, submitted_ms: nowMs, started_ms: null, ended_ms: null, error: null, thresholds_hold: null },
  };
}

/** As far as that is known before it begins. */
function runsOf(asked: Asked): number {
  const { tunings, seeds } = asked.experiment;
  switch (asked.kind) {
    case "experiment":
      return tunings.reduce((sum, { scenario }) => sum + scenario.server.hosts, 0) * seeds.length;
    case "sweep":
      return pointCountOf(asked.sweep.shape) * seeds.length;
    case "plan":
      return 0;
  }
}
