/**
 * Alerts for real hosts, under the names that node_exporter and the textfile collector have; they run on virtual hosts as well.
 *
 * Thresholds  From simulation: each alert names the shipped experiment that shows it, and what that said. `evidence` is a sentence with the numbers.
 * Flags       What node_exporter has to be started with; empty: nothing.
 */
import { LISTEN_QUEUE_METRICS } from "../metrics/virtual-host.ts";
import { type CounterName, nodeExporterName } from "../vocabulary/counters.ts";
import { isDefault, NETSTAT_FLAG } from "./host-flags.ts";
import { NODE_METRICS } from "./promql.ts";

/** A rate that alerts share, and dashboards over months may ask for. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface AlertRule {
  readonly alert: string;
  /** In terms of recording rules, by their names. */
  readonly expr: string;
  readonly for: string;
  readonly severity: "warning" | "critical";
  readonly summary: string;
  readonly description: string;
  /** node_exporter's; empty: its defaults will do. */
  readonly flags: readonly string[];
  /** A file of config/. */
  readonly experiment: string;
  readonly evidence: string;
}

const rate5m = (counter: CounterName): RecordingRule => ({
  record: `instance:${nodeExporterName(counter)}:rate5m`,
  expr: `rate(${nodeExporterName(counter)}[5m])`,
});

const OVERFLOWS = rate5m("TcpExtListenOverflows");
const DROPS = rate5m("TcpExtListenDrops");
const COOKIES_SENT = rate5m("TcpExtSyncookiesSent");
const COOKIES_RECEIVED = rate5m("TcpExtSyncookiesRecv");
const TIME_WAIT_OVERFLOWS = rate5m("TcpExtTCPTimeWaitOverflow");
const QUEUE_USED: RecordingRule = {
  record: "instance_port:tcp_listen_queue:ratio",
  expr: `${LISTEN_QUEUE_METRICS.length} / (${LISTEN_QUEUE_METRICS.limit} > 0)`,
};

export const RECORDING_RULES: readonly RecordingRule[] = [
  ...[OVERFLOWS, DROPS, COOKIES_SENT, COOKIES_RECEIVED, TIME_WAIT_OVERFLOWS, QUEUE_USED],
];

/** The flag, if the counter needs it. */
const flagFor = (counter: CounterName): string[] => (isDefault(counter) ? [] : [NETSTAT_FLAG]);

/** ip_local_port_range's default, for one address and one port of a peer. */
const DEFAULT_PORTS = 28_232;

