/**
 * What a host writes to its kernel's log, and what net_ratelimit keeps back.
 *
 * Models   tcp_input.c:tcp_syn_flood_action, tcp.c:tcp_check_oom; lib/ratelimit.c (vocabulary/kernel-log.ts has texts and limits).
 * Units    ns of the run; ticks.
 */
import {
  LOG_BURST,
  LOG_FIELDS,
  LOG_INTERVAL_S,
  LOG_LENGTH,
  LOG_LINE_WORDS,
  LOG_LINES,
  LogLine,
  MAX_LOG_LINES,
} from "../vocabulary/kernel-log.ts";
import { Verdict } from "../vocabulary/verdicts.ts";
import type { Host } from "./host.ts";
import type { Listener } from "./listener.ts";

const NEVER_TICK = -1;
const WRITTEN = 0;
const SUPPRESSED = 1;
const FIRST_NS = 2;
const LINES_AT = LOG_LINES.length * LOG_FIELDS.length;

export class KernelLog {
  /** As a result has it (LOG_LENGTH). */
  readonly values = new Float64Array(LOG_LENGTH);
  #lines = 0;
  /** net_ratelimit_state: begin, rs_n_left, missed. */
  #beginTick = NEVER_TICK;
  #left = LOG_BURST;
  #missed = 0;

  /** How many lines were kept back until `tick` and must be reported before the next one; 0: none, or the interval is not over. */
  reportAt(tick: number, hz: number): number {
    if (this.#beginTick === NEVER_TICK) this.#beginTick = tick;
    if (tick <= this.#beginTick + LOG_INTERVAL_S * hz) return 0;
    const missed = this.#missed;
    this.#beginTick = tick;
    this.#left = LOG_BURST;
    this.#missed = 0;
    return missed;
  }

  /** Whether net_ratelimit lets one more line through; counts it where not. */
  admits(line: number): boolean {
    if (this.#left > 0) {
      this.#left--;
      return true;
    }
    this.#missed++;
    const at = line * LOG_FIELDS.length + SUPPRESSED;
    this.values[at] = this.values[at]! + 1;
    return false;
  }

  write(line: number, subject: number, ns: number): void {
    const { values } = this;
    const at = line * LOG_FIELDS.length;
    if (values[at + WRITTEN] === 0) values[at + FIRST_NS] = ns;
    values[at + WRITTEN] = values[at + WRITTEN]! + 1;
    if (this.#lines === MAX_LOG_LINES) return;
    const to = LINES_AT + this.#lines++ * LOG_LINE_WORDS;
    values[to] = ns;
    values[to + 1] = line;
    values[to + 2] = subject;
  }
}

/** Whether a SYN with this verdict met a full SYN queue. */
export function metFullQueue(verdict: number): boolean {
  return verdict === Verdict.syn_cookie || verdict === Verdict.syn_queue_full || verdict === Verdict.syn_both_full;
}

/** A SYN met the full SYN queue of `listener` at `ns`: said once. (With tcp_syncookies 2 a listener counts as warned from the start.) */
export function warnOfFlood(host: Host, listener: Listener, ns: number): void {
  listener.hasWarned = true;
  listener.warnedNs[0] = ns;
  if (host.spec.floodLineLimited === 1) writeLimited(host, LogLine.syn_flooding, listener.port, ns);
  else host.writeLog(LogLine.syn_flooding, listener.port, ns);
}

/** A segment by itself met the full queue; but packets that lag may have met it before. */
export function warnNow(host: Host, listener: Listener): void {
  if (host.lagging > 0) host.beforeChange();
  if (!listener.hasWarned) warnOfFlood(host, listener, host.now[0]!);
}

/** A socket is reset for being an orphan too many. Packets that lag come first: they may have lines of their own. */
export function logOrphans(host: Host): void {
  if (host.lagging > 0) host.beforeChange();
  writeLimited(host, LogLine.too_many_orphans, 0, host.now[0]!);
}

/** net_info_ratelimited. */
function writeLimited(host: Host, line: number, subject: number, ns: number): void {
  const missed = host.log.reportAt(host.tickAt(ns), host.spec.hz);
  if (missed > 0) host.writeLog(LogLine.callbacks_suppressed, missed, ns);
  if (host.log.admits(line)) host.writeLog(line, subject, ns);
}
