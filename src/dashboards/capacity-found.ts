/** Capacity, second part: what sweeps and plans found. */
import {
  SWEEP_EFFECT_INFO,
  SWEEP_POINTS,
  SWEEP_SHARE,
  type SweepUnit,
  sweepFamily,
} from "../metrics/sweep-families.ts";
import { byTuning, type Colouring } from "./colouring.ts";
import type { RowSpec } from "./dashboard.ts";
import { above, bars, below, number, type PanelBuilder, type PanelSpec, table } from "./panel.ts";
import { max, planned, resultInfo, sum, sweep, sweepPoint, withPlanSlot } from "./promql.ts";

/** More are not read. */
const MOST_BARS = 10;

/** Units of Grafana's, by those of the metrics. */
const GRAFANA_UNITS: Readonly<Record<SweepUnit, string>> = {
  ratio: "percentunit",
  seconds: "s",
  bytes: "bytes",
  number: "short",
};

/** How far the strongest value is from the first one; up or down, which the points say. */
const changes = (unit: SweepUnit, title: string, act: string): PanelBuilder =>
  bars({
    title,
    means:
      "By how much a metric differs between the first value of a key and the one that does most, all else being equal; up or down.",
    act,
    ...{ unit: GRAFANA_UNITS[unit], topic: "results", span: 12 },
    queries: [
      {
        expr: `topk(${MOST_BARS}, abs(${sweep(sweepFamily("effect", unit), 'stat="mean"')}) * on (axis, metric) group_left (first, strongest) ${max(sweep(SWEEP_EFFECT_INFO), "axis", "metric", "first", "strongest")})`,
        legend: "{{metric}}: {{axis}} {{first}} → {{strongest}}",
      },
    ],
  });

const extremes = (unit: SweepUnit, title: string, act: string): PanelBuilder =>
  bars({
    title,
    means: "Where a metric came out best and worst, with the tuning and the values of the keys there, in their order.",
    act,
    ...{ unit: GRAFANA_UNITS[unit], topic: "results", span: 12 },
    queries: [
      {
        expr: `sort_desc(${sweep(sweepFamily("extreme", unit))})`,
        legend: "{{metric}}, {{extreme}}: {{tuning}} {{at}}",
      },
    ],
  });

/** The name of a matrix's first column, whose cells have no value to be coloured by. */
const ROW_NAMES: Colouring = [
  {
    matcher: { id: "byName", options: "row\\column" },
    properties: [{ id: "custom.cellOptions", value: { type: "auto" } }],
  },
];

/** One line for each value of the first key, a column for each of the second, or for each tuning. */
const pointTable = (
  spec: Pick<PanelSpec, "title" | "means" | "act" | "unit" | "thresholds"> & { readonly expr: string },
): PanelBuilder =>
  table({
    ...spec,
    ...{ topic: "results", span: 12, height: 7, isColoured: true, colours: ROW_NAMES },
    queries: [{ expr: spec.expr, legend: "" }],
    transformations: [
      // Values are words to Prometheus; their order is that of the points.
      { id: "convertFieldType", options: { conversions: [{ targetField: "point", destinationType: "number" }] } },
      { id: "sortBy", options: { sort: [{ field: "point" }] } },
      { id: "groupingToMatrix", options: { columnField: "column", rowField: "row", valueField: "Value" } },
    ],
  });

export const sweepRow: RowSpec = {
  title: "What sweeps found",
  panels: [
    number({
      title: "Points",
      means: "Points of the last sweep, over all tunings.",
      act: "Few points tell little of what lies between them: more values, or a Latin hypercube.",
      ...{ unit: "short", topic: "results" },
      queries: [{ expr: max(sweep(SWEEP_POINTS)), legend: "points" }],
    }),
    number({
      title: "Runs of each point",
      means: "Seeds: each is the same point with other chance.",
      act: "With fewer than 3, small effects may be chance, and intervals are wide.",
      ...{ unit: "short", topic: "results", thresholds: below(2, 3) },
      queries: [{ expr: max(resultInfo("seeds", 'kind="sweep"')), legend: "seeds" }],
    }),
    number({
      title: "Sweep done",
      means: "When the last sweep ended.",
      act: "Old results may be of an older file: submit it again.",
      ...{ unit: "dateTimeAsLocal", topic: "results" },
      queries: [{ expr: `${max(resultInfo("completion_time_seconds", 'kind="sweep"'))} * 1000`, legend: "done" }],
    }),
    bars({
      title: "What moves what",
      means:
        "Share of a metric's spread over all points that a key explains; the rest is other keys, their interplay, and chance.",
      act: "The longest bars are the keys to think about; a key without a bar changes nothing here.",
      ...{ unit: "percentunit", max: 1, topic: "results", span: 24, height: 8 },
      queries: [{ expr: `topk(${MOST_BARS}, ${sweep(SWEEP_SHARE)} > 0)`, legend: "{{metric}}: {{axis}}" }],
    }),
    changes(
      "ratio",
      "Largest change: shares",
      "A key that changes the share of clients served is worth setting right; the points below say which way.",
    ),
    changes(
      "seconds",
      "Largest change: times",
      "From 1 s on it is SYNs that are lost and sent again, below it is waiting.",
    ),
    extremes("ratio", "Best and worst point: shares", "Take the best point's values over, if its times are good too."),
    extremes(
      "seconds",
      "Best and worst point: times",
      "A best time at a point that serves few is no good: look at the shares there.",
    ),
    pointTable({
      title: "Share at each point: clients served",
      means:
        "A line for each value of the first key, a column for each of the second, or for each tuning; of several workloads and tunings the worst. Of grids of one or two keys.",
      act: "Find where it falls off: stay one step away from there.",
      ...{ unit: "percentunit", thresholds: below(0.9, 0.99) },
      expr: `min by (point, row, column) (${sweepPoint("ratio", 'metric=~".+served_ratio"')})`,
    }),
    pointTable({
      title: "Time at each point: connect p99",
      means: "99 % of the connections that were set up took at most this long; lines and columns as beside it.",
      act: "A long time at a point that serves all is a queue: a shorter one, or more accepts.",
      ...{ unit: "s", thresholds: above(0.9, 3) },
      expr: max(sweepPoint("seconds", 'metric=~".+connect_latency_seconds.p99"'), "point", "row", "column"),
    }),
  ],
};

