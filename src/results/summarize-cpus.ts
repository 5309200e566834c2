/** The server's CPUs over all seeds: what softnet_stat would show, and who had their time. */
import { CPU_COST_NAMES } from "../vocabulary/cpu.ts";
import type { CpuSpec } from "../vocabulary/run-spec.ts";
import type { CpuField, RunView } from "./run-view.ts";
import type { CpuSummary, CpusSummary, Lines, Measure, SoftnetSummary } from "./summary-format.ts";
import { type Reading, sumOf, type TuningRuns } from "./tuning-runs.ts";

/** null: CPUs take no time. */
export function summarizeCpus(runs: TuningRuns): CpusSummary | null {
  const { cpu: spec } = runs.any.spec;
  if (spec === null) return null;
  const receiving = range(0, spec.cores);
  const applied = spec.appCores === 0 ? receiving : range(spec.cores, spec.cores + spec.appCores);
  return {
    per_cpu: range(0, spec.cores + spec.appCores).map((cpu) => summarizeCpu(spec, cpu, runs)),
    softirq_ratio: shareOfTime(runs, receiving, "softirqNs"),
    busiest_ratio: runs.peak(
      (view) => Math.max(...receiving.map((cpu) => view.cpu(cpu, "softirqNs"))) / view.spec.durationNs,
    ),
    app_ratio: shareOfTime(runs, applied, "appNs"),
    app_shares: spec.appCores === 0,
    cost_s: runs.named(CPU_COST_NAMES, secondsByCost),
  };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, k) => from + k);

const secondsByCost = (view: RunView): Record<string, number> =>
  Object.fromEntries(Object.entries(view.cpuCosts()).map(([cost, ns]) => [cost, ns / 1e9]));

function summarizeCpu(spec: CpuSpec, cpu: number, runs: TuningRuns): CpuSummary {
  return {
    role: cpu < spec.cores ? "receives" : "application",
    softnet: softnetOf(runs, [cpu]),
    softirq_ratio: shareOfTime(runs, [cpu], "softirqNs"),
    ksoftirqd_ratio: shareOfTime(runs, [cpu], "ksoftirqdNs"),
    app_ratio: shareOfTime(runs, [cpu], "appNs"),
    waiting_peak: runs.peak((view) => view.cpu(cpu, "peakWaiting")),
    backlog_peak: runs.peak((view) => view.cpu(cpu, "peakBacklog")),
  };
}

/** Of all CPUs; null where they take no time. */
export function summarizeSoftnet(runs: TuningRuns): SoftnetSummary | null {
  const { cpu } = runs.any.spec;
  return cpu === null ? null : softnetOf(runs, range(0, cpu.cores));
}

function softnetOf(runs: TuningRuns, cpus: readonly number[]): SoftnetSummary {
  const sum = (field: CpuField): Measure => runs.sum(total(cpus, field));
  return {
    processed: sum("processed"),
    dropped: sum("dropped"),
    time_squeeze: sum("timeSqueezed"),
    received_rps: sum("receivedRps"),
    flow_limit_count: sum("flowLimited"),
    ring_dropped: sum("ringDropped"),
  };
}

const total =
  (cpus: readonly number[], field: CpuField): Reading =>
  (view) =>
    sumOf(cpus.map((cpu) => view.cpu(cpu, field)));

const shareOfTime = (runs: TuningRuns, cpus: readonly number[], field: CpuField): Measure =>
  runs.share(total(cpus, field), (view) => cpus.length * view.spec.durationNs);

/** Time lines of the CPUs of a run. */
export function cpuLines(view: RunView): Lines["cpus"] {
  const { cpu: spec, sampleIntervalNs } = view.spec;
  if (spec === null) return [];
  const shares = (line: readonly number[]): number[] =>
    line.map((ns, k) => (ns - (line[k - 1] ?? 0)) / (k === 0 ? sampleIntervalNs / 2 : sampleIntervalNs));
  return range(0, spec.cores + spec.appCores).map((cpu) => ({
    waiting: view.cpuLine(cpu, "waiting"),
    softirq_ratio: shares(view.cpuLine(cpu, "softirqNs")),
    app_ratio: shares(view.cpuLine(cpu, "appNs")),
  }));
}
