/**
 * Checkpoints: each finished run of the job that is on, point of a sweep or answer of a plan, in the store, so that a job that is begun again goes on where it was.
 *
 * Cost        What is not 0 of a result has, packed, some kilobytes. Runs that end within FLUSH_MS share one
 *             transaction, since each waits for the disk.
 */
import { promisify } from "node:util";
import { deflateRaw, inflateRawSync } from "node:zlib";
import type { SparseParts } from "../results/values.ts";
import type { Document, Store } from "../store/store.ts";
import type { RunResult } from "../vocabulary/run-result.ts";

const pack = promisify(deflateRaw);
const FLUSH_MS = 100;
/** Packing faster is worth more than packing tighter. */
const LEVEL = 1;

/** Runs with time lines are kept for recordings; the others are of no use once the job has ended. */
const fullOf = (job: string): string => `full/${job}`;
const summaryOf = (job: string): string => `runs/${job}`;
/** Of sweeps, and of plans. */
export const pointsOf = (job: string): string => `points/${job}`;
export const answersOf = (job: string): string => `answers/${job}`;

export class Checkpoints {
  readonly #store: Store;
  readonly #job: string;
  readonly #onStored: (runs: number) => void;
  #waiting: Document[] = [];
  #timer: NodeJS.Timeout | null = null;
  #packing: Promise<void>[] = [];

  /** `onStored`: called with how many more runs, or other steps, nothing can take away any more. Throws of the store go to `flush`. */
  constructor(store: Store, job: string, onStored: (runs: number) => void) {
    this.#store = store;
    this.#job = job;
    this.#onStored = onStored;
  }

  add(run: number, isFull: boolean, result: SparseParts): void {
    const collection = isFull ? fullOf(this.#job) : summaryOf(this.#job);
    const packed = pack(encodeParts(result), { level: LEVEL }).then((bytes) =>
      this.keep({ collection, id: String(run), bytes }),
    );
    this.#packing.push(packed);
  }

  /** A step of another kind, as it is. */
  keep(step: Document): void {
    this.#waiting.push(step);
    this.#timer ??= setTimeout(() => this.#write(), FLUSH_MS);
  }

  /** Writes what is still waiting; throws what the store throws. */
  async flush(): Promise<void> {
    await Promise.all(this.#packing);
    this.#packing = [];
    this.#write(true);
  }

  #write(isLast = false): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const documents = this.#waiting;
    if (documents.length === 0) return;
    try {
      this.#store.put(...documents);
    } catch (error) {
      // Said once, at the end, where the job can be put back.
      if (isLast) throw error;
      return;
    }
    this.#waiting = [];
    this.#onStored(documents.length);
  }
}

export interface KnownRuns {
  readonly count: number;
  /** The result of a run, null if the store has none. */
  readonly of: (run: number) => SparseParts | null;
}

/** Runs of a job that the store has. */
export function knownRuns(store: Store, job: string): KnownRuns {
  const full = new Set(store.list(fullOf(job)));
  const summary = new Set(store.list(summaryOf(job)));
  const of = (run: number): SparseParts | null => {
    const id = String(run);
    if (!full.has(id) && !summary.has(id)) return null;
    const packed = store.get(full.has(id) ? fullOf(job) : summaryOf(job), id);
    return packed === null ? null : decodeParts(inflateRawSync(packed));
  };
  return { count: full.size + summary.size, of };
}

/** The job has ended: what is kept of its runs are those with time lines. */
export function forgetSteps(store: Store, job: string): void {
  store.remove(summaryOf(job));
  store.remove(pointsOf(job));
  store.remove(answersOf(job));
}

export function forgetRuns(store: Store, job: string): void {
  forgetSteps(store, job);
  store.remove(fullOf(job));
}

const HEAD_BYTES = 8;
const NUMBER_BYTES = 8;
const PLACE_BYTES = 4;

/** Length and count as uint32, then the numbers, then their places. The store is of this machine, and so is the order of bytes. */
function encodeParts({ length, places, numbers }: SparseParts): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + numbers.length * (NUMBER_BYTES + PLACE_BYTES));
  new Uint32Array(bytes.buffer, 0, 2).set([length, numbers.length]);
  new Float64Array(bytes.buffer, HEAD_BYTES, numbers.length).set(numbers);
  new Uint32Array(bytes.buffer, HEAD_BYTES + numbers.length * NUMBER_BYTES, numbers.length).set(places);
  return bytes;
}

function decodeParts(packed: Uint8Array): SparseParts {
  const { buffer } = new Uint8Array(packed);
  const [length = 0, count = 0] = new Uint32Array(buffer, 0, 2);
  return {
    length,
    numbers: new Float64Array(buffer, HEAD_BYTES, count),
    places: new Uint32Array(buffer, HEAD_BYTES + count * NUMBER_BYTES, count),
  };
}

/** The whole result that `parts` are of. */
export function wholeResult({ length, places, numbers }: SparseParts): RunResult {
  const values = new Float64Array(length);
  places.forEach((place, index) => {
    values[place] = numbers[index] ?? 0;
  });
  return { buffer: values.buffer };
}
