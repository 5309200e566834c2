/**
 * Forecast: what a sweep will take, before it starts: memory, which is held against the limit, and time, roughly.
 *
 * Method   Some points, from the first to the last, are compiled and looked at. Time is connections and packets times what they cost on a machine of 2025, and can be
 *          wrong by a factor of five: it tells seconds from hours.
 */
import { err, ok, type Result } from "../base/result.ts";
import { formatBytes, formatCount, formatSeconds } from "../base/units.ts";
import {
  memoryFault,
  memoryNeeded,
  pointCountOf,
  type RunSpec,
  type Sweep,
  specsAt,
  usableMemory,
  workersFor,
} from "../index.ts";
import { WorkloadKind } from "../vocabulary/run-spec.ts";

const MOST_LOOKED_AT = 64;
/** Seconds. */
const PER_RUN = 0.002;
const PER_CONNECTION = 4e-6;
const PER_PACKET_ONE_BY_ONE = 1e-7;
/** Packets that share a fate cost nothing but for those that find room. */
const PER_PACKET_IN_BULK = 1e-10;

export interface Forecast {
  readonly workers: number;
  /** One line, without its end. */
  readonly text: string;
}

/** `asked`: threads that the user wants; else fewer are taken where memory is short. The error names the limit and the point. */
export function forecast(sweep: Sweep, asked: number | undefined): Result<Forecast, string> {
  const { shape } = sweep;
  const points = pointCountOf(shape);
  const runs = points * shape.seeds.length;
  const memory = usableMemory();
  let workers = workersFor(runs, asked);
  let [most, seconds, looked] = [0, 0, 0];
  for (const point of lookedAt(points)) {
    for (const spec of specsAt(sweep, point)) {
      while (workers > 1 && asked === undefined && memoryFault(spec, workers, memory) !== null) workers -= 1;
      const fault = memoryFault(spec, workers, memory);
      if (fault !== null) return err(`point ${point}: ${fault}`);
      most = Math.max(most, memoryNeeded(spec, workers));
      seconds += secondsOf(spec);
    }
    looked += 1;
  }
  const total = ((seconds / looked) * runs) / workers;
  const size = `${formatCount(points)} points, ${formatCount(runs)} runs of ${formatSeconds(shape.durationS)}`;
  const threads = workers === 1 ? "1 thread" : `${workers} threads`;
  return ok({
    workers,
    text: `${shape.name}: ${size} on ${threads}; at most ${formatBytes(most)} of memory, very roughly ${aboutText(total)}`,
  });
}

/** Spread over all points, both ends included. */
function lookedAt(points: number): number[] {
  if (points <= MOST_LOOKED_AT) return Array.from({ length: points }, (_, point) => point);
  return Array.from({ length: MOST_LOOKED_AT }, (_, k) => Math.round((k * (points - 1)) / (MOST_LOOKED_AT - 1)));
}

function secondsOf(spec: RunSpec): number {
  const perPacket = spec.engine === 0 ? PER_PACKET_IN_BULK : PER_PACKET_ONE_BY_ONE;
  return spec.workloads.reduce((sum, workload) => {
    const count = Math.min(workload.count, (workload.ratePerS * spec.durationNs) / 1e9 || workload.count);
    return sum + count * (workload.kind === WorkloadKind.Connections ? PER_CONNECTION : perPacket);
  }, PER_RUN);
}

/** One digit. */
function aboutText(seconds: number): string {
  const [size, unit] = seconds < 90 ? [1, "s"] : seconds < 5400 ? [60, "min"] : [3600, "h"];
  return `${Math.max(1, Number((seconds / Number(size)).toPrecision(1)))} ${unit}`;
}
