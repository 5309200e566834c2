/**
 * Colours of the dashboards: one for each gate and one for each place of a tuning, the same in every panel.
 *
 * Source  Tunings: Okabe and Ito (2008), with a grey for the first. Gates: Paul Tol's "muted" where limits and floods are usually about, so that neither
 *         is taken for a tuning; the rest are shades between them. Chosen to stand out from Grafana's light and dark panels alike, and those that are seen
 *         together to stay apart for people with colour blindness (test/dashboards/palette.test.ts measures both).
 */
import type { GateName } from "../vocabulary/gates.ts";

/** The first is the baseline; with more tunings they begin again. */
export const TUNING_COLOURS = ["#a7a6a2", "#2a7fc1", "#c85400", "#009e73", "#c777aa", "#d08b02", "#45a8e0"] as const;

export const GATE_COLOURS: Readonly<Record<GateName, string>> = {
  none: "#808890",
  path_to_server: "#b65cab",
  path_to_client: "#d58bcd",
  nic_ring: "#a5663f",
  netdev_backlog: "#c98d62",
  syn_queue_full: "#e36981",
  last_quarter: "#c4a82b",
  tw_recycle: "#7d7d3c",
  accept_queue_at_syn: "#6f63d2",
  accept_queue_at_ack: "#3fae9d",
  accept_queue_at_cookie: "#a3376f",
  cookie_rejected: "#e07f9a",
  half_open_gone: "#298e4f",
  half_open_rejected: "#74b583",
  rate_limited: "#9d9d9d",
  defer_accept: "#5c8d89",
  closed_port: "#8a5a5a",
  no_local_port: "#8a8a23",
  time_wait: "#b9b94e",
  app: "#5fb3d9",
  client_patience: "#7f93c9",
  client_crash: "#a59cc8",
  reset_by_server: "#b0786a",
};

/** Gates that bind together in ordinary overload and floods: these have to be told apart at a glance. */
export const FREQUENT_GATES: readonly GateName[] = [
  ...(["syn_queue_full", "last_quarter", "accept_queue_at_syn", "accept_queue_at_ack"] as const),
  ...(["accept_queue_at_cookie", "app", "half_open_gone"] as const),
];

/** TCP states as halfopen_sockets names them. */
export const STATE_COLOURS: Readonly<Record<string, string>> = {
  syn_recv: "#e36981",
  syn_sent: "#c4a82b",
  established: "#3fae9d",
  close_wait: "#a3376f",
  time_wait: "#6f63d2",
  fin_wait1: "#5fb3d9",
  fin_wait2: "#7f93c9",
  last_ack: "#b65cab",
  closing: "#a5663f",
};

/** Half-opens by SYN-ACK retransmissions: the older, the darker; from 0 to 7 and more. */
export const AGE_COLOURS = [
  ...["#8bbad6", "#67a6d0", "#4893c6", "#3a82bb"],
  ...["#4a68ae", "#6a55a5", "#863f92", "#96307a"],
] as const;

/** Of thresholds and verdicts: blue-green, amber, vermilion, so that red and green need not be told apart. */
export const GOOD = "#009e73";
export const WARN = "#eca11e";
export const BAD = "#d55e00";
/** What a queue holds at most, and what is offered: a limit, not a measurement. */
export const LIMIT = "#8d949c";
/** The two queues of a listener. */
export const SYN_QUEUE = "#e36981";
export const ACCEPT_QUEUE = "#6f63d2";
/** Up to three measurements that are neither tunings nor gates. */
export const MEASURES = ["#2a7fc1", "#c98600", "#009e73"] as const;
export const ANNOTATION = "#b65cab";
