/** What came of jobs, in the store: their texts, their summaries, and the runs that have time lines. */
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import {
  type Experiment,
  type ExperimentSummary,
  encodeSummary,
  experimentSpecs,
  parseSummary,
  type RunResult,
  type RunSpec,
} from "../index.ts";
import type { SparseParts } from "../results/values.ts";
import type { Document, Store } from "../store/store.ts";
import { forgetRuns, knownRuns, wholeResult } from "./checkpoints.ts";
import type { JobRecord } from "./job-record.ts";
import { mustParseSent } from "./sent-experiment.ts";

const pack = promisify(gzip);
const unpack = promisify(gunzip);

export interface FirstRuns {
  readonly scenario: Experiment["tunings"][number]["scenario"];
  readonly specs: readonly RunSpec[];
  readonly results: readonly RunResult[];
}

export class JobResults {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  textDocument = (id: string, text: string): Document => ({ collection: "texts", id, bytes: Buffer.from(text) });

  async summaryDocument(id: string, summary: ExperimentSummary): Promise<Document> {
    return { collection: "summaries", id, bytes: await pack(encodeSummary(summary)) };
  }

  experiment(id: string): Experiment {
    const text = this.#store.get("texts", id);
    if (text === null) throw new Error("its text is not in the store");
    return mustParseSent(text);
  }

  async summary(id: string): Promise<ExperimentSummary | null> {
    const text = await this.summaryText(id);
    if (text === null) return null;
    const parsed = parseSummary(text);
    if (!parsed.ok) throw new Error(`the result of job ${id}: ${parsed.error}`);
    return parsed.value;
  }

  /** As `run --json` writes it. */
  async summaryText(id: string): Promise<string | null> {
    const packed = this.#store.get("summaries", id);
    return packed === null ? null : (await unpack(packed)).toString();
  }

  /** The first seed's runs of a tuning, with what they were made from. null: no such tuning. */
  firstRuns({ id, engine }: JobRecord, tuning: string): FirstRuns | null {
    const experiment = this.experiment(id);
    const index = experiment.tunings.findIndex(({ name }) => name === tuning);
    const scenario = experiment.tunings[index]?.scenario;
    if (scenario === undefined) return null;
    const all = experimentSpecs(experiment, engine);
    const flat = all.flat(2);
    const known = knownRuns(this.#store, id);
    const specs = all[index]?.[0] ?? [];
    const results = specs.flatMap((spec) => partsOf(known.of(flat.indexOf(spec))));
    return results.length === specs.length ? { scenario, specs, results } : null;
  }

  forget(id: string): void {
    this.#store.remove("texts", id);
    this.#store.remove("summaries", id);
    forgetRuns(this.#store, id);
  }
}

const partsOf = (parts: SparseParts | null): RunResult[] => (parts === null ? [] : [wholeResult(parts)]);
