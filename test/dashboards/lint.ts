/**
 * The rules of Grafana's dashboard-linter, written anew: what a dashboard in JSON does against them, as sentences. What needs a parser of PromQL (target-promql,
 * template-label-promql) is asked of a real Prometheus as well: test/prometheus/dashboards.prometheus.test.ts.
 */
import type { DashboardJson, PanelJson, Target, VariableJson } from "./files.ts";
import { dataPanels } from "./files.ts";

const DATASOURCE = "$datasource";

/** Units of Grafana that are used here, by their ids. */
const UNITS = ["none", "short", "percentunit", "s", "cps", "pps", "bps", "reqps", "bytes", "dateTimeAsLocal"];

type Rule = (dashboard: DashboardJson) => string[];

const variable = ({ templating }: DashboardJson, name: string): VariableJson | undefined =>
  templating.list.find((one) => one.name === name);

/** `job` and `instance`: multi select, "All" is any value, values are looked up in the chosen datasource. */
const templateRule =
  (name: string): Rule =>
  (dashboard) => {
    const found = variable(dashboard, name);
    if (found === undefined) return [`there is no variable ${name}`];
    const faults: string[] = [];
    if (found.datasource?.uid !== DATASOURCE) faults.push(`${name} is not looked up in ${DATASOURCE}`);
    if (found.type !== "query") faults.push(`${name} is no query`);
    if (found.label?.toLowerCase() !== name || !/^[A-Z]/.test(found.label))
      faults.push(`${name} is labelled ${found.label}`);
    if (found.multi !== true) faults.push(`${name} is not multi select`);
    if (found.allValue !== ".+") faults.push(`all of ${name} is ${found.allValue}`);
    return faults;
  };

const panelRule =
  (check: (panel: PanelJson) => string | null): Rule =>
  (dashboard) =>
    dataPanels(dashboard).flatMap((panel) => {
      const fault = check(panel);
      return fault === null ? [] : [`panel ${panel.title}: ${fault}`];
    });

const targetRule =
  (check: (target: Target) => string | null): Rule =>
  (dashboard) =>
    dataPanels(dashboard).flatMap((panel) =>
      (panel.targets ?? []).flatMap((target) => {
        const fault = check(target);
        return fault === null ? [] : [`panel ${panel.title}, query ${target.refId}: ${fault}`];
      }),
    );

/** Every selector of a query: `name{matchers}`, with what stands around it. */
export function selectorsOf(expr: string): { name: string; matchers: string; before: string; after: string }[] {
  return [...expr.matchAll(/([a-zA-Z_:][\w:]*)\{([^}]*)\}/g)].map((match) => ({
    name: match[1] ?? "",
    matchers: match[2] ?? "",
    before: expr.slice(0, match.index),
    after: expr.slice(match.index + match[0].length),
  }));
}

const matcherRule = (label: string): Rule =>
  targetRule(({ expr }) => {
    const selectors = selectorsOf(expr);
    if (selectors.length === 0) return "it selects nothing";
    const without = selectors.find(({ matchers }) => !matchers.split(",").includes(`${label}=~"$${label}"`));
    return without === undefined ? null : `${without.name} has no matcher for ${label}`;
  });

const WORDS_WITHOUT_SELECTOR = /(?<![\w"$])(halfopen|node)_\w+(?!\w*\{)/;

/** As far as that goes without a parser: brackets close, no variable is unknown, every metric has its matchers. */
function promqlFault(expr: string, names: readonly string[]): string | null {
  const bare = expr.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const open: string[] = [];
  const closing: Readonly<Record<string, string>> = { ")": "(", "}": "{", "]": "[" };
  for (const character of bare) {
    if ("({[".includes(character)) open.push(character);
    else if (character in closing && open.pop() !== closing[character]) return "brackets do not match";
  }
  if (open.length > 0) return "brackets do not close";
  if (WORDS_WITHOUT_SELECTOR.test(expr)) return `${WORDS_WITHOUT_SELECTOR.exec(expr)?.[0]} has no matchers`;
  for (const [, name = ""] of expr.matchAll(/\$(\w+)/g))
    if (!names.includes(name) && !["__rate_interval", "__range"].includes(name)) return `$${name} is no variable`;
  return null;
}

export const RULES: Readonly<Record<string, Rule>> = {
  "template-datasource": (dashboard) => {
    const found = variable(dashboard, "datasource");
    return found?.type === "datasource" && found.query === "prometheus" ? [] : ["there is no variable datasource"];
  },
  "template-job": templateRule("job"),
  "template-instance": templateRule("instance"),
  "template-required-variables": (dashboard) => {
    const missing = ["datasource", "job", "instance"].filter((name) => variable(dashboard, name) === undefined);
    return missing.map((name) => `${name} is missing`);
  },
  "template-label-promql": ({ templating }) =>
    templating.list
      .filter(({ type }) => type === "query")
      .filter(({ query }) => !/^label_values\([a-z_]+(\{[^}]*\})?, [a-z_]+\)$/.test(query))
      .map(({ name, query }) => `${name} is looked up by ${query}`),
  "template-on-time-change-reload": ({ templating }) =>
    templating.list
      .filter(({ type, refresh }) => type === "query" && refresh !== 2)
      .map(({ name }) => `${name} is not looked up again with another time range`),
  "panel-datasource": panelRule(({ datasource, targets = [] }) =>
    datasource?.uid === DATASOURCE && targets.every((target) => target.datasource.uid === DATASOURCE)
      ? null
      : `it does not ask ${DATASOURCE}`,
  ),
  "panel-title-description": panelRule(({ title, description = "" }) =>
    title.trim() !== "" && description.trim() !== "" ? null : "it lacks a title or a description",
  ),
  "panel-units": panelRule(({ fieldConfig }) =>
    UNITS.includes(fieldConfig?.defaults.unit ?? "") ? null : `its unit is ${fieldConfig?.defaults.unit}`,
  ),
  "panel-no-targets": panelRule(({ targets = [] }) => (targets.length > 0 ? null : "it asks nothing")),
  "target-promql": (dashboard) =>
    targetRule(({ expr }) =>
      promqlFault(
        expr,
        dashboard.templating.list.map(({ name }) => name),
      ),
    )(dashboard),
  "target-rate-interval": targetRule(({ expr }) => {
    const wrong = [...expr.matchAll(/\bi?rate\([^[]*\[([^\]]*)\]/g)].find(([, range]) => range !== "$__rate_interval");
    return wrong === undefined ? null : `a rate over ${wrong[1]}`;
  }),
  "target-job": matcherRule("job"),
  "target-instance": matcherRule("instance"),
  "target-counter-agg": targetRule(({ expr }) => {
    const bare = selectorsOf(expr).find(
      ({ name, before, after }) =>
        name.endsWith("_total") && !(/\b(rate|irate|increase)\($/.test(before) && after.startsWith("[")),
    );
    return bare === undefined ? null : `the counter ${bare.name} without rate() or increase()`;
  }),
  uneditable: ({ editable }) => (editable ? ["it is editable"] : []),
};
