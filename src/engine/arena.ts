/**
 * Arena: the large tables of this thread, and results that were read, handed from run to run. Nothing of their size is allocated anew for a run that fits.
 *
 * Invariant   A table is with one simulation at a time: taken at its start, given back when its result is taken. A simulation that is
 *             dropped half-way takes its tables with it.
 */
import { ConnectionTable } from "./table.ts";

const FIRST_CAPACITY = 4096;
const tables: ConnectionTable[] = [];

/** An empty table, sized for `expectedRows` linked rows; it grows when there are more. */
export function takeTable(expectedRows: number, meetsStrangers: boolean): ConnectionTable {
  const table = tables.pop() ?? new ConnectionTable(FIRST_CAPACITY);
  table.reset(expectedRows, meetsStrangers);
  return table;
}

export function giveBack(table: ConnectionTable): void {
  tables.push(table);
}

/** A word for each port. The one given back last is taken first. */
const portTables: Int32Array[] = [];
const PORTS = 65536;

/** Zeros. */
export function takePortTable(): Int32Array {
  return portTables.pop()?.fill(0) ?? new Int32Array(PORTS);
}

export function givePortTableBack(words: Int32Array): void {
  if (words !== NO_PORTS) portTables.push(words);
}

/** Of a host without any: zeros that nobody writes. */
export const NO_PORTS = new Int32Array(PORTS);

/** Results that nobody reads any more, for runs of the same layout: half a megabyte each, which would keep the garbage collector busy. */
const results: Float64Array[] = [];
const MAX_RESULTS = 2;

/** Zeros. */
export function takeResult(length: number): Float64Array {
  const at = results.findIndex((result) => result.length === length);
  return at < 0 ? new Float64Array(length) : (results.splice(at, 1)[0] as Float64Array).fill(0);
}

export function giveResultBack(result: Float64Array): void {
  results.push(result);
  if (results.length > MAX_RESULTS) results.shift();
}

/** Tables that double as they fill, by their length in words. Larger ones are left to the garbage collector, and of each length what one run needs is kept. */
const words = new Map<number, Int32Array[]>();
const LARGEST_KEPT = 2 ** 18;
const KEPT_PER_LENGTH = 4;

/** Zeros. */
export const takeWords = (length: number): Int32Array => words.get(length)?.pop()?.fill(0) ?? new Int32Array(length);

export function giveWordsBack(array: Int32Array): void {
  if (array.length > LARGEST_KEPT) return;
  const kept = words.get(array.length);
  if (kept === undefined) words.set(array.length, [array]);
  else if (kept.length < KEPT_PER_LENGTH) kept.push(array);
}
