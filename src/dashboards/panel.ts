/**
 * Panels: what one has to say of itself, and how it is drawn → builders of the SDK.
 *
 * Invariants  Whoever makes a panel has to give a title, what it means, what to do about it, a unit, and where the reference has more. Thresholds are
 *             colours beside numbers; a panel without a limit of its own has none but the base.
 */
import { PanelBuilder as BarGauge } from "@grafana/grafana-foundation-sdk/bargauge";
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TableCellDisplayMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  type DataTransformerConfig,
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  PanelBuilder as HeatmapPanel,
  YAxisConfigBuilder,
} from "@grafana/grafana-foundation-sdk/heatmap";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatPanel } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TablePanel } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeriesPanel } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Colouring } from "./colouring.ts";
import { BAD, GOOD, WARN } from "./palette.ts";
import { DATASOURCE } from "./promql.ts";
import { referenceUrl, type Topic } from "./topics.ts";

export interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface PanelSpec {
  readonly title: string;
  /** What one sees. */
  readonly means: string;
  /** What to do about it. */
  readonly act: string;
  /** An id of Grafana's. */
  readonly unit: string;
  readonly topic: Topic;
  readonly queries: readonly Query[];
  readonly colours?: Colouring;
  readonly thresholds?: readonly Threshold[];
  /** Of 24 columns; absent: 8. Ignored by a panel that is repeated. */
  readonly span?: number;
  readonly height?: number;
  /** One for each tuning, side by side. */
  readonly isRepeated?: true;
  readonly max?: number;
  readonly decimals?: number;
}

/** What all of the SDK's panel builders have in common. */
interface AnyBuilder {
  build(): Panel;
}
export type PanelBuilder = AnyBuilder;

const COLUMNS = 24;
const THIRD = 8;
/** Tunings beside each other: with more, a second line begins. */
const MOST_BESIDE = 6;

const BASE: Threshold = { value: null, color: GOOD };

/** Good up to `warn`, bad from `bad` on. */
export const above = (warn: number, bad: number): Threshold[] => [
  BASE,
  { value: warn, color: WARN },
  { value: bad, color: BAD },
];
/** Bad below `bad`, good from `good` on. */
export const below = (bad: number, good: number): Threshold[] => [
  { value: null, color: BAD },
  { value: bad, color: WARN },
  { value: good, color: GOOD },
];

const thresholdsOf = ({ thresholds = [BASE] }: PanelSpec): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...thresholds]);

const referenceOf = (topic: Topic): DashboardLinkBuilder =>
  new DashboardLinkBuilder("Reference").type(DashboardLinkType.Link).url(referenceUrl(topic)).targetBlank(true);

type Format = "range" | "instant" | "heatmap" | "table";

function queryOf({ expr, legend }: Query, index: number, format: Format): DataqueryBuilder {
  const query = new DataqueryBuilder()
    .datasource(DATASOURCE)
    .expr(expr)
    .legendFormat(legend)
    .refId(String.fromCharCode("A".charCodeAt(0) + index));
  if (format === "heatmap") return query.format(PromQueryFormat.Heatmap).range();
  if (format === "table") return query.format(PromQueryFormat.Table).instant();
  return format === "instant" ? query.instant() : query.range();
}

type Builder = TimeSeriesPanel | StatPanel | HeatmapPanel | TablePanel | BarGauge;

/** What every panel has, whatever draws it. */
function filled<B extends Builder>(builder: B, spec: PanelSpec, format: Format, height: number): B {
  builder
    .title(spec.title)
    .description(`${spec.means}\n\n**What to do:** ${spec.act}`)
    .datasource(DATASOURCE)
    .unit(spec.unit)
    .height(spec.height ?? height)
    .span(spec.isRepeated === true ? COLUMNS : (spec.span ?? THIRD))
    .links([referenceOf(spec.topic)])
    .thresholds(thresholdsOf(spec))
    .overrides([...(spec.colours ?? [])])
    .targets(spec.queries.map((query, index) => queryOf(query, index, format)));
  if (spec.max !== undefined) builder.max(spec.max);
  if (spec.decimals !== undefined) builder.decimals(spec.decimals);
  if (spec.isRepeated === true) builder.repeat("tuning").repeatDirection("h").maxPerRow(MOST_BESIDE);
  return builder;
}

export interface LinesSpec extends PanelSpec {
  /** Areas on top of each other, for parts of a whole. */
  readonly isStacked?: true;
  /** Thresholds as lines too. */
  readonly showsThresholds?: true;
}

/** Lines over time. */
export function lines(spec: LinesSpec): PanelBuilder {
  const panel = filled(new TimeSeriesPanel(), spec, "range", 8)
    .min(0)
    .lineWidth(spec.isStacked === true ? 1 : 2)
    .lineInterpolation(LineInterpolation.Linear)
    .fillOpacity(spec.isStacked === true ? 60 : 0)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending).hideZeros(true));
  if (spec.isStacked === true) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (spec.showsThresholds === true)
    panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  return panel;
}

export interface NumberSpec extends PanelSpec {
  /** The series' name in place of its value, in the series' colour. */
  readonly showsName?: true;
  readonly mappings?: readonly ValueMapping[];
  /** What stands there when there is nothing; absent: a dash. */
  readonly ifNothing?: string;
}

/** One large number, or a word, as of now. */
export function number(spec: NumberSpec): PanelBuilder {
  return filled(new StatPanel(), spec, "instant", 3)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .textMode(spec.showsName === true ? BigValueTextMode.Name : BigValueTextMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false))
    .colorScheme(
      new FieldColorBuilder().mode(spec.showsName === true ? FieldColorModeId.Fixed : FieldColorModeId.Thresholds),
    )
    .mappings([...(spec.mappings ?? [])])
    .noValue(spec.ifNothing ?? "–");
}

/** A bar for each series, as of now. */
export function bars(spec: PanelSpec): PanelBuilder {
  return filled(new BarGauge(), spec, "instant", 6)
    .min(0)
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .showUnfilled(true)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false));
}

/** How many fell into each bucket of a histogram, over time. */
export function heat(spec: PanelSpec): PanelBuilder {
  return filled(new HeatmapPanel(), spec, "heatmap", 9)
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme("Viridis")
        // Few among many have to be seen: the steps of SYN retransmissions are.
        .exponent(0.25)
        .steps(64),
    )
    .yAxis(new YAxisConfigBuilder().unit(spec.unit))
    .cellGap(0)
    .showLegend();
}

export interface TableSpec extends PanelSpec {
  /** Cells have the colours of the thresholds. */
  readonly isColoured?: true;
  readonly transformations: readonly DataTransformerConfig[];
}

/** Values as a table, as of now. */
export function table(spec: TableSpec): PanelBuilder {
  const panel = filled(new TablePanel(), spec, "table", 9).transformations([...spec.transformations]);
  if (spec.isColoured !== true) return panel;
  return panel
    .cellOptions({ type: TableCellDisplayMode.ColorBackground })
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
}
