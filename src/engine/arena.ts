/**
 * Arena: the large tables of this thread, handed from run to run. Nothing of their size is allocated anew for a run that fits.
 *
 * Invariant   A table is with one simulation at a time: taken at its start, given back when its result is taken. A simulation that is
 *             dropped half-way takes its tables with it.
 */
import { ConnectionTable } from "./table.ts";

const FIRST_CAPACITY = 4096;
const tables: ConnectionTable[] = [];

/** An empty table, sized for `expectedRows` linked rows; it grows when there are more. */
export function takeTable(expectedRows: number): ConnectionTable {
  const table = tables.pop() ?? new ConnectionTable(FIRST_CAPACITY);
  table.reset(expectedRows);
  return table;
}

export function giveBack(table: ConnectionTable): void {
  tables.push(table);
}
