/** Statements about a SYN at a listener: kernel-semantics 2. */
import { CPUS, covered, FAILURES, FAST_OPEN, FIXED, leftOut, OLD_KERNEL, type Statements } from "../statement.ts";

export const LISTEN_STATEMENTS: Statements = {
  "2.1": [
    covered("A backlog above somaxconn becomes somaxconn.", "backlog: not cut"),
    covered("Negative backlogs are cut too; 0 stays 0.", "backlog: negative ones stay"),
    leftOut("Each further listen() sets the limit anew, on a live socket too.", FIXED),
    leftOut("A change of somaxconn waits for the next listen().", FIXED),
    covered("somaxconn is that of the socket's own namespace: the server's.", "backlog: not cut"),
    leftOut("In 3.10 and older the SYN table keeps the size of the first listen().", OLD_KERNEL),
  ],
  "2.2": [
    covered(
      "An ACK without SYN is tried as a cookie, else reset.",
      "ACK of nobody: no reset",
      "counts: cookie refused",
    ),
    covered("A SYN-ACK is reset without a look at it as a cookie.", "SYN-ACK at a listener: ignored"),
    covered("A RST is discarded in silence, with ACK too.", "RST at a listener: taken for a cookie"),
    covered("SYN and FIN together are discarded, without a count.", "SYN+FIN: answered"),
    covered("Without SYN, ACK and RST a segment is discarded.", "no flag at a listener: reset"),
    leftOut("A SYN to a broadcast address counts a drop.", "hosts have unicast addresses only"),
    covered("Of a plain SYN neither data nor other flags matter.", "PSH on a SYN: no SYN", "data in a SYN: taken"),
    covered(
      "A SYN that TIME_WAIT let through carries its initial sequence number.",
      "new SYN: sequence number",
      "new SYN: TIME_WAIT gives no passage",
    ),
    covered(
      "Step 1: tcp_syncookies 2, or more half-opens than the backlog, is a full SYN queue; not for a SYN from TIME_WAIT.",
      "SYN queue: full at the backlog",
      "syncookies=2 acts as 1",
      "SYN queue: TIME_WAIT not exempt",
    ),
    covered(
      "... with cookies on it counts a wish and goes on,",
      "counts: wish for a cookie",
      "syncookies: 3 acts as 2",
    ),
    covered("... with cookies off it counts twice and drops.", "counts: SYN queue full"),
    covered(
      "... and the kernel writes one log line in a listener's life, not in cookie mode,",
      "log: a flood is said once",
      "log: never with tcp_syncookies 2",
      "log: a full accept queue is no flood",
    ),
    covered(
      "... at the first packet that found it full.",
      "log: a flood in bulk is said at its first packet's time",
      "log: packets that lag are asked first",
    ),
    covered(
      "Step 2: more children than the backlog drop the SYN, in cookie mode and from TIME_WAIT too; the wish was counted before.",
      "accept queue: full at the backlog",
      "accept queue before SYN queue",
      "accept queue before the wish for a cookie",
      "counts: accept queue full",
    ),
    leftOut("Step 3: a failed allocation counts a drop.", FAILURES),
    covered(
      "Step 4: a cookie for a SYN without timestamps forgets SACK and window scale.",
      "cookie: options without timestamps",
      "transfer: a cookie scales without timestamps",
    ),
    leftOut("Step 5: no route back counts a drop.", FAILURES),
    covered(
      "Step 6: with cookies off, unproven peers stay out of the last quarter of tcp_max_syn_backlog; neither cookies nor TIME_WAIT know the rule.",
      "last quarter: a half",
      "last quarter: not strict",
      "last quarter: proven peers too",
      "last quarter: with cookies too",
      "last quarter: TIME_WAIT not exempt",
      "last quarter before accept queue",
      "counts: last quarter",
    ),
    covered(
      "Step 7: the initial sequence number is a hash and a clock, the preset one, or a cookie.",
      "new SYN: sequence number",
      "cookie: good for any 4-tuple",
    ),
    leftOut("Step 8: Fast Open is tried.", FAST_OPEN),
    covered(
      "Step 9: the request has a timer of a second; the queue is one longer, and one younger.",
      "SYN-ACK timer: 3 s at first",
      "requests: none is young",
    ),
    leftOut("... unless another CPU was first with the same 4-tuple.", CPUS),
    covered("Step 10: the SYN-ACK is sent.", "counts: SYN accepted"),
    leftOut("... and a local error is ignored.", FAILURES),
    covered(
      "Step 11: a cookie leaves no request, and counts no drop since 4.15.",
      "counts: cookie sent as a drop",
      "kernel: counters",
    ),
    leftOut("A drop counts at the socket too (ss -m).", "drops have gates, of each workload; sockets have no counter"),
    covered(
      "A peer is proven by a cached round trip of a connection that ended in TIME_WAIT or LAST_ACK,",
      "metrics: not at TIME_WAIT",
      "metrics: not at LAST_ACK",
      "metrics: a shorter time replaces",
    ),
    leftOut(
      "... unless a back-off was pending.",
      "an ACK of the FIN ends the back-off here; the kernel ends it with a round trip only, which a connection without timestamps lacks",
    ),
    covered("tcp_no_metrics_save keeps new entries out.", "metrics: kept in spite of tcp_no_metrics_save"),
  ],
  "2.3": [
    covered("The SYN queue holds the backlog and one in 6.1.176, 6.12 and 6.18,", "SYN queue: full at the backlog"),
    covered(
      "... the backlog in 4.4 to 6.8, so that listen(0) takes no SYN.",
      "kernel: SYN queue",
      "kernel: SYN queue's capacity",
    ),
    leftOut("... a power of two of its own in 2.6.32 and 3.10.", OLD_KERNEL),
    covered("SYNs from TIME_WAIT may make it longer than that.", "SYN queue: TIME_WAIT not exempt"),
    covered("tcp_max_syn_backlog does not bound it, but for step 6.", "last quarter: with cookies too"),
    covered(
      "U = M - M/4 + 1 half-opens of unproven peers fit.",
      "last quarter: a half",
      "check: three quarters without the one",
    ),
    covered(
      "Effective with cookies off: the smaller of both.",
      "check: half-opens for unknown peers with cookies",
      "last quarter: not strict",
    ),
    covered(
      "More half-opens than tcp_max_syn_backlog are in the last quarter too.",
      "last quarter: no more half-opens than it",
    ),
    covered("Proven peers go on to the limit of step 1.", "last quarter: proven peers too"),
  ],
  "2.4": [
    covered("Full is more than the backlog: backlog + 1 children fit.", "accept queue: full at the backlog"),
    covered(
      "A child takes its place when it is linked, and leaves it at accept().",
      "children: take no room",
      "accept(): makes no room",
    ),
    leftOut("Fast Open's children count too.", FAST_OPEN),
    covered("Cookies' children count too.", "cookie: full accept queue not looked at"),
    covered(
      "In 4.4 the SYN is dropped only if two half-opens are young.",
      "kernel: young",
      "kernel: young wakes the judge",
    ),
    covered("The worked capacities.", "check: accept queue at the backlog", "check: three quarters without the one"),
  ],
  "2.5": [
    leftOut(
      "ss, /proc/net/tcp and node_exporter show the queues so.",
      "what tools print is no rule; `--as ss` prints it",
    ),
  ],
  "2.6": [
    covered(
      "Window scale, SACK and timestamps are agreed only where the SYN offers them and the sysctl is on.",
      "transfer: the SYN-ACK scales unasked",
      "SYN-ACK: SACK unasked",
      "SYN-ACK: SACK though off",
      "SYN-ACK: timestamps though off",
    ),
    covered("Its window is never scaled: 64 240 bytes at MTU 1500.", "window: 65535"),
    leftOut("A scale above 14 is 14.", "windows are scaled or not; the factor is left out"),
    covered("A SYN without MSS means 536.", "mss: no option means 536"),
    leftOut("ECN is accepted when asked.", "congestion marks are left out"),
  ],
  "2.7": [leftOut("Fast Open at the server.", FAST_OPEN)],
  "2.8": [
    covered(
      "A half-open costs 341 bytes, a full socket and TIME_WAIT their slots.",
      "memory: a half-open is a sixth of a kilobyte",
    ),
    covered("The request stays until accept(): a child costs both.", "memory: a half-open is a sixth of a kilobyte"),
    leftOut("Files and inodes come at accept().", "memory beyond sockets is left out"),
  ],
};
