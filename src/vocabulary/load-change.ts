/**
 * Load changes: what may be changed while a run goes on. Plain data with their times: seed and log replay a run to the byte.
 *
 * Units   ns since the start of the run.
 */
export const ChangeKind = {
  /** Arrivals per second of a workload; 0: nobody comes until it is changed again. */
  WorkloadRate: 0,
  /** accept() calls per second of a listener's application. */
  AcceptRate: 1,
  /** A listener's application does nothing for so many ns from now on. */
  AppPause: 2,
} as const;

export interface LoadChange {
  readonly atNs: number;
  readonly kind: (typeof ChangeKind)[keyof typeof ChangeKind];
  /** Number of the workload or of the listener, in the spec's order. */
  readonly subject: number;
  readonly value: number;
}