const PLAN_LEGEND = "{{slot}} {{tuning}}: {{key}}";

/** A bar for each tuning and key. */
const planBars = (
  spec: Omit<PanelSpec, "topic" | "queries"> & { readonly exprs: readonly (readonly [expr: string, what: string])[] },
): PanelBuilder =>
  bars({
    ...{ ...spec, topic: "results" },
    queries: spec.exprs.map(([expr, what]) => ({
      expr: `sort_desc(${withPlanSlot(max(expr, "tuning", "key"))})`,
      legend: `${PLAN_LEGEND}${what}`,
    })),
  });

export const planRow: RowSpec = {
  title: "What plans found",
  panels: [
    number({
      title: "Tunings without an answer",
      means: "Tunings in which no value within the range meets all thresholds, over all keys that were asked about.",
      act: "Another setting binds there: the plan's result says which were tried besides.",
      ...{ unit: "short", topic: "results", thresholds: above(1, 1) },
      queries: [{ expr: sum(`1 - ${planned("halfopen_result_plan_answered")}`), legend: "without" }],
    }),
    number({
      title: "Runs of each value",
      means: "Seeds: each is the same value with other chance; with one there is no interval.",
      act: "Intervals that are too wide get narrower with more.",
      ...{ unit: "short", topic: "results", thresholds: below(2, 5) },
      queries: [{ expr: max(resultInfo("seeds", 'kind="plan"')), legend: "seeds" }],
    }),
    number({
      title: "Values tried",
      means: "Values that were simulated, over all tunings and keys.",
      act: "More than some hundred: a narrower range answers sooner.",
      ...{ unit: "short", topic: "results" },
      queries: [{ expr: sum(planned("halfopen_result_plan_values_tried")), legend: "values" }],
    }),
    planBars({
      title: "Answer, and what there is now",
      means:
        "The smallest value that is enough, or the largest load that is survived, in the key's own unit; and the value that the tuning has now.",
      act: "Now below a smallest value that is enough: raise it. Now above a largest load: there is no room left.",
      ...{ unit: "short", colours: byTuning, span: 12, height: 8 },
      exprs: [
        [planned("halfopen_result_plan_value", 'stat="answer"'), ""],
        [planned("halfopen_result_plan_own_value"), ", now"],
      ],
    }),
    planBars({
      title: "Interval of the answer, 95 %",
      means: "Between which values the answer may lie, as far as the seeds tell; an end beyond the range is missing.",
      act: "Set the upper end of a smallest value, and count on the lower end of a largest load.",
      ...{ unit: "short", colours: byTuning, span: 12, height: 8 },
      exprs: [
        [planned("halfopen_result_plan_value", 'stat="low"'), ", from"],
        [planned("halfopen_result_plan_value", 'stat="high"'), ", to"],
      ],
    }),
    planBars({
      title: "Headroom",
      means: "What the tuning has for what it needs, or what it survives for what it has now; 100 % is just enough.",
      act: "Below 100 % it fails its thresholds now. Above 1000 % the setting is larger than it need be.",
      ...{ unit: "percentunit", thresholds: below(1, 1.5), span: 12 },
      exprs: [[planned("halfopen_result_plan_headroom_ratio"), ""]],
    }),
    planBars({
      title: "Memory of full queues, with the answer",
      means: "Kernel memory of all queues of a host when they are full, with the value that was found.",
      act: "What a flood can make the host spend: if it is too much, look for another setting.",
      ...{ unit: "bytes", colours: byTuning, span: 12 },
      exprs: [[planned("halfopen_result_plan_queues_full_bytes"), ""]],
    }),
  ],
};
