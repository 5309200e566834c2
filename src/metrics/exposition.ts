/**
 * Exposition: groups of families → the text of a scrape, in Prometheus' text format or OpenMetrics.
 *
 * Purpose     The only door to prom-client. Nothing is counted in its metrics: each is an object of our own whose get() hands out what the
 *             groups say when they are asked, so that nothing is kept twice and nothing can be left over from a run that has ended.
 * Limits      At most `maxSeries` series: groups beyond it are left out as a whole, the last ones first, and `halfopen_series_cut` says whose.
 */
import { Registry, type RegistryContentType } from "prom-client";
import { type Family, type FamilyDef, type Group, type Labels, type Sample, seriesOf } from "./family.ts";

export const MAX_SERIES = 10_000;

const OPENMETRICS: RegistryContentType = Registry.OPENMETRICS_CONTENT_TYPE;
const TEXT: RegistryContentType = Registry.PROMETHEUS_CONTENT_TYPE;

export interface Scrape {
  readonly contentType: string;
  readonly body: string;
}

const SERIES: FamilyDef = {
  name: "halfopen_series",
  type: "gauge",
  help: "Series in this scrape, but for these three metrics.",
};
const SERIES_LIMIT: FamilyDef = {
  name: "halfopen_series_limit",
  type: "gauge",
  help: "Series that a scrape has at most.",
};
const SERIES_CUT: FamilyDef = {
  name: "halfopen_series_cut",
  type: "gauge",
  help: "Series that were left out of this scrape because of the limit, by experiment.",
};
export const SERIES_FAMILIES: readonly FamilyDef[] = [SERIES, SERIES_LIMIT, SERIES_CUT];

/** OpenMetrics only for those who ask for it: anything else, browsers included, gets the text format. */
export const wantsOpenMetrics = (accept: string | undefined): boolean =>
  (accept ?? "")
    .split(",")
    .some((part) => /^\s*application\/openmetrics-text\b/i.test(part) && !/;\s*q=0(\.0*)?\s*(;|$)/i.test(part));

/** The groups in order of weight: what stands first is cut last. */
export async function scrapeOf(
  groups: readonly Group[],
  isOpenMetrics: boolean,
  maxSeries = MAX_SERIES,
): Promise<Scrape> {
  const { kept, cut } = fitting(groups, maxSeries);
  return render([...kept, aboutSeries(kept, cut, maxSeries)], isOpenMetrics);
}

/** The groups as they are, without a limit and without a word about it. */
export async function render(groups: readonly Group[], isOpenMetrics: boolean): Promise<Scrape> {
  const registry = new Registry<RegistryContentType>();
  registry.setContentType(isOpenMetrics ? OPENMETRICS : TEXT);
  for (const metric of merged(groups, isOpenMetrics)) registry.registerMetric(metric as never);
  return { contentType: registry.contentType, body: await registry.metrics() };
}

function fitting(groups: readonly Group[], maxSeries: number): { kept: Group[]; cut: Group[] } {
  const kept: Group[] = [];
  const cut: Group[] = [];
  let series = 0;
  for (const group of groups) {
    const own = seriesOf(group);
    if (series + own > maxSeries) cut.push(group);
    else {
      series += own;
      kept.push(group);
    }
  }
  return { kept, cut };
}

const NO_LABELS: Labels = {};

function aboutSeries(kept: readonly Group[], cut: readonly Group[], maxSeries: number): Group {
  const byExperiment = new Map<string, number>();
  for (const group of cut) {
    const experiment = String(group.shared.experiment ?? "");
    byExperiment.set(experiment, (byExperiment.get(experiment) ?? 0) + seriesOf(group));
  }
  const one = (def: FamilyDef, value: number): Family => ({ ...def, samples: [{ labels: NO_LABELS, value }] });
  return {
    shared: NO_LABELS,
    families: [
      one(
        SERIES,
        kept.reduce((sum, group) => sum + seriesOf(group), 0),
      ),
      one(SERIES_LIMIT, maxSeries),
      { ...SERIES_CUT, samples: [...byExperiment].map(([experiment, value]) => ({ labels: { experiment }, value })) },
    ],
  };
}

/** What prom-client asks of a metric. */
interface AskedMetric {
  readonly name: string;
  readonly type: string;
  get(): Promise<object>;
}

/** Families of one name stand together, whichever groups they come from. */
function merged(groups: readonly Group[], isOpenMetrics: boolean): AskedMetric[] {
  const byName = new Map<string, { def: FamilyDef; parts: [Labels, readonly Sample[]][] }>();
  for (const { shared, families } of groups) {
    for (const family of families) {
      const entry = byName.get(family.name) ?? { def: family, parts: [] };
      entry.parts.push([shared, family.samples]);
      byName.set(family.name, entry);
    }
  }
  return [...byName.values()].map(({ def, parts }) => askedMetric(def, parts, isOpenMetrics));
}

function askedMetric(
  { name, type, help }: FamilyDef,
  parts: readonly [Labels, readonly Sample[]][],
  isOpenMetrics: boolean,
): AskedMetric {
  // prom-client puts OpenMetrics' `_total` at the end of counters' samples itself.
  const shown = isOpenMetrics && type === "counter" ? name.replace(/_total$/, "") : name;
  const shownType = isOpenMetrics && type === "untyped" ? "unknown" : type;
  return {
    name: shown,
    type: shownType,
    get: async () => ({
      name: shown,
      type: shownType,
      help,
      values: parts.flatMap(([sharedLabels, samples]) =>
        samples.map(({ labels, value, suffix }) => ({
          labels,
          sharedLabels,
          value,
          ...(suffix !== undefined && { metricName: `${shown}${suffix}` }),
        })),
      ),
    }),
  };
}
