/** Found: what came of a job, of whichever kind, and its text, which is what the command line prints with --json. */
import {
  decodePlan,
  decodeSweep,
  type ExperimentSummary,
  encodePlan,
  encodeSummary,
  encodeSweep,
  type PlanResult,
  parseSummary,
  type SweepSummary,
} from "../index.ts";
import type { JobKind } from "./job-record.ts";

export type Found =
  | { readonly kind: "experiment"; readonly summary: ExperimentSummary }
  | { readonly kind: "sweep"; readonly summary: SweepSummary }
  | { readonly kind: "plan"; readonly result: PlanResult };

export function encodeFound(found: Found): string {
  switch (found.kind) {
    case "experiment":
      return encodeSummary(found.summary);
    case "sweep":
      return encodeSweep(found.summary);
    case "plan":
      return encodePlan(found.result);
  }
}

/** Of what encodeFound() wrote; throws where another version of the program did. */
export function decodeFound(kind: JobKind, text: string): Found {
  if (kind === "sweep") return { kind, summary: decodeSweep(text) };
  if (kind === "plan") return { kind, result: decodePlan(text) };
  const parsed = parseSummary(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return { kind, summary: parsed.value };
}

/** Whether all thresholds hold; of a plan, whether each tuning has an answer. null: nothing had to. */
export function holdsOf(found: Found): boolean | null {
  switch (found.kind) {
    case "experiment": {
      const { thresholds } = found.summary;
      return thresholds.length === 0 ? null : thresholds.every(({ holds }) => holds);
    }
    case "sweep":
      return null;
    case "plan":
      return found.result.tunings.every(({ status }) => status !== "never");
  }
}
