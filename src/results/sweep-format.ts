/**
 * Sweep summary: what moved what, as plain data: the form that the table, the page and `--json` show.
 *
 * Terms       A point's value of a metric is its mean over the seeds. A level is a value of an axis, or, where points were drawn from a range, a fifth of it.
 * Invariants  No wall-clock value: equal sweeps give equal bytes.
 */
import type { AxisValue } from "../vocabulary/sweep.ts";
import { jsonText } from "./json-text.ts";

/** More points than these are for the file of --out. */
export const MOST_OUTCOMES = 200;

export const SWEEP_FORMAT = "halfopen-sweep-1";

/** One column of a sweep: a key's values, or the tunings. */
export interface SweepAxisSummary {
  /** "tuning", or a key path. */
  readonly path: string;
  readonly levels: readonly Level[];
}

export interface Level {
  readonly label: string;
  /** The value; of a stretch its ends. */
  readonly from: AxisValue;
  readonly to: AxisValue;
}

export interface LevelEffect {
  /** Over all points of the level that measured something; null: none did. */
  readonly mean: number | null;
  /** Against the first level; null: nothing to compare. */
  readonly difference: number | null;
  /** Its 95 % interval. Of a grid: over the seeds, whose points are paired; of drawn points: over the points (Welch). null: too few. */
  readonly interval: readonly [number, number] | null;
}

export interface Effect {
  /** Path of the axis. */
  readonly axis: string;
  readonly metric: string;
  /** By level. */
  readonly levels: readonly LevelEffect[];
  /** Level whose difference from the first is largest. */
  readonly strongest: number;
  /** Share of the variance over all points that lies between this axis's levels, 0..1; null: nothing varies. */
  readonly share: number | null;
  /**
   * dead: with every value the numbers were the same, to the last digit, at every point (only a grid can tell). none: both intervals, of the last level and
   * of the strongest one, contain 0. unknown: it moves, but there is no interval. unmeasured: nothing to compare.
   */
  readonly verdict: "moves" | "none" | "dead" | "unknown" | "unmeasured";
}

/** Two axes, and the means of a metric over all others. */
export interface HeatMap {
  readonly metric: string;
  readonly rows: string;
  readonly columns: string;
  /** [row level][column level]; null: nothing was measured. */
  readonly cells: readonly (readonly (number | null)[])[];
}

/** A point, and what it measured. */
export interface PointOutcome {
  readonly tuning: string;
  /** By axis, in the order of `keys`. */
  readonly at: readonly AxisValue[];
  /** By metric; null: nothing was measured. */
  readonly means: readonly (number | null)[];
}

/** The points that came out highest and lowest in a metric; of equals the first. */
export interface Extremes {
  readonly metric: string;
  /** Which of both is good news; null: neither. */
  readonly better: "highest" | "lowest" | null;
  readonly highest: ExtremePoint;
  readonly lowest: ExtremePoint;
}
export type ExtremePoint = Pick<PointOutcome, "tuning" | "at"> & { readonly mean: number };

export interface SweepSummary {
  readonly format: typeof SWEEP_FORMAT;
  readonly name: string;
  readonly description: string;
  readonly duration_s: number;
  readonly seeds: readonly number[];
  readonly engine: "auto" | "packet";
  /** grid, or lhs:200. */
  readonly sample: string;
  /** Over all tunings. */
  readonly points: number;
  readonly axes: readonly SweepAxisSummary[];
  readonly metrics: readonly string[];
  /** What metrics can be of, for readers of their names. */
  readonly names: {
    readonly clients: readonly string[];
    readonly floods: readonly string[];
    readonly ports: readonly number[];
  };
  /** Metric by metric, axis by axis. */
  readonly effects: readonly Effect[];
  /** Axes that changed none of the metrics at any point. */
  readonly dead: readonly string[];
  /** One for each metric that something moves, of its two strongest axes. */
  readonly maps: readonly HeatMap[];
  /** Key paths of all axes, tunings not among them, as they were given. */
  readonly keys: readonly string[];
  /** One for each metric that was measured anywhere. */
  readonly extremes: readonly Extremes[];
  /** Every point, of a grid of one or two keys with at most MOST_OUTCOMES points; else null. */
  readonly outcomes: readonly PointOutcome[] | null;
}

/** As `sweep --json` writes it, with its newline. */
export const encodeSweep = (summary: SweepSummary): string => `${jsonText(summary)}\n`;

/** Of what encodeSweep() wrote. */
export const decodeSweep = (text: string): SweepSummary => JSON.parse(text) as SweepSummary;
