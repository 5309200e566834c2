/** A dashboard and its answers → a picture: what Grafana would do with overrides, repeats, units and thresholds, as far as pictures need it. */
import type { DashboardJson, PanelJson } from "../dashboards/files.ts";
import type {
  Picture,
  PictureBar,
  PictureBody,
  PictureLine,
  PicturePanel,
  PictureTable,
} from "../dashboards/picture/model.ts";
import { textOf } from "../dashboards/picture/units.ts";
import { type Asked, type Chosen, type Filling, fill, queriesOf } from "./fill.ts";
import type { Line, Prometheus, Sample } from "./prometheus.ts";

/** What a picture shows of a dashboard. */
export interface View {
  readonly chosen: Chosen;
  readonly filling: Filling;
  readonly startS: number;
  readonly endS: number;
  readonly stepS: number;
  readonly isDark: boolean;
  /** Titles of rows begin so; absent: all of them, and what stands above. */
  readonly rows?: readonly string[];
}

/** Grafana's first colours, for series that have none of ours. */
const CLASSIC = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9"];
const MOST_BESIDE = 6;

export async function pictureOf(prometheus: Prometheus, dashboard: DashboardJson, view: View): Promise<Picture> {
  const times: number[] = [];
  for (let time = view.startS; time <= view.endS; time += view.stepS) times.push(time);
  const asked = queriesOf(dashboard, view.chosen, view.filling);
  const panels: PicturePanel[] = [];
  let top = 0;
  for (const group of groupsOf(dashboard, view.rows)) {
    const [first] = group;
    const shift = top - (first?.gridPos.y ?? 0);
    for (const panel of group) {
      const tunings = panel.repeat === "tuning" ? view.chosen.tunings : [null];
      const beside = Math.min(tunings.length, MOST_BESIDE);
      for (const [index, tuning] of tunings.entries()) {
        const own = asked.filter((one) => one.panel === panel && one.tuning === tuning);
        const { x, y, w, h } = panel.gridPos;
        const width = tuning === null ? w : 24 / beside;
        panels.push({
          title: panel.title.replace("$tuning", tuning ?? "").replace(/^: /, ""),
          unit: panel.fieldConfig?.defaults.unit ?? "none",
          ...{ x: tuning === null ? x : index * width, y: y + shift, w: width, h },
          body: await bodyOf(prometheus, panel, own, view, times),
        });
      }
    }
    top = Math.max(...group.map(({ gridPos }) => gridPos.y + gridPos.h)) + shift;
  }
  return {
    title: dashboard.title,
    isDark: view.isDark,
    times,
    marks: await marksOf(prometheus, dashboard, view),
    panels,
  };
}

/** What stands above the first row, and each row with its panels. */
function groupsOf({ panels }: DashboardJson, rows: View["rows"]): PanelJson[][] {
  const groups: PanelJson[][] = [[]];
  for (const panel of panels) {
    if (panel.type === "row") groups.push([]);
    groups.at(-1)?.push(panel);
  }
  if (rows === undefined) return groups;
  return groups.filter(([first]) => first?.type === "row" && rows.some((row) => first.title.startsWith(row)));
}

async function marksOf(
  prometheus: Prometheus,
  dashboard: DashboardJson,
  { chosen, filling, startS, endS, stepS }: View,
): Promise<number[]> {
  const marks: number[] = [];
  for (const { expr } of dashboard.annotations.list) {
    // One for each change, not one for each scrape that still sees it.
    const query = fill(expr, chosen, chosen.tunings.join("|"), { ...filling, rateInterval: `${2 * stepS}s` });
    const times = (await prometheus.range(query, startS, endS, stepS)).flatMap(({ values }) =>
      values.map(([time]) => time),
    );
    marks.push(...times.filter((time) => !times.includes(time - stepS)));
  }
  return marks;
}

