/** Kernel logs of a tuning's runs: how many lines of each kind, and the lines by time. */
import { nsToSeconds } from "../base/units.ts";
import { LOG_LINES, logText } from "../vocabulary/kernel-log.ts";
import type { RunView } from "./run-view.ts";
import type { LogEntry, LogSummary } from "./summary-format.ts";
import type { TuningRuns } from "./tuning-runs.ts";

const HOSTS = ["server", "client"] as const;

export function summarizeLogs(runs: TuningRuns): LogSummary[] {
  return HOSTS.flatMap((host) =>
    LOG_LINES.map((line) => ({
      host,
      line,
      written: runs.sum((view) => view.logField(host, line, "written")),
      suppressed: runs.sum((view) => view.logField(host, line, "suppressed")),
    })),
  ).filter(({ written, suppressed }) => written.most > 0 || suppressed.most > 0);
}

/** Lines of one moment stay in their order, the server's first. */
export function logEntries(view: RunView): LogEntry[] {
  return HOSTS.flatMap((host) =>
    view.logLines(host).map(({ ns, line, subject }) => ({
      at_s: nsToSeconds(ns),
      host,
      text: logText(line, subject, view.spec[host]),
    })),
  ).sort((a, b) => a.at_s - b.at_s);
}
