/** Tuning comparison: the same clients and the same flood against each tuning; which is best, and which limit binds in each? */
import { byGate, byTuning, GATE_LEGEND, named, TUNING_LEGEND } from "./colouring.ts";
import type { DashboardSpec, RowSpec } from "./dashboard.ts";
import { ACCEPT_QUEUE, BAD, LIMIT, MEASURES, SYN_QUEUE } from "./palette.ts";
import { above, below, heat, lines, number, table } from "./panel.ts";
import { buckets, increase, max, ofClients, perSecond, rate, run, simulated, sum, withSlot } from "./promql.ts";

const synAcks = run("halfopen_packets_total", 'direction="out",class="synack"');
const syns = run("halfopen_packets_total", 'direction="in",class="syn"');
const KIB = 1024;

const atAGlance: RowSpec = {
  title: "At a glance: one column per tuning, over all that is shown",
  panels: [
    number({
      title: "$tuning: clients served",
      means:
        "Share of the users that arrived in the time shown who got all they came for. Who still waits counts as not served.",
      act: "Compare the columns: all tunings meet the same clients. Below 99 % look at the gate that binds, two lines below.",
      ...{ unit: "percentunit", decimals: 1, topic: "runs", isRepeated: true, thresholds: below(0.9, 0.99) },
      queries: [
        {
          expr: `${sum(increase(run("halfopen_users_served_total")))} / ${sum(increase(run("halfopen_users_total")))}`,
          legend: "served",
        },
      ],
    }),
    number({
      title: "$tuning: connect p99",
      means:
        "99 % of the connections that were set up took at most this long. About 1, 3 or 7 s are SYNs that were sent again.",
      act: "From 1 s on some SYNs or final ACKs are lost: see the drops by gate. Read it beside the share served: who failed has no latency.",
      ...{ unit: "s", decimals: 2, topic: "runs", isRepeated: true, thresholds: above(0.9, 3) },
      queries: [
        {
          expr: `histogram_quantile(0.99, ${sum(increase(buckets("halfopen_connect_latency_seconds")), "le")})`,
          legend: "p99",
        },
      ],
    }),
    number({
      title: "$tuning: binding gate",
      means:
        "The gate that bound for the longest part of the time shown: where most attempts failed or, where none failed, what cost most waiting.",
      act: "Its row in the reference names the setting that moves it. Nothing bound: do not touch it.",
      ...{ unit: "none", topic: "gates", isRepeated: true, showsName: true, colours: byGate, ifNothing: "nothing" },
      queries: [
        {
          expr: `topk(1, ${sum(`count_over_time(${run("halfopen_binding_gate", 'gate!="none"')}[$__range])`, "gate")})`,
          legend: GATE_LEGEND,
        },
      ],
    }),
    number({
      title: "$tuning: SYN-ACKs per SYN",
      means:
        "SYN-ACKs sent for each SYN received. Each half-open is answered up to six times, to an address that may be somebody else's.",
      act: "Above 1 a flood with forged addresses is amplified: fewer tcp_synack_retries, or SYN cookies, which are sent once.",
      ...{ unit: "none", decimals: 2, topic: "runs", isRepeated: true, thresholds: above(1.1, 2) },
      queries: [{ expr: `${sum(increase(synAcks))} / ${sum(increase(syns))}`, legend: "amplification" }],
    }),
    number({
      title: "$tuning: half-open memory, peak",
      means: "Kernel memory of the half-open requests at their most.",
      act: "It is what a longer queue costs. Cookies take none for the connections that they answer.",
      ...{ unit: "bytes", decimals: 0, topic: "runs", isRepeated: true, thresholds: above(256 * KIB, KIB * KIB) },
      queries: [{ expr: max(`max_over_time(${run("halfopen_half_open_bytes")}[$__range])`), legend: "memory" }],
    }),
  ],
};

const load: RowSpec = {
  title: "Load: what is offered, and what is accepted",
  panels: [
    lines({
      title: "Offered, by workload",
      means:
        "Arrivals per simulated second that each workload offers, the same for all tunings: here one sees when a flood ran.",
      act: "Read everything below against it. Load changes are marked in all panels.",
      ...{ unit: "cps", topic: "runs", span: 8 },
      // As the demo and the shipped experiments call them.
      colours: named({
        flood: { colour: BAD },
        legit: { colour: MEASURES[0] },
        clients: { colour: MEASURES[0] },
      }),
      queries: [{ expr: max(run("halfopen_offered_rate"), "workload"), legend: "{{workload}}" }],
    }),
    lines({
      title: "Offered and accepted",
      means: "Users that arrive (dashed), and connections that accept() returned in each tuning, per simulated second.",
      act: "A tuning below the dashed line turns clients away or makes them wait; above it, it works off a queue.",
      ...{ unit: "cps", topic: "runs", span: 8 },
      colours: [...byTuning, ...named({ offered: { colour: LIMIT, is: "limit" } })],
      queries: [
        { expr: withSlot(perSecond(run("halfopen_accepted_total"), "tuning")), legend: TUNING_LEGEND },
        { expr: simulated(max(sum(rate(run("halfopen_users_total")), "tuning"))), legend: "offered" },
      ],
    }),
    lines({
      title: "Clients served",
      means:
        "Users who were served, as a share of those who arrived, now. Those who arrived before and waited make it exceed 100 % for a while.",
      act: "The tuning that stays up while the flood runs is the better one for floods; see also burst and slow application.",
      ...{ unit: "percentunit", topic: "runs", span: 8, thresholds: below(0.9, 0.99) },
      colours: byTuning,
      queries: [
        {
          expr: withSlot(
            `${sum(rate(run("halfopen_users_served_total")), "tuning")} / ${sum(rate(run("halfopen_users_total")), "tuning")}`,
          ),
          legend: TUNING_LEGEND,
        },
      ],
    }),
  ],
};

