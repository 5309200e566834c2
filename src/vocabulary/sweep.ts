/**
 * Sweep: which values of which keys are tried together.
 *
 * Terms       An axis is a key path and its values. A point is one value of each axis, in one tuning. A level is a value, or a range of values, that
 *             effects are told by.
 * Used by     config reads it; compile lays the points out; results tells what moved.
 */

/** What can stand at a key: a plain value of YAML. */
export type AxisValue = number | string | boolean | null;

/** A stretch of numbers that a Latin hypercube draws from. */
export interface AxisRange {
  readonly from: number;
  readonly to: number;
  readonly isLogarithmic: boolean;
  /** The key takes whole numbers only. */
  readonly isWhole: boolean;
}

export interface SweepAxis {
  /** As written: server.sysctls.net.core.somaxconn. */
  readonly path: string;
  /** Different from each other; empty where there is a range. */
  readonly values: readonly AxisValue[];
  /** Only where points are drawn. */
  readonly range: AxisRange | null;
}

export interface SweepDesign {
  readonly axes: readonly SweepAxis[];
  /** Points of a Latin hypercube; null: every value with every other. */
  readonly samples: number | null;
}

/** Runs of one sweep at most. */
export const MAX_SWEEP_RUNS = 1_000_000;
