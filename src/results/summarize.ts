/**
 * Summarize: the runs of an experiment → its summary.
 *
 * Invariants  A pure function of experiment and results: no order of work, and no number of threads, shows.
 * Used by     simulate.ts, readings.ts.
 */
import { assert } from "../base/assert.ts";
import { COUNTER_NAMES } from "../vocabulary/counters.ts";
import type { Experiment, Tuning } from "../vocabulary/experiment.ts";
import { UNSEEN_NAMES } from "../vocabulary/unseen.ts";
import { differencesOf } from "./differences.ts";
import { summarizeLogs } from "./kernel-log.ts";
import { receiveWaits } from "./latencies.ts";
import { LEFTOVER_KINDS, leftoversOf } from "./leftovers.ts";
import { linesOf } from "./lines.ts";
import { remembered } from "./remembered.ts";
import type { RunView } from "./run-view.ts";
import { summarizeCpus, summarizeSoftnet } from "./summarize-cpus.ts";
import { halfOpenPeakBytes, summarizeListener } from "./summarize-listeners.ts";
import { summarizeClients, summarizeFlood } from "./summarize-workloads.ts";
import { type ExperimentSummary, SUMMARY_FORMAT, type TuningMeasures, type TuningSummary } from "./summary-format.ts";
import { thresholdResults } from "./thresholds.ts";
import { type Reading, TuningRuns } from "./tuning-runs.ts";
import { worstPairOf } from "./worst-pair.ts";

/** `runs`: [tuning][seed][host], those of the first seed with full detail. */
export function summarizeExperiment(
  experiment: Experiment,
  engine: ExperimentSummary["engine"],
  runs: readonly (readonly (readonly RunView[])[])[],
): ExperimentSummary {
  const { name, description, seeds, tunings } = experiment;
  assert(runs.length === tunings.length, "a list of runs for each tuning");
  const summaries = tunings.map((tuning, index) => summarizeTuning(tuning, new TuningRuns(runs[index] ?? [])));
  return {
    format: SUMMARY_FORMAT,
    name,
    description,
    duration_s: tunings[0]?.scenario.duration_s ?? 0,
    seeds,
    engine,
    tunings: summaries,
    differences: differencesOf(summaries, seeds),
    thresholds: thresholdResults(experiment.thresholds, summaries),
  };
}

function summarizeTuning(tuning: Tuning, runs: TuningRuns): TuningSummary {
  const measures = measureTuning(tuning, runs);
  // Copies, whose numbers are made once.
  return {
    ...measures,
    clients: measures.clients.map((clients) => ({ ...clients })),
    floods: measures.floods.map((flood) => ({ ...flood })),
    listeners: measures.listeners.map((listener) => ({ ...listener })),
    lines: linesOf(tuning.scenario, runs),
  };
}

/** All but the time lines; results without them will do. Each number is made when it is first read: a sweep asks for a few of them a million times. */
export function measureTuning({ name, changes, scenario }: Tuning, runs: TuningRuns): TuningMeasures {
  const wire =
    (packets: string): Reading =>
    (view) =>
      view.wire()[packets] ?? 0;
  return remembered({
    name,
    changes,
    kernel: scenario.server.kernel,
    hosts: scenario.server.hosts,
    clients: scenario.workloads.flatMap((workload, index) =>
      workload.kind === "connections" ? [remembered(summarizeClients(workload, index, runs))] : [],
    ),
    floods: scenario.workloads.flatMap((workload, index) =>
      workload.kind === "raw" ? [remembered(summarizeFlood(workload, index, runs))] : [],
    ),
    listeners: scenario.server.listeners.map((listener, index) => remembered(summarizeListener(listener, index, runs))),
    get server_counters() {
      return runs.named(COUNTER_NAMES, (view) => view.counters("server"));
    },
    get client_counters() {
      return runs.named(COUNTER_NAMES, (view) => view.counters("client"));
    },
    get server_unseen() {
      return runs.named(UNSEEN_NAMES, (view) => view.unseen("server"));
    },
    get client_unseen() {
      return runs.named(UNSEEN_NAMES, (view) => view.unseen("client"));
    },
    get worst_pair() {
      return worstPairOf(runs);
    },
    // Those of floods are among them (run-result.ts: in_atk_syn says how many they are).
    get syns_in() {
      return runs.sum(wire("in_syn"));
    },
    get synacks_out() {
      return runs.sum(wire("out_synack"));
    },
    get amplification_ratio() {
      return runs.share(wire("out_synack"), wire("in_syn"));
    },
    get half_open_peak_bytes() {
      return halfOpenPeakBytes(runs);
    },
    get cpu() {
      return summarizeCpus(runs);
    },
    get softnet() {
      return summarizeSoftnet(runs);
    },
    get receive_wait_ms() {
      return receiveWaits(runs);
    },
    get leftovers() {
      return {
        server: runs.named(LEFTOVER_KINDS, (view) => leftoversOf(view).server),
        client: runs.named(LEFTOVER_KINDS, (view) => leftoversOf(view).client),
      };
    },
    get kernel_log() {
      return summarizeLogs(runs);
    },
  });
}
