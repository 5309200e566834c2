/** How late the daemon's own timers are: what else waits for its one thread waits as long. */
const PERIOD_MS = 20;
const MOST_KEPT = 4096;

export class LoopLag {
  #lagsMs: number[] = [];
  #dueMs = performance.now() + PERIOD_MS;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#tick(), PERIOD_MS).unref();
  }

  #tick(): void {
    const now = performance.now();
    if (this.#lagsMs.length < MOST_KEPT) this.#lagsMs.push(Math.max(0, now - this.#dueMs));
    // Timers are set anew from when they fired.
    this.#dueMs = now + PERIOD_MS;
  }

  /** Seconds, since the last call. */
  take(): Readonly<Record<"p50" | "p99" | "max", number>> {
    const sorted = this.#lagsMs.sort((a, b) => a - b);
    const at = (q: number): number => (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0) / 1000;
    const quantiles = { p50: at(0.5), p99: at(0.99), max: at(1) };
    this.#lagsMs = [];
    return quantiles;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
