/** Rules as files, still as plain data: for Prometheus, and as alerts for Grafana's provisioning. */
import { ALERT_RULES, type AlertRule, expanded, RECORDING_RULES } from "./alerts.ts";
import { REFERENCE_UID, topicId } from "./topics.ts";

/** Prometheus' `rule_files`. One group, whose rules go one after the other: groups do not, and an alert would look at what was recorded the time before. */
export function prometheusRules(): unknown {
  return {
    groups: [
      {
        name: "halfopen-hosts",
        rules: [
          ...RECORDING_RULES,
          ...ALERT_RULES.map((rule) => ({
            alert: rule.alert,
            expr: rule.expr,
            for: rule.for,
            labels: { severity: rule.severity },
            annotations: annotationsOf(rule),
          })),
        ],
      },
    ],
  };
}

const annotationsOf = (rule: AlertRule): Readonly<Record<string, string>> => ({
  summary: rule.summary,
  description: rule.description,
  node_exporter_flags: rule.flags.length === 0 ? "none" : rule.flags.join(" "),
  experiment: `config/${rule.experiment}`,
  evidence: rule.evidence,
});

/** Of the datasource that config/grafana provisions. */
export const DATASOURCE_UID = "prometheus";

/** Grafana has other templates: {{ $value }} is a struct there, humanize takes the query's value. */
const forGrafana = (text: string): string => text.replace(/\{\{ \$value \| (\w+) \}\}/g, "{{ $$values.A.Value | $1 }}");

/** A file for provisioning/alerting. */
export function grafanaAlerts(): unknown {
  return {
    apiVersion: 1,
    groups: [
      { orgId: 1, name: "halfopen-hosts", folder: "halfopen", interval: "30s", rules: ALERT_RULES.map(grafanaRule) },
    ],
  };
}

function grafanaRule(rule: AlertRule): unknown {
  return {
    uid: `halfopen-${rule.alert}`.slice(0, 40),
    title: rule.alert,
    condition: "C",
    data: [
      {
        refId: "A",
        relativeTimeRange: { from: 600, to: 0 },
        datasourceUid: DATASOURCE_UID,
        model: { refId: "A", expr: expanded(rule), instant: true },
      },
      {
        refId: "C",
        relativeTimeRange: { from: 0, to: 0 },
        datasourceUid: "__expr__",
        model: {
          ...{ refId: "C", type: "threshold", expression: "A" },
          conditions: [{ evaluator: { type: "gt", params: [0] } }],
        },
      },
    ],
    // The query answers only what is wrong.
    noDataState: "OK",
    execErrState: "Error",
    for: rule.for,
    labels: { severity: rule.severity },
    annotations: {
      ...Object.fromEntries(Object.entries(annotationsOf(rule)).map(([key, text]) => [key, forGrafana(text)])),
      __dashboardUid__: REFERENCE_UID,
      __panelId__: String(topicId("hosts")),
    },
  };
}