async function bodyOf(
  prometheus: Prometheus,
  panel: PanelJson,
  asked: readonly Asked[],
  view: View,
  times: readonly number[],
): Promise<PictureBody> {
  if (panel.type === "row") return { kind: "row" };
  if (panel.type === "text") return { kind: "text", markdown: String(panel.options?.content) };
  if (panel.type === "timeseries" || panel.type === "heatmap") {
    const answers = await Promise.all(
      asked.map(async ({ target, query }) => ({
        target,
        lines: await prometheus.range(query, view.startS, view.endS, view.stepS),
      })),
    );
    if (panel.type === "heatmap")
      return heatOf(
        answers.flatMap(({ lines }) => lines),
        times,
      );
    const lines = answers.flatMap(({ target, lines: found }) =>
      found.map((line) => ({ name: nameOf(target.legendFormat, line.metric), values: valuesAt(line, times) })),
    );
    const isStacked =
      (panel.fieldConfig?.defaults.custom?.stacking as { readonly mode?: string } | undefined)?.mode === "normal";
    return {
      kind: "lines",
      isStacked,
      max: panel.fieldConfig?.defaults.max ?? null,
      lines: lines.map((line, index) => styled(panel, line, index)),
    };
  }
  const samples = await Promise.all(
    asked.map(async ({ target, query }) => ({ target, found: await prometheus.query(query, view.endS) })),
  );
  const named = samples.flatMap(({ target, found }) =>
    found.map((sample) => ({ name: nameOf(target.legendFormat, sample.metric), sample })),
  );
  if (panel.type === "table")
    return {
      kind: "table",
      ...matrixOf(
        panel,
        named.map(({ sample }) => sample),
      ),
    };
  if (panel.type === "bargauge")
    return { kind: "bars", bars: named.map(({ name, sample }, index) => barOf(panel, name, sample, index)) };
  return numberOf(panel, named);
}

/** Empty where the step has no sample. */
function valuesAt({ values }: Line, times: readonly number[]): (number | null)[] {
  const byTime = new Map(values.map(([time, value]) => [Math.round(time * 100), Number(value)]));
  return times.map((time) => {
    const value = byTime.get(Math.round(time * 100));
    return value === undefined || Number.isNaN(value) ? null : value;
  });
}

const nameOf = (legend: string, metric: Readonly<Record<string, string>>): string =>
  legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? "");

interface Style {
  readonly name: string;
  readonly colour: string;
  readonly isLimit: boolean;
}

/** What the overrides say of a series. */
function styleOf({ fieldConfig }: PanelJson, name: string, index: number): Style {
  let style: Style = { name, colour: CLASSIC[index % CLASSIC.length] ?? "", isLimit: false };
  for (const { matcher, properties } of fieldConfig?.overrides ?? []) {
    const isMeant =
      matcher.id === "byName" ? matcher.options === name : new RegExp(matcher.options.slice(1, -1)).test(name);
    if (!isMeant) continue;
    for (const { id, value } of properties) {
      if (id === "color") style = { ...style, colour: (value as { readonly fixedColor: string }).fixedColor };
      if (id === "displayName") style = { ...style, name: String(value) };
      if (id === "custom.lineStyle") style = { ...style, isLimit: true };
    }
  }
  return style;
}

const styled = (
  panel: PanelJson,
  { name, values }: Pick<PictureLine, "name" | "values">,
  index: number,
): PictureLine => ({
  ...styleOf(panel, name, index),
  values,
});

/** Where no override colours it, a bar has the colour of its threshold. */
function barOf(panel: PanelJson, name: string, { value }: Sample, index: number): PictureBar {
  const style = styleOf(panel, name, index);
  const isOwn = (panel.fieldConfig?.overrides ?? []).length > 0;
  return { ...style, ...(!isOwn && { colour: stepColour(panel, Number(value[1])) }), value: Number(value[1]) };
}

function numberText({ fieldConfig }: PanelJson, value: number): string {
  const { unit = "none", decimals } = fieldConfig?.defaults ?? {};
  return unit === "none" && decimals !== undefined ? value.toFixed(decimals) : textOf(value, unit);
}

