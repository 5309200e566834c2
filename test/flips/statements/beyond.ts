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
  "kernel-semantics 1": [
    covered("1.2: the input queue holds netdev_max_backlog + 1.", "backlog: full at netdev_max_backlog"),
    covered("1.2: the process queue is not counted.", "backlog: the process queue counts"),
    covered("1.1: a NIC's ring drops when it is full.", "ring: holds one more"),
    covered(
      "1.3: flow_limit looks when the backlog is half full, and lets a flow have 64 of 128.",
      "flow limit: at any length",
      "flow limit: half of the history is too much",
    ),
    covered("1.4: a round polls each NAPI once.", "softirq: a queue is polled again in the same round"),
    covered("1.4: ten rounds, then ksoftirqd.", "softirq: interrupts go on for ever"),
    covered("1.5: RPS picks the CPU by hash.", "RPS: the steering CPU does TCP's work too"),
  ],
  "test/kernel/livelock_probe.py": [
    covered(
      "What the softirq takes the application does not have, and in its turn a tick still does a round.",
      "softirq: takes nothing from the application",
      "softirq: no round in the application's turn",
    ),
  ],
  "test/kernel/cost_probe.py": [
    covered("Each kind of packet has its cost.", "a packet costs what its kind does: cookies as cheap as drops"),
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
  "vocabulary/scenario.ts: time_wait_s": [
    covered(
      "A rebuilt kernel: another TCP_TIMEWAIT_LEN.",
      "TIME_WAIT's length: always 60 s",
      "TIME_WAIT's length: not tcp_fin_timeout's default",
      "TIME_WAIT's length: PAWS' minute too",
    ),
  ],
  "tcp_timer.c:tcp_keepalive_timer; tcp(7)": [
    covered(
      "After tcp_keepalive_time of silence a probe of an old byte;",
      "keepalive: probes of the next byte",
      "keepalive: an answer is not heard",
      "keepalive: the sysctl goes first",
    ),
    covered(
      "... not while something is in flight, nor beside the timer of FIN_WAIT2.",
      "keepalive: probes while data is in flight",
      "keepalive: beside the timer of tcp_fin_timeout",
    ),
    covered(
      "tcp_keepalive_probes without an answer reset.",
      "keepalive: a probe too many",
      "keepalive: an answer leaves the count of probes",
    ),
    covered(
      "TCP_USER_TIMEOUT replaces their number; one is sent in any case.",
      "keepalive: TCP_USER_TIMEOUT without a probe",
      "keepalive: TCP_USER_TIMEOUT does not replace the probes",
    ),
  ],
  "tcp_timer.c:tcp_clamp_rto_to_user_timeout; tcp(7)": [
    covered(
      "TCP_USER_TIMEOUT replaces the retries of data, and of connect().",
      "user timeout: data has its retries",
      "user timeout: connect() has its own",
    ),
    covered(
      "Since 4.19 the last time-out ends with it.",
      "user timeout: the time-out runs on",
      "user timeout: old kernels cut the time-out",
    ),
  ],
  "tcp_input.c:tcp_send_challenge_ack": [
    covered(
      "tcp_challenge_ack_limit: one budget a second for the host, half of it and a draw.",
      "challenge limit: each socket has its own",
      "challenge limit: no draw",
      "challenge limit: one budget for ever",
    ),
    covered("Half-opens have it too.", "challenge limit: half-opens have none"),
  ],
  "tcp_output.c:tcp_retrans_try_collapse": [
    covered("Data and the FIN behind it are sent again as one segment,", "merged FIN: data is sent again without it"),
    covered("... unless the peer has the FIN,", "merged FIN: although the peer has it"),
    covered(
      "... which is acknowledged at once, and is met as data and as FIN on its way.",
      "merged FIN: acknowledged apart",
      "merged FIN: no data on the wire",
    ),
  ],
  "tcp_input.c:tcp_init_transfer; RFC 6298 section 5.7": [
    covered(
      "A client's first window is 1 where its SYN was sent more than twice.",
      "first window: a client's is always ten",
    ),
    covered("A FIN waits for the window.", "first window: a FIN does not wait"),
  ],
  "tcp_output.c:tcp_send_loss_probe": [
    covered("What was kept back goes before what was sent.", "tail loss probe: what was sent goes before what was not"),
  ],
  "RFC 9293 section 3.10.7.4: a FIN in FIN_WAIT1": [
    covered("CLOSING, until the own FIN is acknowledged.", "simultaneous close: as if the FIN were acknowledged"),
  ],
  "RFC 9293 section 3.4: old duplicates": [
    covered(
      "A copy comes after its first one, of one class.",
      "late copies: of every class",
      "late copies: the end included",
      "late copies: in time",
      "late copies: of whole flights",
      "late copies: waited for",
    ),
    covered(
      "Old data whose number fits is taken in, whoever sent it.",
      "old data: not seen",
      "old data: of whoever began the handshake",
    ),
  ],
  "RFC 5961 section 5.2": [
    covered(
      "An ACK from a window before what is acknowledged, or longer ago, is challenged.",
      "old ACKs: one byte more",
      "old ACKs: one byte less",
    ),
  ],
  "RFC 9293 section 3.10.7.1: CLOSED": [
    covered(
      "A FIN of a connection that is forgotten is reset, by whoever it finds.",
      "late FIN: as any segment for nobody",
      "late FIN at a listener: as any ACK",
    ),
  ],
  "a new boot": [
    covered(
      "Secrets, clocks, sockets and attempts are gone.",
      "crash: secrets survive",
      "crash: the clock of timestamps goes on",
      "crash: TIME_WAITs are still counted",
      "crash: attempts live on",
    ),
  ],
  "ip_output.c:ip_do_fragment": [
    covered(
      "Fragments carry multiples of eight bytes, the last what is left;",
      "fragments: multiples of eight bytes",
      "fragments: the last segment of a flight is as large as what is left",
    ),
    covered("... each is lost for all.", "fragments: any of them lost loses the segment"),
  ],
};

/** Flips that are about no rule of a kernel: what each begins with. */
export const NOT_THE_KERNELS: readonly RegExp[] = [
  // Sweeps: what points are, what moved what, what a run takes.
  /^(points|axes|effects|limits): /,
  /^memory: (arrivals|who|a result)/,
  // Ladders
  /^traces: /,
  // The path.
  /^(jitter|reorder|duplicates|heap): /,
  // Applications and users.
  /^retries: (one more than allowed|a user who|the longest|jitter|all attempts)/,
  /^(users|hosts|workers|slow start|pause): /,
  /^keep-alive: (one request|the next|every latency|time-outs|EOF|the server)/,
  /^NAT: another user's/,
  // Counterfactuals, and what is told of a run.
  /^(two-way|worst pair|leftovers): /,
  // What leaks, whatever the rule.
  /^leaks: /,
  // The planner.
  /^(search|scale|forecast): /,
  // Changes of the load while a run goes on.
  /^load: /,
  // Bookkeeping of a run.
  /^(observers|traces|ledger|arrivals|bursts|rates|bulk|ids of attempts|arena|latencies): /,
  /^(flood|exponentials|bundle|sources): /,
];
