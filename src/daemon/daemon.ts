/**
 * Daemon: everything that answers have in common: jobs, results that are shown, streams, and what is counted of the process itself.
 */
import { readFileSync, statSync } from "node:fs";
import type { Logger } from "pino";
import { assert } from "../base/assert.ts";
import { err } from "../base/result.ts";
import { NS_PER_S } from "../base/units.ts";
import { type DaemonConfig, MAX_WORKERS, parseExperiment, workersFor } from "../index.ts";
import { daemonGroup } from "../metrics/daemon-families.ts";
import type { Group } from "../metrics/family.ts";
import type { Store } from "../store/store.ts";
import { DEMO_FILE, DEMO_PERIOD_S, DEMO_TIMETABLE } from "./demo.ts";
import { EventStreams } from "./event-stream.ts";
import { JOB_STATES } from "./job-record.ts";
import { Jobs } from "./jobs.ts";
import { LoopLag } from "./loop-lag.ts";
import { PacedRuns } from "./paced-runs.ts";
import { ResultSeries } from "./result-series.ts";

export interface DaemonOptions {
  readonly config: DaemonConfig;
  readonly store: Store;
  /** Of the store, for its size. */
  readonly storeFile: string;
  readonly version: string;
  readonly log: Logger;
}

const MS_PER_H = 3_600_000;

export class Daemon {
  readonly config: DaemonConfig;
  readonly version: string;
  readonly log: Logger;
  readonly jobs: Jobs;
  readonly results: ResultSeries;
  readonly streams: EventStreams;
  readonly paced: PacedRuns;
  readonly workers: number;
  readonly #storeFile: string;
  readonly #startedMs = Date.now();
  readonly #lag = new LoopLag();
  readonly #answers: Record<string, number> = { "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0 };

  constructor({ config, store, storeFile, version, log }: DaemonOptions) {
    this.config = config;
    this.version = version;
    this.log = log;
    this.#storeFile = storeFile;
    this.workers = workersFor(MAX_WORKERS, config.workers ?? undefined);
    this.paced = new PacedRuns(store, log);
    this.streams = new EventStreams(config.max_streams);
    this.results = new ResultSeries(config.result_series_h * MS_PER_H);
    this.jobs = new Jobs({
      ...{ store, config, log, workers: this.workers },
      onDone: (record, found) => this.results.show(record, found),
    });
  }

  start(): void {
    this.jobs.start();
    if (this.config.demo) this.#startDemo();
    this.paced.restore();
    this.results.restore(this.jobs).catch((error: unknown) => this.log.error({ err: error }, "results are not shown"));
  }

  #startDemo(): void {
    const parsed = parseExperiment(readFileSync(DEMO_FILE, "utf8"), () => err("the demo is one file"));
    assert(parsed.ok, "the shipped demo is without a fault");
    const { experiment } = parsed.value;
    this.paced.start(experiment.name, experiment, this.config.demo_scale, DEMO_TIMETABLE, DEMO_PERIOD_S * NS_PER_S);
  }

  /** An answer was given. */
  noteAnswer(status: number): void {
    const word = `${Math.floor(status / 100)}xx`;
    this.#answers[word] = (this.#answers[word] ?? 0) + 1;
  }

  /** Jobs may go on for as long as the configuration says; streams end at once. */
  async stop(): Promise<void> {
    this.streams.endAll();
    await this.paced.close();
    await this.jobs.stop(this.config.drain_s * 1000);
    this.#lag.stop();
  }

  status(): unknown {
    const { jobs } = this;
    return {
      version: this.version,
      uptime_s: (Date.now() - this.#startedMs) / 1000,
      closed_for: jobs.closedFor,
      jobs: this.#jobsByState(),
      running: jobs.list().find(({ state }) => state === "running") ?? null,
      paced: this.paced.list().map((run) => run.describe()),
      results: this.results.list(),
    };
  }

  /** What /metrics shows, in order of weight. */
  groups(): Group[] {
    return [this.#ownGroup(), ...this.paced.groups(), ...this.results.groups()];
  }

  #jobsByState(): Record<string, number> {
    return Object.fromEntries(JOB_STATES.map((state) => [state, this.jobs.count(state)]));
  }

  #ownGroup(): Group {
    const { jobs } = this;
    const { totals, closedFor } = jobs;
    return daemonGroup({
      halfopen_build_info: { [this.version]: 1 },
      halfopen_start_time_seconds: this.#startedMs / 1000,
      halfopen_jobs: this.#jobsByState(),
      halfopen_jobs_ended_total: totals.ended,
      halfopen_job_retries_total: totals.retries,
      halfopen_queue_jobs: jobs.count("queued"),
      halfopen_queue_limit: this.config.queue_limit,
      halfopen_workers: this.workers,
      halfopen_runs_total: totals.runs,
      halfopen_job_simulated_seconds_total: totals.simulatedS,
      halfopen_submissions_total: totals.submissions,
      halfopen_http_requests_total: this.#answers,
      halfopen_streams: this.streams.count,
      halfopen_event_loop_lag_seconds: this.#lag.take(),
      halfopen_resident_memory_bytes: process.memoryUsage.rss(),
      halfopen_store_bytes: this.#storeBytes(),
      halfopen_store_writable: closedFor === "store-full" ? 0 : 1,
      halfopen_crash_breaker_open: closedFor === "crash-loop" ? 1 : 0,
    });
  }

  /** The database and its log. */
  #storeBytes(): number {
    const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    return sizeOf(this.#storeFile) + sizeOf(`${this.#storeFile}-wal`);
  }
}
