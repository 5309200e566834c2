/** Statements about half-open requests and cookies: kernel-semantics 3, 4 and 5. */
import { CPUS, covered, FAILURES, FAST_OPEN, ICMP, leftOut, OLD_KERNEL, type Statements } from "../statement.ts";

export const REQUESTS_STATEMENTS: Statements = {
  "3.1": [
    leftOut("A BPF program may change the first time-out.", "BPF is left out"),
    covered(
      "Step 1: without its listener a request is freed in silence.",
      "SYN-ACK timer: a listener that is gone is asked",
    ),
    covered(
      "Step 2: above half of max(8, backlog) old requests lose retries, down to two.",
      "pruning: floor of 4",
      "pruning: leaves one retry",
      "pruning: from half full on",
      "pruning: young not strict",
    ),
    covered("Step 3: it expires at as many firings as there are retries.", "retries: one more"),
    covered(
      "... with TCP_DEFER_ACCEPT an acked one lives on until d firings, and is asked again at d - 1.",
      "defer_accept: asks one firing late",
      "defer_accept: the ACK is forgotten",
    ),
    covered("Step 4: each firing is a time-out, the last one too.", "counts: SYN-ACK timer's last firing"),
    covered("Step 5: the SYN-ACK sent again counts thrice.", "counts: SYN-ACK sent again"),
    covered(
      "... the first firing ends its youth, each is counted,",
      "young: never counted down",
      "SYN-ACK timer: firings are not counted",
    ),
    covered("... and the next step is twice as long, 120 s at most.", "SYN-ACK time-out: no cap"),
    leftOut("... unless sending failed.", FAILURES),
    covered(
      "Step 6: it is freed without RST, drop or failed attempt.",
      "counts: a half-open given up as a drop",
      "young: not counted down when they leave",
    ),
    covered("The cap is a constant: tcp_rto_max_ms does not act.", "SYN-ACK time-out: tcp_rto_max_ms"),
    covered("A dropped ACK does not stop the SYN-ACKs.", "SYN-ACK timer: an ACK ends it"),
    covered("The timer knows no round trip.", "SYN-ACK timer: 3 s at first"),
  ],
  "3.2": [
    covered(
      "SYN-ACK k leaves at 2^k - 1 s; freed at 2^(r+1) - 1 s.",
      "retries: one more",
      "SYN-ACK timer: firings are not counted",
    ),
    covered("From 120 s on each step is 120 s.", "SYN-ACK time-out: no cap"),
    covered(
      "r + 1 time-outs, r SYN-ACKs sent again.",
      "counts: SYN-ACK timer's last firing",
      "counts: SYN-ACK sent again",
    ),
    covered("Live values are as late as the wheel.", "wheel: timers on time"),
  ],
  "3.3": [
    covered("Each halving of the young share costs a retry.", "pruning: young not strict"),
    covered("Of 17 at once with a backlog of 16 nine go at 7 s, those armed last first.", "pruning: leaves one retry"),
    covered("Under a steady flood a place is free again each eleven seconds.", "pruning: from half full on"),
  ],
  "3.4": [
    leftOut("TCP_SYNCNT on the listener replaces tcp_synack_retries.", "socket options of applications are left out"),
    covered("The first round trip is the SYN-ACK's if that was sent once,", "first RTT: also of a SYN-ACK sent twice"),
    covered("... else the timestamp echo's,", "first RTT: no echo", "kernel: RTT from ticks"),
    covered("... else the time-out is 3 s.", "RTO: fallback of 1 s"),
    covered(
      "A SYN-ACK sent more than twice makes the first congestion window 1,",
      "first window: one from the first retransmission on",
    ),
    covered("... unless the echo says that the first had arrived.", "first window: needless retransmissions count"),
  ],
  "3.5": [
    covered("Seconds become the fewest firings whose periods reach them.", "defer_accept: a second less"),
    covered(
      "A bare ACK before d firings is dropped and remembered.",
      "defer_accept: one firing more",
      "defer_accept: the ACK is forgotten",
    ),
    covered("The first data makes the child.", "defer_accept: data is nothing"),
    covered("SYN-ACKs are held back until d - 1 firings.", "defer_accept: asks one firing late"),
  ],
  "3.6": [leftOut("One scan a listener in place of timers.", OLD_KERNEL)],
  "4, any segment": [
    covered("Every segment of its 4-tuple meets the request.", "duplicate SYN: timer not restarted"),
    covered(
      "Without its listener the request goes, and the segment finds no socket.",
      "half-open of a listener that is gone: answers",
    ),
  ],
  "4.1": [
    covered("Data and FINs without SYN are never limited.", "500 ms limit: data too", "500 ms limit: FINs too"),
    covered(
      "Others are within tcp_invalid_ratelimit of the last reply.",
      "500 ms limit: not strict",
      "500 ms limit: what is limited counts as answered",
    ),
    covered("The first one is always answered.", "500 ms limit: the first is limited"),
  ],
  "4.2": [
    covered(
      "In window: at the next byte, overlapping the window, or empty at its right edge.",
      "window: only what begins at its left edge",
      "window: right edge open",
      "window: 65535",
    ),
    covered("Step 1: PAWS fails if the SYN's timestamp is newer.", "request: PAWS forgotten"),
    covered("... and in 6.18 the echo must be of a SYN-ACK's.", "kernel: echo"),
    covered(
      "Step 2: the SYN again, PAWS permitting, is answered,",
      "duplicate SYN: whatever its timestamp",
      "counts: duplicate SYN as a time-out",
    ),
    covered(
      "... at most once in 500 ms, and restarts the timer with the step it had.",
      "duplicate SYN: timer not restarted",
      "500 ms limit: not strict",
    ),
    covered(
      "Step 3: a wrong ACK number goes to the listener; the request stays.",
      "window before ACK number",
      "counts: stray ACK as a failed cookie",
    ),
    covered(
      "... with RST not since 6.18.42, before that it was ignored.",
      "RST with ACK goes to the listener",
      "kernel: RST with a wrong ACK number",
    ),
    covered(
      "Step 4: PAWS, echo and window failures get an ACK, no RST does;",
      "request: RST outside the window is answered",
      "counts: PAWS on a request",
    ),
    covered("... limited since 4.15.", "kernel: ACKs for a request"),
    covered(
      "Step 5: an inexact RST is challenged since 6.18.42.",
      "RST on a request: any in window",
      "kernel: exact RST",
    ),
    covered("Step 6: the SYN's own number hides the SYN flag.", "request: its own SYN with the final ACK is another's"),
    covered(
      "Step 7: RST kills; another SYN is reset and kills.",
      "counts: request killed",
      "request: another SYN is nothing",
      "counts: SYN on a request that is another's",
    ),
    covered("Step 8: without ACK it is dropped.", "request: no ACK needed"),
    covered("Step 9: TCP_DEFER_ACCEPT.", "defer_accept: one firing more"),
    covered("Step 10: the child.", "counts: final ACK"),
    covered("Data of the SYN is discarded.", "data in a SYN: taken"),
    leftOut("2.6.32 and 3.10 answer each duplicate.", OLD_KERNEL),
  ],
  "4.3": [
    covered("A lost SYN-ACK: the client's SYN and the server's timer meet.", "duplicate SYN: timer not restarted"),
    covered(
      "A connected client answers a SYN-ACK again: a new try at the queue.",
      "SYN on ESTABLISHED: resets",
      "counts: SYN on ESTABLISHED",
    ),
    covered("An old duplicate SYN's request dies of the client's exact RST.", "counts: request killed"),
  ],
  "4.4": [
    covered(
      "Step 1: a full accept queue counts and makes no child.",
      "accept queue: full at the backlog",
      "counts: accept queue full",
    ),
    leftOut("Step 2: allocation or route failure.", FAILURES),
    covered(
      "Step 3: a child takes the request's place.",
      "counts: final ACK",
      "young: not counted down when they leave",
    ),
    covered(
      "Step 4: it is queued, gets the segment's data, and the application is woken.",
      "children: take no room",
      "final ACK: its data is lost",
      "final ACK: nobody is woken",
    ),
    leftOut("... several CPUs may pass step 1 together.", CPUS),
    covered("Step 5: with abort_on_overflow 0 silence, the request stays;", "abort_on_overflow: turned round"),
    covered("... with 1 RST, without a failed attempt.", "counts: abort_on_overflow as a failed attempt"),
    covered("Each further segment counts again.", "counts: accept queue full"),
  ],
  "4.5": [
    covered(
      "Five answers to SYN-ACKs are refused, then the request goes in silence.",
      "counts: SYN on ESTABLISHED",
      "retries: one more",
    ),
    covered("Data sent again is a new try.", "final ACK: its data is lost"),
    covered("After the request data gets RST.", "ACK of nobody: no reset"),
  ],
  "4.6": [leftOut("Which ICMP errors end a request.", ICMP)],
  "4.7": [
    covered("Closing a listener resets its children;", "closing a listener: children stay"),
    covered(
      "... half-opens stay until their timer or a segment.",
      "SYN-ACK timer: a listener that is gone is asked",
      "half-open of a listener that is gone: answers",
    ),
    covered(
      "A group shares SYNs by their 4-tuple's hash.",
      "reuseport: all to the first",
      "reuseport: closed members are picked",
    ),
    covered("The final ACK goes to the SYN's listener.", "reuseport: closed members are picked"),
    covered("Cookies' ACKs are hashed again.", "reuseport: each its own time of the last cookie"),
    leftOut("tcp_migrate_req moves requests to others.", "migration is left out: any value but 0 is refused"),
  ],
  "5.1": [
    covered("The counter steps once a minute.", "cookie: half minutes"),
    covered("A cookie is a hash of its 4-tuple and sequence number.", "cookie: good for any 4-tuple"),
    covered("It is valid for two counts: 60 to 120 s.", "cookie: an age more"),
    covered(
      "One of four MSS is in it: the largest that is not above the client's.",
      "cookie: one MSS fewer",
      "mss: a cookie's table is rounded down",
      "mss: what a cookie kept is gone by",
    ),
    leftOut("2.6.32 and 3.10 have other tables and lifetimes.", OLD_KERNEL),
    covered("A random ACK passes with 2 * 4 / 2^32.", "cookie: one MSS fewer", "cookie: an age more"),
  ],
  "5.2": [
    covered(
      "The timestamp's low bits carry scale and SACK.",
      "transfer: a cookie forgets the scaling",
      "cookie: SACK forgotten",
    ),
    covered("It is up to 63 ms behind, never ahead.", "cookie: timestamp in the future"),
    covered(
      "Without timestamps scale and SACK are lost.",
      "cookie: options without timestamps",
      "transfer: a cookie scales without timestamps",
    ),
    covered("What the server has off is not offered.", "transfer: a cookie offers what the server has off"),
    leftOut("ECN is kept likewise.", "congestion marks are left out"),
    leftOut("Fast Open and data of the SYN are ignored.", FAST_OPEN),
    covered("tcp_timestamps 0 and an ACK with timestamps is reset.", "cookie: timestamps that are off"),
  ],
  "5.3": [
    covered(
      "A cookie's time is kept, refreshed once a second,",
      "recent overflow: each cookie moves it",
      "recent overflow: the first cookie only",
    ),
    covered("... by the whole group.", "reuseport: each its own time of the last cookie"),
    covered(
      "ACKs are examined up to 120 s after it.",
      "recent overflow: half as long",
      "recent overflow: edge not included",
    ),
    leftOut("2.6.32 and 3.10: 3 s.", OLD_KERNEL),
  ],
  "5.4": [
    covered(
      "Step 1: no ACK, RST or SYN is no cookie.",
      "RST at a listener: taken for a cookie",
      "SYN-ACK at a listener: ignored",
    ),
    covered(
      "Step 2: outside of the window RST only.",
      "recent overflow: edge not included",
      "counts: stray ACK as a failed cookie",
    ),
    covered("Step 3: invalid counts and is reset.", "counts: cookie refused"),
    covered("Step 4: valid counts.", "counts: cookie taken", "cookie: timestamps that are off"),
    covered(
      "Step 5: a full accept queue drops it, whatever abort_on_overflow says.",
      "cookies obey abort_on_overflow",
      "counts: cookie with a full accept queue",
    ),
    covered("... else there is a child without a request.", "cookie: full accept queue not looked at"),
    covered(
      "... unless a half-open has the 4-tuple: counted, and thrown away.",
      "cookie: a second socket of a 4-tuple",
    ),
    covered("A SYN again gets the same cookie in the same minute.", "cookie: half minutes"),
  ],
  "5.5": [
    covered("0: none; the last quarter acts.", "last quarter: with cookies too"),
    covered("1: when the SYN queue is full.", "SYN queue: full at the backlog"),
    covered("2: always.", "syncookies=2 acts as 1"),
    covered("Other values act as 1.", "syncookies: 3 acts as 2"),
  ],
};
