/**
 * Results of sweeps as gauges: `halfopen_result_sweep_*`.
 *
 * Names    What a sweep looks at is in `metric`, under the name that was asked for, in base units. A family for each unit, since one family has one: `_seconds`,
 *          `_ratio`, `_bytes`, and `_number` for whatever is counted.
 * Limits   MOST_EFFECTS pairs of an axis and a metric, MOST_POINTS series of points: of the metrics the first ones that fit.
 */
import type { Effect, ExtremePoint, Extremes, PointOutcome, SweepSummary } from "../results/sweep-format.ts";
import { type MetricDef, resolveMetric } from "../vocabulary/metrics.ts";
import type { AxisValue } from "../vocabulary/sweep.ts";
import type { Family, FamilyDef, Group, Labels, Sample } from "./family.ts";

const PREFIX = "halfopen_result_sweep";
export const MOST_EFFECTS = 100;
export const MOST_POINTS = 1000;

const UNITS = ["ratio", "seconds", "bytes", "number"] as const;
export type SweepUnit = (typeof UNITS)[number];

const gauge = (name: string, help: string): FamilyDef => ({ name: `${PREFIX}_${name}`, type: "gauge", help });

export const SWEEP_POINTS = gauge("points", "Points of the last sweep, over all tunings.");
export const SWEEP_EFFECT_INFO = gauge(
  "effect_info",
  "1; what the axis does to the metric (`verdict`: moves, none, dead, unknown, unmeasured), and between which of its values it does most (`first`, `strongest`).",
);
export const SWEEP_SHARE = gauge(
  "effect_share_ratio",
  "Share of the metric's variance over all points that the axis explains.",
);
/** Families that there are once for each unit, by what they show. */
const BY_UNIT = {
  effect:
    "How much the metric changes from the axis's first value to its strongest one, and the 95 % interval (`stat`: mean, low, high)",
  extreme:
    "The metric at the point where it is best and worst (`extreme`; highest and lowest where neither is good news), with its tuning and its values (`at`, in the order of the axes); of equal points the first",
  point: `The metric at each point of a grid of one or two keys, up to ${MOST_POINTS} series: value of the first key (\`row\`), and of the second key, or else the tuning (\`column\`)`,
} as const;
export type SweepFigure = keyof typeof BY_UNIT;

export const sweepFamily = (figure: SweepFigure, unit: SweepUnit): FamilyDef =>
  gauge(
    `${figure}_${unit}`,
    `${BY_UNIT[figure]}; metrics whose unit is ${unit === "number" ? "none of the others" : unit}.`,
  );

export const SWEEP_FAMILIES: readonly FamilyDef[] = [
  ...[SWEEP_POINTS, SWEEP_EFFECT_INFO, SWEEP_SHARE],
  ...(Object.keys(BY_UNIT) as SweepFigure[]).flatMap((figure) => UNITS.map((unit) => sweepFamily(figure, unit))),
];

/** A metric that was swept, as it is shown. */
interface Shown {
  readonly place: number;
  readonly metric: string;
  readonly unit: SweepUnit;
  readonly scale: number;
}

/** One group for the sweep as a whole, then one for each tuning with its points. */
export function sweepGroups(experiment: string, summary: SweepSummary): Group[] {
  const shown = summary.metrics.map((metric, place) => shownAs(metric, place, summary));
  const outcomes = summary.outcomes ?? [];
  const tunings = [...new Set(outcomes.map(({ tuning }) => tuning))];
  return [
    {
      shared: { experiment },
      families: [one(SWEEP_POINTS, summary.points), ...effects(summary, shown), ...extremes(summary, shown)],
    },
    ...tunings.map((tuning) => ({
      shared: { experiment, tuning },
      families: points(
        summary,
        shown,
        outcomes.filter((outcome) => outcome.tuning === tuning),
      ),
    })),
  ];
}

const one = (def: FamilyDef, value: number): Family => ({ ...def, samples: [{ labels: {}, value }] });

const unitOf = ({ unit }: MetricDef): SweepUnit => {
  if (unit === "ms" || unit === "s") return "seconds";
  return unit === "ratio" || unit === "bytes" ? unit : "number";
};

