/** Tables of sweeps made by hand: a rule says what each point measured. */
import { type SweepShape, SweepTable } from "../../src/results/sweep-table.ts";
import type { AxisValue } from "../../src/vocabulary/sweep.ts";

/** Two axes, a (1, 2, 3) and b (10, 20), in two tunings. */
export const SHAPE: SweepShape = {
  name: "hand",
  description: "made by hand",
  durationS: 5,
  tunings: ["plain", "big"],
  axes: [
    { path: "a", values: [1, 2, 3], borders: [] },
    { path: "b", values: [10, 20], borders: [] },
  ],
  samples: null,
  pointsPerTuning: 6,
  valuesAt: (point) => [[1, 2, 3][Math.floor(point / 2)] ?? 0, [10, 20][point % 2] ?? 0],
  seeds: [1, 2, 3],
  engine: "auto",
  metrics: ["legit.served_ratio"],
};

export type Rule = (values: {
  tuning: number;
  at: readonly AxisValue[];
  seed: number;
  metric: number;
}) => number | null;

export function tableOf(rule: Rule, shape: SweepShape = SHAPE): SweepTable {
  const table = new SweepTable(shape);
  for (let point = 0; point < shape.tunings.length * shape.pointsPerTuning; point++) {
    const at = shape.valuesAt(point % shape.pointsPerTuning);
    const tuning = Math.floor(point / shape.pointsPerTuning);
    shape.seeds.forEach((_, seed) => {
      table.setSeed(
        point,
        seed,
        shape.metrics.map((_name, metric) => rule({ tuning, at, seed, metric })),
      );
    });
  }
  return table;
}
