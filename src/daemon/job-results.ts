/** What came of jobs, in the store: their texts, their summaries, and the runs that have time lines. */
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { type Experiment, type ExperimentSummary, experimentSpecs, type RunResult, type RunSpec } from "../index.ts";
import type { SparseParts } from "../results/values.ts";
import type { Document, Store } from "../store/store.ts";
import { type Asked, mustReadAsked } from "./asked.ts";
import { forgetRuns, knownRuns, wholeResult } from "./checkpoints.ts";
import { decodeFound, encodeFound, type Found } from "./found.ts";
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

  async foundDocument(id: string, found: Found): Promise<Document> {
    return { collection: "summaries", id, bytes: await pack(encodeFound(found)) };
  }

  /** What the job simulates. */
  asked({ id, kind, engine, asked, experiment }: JobRecord): Asked {
    return mustReadAsked(Buffer.from(this.#text(id)).toString(), { kind, engine, asked, label: experiment });
  }

  experiment(id: string): Experiment {
    return mustParseSent(this.#text(id));
  }

  #text(id: string): Uint8Array {
    const text = this.#store.get("texts", id);
    if (text === null) throw new Error("its text is not in the store");
    return text;
  }

  async found({ id, kind }: JobRecord): Promise<Found | null> {
    const text = await this.text(id);
    return text === null ? null : decodeFound(kind, text);
  }

  /** Of an experiment; null: there is none, or the job is of another kind. */
  async summary(job: JobRecord): Promise<ExperimentSummary | null> {
    const found = job.kind === "experiment" ? await this.found(job) : null;
    return found?.kind === "experiment" ? found.summary : null;
  }

  /** As `run`, `sweep` or `plan` write it with --json. */
  async text(id: string): Promise<string | null> {
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
