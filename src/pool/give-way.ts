/**
 * Give way: threads that compute let those pass that somebody waits for.
 *
 * Why     Linux shares CPUs out fairly: with as many busy threads as CPUs, a thread that answers waits for some milliseconds each time that it has something
 *         to do (bench/daemon.ts).
 * Limits  Linux alone has a priority for each thread (setpriority(2), "C library/kernel differences"); elsewhere it would be the whole process', so nothing is done.
 */
import { getPriority, platform, setPriority } from "node:os";

/** Steps of nice values; each takes a fifth of a thread's weight. */
export const GIVE_WAY = {
  /** Runs of jobs: a third of the weight that the threads have that answer. Less would let other programs of the machine starve them. */
  Jobs: 5,
  /** Paced runs keep up with the clock, before jobs: two thirds. */
  Paced: 2,
} as const;
const LOWEST_PRIORITY = 19;
let hasGivenWay = false;

/** The thread that calls it has a lower priority from now on, for good: raising it again is a privilege. */
export function giveWay(steps: number): void {
  if (hasGivenWay || platform() !== "linux") return;
  hasGivenWay = true;
  try {
    setPriority(Math.min(LOWEST_PRIORITY, getPriority() + steps));
  } catch {
    // A sandbox may forbid it, and runs go on as before.
  }
}
