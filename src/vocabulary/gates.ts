/**
 * Gates: the places where a segment, or a client's patience, can be lost. Every lost segment is charged to exactly one gate.
 *
 * Two families use this table and are never mixed: *drops* count packets at the instant at which they are lost;
 * *failed attempts* count clients at the instant at which they give up, charged to the gate that ate their last try.
 */
export interface GateDef {
  readonly title: string;
  readonly help: string;
  /** The setting that moves this gate, as an operator would name it; null where no setting does. */
  readonly knob: string | null;
}

export const GATES = {
  none: { title: "no loss", help: "Nothing was lost; in flight or still within its normal course.", knob: null },
  path_to_server: { title: "path to server", help: "Lost on the way to the server.", knob: null },
  path_to_client: { title: "path to client", help: "Lost on the way to the client.", knob: null },
  nic_ring: {
    title: "NIC ring full",
    help: "Dropped by the NIC: the CPU did not take packets off its receive ring fast enough.",
    knob: "the ring's size, more queues and CPUs, or less work for each packet",
  },
  netdev_backlog: {
    title: "netdev backlog full",
    help: "Dropped before IP: the CPU's backlog of received packets was full (softnet_stat, column 2).",
    knob: "net.core.netdev_max_backlog",
  },
  syn_queue_full: {
    title: "SYN queue full",
    help: "SYN dropped: the SYN queue holds more than the listen backlog and tcp_syncookies is 0.",
    knob: "backlog, net.core.somaxconn or net.ipv4.tcp_syncookies",
  },
  last_quarter: {
    title: "last-quarter rule",
    help: "SYN of a peer without cached metrics dropped: tcp_syncookies is 0 and less than a quarter of tcp_max_syn_backlog is free.",
    knob: "net.ipv4.tcp_max_syn_backlog",
  },
  tw_recycle: {
    title: "tcp_tw_recycle",
    help: "SYN dropped: its timestamp is older than the last one of its address, which closed a connection less than 60 s ago.",
    knob: "net.ipv4.tcp_tw_recycle",
  },
  accept_queue_at_syn: {
    title: "accept queue, at the SYN",
    help: "SYN dropped because the accept queue was full.",
    knob: "backlog, net.core.somaxconn or the accept rate",
  },
  accept_queue_at_ack: {
    title: "accept queue, at the ACK",
    help: "Final ACK (or data) of a half-open connection refused because the accept queue was full.",
    knob: "backlog, net.core.somaxconn or the accept rate",
  },
  accept_queue_at_cookie: {
    title: "accept queue, at a cookie ACK",
    help: "Valid cookie ACK (or data) dropped because the accept queue was full.",
    knob: "backlog, net.core.somaxconn or the accept rate",
  },
  cookie_rejected: {
    title: "cookie rejected",
    help: "An ACK that matched no connection did not carry a valid SYN cookie.",
    knob: null,
  },
  half_open_gone: {
    title: "half-open given up",
    help: "A segment met only the listener: the half-open connection had been given up, and no cookie was in use.",
    knob: "net.ipv4.tcp_synack_retries",
  },
  half_open_rejected: {
    title: "half-open rejected the segment",
    help: "A segment for a half-open connection had a wrong acknowledgment, timestamp or window.",
    knob: null,
  },
  rate_limited: {
    title: "reply rate limit",
    help: "A reply was suppressed by tcp_invalid_ratelimit.",
    knob: "net.ipv4.tcp_invalid_ratelimit",
  },
  defer_accept: {
    title: "TCP_DEFER_ACCEPT",
    help: "Bare ACK ignored by TCP_DEFER_ACCEPT.",
    knob: "TCP_DEFER_ACCEPT",
  },
  closed_port: { title: "closed port", help: "Nobody listened on the port: answered by RST.", knob: null },
  no_local_port: {
    title: "no local port",
    help: "connect() found no free local port (EADDRNOTAVAIL).",
    knob: "net.ipv4.ip_local_port_range, net.ipv4.tcp_tw_reuse",
  },
  time_wait: {
    title: "TIME_WAIT",
    help: "A SYN met a TIME_WAIT socket of the same address pair and was not let through.",
    knob: null,
  },
  app: {
    title: "server application",
    help: "The connection was set up, but the application did not accept or answer in time.",
    knob: "the accept rate",
  },
  client_patience: {
    title: "client gave up early",
    help: "The client's own time-out ended the attempt while every segment was still on its way.",
    knob: null,
  },
  client_crash: {
    title: "client crash",
    help: "The client host crashed with every segment still on its way.",
    knob: null,
  },
  reset_by_server: { title: "reset by the server", help: "The server reset an established connection.", knob: null },
} as const satisfies Record<string, GateDef>;

export type GateName = keyof typeof GATES;
export const GATE_NAMES = Object.keys(GATES) as GateName[];
/** Gate name → its index in every per-gate array. */
export const Gate = Object.fromEntries(GATE_NAMES.map((name, index) => [name, index])) as Record<GateName, number>;
