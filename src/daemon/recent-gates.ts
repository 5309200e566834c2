/** Recent gates: which gate bound a run's clients over the last minute of simulated time. */
import type { RunView } from "../results/run-view.ts";
import { GATE_NAMES, type GateName } from "../vocabulary/gates.ts";
import { WorkloadKind } from "../vocabulary/run-spec.ts";

const WINDOW_NS = 60e9;
/** Looks that are kept; at less than one a second of simulated time there are fewer. */
const MOST_LOOKS = 61;

interface Look {
  readonly atNs: number;
  readonly failed: readonly number[];
  readonly waitNs: readonly number[];
}

export class RecentGates {
  #looks: Look[] = [];

  note(atNs: number, view: RunView): void {
    const byGate = (family: "failed" | "waitNs"): number[] => {
      const sums = GATE_NAMES.map(() => 0);
      view.spec.workloads.forEach(({ kind }, workload) => {
        if (kind !== WorkloadKind.Connections) return;
        const values = view.gates(workload, family);
        GATE_NAMES.forEach((gate, index) => {
          sums[index] = (sums[index] ?? 0) + (values[gate] ?? 0);
        });
      });
      return sums;
    };
    this.#looks.push({ atNs, failed: byGate("failed"), waitNs: byGate("waitNs") });
    // One look at or before the window's begin is needed, to subtract.
    while (this.#looks.length > MOST_LOOKS || (this.#looks[1]?.atNs ?? atNs) <= atNs - WINDOW_NS) this.#looks.shift();
  }

  /** Where most attempts failed; where none did, what cost most waiting; `none` if nothing did. */
  get binding(): GateName {
    const first = this.#looks[0];
    const last = this.#looks.at(-1);
    if (first === undefined || last === undefined) return "none";
    const before = first === last ? null : first;
    return largest(last.failed, before?.failed) ?? largest(last.waitNs, before?.waitNs) ?? "none";
  }
}

function largest(now: readonly number[], before: readonly number[] = []): GateName | null {
  let most = 0;
  let found: GateName | null = null;
  GATE_NAMES.forEach((gate, index) => {
    const grown = (now[index] ?? 0) - (before[index] ?? 0);
    if (gate === "none" || grown <= most) return;
    most = grown;
    found = gate;
  });
  return found;
}
