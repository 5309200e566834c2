/** Rules that flips cover beyond kernel-semantics 2 to 8, by their source; and subjects that are not the kernel's. */
import { covered, type Statements } from "../statement.ts";

export const BEYOND_STATEMENTS: Statements = {
  "kernel-semantics 0.4": [
    covered(
      "Timers are late, the coarse first, last armed first.",
      "wheel: timers on time",
      "wheel: level 0 too long",
      "wheel: fine levels first",
    ),
    covered("Before 4.8 they are not.", "kernel: exact timers", "kernel: exact timers: order"),
  ],
  "kernel-semantics 10.2": [covered("Known peers: not in 4.4.", "kernel: proven peers")],
  "kernel-semantics 11.3": [
    covered(
      "Old bare ACKs count PAWSOldAck and get no answer, since 6.18.",
      "PAWS: old bare ACKs are answered",
      "kernel: old ACKs",
    ),
  ],
  "tcp_input.c:tcp_paws_check, tcp_replace_ts_recent": [
    covered(
      "A millisecond is forgiven, and does not become the newest.",
      "PAWS: nothing forgiven to a full socket",
      "timestamps: what is forgiven becomes the newest",
    ),
  ],
  "tcp_input.c:tcp_data_queue, tcp_fin": [
    covered(
      "A FIN that overtook data waits for it, and one ACK takes both.",
      "FIN before data: two ACKs",
      "FIN before data: its ACK is delayed",
      "FIN before data: taken with the first byte",
    ),
    covered(
      "What is known already is not taken again, and ends delayed ACKs.",
      "repeated data: what is known is taken again",
      "repeated data: ACKs stay delayed",
    ),
  ],
  "tcp_input.c:tcp_sequence": [
    covered(
      "While a FIN's ACK is delayed, an ACK from before it is not old.",
      "late ACK: one before the FIN is never old",
      "late ACK: one before the FIN is always old",
    ),
  ],
  "tcp_output.c:tcp_event_data_sent, tcp_timer.c:tcp_delack_timer_handler": [
    covered(
      "A FIN's ACK waits where data came before it, and no longer than a tick where none did.",
      "FIN: its ACK never waits",
      "FIN: its ACK waits before data has come",
    ),
    covered(
      "An answer within 40 ms makes a connection interactive, a lone ACK ends that.",
      "interactive: never",
      "keep-alive: interactive for ever",
    ),
  ],
  "RFC 896": [covered("A small segment waits for the ACK of the one before.", "keep-alive: no Nagle")],
  "RFC 5681, RFC 6582, RFC 6675": [
    covered(
      "Windows.",
      "transfer: eleven segments at first",
      "transfer: windows grow that are not used",
      "transfer: slow start goes on above the threshold",
    ),
    covered(
      "... after losses.",
      "transfer: the window survives a time-out",
      "transfer: each lost segment shrinks the window",
    ),
    covered("... after silence.", "transfer: silence changes nothing"),
    covered("ACKs.", "transfer: one ACK a flight", "transfer: a flight counts as one segment"),
    covered(
      "Holes.",
      "transfer: holes are not told",
      "transfer: a lost tail is told",
      "transfer: without SACK all at once",
    ),
    covered("Repairs.", "transfer: a repair takes nothing new along", "transfer: a cut flight ends the wait"),
    covered("Losses in a flight.", "transfer: a flight is lost whole", "transfer: a flight is not lost at all"),
  ],
  "`check`": [
    covered(
      "The closed formulas are the engine's rules.",
      "check: lifetime one step short",
      "check: connect() by the number of SYNs only",
      "check: connect() without tcp_rto_max_ms",
    ),
  ],
};

/** Flips that are about no rule of a kernel: what each begins with. */
export const NOT_THE_KERNELS: readonly RegExp[] = [
  // The path.
  /^(jitter|reorder|duplicates|heap): /,
  // Applications and users.
  /^retries: (one more than allowed|a user who|the longest|jitter|all attempts)/,
  /^(users|hosts|workers|slow start|pause): /,
  /^keep-alive: (one request|the next|every latency|time-outs|EOF|the server)/,
  /^NAT: another user's/,
  // What leaks, whatever the rule.
  /^leaks: /,
  // The planner.
  /^(search|scale): /,
  // Bookkeeping of a run.
  /^(observers|ledger|arrivals|bursts|rates|bulk|ids of attempts): /,
];
