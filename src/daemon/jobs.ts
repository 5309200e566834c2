/**
 * Jobs: experiments, sweeps and plans that were submitted, one after the other on all threads of the pool, from the store and back into it.
 *
 * Invariants  A job that was accepted is in the store; a result that was told of is too. Whatever ends the process, a job ends with the result that it
 *             would have had without: runs are pure functions of their specs, and those that are done are kept (checkpoints.ts).
 * Failures    A thread that dies: its runs are done once more (pool/lanes.ts), then the job has failed. A daemon that dies MOST_BEGUN times under one job: the job has failed.
 *             A full store: the job goes back into the queue, and no others are taken until something can be written again.
 */
import type { Logger } from "pino";
import { err, type Result } from "../base/result.ts";
import { type DaemonConfig, RefusedValueError, RunError, SweepPointError } from "../index.ts";
import { type Document, type Store, StoreFullError } from "../store/store.ts";
import { forgetRuns, forgetSteps } from "./checkpoints.ts";
import { CrashBreaker } from "./crash-breaker.ts";
import { type Found, holdsOf } from "./found.ts";
import { decodeRecord, encodeRecord, hasEnded, type JobRecord, type JobState } from "./job-record.ts";
import { JobResults } from "./job-results.ts";
import { runJob, runsDone } from "./job-run.ts";
import { StoreGuard } from "./store-guard.ts";
import { type Accepted, accept, type Refusal, type Submission } from "./submission.ts";

/** Times that a job is begun before its daemons' deaths are held against it. */
const MOST_BEGUN = 5;

export interface JobsOptions {
  readonly store: Store;
  readonly config: DaemonConfig;
  readonly workers: number;
  readonly log: Logger;
  /** Called with each job that is done. */
  readonly onDone?: (record: JobRecord, found: Found) => void;
  readonly nowMs?: () => number;
}

export type JobListener = (record: JobRecord) => void;

/** What the daemon's metrics say of jobs. */
export interface JobTotals {
  readonly ended: Readonly<Record<"done" | "failed" | "cancelled", number>>;
  readonly retries: number;
  readonly runs: number;
  readonly simulatedS: number;
  readonly submissions: Readonly<Record<"accepted" | "invalid" | "refused", number>>;
}

