/** The reference dashboard: every metric and every gate by topic, as text from the tables that they are exported from. */
import { DashboardBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { TextMode, PanelBuilder as TextPanel } from "@grafana/grafana-foundation-sdk/text";
import { SERIES_FAMILIES } from "../metrics/exposition.ts";
import type { FamilyDef } from "../metrics/family.ts";
import { resultFamilies } from "../metrics/found-families.ts";
import { DAEMON_METRICS, kernelFamily, PACED_METRICS, RUN_METRICS } from "../metrics/table.ts";
import { COUNTER_NAMES, COUNTERS, nodeExporterName } from "../vocabulary/counters.ts";
import { GATE_NAMES, GATES } from "../vocabulary/gates.ts";
import { TAG } from "./dashboard.ts";
import { REFERENCE_UID, TOPICS, type Topic, topicId } from "./topics.ts";

type Row = readonly string[];

/** Pipes would end a cell. */
const cells = (row: Row): string => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

const tableOf = (head: Row, rows: readonly Row[]): string =>
  [cells(head), cells(head.map(() => "---")), ...rows.map(cells)].join("\n");

const metricTable = (families: readonly FamilyDef[]): string =>
  tableOf(
    ["metric", "type", "meaning"],
    families.map(({ name, type, help }) => [`\`${name}\``, type, help]),
  );

const familiesOf = (rows: Readonly<Record<string, Omit<FamilyDef, "name">>>): FamilyDef[] =>
  Object.entries(rows).map(([name, def]) => ({ name, ...def }));

const gateTable = (): string =>
  tableOf(
    ["gate", "shown as", "meaning", "moved by"],
    GATE_NAMES.map((gate) => [`\`${gate}\``, GATES[gate].title, GATES[gate].help, GATES[gate].knob ?? "–"]),
  );

const hostTable = (): string =>
  tableOf(
    ["metric", "default flags", "meaning"],
    COUNTER_NAMES.map((name) => [
      `\`${nodeExporterName(name)}\``,
      COUNTERS[name].nodeExporterDefault ? "yes" : "no",
      COUNTERS[name].help,
    ]),
  );

const CONTENT: Readonly<Record<Topic, { readonly title: string; readonly text: () => string }>> = {
  gates: { title: "Gates", text: gateTable },
  runs: { title: "Metrics of runs that go on", text: () => metricTable(familiesOf(RUN_METRICS)) },
  kernel: { title: "Kernel counters of runs", text: () => metricTable(COUNTER_NAMES.map(kernelFamily)) },
  paced: { title: "Metrics of paced runs", text: () => metricTable(familiesOf(PACED_METRICS)) },
  results: { title: "Results of jobs", text: () => metricTable(resultFamilies()) },
  daemon: {
    title: "Metrics of the daemon",
    text: () => metricTable([...familiesOf(DAEMON_METRICS), ...SERIES_FAMILIES]),
  },
  hosts: { title: "Kernel counters under node_exporter's names", text: hostTable },
};

const textPanel = (topic: Topic): TextPanel =>
  new TextPanel()
    .id(topicId(topic))
    .title(CONTENT[topic].title)
    .description("Made from the tables that the metrics are exported from.")
    .mode(TextMode.Markdown)
    .content(CONTENT[topic].text())
    .span(24)
    .height(14);

export function referenceDashboard(): ReturnType<DashboardBuilder["build"]> {
  const dashboard = new DashboardBuilder("halfopen / Reference")
    .uid(REFERENCE_UID)
    .description("What the metrics and the gates mean. The other dashboards' panels link here.")
    .tags([TAG])
    .readonly();
  for (const topic of TOPICS) dashboard.withPanel(textPanel(topic));
  return dashboard.build();
}
