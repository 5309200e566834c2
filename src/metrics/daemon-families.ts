/** What the daemon has to say of itself → families. */
import type { Family, Group, Sample } from "./family.ts";
import { DAEMON_METRICS, family, type MetricName, PACED_METRICS, single } from "./table.ts";

/** Words of a label and their numbers. */
export type ByWord = Readonly<Record<string, number>>;

/** What a metric with a label holds, by its words. */
const LABELS = {
  halfopen_build_info: "version",
  halfopen_jobs: "state",
  halfopen_jobs_ended_total: "state",
  halfopen_submissions_total: "result",
  halfopen_http_requests_total: "status",
  halfopen_event_loop_lag_seconds: "stat",
} as const satisfies Partial<Record<keyof typeof DAEMON_METRICS, string>>;

type Labelled = keyof typeof LABELS;

/** One number for each of the daemon's metrics, or one for each word of its label. */
export type DaemonNumbers = { readonly [K in keyof typeof DAEMON_METRICS]: K extends Labelled ? ByWord : number };

export function daemonGroup(numbers: DaemonNumbers): Group {
  const families = (Object.keys(DAEMON_METRICS) as (keyof typeof DAEMON_METRICS)[]).map((name): Family => {
    const value: number | ByWord = numbers[name];
    return typeof value === "number" ? single(name, value) : family(name, samplesOf(LABELS[name as Labelled], value));
  });
  return { shared: {}, families };
}

const samplesOf = (label: string, words: ByWord): Sample[] =>
  Object.entries(words).map(([word, value]) => ({ labels: { [label]: word }, value }));

export type PacedNumbers = { readonly [K in keyof typeof PACED_METRICS]: number };

export const pacedGroup = (experiment: string, numbers: PacedNumbers): Group => ({
  shared: { experiment },
  families: (Object.keys(PACED_METRICS) as (keyof PacedNumbers & MetricName)[]).map((name) =>
    single(name, numbers[name as keyof PacedNumbers]),
  ),
});
