/**
 * Goal    Every alert says what it needs and where its threshold comes from, and what it says is so.
 * Method  The table of alerts against the shipped files, node_exporter's list of fields, and config/. Whether they fire is test/prometheus' business.
 */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ALERT_RULES, expanded, RECORDING_RULES } from "../../src/dashboards/alerts.ts";
import { HOST_FLAGS, NETSTAT_FIELDS, NETSTAT_FLAG } from "../../src/dashboards/host-flags.ts";
import { DATASOURCE_UID } from "../../src/dashboards/rule-files.ts";
import { GRAFANA_ALERTS } from "../../src/generate/dashboard-files.ts";
import { COUNTER_NAMES, COUNTERS, nodeExporterName } from "../../src/vocabulary/counters.ts";
import { dashboards } from "./files.ts";

/** As node_exporter takes the flag. */
const fields = new RegExp(NETSTAT_FIELDS);
const fieldOf = (metric: string): string => metric.replace("node_netstat_", "");
const metricsIn = (text: string): string[] => [...new Set(text.match(/node_netstat_\w+/g) ?? [])];

describe.each(ALERT_RULES.map((rule) => [rule.alert, rule] as const))("%s", (_name, rule) => {
  test("names an experiment that is shipped, and what it said", () => {
    expect(existsSync(`config/${rule.experiment}`)).toBe(true);
    expect(rule.evidence).toMatch(/\w.{40,}\.$/);
  });

  test("says the flag if one of its counters is not among node_exporter's defaults", () => {
    const isBeyond = metricsIn(expanded(rule)).some((metric) => {
      const name = COUNTER_NAMES.find((counter) => nodeExporterName(counter) === metric);
      return name === undefined || !COUNTERS[name].nodeExporterDefault;
    });
    expect(rule.flags.includes(NETSTAT_FLAG)).toBe(isBeyond);
  });

  test("asks for metrics only, once recording rules are put in", () => {
    for (const { record } of RECORDING_RULES) expect(expanded(rule)).not.toContain(record);
  });
});

test("the flag brings node_exporter's defaults, and all that dashboards and alerts ask for", () => {
  const asked = metricsIn(JSON.stringify(dashboards()) + ALERT_RULES.map(expanded).join());
  expect(asked.length).toBeGreaterThan(8);
  const byDefault = COUNTER_NAMES.filter((name) => COUNTERS[name].nodeExporterDefault).map(nodeExporterName);
  for (const metric of [...asked, ...byDefault]) expect(fieldOf(metric)).toMatch(fields);
  expect("TcpExt_TCPLostRetransmit").not.toMatch(fields);
});

test("the dashboard of hosts says both flags", () => {
  const hosts = JSON.stringify(dashboards().find(({ uid }) => uid === "halfopen-virtual-hosts"));
  for (const flag of HOST_FLAGS) expect(hosts).toContain(JSON.stringify(flag).slice(1, -1));
});

describe("provisioning", () => {
  const yaml = (path: string) => parse(readFileSync(path, "utf8"));

  test("alerts ask the datasource that is provisioned, and each has an id of its own that Grafana takes", () => {
    const [source] = yaml("config/grafana/provisioning/datasources/prometheus.yml").datasources;
    expect(source.uid).toBe(DATASOURCE_UID);
    const { rules } = yaml(GRAFANA_ALERTS).groups[0];
    expect(rules.map(({ title }: { title: string }) => title)).toEqual(ALERT_RULES.map(({ alert }) => alert));
    const ids = rules.map(({ uid }: { uid: string }) => uid);
    expect(new Set(ids).size).toBe(ids.length);
    for (const uid of ids) expect(uid).toMatch(/^[\w-]{1,40}$/);
  });

  test("compose mounts what is there, with versions pinned, and lets strangers only look", () => {
    const { services } = yaml("config/compose.yaml");
    for (const { image, volumes = [] } of Object.values(services) as { image?: string; volumes?: string[] }[]) {
      if (image !== undefined) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
      for (const volume of volumes.filter((one) => one.startsWith(".")))
        expect(existsSync(`config/${volume.split(":")[0]}`), volume).toBe(true);
    }
    expect(services.grafana.environment).toMatchObject({
      GF_AUTH_ANONYMOUS_ENABLED: "true",
      GF_AUTH_ANONYMOUS_ORG_ROLE: "Viewer",
    });
    const provider = yaml("config/grafana/provisioning/dashboards/halfopen.yml").providers[0];
    expect(services.grafana.volumes).toContain(`../dashboards:${provider.options.path}:ro`);
    for (const port of services.halfopen.ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
});
