/**
 * Sweep run: the sweep of one job, simulated from where it was left, with each point that is done in the store.
 *
 * Form        A point is one document, its numbers as float64, metric by metric, seed by seed; NaN: nothing was measured. Points of another version of the engine
 *             are not gone on with: the sweep begins anew.
 */
import {
  type PointValues,
  pointCountOf,
  type Sweep,
  type SweepSummary,
  SweepTable,
  simulateSweep,
  sweepFingerprint,
} from "../index.ts";
import type { Document, Store } from "../store/store.ts";
import { Checkpoints, pointsOf } from "./checkpoints.ts";
import type { StepOptions } from "./job-run.ts";

/** Stands beside the points, which have numbers. */
const HEAD = "head";

/** Runs of points that the store has. */
export const knownPoints = (store: Store, job: string): number => Math.max(0, store.list(pointsOf(job)).length - 1);

export async function runSweep(
  job: string,
  sweep: Sweep,
  { store, workers, signal, onRuns, onStored, onDeath }: StepOptions,
): Promise<SweepSummary> {
  const { seeds, durationS } = sweep.shape;
  const table = new SweepTable(sweep.shape);
  let stored = restore(store, job, sweep, table);
  const restored = { table, points: stored };
  const checkpoints = new Checkpoints(store, job, (points) => {
    stored += points;
    onStored(stored * seeds.length);
  });
  try {
    return await simulateSweep(sweep, {
      ...{ workers, signal, onDeath, restored, inBackground: true },
      onPoint: (point, values) => {
        onRuns(seeds.length, seeds.length * durationS, { point });
        checkpoints.keep({ collection: pointsOf(job), id: String(point), bytes: encodePoint(values) });
      },
    });
  } finally {
    await checkpoints.flush();
  }
}

/** Puts what the store has into the table; how many points that are, from the first one on. */
function restore(store: Store, job: string, sweep: Sweep, table: SweepTable): number {
  const collection = pointsOf(job);
  const head: Document = { collection, id: HEAD, bytes: Buffer.from(sweepFingerprint(sweep)) };
  const known = store.get(collection, HEAD);
  if (known === null || !Buffer.from(known).equals(Buffer.from(head.bytes))) {
    store.remove(collection);
    store.put(head);
    return 0;
  }
  for (let point = 0; point < pointCountOf(sweep.shape); point++) {
    const bytes = store.get(collection, String(point));
    if (bytes === null) return point;
    table.setPoint(point, decodePoint(bytes, sweep.shape.seeds.length));
  }
  return pointCountOf(sweep.shape);
}

const encodePoint = (values: PointValues): Uint8Array =>
  new Uint8Array(Float64Array.from(values.flat(), (value) => value ?? Number.NaN).buffer);

function decodePoint(bytes: Uint8Array, seeds: number): PointValues {
  const numbers = [...new Float64Array(new Uint8Array(bytes).buffer)].map((value) =>
    Number.isNaN(value) ? null : value,
  );
  return Array.from({ length: numbers.length / seeds }, (_, metric) =>
    numbers.slice(metric * seeds, (metric + 1) * seeds),
  );
}
