/**
 * Results of jobs as gauges: `halfopen_result_*`, one family for each row of METRICS.
 *
 * Why gauges  A finished run's numbers jump when the next one ends; a counter's rate() over such a jump would be invented.
 * Names       `clients.connect_latency_ms.<quantile>` → halfopen_result_connect_latency_seconds{workload, stat}: base units, words of closed
 *             sets as labels.
 */
import { metricNamesOf, metricOf } from "../results/metrics.ts";
import type { ExperimentSummary, TuningSummary } from "../results/summary-format.ts";
import { METRIC_WORDS, METRICS, type MetricDef } from "../vocabulary/metrics.ts";
import type { Family, FamilyDef, Group, Labels, Sample } from "./family.ts";

const PREFIX = "halfopen_result";

/** Placeholder → label. */
const WORD_LABELS: Readonly<Record<string, string>> = {
  "<outcome>": "outcome",
  "<gate>": "gate",
  "<wait>": "gate",
  "<quantile>": "stat",
  "<counter>": "counter",
  "<unseen>": "event",
};

/** Metrics whose name is the word alone → what they are called. */
const BARE_WORDS: Readonly<Record<string, string>> = { "<counter>": "netstat", "<unseen>": "unseen" };

/** What stands between the prefix and the metric's own words, so that names of different subjects differ. */
const SUBJECT_WORDS: Readonly<Record<MetricDef["subject"], string>> = {
  clients: "",
  flood: "flood_",
  listener: "",
  server: "",
  client: "",
  tuning: "all_",
};

const placeholderOf = ({ name }: MetricDef): string | undefined => /<\w+>/.exec(name)?.[0];

/** Milliseconds are shown as seconds. */
const scaleOf = ({ unit }: MetricDef): number => (unit === "ms" ? 1e-3 : 1);

export function resultFamily(def: MetricDef): FamilyDef {
  const words = def.name
    .replace(/\.?<\w+>/, "")
    .replace(/_ms$/, "_seconds")
    .replace(/(^|_)s$/, "$1seconds")
    .replaceAll(".", "_");
  const stem = BARE_WORDS[def.name] ?? `${SUBJECT_WORDS[def.subject]}${words}`;
  const unit = def.unit === "ms" ? "s" : def.unit;
  return {
    name: `${PREFIX}_${stem}`,
    type: "gauge",
    help: `${def.meaning} Of the last finished job, mean of its seeds (${unit}).`,
  };
}

/** Of each tuning. */
export const RESULT_TUNING: FamilyDef = {
  name: `${PREFIX}_info`,
  type: "gauge",
  help: "1; what the job was (`kind`: experiment, sweep, plan; of a plan its `key` too), and the tuning's place in its experiment (`slot`, from 1), which decides its colour.",
};

export const RESULT_INFO: readonly FamilyDef[] = [
  {
    name: `${PREFIX}_completion_time_seconds`,
    type: "gauge",
    help: "When the job ended whose results these are, in Unix time; by what the job was (`kind`; of a plan its `key` too).",
  },
  { name: `${PREFIX}_duration_seconds`, type: "gauge", help: "Simulated time of each of its runs." },
  { name: `${PREFIX}_seeds`, type: "gauge", help: "Runs of each tuning, point or value." },
  {
    name: `${PREFIX}_thresholds_failed`,
    type: "gauge",
    help: "Thresholds of the experiment that do not hold, over all tunings; of jobs that run it.",
  },
];

/** What results are of: `kind`, and of a plan its `key`. */
export interface ResultKind {
  readonly kind: "experiment" | "sweep" | "plan";
  readonly key?: string;
}

/** In the order of RESULT_INFO; those that are missing have no sample. */
export function infoGroup(experiment: string, of: ResultKind, values: readonly number[]): Group {
  const families = RESULT_INFO.slice(0, values.length).map((def, index) => ({
    ...def,
    samples: [{ labels: { ...of }, value: values[index] ?? 0 }],
  }));
  return { shared: { experiment }, families };
}

/** `slot`: from 1. */
export const tuningInfo = (of: ResultKind, slot: number): Family => ({
  ...RESULT_TUNING,
  samples: [{ labels: { ...of, slot }, value: 1 }],
});

/** One group for the experiment, then one for each tuning. `experiment`: as labels name it. */
export function resultGroups(experiment: string, summary: ExperimentSummary, completedMs: number): Group[] {
  const values = [
    completedMs / 1000,
    summary.duration_s,
    summary.seeds.length,
    summary.thresholds.filter(({ holds }) => !holds).length,
  ];
  const kind = { kind: "experiment" } as const;
  return [
    infoGroup(experiment, kind, values),
    ...summary.tunings.map((tuning, index) => ({
      shared: { experiment, tuning: tuning.name },
      families: [tuningInfo(kind, index + 1), ...tuningFamilies(tuning)],
    })),
  ];
}

function tuningFamilies(tuning: TuningSummary): Family[] {
  const families = new Map<string, FamilyDef & { readonly samples: Sample[] }>();
  for (const def of METRICS) {
    const family = resultFamily(def);
    const entry = families.get(family.name) ?? { ...family, samples: [] };
    families.set(family.name, entry);
    for (const { prefix, labels } of subjectsOf(def, tuning))
      entry.samples.push(...samplesOf(def, tuning, prefix, labels));
  }
  return [...families.values()].filter(({ samples }) => samples.length > 0);
}

function subjectsOf(
  { subject }: MetricDef,
  tuning: TuningSummary,
): { readonly prefix: string; readonly labels: Labels }[] {
  const names = metricNamesOf(tuning);
  switch (subject) {
    case "clients":
      return names.clients.map((workload) => ({ prefix: `${workload}.`, labels: { workload } }));
    case "flood":
      return names.floods.map((workload) => ({ prefix: `${workload}.`, labels: { workload } }));
    case "listener":
      return [...new Set(names.ports)].map((port) => ({ prefix: `listeners.${port}.`, labels: { port } }));
    case "server":
    case "client":
      return [{ prefix: `${subject}.`, labels: { host: subject } }];
    case "tuning":
      return [{ prefix: "", labels: {} }];
  }
}

/** What was not measured has no sample; gates, outcomes and counters that never moved have none either. */
function samplesOf(def: MetricDef, tuning: TuningSummary, prefix: string, labels: Labels): Sample[] {
  const placeholder = placeholderOf(def);
  const words = placeholder === undefined ? [""] : (METRIC_WORDS[placeholder] ?? []);
  return words.flatMap((word): Sample[] => {
    const metric = `${prefix}${placeholder === undefined ? def.name : def.name.replace(placeholder, word)}`;
    const found = metricOf(tuning, metric);
    if (found === null || (word !== "" && placeholder !== "<quantile>" && found.value === 0)) return [];
    const own = placeholder === undefined ? {} : { [WORD_LABELS[placeholder] ?? "word"]: word };
    return [{ labels: { ...labels, ...own }, value: found.value * scaleOf(def) }];
  });
}
