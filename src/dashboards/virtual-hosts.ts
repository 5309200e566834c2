/**
 * Virtual hosts: real hosts and predictions in the same panels, by node_exporter's names.
 *
 * Flags   The counters that node_exporter leaves out by default are marked; HOST_FLAGS brings them all.
 */

import type { CounterName } from "../vocabulary/counters.ts";
import { byState, named, STATE_LEGEND } from "./colouring.ts";
import type { DashboardSpec } from "./dashboard.ts";
import { HOST_FLAGS } from "./host-flags.ts";
import { MEASURES } from "./palette.ts";
import { above, below, lines, type PanelBuilder } from "./panel.ts";
import { node, nodeMetric, rate, sum } from "./promql.ts";

const HOST_LEGEND = "{{instance}}";

interface HostPanel {
  readonly title: string;
  readonly means: string;
  readonly act: string;
  readonly unit: string;
  readonly expr: string;
  readonly warn?: readonly [warn: number, bad: number];
}

const host = ({ warn, expr, ...spec }: HostPanel): PanelBuilder =>
  lines({
    ...{ ...spec, topic: "hosts", height: 7 },
    ...(warn !== undefined && { thresholds: above(...warn) }),
    queries: [{ expr, legend: HOST_LEGEND }],
  });

const each = (counter: CounterName): string => sum(rate(node(counter)), "instance");

