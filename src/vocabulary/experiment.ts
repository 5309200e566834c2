/**
 * Experiment: a scenario, some tunings of it, and the seeds of their runs.
 *
 * Invariants  At least one tuning; the first is the baseline. Names differ. Each tuning's scenario was checked as a whole.
 * Used by     config makes it; simulate.ts runs it.
 */
import type { KernelName } from "./kernels.ts";
import type { Scenario } from "./scenario.ts";

export interface Experiment {
  readonly name: string;
  /** Of the experiment, else of its scenario. */
  readonly description: string;
  readonly tunings: readonly Tuning[];
  /** uint32, at least one. */
  readonly seeds: readonly number[];
  readonly thresholds: readonly Threshold[];
}

export interface Tuning {
  readonly name: string;
  /** What it lays over the scenario, in the order of the file, as key paths that reach single values. */
  readonly changes: readonly TuningChange[];
  /** With all changes. */
  readonly scenario: Scenario;
}

export interface TuningChange {
  /** As a user writes it: server.sysctls.net.core.somaxconn. */
  readonly path: string;
  readonly value: unknown;
}

/** What to say of a tuning that an experiment does not have. */
export const unknownTuning = (found: string, { tunings }: Pick<Experiment, "tunings">): string =>
  `found tuning "${found}", allowed is one of ${tunings.map(({ name }) => name).join(", ")}`;

export const COMPARISONS = ["<", "<=", ">", ">=", "==", "!="] as const;

/** Name of a tuning that runs with `kernel` on the server. Written tunings have no @ in their names. */
export const onKernel = (tuning: string, kernel: KernelName): string => `${tuning}@${kernel}`;

/** `legit.connect_latency_ms.p99 < 100`: must hold in every tuning. */
export interface Threshold {
  /** As written. */
  readonly text: string;
  /** Resolved against a summary by results/metrics.ts. */
  readonly metric: string;
  readonly comparison: (typeof COMPARISONS)[number];
  readonly limit: number;
}
