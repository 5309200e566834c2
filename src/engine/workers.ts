/**
 * Workers of one listener's application (AcceptMode.Workers): how many hold a connection, and for how long they did.
 *
 * Units   ns since the start of the run.
 */
export class Workers {
  readonly #count: number;
  readonly #now: Float64Array;
  #busy = 0;
  /** [0] the sum of the times that workers held a connection, up to [1]. */
  readonly #busyNs = new Float64Array(2);

  constructor(count: number, now: Float64Array) {
    this.#count = count;
    this.#now = now;
  }

  get isOneFree(): boolean {
    return this.#busy < this.#count;
  }

  /** One more holds a connection. */
  take(): void {
    this.#sumUp();
    this.#busy++;
  }

  /** One lets its connection go. */
  release(): void {
    this.#sumUp();
    this.#busy--;
  }

  #sumUp(): void {
    this.#busyNs[0] = this.busyNs();
    this.#busyNs[1] = this.#now[0]!;
  }

  /** Sum over the workers of the time until now that they held a connection. */
  busyNs(): number {
    return this.#busyNs[0]! + this.#busy * (this.#now[0]! - this.#busyNs[1]!);
  }
}
