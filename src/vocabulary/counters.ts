/**
 * Counters: the kernel's own, one row each. The key is the name that `nstat -az` prints.
 *
 * Purpose     The engine increments by index; metric names, panels, the reference page and every comparison derive from here.
 * Invariants  The order of the rows is the order of the counter array in a RunResult, hence part of its layout.
 * Source      kernel-semantics 11.2 (Tcp), 11.3 (TcpExt); `section` names the rule that increments the counter.
 */

/** What one step of the counter stands for. */
export type CounterUnit = "segments" | "connections" | "events";

/** Where in the life of a connection the counter moves. A closed set: panels and tables are grouped by it. */
export const COUNTER_STAGES = [
  "syn",
  "half_open",
  "final_ack",
  "cookies",
  "client",
  "established",
  "teardown",
  "time_wait",
  "all",
] as const;
export type CounterStage = (typeof COUNTER_STAGES)[number];

export interface CounterDef {
  readonly help: string;
  readonly unit: CounterUnit;
  readonly stage: CounterStage;
  /** Goes down as well as up. Absent: it only grows. */
  readonly gauge?: true;
  /** Exported by node_exporter without --collector.netstat.fields. */
  readonly nodeExporterDefault: boolean;
  /** Section of kernel-semantics.md with the rule, or the kernel's function where there is none. */
  readonly section: string;
}

/** A row: what it counts, where in the life of a connection, by which rule. */
const row =
  (unit: CounterUnit) =>
  (stage: CounterStage, section: string, help: string): CounterDef => ({
    help,
    unit,
    stage,
    nodeExporterDefault: false,
    section,
  });
const segments = row("segments");
const connections = row("connections");
const events = row("events");
/** One of those that node_exporter shows with default flags. */
const exported = (def: CounterDef): CounterDef => ({ ...def, nodeExporterDefault: true });
const gauge = (def: CounterDef): CounterDef => ({ ...def, gauge: true });

