/** Accept path: for each queue, in the order in which a packet meets them: how busy it is, whether work waits, what it turns away. */
import { byTuning, TUNING_LEGEND } from "./colouring.ts";
import type { DashboardSpec, RowSpec } from "./dashboard.ts";
import type { LinesSpec } from "./panel.ts";
import { above, lines, type PanelBuilder } from "./panel.ts";
import { kernel, max, ofClients, perSecond, rate, run, simulated, sum, withSlot } from "./promql.ts";
import type { Topic } from "./topics.ts";

interface Use {
  readonly title: string;
  readonly means: string;
  readonly act: string;
  /** By tuning. */
  readonly expr: string;
  readonly unit: string;
  readonly topic?: Topic;
  readonly thresholds?: LinesSpec["thresholds"];
}

const use = ({ title, means, act, expr, unit, topic = "runs", thresholds }: Use): PanelBuilder =>
  lines({
    ...{ title, means, act, unit, topic, colours: byTuning, height: 7 },
    ...(thresholds !== undefined && { thresholds, showsThresholds: true as const }),
    queries: [{ expr: withSlot(expr), legend: TUNING_LEGEND }],
  });

const row = (title: string, utilisation: Use, saturation: Use, errors: Use): RowSpec => ({
  title,
  panels: [utilisation, saturation, errors].map(use),
});

/** From 80 % on little is left, at 100 % a queue turns away. */
const NEARLY_FULL = above(0.8, 1);
const ANY = above(1, 100);

const length = (queue: "syn" | "accept"): string =>
  `${max(run("halfopen_queue_length", `queue="${queue}"`), "tuning")} / ${max(run("halfopen_queue_capacity", `queue="${queue}"`), "tuning")}`;
const fullShare = (queue: "syn" | "accept"): string =>
  simulated(max(rate(run("halfopen_queue_full_seconds_total", `queue="${queue}"`)), "tuning"));
const clientDrops = (gates: string): string =>
  simulated(sum(ofClients(rate(run("halfopen_drops_total", `gate=~"${gates}"`))), "tuning"));

const ring = row(
  "1. NIC ring (only where the scenario has CPUs)",
  {
    title: "Softirq: busiest CPU",
    means: "Share of its time that the busiest CPU spends on received packets.",
    act: "Near 100 % packets wait in the ring: spread them over CPUs (more queues, RPS), or give each less work.",
    expr: simulated(
      max(sum(rate(run("halfopen_cpu_seconds_total", 'mode=~"softirq|ksoftirqd"')), "tuning", "cpu"), "tuning"),
    ),
    ...{ unit: "percentunit", thresholds: NEARLY_FULL },
  },
  {
    title: "Rounds that ended with work left",
    means: "Softirq rounds per second that used up their budget (softnet_stat, column 3).",
    act: "It is no loss, but it says that the ring does not empty; netdev_budget rarely helps a CPU that has no time left.",
    expr: perSecond(run("halfopen_softnet_times_squeezed_total"), "tuning"),
    ...{ unit: "cps", thresholds: ANY },
  },
  {
    title: "Dropped by the NIC",
    means: "Packets that found the CPU's ring full, by the second. TCP counts none of them.",
    act: "A larger ring only rides out bursts. What helps for longer is more CPUs, or less work for each packet.",
    expr: perSecond(run("halfopen_nic_ring_dropped_total"), "tuning"),
    ...{ unit: "pps", thresholds: ANY },
  },
);

const backlog = row(
  "2. Netdev backlog (only where the scenario has CPUs)",
  {
    title: "Packets handed to IP",
    means: "Packets that the CPUs worked off per second (softnet_stat, column 1).",
    act: "It is what the receiving CPUs can do; where it stays flat while more comes, they are the limit.",
    expr: perSecond(run("halfopen_softnet_processed_total"), "tuning"),
    unit: "pps",
  },
  {
    title: "Woken by other CPUs",
    means:
      "Interrupts from other CPUs by RPS per second (softnet_stat, column 10): work that was handed on and waits in a backlog.",
    act: "Without RPS it is 0 and the backlog is not used. With it, compare the CPUs' shares of the softirq.",
    expr: perSecond(run("halfopen_softnet_received_rps_total"), "tuning"),
    unit: "cps",
  },
  {
    title: "Dropped by a full backlog",
    means: "Packets that net.core.netdev_max_backlog, or its flow limit, turned away (softnet_stat, columns 2 and 11).",
    act: "A larger net.core.netdev_max_backlog if CPUs have time left; else it only makes packets late.",
    expr: `${perSecond(run("halfopen_softnet_dropped_total"), "tuning")} + ${perSecond(run("halfopen_softnet_flow_limit_count_total"), "tuning")}`,
    ...{ unit: "pps", thresholds: ANY },
  },
);

