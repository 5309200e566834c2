/** What the recordings show (test/recordings/README.md), bullet by bullet. */
import { covered, type Statements } from "../statement.ts";

export const RECORDINGS_STATEMENTS: Statements = {
  "Timers are late, in steps.": [
    covered("Steps of 1, 8, 64 and 512 ticks.", "wheel: timers on time", "wheel: level 0 too long"),
    covered(
      "SYN-ACKs at 1, 3, 7, 15, 31 s; the end at 63.",
      "retries: one more",
      "SYN-ACK timer: firings are not counted",
    ),
  ],
  "SYN queue limit": [
    covered("Backlog and one.", "SYN queue: full at the backlog"),
    covered(
      "128 of tcp_max_syn_backlog let 97 unknown ones in.",
      "last quarter: a half",
      "last quarter: with cookies too",
    ),
    covered("Known peers are never refused by it.", "last quarter: proven peers too", "metrics: not at TIME_WAIT"),
  ],
  "Accept queue limit": [
    covered("64 becomes 65.", "accept queue: full at the backlog"),
    covered(
      "While it is full SYNs are dropped, and final ACKs ignored.",
      "accept queue before the wish for a cookie",
      "abort_on_overflow: turned round",
    ),
  ],
  "Which counter": [
    covered("Last quarter: ListenDrops only.", "counts: last quarter"),
    covered("SYN queue full, cookies off: both.", "counts: SYN queue full"),
    covered("Cookies on: a wish, and a cookie if the accept queue has room.", "counts: wish for a cookie"),
    covered("Accept queue full: both, each time.", "counts: accept queue full"),
  ],
  "Half-open requests": [
    covered("A firing is a time-out, a SYN-ACK sent again counts twice more.", "counts: SYN-ACK sent again"),
    covered("Dropped at as many firings as retries.", "retries: one more"),
  ],
  "Early drop": [
    covered("Above half of max(8, backlog).", "pruning: floor of 4", "pruning: from half full on"),
    covered("Young ones protect.", "pruning: young not strict"),
    covered("Down to two retries, and only until the queue is half full.", "pruning: leaves one retry"),
  ],
  "A client SYN retransmission": [
    covered("It makes the server answer at once.", "counts: duplicate SYN as a time-out"),
  ],
  Cookies: [
    covered("A valid one counts each time, also at a full accept queue.", "counts: cookie with a full accept queue"),
    covered(
      "Within two minutes of a cookie a stray ACK counts as failed.",
      "recent overflow: half as long",
      "counts: cookie refused",
    ),
    covered("With cookies off RST only.", "counts: stray ACK as a failed cookie"),
    covered("2 counts a wish for each SYN.", "syncookies=2 acts as 1"),
  ],
  "Overflow, abort_on_overflow 0": [
    covered("abort_on_overflow 0: each SYN-ACK is answered by a challenge, a new try.", "counts: SYN on ESTABLISHED"),
    covered(
      "1: RST at the first try; data on its way gets a second.",
      "abort_on_overflow: turned round",
      "ACK of nobody: no reset",
    ),
  ],
  "Client SYNs": [
    covered("1, 2, 3, 4, 5, 7, 11 ... s with four linear time-outs.", "linear time-outs: one fewer"),
    covered("The end by number or time.", "connect: one SYN more", "connect: no limit of time"),
  ],
  TIME_WAIT: [
    covered("TW counts entries, FIN_WAIT2 too; up to 4 s TWKilled.", "TWKilled: below 4 s", "kernel: TW at its end"),
    covered("Over the buckets there is none.", "buckets: one more", "FIN_WAIT2: takes no bucket"),
    covered(
      "An orphan's FIN_WAIT2 lasts tcp_fin_timeout; the late FIN gets RST.",
      "close() in FIN_WAIT2: no time limit",
      "ACK of nobody: no reset",
    ),
  ],
  "Local ports": [
    covered("The lowest one's parity first.", "ports: the other parity first"),
    covered("Reuse after more than the delay.", "tw_reuse: delay not strict"),
    covered("Not with 0, 2, or without timestamps.", "tw_reuse: 2 acts as 1", "tw_reuse: without timestamps"),
    covered("A new SYN on the server's TIME_WAIT begins a connection.", "TIME_WAIT: the same timestamp is newer"),
  ],
  SO_REUSEPORT: [
    covered("The address pair picks the listener, SYNs again go to the same.", "reuseport: all to the first"),
  ],
  TCP_DEFER_ACCEPT: [
    covered("3 s are two firings.", "defer_accept: a second less"),
    covered(
      "Bare ACKs are ignored; no SYN-ACK until the last firing.",
      "defer_accept: one firing more",
      "defer_accept: asks one firing late",
    ),
  ],
  "Closing a listener": [covered("It resets what nobody accepted.", "closing a listener: children stay")],
};
