/**
 * Table: every metric that the daemon exports of runs and of itself, but for those that follow from other tables: the kernel's counters
 * (vocabulary/counters.ts) and results of jobs (vocabulary/metrics.ts).
 *
 * Used by     run-families.ts, backfill.ts, daemon-families.ts; docs/metrics.md is made from it.
 */
import { COUNTERS, type CounterDef, type CounterName, nodeExporterName } from "../vocabulary/counters.ts";
import type { Family, FamilyDef, MetricType, Sample } from "./family.ts";

const row = (type: MetricType, help: string): Omit<FamilyDef, "name"> => ({ type, help });
const counter = (help: string) => row("counter", help);
const gauge = (help: string) => row("gauge", help);

/** Of one tuning of a run: all have the labels `experiment` and `tuning`. Seconds and rates are of simulated time. */
export const RUN_METRICS = {
  halfopen_run_info: gauge(
    "1; the kernel of the server, how the run advances (`paced`, `backfill`), and the tuning's place in its experiment (`slot`, from 1), which decides its colour.",
  ),
  halfopen_simulated_seconds_total: counter("Simulated time that has passed."),
  halfopen_offered_rate: gauge("Arrivals per simulated second that the workload offers now."),
  halfopen_load_changes_total: counter("Changes of the load since the start: a change of this is an annotation."),
  halfopen_users_total: counter("Users that have arrived."),
  halfopen_users_served_total: counter("Users who got all they came for."),
  halfopen_users_gave_up_total: counter("Users who failed and will not try again."),
  halfopen_attempts_total: counter("Calls of connect(), and packets that a raw workload sent."),
  halfopen_attempts_established_total: counter("Attempts whose connect() succeeded."),
  halfopen_attempts_ended_total: counter("Attempts that have ended, by outcome."),
  halfopen_attempts_in_flight: gauge(
    "Attempts that go on, by the gate that they wait on (`none`: within their normal course).",
  ),
  halfopen_attempts_failed_total: counter("Attempts that failed, by the gate that took their last try."),
  halfopen_drops_total: counter("Packets that were lost, by gate. Never to be added to failed attempts."),
  halfopen_wait_seconds_total: counter("Sum over the attempts of the time that they waited for a gate."),
  halfopen_responses_total: counter("Responses that clients received."),
  halfopen_binding_gate: gauge(
    "1 for the gate at which most attempts have failed in the last minute of simulated time, or that cost most waiting where none failed; `none` if there is none.",
  ),
  halfopen_queue_length: gauge("Entries of the queue now."),
  halfopen_queue_capacity: gauge("Entries that the queue holds: backlog + 1."),
  halfopen_queue_full_seconds_total: counter("Time for which the queue was full."),
  halfopen_sockets: gauge("Sockets by TCP state now, half-open requests as syn_recv."),
  halfopen_worst_pair_ports: gauge("Local ports that one client address has for one port of the server."),
  halfopen_worst_pair_ports_peak: gauge(
    "Most local ports taken at a time, TIME_WAIT included, of the client address and server port with the fewest left.",
  ),
  halfopen_worst_pair_without_port_total: counter("Attempts of that pair that found no local port."),
  halfopen_half_open: gauge("Half-open requests now, by SYN-ACK retransmissions; 7 is 7 or more."),
  halfopen_half_open_bytes: gauge("Kernel memory of the half-open requests now."),
  halfopen_packets_total: counter("Packets at the server, by direction and class."),
  halfopen_synack_bytes_total: counter(
    "Bytes of the IP packets of all SYN-ACKs sent: 8 * rate() of it is bits per second.",
  ),
  halfopen_accepted_total: counter("Connections that accept() returned."),
  halfopen_connect_latency_seconds: row(
    "histogram",
    "From connect() to its success; bounds stand between the steps of SYN retransmissions.",
  ),
  halfopen_response_latency_seconds: row("histogram", "From connect() to the response."),
  halfopen_softnet_processed_total: counter("Packets handed to IP, by CPU (softnet_stat, column 1)."),
  halfopen_softnet_dropped_total: counter("Packets that a CPU's full backlog dropped (softnet_stat, column 2)."),
  halfopen_softnet_times_squeezed_total: counter("Softirq rounds that ended with work left (softnet_stat, column 3)."),
  halfopen_softnet_received_rps_total: counter("Interrupts from other CPUs by RPS (softnet_stat, column 10)."),
  halfopen_softnet_flow_limit_count_total: counter("Packets that flow_limit dropped (softnet_stat, column 11)."),
  halfopen_nic_ring_dropped_total: counter("Packets that the NIC dropped because the CPU's ring was full."),
  halfopen_cpu_seconds_total: counter("CPU time by CPU: softirq in interrupts, ksoftirqd, the application."),
  halfopen_cpu_cost_seconds_total: counter("CPU time of all CPUs by what took it."),
  halfopen_tuning_value: gauge("Effective value of a setting, after the kernel's cuts."),
} as const satisfies Record<string, Omit<FamilyDef, "name">>;

