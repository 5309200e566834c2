/** Flips: what the invariants of random runs notice, whichever rule it comes from: a timer, a socket or a count that leaks. */
import { type Flip, flip } from "../flip.ts";

const leak = (name: string, file: string, find: string, replace: string, named: RegExp): Flip =>
  flip(`leaks: ${name}`, file, find, replace, "invariants.prop", named);

const BETWEEN = /holds between events/;

export const LEAKS_FLIPS: readonly Flip[] = [
  leak(
    "a timer, when all is acknowledged",
    "engine/receive-ack",
    "    host.wheel.disarm(row);\n    if ((flags & FL_FIN_PENDING) !== 0) sendFin(host, row);",
    "    if ((flags & FL_FIN_PENDING) !== 0) sendFin(host, row);",
    BETWEEN,
  ),
  leak(
    "no timer, once a retransmission fired",
    "engine/transmit",
    "  armTimer(host, row, TIMER_RTO, cutByUserTimeout(host, rows[fat + F_RTO]!, userMs, elapsedMs));\n",
    "",
    BETWEEN,
  ),
  leak(
    "a FIN that waits for ever",
    "engine/receive-ack",
    "    if ((flags & FL_FIN_PENDING) !== 0) sendFin(host, row);\n",
    "",
    /only what the kernel keeps is left/,
  ),
  leak(
    "an orphan that died",
    "engine/death",
    "    host.orphans--;\n    host.free(row);",
    "    host.free(row);",
    BETWEEN,
  ),
  leak("a bucket", "engine/time-wait", "  host.timeWaits--;\n  host.free(row);", "  host.free(row);", BETWEEN),
];