export const ALERT_RULES: readonly AlertRule[] = [
  {
    alert: "TcpListenQueueOverflows",
    expr: `${OVERFLOWS.record} > 1`,
    ...{ for: "2m", severity: "critical", flags: flagFor("TcpExtListenOverflows") },
    summary: "The accept queue of a listener on {{ $labels.instance }} overflows",
    description:
      "{{ $value | humanize }} SYNs and final ACKs per second found the accept queue full for two minutes. Clients wait 1, 3, 7 s or fail. The application accepts too slowly; a larger backlog only rides out bursts.",
    experiment: "experiments/slow-accept.yaml",
    evidence:
      "With 80 clients per second at an application that accepts 50, a backlog of 511 overflows some 180 times per second, and 18 % are not served. A burst that a backlog of 1024 nearly rides out (burst-after-deploy) is over within 30 s: hence 2 minutes.",
  },
  {
    alert: "TcpSynFloodUnderWay",
    expr: `${COOKIES_SENT.record} > 10 and ${COOKIES_RECEIVED.record} < 0.2 * ${COOKIES_SENT.record}`,
    ...{ for: "1m", severity: "warning", flags: flagFor("TcpExtSyncookiesSent") },
    summary: "A SYN flood against {{ $labels.instance }}, which SYN cookies hold off",
    description:
      "{{ $value | humanize }} SYN cookies per second are sent, and less than a fifth of them come back. Clients are served; keep tcp_syncookies on. Most SYNs come from addresses that never answer.",
    experiment: "experiments/flood-vs-tunings.yaml",
    evidence:
      "Of 300 000 cookies 0.4 % come back under 20 000 SYN/s (default_cookies), 11 % under a flood of seven times the clients' rate (cookies-or-queue); under load alone at least as many come back as were sent (slow-accept, backlog_128).",
  },
  {
    alert: "TcpSynQueueDrops",
    expr: `${DROPS.record} - ${OVERFLOWS.record} > 1`,
    ...{ for: "1m", severity: "critical", flags: flagFor("TcpExtListenDrops") },
    summary: "{{ $labels.instance }} drops SYNs, and not because of its accept queue",
    description:
      "{{ $value | humanize }} SYNs per second are dropped by a full SYN queue or by the last-quarter rule of tcp_max_syn_backlog, which both need tcp_syncookies = 0. Turn SYN cookies on.",
    experiment: "experiments/flood-vs-tunings.yaml",
    evidence: "Without cookies 20 000 SYN/s lock out 78 % of the clients; with them all get in.",
  },
  {
    alert: "TcpLocalPortsNearlyUsedUp",
    expr: `${NODE_METRICS.timeWait} > 0.8 * ${DEFAULT_PORTS} and rate(${nodeExporterName("TcpActiveOpens")}[5m]) > rate(${nodeExporterName("TcpPassiveOpens")}[5m])`,
    ...{ for: "1m", severity: "warning", flags: flagFor("TcpActiveOpens") },
    summary: "Connections out of {{ $labels.instance }} take nearly all local ports",
    description: `{{ $value | humanize }} sockets are in TIME_WAIT on a host that mostly opens connections; one address has ${DEFAULT_PORTS} ports for each port of a peer (ip_local_port_range's default). At the limit connect() fails with EADDRNOTAVAIL, and the peer sees nothing. With several addresses or peers the limit is that many times higher: raise the threshold. Keep-alive, tcp_tw_reuse or more addresses help.`,
    experiment: "experiments/capacity-proxy-ports.yaml",
    evidence:
      "One address carries 456 connections per second to one port of a peer; at 1500 per second all 28 232 ports are taken and 60 % of the attempts find none, with four addresses or tcp_tw_reuse none fails.",
  },
  {
    alert: "TcpTimeWaitOverflow",
    expr: `${TIME_WAIT_OVERFLOWS.record} > 0.1`,
    ...{ for: "5m", severity: "warning", flags: flagFor("TcpExtTCPTimeWaitOverflow") },
    summary: "{{ $labels.instance }} closes connections without TIME_WAIT",
    description:
      "{{ $value | humanize }} connections per second find all of net.ipv4.tcp_max_tw_buckets taken and are closed without TIME_WAIT. Raise it, or reuse connections.",
    experiment: "stories/closing.yaml",
    evidence:
      "With all buckets taken the closing end goes straight to CLOSED, and the peer's last FIN, if it is sent again, is answered by a RST.",
  },
  {
    alert: "TcpAcceptQueueNearItsLimit",
    expr: `${QUEUE_USED.record} > 0.8`,
    ...{
      for: "30s",
      severity: "warning",
      flags: ["--collector.textfile.directory=DIR, with config/prometheus/listen-queues.sh run every 15 s"],
    },
    summary: "The accept queue of port {{ $labels.port }} on {{ $labels.instance }} is nearly full",
    description:
      "{{ $value | humanizePercentage }} of the accept queue of port {{ $labels.port }} is taken. The next burst overflows it. If it stays so, the application is too slow.",
    experiment: "experiments/burst-after-deploy.yaml",
    evidence:
      "A queue that rides a burst out is 39 % full at its peak (backlog 4096); one that is full at its peak (1024) sends clients away. An application that keeps up uses 2 % (slow-accept, accepts_100).",
  },
];

/** An alert's expression without recording rules, for whoever has none. */
export const expanded = ({ expr }: Pick<AlertRule, "expr">): string =>
  RECORDING_RULES.reduce((text, { record, expr: raw }) => text.replaceAll(record, `(${raw})`), expr);
