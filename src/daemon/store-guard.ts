/** Whether the store can be written to, and when to try again. A full one takes no jobs; reading goes on. */
import type { Logger } from "pino";
import { type Document, type Store, StoreFullError } from "../store/store.ts";

/** Between two looks at a store that was full. */
const PROBE_MS = 5_000;

export class StoreGuard {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #nowMs: () => number;
  #isWritable = true;
  #probeAtMs = 0;

  constructor(store: Store, log: Logger, nowMs: () => number) {
    this.#store = store;
    this.#log = log;
    this.#nowMs = nowMs;
  }

  get isWritable(): boolean {
    return this.#isWritable;
  }

  /** False: the store was full. Other errors are thrown. */
  put(...documents: readonly Document[]): boolean {
    try {
      this.#store.put(...documents);
      return true;
    } catch (error) {
      if (!(error instanceof StoreFullError)) throw error;
      this.isFull();
      return false;
    }
  }

  isFull(): void {
    if (this.#isWritable) this.#log.error("the store is full: no jobs are taken until it can be written to again");
    this.#isWritable = false;
    this.#probeAtMs = this.#nowMs() + PROBE_MS;
  }

  /** How long jobs still have to wait for it; 0: not at all. Looks, if it is time to. */
  restMs(): number {
    // Not at once: what ends a job may be small enough to fit where a new one does not.
    if (!this.#isWritable && this.#nowMs() >= this.#probeAtMs) this.#probe();
    return this.#isWritable ? 0 : Math.max(1, this.#probeAtMs - this.#nowMs());
  }

  #probe(): void {
    this.#probeAtMs = this.#nowMs() + PROBE_MS;
    try {
      this.#store.put({ collection: "probe", id: "probe", bytes: Buffer.alloc(4096) });
      this.#store.remove("probe");
      this.#isWritable = true;
      this.#log.info("the store can be written to again");
    } catch (error) {
      if (!(error instanceof StoreFullError)) throw error;
    }
  }
}
