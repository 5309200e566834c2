/** What jobs found, of whichever kind, as groups of gauges; and all families that these may have. */
import type { PlanResult } from "../results/plan-format.ts";
import type { SweepSummary } from "../results/sweep-format.ts";
import { METRICS } from "../vocabulary/metrics.ts";
import type { FamilyDef, Group } from "./family.ts";
import { PLAN_FAMILIES, planGroups } from "./plan-families.ts";
import { infoGroup, RESULT_INFO, RESULT_TUNING, type ResultKind, resultFamily, tuningInfo } from "./result-families.ts";
import { SWEEP_FAMILIES, sweepGroups } from "./sweep-families.ts";

/** Whose results they are. */
export interface FoundBy {
  /** As labels name it. */
  readonly experiment: string;
  /** Names of all tunings of the experiment. */
  readonly tunings: readonly string[];
  readonly completedMs: number;
}

export function foundBySweep({ experiment, tunings, completedMs }: FoundBy, summary: SweepSummary): Group[] {
  const kind = { kind: "sweep" } as const;
  const swept = summary.axes.find(({ path }) => path === "tuning")?.levels.map(({ label }) => label);
  const shown = swept ?? [summary.extremes[0]?.highest.tuning ?? tunings[0] ?? ""];
  return [
    infoGroup(experiment, kind, [completedMs / 1000, summary.duration_s, summary.seeds.length]),
    ...tuningGroups(experiment, kind, tunings, shown),
    ...sweepGroups(experiment, summary),
  ];
}

export function foundByPlan({ experiment, tunings, completedMs }: FoundBy, result: PlanResult): Group[] {
  const kind = { kind: "plan", key: result.key } as const;
  const shown = result.tunings.map(({ tuning }) => tuning);
  return [
    infoGroup(experiment, kind, [completedMs / 1000, result.duration_s, result.seeds.length]),
    ...tuningGroups(experiment, kind, tunings, shown),
    ...planGroups(experiment, result, (tuning) => tunings.indexOf(tuning) + 1),
  ];
}

const tuningGroups = (
  experiment: string,
  kind: ResultKind,
  all: readonly string[],
  shown: readonly string[],
): Group[] =>
  shown.map((tuning) => ({
    shared: { experiment, tuning },
    families: [tuningInfo(kind, all.indexOf(tuning) + 1)],
  }));

/** Of jobs that run an experiment: one for each row of METRICS. */
export const runResultFamilies = (): FamilyDef[] => [
  ...new Map(METRICS.map((def) => [resultFamily(def).name, resultFamily(def)])).values(),
];

export const resultFamilies = (): FamilyDef[] => [
  ...RESULT_INFO,
  RESULT_TUNING,
  ...runResultFamilies(),
  ...SWEEP_FAMILIES,
  ...PLAN_FAMILIES,
];
