/** Memory: what runs take, against what the process may use. Imports the engine, so it is for threads only after its flags are set (engine-flags.ts). */
import { formatBytes } from "../base/units.ts";
import { expectedBytes, limitFault } from "../engine/run.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";

/** What the process and each thread take before any run, bytes: measured with Node 20, rounded up. */
const PROCESS_BYTES = 100 * 2 ** 20;
const THREAD_BYTES = 50 * 2 ** 20;

/** A run that cannot fit; the message is for users. */
export class MemoryError extends Error {
  override readonly name = "MemoryError";
}

/** Why `workers` such runs at a time cannot be done; null: they can, as far as the spec says. */
export function memoryFault(spec: RunSpec, workers: number, memory: number): string | null {
  const limit = limitFault(spec);
  if (limit !== null) return limit;
  const needed = memoryNeeded(spec, workers);
  if (needed <= memory) return null;
  const threadsText = workers === 1 ? "one thread" : `${workers} threads`;
  const fitting = Math.floor((memory - PROCESS_BYTES) / (THREAD_BYTES + expectedBytes(spec)));
  const way = workers > 1 && fitting >= 1 ? `; --workers ${fitting} would fit` : "";
  return `it would take ${formatBytes(needed)} of memory with ${threadsText}, the process may use ${formatBytes(memory)}${way}`;
}

/** Bytes of the whole process with `workers` such runs at a time. */
export const memoryNeeded = (spec: RunSpec, workers: number): number =>
  PROCESS_BYTES + workers * (THREAD_BYTES + expectedBytes(spec));
