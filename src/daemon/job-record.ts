/** Jobs as data: what the store keeps of each, and what the API shows. */
import { randomBytes } from "node:crypto";

export const JOB_STATES = ["queued", "running", "done", "failed", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];

export const hasEnded = (state: JobState): boolean => state !== "queued" && state !== "running";

/** What is done with the experiment: simulated as it is (`run`), over values of keys (`sweep`), or until a value is enough (`plan`). */
export const JOB_KINDS = ["experiment", "sweep", "plan"] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** What a job is asked besides, in the words of the command line: param is -P. null, or empty: not asked. */
export interface JobWords {
  readonly param: readonly string[];
  readonly sample: string | null;
  readonly metric: readonly string[];
  readonly find: string | null;
  readonly and: readonly string[];
  readonly tuning: string | null;
  readonly seeds: number | null;
  readonly seed: number | null;
}

export const NO_WORDS: JobWords = {
  ...{ param: [], sample: null, metric: [], find: null, and: [], tuning: null, seeds: null, seed: null },
};

export interface JobRecord {
  /** Sorts by the time of submission. */
  readonly id: string;
  /** As labels of metrics name it. */
  readonly experiment: string;
  readonly kind: JobKind;
  readonly asked: JobWords;
  readonly state: JobState;
  readonly engine: "auto" | "packet";
  readonly tunings: readonly string[];
  readonly seeds: number;
  /** Runs altogether, and how many have ended. Of a plan, which finds out as it goes, those that were asked for so far. */
  readonly runs: number;
  readonly done: number;
  /** Times that it was begun: a daemon that ends begins it again. */
  readonly begun: number;
  /** Unix time, ms. */
  readonly submitted_ms: number;
  readonly started_ms: number | null;
  readonly ended_ms: number | null;
  /** Why it failed, or was cancelled. */
  readonly error: string | null;
  /** Of a plan: whether each tuning has an answer. null: not done, or nothing had to hold. */
  readonly thresholds_hold: boolean | null;
}

/** Base 36 until the year 2059 in nine digits, then five random bytes: ids are no secret, but nobody meets another's by counting. */
export const newJobId = (nowMs: number): string =>
  `${Math.floor(nowMs).toString(36).padStart(9, "0")}${randomBytes(5).toString("hex")}`;

export const JOB_ID = /^[0-9a-z]{9}[0-9a-f]{10}$/;

/** A name as labels and paths can hold it. */
export function labelOf(name: string): string {
  const plain = name
    .replace(/[^A-Za-z0-9_.-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 64);
  return plain === "" ? "unnamed" : plain;
}

export const encodeRecord = (record: JobRecord): Uint8Array => Buffer.from(JSON.stringify(record));

/** Records from before there were kinds are of experiments. */
export const decodeRecord = (bytes: Uint8Array): JobRecord => ({
  ...{ kind: "experiment", asked: NO_WORDS },
  ...(JSON.parse(Buffer.from(bytes).toString()) as JobRecord),
});
