/**
 * Paced runs: the experiments that go on with the wall clock, on one thread of their own.
 *
 * Restarts    What was sent is kept in the store, text and scale, and begins again at 0 with the next daemon, as after a thread's death: counters that begin again are
 *             what Prometheus expects of another process. Changes of the load are not kept.
 * Limits      MAX_PACED experiments with MAX_TUNINGS tunings together, and MAX_ARRIVALS arrivals per second: one thread has to keep up.
 */
import type { Logger } from "pino";
import { type ConfigIssue, type Experiment, PacedThread } from "../index.ts";
import type { Group } from "../metrics/family.ts";
import type { Store } from "../store/store.ts";
import type { LoadChange } from "../vocabulary/load-change.ts";
import { PacedRun } from "./paced-run.ts";
import { mustParseSent } from "./sent-experiment.ts";

export const MAX_PACED = 8;
export const MAX_TUNINGS = 32;
export const MAX_ARRIVALS = 2_000_000;
export const MAX_SCALE = 1000;

const COLLECTION = "paced";

/** What the store keeps of a paced run. */
interface Definition {
  readonly text: string;
  readonly scale: number;
}

export type PacedListener = (run: PacedRun) => void;

export class PacedRuns {
  readonly #runs = new Map<string, PacedRun>();
  readonly #listeners = new Set<PacedListener>();
  readonly #thread: PacedThread;
  readonly #store: Store;
  readonly #log: Logger;

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#log = log;
    this.#thread = new PacedThread({
      onMoment: (moment) => {
        const run = this.#runs.get(moment.name);
        run?.take(moment);
        if (run !== undefined) for (const listener of this.#listeners) listener(run);
      },
      onRestart: (error) => {
        log.error({ err: error }, "the thread of paced runs died: they begin again at 0");
        for (const run of this.#runs.values()) run.restarted();
      },
    });
  }

  list(): PacedRun[] {
    return [...this.#runs.values()];
  }

  get(name: string): PacedRun | null {
    return this.#runs.get(name) ?? null;
  }

  groups(): Group[] {
    return this.list().flatMap((run) => run.groups());
  }

  /** Why this experiment cannot run paced beside the others; empty: it can. */
  issues(name: string, { tunings }: Experiment, scale: number): ConfigIssue[] {
    const problems: string[] = [];
    const others = this.list().filter((run) => run.name !== name);
    const tuningCount = others.reduce((sum, run) => sum + run.tunings.length, tunings.length);
    const arrivals = tunings.reduce(
      (sum, { scenario }) =>
        sum + scale * scenario.workloads.reduce((rate, { rate_per_s }) => rate + (rate_per_s ?? 0), 0),
      0,
    );
    if (others.length >= MAX_PACED)
      problems.push(`found ${others.length} others, at most ${MAX_PACED} experiments run paced`);
    if (tuningCount > MAX_TUNINGS)
      problems.push(`found ${tuningCount} tunings with the others, at most ${MAX_TUNINGS} run paced`);
    if (arrivals > MAX_ARRIVALS)
      problems.push(`found ${arrivals} arrivals per second of the wall clock, at most ${MAX_ARRIVALS} are allowed`);
    if (tunings.some(({ scenario }) => scenario.server.hosts > 1))
      problems.push("found several hosts behind a balancer, a paced run has one");
    return problems.map((message) => ({ code: "too-many", path: "", line: 1, column: 1, message }));
  }

  /** Keeps what a run is made of, so that restore() begins it again. Throws what the store throws. */
  keep(name: string, definition: Definition): void {
    this.#store.put({ collection: COLLECTION, id: name, bytes: Buffer.from(JSON.stringify(definition)) });
  }

  /** Begins what the store keeps. What cannot run any more, because program or limits have changed, stays there and is logged. */
  restore(): void {
    for (const name of this.#store.list(COLLECTION)) {
      try {
        const bytes = this.#store.get(COLLECTION, name);
        if (bytes === null) continue;
        const { text, scale } = JSON.parse(Buffer.from(bytes).toString()) as Definition;
        const experiment = mustParseSent(Buffer.from(text));
        const [issue] = this.issues(name, experiment, scale);
        if (issue !== undefined) throw new Error(issue.message);
        this.start(name, experiment, scale);
        this.#log.info({ experiment: name }, "a paced run begins again at 0");
      } catch (error) {
        this.#log.error({ experiment: name, err: error }, "a paced run does not begin again");
      }
    }
  }

  /** Begins; one of the same name ends. */
  start(
    name: string,
    experiment: Experiment,
    scale: number,
    timetable: readonly LoadChange[] = [],
    periodNs = 0,
  ): PacedRun {
    const run = new PacedRun(name, experiment, scale, timetable, periodNs);
    this.#runs.set(name, run);
    this.#thread.start(run.plan);
    return run;
  }

  stop(name: string): void {
    this.#runs.delete(name);
    this.#store.remove(COLLECTION, name);
    this.#thread.stop(name);
  }

  change(run: PacedRun, changes: Parameters<PacedThread["change"]>[1]): void {
    this.#thread.change(run.name, changes);
  }

  /** Calls `listener` with each moment of each run, until the function that is returned is called. */
  watch(listener: PacedListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  /** Ends the thread as a fault in it would. */
  kill(): Promise<void> {
    return this.#thread.kill();
  }
}