function shownAs(metric: string, place: number, { names }: SweepSummary): Shown {
  const found = resolveMetric(metric, names);
  if (found === null) return { place, metric, unit: "number", scale: 1 };
  const { key, def } = found;
  const unit = unitOf(def);
  const inSeconds = unit === "seconds" ? key.replace(/_m?s(?=\.|$)/, "_seconds") : key;
  return {
    place,
    metric: `${metric.slice(0, metric.length - key.length)}${inSeconds}`,
    unit,
    scale: def.unit === "ms" ? 1e-3 : 1,
  };
}

/** Samples by unit → a family for each unit that has any. */
function byUnit(figure: SweepFigure, samples: readonly (readonly [SweepUnit, Sample])[]): Family[] {
  return UNITS.flatMap((unit) => {
    const own = samples.filter(([of]) => of === unit).map(([, sample]) => sample);
    return own.length === 0 ? [] : [{ ...sweepFamily(figure, unit), samples: own }];
  });
}

function effects(summary: SweepSummary, shown: readonly Shown[]): Family[] {
  const all = summary.effects.slice(0, MOST_EFFECTS).flatMap((effect) => {
    const of = shown.find(({ place }) => summary.metrics[place] === effect.metric);
    return of === undefined ? [] : [{ effect, of, labels: { axis: effect.axis, metric: of.metric } }];
  });
  return [
    {
      ...SWEEP_EFFECT_INFO,
      samples: all.map(({ effect, labels }) => ({ labels: { ...labels, ...verdictOf(effect, summary) }, value: 1 })),
    },
    {
      ...SWEEP_SHARE,
      samples: all.flatMap(({ effect, labels }) => (effect.share === null ? [] : [{ labels, value: effect.share }])),
    },
    ...byUnit(
      "effect",
      all.flatMap(({ effect, of, labels }) => differenceOf(effect, of, labels)),
    ),
  ];
}

function verdictOf({ axis, verdict, strongest }: Effect, { axes }: SweepSummary): Labels {
  const levels = axes.find(({ path }) => path === axis)?.levels ?? [];
  return { verdict, first: levels[0]?.label ?? "", strongest: levels[strongest]?.label ?? "" };
}

function differenceOf(effect: Effect, { unit, scale }: Shown, labels: Labels): (readonly [SweepUnit, Sample])[] {
  const { difference, interval } = effect.levels[effect.strongest] ?? { difference: null, interval: null };
  const stats = [
    ["mean", difference],
    ["low", interval?.[0] ?? null],
    ["high", interval?.[1] ?? null],
  ] as const;
  return stats.flatMap(([stat, value]) =>
    value === null ? [] : [[unit, { labels: { ...labels, stat }, value: value * scale }] as const],
  );
}

function extremes({ extremes: all, metrics }: SweepSummary, shown: readonly Shown[]): Family[] {
  const samples = all.flatMap((each) => {
    const of = shown.find(({ place }) => metrics[place] === each.metric);
    return of === undefined ? [] : wordedExtremes(each).map(([extreme, point]) => extremeOf(extreme, point, of));
  });
  return byUnit("extreme", samples.slice(0, MOST_EFFECTS));
}

function wordedExtremes({ better, highest, lowest }: Extremes): (readonly [string, ExtremePoint])[] {
  if (better === null)
    return [
      ["highest", highest],
      ["lowest", lowest],
    ];
  return better === "highest"
    ? [
        ["best", highest],
        ["worst", lowest],
      ]
    : [
        ["best", lowest],
        ["worst", highest],
      ];
}

const valueText = (value: AxisValue | undefined): string => String(value ?? null);

const extremeOf = (
  extreme: string,
  { tuning, at, mean }: ExtremePoint,
  { metric, unit, scale }: Shown,
): readonly [SweepUnit, Sample] => [
  unit,
  { labels: { metric, extreme, tuning, at: at.map(valueText).join(", ") }, value: mean * scale },
];

/** `point`: the place among the tuning's points, by which they can be put into order. */
function points({ points: all, keys }: SweepSummary, shown: readonly Shown[], own: readonly PointOutcome[]): Family[] {
  const fitting = shown.slice(0, Math.floor(MOST_POINTS / all));
  const samples = own.flatMap(({ tuning, at, means }, point) =>
    fitting.flatMap(({ place, metric, unit, scale }) => {
      const mean = means[place] ?? null;
      if (mean === null) return [];
      const labels = { metric, point, row: valueText(at[0]), column: keys.length > 1 ? valueText(at[1]) : tuning };
      return [[unit, { labels, value: mean * scale }] as const];
    }),
  );
  return byUnit("point", samples);
}
