/** Capacity: what jobs found out, tuning by tuning; each experiment shows its last job that is done. */
import { planRow, sweepRow } from "./capacity-found.ts";
import { byGate, byTuning, GATE_LEGEND, TUNING_LEGEND } from "./colouring.ts";
import type { DashboardSpec } from "./dashboard.ts";
import { above, bars, below, number, type PanelSpec } from "./panel.ts";
import { max, result, resultInfo, sum, withResultSlot } from "./promql.ts";

const KIB = 1024;

type OfTuning = Pick<PanelSpec, "title" | "means" | "act" | "unit"> &
  Partial<Pick<PanelSpec, "max" | "decimals" | "thresholds">> & { readonly expr: string };

/** A bar for each tuning, in its colour, the longest first. */
const byTuningBars = ({ expr, ...spec }: OfTuning) =>
  bars({
    ...spec,
    topic: "results",
    colours: byTuning,
    queries: [{ expr: `sort_desc(${withResultSlot(expr)})`, legend: TUNING_LEGEND }],
  });

export const capacity: DashboardSpec = {
  uid: "halfopen-capacity",
  title: "Capacity",
  about: "What do the results of jobs say: how many are served, how late, what binds, and what does it cost?",
  howToRead:
    "Submit an experiment whose tunings are the points to compare, such as the shipped capacity-*.yaml, and choose it above; `halfopen submit --kind sweep` and `--kind plan` fill the last two rows. All numbers are means over the seeds of the last run, the last sweep, and the last plan for each key of that experiment.",
  subject: "results",
  rows: [
    {
      title: "The run",
      panels: [
        number({
          title: "Thresholds that do not hold",
          means: "Thresholds of the experiment that fail, over all tunings.",
          act: "Above 0 the experiment's own goals are missed: look for the first tuning below that meets them.",
          ...{ unit: "short", topic: "results", thresholds: above(1, 1) },
          queries: [{ expr: max(resultInfo("thresholds_failed")), legend: "failed" }],
        }),
        number({
          title: "Done",
          means: "When the job ended.",
          act: "Old results may be of an older file: submit it again.",
          ...{ unit: "dateTimeAsLocal", topic: "results" },
          queries: [{ expr: `${max(resultInfo("completion_time_seconds"))} * 1000`, legend: "done" }],
        }),
        number({
          title: "Runs of each tuning",
          means: "Seeds: each is the same experiment with other chance.",
          act: "With fewer than 5, small differences between tunings may be chance.",
          ...{ unit: "short", topic: "results", thresholds: below(2, 5) },
          queries: [{ expr: max(resultInfo("seeds")), legend: "seeds" }],
        }),
      ],
    },
    {
      title: "What clients get",
      panels: [
        byTuningBars({
          title: "Clients served",
          means: "Users who got all they came for, as a share of those who arrived; of several workloads the worst.",
          act: "The smallest setting beyond which it stays at 100 % is enough: more only costs.",
          ...{ unit: "percentunit", max: 1, decimals: 1, expr: `min by (tuning) (${result("served_ratio")})` },
        }),
        byTuningBars({
          title: "Connect p99",
          means: "99 % of the connections that were set up took at most this long.",
          act: "From 1 s on SYNs were lost and sent again.",
          ...{ unit: "s", expr: max(result("connect_latency_ms.<quantile>", 'stat="p99"'), "tuning") },
        }),
        byTuningBars({
          title: "Response p99",
          means: "99 % of the responses came at most this long after connect().",
          act: "A long accept queue shows here and not in connect latency.",
          ...{ unit: "s", expr: max(result("response_latency_ms.<quantile>", 'stat="p99"'), "tuning") },
        }),
      ],
    },
    {
      title: "What binds",
      panels: [
        bars({
          title: "$tuning: failed attempts",
          means: "Attempts that failed, by the gate that took their last try; none: all went well.",
          act: "The longest bar names the limit; its row in the reference names the setting.",
          ...{ unit: "short", topic: "gates", isRepeated: true, colours: byGate },
          queries: [
            { expr: `sort_desc(${sum(result("failed.<gate>", 'workload!=""'), "gate")})`, legend: GATE_LEGEND },
          ],
        }),
        byTuningBars({
          title: "SYN queue, time at the limit",
          means: "Simulated time for which the SYN queue was full.",
          act: "Harmless with SYN cookies; without them all SYNs are dropped meanwhile.",
          ...{ unit: "s", expr: max(result("syn_queue.full_s"), "tuning") },
        }),
        byTuningBars({
          title: "Accept queue, time at the limit",
          means: "Simulated time for which the accept queue was full.",
          act: "More accepts, or workers; a longer queue only if it is short bursts.",
          ...{ unit: "s", expr: max(result("accept_queue.full_s"), "tuning") },
        }),
        byTuningBars({
          title: "Ports of the worst address pair",
          means: "Most local ports taken at a time by the client address with the fewest left, TIME_WAIT included.",
          act: "Compare with the size of ip_local_port_range, 28 232 by default.",
          ...{ unit: "short", thresholds: above(20_000, 28_232), expr: max(result("worst_pair.ports_peak"), "tuning") },
        }),
      ],
    },
    {
      title: "What it costs",
      panels: [
        byTuningBars({
          title: "SYN-ACKs per SYN",
          means: "SYN-ACKs sent for each SYN received.",
          act: "Above 1 a flood is amplified: cookies, or fewer tcp_synack_retries.",
          ...{ unit: "none", decimals: 2, expr: max(result("amplification_ratio"), "tuning") },
        }),
        byTuningBars({
          title: "Half-open memory, peak",
          means: "Kernel memory of the half-open requests at their most.",
          act: "What a longer SYN queue costs under flood.",
          ...{
            unit: "bytes",
            thresholds: above(256 * KIB, KIB * KIB),
            expr: max(result("half_open_peak_bytes"), "tuning"),
          },
        }),
        byTuningBars({
          title: "Accept queue, peak",
          means: "Most connections that waited for accept() at one time.",
          act: "The backlog that would have been enough.",
          ...{ unit: "short", expr: max(result("accept_queue.peak"), "tuning") },
        }),
      ],
    },
    sweepRow,
    planRow,
  ],
};
