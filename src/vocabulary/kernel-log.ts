/**
 * Lines that the accept path writes to the kernel's log, as dmesg prints them.
 *
 * Limits   SYN flooding once in the life of a listener, and not with tcp_syncookies 2 (tcp_input.c:tcp_syn_flood_action). The lines of a host
 *          share net_ratelimit (net/core/utils.c): LOG_BURST lines, and LOG_INTERVAL_S after the first of them as many again. How many were
 *          kept back is said before the next line that is let through (lib/ratelimit.c).
 * Source   kernel-semantics 2.2, 7.5; texts, burst and interval seen on a running 6.18.44. "time wait bucket table overflow" is a line of
 *          2.6.32; later kernels count TCPTimeWaitOverflow in its place.
 */
import type { KernelRulesSpec } from "./run-spec.ts";

export const LOG_LINES = ["syn_flooding", "too_many_orphans", "callbacks_suppressed"] as const;
export type LogLineName = (typeof LOG_LINES)[number];
/** Name → its number in results. */
export const LogLine = { syn_flooding: 0, too_many_orphans: 1, callbacks_suppressed: 2 } as const satisfies Record<
  LogLineName,
  number
>;

export const LOG_BURST = 10;
export const LOG_INTERVAL_S = 5;

/** Of each kind of line, in a result: how many were written, how many net_ratelimit kept back, and when the first was written, ns. */
export const LOG_FIELDS = ["written", "suppressed", "firstNs"] as const;
/** Lines that a result keeps by themselves: the first ones. Each has a time in ns, a kind, and what it is about. */
export const MAX_LOG_LINES = 64;
export const LOG_LINE_WORDS = 3;
/** The fields of each kind, then the lines. */
export const LOG_LENGTH = LOG_LINES.length * LOG_FIELDS.length + MAX_LOG_LINES * LOG_LINE_WORDS;

/**
 * A line's text. `subject`: the listener's port, or how many lines were suppressed. Listeners are bound to every address, as most are.
 */
export function logText(
  line: LogLineName,
  subject: number,
  { syncookies, floodLineHasAddress }: { readonly syncookies: number } & Pick<KernelRulesSpec, "floodLineHasAddress">,
): string {
  switch (line) {
    case "syn_flooding": {
      const does = syncookies === 0 ? "Dropping request." : "Sending cookies.";
      const where = floodLineHasAddress === 1 ? `0.0.0.0:${subject}` : String(subject);
      const hint = floodLineHasAddress === 1 ? "" : "  Check SNMP counters.";
      return `TCP: request_sock_TCP: Possible SYN flooding on port ${where}. ${does}${hint}`;
    }
    case "too_many_orphans":
      return "TCP: too many orphaned sockets";
    case "callbacks_suppressed":
      return `net_ratelimit: ${subject} callbacks suppressed`;
  }
}

/** "[    1.204012] text": the time is that of the run. */
export const dmesgLine = (atS: number, text: string): string => `[${atS.toFixed(6).padStart(12)}] ${text}`;
