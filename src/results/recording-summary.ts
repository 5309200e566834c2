/**
 * The summary of a recording: every number of its runs as [mean, min, max].
 *
 * Source      summary() of the recorder. A counter that a run does not have is 0 there; a percentile that a run does not
 *             have is unknown, and left out of the mean.
 */
import type { RecordedRun, Summary } from "./recording-format.ts";
import { roundTo } from "./rounding.ts";

const SECTIONS = ["server_counters", "client_counters", "wire_at_server", "workloads"] as const;
/** Keys whose absence means "nobody", not zero. */
const UNKNOWN_IF_ABSENT: readonly string[] = ["p50", "p90", "p99", "max", "min"];

type Nested = { [key: string]: Nested | [mean: number, min: number, max: number] };

export function summaryOf(runs: readonly RecordedRun[]): Summary {
  const summary: Nested = {};
  for (const section of SECTIONS) {
    const numbers = runs.map((run) => new Map(numbersBelow(run[section])));
    const keys = [...new Set(numbers.flatMap((run) => [...run.keys()]))].sort();
    const branch: Nested = {};
    summary[section] = branch;
    for (const key of keys) {
      const path = key.split("\0");
      const last = path[path.length - 1] ?? "";
      const values = numbers.map((run) => run.get(key) ?? (UNKNOWN_IF_ABSENT.includes(last) ? null : 0));
      put(branch, path, meanMinMax(values.filter((value) => value !== null)));
    }
  }
  return summary;
}

/** [path joined by NUL, number] of every number in nested objects; arrays are left out. */
function* numbersBelow(value: object, prefix = ""): Generator<[string, number]> {
  for (const [key, child] of Object.entries(value)) {
    if (typeof child === "number") yield [prefix + key, child];
    else if (typeof child === "object" && child !== null && !Array.isArray(child)) {
      yield* numbersBelow(child, `${prefix}${key}\0`);
    }
  }
}

/** The mean is rounded to two decimals. */
function meanMinMax(values: readonly number[]): [number, number, number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [roundTo(mean, 2), Math.min(...values), Math.max(...values)];
}

function put(branch: Nested, path: readonly string[], leaf: [number, number, number]): void {
  let at = branch;
  for (const key of path.slice(0, -1)) {
    at[key] ??= {};
    at = at[key] as Nested;
  }
  at[path[path.length - 1] ?? ""] = leaf;
}
