/** Rows of a table of kernels as tests. */
import { test } from "vitest";
import type { KernelName } from "../../src/vocabulary/kernels.ts";

/** A test for each kernel of each group. */
export function inKernels<T>(
  rows: readonly (readonly [readonly KernelName[], T])[],
  check: (kernel: KernelName, expected: T) => void,
): void {
  for (const [kernels, expected] of rows) {
    for (const kernel of kernels) test(`in ${kernel}: ${String(expected)}`, () => check(kernel, expected));
  }
}
