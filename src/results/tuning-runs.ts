/**
 * TuningRuns: all runs of one tuning, one for each seed and host, and how their numbers become one.
 *
 * Invariants  Hosts of a seed are put together first (their sum, or the fullest one), then seeds stand side by side. Sums of whole numbers
 *             are exact, so no order of adding shows.
 */
import { assert } from "../base/assert.ts";
import type { RunView } from "./run-view.ts";
import type { Measure } from "./summary-format.ts";

/** One number of a run. */
export type Reading = (view: RunView) => number;

export function measureOf(perSeed: readonly number[]): Measure {
  assert(perSeed.length > 0, "a measure needs a seed");
  const least = Math.min(...perSeed);
  const most = Math.max(...perSeed);
  // Rounding can lead out of the range: three times 0.1 makes 0.30000000000000004, a third of which is more than 0.1.
  return { mean: Math.min(most, Math.max(least, meanOf(perSeed))), least, most, per_seed: perSeed };
}

export const meanOf = (values: readonly number[]): number => sumOf(values) / values.length;
export const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Of nothing, the share is 0. */
export const shareOf = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

export class TuningRuns {
  /** [seed][host] */
  readonly seeds: readonly (readonly RunView[])[];

  constructor(seeds: readonly (readonly RunView[])[]) {
    assert(seeds.length > 0 && seeds.every((hosts) => hosts.length > 0), "a tuning has a run");
    this.seeds = seeds;
  }

  /** All hosts of the first seed: the runs that have time lines. */
  get first(): readonly RunView[] {
    return this.seeds[0] as readonly RunView[];
  }

  get all(): readonly RunView[] {
    return this.seeds.flat();
  }

  /** Whose spec says what all of them have in common. */
  get any(): RunView {
    return this.first[0] as RunView;
  }

  /** Of all hosts together. */
  sum(reading: Reading): Measure {
    return measureOf(this.seeds.map((hosts) => sumOf(hosts.map(reading))));
  }

  /** Of the fullest host. */
  peak(reading: Reading): Measure {
    return measureOf(this.seeds.map((hosts) => Math.max(...hosts.map(reading))));
  }

  /** `part` / `whole` of all hosts together. */
  share(part: Reading, whole: Reading): Measure {
    return measureOf(this.seeds.map((hosts) => shareOf(sumOf(hosts.map(part)), sumOf(hosts.map(whole)))));
  }

  /** Sums by name, of the names that any run has, in the order of `names`; what a run does not name is 0 there. */
  named<Name extends string>(
    names: readonly Name[],
    readings: (view: RunView) => Readonly<Record<string, number>>,
  ): { readonly [K in Name]?: Measure } {
    const read = new Map(this.all.map((view) => [view, readings(view)]));
    const present = names.filter((name) => [...read.values()].some((values) => (values[name] ?? 0) !== 0));
    const entries = present.map((name) => [name, this.sum((view) => read.get(view)?.[name] ?? 0)] as const);
    return Object.fromEntries(entries) as { readonly [K in Name]?: Measure };
  }
}
