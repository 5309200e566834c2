/** The tunings of an experiment on several kernels: each on each further kernel against the same on the first. */
import { onKernel } from "../vocabulary/experiment.ts";
import type { KernelName } from "../vocabulary/kernels.ts";
import { differencesBetween } from "./differences.ts";
import type { Difference, ExperimentSummary } from "./summary-format.ts";

export interface KernelDifferences {
  readonly from: KernelName;
  readonly to: KernelName;
  /** `tuning` is its name without the kernel. */
  readonly differences: readonly Difference[];
}

/** `summary`: of an experiment whose tunings are `tuning@kernel` (parseExperiment), for each of `tunings` and `kernels`. */
export function compareKernels(
  { tunings: results, seeds }: ExperimentSummary,
  tunings: readonly string[],
  [from, ...others]: readonly [KernelName, ...KernelName[]],
): KernelDifferences[] {
  const resultOf = (tuning: string, kernel: KernelName) =>
    results.find(({ name }) => name === onKernel(tuning, kernel));
  return others.map((to) => ({
    from,
    to,
    differences: tunings.flatMap((tuning) => {
      const before = resultOf(tuning, from);
      const after = resultOf(tuning, to);
      if (before === undefined || after === undefined) return [];
      const found = differencesBetween({ tuning: before, seeds }, { tuning: after, seeds });
      return found.map((difference) => ({ ...difference, tuning }));
    }),
  }));
}
