/**
 * Dashboards: rows of panels, with the variables, annotations, links and index that all of them share.
 *
 * Variables   `datasource`, `job` and `instance` everywhere; `experiment` and `tuning` where metrics have these labels. Of hosts only predictions have them: there "All" is
 *             whatever a label says, nothing included.
 */
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { TextMode, PanelBuilder as TextPanel } from "@grafana/grafana-foundation-sdk/text";
import { ANNOTATION } from "./palette.ts";
import type { PanelBuilder } from "./panel.ts";
import { DATASOURCE, HERE, run, VARIABLE_METRICS } from "./promql.ts";

export const TAG = "halfopen";

export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelBuilder[];
}

export interface DashboardSpec {
  readonly uid: string;
  readonly title: string;
  /** A sentence: the question that it answers. */
  readonly about: string;
  /** Markdown: how to read it. */
  readonly howToRead: string;
  /** Where the values of its variables come from. */
  readonly subject: keyof typeof VARIABLE_METRICS;
  readonly rows: readonly RowSpec[];
}

/** A dashboard as others link to it. */
export type Entry = Pick<DashboardSpec, "uid" | "title" | "about">;

const isByTuning = (subject: DashboardSpec["subject"]): boolean => subject === "runs" || subject === "results";

/** `others`: all dashboards, for the index. */
export function dashboard(spec: DashboardSpec, others: readonly Entry[]): Dashboard {
  const builder = new DashboardBuilder(`halfopen / ${spec.title}`)
    .uid(spec.uid)
    .description(spec.about)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .timezone("browser")
    .time({ from: "now-30m", to: "now" })
    .refresh("10s")
    .links([
      new DashboardLinkBuilder("halfopen")
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    ])
    .variables(variablesOf(spec.subject))
    .annotations(spec.subject === "runs" ? [loadChanges()] : [])
    .withPanel(indexPanel(spec, others));
  for (const { title, panels } of spec.rows) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panel);
  }
  return withLinksShown(numbered(builder.build()));
}

/** By the SDK's default, links and the switches of annotations are in a menu. */
function withLinksShown(built: Dashboard): Dashboard {
  for (const link of built.links ?? []) delete link.placement;
  for (const annotation of built.annotations?.list ?? []) delete annotation.placement;
  for (const panel of built.panels ?? []) {
    if ("links" in panel) for (const link of panel.links ?? []) delete link.placement;
  }
  return built;
}

/** Panels are known by numbers, which links and pictures need. */
function numbered(built: Dashboard): Dashboard {
  built.panels?.forEach((panel, index) => {
    panel.id = index + 1;
  });
  return built;
}

function variablesOf(subject: DashboardSpec["subject"]) {
  const metric = VARIABLE_METRICS[subject];
  const values = (name: string, label: string, within: string) =>
    new QueryVariableBuilder(name)
      .label(label)
      .datasource(DATASOURCE)
      .query(`label_values(${metric}${within === "" ? "" : `{${within}}`}, ${name})`)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc);
  const all = { text: "All", value: "$__all" };
  return [
    new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"),
    values("job", "Job", "").multi(true).includeAll(true).allValue(".+").current(all),
    values("instance", "Instance", 'job=~"$job"').multi(true).includeAll(true).allValue(".+").current(all),
    ...(subject === "hosts"
      ? [
          values("experiment", "Experiment", HERE).multi(true).includeAll(true).allValue(".*").current(all),
          values("tuning", "Tuning", `${HERE},experiment=~"$experiment"`)
            .multi(true)
            .includeAll(true)
            .allValue(".*")
            .current(all),
        ]
      : []),
    ...(isByTuning(subject)
      ? [
          values("experiment", "Experiment", HERE),
          values("tuning", "Tuning", `${HERE},experiment=~"$experiment"`).multi(true).includeAll(true).current(all),
        ]
      : []),
  ];
}

/** One for each change of the load, such as the begin and the end of a flood. */
const loadChanges = (): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name("Load changes")
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(ANNOTATION)
    .expr(`max by (experiment) (changes(${run("halfopen_load_changes_total")}[$__rate_interval])) > 0`)
    .titleFormat("Load changed")
    .textFormat("Somebody, or the timetable, changed the load of {{experiment}}.")
    .tagKeys("experiment");

function indexPanel({ uid, title, howToRead, rows }: DashboardSpec, others: readonly Entry[]): TextPanel {
  const list = others.map((other) =>
    other.uid === uid ? `**${other.title}**` : `[${other.title}](/d/${other.uid}?\${__url_time_range})`,
  );
  const here = rows.map((row) => row.title).join(" · ");
  return new TextPanel()
    .title("Index")
    .description(`What there is, and how to read ${title}.`)
    .mode(TextMode.Markdown)
    .content(`${list.join(" | ")}\n\n**On this page:** ${here}\n\n${howToRead}`)
    .span(24)
    .height(4);
}