function numberOf(panel: PanelJson, named: readonly { readonly name: string; readonly sample: Sample }[]): PictureBody {
  const [first] = named;
  if (first === undefined)
    return {
      kind: "number",
      text: panel.fieldConfig?.defaults.noValue ?? "–",
      colour: "#808890",
    };
  if (panel.options?.textMode === "name") {
    const { name, colour } = styleOf(panel, first.name, 0);
    return { kind: "number", text: name, colour };
  }
  const value = Number(first.sample.value[1]);
  const colour = stepColour(panel, value);
  const mapped = panel.fieldConfig?.defaults.mappings?.[0]?.options[String(value)] as
    | { readonly text: string; readonly color?: string }
    | undefined;
  return {
    kind: "number",
    text: mapped?.text ?? numberText(panel, value),
    colour: mapped?.color ?? colour,
  };
}

/** As Grafana's "grouping to matrix" does: one label down, another across, in the order in which they come. */
function matrixOf(panel: PanelJson, samples: readonly Sample[]): Pick<PictureTable, "rows" | "colours"> {
  const { options } = (panel.transformations ?? []).find(({ id }) => id === "groupingToMatrix") ?? { options: {} };
  const { rowField = "", columnField = "" } = options as { readonly rowField?: string; readonly columnField?: string };
  const sorted = [...samples].sort((a, b) => compared(panel, a, b));
  const labels = (label: string): string[] => [...new Set(sorted.map(({ metric }) => metric[label] ?? ""))];
  const [rows, columns] = [labels(rowField), labels(columnField)];
  const valueAt = (row: string, column: string): number | null => {
    const found = sorted.find(({ metric }) => metric[rowField] === row && metric[columnField] === column);
    return found === undefined ? null : Number(found.value[1]);
  };
  const cells = rows.map((row) => columns.map((column) => valueAt(row, column)));
  const isColoured = panel.fieldConfig?.defaults.custom?.cellOptions !== undefined;
  return {
    rows: [
      [`${rowField}\\${columnField}`, ...columns],
      ...cells.map((row, index) => [
        rows[index] ?? "",
        ...row.map((value) => (value === null ? "" : cellText(panel, value))),
      ]),
    ],
    ...(isColoured && {
      colours: cells.map((row) => row.map((value) => (value === null ? null : stepColour(panel, value)))),
    }),
  };
}

/** A number without a unit stands as it is. */
const cellText = (panel: PanelJson, value: number): string =>
  (panel.fieldConfig?.defaults.unit ?? "none") === "none" ? String(value) : numberText(panel, value);

/** By the field that a transformation sorts by, as numbers; else tunings and names by their letters. */
function compared({ transformations = [] }: PanelJson, a: Sample, b: Sample): number {
  const sort = transformations.find(({ id }) => id === "sortBy")?.options.sort as
    | { readonly field: string }[]
    | undefined;
  const field = sort?.[0]?.field;
  if (field !== undefined) return Number(a.metric[field]) - Number(b.metric[field]);
  const textOfLabels = ({ metric }: Sample): string => `${metric.name ?? ""} ${metric.tuning ?? ""}`;
  return textOfLabels(a) < textOfLabels(b) ? -1 : 1;
}

function stepColour({ fieldConfig }: PanelJson, value: number): string {
  const steps = fieldConfig?.defaults.thresholds?.steps ?? [];
  return steps.findLast((step) => step.value === null || value >= step.value)?.color ?? "";
}

/** Buckets of a histogram contain those below them: what each has of its own. */
function heatOf(lines: readonly Line[], times: readonly number[]): PictureBody {
  const boundOf = ({ metric }: Line): number => (metric.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(metric.le));
  const sorted = [...lines].sort((a, b) => boundOf(a) - boundOf(b));
  const counts = sorted.map((line) => valuesAt(line, times).map((value) => value ?? 0));
  return {
    kind: "heat",
    bounds: sorted.map(({ metric }) => metric.le ?? ""),
    counts: counts.map((row, bucket) =>
      row.map((count, time) => Math.max(0, count - (counts[bucket - 1]?.[time] ?? 0))),
    ),
  };
}