const synQueue = row(
  "3. SYN queue",
  {
    title: "SYN queue, share of what it holds",
    means: "Half-open requests, as a share of listen backlog + 1.",
    act: "Half-opens of clients live for a round trip. A queue that is full for longer holds a flood's: SYN cookies, not a longer queue.",
    ...{ expr: length("syn"), unit: "percentunit", thresholds: NEARLY_FULL },
  },
  {
    title: "SYN queue, time at the limit",
    means: "Share of the time for which the queue was full.",
    act: "With SYN cookies on a full queue answers all the same; without them every SYN is dropped meanwhile.",
    ...{ expr: fullShare("syn"), unit: "percentunit", thresholds: above(0.01, 0.5) },
  },
  {
    title: "Clients' SYNs dropped at the SYN queue",
    means:
      "SYNs of clients that the full queue, or the last-quarter rule of tcp_max_syn_backlog, turned away per second.",
    act: "Turn SYN cookies on. Without them both limits have to grow together: backlog with somaxconn, and tcp_max_syn_backlog.",
    ...{ expr: clientDrops("syn_queue_full|last_quarter"), unit: "pps", topic: "gates", thresholds: ANY },
  },
);

const cookies = row(
  "4. SYN cookies",
  {
    title: "SYN-ACKs that are cookies",
    means: "Share of all SYN-ACKs sent whose number is a cookie.",
    act: "Above 0 the SYN queue is full, or tcp_syncookies is 2. Fine for a while: cookies cost options, such as window scaling.",
    expr: `${sum(rate(kernel("TcpExtSyncookiesSent")), "tuning")} / ${sum(rate(run("halfopen_packets_total", 'direction="out",class="synack"')), "tuning")}`,
    unit: "percentunit",
  },
  {
    title: "SYNs that wanted a cookie",
    means: "SYNs per second that met a full SYN queue with cookies on (TCPReqQFullDoCookies).",
    act: "Many of these and few cookies that come back are a flood; see Flood or load?",
    ...{ expr: perSecond(kernel("TcpExtTCPReqQFullDoCookies"), "tuning"), unit: "cps", topic: "kernel" },
  },
  {
    title: "Cookie ACKs refused",
    means: "Final ACKs with a good cookie that found the accept queue full, and ACKs with a bad one, per second.",
    act: "The first are clients that believe to be connected and wait in vain: the application has to accept faster.",
    ...{ expr: clientDrops("accept_queue_at_cookie|cookie_rejected"), unit: "pps", topic: "gates", thresholds: ANY },
  },
);

const acceptQueue = row(
  "5. Accept queue",
  {
    title: "Accept queue, share of what it holds",
    means: "Connections that wait for accept(), as a share of backlog + 1.",
    act: "Above 80 % the next burst overflows. If it is so all the time, the application is too slow, and no backlog helps.",
    ...{ expr: length("accept"), unit: "percentunit", thresholds: NEARLY_FULL },
  },
  {
    title: "Accept queue, time at the limit",
    means: "Share of the time for which the queue was full.",
    act: "Short and rare: a larger backlog rides it out. Long: more accepts, not more queue.",
    ...{ expr: fullShare("accept"), unit: "percentunit", thresholds: above(0.01, 0.5) },
  },
  {
    title: "Listen overflows",
    means: "SYNs, final ACKs and cookie ACKs per second that found the accept queue full (ListenOverflows).",
    act: "This is the counter to watch on real hosts; its alert is in config/prometheus.",
    ...{ expr: perSecond(kernel("TcpExtListenOverflows"), "tuning"), unit: "cps", topic: "kernel", thresholds: ANY },
  },
);

const application = row(
  "6. Application",
  {
    title: "Accepted",
    means: "Connections that accept() returned per second.",
    act: "Flat while more is offered: this is what the application can take.",
    ...{ expr: perSecond(run("halfopen_accepted_total"), "tuning"), unit: "cps" },
  },
  {
    title: "Connections open at the server",
    means:
      "Sockets of the server that are established now: those in the accept queue, and those that the application has.",
    act: "Growing while the rate on the left is flat: work piles up. Look for the slow part in the application, not in the kernel.",
    expr: sum(run("halfopen_sockets", 'host="server",state="established"'), "tuning"),
    unit: "short",
  },
  {
    title: "Attempts that the application failed",
    means: "Attempts per second that were connected, and not accepted or answered before the client lost patience.",
    act: "A shorter queue fails them sooner and serves more of the others: work for clients that have left is lost.",
    expr: perSecond(run("halfopen_attempts_failed_total", 'gate="app"'), "tuning"),
    ...{ unit: "cps", topic: "gates", thresholds: ANY },
  },
);

export const acceptPath: DashboardSpec = {
  uid: "halfopen-accept-path",
  title: "Accept path",
  about: "Which queue of the accept path is busy, where does work wait, and what is turned away?",
  howToRead:
    "One row for each queue, in the order in which a packet meets them: how busy (left), whether work waits (middle), what is turned away (right). The first row with something on its right is the limit; later ones are seldom busy behind it.",
  subject: "runs",
  rows: [ring, backlog, synQueue, cookies, acceptQueue, application],
};
