/** `dashboards --out DIR [--alerts]`: writes what the package ships for Grafana and Prometheus. Nothing is made here: the files were generated. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "./command.ts";
import { ExitCode } from "./exit-codes.ts";
import { reasonOf } from "./read-file.ts";

interface DashboardsFlags {
  readonly out: string;
  readonly alerts?: boolean;
}

const top = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Of the package → below DIR. Folders are copied with the files that stand in them. */
const SHIPPED: readonly (readonly [from: string, to: string])[] = [
  ["dashboards", "dashboards"],
  ["config/grafana/provisioning/dashboards", "grafana/provisioning/dashboards"],
  ["config/grafana/provisioning/datasources", "grafana/provisioning/datasources"],
  ["config/prometheus/prometheus.yml", "prometheus/prometheus.yml"],
];
const ALERTS: readonly (readonly [from: string, to: string])[] = [
  ["config/prometheus/rules", "prometheus/rules"],
  ["config/prometheus/listen-queues.sh", "prometheus/listen-queues.sh"],
  ["config/grafana/provisioning/alerting", "grafana/provisioning/alerting"],
];

export const command: Command = {
  configure: (commander) => {
    commander
      .requiredOption("--out <folder>", "where to write; files that are there are replaced")
      .option("--alerts", "alerts for real hosts too, for Prometheus and for Grafana");
  },

  async execute({ stdout, stderr }, _positionals, given) {
    const { out, alerts } = given as unknown as DashboardsFlags;
    for (const [from, to] of alerts === true ? [...SHIPPED, ...ALERTS] : SHIPPED) {
      const target = join(out, to);
      try {
        cpSync(top(from), target, { recursive: true });
      } catch (error) {
        stderr(`${target}: cannot be written: ${reasonOf(error)}\n`);
        return ExitCode.Usage;
      }
      stdout(`${target}\n`);
    }
    return ExitCode.Ok;
  },
};
