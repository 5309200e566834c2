/** Flood or load? Both fill queues; what tells them apart is whether who sent a SYN ever answers. */
import { MappingType, type ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import { AGE_LEGEND, byAge, byTuning, named, TUNING_LEGEND } from "./colouring.ts";
import type { DashboardSpec } from "./dashboard.ts";
import { BAD, GOOD, MEASURES, WARN } from "./palette.ts";
import { below, lines, number } from "./panel.ts";
import { kernel, perSecond, rate, run, sum, withSlot } from "./promql.ts";

const syns = run("halfopen_packets_total", 'direction="in",class="syn"');
/** A verdict needs more than half: of the SYNs that nothing explains, of the cookies that do not come back. */
const MOST = 0.5;

const completion = (by: string): string => `${sum(rate(kernel("TcpPassiveOpens")), by)} / ${sum(rate(syns), by)}`;

const byTuningRate = (counter: string): string => sum(rate(counter), "tuning");
const overflows = byTuningRate(kernel("TcpExtListenOverflows"));

/**
 * SYNs that neither became a connection nor met a full accept queue, as a share of all. Completion alone would not do: under load clients send SYNs again, and
 * few of them complete.
 */
const unexplained = `(${byTuningRate(syns)} - ${byTuningRate(kernel("TcpPassiveOpens"))} - ${overflows}) / ${byTuningRate(syns)}`;

/** Under load at least as many come back as are sent: ACKs are sent again too. */
const cookiesStayAway = `${byTuningRate(kernel("TcpExtSyncookiesRecv"))} < bool ${MOST} * ${byTuningRate(kernel("TcpExtSyncookiesSent"))}`;

const isFlood = `clamp_max((${unexplained} > bool ${MOST}) + (${cookiesStayAway}), 1)`;

/** The accept queue overflows, or clients lose patience with the application. */
const isLoad = `(${overflows} + ${byTuningRate(run("halfopen_attempts_failed_total", 'gate="app"'))} > bool 0)`;

/** 0 calm, 1 load, 2 flood, 3 both. */
const verdict = `2 * ${isFlood} + ${isLoad}`;

const VERDICTS: ValueMapping[] = [
  {
    type: MappingType.ValueToText,
    options: {
      "0": { text: "calm", color: GOOD, index: 0 },
      "1": { text: "load", color: WARN, index: 1 },
      "2": { text: "flood", color: BAD, index: 2 },
      "3": { text: "flood and load", color: BAD, index: 3 },
    },
  },
];

export const floodOrLoad: DashboardSpec = {
  uid: "halfopen-flood-or-load",
  title: "Flood or load?",
  about: "Is it a SYN flood, or just more clients than the server takes?",
  howToRead:
    "A flood's half-opens grow old: their SYN-ACKs are sent again and again. Cookies go out and do not come back. Few SYNs become connections. Under plain load clients answer, and it is the accept queue that overflows.",
  subject: "runs",
  rows: [
    {
      title: "Verdict",
      panels: [
        number({
          title: "$tuning: verdict now",
          means:
            "Flood: most SYNs neither become connections nor meet a full accept queue, or most cookies do not come back. Load: the accept queue overflows, or the application is too late for clients.",
          act: "Flood: SYN cookies. Load: accept faster. Both: first the cookies, then the application.",
          ...{ unit: "none", topic: "runs", isRepeated: true, mappings: VERDICTS },
          queries: [{ expr: verdict, legend: "verdict" }],
        }),
        lines({
          title: "Verdict over time",
          means:
            "0 calm, 1 load, 2 flood, 3 both, for each tuning. A slow tuning shows load for longer after a flood has ended.",
          act: "Compare with the load changes: how long after the end does a tuning need to be calm again?",
          ...{ unit: "none", topic: "runs", span: 24, height: 6, max: 3, colours: byTuning },
          queries: [{ expr: withSlot(verdict), legend: TUNING_LEGEND }],
        }),
      ],
    },
    {
      title: "Half-opens by age",
      panels: [
        lines({
          title: "$tuning: half-opens by age",
          means:
            "Half-open requests now, by how often their SYN-ACK was sent again. Clients' are gone after a round trip, at 0 retransmissions.",
          act: "Darker areas are addresses that never answer: a flood. Fewer tcp_synack_retries shorten their stay.",
          ...{ unit: "short", topic: "runs", isRepeated: true, isStacked: true, colours: byAge },
          queries: [{ expr: `${sum(run("halfopen_half_open"), "retransmits")} > 0`, legend: AGE_LEGEND }],
        }),
      ],
    },
    {
      title: "Cookies and completion",
      panels: [
        lines({
          title: "$tuning: cookies sent and received",
          means: "SYN cookies sent, and ACKs that brought a valid one back, per simulated second.",
          act: "Sent far above received is a flood that cookies hold off. Both alike are clients: the queue is too short for them.",
          ...{ unit: "cps", topic: "kernel", isRepeated: true },
          colours: named({ sent: { colour: MEASURES[0] }, received: { colour: MEASURES[1] }, failed: { colour: BAD } }),
          queries: [
            { expr: perSecond(kernel("TcpExtSyncookiesSent")), legend: "sent" },
            { expr: perSecond(kernel("TcpExtSyncookiesRecv")), legend: "received" },
            { expr: perSecond(kernel("TcpExtSyncookiesFailed")), legend: "failed" },
          ],
        }),
        lines({
          title: "SYNs that become connections",
          means: "Connections that the server set up, as a share of the SYNs that reached it.",
          act: "Near 0 % while the accept queue is quiet it is a flood. Under load it is low too, since clients send their SYNs again: the verdict takes off SYNs that met a full accept queue.",
          ...{ unit: "percentunit", topic: "kernel", span: 12, colours: byTuning },
          ...{ thresholds: below(MOST, 0.9), showsThresholds: true },
          queries: [{ expr: withSlot(completion("tuning")), legend: TUNING_LEGEND }],
        }),
        lines({
          title: "SYNs received",
          means: "SYNs per simulated second that reached the server, the clients' and the flood's.",
          act: "Compare with what you know of your clients: a flood is SYNs without clients.",
          ...{ unit: "pps", topic: "runs", span: 12, colours: byTuning },
          queries: [{ expr: withSlot(perSecond(syns, "tuning")), legend: TUNING_LEGEND }],
        }),
        lines({
          title: "SYN-ACKs sent, in bits",
          means: "What the server sends in answer to SYNs, retransmissions included, in bits per simulated second.",
          act: "With forged addresses this goes to others: it is the server's share in an attack on them.",
          ...{ unit: "bps", topic: "runs", span: 24, height: 6, colours: byTuning },
          queries: [
            {
              expr: withSlot(`8 * ${perSecond(run("halfopen_synack_bytes_total"), "tuning")}`),
              legend: TUNING_LEGEND,
            },
          ],
        }),
      ],
    },
  ],
};
