/** TIME_WAIT and ports: who closes, where TIME_WAIT stays, and whether local ports or buckets run out. */
import { byState, byTuning, named, STATE_LEGEND, TUNING_LEGEND } from "./colouring.ts";
import type { DashboardSpec } from "./dashboard.ts";
import { LIMIT } from "./palette.ts";
import { above, lines } from "./panel.ts";
import { kernel, max, perSecond, run, sum, withSlot } from "./promql.ts";

const statesOf = (host: "server" | "client", title: string, act: string) =>
  lines({
    title: `$tuning: sockets of the ${title}`,
    means: `Sockets of the ${title} by TCP state, now. TIME-WAIT stays for 60 s at the end that closes first.`,
    act,
    ...{ unit: "short", topic: "runs", isRepeated: true, isStacked: true, colours: byState },
    queries: [
      { expr: `${sum(run("halfopen_sockets", `host="${host}",state!="listen"`), "state")} > 0`, legend: STATE_LEGEND },
    ],
  });

const bucketsUsed = `${max(run("halfopen_sockets", 'host="server",state="time_wait"'), "tuning")} / ${max(run("halfopen_tuning_value", 'name="net.ipv4.tcp_max_tw_buckets"'), "tuning")}`;

export const timeWait: DashboardSpec = {
  uid: "halfopen-time-wait",
  title: "TIME_WAIT and ports",
  about: "Do local ports or TIME_WAIT buckets run out, and at which end?",
  howToRead:
    "TIME_WAIT at the server costs memory, at the clients it costs ports: each address has its ports once for each port of the server. Look at the states first, then at what is left.",
  subject: "runs",
  rows: [
    {
      title: "States over time",
      panels: [
        statesOf(
          "server",
          "server",
          "Many in CLOSE-WAIT: the application does not close. Many in TIME-WAIT here cost memory only.",
        ),
        statesOf(
          "client",
          "clients",
          "Many in TIME-WAIT here take ports: let the server close first, reuse connections, or use tcp_tw_reuse at the client.",
        ),
      ],
    },
    {
      title: "Ports of the worst address pair",
      panels: [
        lines({
          title: "Ports taken at the peak",
          means:
            "Most local ports that the client address with the fewest left had taken at a time, TIME_WAIT included; dashed: ports that it has.",
          act: "At the dashed line connect() fails at once, with EADDRNOTAVAIL, and the server sees nothing of it.",
          ...{ unit: "short", topic: "runs", span: 12 },
          colours: [...byTuning, ...named({ "ports there are": { colour: LIMIT, is: "limit" } })],
          queries: [
            { expr: withSlot(max(run("halfopen_worst_pair_ports_peak"), "tuning")), legend: TUNING_LEGEND },
            { expr: max(run("halfopen_worst_pair_ports")), legend: "ports there are" },
          ],
        }),
        lines({
          title: "Attempts without a port",
          means: "Attempts of that pair per simulated second that found no local port.",
          act: "A wider ip_local_port_range, tcp_tw_reuse, more addresses, keep-alive, or a server that closes first: each is enough.",
          ...{ unit: "cps", topic: "runs", span: 12, colours: byTuning, thresholds: above(0.1, 1) },
          queries: [
            {
              expr: withSlot(perSecond(run("halfopen_worst_pair_without_port_total"), "tuning")),
              legend: TUNING_LEGEND,
            },
          ],
        }),
      ],
    },
    {
      title: "Buckets and reuse",
      panels: [
        lines({
          title: "TIME_WAIT buckets taken",
          means: "TIME_WAIT sockets of the server as a share of tcp_max_tw_buckets.",
          act: "At 100 % connections are closed without TIME_WAIT, which is safe for most servers; memory is what is saved.",
          ...{ unit: "percentunit", topic: "runs", colours: byTuning, thresholds: above(0.8, 1) },
          queries: [{ expr: withSlot(bucketsUsed), legend: TUNING_LEGEND }],
        }),
        lines({
          title: "Closed without TIME_WAIT",
          means: "Connections per simulated second that found no bucket (TCPTimeWaitOverflow), at either end.",
          act: "Raise tcp_max_tw_buckets, unless old duplicates cannot matter to the application.",
          ...{ unit: "cps", topic: "kernel", colours: byTuning, thresholds: above(0.1, 100) },
          queries: [
            {
              expr: withSlot(
                `${perSecond(kernel("TcpExtTCPTimeWaitOverflow"), "tuning")} + ${perSecond(kernel("TcpExtTCPTimeWaitOverflow", "client"), "tuning")}`,
              ),
              legend: TUNING_LEGEND,
            },
          ],
        }),
        lines({
          title: "Ports reused out of TIME_WAIT",
          means:
            "connect() calls per simulated second that took a port over from TIME_WAIT (TWRecycled, at the clients).",
          act: "It is what tcp_tw_reuse does: with timestamps at both ends it is safe, and enough against port exhaustion.",
          ...{ unit: "cps", topic: "kernel", colours: byTuning },
          queries: [
            { expr: withSlot(perSecond(kernel("TcpExtTWRecycled", "client"), "tuning")), legend: TUNING_LEGEND },
          ],
        }),
      ],
    },
  ],
};
