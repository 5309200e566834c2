/**
 * Crash breaker: jobs rest for a while when threads die too often, so that a job that kills its thread, or a machine without memory, does not
 * make the daemon spin.
 */
const WINDOW_MS = 60_000;
const MOST_DEATHS = 5;
export const REST_MS = 30_000;

export class CrashBreaker {
  readonly #nowMs: () => number;
  #deaths: number[] = [];
  #openUntilMs = 0;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** A thread has died. */
  note(): void {
    const now = this.#nowMs();
    this.#deaths = [...this.#deaths.filter((at) => now - at < WINDOW_MS), now];
    if (this.#deaths.length < MOST_DEATHS) return;
    this.#openUntilMs = now + REST_MS;
    this.#deaths = [];
  }

  /** How long jobs still have to rest; 0: not at all. */
  get restMs(): number {
    return Math.max(0, this.#openUntilMs - this.#nowMs());
  }
}