export const virtualHosts: DashboardSpec = {
  uid: "halfopen-virtual-hosts",
  title: "Virtual hosts",
  about: "Real hosts beside predictions, under node_exporter's names.",
  howToRead: `Predictions are the instances EXPERIMENT-TUNING of the job halfopen-virtual, which the daemon shows for what runs at ×1; *Experiment* and *Tuning* choose among them, and with "All" real hosts, which have neither, are there too. For all panels a real host's node_exporter needs: \`${HOST_FLAGS.join(" ")}\`.`,
  subject: "hosts",
  rows: [
    {
      title: "What the usual dashboards show",
      panels: [
        host({
          title: "Connections opened by clients",
          means: "Connections that were set up from outside, per second (PassiveOpens).",
          act: "Predicted below real: the scenario offers less than there is. Alike: go on reading below.",
          ...{ unit: "cps", expr: each("TcpPassiveOpens") },
        }),
        host({
          title: "Sockets in use",
          means: "TCP sockets other than TIME_WAIT and half-open ones (sockstat).",
          act: "It grows with the time that connections stay, not only with their number.",
          ...{ unit: "short", expr: sum(nodeMetric("inUse"), "instance") },
        }),
        host({
          title: "TIME_WAIT sockets",
          means: "Sockets in TIME_WAIT (sockstat).",
          act: "Compare with net.ipv4.tcp_max_tw_buckets; memory is what they cost at a server.",
          ...{ unit: "short", expr: sum(nodeMetric("timeWait"), "instance") },
        }),
        host({
          title: "Segments received",
          means: "TCP segments that arrived per second (InSegs).",
          act: "A jump without one in connections is a flood or a scan.",
          ...{ unit: "pps", expr: each("TcpInSegs") },
        }),
        host({
          title: "Segments sent again",
          means: "Retransmissions per second, SYN-ACKs included (RetransSegs).",
          act: "With half-opens that are never answered it is SYN-ACKs that are sent again, not a bad network.",
          ...{ unit: "pps", expr: each("TcpRetransSegs") },
        }),
        host({
          title: "Packets dropped before TCP",
          means: "Packets that a full netdev backlog dropped per second (softnet).",
          act: "Above 0: net.core.netdev_max_backlog, or more CPUs for receiving.",
          ...{ unit: "pps", expr: sum(rate(nodeMetric("softnetDropped")), "instance"), warn: [1, 100] },
        }),
      ],
    },
    {
      title: "What they lack: the accept path",
      panels: [
        host({
          title: "Listen overflows",
          means: "SYNs, final ACKs and cookie ACKs per second that found the accept queue full (ListenOverflows).",
          act: "The application accepts too slowly, or the backlog is too short for its bursts.",
          ...{ unit: "cps", expr: each("TcpExtListenOverflows"), warn: [0.1, 10] },
        }),
        host({
          title: "Listen drops beside overflows",
          means:
            "What a listener turned away for other reasons than its accept queue: a full SYN queue without cookies, the last-quarter rule.",
          act: "Turn SYN cookies on, or raise backlog and tcp_max_syn_backlog together.",
          ...{ unit: "cps", expr: `${each("TcpExtListenDrops")} - ${each("TcpExtListenOverflows")}`, warn: [0.1, 10] },
        }),
        lines({
          title: "SYN cookies, of all hosts shown",
          means: "Cookies sent, valid ones received, and bad ones, per second.",
          act: "Sent far above received: a flood is under way, and cookies hold it off.",
          ...{ unit: "cps", topic: "hosts", height: 7 },
          colours: named({
            sent: { colour: MEASURES[0] },
            received: { colour: MEASURES[1] },
            failed: { colour: MEASURES[2] },
          }),
          queries: [
            { expr: sum(rate(node("TcpExtSyncookiesSent"))), legend: "sent" },
            { expr: sum(rate(node("TcpExtSyncookiesRecv"))), legend: "received" },
            { expr: sum(rate(node("TcpExtSyncookiesFailed"))), legend: "failed" },
          ],
        }),
        lines({
          title: "Cookies that came back",
          means: "Valid cookies received as a share of those sent; nothing where none were sent.",
          act: "Below 50 % most of those who sent SYNs never answered: a flood. Near 100 % the SYN queue is too short for clients.",
          ...{ unit: "percentunit", topic: "hosts", height: 7, thresholds: below(0.5, 0.9) },
          queries: [
            {
              expr: `${each("TcpExtSyncookiesRecv")} / (${each("TcpExtSyncookiesSent")} > 0)`,
              legend: HOST_LEGEND,
            },
          ],
        }),
        host({
          title: "SYNs and SYN-ACKs sent again",
          means: "SYNs or SYN-ACKs sent again per second (TCPSynRetrans).",
          act: "Who never answers makes a server send each SYN-ACK up to five times more.",
          ...{ unit: "pps", expr: each("TcpExtTCPSynRetrans"), warn: [10, 1000] },
        }),
        lines({
          title: "Sockets by state, of all hosts shown",
          means: "Sockets by TCP state (the tcpstat collector).",
          act: "SYN-RECV that stays high is a flood; CLOSE-WAIT that grows is an application that does not close.",
          ...{ unit: "short", topic: "hosts", height: 7, isStacked: true, colours: byState },
          queries: [{ expr: `${sum(nodeMetric("states", 'state!="listen"'), "state")} > 0`, legend: STATE_LEGEND }],
        }),
        host({
          title: "SYNs dropped by a full SYN queue",
          means:
            "SYNs per second dropped because cookies are off and the queue is full (TCPReqQFullDrop; not among node_exporter's defaults).",
          act: "Turn SYN cookies on.",
          ...{ unit: "pps", expr: each("TcpExtTCPReqQFullDrop"), warn: [0.1, 10] },
        }),
        host({
          title: "Closed without TIME_WAIT",
          means:
            "Connections per second that found tcp_max_tw_buckets taken (TCPTimeWaitOverflow; not among node_exporter's defaults).",
          act: "Raise net.ipv4.tcp_max_tw_buckets, or reuse connections.",
          ...{ unit: "cps", expr: each("TcpExtTCPTimeWaitOverflow"), warn: [0.1, 100] },
        }),
        host({
          title: "Softirq rounds with work left",
          means: "Softirq rounds per second that used up their budget (softnet).",
          act: "A CPU that never empties its queue is near its limit: RPS, or more queues.",
          ...{ unit: "cps", expr: sum(rate(nodeMetric("softnetSqueezed")), "instance"), warn: [10, 1000] },
        }),
      ],
    },
  ],
};
