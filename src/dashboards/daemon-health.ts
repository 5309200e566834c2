/** Daemon: whether it is well, how fast it simulates, what waits. */
import { named } from "./colouring.ts";
import type { DashboardSpec } from "./dashboard.ts";
import { BAD, GOOD, LIMIT, MEASURES, WARN } from "./palette.ts";
import { above, below, lines, number } from "./panel.ts";
import { anyPaced, daemon, max, rate, series, sum, VARIABLE_METRICS } from "./promql.ts";

const MIB = 2 ** 20;

export const daemonHealth: DashboardSpec = {
  uid: "halfopen-daemon",
  title: "Daemon",
  about: "Is the daemon well, how fast does it simulate, and what waits?",
  howToRead: "The first row is for a wall: all of it should be green. What is wrong is explained by the panels below.",
  subject: "daemon",
  rows: [
    {
      title: "Health",
      panels: [
        number({
          title: "Store writable",
          means: "1 while the store takes what is written.",
          act: "0: the disk is full or max_store_mib is reached; no jobs are taken until there is room.",
          ...{ unit: "short", topic: "daemon", span: 6, thresholds: below(1, 1) },
          queries: [{ expr: `min(${daemon("halfopen_store_writable")})`, legend: "writable" }],
        }),
        number({
          title: "Crash breaker",
          means: "1 while jobs rest because threads died too often.",
          act: "Look into the log for what the threads died of; jobs go on by themselves later.",
          ...{ unit: "short", topic: "daemon", span: 6, thresholds: above(1, 1) },
          queries: [{ expr: max(daemon("halfopen_crash_breaker_open")), legend: "open" }],
        }),
        number({
          title: "Queue of jobs, taken",
          means: "Jobs that wait, as a share of those that may.",
          act: "Near 100 % submissions are refused with 429: fewer seeds, or a second daemon.",
          ...{ unit: "percentunit", topic: "daemon", span: 6, thresholds: above(0.8, 1) },
          queries: [
            { expr: `${max(daemon("halfopen_queue_jobs"))} / ${max(daemon("halfopen_queue_limit"))}`, legend: "taken" },
          ],
        }),
        number({
          title: "Paced runs, behind the clock",
          means: "How far the slowest paced run is behind the wall clock.",
          act: "Above 1 s one thread does not keep up: fewer tunings, or smaller rates.",
          ...{ unit: "s", topic: "paced", span: 6, thresholds: above(1, 5) },
          queries: [{ expr: max(anyPaced("halfopen_paced_lag_seconds")), legend: "behind" }],
        }),
      ],
    },
    {
      title: "Jobs",
      panels: [
        lines({
          title: "Jobs by state",
          means: "Jobs in the store, by state.",
          act: "Many that failed: look at one with `halfopen status`.",
          ...{ unit: "short", topic: "daemon", isStacked: true },
          colours: named({
            done: { colour: GOOD },
            running: { colour: MEASURES[0] },
            queued: { colour: LIMIT },
            failed: { colour: BAD },
            cancelled: { colour: WARN },
          }),
          queries: [{ expr: `${sum(daemon("halfopen_jobs"), "state")} > 0`, legend: "{{state}}" }],
        }),
        lines({
          title: "Submissions",
          means: "Submissions per second, by what became of them.",
          act: "Refused ones say why in their answer: invalid files, limits, or a full queue.",
          ...{ unit: "cps", topic: "daemon" },
          colours: named({ accepted: { colour: GOOD }, refused: { colour: WARN }, invalid: { colour: BAD } }),
          queries: [{ expr: sum(rate(daemon("halfopen_submissions_total")), "result"), legend: "{{result}}" }],
        }),
        lines({
          title: "Jobs ended, and retries",
          means: "Jobs that ended per second by how, and runs that were done once more because a thread had died.",
          act: "Retries point to memory: fewer workers, or smaller experiments.",
          ...{ unit: "cps", topic: "daemon" },
          colours: named({
            done: { colour: GOOD },
            failed: { colour: BAD },
            cancelled: { colour: WARN },
            retries: { colour: MEASURES[0] },
          }),
          queries: [
            { expr: sum(rate(daemon("halfopen_jobs_ended_total")), "state"), legend: "{{state}}" },
            { expr: sum(rate(daemon("halfopen_job_retries_total"))), legend: "retries" },
          ],
        }),
      ],
    },
    {
      title: "Pool and speed",
      panels: [
        lines({
          title: "Runs per second",
          means: "Runs of jobs that were simulated, per second.",
          act: "0 while a job is running: its runs are long, or threads died.",
          ...{ unit: "cps", topic: "daemon" },
          queries: [{ expr: sum(rate(daemon("halfopen_runs_total")), "instance"), legend: "{{instance}}" }],
        }),
        lines({
          title: "Simulated seconds per second",
          means: "Simulated time of jobs per second of the clock, all threads together.",
          act: "It falls with the rates that are simulated; with more workers it grows as far as there are CPUs.",
          ...{ unit: "none", topic: "daemon" },
          queries: [
            { expr: sum(rate(daemon("halfopen_job_simulated_seconds_total")), "instance"), legend: "{{instance}}" },
          ],
        }),
        lines({
          title: "Threads for jobs",
          means: "Threads that jobs may use at most.",
          act: "More than the machine has CPUs slow each other down, and the daemon's answers too.",
          ...{ unit: "short", topic: "daemon" },
          queries: [{ expr: sum(daemon("halfopen_workers"), "instance"), legend: "{{instance}}" }],
        }),
        lines({
          title: "Paced runs: time scale",
          means: "Simulated seconds per second of the clock, for each experiment.",
          act: "At another pace than ×1 there are no virtual hosts, and rates in queries of your own have to be divided by it.",
          ...{ unit: "none", topic: "paced" },
          queries: [{ expr: max(anyPaced("halfopen_time_scale"), "experiment"), legend: "{{experiment}}" }],
        }),
        lines({
          title: "Paced runs: time skipped, and restarts",
          means: "Wall-clock time skipped per second because a run was too far behind, and runs that began again at 0.",
          act: "Both should be 0. Skipped time leaves counters right, but what happened in between is not there.",
          ...{ unit: "none", topic: "paced", thresholds: above(0.01, 0.1) },
          queries: [
            {
              expr: sum(rate(anyPaced("halfopen_paced_skipped_seconds_total")), "experiment"),
              legend: "{{experiment}} skipped",
            },
            {
              expr: sum(rate(anyPaced("halfopen_paced_restarts_total")), "experiment"),
              legend: "{{experiment}} restarts",
            },
            { expr: sum(rate(anyPaced("halfopen_paced_skips_total")), "experiment"), legend: "{{experiment}} skips" },
          ],
        }),
        lines({
          title: "Series of a scrape",
          means: "Series that a scrape has, the most that it may have (dashed), and those that were left out.",
          act: "Above the limit the newest results are left out: shorten result_series_h, or stop paced runs.",
          ...{ unit: "short", topic: "daemon" },
          colours: named({
            series: { colour: MEASURES[0] },
            limit: { colour: LIMIT, is: "limit" },
            "left out": { colour: BAD },
          }),
          queries: [
            { expr: max(series("halfopen_series")), legend: "series" },
            { expr: max(series("halfopen_series_limit")), legend: "limit" },
            { expr: sum(series("halfopen_series_cut")), legend: "left out" },
          ],
        }),
      ],
    },
    {
      title: "Process",
      panels: [
        lines({
          title: "Answers by status",
          means: "HTTP answers per second, by class of status.",
          act: "5xx are faults of the daemon: its log has the request's id.",
          ...{ unit: "reqps", topic: "daemon" },
          colours: named({
            "2xx": { colour: GOOD },
            "3xx": { colour: MEASURES[0] },
            "4xx": { colour: WARN },
            "5xx": { colour: BAD },
          }),
          queries: [{ expr: sum(rate(daemon("halfopen_http_requests_total")), "status"), legend: "{{status}}" }],
        }),
        lines({
          title: "Event loop, how late",
          means: "How late the daemon's own timers were since the last scrape.",
          act: "Above 100 ms answers are slow: other processes need the CPU, or a scrape is very large.",
          ...{ unit: "s", topic: "daemon", thresholds: above(0.1, 1) },
          colours: named({ p50: { colour: GOOD }, p99: { colour: WARN }, max: { colour: BAD } }),
          queries: [{ expr: max(daemon("halfopen_event_loop_lag_seconds"), "stat"), legend: "{{stat}}" }],
        }),
        lines({
          title: "Memory",
          means: "Resident memory of the process, threads included.",
          act: "If it grows without end it is a fault: report it with the job that did it.",
          ...{ unit: "bytes", topic: "daemon", thresholds: above(1024 * MIB, 2048 * MIB) },
          queries: [{ expr: sum(daemon("halfopen_resident_memory_bytes"), "instance"), legend: "{{instance}}" }],
        }),
        lines({
          title: "Store",
          means: "Size of the store on disk.",
          act: "keep_jobs bounds the number of jobs, max_store_mib the size.",
          ...{ unit: "bytes", topic: "daemon" },
          queries: [{ expr: sum(daemon("halfopen_store_bytes"), "instance"), legend: "{{instance}}" }],
        }),
        lines({
          title: "Clients of event streams",
          means: "Clients that are sent events now.",
          act: "At max_streams further ones are refused.",
          ...{ unit: "short", topic: "daemon" },
          queries: [{ expr: sum(daemon("halfopen_streams"), "instance"), legend: "{{instance}}" }],
        }),
        lines({
          title: "Up for",
          means: "Time since the daemon started, by version.",
          act: "A saw-tooth is a daemon that is restarted: see its log, or the unit's memory limit.",
          ...{ unit: "s", topic: "daemon" },
          queries: [
            {
              expr: `time() - ${daemon("halfopen_start_time_seconds")} * on (job, instance) group_left (version) ${daemon(VARIABLE_METRICS.daemon)}`,
              legend: "{{instance}}, version {{version}}",
            },
          ],
        }),
      ],
    },
  ],
};
