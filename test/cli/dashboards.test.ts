/**
 * Goal    `halfopen dashboards` writes what is shipped, all of it or without alerts, and says what it cannot write.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { dashboardFiles } from "../../src/generate/dashboard-files.ts";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "halfopen-dashboards-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const filesIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(path.length + 1))
    .sort();

const generated = [...dashboardFiles().keys()];
const dashboards = generated.filter((path) => path.startsWith("dashboards/"));

const WITHOUT_ALERTS = [
  ...dashboards,
  "grafana/provisioning/dashboards/halfopen.yml",
  "grafana/provisioning/datasources/prometheus.yml",
  "prometheus/prometheus.yml",
];

test("without alerts: dashboards, provisioning and what to scrape", async () => {
  const out = join(folder, "plain", "deep");
  const { code, stderr } = await runCli(["dashboards", "--out", out]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(filesIn(out)).toEqual([...WITHOUT_ALERTS].sort());
});

test("with alerts, every file that is generated is there, byte for byte", async () => {
  const out = join(folder, "alerts");
  const { code, stdout } = await runCli(["dashboards", "--out", out, "--alerts"]);
  expect(code).toBe(0);
  expect(stdout).toContain(join(out, "prometheus/rules"));
  const written = filesIn(out);
  expect(written).toEqual(
    [
      ...WITHOUT_ALERTS,
      "grafana/provisioning/alerting/halfopen-hosts.yml",
      "prometheus/listen-queues.sh",
      "prometheus/rules/halfopen-hosts.yml",
    ].sort(),
  );
  for (const path of generated)
    expect(readFileSync(join(out, path.replace(/^config\//, "")), "utf8"), path).toBe(readFileSync(path, "utf8"));
});

test("a folder that cannot be made is a sentence and a code", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  const { code, stderr } = await runCli(["dashboards", "--out", file]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^\S+file\/dashboards: cannot be written: [^\n]+\n$/);
});

test("where to write has to be said", async () => {
  const { code, stderr } = await runCli(["dashboards"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/required option '--out <folder>'/);
});