const gates: RowSpec = {
  title: "Gates: where clients' packets are lost, where clients fail, and which gate binds",
  panels: [
    lines({
      title: "$tuning: clients' packets dropped",
      means:
        "Packets of clients that were lost per simulated second, by gate, at the moment of the loss. A client sends again, so not every drop is a failure.",
      act: "The gate's row in the reference names the setting that moves it. Never add drops to failed attempts.",
      ...{ unit: "pps", topic: "gates", isRepeated: true, isStacked: true, colours: byGate, height: 7 },
      queries: [
        {
          expr: `${simulated(sum(ofClients(rate(run("halfopen_drops_total"))), "gate"))} > 0`,
          legend: GATE_LEGEND,
        },
      ],
    }),
    lines({
      title: "$tuning: clients' attempts failed",
      means:
        "Attempts that failed per simulated second, at the moment when the client gives up, by the gate that took their last try.",
      act: "It comes later than the drops, by as long as clients are patient. Where drops do not turn into failures, retransmissions were enough.",
      ...{ unit: "cps", topic: "gates", isRepeated: true, isStacked: true, colours: byGate, height: 7 },
      queries: [{ expr: `${perSecond(run("halfopen_attempts_failed_total"), "gate")} > 0`, legend: GATE_LEGEND }],
    }),
    lines({
      title: "$tuning: binding gate, over time",
      means: "The gate that bound in the last minute of simulated time; no area: nothing did.",
      act: "Read from it which limit to move for which kind of load: flood, burst and slow application bind at different gates.",
      ...{ unit: "none", topic: "gates", isRepeated: true, isStacked: true, colours: byGate, height: 5, max: 1 },
      queries: [{ expr: max(run("halfopen_binding_gate", 'gate!="none"'), "gate"), legend: GATE_LEGEND }],
    }),
  ],
};

const latency: RowSpec = {
  title: "Latency: how late clients get in",
  panels: [
    lines({
      title: "Connect, p99",
      means: "99 % of the connections that were set up lately took at most this long.",
      act: "A step to 1, 3 or 7 s means that SYNs, or final ACKs, are lost and sent again; see the drops.",
      ...{ unit: "s", topic: "runs", span: 24, height: 7, colours: byTuning, thresholds: above(0.9, 3) },
      queries: [
        {
          expr: withSlot(
            `histogram_quantile(0.99, ${sum(rate(buckets("halfopen_connect_latency_seconds")), "tuning", "le")})`,
          ),
          legend: TUNING_LEGEND,
        },
      ],
    }),
    heat({
      title: "$tuning: connect latency",
      means:
        "How many connections took how long. Bounds stand between the steps of SYN retransmissions, so that each step is one line of cells.",
      act: "Lines at 1, 3 and 7 s (or 1, 2, 3 ... s with later kernels) are retransmissions; a cloud in between is an application that is slow.",
      ...{ unit: "s", topic: "runs", isRepeated: true },
      queries: [
        {
          expr: sum(`increase(${buckets("halfopen_connect_latency_seconds")}[$__rate_interval])`, "le"),
          legend: "{{le}}",
        },
      ],
    }),
  ],
};

const queues: RowSpec = {
  title: "Queues: how long they are, and what they hold",
  panels: [
    lines({
      title: "$tuning: queues and what they hold",
      means: "Entries of the SYN queue and of the accept queue now; dashed: what each holds at most.",
      act: "A queue at its dashed line turns away. A long accept queue that never empties is a wait, not a help: the application is the limit.",
      ...{ unit: "short", topic: "runs", isRepeated: true },
      colours: named({
        "SYN queue": { colour: SYN_QUEUE },
        "SYN queue holds": { colour: SYN_QUEUE, is: "limit" },
        "accept queue": { colour: ACCEPT_QUEUE },
        "accept queue holds": { colour: ACCEPT_QUEUE, is: "limit" },
      }),
      queries: (["syn", "accept"] as const).flatMap((queue) => {
        const title = queue === "syn" ? "SYN queue" : "accept queue";
        return [
          { expr: sum(run("halfopen_queue_length", `queue="${queue}"`)), legend: title },
          { expr: sum(run("halfopen_queue_capacity", `queue="${queue}"`)), legend: `${title} holds` },
        ];
      }),
    }),
  ],
};

const setting = run("halfopen_tuning_value");

const knobs: RowSpec = {
  title: "Knobs: settings in which the tunings differ",
  panels: [
    table({
      title: "Settings that differ",
      means:
        "Effective values after the kernel's cuts, one column per tuning; settings that are the same in all are left out.",
      act: "Take over the row that makes the best column the best; a row that changes nothing is not worth a change.",
      ...{ unit: "none", topic: "runs", span: 24, height: 7 },
      queries: [
        {
          expr: `${max(setting, "name", "tuning")} and on (name) (${max(setting, "name")} != ${`min by (name) (${setting})`})`,
          legend: "",
        },
      ],
      transformations: [
        { id: "groupingToMatrix", options: { columnField: "tuning", rowField: "name", valueField: "Value" } },
      ],
    }),
  ],
};

export const tuningComparison: DashboardSpec = {
  uid: "halfopen-tunings",
  title: "Tuning comparison",
  about: "Which tuning is best, which limit binds in each, and when did the flood run?",
  howToRead:
    "Choose an experiment. The first row says how each tuning did over the time shown; below it is how that came. A tuning has the same colour in all panels, a gate too.",
  subject: "runs",
  rows: [atAGlance, load, gates, latency, queues, knobs],
};
