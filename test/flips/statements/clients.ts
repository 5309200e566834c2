/** Statements about the client's side of the set-up: kernel-semantics 6. */
import { covered, FAILURES, FIXED, ICMP, leftOut, NO_BIND, OLD_KERNEL, type Statements } from "../statement.ts";

export const CLIENTS_STATEMENTS: Statements = {
  "6.1": [
    covered(
      "connect() counts ActiveOpens, sends a SYN, and waits 1 s.",
      "counts: connect()",
      "SYN timer: 3 s at first",
    ),
    leftOut("TCP_SYNCNT replaces tcp_syn_retries.", "socket options of applications are left out"),
    covered("Step 1: each firing is a time-out.", "counts: connect() times out"),
    covered(
      "Step 2: it gives up at S + L retransmissions, or T(S) after the first SYN.",
      "connect: one SYN more",
      "connect: no limit of time",
      "counts: connect() times out",
    ),
    covered("T(S) follows tcp_rto_max_ms.", "SYN timer: tcp_rto_max_ms leaves the time limit alone"),
    covered(
      "Step 3: the SYN again, and from the second on a lost retransmission;",
      "lost retransmission: the first too",
    ),
    covered(
      "... OutSegs does not grow, TcpTimeoutRehash does since 5.15.",
      "counts: SYN sent again in OutSegs",
      "kernel: counters",
    ),
    covered(
      "Step 4: after L firings the step doubles, up to the maximum.",
      "linear time-outs: one fewer",
      "SYN timer: no tcp_rto_max_ms",
    ),
    covered("The time is looked at when the timer fires only.", "connect: no limit of time"),
    covered("The schedules: 63, 127, 131 s and the others.", "connect: one SYN more", "linear time-outs: one fewer"),
    covered("tcp_syn_retries 0 is refused.", "syn_retries: none at all"),
    covered("Linear time-outs are of 6.6 and newer.", "linear time-outs: one fewer"),
    leftOut("A failed local send is retried after 0.5 s.", FAILURES),
    leftOut("2.6.32 begins at 3 s.", OLD_KERNEL),
  ],
  "6.2": [
    covered(
      "Step 1: an unacceptable ACK is reset with its number, no RST is;",
      "SYN_SENT: a bad ACK is not reset",
      "SYN_SENT: a bad ACK in a RST is reset",
    ),
    covered(
      "... the first SYN is sent again after two ticks, since 5.15.",
      "quick resend: never",
      "quick resend: also later",
      "kernel: quick resend",
    ),
    covered("Step 2: an echo from before the SYN is reset.", "SYN_SENT: any echo"),
    covered("Step 3: a RST refuses,", "counts: connect() refused"),
    covered("Step 4: an ACK without SYN is ignored.", "SYN_SENT: an ACK connects"),
    covered("Step 5: a SYN-ACK connects.", "SYN_SENT: an ACK connects"),
    leftOut("... its ACK may be delayed when data waits.", "clients write when they are connected"),
    covered("Step 6: a RST without ACK is ignored.", "SYN_SENT: any RST refuses"),
    covered(
      "... a SYN is a simultaneous open: SYN_RECV as a full socket;",
      "simultaneous open: a SYN is nothing to SYN_SENT",
    ),
    covered(
      "... the SYN's retransmissions and time-out go on;",
      "simultaneous open: the time-out stays",
      "simultaneous open: SYNs sent before do not count",
    ),
    covered(
      "... a SYN-ACK is answered by an ACK, and opened old kernels;",
      "simultaneous open: a SYN-ACK is challenged",
      "simultaneous open: old kernels take a SYN-ACK",
      "simultaneous open: no ACK of the SYN-ACK",
    ),
    covered("... the round trip is that of the SYN-ACK;", "simultaneous open: the round trip from the SYN"),
    covered("... an exact RST ends it.", "simultaneous open: an inexact RST ends it"),
  ],
  "6.3": [leftOut("Which ICMP errors end connect().", ICMP)],
  "6.4": [
    covered("The range is inclusive,", "ports: the highest left out"),
    covered("... made even: of an odd one a port is out of reach.", "ports: of an odd range all"),
    covered("The start is a hash of the destination; since 5.15 with a table.", "kernel: ports"),
    covered("The lowest port's parity goes first.", "ports: the other parity first"),
    covered("Reserved ports are skipped.", "ports: reserved ones taken"),
    leftOut("Ports that were bound are skipped.", NO_BIND),
    covered(
      "Connected ones are usable for another 4-tuple, or from TIME_WAIT.",
      "taken ports: taken for ever",
      "tw_reuse: delay not strict",
    ),
    covered("None: EADDRNOTAVAIL, no packet, no ActiveOpens.", "counts: no local port as an attempt"),
    covered("Success moves the start on.", "kernel: ports in order"),
    leftOut("2.6.32 and 3.10 search in sequence.", OLD_KERNEL),
  ],
  "6.5": [
    covered("Reuse needs timestamps.", "tw_reuse: without timestamps"),
    leftOut("A bound port is always reused.", NO_BIND),
    covered("1 reuses, 2 on the loopback only.", "tw_reuse: 2 acts as 1"),
    covered("Strictly older than tcp_tw_reuse_delay.", "tw_reuse: delay not strict"),
    covered("FIN_WAIT2 is not reused, but in some kernels.", "tw_reuse: FIN_WAIT2 too", "kernel: reuse of FIN_WAIT2"),
    covered("It counts TWRecycled.", "counts: TIME_WAIT reused"),
    covered(
      "The new number is the old one's + 65 537, 1 for 0.",
      "tw_reuse: sequence number",
      "tw_reuse: sequence number 0",
    ),
    covered("The peer's timestamp is inherited.", "tw_reuse: timestamps are forgotten"),
    covered("Older kernels count whole seconds.", "kernel: reuse by seconds", "kernel: reuse by rounded time"),
    leftOut("The default changed from 0 to 2.", FIXED),
  ],
  "6.6": [
    covered(
      "A SYN-ACK again counts an error and a challenge,",
      "counts: SYN on ESTABLISHED",
      "SYN on ESTABLISHED: resets",
    ),
    covered("... at most once in 500 ms.", "challenge ACKs: no limit"),
    covered("The ACK completes the server's handshake.", "window: only what begins at its left edge"),
  ],
};
