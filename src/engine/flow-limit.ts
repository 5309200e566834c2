/**
 * flow_limit of one CPU: a flow that fills the backlog loses its packets first.
 *
 * Models   dev.c:skb_flow_limit (6.18): of the last 128 packets that found the backlog half full, a flow's bucket may have 64.
 */
const HISTORY = 128;
const MOST = HISTORY >> 1;

export class FlowLimit {
  readonly #buckets: Int32Array;
  readonly #history = new Int32Array(HISTORY);
  #head = 0;

  /** `slots`: buckets, a power of 2. */
  constructor(slots: number) {
    this.#buckets = new Int32Array(slots);
  }

  /** A packet with this flow hash finds the backlog at least half full: whether it is one too many of its flow. */
  isOver(hash: number): boolean {
    const bucket = hash & (this.#buckets.length - 1);
    const old = this.#history[this.#head]!;
    this.#history[this.#head] = bucket;
    this.#head = (this.#head + 1) & (HISTORY - 1);
    if (this.#buckets[old]! > 0) this.#buckets[old] = this.#buckets[old]! - 1;
    this.#buckets[bucket] = this.#buckets[bucket]! + 1;
    return this.#buckets[bucket]! > MOST;
  }
}
