/**
 * Why values of the model and of the recordings differ: one row for each cause that is understood, kept by hand.
 *
 * Reading     `recording` and `value` are matched as a whole, with * for any text. The first row that fits a value gives its
 *             reason; a value without a row is printed as unexplained. A row that fits nothing any more is an error, so the
 *             table does not outlive its causes. A reason says what was measured to establish it; what is only supposed stays
 *             unexplained.
 */
export interface Reason {
  readonly recording: string;
  readonly value: string;
  readonly why: string;
}

export const REASONS: readonly Reason[] = [
  {
    recording: "18-loss",
    value: "client_counters.TcpInErrs",
    why: "The four recorded runs are low by chance: 16 more runs of the same scenario on the same kernel have 57.8 on average [44, 77], 200 runs of the model 57.3.",
  },
  {
    recording: "20-connection-flood",
    value: "server_counters.TcpExtSyncookiesRecv",
    why: "SYNs, ACKs and accept() are timed for one 5 ms grid here, and some 20 µs decide who gets a freed place: 48 seeds of the model give 1105 on average [830, 1298], around the kernel's four runs.",
  },
  {
    recording: "23-mix-flood-slow-accept",
    value: "client_counters.TcpExtTCPTimeouts",
    why: "First SYNs and retransmissions compete for each place that accept() frees; the model lets 2 % more first SYNs win. 48 seeds give 5840 on average [5458, 6249], so the kernel's runs lie within the model's spread, above its mean.",
  },
  {
    recording: "21-reuseport",
    value: "timeline.accept_queue[*]",
    why: "The recorder lists two listeners of one port by inode number, in two of the four runs the other way round. Put in one order, the queues agree (mean difference 0.1, peak 33).",
  },
];

/** The first reason that fits, or undefined. */
export function reasonFor(recording: string, value: string, reasons: readonly Reason[] = REASONS): Reason | undefined {
  return reasons.find((reason) => fits(reason.recording, recording) && fits(reason.value, value));
}

function fits(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(text);
}
