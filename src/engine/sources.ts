/**
 * Sources of events, and when each has its next one: `due[source]`, ns, Infinity for never.
 *
 * Order   Ties go to the source that stands first: ticks, links, notices, application timers, CPUs, answers, workloads, sampler.
 * Why     The event loop asks for the first of them at each event. So those that are seldom first stand behind two entries: the earlier of both hosts' ticks,
 *         and the earliest of whatever comes after the application's timers. Who writes one of these settles its entry.
 */

/** Tick and Later are the two entries for others. The workloads' own sources follow the last one, then the sampler's. */
export const Source = {
  Tick: 0,
  ToServer: 1,
  ToClient: 2,
  Notices: 3,
  AppTimers: 4,
  Later: 5,
  ClientTick: 6,
  ServerTick: 7,
  Cpus: 8,
} as const;
export const FIXED_SOURCES = 9;
const FIRST_LATER = Source.Cpus;

/** A host's next tick was written. */
export function settleTicks(due: Float64Array): void {
  due[Source.Tick] = Math.min(due[Source.ClientTick]!, due[Source.ServerTick]!);
}

/** The time of a source from the CPUs on was written. */
export function settleLater(due: Float64Array): void {
  let earliest = due[FIRST_LATER]!;
  for (let s = FIRST_LATER + 1; s < due.length; s++) if (due[s]! < earliest) earliest = due[s]!;
  due[Source.Later] = earliest;
}

/** Which source the entry Later stands for. */
export function firstLater(due: Float64Array): number {
  let source: number = FIRST_LATER;
  while (due[source]! > due[Source.Later]!) source++;
  return source;
}
