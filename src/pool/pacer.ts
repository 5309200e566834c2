/**
 * Pacer: the runs of one plan, brought forward with the wall clock.
 *
 * Invariants  All runs stand at the same simulated time whenever something is changed or looked at. What happens depends on the plan and the log of changes
 *             alone, never on when the thread had time.
 * Behind      More than MOST_BEHIND_MS behind the clock (a suspended machine), the time is skipped: the run goes on where it was, from now.
 */
import { Simulation } from "../engine/run.ts";
import { sparseParts } from "../results/values.ts";
import type { LoadChange } from "../vocabulary/load-change.ts";
import type { PacedMoment, PacedPlan } from "./paced-task.ts";

export const MOST_BEHIND_MS = 5_000;
const NS_PER_MS = 1e6;

export class Pacer {
  readonly #plan: PacedPlan;
  readonly #runs: readonly Simulation[];
  /** When simulated time 0 was, on the wall clock, as far as nothing was skipped. */
  #zeroMs: number;
  #nowNs = 0;
  /** Place in the timetable of the next change, counted on over all periods. */
  #next = 0;
  #changes: LoadChange[] = [];
  #behindMs = 0;
  #skips = 0;
  #skippedMs = 0;

  constructor(plan: PacedPlan, wallMs: number) {
    this.#plan = plan;
    this.#runs = plan.specs.map((spec) => new Simulation(spec));
    this.#zeroMs = wallMs;
  }

  /** Advances by at most `sliceMs` of the wall clock; true: there is more to do. */
  advance(wallMs: number, sliceMs: number): boolean {
    const { scale } = this.#plan;
    this.#behindMs = wallMs - this.#zeroMs - this.#nowNs / NS_PER_MS / scale;
    if (this.#behindMs > MOST_BEHIND_MS) {
      this.#skips++;
      this.#skippedMs += this.#behindMs;
      this.#zeroMs += this.#behindMs;
      this.#behindMs = 0;
      return false;
    }
    const stepMs = Math.min(this.#behindMs, sliceMs);
    if (stepMs <= 0) return false;
    this.#advanceTo(Math.round(this.#nowNs + stepMs * NS_PER_MS * scale));
    this.#behindMs -= stepMs;
    return this.#behindMs > 0;
  }

  /** The load is changed now. */
  change(changes: readonly Omit<LoadChange, "atNs">[]): void {
    for (const change of changes) this.#control({ ...change, atNs: this.#nowNs });
  }

  /** How it stands, and what was changed since it was asked last. */
  moment(): PacedMoment {
    const changes = this.#changes;
    this.#changes = [];
    return {
      name: this.#plan.name,
      nowNs: this.#nowNs,
      runs: this.#runs.map((run) => ({
        parts: sparseParts(new Float64Array(run.snapshot().buffer)),
        queues: run.queueLengths(),
        halfOpens: run.halfOpens(),
      })),
      changes,
      behindMs: this.#behindMs,
      skips: this.#skips,
      skippedMs: this.#skippedMs,
    };
  }

  /** Up to `toNs`, with what the timetable has until then. */
  #advanceTo(toNs: number): void {
    for (let change = this.#nextChange(); change !== null && change.atNs <= toNs; change = this.#nextChange()) {
      this.#step(change.atNs);
      this.#control(change);
      this.#next++;
    }
    this.#step(toNs);
  }

  #nextChange(): LoadChange | null {
    const { timetable, periodNs } = this.#plan;
    const change = timetable[this.#next % Math.max(1, timetable.length)];
    if (change === undefined) return null;
    return { ...change, atNs: Math.floor(this.#next / timetable.length) * periodNs + change.atNs };
  }

  #step(toNs: number): void {
    for (const run of this.#runs) run.advanceTo(toNs);
    this.#nowNs = toNs;
  }

  #control(change: LoadChange): void {
    for (const run of this.#runs) run.control(change);
    this.#changes.push(change);
  }
}