/** Of a paced experiment as a whole: with the label `experiment`. */
export const PACED_METRICS = {
  halfopen_time_scale: gauge("Simulated seconds per second of the wall clock: divide rate() by it."),
  halfopen_paced_restarts_total: counter("Times that the run began again at 0 because its thread had died."),
  halfopen_paced_skips_total: counter("Times that the run was more than 5 s behind, and did not catch up."),
  halfopen_paced_skipped_seconds_total: counter("Wall-clock time that was skipped."),
  halfopen_paced_lag_seconds: gauge("How far the run is behind the wall clock."),
} as const satisfies Record<string, Omit<FamilyDef, "name">>;

/** Of the daemon itself. */
export const DAEMON_METRICS = {
  halfopen_build_info: gauge("1; the version."),
  halfopen_start_time_seconds: gauge("When the daemon started, in Unix time."),
  halfopen_jobs: gauge("Jobs in the store, by state."),
  halfopen_jobs_ended_total: counter("Jobs that have ended since the daemon started, by how."),
  halfopen_job_retries_total: counter("Times that runs of a job were done once more because a thread had died."),
  halfopen_queue_jobs: gauge("Jobs that wait."),
  halfopen_queue_limit: gauge("Jobs that may wait; more are refused with 429."),
  halfopen_workers: gauge("Threads for jobs at most."),
  halfopen_runs_total: counter("Runs of jobs that were simulated since the daemon started."),
  halfopen_job_simulated_seconds_total: counter("Simulated time of these runs: its rate() is the speed."),
  halfopen_submissions_total: counter("Submissions since the daemon started, by what became of them."),
  halfopen_http_requests_total: counter("Answers since the daemon started, by class of status."),
  halfopen_streams: gauge("Clients that are sent events now."),
  halfopen_event_loop_lag_seconds: gauge(
    "How late the daemon's own timers were since the last scrape: median, 99 %, largest.",
  ),
  halfopen_resident_memory_bytes: gauge("Memory of the process."),
  halfopen_store_bytes: gauge("Size of the store."),
  halfopen_store_writable: gauge("0 while the store cannot be written to: then no jobs are taken."),
  halfopen_crash_breaker_open: gauge("1 while jobs rest because workers died too often."),
} as const satisfies Record<string, Omit<FamilyDef, "name">>;

const ALL = { ...RUN_METRICS, ...PACED_METRICS, ...DAEMON_METRICS };
export type MetricName = keyof typeof ALL;

export const family = (name: MetricName, samples: readonly Sample[]): Family => ({ name, ...ALL[name], samples });

/** A family of one series whose labels are the group's. */
export const single = (name: MetricName, value: number): Family => family(name, [{ labels: NO_LABELS, value }]);
const NO_LABELS = {};

/** `TcpExtListenDrops` → halfopen_netstat_TcpExt_ListenDrops_total: the kernel's own words, as node_exporter has them. */
export function kernelFamily(name: CounterName): FamilyDef {
  const { help, gauge: isGauge }: CounterDef = COUNTERS[name];
  const stem = nodeExporterName(name).replace(/^node_/, "halfopen_");
  return { name: isGauge ? stem : `${stem}_total`, type: isGauge ? "gauge" : "counter", help };
}