export class Jobs {
  readonly #options: JobsOptions;
  readonly #store: Store;
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #breaker: CrashBreaker;
  readonly #guard: StoreGuard;
  readonly results: JobResults;
  readonly #records = new Map<string, JobRecord>();
  readonly #listeners = new Map<string, Set<JobListener>>();
  #running: { readonly id: string; readonly abort: AbortController; readonly ended: Promise<void> } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isStopping = false;
  readonly #totals = {
    ended: { done: 0, failed: 0, cancelled: 0 },
    retries: 0,
    runs: 0,
    simulatedS: 0,
    submissions: { accepted: 0, invalid: 0, refused: 0 },
  };

  /** Takes over what the store has: a job that was on when the process ended is begun again, before all others. */
  constructor(options: JobsOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#log = options.log;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#breaker = new CrashBreaker(this.#nowMs);
    this.#guard = new StoreGuard(this.#store, this.#log, this.#nowMs);
    this.results = new JobResults(this.#store);
    for (const id of this.#store.list("jobs")) {
      const bytes = this.#store.get("jobs", id);
      if (bytes !== null) this.#records.set(id, decodeRecord(bytes));
    }
  }

  /** Begins with the jobs that wait. */
  start(): void {
    for (const record of this.#records.values()) {
      if (record.state !== "running") continue;
      this.#log.warn({ job: record.id, begun: record.begun }, "the daemon ended under this job: it is begun again");
      // What the record says of its runs is as old as its last change of state; the runs themselves are in the store.
      const done = runsDone(this.#store, record);
      this.#update(record.id, { state: "queued", done, runs: Math.max(done, record.runs) });
    }
    this.#schedule();
  }

  get totals(): JobTotals {
    return this.#totals;
  }

  /** Oldest first. */
  list(): JobRecord[] {
    return [...this.#records.values()];
  }

  get(id: string): JobRecord | null {
    return this.#records.get(id) ?? null;
  }

  count(state: JobState): number {
    let count = 0;
    for (const record of this.#records.values()) if (record.state === state) count++;
    return count;
  }

  /** Whether jobs are taken; else why not. */
  get closedFor(): "store-full" | "stopping" | "crash-loop" | null {
    if (this.#isStopping) return "stopping";
    if (!this.#guard.isWritable) return "store-full";
    return this.#breaker.restMs > 0 ? "crash-loop" : null;
  }

  submit(submission: Submission): Result<Accepted, Refusal> {
    const refused = (refusal: Refusal): Result<Accepted, Refusal> => {
      const isInvalid = refusal.reason === "invalid" || refusal.reason === "bad-word";
      this.#totals.submissions[isInvalid ? "invalid" : "refused"]++;
      return err(refusal);
    };
    if (this.#isStopping) return refused({ reason: "stopping" });
    if (!this.#guard.isWritable) return refused({ reason: "store-full" });
    if (this.count("queued") >= this.#options.config.queue_limit) return refused({ reason: "queue-full" });
    const accepted = accept(submission, this.#options.config, this.#nowMs());
    if (!accepted.ok) return refused(accepted.error);
    const { job } = accepted.value;
    const text = this.results.textDocument(job.id, submission.text);
    if (!this.#put(text, documentOf(job))) return refused({ reason: "store-full" });
    this.#records.set(job.id, job);
    this.#totals.submissions.accepted++;
    this.#log.info({ job: job.id, experiment: job.experiment, kind: job.kind, runs: job.runs }, "job accepted");
    this.#schedule();
    return accepted;
  }

  /** false: it has ended already. */
  cancel(id: string): boolean {
    const record = this.#records.get(id);
    if (record === undefined || hasEnded(record.state)) return false;
    if (this.#running?.id === id) this.#running.abort.abort(new Cancelled());
    else this.#end(id, "cancelled", "cancelled before it began");
    return true;
  }

  /** Forgets a job that has ended, its results too. */
  remove(id: string): void {
    this.#store.remove("jobs", id);
    this.results.forget(id);
    this.#records.delete(id);
  }

  /** Calls `listener` whenever the job changes, until the function that is returned is called. */
  watch(id: string, listener: JobListener): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(id);
    };
  }

  /** Takes no more jobs. The one that is on may go on for `drainMs`; then it is left for the next start. */
  async stop(drainMs: number): Promise<void> {
    this.#isStopping = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const running = this.#running;
    if (running === null) return;
    const timer = setTimeout(() => running.abort.abort(new Stopped()), drainMs);
    await running.ended;
    clearTimeout(timer);
  }

  #schedule(afterMs = 0): void {
    if (this.#timer !== null || this.#running !== null || this.#isStopping) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#next();
    }, afterMs);
  }

  /** Begins with the job that has waited longest, if jobs may begin now. */
  #next(): void {
    const restMs = Math.max(this.#breaker.restMs, this.#guard.restMs());
    if (restMs > 0) {
      this.#schedule(restMs);
      return;
    }
    const record = this.list().find(({ state }) => state === "queued");
    if (record === undefined) return;
    const abort = new AbortController();
    const ended = this.#begin(record, abort).finally(() => {
      this.#running = null;
      this.#prune();
      this.#schedule();
    });
    this.#running = { id: record.id, abort, ended };
  }

  async #begin(record: JobRecord, abort: AbortController): Promise<void> {
    const { id } = record;
    if (record.begun >= MOST_BEGUN) {
      this.#end(id, "failed", `the daemon ended ${record.begun} times while this job was on`);
      return;
    }
    this.#update(id, { state: "running", begun: record.begun + 1, started_ms: this.#nowMs(), error: null });
    const limitMs = this.#options.config.job_timeout_s * 1000;
    const timer = setTimeout(() => abort.abort(new TimedOut(limitMs / 1000)), limitMs);
    try {
      await this.#simulate(record, abort.signal);
    } catch (error) {
      this.#failed(id, error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #simulate(record: JobRecord, signal: AbortSignal): Promise<void> {
    const { id } = record;
    const found = await runJob(record, {
      ...{ store: this.#store, results: this.results, workers: this.#options.workers, signal },
      onRuns: (runs, simulatedS, about) => {
        this.#totals.runs += runs;
        this.#totals.simulatedS += simulatedS;
        this.#log.debug({ job: id, runs, ...about }, "runs ended");
      },
      onStored: (done, runs) => this.#progress(id, { done, ...(runs !== undefined && { runs }) }),
      onDeath: () => {
        this.#breaker.note();
        this.#totals.retries++;
        this.#log.error({ job: id }, "a thread died");
      },
    });
    await this.#finish(id, found);
  }

  /** The result and the word that there is one are written together. */
  async #finish(id: string, found: Found): Promise<void> {
    const result = await this.results.foundDocument(id, found);
    const before = this.#records.get(id) as JobRecord;
    const ended: Partial<JobRecord> = { state: "done", done: before.runs, ended_ms: this.#nowMs() };
    const record = { ...before, ...ended, thresholds_hold: holdsOf(found) };
    this.#store.put(result, documentOf(record));
    forgetSteps(this.#store, id);
    this.#totals.ended.done++;
    const ms = this.#nowMs() - (record.started_ms ?? 0);
    this.#log.info({ job: id, experiment: record.experiment, ms }, "job done");
    this.#options.onDone?.(record, found);
    this.#tell(record);
  }

  #failed(id: string, error: unknown): void {
    if (error instanceof Stopped) {
      this.#log.info({ job: id }, "job left for the next start");
      this.#update(id, { state: "queued" });
    } else if (error instanceof StoreFullError) {
      this.#guard.isFull();
      this.#tell({ ...(this.#records.get(id) as JobRecord), state: "queued" });
    } else if (error instanceof Cancelled) this.#end(id, "cancelled", error.message);
    else {
      if (!EXPECTED.some((expected) => error instanceof expected))
        this.#log.error({ job: id, err: error }, "job failed");
      this.#end(id, "failed", error instanceof Error ? error.message : String(error));
    }
  }

  #end(id: string, state: "failed" | "cancelled", error: string): void {
    this.#totals.ended[state]++;
    this.#log.info({ job: id, state, error }, "job ended");
    this.#update(id, { state, error, ended_ms: this.#nowMs() });
    forgetRuns(this.#store, id);
  }

  #progress(id: string, change: Partial<Pick<JobRecord, "done" | "runs">>): void {
    const record = this.#records.get(id);
    if (record?.state === "running") this.#tell({ ...record, ...change });
  }

  /** Changes a record, in the store too. A full store does not keep a state from changing: the next start would only do it again. */
  #update(id: string, change: Partial<JobRecord>): void {
    const record = { ...(this.#records.get(id) as JobRecord), ...change };
    this.#put(documentOf(record));
    this.#tell(record);
  }

  #tell(record: JobRecord): void {
    this.#records.set(record.id, record);
    for (const listener of this.#listeners.get(record.id) ?? []) listener(record);
  }

  /** False: the store was full; it is looked at again, whether or not a job waits. */
  #put(...documents: readonly Document[]): boolean {
    const isDone = this.#guard.put(...documents);
    if (!isDone) this.#schedule(this.#guard.restMs());
    return isDone;
  }

  /** Keeps as many ended jobs as the configuration says. */
  #prune(): void {
    const ended = this.list().filter(({ state }) => hasEnded(state));
    for (const { id } of ended.slice(0, Math.max(0, ended.length - this.#options.config.keep_jobs))) this.remove(id);
  }
}

const documentOf = (record: JobRecord): Document => ({
  collection: "jobs",
  id: record.id,
  bytes: encodeRecord(record),
});

class Cancelled extends Error {
  constructor() {
    super("cancelled while it was on");
  }
}
class Stopped extends Error {}
class TimedOut extends Error {
  constructor(seconds: number) {
    super(`not done after ${seconds} s, which is the limit of this daemon`);
  }
}

/** What a job may fail of with no fault of the program: its message is all that there is to say. */
const EXPECTED = [RunError, TimedOut, RefusedValueError, SweepPointError];
