/**
 * Results of plans as gauges: `halfopen_result_plan_*`, each with the key that was asked about. Values of the key are in its own unit, as files have it.
 */
import type { PlanResult, TuningPlan } from "../results/plan-format.ts";
import type { Family, FamilyDef, Group, Sample } from "./family.ts";

const gauge = (help: string): Omit<FamilyDef, "name"> => ({ type: "gauge", help });

export const PLAN_METRICS = {
  halfopen_result_plan_info: gauge(
    "1; what was asked (`goal`: min is the smallest value that is enough, max the largest that is survived), and how it ended (`status`: found; always: the end of the range holds, so that the answer may lie beyond it; never: no value is enough).",
  ),
  halfopen_result_plan_answered: gauge("1 where a value meets all thresholds, 0 where none in the range does."),
  halfopen_result_plan_value: gauge(
    "The value that was found, and its 95 % interval (`stat`: answer, low, high); an end of the interval that is beyond the range has no sample.",
  ),
  halfopen_result_plan_own_value: gauge("What the tuning has now."),
  halfopen_result_plan_headroom_ratio: gauge(
    "Of min: what the tuning has now for what it needs; of max: what it survives for what it has now. Below 1 it is too little.",
  ),
  halfopen_result_plan_queues_full_bytes: gauge(
    "Kernel memory of all queues of a host, full, with the value that was found.",
  ),
  halfopen_result_plan_values_tried: gauge("Values that were simulated."),
} as const satisfies Record<string, Omit<FamilyDef, "name">>;
export type PlanMetric = keyof typeof PLAN_METRICS;

export const PLAN_FAMILIES: readonly FamilyDef[] = Object.entries(PLAN_METRICS).map(([name, def]) => ({
  name,
  ...def,
}));

/** One for each tuning. `slotOf`: its place in the experiment, from 1. */
export function planGroups(experiment: string, result: PlanResult, slotOf: (tuning: string) => number): Group[] {
  return result.tunings.map((plan) => ({
    shared: { experiment, tuning: plan.tuning },
    families: familiesOf(result, plan, slotOf(plan.tuning)),
  }));
}

function familiesOf({ goal, key }: PlanResult, plan: TuningPlan, slot: number): Family[] {
  const { status, value, interval, own, costs, points } = plan;
  const [low, high] = interval;
  const values = { answer: value, ...(value !== null && { low, high }) };
  const single = (name: PlanMetric, number: number | null): Family => ({
    ...{ name, ...PLAN_METRICS[name] },
    samples: number === null ? [] : [{ labels: { key }, value: number }],
  });
  const found: Sample[] = Object.entries(values).flatMap(([stat, number]) =>
    number === null ? [] : [{ labels: { key, stat }, value: number }],
  );
  const all: Family[] = [
    {
      ...{ name: "halfopen_result_plan_info", ...PLAN_METRICS.halfopen_result_plan_info },
      samples: [{ labels: { key, goal, status, slot }, value: 1 }],
    },
    single("halfopen_result_plan_answered", value === null ? 0 : 1),
    { ...{ name: "halfopen_result_plan_value", ...PLAN_METRICS.halfopen_result_plan_value }, samples: found },
    single("halfopen_result_plan_own_value", own),
    single("halfopen_result_plan_headroom_ratio", headroomOf(goal, plan)),
    single(
      "halfopen_result_plan_queues_full_bytes",
      costs.find((cost) => cost.value === value)?.queues_full_bytes ?? null,
    ),
    single("halfopen_result_plan_values_tried", points.length),
  ];
  return all.filter(({ samples }) => samples.length > 0);
}

/** null: there is no answer, or nothing to compare it with. */
function headroomOf(goal: PlanResult["goal"], { value, own }: TuningPlan): number | null {
  if (value === null || own === null) return null;
  const [has, needs] = goal === "min" ? [own, value] : [value, own];
  return needs > 0 ? has / needs : null;
}
