/**
 * The public library: re-exports only.
 *
 *   const parsed = parseScenario(text);             YAML or JSON → Scenario, or every issue with its line
 *   const runs = await simulateScenario(scenario);  on worker threads; closePool() when done
 *   const view = new RunView(runs.specs[0], runs.results[0]);
 *   view.counter("server", "TcpExtListenDrops");
 */
export type { Result } from "./base/result.ts";
export { type CompileOptions, compileScenario } from "./compile/compile.ts";
export { type EffectiveValues, effectiveValues } from "./compile/effective.ts";
export { endlessSpec } from "./compile/endless.ts";
export { type DefaultChange, defaultChanges, type RuleChange, ruleChanges } from "./compile/kernel-changes.ts";
export { type DaemonConfig, DEFAULT_DAEMON_CONFIG, parseDaemonConfig } from "./config/daemon-config.ts";
export { AS_IS, type ParsedExperiment, parseExperiment } from "./config/experiment.ts";
export { type ConfigIssue, type ConfigResult, formatIssues, ISSUE_CODES } from "./config/issues.ts";
export { jsonSchemas } from "./config/json-schema.ts";
export { type ParsedScenario, parseScenario } from "./config/parse.ts";
export {
  type PlanQuestion,
  type PlanWords,
  type QuestionFault,
  questionOf,
  RefusedValueError,
} from "./config/plan-question.ts";
export type { SweepFlags } from "./config/sweep.ts";
export type { SweepPlan } from "./config/sweep-plan.ts";
export { thresholdsFrom } from "./config/thresholds.ts";
export type { ReadFile } from "./config/trace-file.ts";
export { formatVaryIssues, isWholeKey, parseFind, type Varied, type Vary, type VaryIssue } from "./config/vary.ts";
export { canChange, run, Simulation } from "./engine/run.ts";
export { type PacedListener, PacedThread } from "./pool/paced.ts";
export type { PacedMoment, PacedPlan } from "./pool/paced-task.ts";
export {
  closePool,
  MAX_WORKERS,
  memoryFault,
  memoryNeeded,
  type PoolOptions,
  poolThreads,
  RunError,
  runSpecs,
  usableMemory,
  warmPool,
  workersFor,
} from "./pool/pool.ts";
export {
  type AgreementCount,
  type AgreementRow,
  agreementRatio,
  compare,
  countAgreement,
  describeRow,
} from "./results/agreement.ts";
export { bindingOf, servedShareOf, type TuningVerdict, verdictOn } from "./results/blame.ts";
export { compareKernels, type KernelDifferences } from "./results/compare-kernels.ts";
export { compareSummaries, type SummaryComparison } from "./results/compare-summaries.ts";
export { encodeCsv } from "./results/csv.ts";
export { quantileUs } from "./results/hdr.ts";
export {
  LEFTOVER_KINDS,
  LEFTOVERS,
  type LeftoverKind,
  type Leftovers,
  leftoverSentence,
  leftoversOf,
  staysFor,
} from "./results/leftovers.ts";
export { type MetricValue, metricNamesOf, metricOf } from "./results/metrics.ts";
export { decodePlan, encodePlan, type PlanHead, type PlanResult, type TuningPlan } from "./results/plan-format.ts";
export { recordingOf } from "./results/recording.ts";
export { encodeRecording, parseRecording, type RecordedRun, type Recording } from "./results/recording-format.ts";
export { RunView } from "./results/run-view.ts";
export type {
  ClientsSummary,
  Difference,
  ExperimentSummary,
  FloodSummary,
  Latencies,
  Lines,
  ListenerSummary,
  LogEntry,
  LogSummary,
  Measure,
  QueueSummary,
  ThresholdResult,
  TuningSummary,
} from "./results/summary-format.ts";
export { formatMean, formatMs, formatRatio, summaryTable, type TableSection } from "./results/summary-table.ts";
export { encodeSummary, parseSummary } from "./results/summary-text.ts";
export {
  decodeSweep,
  type Effect,
  encodeSweep,
  type HeatMap,
  type Level,
  type LevelEffect,
  type PointOutcome,
  type SweepAxisSummary,
  type SweepSummary,
} from "./results/sweep-format.ts";
export { type RowFormat, rowFormatOf } from "./results/sweep-rows.ts";
export { type PointValues, pointCountOf, type SweepShape, SweepTable } from "./results/sweep-table.ts";
export {
  type ExperimentOptions,
  experimentSpecs,
  type Simulated,
  type SimulateOptions,
  seedsFrom,
  simulateExperiment,
  simulateScenario,
} from "./simulate.ts";
export {
  type Sweep,
  type SweepChoices,
  type SweepOptions,
  SweepPointError,
  scenarioAt,
  simulateSweep,
  specsAt,
  sweepFingerprint,
  sweepMetrics,
  sweepOf,
  sweepSizeFault,
  sweptMetricFault,
} from "./simulate-sweep.ts";
export { COUNTER_NAMES, COUNTERS, type CounterName } from "./vocabulary/counters.ts";
export type { Experiment, Threshold, Tuning, TuningChange } from "./vocabulary/experiment.ts";
export { GATES, type GateName } from "./vocabulary/gates.ts";
export { dmesgLine, LOG_LINES, type LogLineName } from "./vocabulary/kernel-log.ts";
export { findKernel, KERNELS, type KernelName } from "./vocabulary/kernels.ts";
export { METRICS, type MetricNames, metricBetter, metricFault, resolveMetric } from "./vocabulary/metrics.ts";
export { OUTCOMES, type OutcomeName } from "./vocabulary/outcomes.ts";
export { type RunResult, resultLayout } from "./vocabulary/run-result.ts";
export type { RunSpec } from "./vocabulary/run-spec.ts";
export type { ListenerScenario, Scenario } from "./vocabulary/scenario.ts";
export { defaultFor, TUNABLES, type TunableName } from "./vocabulary/tunables.ts";