export const COUNTERS = {
  TcpActiveOpens: exported(connections("client", "6.1", "connect() sent its first SYN.")),
  TcpPassiveOpens: exported(
    connections(
      "final_ack",
      "4.4, 5.4",
      "Child socket created from a half-open request, a SYN cookie or a Fast Open SYN.",
    ),
  ),
  TcpAttemptFails: connections(
    "half_open",
    "4.2, 6",
    "Died before it was established: a connecting socket by time-out, RST or ICMP, or a half-open request by RST or a bad SYN. Not a half-open request that timed out, not abort_on_overflow.",
  ),
  TcpEstabResets: connections("established", "7.1", "Went from ESTABLISHED or CLOSE_WAIT straight to CLOSE."),
  TcpCurrEstab: exported(
    gauge(
      connections("established", "7.1", "Sockets in ESTABLISHED or CLOSE_WAIT now, those not yet accepted included."),
    ),
  ),
  TcpInSegs: exported(segments("all", "1.7", "Segments that reached TCP, bad ones included.")),
  TcpOutSegs: exported(
    segments(
      "all",
      "11.2",
      "New segments sent: bare ACKs, RSTs, SYN-ACKs and the SYN-ACKs' retransmissions included; retransmissions by full sockets not.",
    ),
  ),
  TcpRetransSegs: exported(segments("all", "3, 6, 7", "Segments sent again, SYN-ACKs included.")),
  TcpInErrs: exported(
    segments(
      "established",
      "1.7, 6.6",
      "Bad header or checksum; also a SYN, or a repeated SYN-ACK, that met an established socket.",
    ),
  ),
  TcpInCsumErrors: segments("all", "1.7", "Bad checksum."),
  TcpOutRsts: exported(segments("all", "11.2", "RSTs sent (counted in TcpOutSegs as well).")),
  TcpExtListenOverflows: exported(
    segments("syn", "2.2, 4.4, 5.4", "The accept queue was full at a SYN, a final ACK or a cookie ACK."),
  ),
  TcpExtListenDrops: exported(
    segments(
      "syn",
      "2.2, 4.4, 5.4",
      "A listener refused: every accept-queue overflow, a full SYN queue without cookies, the last-quarter rule, no route. Not a half-open request that timed out.",
    ),
  ),
  TcpExtTCPReqQFullDrop: segments("syn", "2.2", "SYN dropped: the SYN queue was full and tcp_syncookies is 0."),
  TcpExtTCPReqQFullDoCookies: segments(
    "syn",
    "2.2",
    "The SYN queue was full (or tcp_syncookies is 2) and cookies are on; counted before the accept queue is looked at.",
  ),
  TcpExtSyncookiesSent: exported(segments("cookies", "2.2, 5", "SYN-ACK sent with a cookie as its sequence number.")),
  TcpExtSyncookiesRecv: exported(
    segments("cookies", "5.4", "ACK with a valid cookie, also when the accept queue was then full."),
  ),
  TcpExtSyncookiesFailed: exported(
    segments("cookies", "5.4", "ACK with an invalid cookie while a cookie had been sent recently."),
  ),
  TcpExtTCPTimeouts: exported(
    events(
      "half_open",
      "3, 6, 7",
      "Retransmission timer of a full socket fired, or the SYN-ACK timer of a half-open request, its last firing included.",
    ),
  ),
  TcpExtTCPSynRetrans: exported(
    segments("half_open", "3, 4.2, 6", "SYN or SYN-ACK sent again, by timer or because of a repeated SYN."),
  ),
  TcpExtTcpTimeoutRehash: events(
    "client",
    "6.1",
    "A full socket changed its transmit hash at a retransmission time-out, the final one excluded.",
  ),
  TcpExtTCPLostRetransmit: segments("client", "6.1", "A segment that had been retransmitted was marked lost again."),
  TcpExtTCPRetransFail: segments("client", "6.1", "A retransmission failed inside the sending host."),
  TcpExtEmbryonicRsts: connections(
    "half_open",
    "4.2, 4.4",
    "Half-open request destroyed by an RST, a bad SYN or abort_on_overflow.",
  ),
  TcpExtTCPDeferAcceptDrop: segments("final_ack", "3.5", "Bare ACK ignored by TCP_DEFER_ACCEPT."),
  TcpExtTCPACKSkippedSynRecv: segments(
    "half_open",
    "4.2",
    "Repeated SYN or out-of-window segment for a half-open request not answered: the last answer was less than tcp_invalid_ratelimit ago.",
  ),
  TcpExtTCPChallengeACK: segments("established", "4.2, 6.6, 7.6", "Challenge ACK sent."),
  TcpExtTCPACKSkippedChallenge: segments(
    "established",
    "4.2, 6.6, 7.6",
    "Challenge ACK held back by tcp_invalid_ratelimit.",
  ),
  TcpExtTCPSYNChallenge: segments("established", "6.6, 7.6", "SYN or SYN-ACK that met an established socket."),
  TcpExtPAWSEstab: segments(
    "established",
    "4.2, 7",
    "Segment with too old a timestamp for an established socket or a half-open request.",
  ),
  TcpExtPAWSActive: segments("client", "6.2", "Impossible timestamp echo while connecting."),
  TcpExtPAWSPassive: segments("syn", "7.9", "SYN refused by tcp_tw_recycle (kernels up to 4.4)."),
  TcpExtPAWSTimewait: segments(
    "time_wait",
    "7.8",
    "Segment with too old a timestamp for a TIME_WAIT entry (from 6.18).",
  ),
  TcpExtPAWSOldAck: segments("established", "11.3", "Old bare ACK with too old a timestamp (from 6.18)."),
  TcpExtTSEcrRejected: segments(
    "half_open",
    "4.2",
    "Bad timestamp echo on a segment for a half-open request (from 6.18).",
  ),
  TcpExtBeyondWindow: segments(
    "established",
    "11.3",
    "Segment beyond the window of a socket past the handshake (from 6.18).",
  ),
  TcpExtOutOfWindowIcmps: events("all", "4.6, 6.3", "ICMP error that quoted a wrong sequence number."),
  TcpExtTW: connections(
    "time_wait",
    "7.7",
    "TIME_WAIT or FIN_WAIT_2 mini-socket with a lifetime above 4 s: created (from 6.1), expired (before).",
  ),
  TcpExtTWKilled: connections(
    "time_wait",
    "7.4, 7.9",
    "As TcpExtTW for lifetimes of 4 s and less (short tcp_fin_timeout, tcp_tw_recycle).",
  ),
  TcpExtTWRecycled: connections(
    "time_wait",
    "6.5",
    "connect() took a port over from TIME_WAIT. Not a SYN that met a TIME_WAIT entry.",
  ),
  TcpExtTCPTimeWaitOverflow: connections(
    "time_wait",
    "7.7",
    "Closed without TIME_WAIT: tcp_max_tw_buckets was reached.",
  ),
  TcpExtTCPACKSkippedFinWait2: segments(
    "time_wait",
    "7.8",
    "Reply of a FIN_WAIT_2 mini-socket held back by tcp_invalid_ratelimit.",
  ),
  TcpExtTCPACKSkippedTimeWait: segments(
    "time_wait",
    "7.8",
    "Reply of a TIME_WAIT entry held back by tcp_invalid_ratelimit.",
  ),
  TcpExtTCPACKSkippedPAWS: segments(
    "established",
    "7.6",
    "ACK for a segment with too old a timestamp held back by tcp_invalid_ratelimit.",
  ),
  TcpExtTCPACKSkippedSeq: segments(
    "established",
    "7.6",
    "ACK for an out-of-window segment held back by tcp_invalid_ratelimit.",
  ),
  TcpExtTCPAbortOnClose: connections("teardown", "7.3", "close() with unread data: RST sent."),
  TcpExtTCPAbortOnData: connections(
    "teardown",
    "7.3, 7.4",
    "Aborted by close() with SO_LINGER 0, or by data for a socket that its application had closed.",
  ),
  TcpExtTCPAbortOnLinger: connections("teardown", "7.3", "close() in FIN_WAIT_2 with a negative TCP_LINGER2."),
  TcpExtTCPAbortOnMemory: connections("teardown", "7.5", "Aborted: tcp_max_orphans or the TCP memory was exceeded."),
  TcpExtTCPAbortOnTimeout: connections(
    "client",
    "6.1, 7.5",
    "A full socket gave up retransmitting, connect() with ETIMEDOUT included.",
  ),
  TcpExtTCPAbortFailed: events("teardown", "7.3", "No memory for an RST."),
  TcpExtTCPFastOpenPassive: connections("syn", "2.7", "Fast Open SYN accepted: the child was created at once."),
  TcpExtTCPFastOpenPassiveFail: segments(
    "syn",
    "2.7",
    "Fast Open SYN with an invalid cookie, or no child could be created.",
  ),
  TcpExtTCPFastOpenListenOverflow: segments(
    "syn",
    "2.7",
    "Fast Open SYN treated as an ordinary one: too many Fast Open requests were pending.",
  ),
  TcpExtTCPFastOpenCookieReqd: segments("syn", "2.7", "SYN that asked for a Fast Open cookie."),
  TcpExtTCPMigrateReqSuccess: connections(
    "half_open",
    "4.7",
    "Half-open request moved to another listener of its SO_REUSEPORT group.",
  ),
  TcpExtTCPMigrateReqFailure: connections(
    "half_open",
    "4.7",
    "Half-open request could not be moved to another listener of its SO_REUSEPORT group.",
  ),
  TcpExtTCPBacklogDrop: segments(
    "all",
    "1.7",
    "Segment dropped: the socket's own backlog was full while its owner held the lock.",
  ),
  TcpExtTCPLossProbes: segments("established", "7.5", "Tail-loss probe sent."),
  TcpExtTCPKeepAlive: segments("established", "tcp_timer.c:tcp_keepalive_timer", "Keepalive probe sent."),
  TcpExtLockDroppedIcmps: events("all", "6.3", "ICMP error dropped because the owner of the socket held its lock."),
  TcpExtDelayedACKs: segments("established", "11.5", "Delayed ACK sent."),
  IpOutNoRoutes: segments("all", "2.2, 11.4", "No route for an outgoing packet, a SYN-ACK included."),
} as const satisfies Record<string, CounterDef>;

export type CounterName = keyof typeof COUNTERS;

/** In table order. */
export const COUNTER_NAMES = Object.keys(COUNTERS) as CounterName[];

/** Counter name → its index in every counter array. */
export const counterIndex = Object.fromEntries(COUNTER_NAMES.map((name, index) => [name, index])) as Record<
  CounterName,
  number
>;

/** nstat glues the group to the name; longest group first, because "TcpExt" begins with "Tcp". */
const GROUPS = ["TcpExt", "Tcp", "Ip"] as const;

/** `TcpExtListenDrops` → `node_netstat_TcpExt_ListenDrops` (kernel-semantics 0.2). */
export function nodeExporterName(name: CounterName): string {
  const group = GROUPS.find((prefix) => name.startsWith(prefix)) ?? "";
  return `node_netstat_${group}_${name.slice(group.length)}`;
}
