/**
 * Daemon config: the text of `halfopen serve --config FILE` → its settings, or all that is wrong with it.
 *
 * Units   In the names of the keys. Every key has a default, so that the file may be absent.
 */
import { z } from "zod";
import { err, ok } from "../base/result.ts";
import { loadDocument } from "./document.ts";
import { flag, list, map, number, optional, text, whole } from "./fields.ts";
import type { ConfigResult } from "./issues.ts";
import { inOrder, locate, MAX_ISSUES, MAX_LOCATED, pathText } from "./locate.ts";
import { fromZod } from "./zod-issues.ts";

/** Shorter ones can be guessed. */
export const LEAST_TOKEN = 16;
const MAX_TOKENS = 16;

const token = () => {
  const message = {
    error: `allowed is a token of at least ${LEAST_TOKEN} printable characters without spaces\nmake one with: openssl rand -hex 16`,
  };
  return z.string(message).regex(new RegExp(`^[\\x21-\\x7e]{${LEAST_TOKEN},200}$`), message);
};
const tokens = (may: string) =>
  list(token(), "tokens", MAX_TOKENS).default([]).describe(`Bearer tokens that may ${may}.`);
const limit = (what: string, least: number, most: number, byDefault: number, meaning: string) =>
  whole(what, { min: least, max: most }).default(byDefault).describe(`${meaning} Default: ${byDefault}.`);

export const daemonSchema = map({
  listen: text(200)
    .default("127.0.0.1:9640")
    .describe("Address and port. Beyond loopback tokens are needed. Default: 127.0.0.1:9640."),
  data: text(1000)
    .default("halfopen-data")
    .describe("Folder of the store; made if it is not there. Default: halfopen-data."),
  workers: optional(whole("a number of threads", { min: 1, max: 64 })).describe(
    "Threads for jobs. Default: what the machine has.",
  ),
  tokens: map({ read: tokens("read"), write: tokens("read and change") })
    .default({ read: [], write: [] })
    .describe("Who may ask. Empty: everybody who reaches a loopback address."),
  allowed_hosts: list(text(253), "names", 64)
    .default([])
    .describe("Names besides localhost under which it may be asked; a request with another Host header is refused."),
  queue_limit: limit("a number of jobs", 1, 10_000, 100, "Jobs that may wait."),
  keep_jobs: limit("a number of jobs", 1, 100_000, 1000, "Ended jobs that are kept; the oldest go first."),
  job_timeout_s: limit("a number of seconds", 1, 604_800, 3600, "Wall-clock time of a job."),
  max_simulated_s: limit("a number of seconds", 1, 1e9, 2_592_000, "Simulated time of a job, all runs together."),
  max_arrivals: limit(
    "a number of arrivals",
    1,
    1e13,
    1e10,
    "Arrivals of a job, all runs together, packets of floods included.",
  ),
  max_rate_per_s: limit("a number of arrivals per second", 1, 1e8, 5_000_000, "Rate of a workload."),
  max_streams: limit("a number of clients", 1, 10_000, 512, "Clients that are sent events at a time."),
  max_store_mib: limit("a number of MiB", 1, 1e7, 8192, "Size of the store; beyond it no jobs are taken."),
  drain_s: limit("a number of seconds", 0, 3600, 10, "How long the job that runs may go on after SIGTERM."),
  result_series_h: number("a number of hours", { min: 0, max: 87_600 })
    .default(168)
    .describe("How long /metrics shows the results of a job that has ended. Default: 168."),
  virtual_hosts: flag()
    .default(false)
    .describe("Whether tunings of paced runs at ×1 are shown as hosts with node_exporter's metrics. Default: false."),
  demo: flag().default(true).describe("Whether the shipped demo runs paced. Default: true."),
  demo_scale: number("a number of simulated seconds per second", { min: 0.1, max: 100 })
    .default(1)
    .describe(
      "Simulated seconds of the demo per second of the clock; other than 1 its tunings are no virtual hosts. Default: 1.",
    ),
  log_level: z
    .enum(["debug", "info", "warn", "error", "silent"], { error: "allowed is one of debug, info, warn, error, silent" })
    .default("info")
    .describe("What is logged to standard error, as JSON. Default: info."),
});

export type DaemonConfig = z.output<typeof daemonSchema>;

/** Of no file at all. */
export const DEFAULT_DAEMON_CONFIG: DaemonConfig = daemonSchema.parse({});

export function parseDaemonConfig(text: string): ConfigResult<DaemonConfig> {
  const loaded = loadDocument(text);
  if (!loaded.ok) return err(loaded.error.slice(0, MAX_ISSUES).map((issue) => ({ ...issue, path: "" })));
  // An empty file, or one of comments, says nothing: all defaults.
  const raw = loaded.value.value ?? {};
  const parsed = daemonSchema.safeParse(raw);
  if (parsed.success) return ok(parsed.data);
  const source = { document: loaded.value, prefix: [] };
  const issues = fromZod(parsed.error.issues, raw, MAX_LOCATED);
  return err(inOrder(issues.map((issue) => locate(issue, source, pathText(issue.path, raw)))));
}
