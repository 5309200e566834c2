/**
 * Goal    The committed dashboards keep to the rules of Grafana's dashboard-linter, and to those of the house.
 * Method  Each rule over each dashboard; and a dashboard with one fault each, so that the rules are known to see something.
 */
import { describe, expect, test } from "vitest";
import { GATE_NAMES } from "../../src/vocabulary/gates.ts";
import { type DashboardJson, dashboards, dataPanels, REFERENCE_FILE, read } from "./files.ts";
import { RULES } from "./lint.ts";

const all = dashboards();

test("there are the seven dashboards", () => {
  expect(all.map(({ title }) => title.replace("halfopen / ", "")).sort()).toEqual([
    "Accept path",
    "Capacity",
    "Daemon",
    "Flood or load?",
    "TIME_WAIT and ports",
    "Tuning comparison",
    "Virtual hosts",
  ]);
});

describe.each(Object.keys(RULES))("%s", (rule) => {
  test.each(all.map((one): [string, DashboardJson] => [one.title, one]))("%s", (_title, dashboard) => {
    expect(RULES[rule]?.(dashboard)).toEqual([]);
  });
});

/** Rule → text of a good dashboard → of one with a fault that this rule has to see. */
const faults: readonly (readonly [rule: string, from: string | RegExp, to: string])[] = [
  ["template-datasource", '"query":"prometheus"', '"query":"loki"'],
  ["template-job", '"name":"job"', '"name":"jobs"'],
  ["template-job", '"allValue":".+"', '"allValue":".*"'],
  ["template-instance", /("name":"instance".*?)"multi":true/, '$1"multi":false'],
  ["template-required-variables", '"name":"instance"', '"name":"instances"'],
  ["template-label-promql", "label_values(halfopen_build_info, job)", "label_values(halfopen_build_info job)"],
  ["template-on-time-change-reload", '"refresh":2', '"refresh":1'],
  ["panel-datasource", /("type":"timeseries".*?"uid":")\$datasource/, "$1mine"],
  ["panel-title-description", /"title":"Memory"/, '"title":""'],
  ["panel-units", '"unit":"bytes"', '"unit":"byte"'],
  ["panel-no-targets", /"targets":\[\{[^\]]*\}\]/, '"targets":[]'],
  ["target-promql", "sum by (stat", "sum by stat"],
  ["target-promql", "$__rate_interval", "$__rate"],
  ["target-promql", /halfopen_streams\{[^}]*\}/, "halfopen_streams"],
  ["target-rate-interval", /\[\$__rate_interval\]/, "[5m]"],
  ["target-job", 'halfopen_streams{job=~\\"$job\\",', "halfopen_streams{"],
  ["target-instance", 'halfopen_streams{job=~\\"$job\\",instance=~\\"$instance\\"', 'halfopen_streams{job=~\\"$job\\"'],
  ["target-counter-agg", "rate(halfopen_runs_total", "avg_over_time(halfopen_runs_total"],
  ["uneditable", '"editable":false', '"editable":true'],
];

test.each(faults)("%s sees %s as %s", (rule, from, to) => {
  const good = JSON.stringify(read("halfopen-daemon.json"));
  const bad = good.replace(from, to);
  expect(bad).not.toBe(good);
  expect(RULES[rule]?.(JSON.parse(bad) as DashboardJson)).not.toEqual([]);
});

describe("rules of the house", () => {
  const panels = all.flatMap((one) => dataPanels(one).map((panel) => ({ one, panel })));

  test("every panel says what it means and what to do, has thresholds, and leads to a page of the reference", () => {
    const ids = read(REFERENCE_FILE).panels.map(({ id }) => id);
    for (const { one, panel } of panels) {
      const where = `${one.title}: ${panel.title}`;
      expect(panel.description, where).toMatch(/^\S[\s\S]{15,}\n\n\*\*What to do:\*\* \S[\s\S]{15,}[.?]$/);
      expect(panel.fieldConfig?.defaults.thresholds?.steps.length, where).toBeGreaterThan(0);
      const [, id = ""] = /^\/d\/halfopen-reference\?viewPanel=(\d+)$/.exec(panel.links?.[0]?.url ?? "") ?? [];
      expect(ids, where).toContain(Number(id));
    }
  });

  test("the crosshair is shared, and dashboards of runs mark changes of the load", () => {
    for (const { title, graphTooltip, annotations, templating } of all) {
      expect(graphTooltip, title).toBe(1);
      const isOfRuns = templating.list.some(({ query }) => query.includes("halfopen_run_info"));
      expect(
        annotations.list.map(({ name }) => name),
        title,
      ).toEqual(isOfRuns ? ["Load changes"] : []);
    }
  });

  test("experiment and tuning are variables wherever metrics have these labels", () => {
    for (const one of all) {
      const names = one.templating.list.map(({ name }) => name);
      const asks = JSON.stringify(one.panels).includes("$experiment");
      expect(names.includes("experiment") && names.includes("tuning"), one.title).toBe(asks);
    }
  });

  test("on the hosts' dashboard All matches real hosts too, which have neither label", () => {
    const [hosts] = all.filter(({ uid }) => uid === "halfopen-virtual-hosts");
    for (const name of ["experiment", "tuning"]) {
      const variable = hosts?.templating.list.find((one) => one.name === name);
      expect(variable, name).toMatchObject({ multi: true, includeAll: true, allValue: ".*" });
    }
  });

  test("nothing is made up where there is nothing: no or vector(0)", () => {
    for (const one of all) expect(JSON.stringify(one)).not.toMatch(/vector\s*\(/);
  });

  test("the first panel is the index: it names every dashboard, and the rows of its own", () => {
    for (const { title, panels: own } of all) {
      const content = String(own[0]?.options?.content);
      for (const other of [...all, read(REFERENCE_FILE)])
        expect(content, title).toContain(other.title.replace("halfopen / ", ""));
      for (const row of own.filter(({ type }) => type === "row")) expect(content, title).toContain(row.title);
    }
  });

  test("panels fill the 24 columns without covering each other", () => {
    for (const { title, panels: own } of all) {
      const taken = new Set<string>();
      for (const { title: name, gridPos } of own) {
        expect(gridPos.x + gridPos.w, `${title}: ${name}`).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect(taken.has(`${x},${y}`), `${title}: ${name} at ${x},${y}`).toBe(false);
            taken.add(`${x},${y}`);
          }
      }
    }
  });

  test("the reference has every gate", () => {
    const text = JSON.stringify(read(REFERENCE_FILE));
    for (const gate of GATE_NAMES) expect(text).toContain(`\`${gate}\``);
  });
});
