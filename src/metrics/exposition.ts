/**
 * Exposition: groups of families → the text of a scrape, in Prometheus' text format or OpenMetrics.
 *
 * Purpose     The only door to prom-client. Nothing is counted in its metrics: each is an object of our own whose get() hands out the series of
 *             the groups, so that nothing is kept twice and nothing can be left over from a run that has ended.
 * Cost        Names and escaped labels are nine tenths of a scrape, in bytes and in work, and stay from one to the next. prom-client writes those of a family
 *             when it is first seen; afterwards a scrape puts values behind them. A list of samples that is gone takes its texts with it.
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
  const { kept, cut, series } = fitting(groups, maxSeries);
  return render([...kept, aboutSeries(series, cut, maxSeries)], isOpenMetrics);
}

/** The groups as they are, without a limit and without a word about it. */
export async function render(groups: readonly Group[], isOpenMetrics: boolean): Promise<Scrape> {
  const format = formatOf(isOpenMetrics);
  const families = [...merged(groups)];
  for (const one of families) {
    const unwritten = one.parts.filter(({ heads }) => heads[format] === null);
    if (unwritten.length > 0) await writeHeads(one.def, unwritten, isOpenMetrics);
  }
  // From here on without a pause, so that all values are of one moment.
  const texts = families.map((one) => familyText(one, isOpenMetrics));
  return isOpenMetrics
    ? { contentType: OPENMETRICS, body: `${texts.join("\n")}\n# EOF\n` }
    : { contentType: TEXT, body: `${texts.join("\n\n")}\n` };
}

function fitting(groups: readonly Group[], maxSeries: number): { kept: Group[]; cut: Group[]; series: number } {
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
  return { kept, cut, series };
}

const NO_LABELS: Labels = {};

function aboutSeries(series: number, cut: readonly Group[], maxSeries: number): Group {
  const byExperiment = new Map<string, number>();
  for (const group of cut) {
    const experiment = String(group.shared.experiment ?? "");
    byExperiment.set(experiment, (byExperiment.get(experiment) ?? 0) + seriesOf(group));
  }
  const one = (def: FamilyDef, value: number): Family => ({ ...def, samples: [{ labels: NO_LABELS, value }] });
  return {
    shared: NO_LABELS,
    families: [
      one(SERIES, series),
      one(SERIES_LIMIT, maxSeries),
      { ...SERIES_CUT, samples: [...byExperiment].map(([experiment, value]) => ({ labels: { experiment }, value })) },
    ],
  };
}

/** Families of one name stand together, whichever groups they come from. */
interface MergedFamily {
  readonly def: FamilyDef;
  readonly parts: readonly Part[];
}
interface Part {
  readonly shared: Labels;
  readonly samples: readonly Sample[];
  readonly heads: Heads;
}

function merged(groups: readonly Group[]): Iterable<MergedFamily> {
  const byName = new Map<string, { readonly def: FamilyDef; readonly parts: Part[] }>();
  for (const { shared, families } of groups) {
    for (const family of families) {
      const entry = byName.get(family.name) ?? { def: family, parts: [] };
      byName.set(family.name, entry);
      entry.parts.push({ shared, samples: family.samples, heads: headsOf(shared, family.samples) });
    }
  }
  return byName.values();
}

/** What stands before the value of each series, a new line and `name{labels} `, as prom-client wrote it; null: not in this format yet. */
interface Heads {
  readonly shared: Labels;
  text: readonly string[] | null;
  openMetrics: readonly string[] | null;
}
const written = new WeakMap<readonly Sample[], Heads>();
/** The two lines before the series of a family, by its name and format. */
const titles = new Map<string, string>();

function headsOf(shared: Labels, samples: readonly Sample[]): Heads {
  const known = written.get(samples);
  if (known?.shared === shared) return known;
  const fresh = { shared, text: null, openMetrics: null };
  written.set(samples, fresh);
  return fresh;
}

const formatOf = (isOpenMetrics: boolean) => (isOpenMetrics ? "openMetrics" : "text");
const titleKey = (name: string, isOpenMetrics: boolean): string => `${formatOf(isOpenMetrics)} ${name}`;

/** Lets prom-client write what is not written yet: titles, and the series of families that are seen for the first time. */
async function writeHeads(def: FamilyDef, unwritten: readonly Part[], isOpenMetrics: boolean): Promise<void> {
  const format = formatOf(isOpenMetrics);
  const registry = new Registry<RegistryContentType>();
  registry.setContentType(isOpenMetrics ? OPENMETRICS : TEXT);
  const metric = askedMetric(def, unwritten, isOpenMetrics);
  registry.registerMetric(metric as never);
  const [help, type, ...lines] = (await registry.getSingleMetricAsString(metric.name)).split("\n");
  titles.set(titleKey(def.name, isOpenMetrics), `${help}\n${type}`);
  const fresh = lines.map((line) => `\n${line.slice(0, -PLACEHOLDER.length)}`);
  for (const { heads, samples } of unwritten) heads[format] = fresh.splice(0, samples.length);
}

const PLACEHOLDER = "0";

/** What prom-client asks of a metric. The values are put in later. */
function askedMetric({ name, type, help }: FamilyDef, parts: readonly Part[], isOpenMetrics: boolean) {
  // prom-client puts OpenMetrics' `_total` at the end of counters' samples itself.
  const shown = isOpenMetrics && type === "counter" ? name.replace(/_total$/, "") : name;
  const shownType = isOpenMetrics && type === "untyped" ? "unknown" : type;
  const values = parts.flatMap(({ shared, samples }) =>
    samples.map(({ labels, suffix }) => ({
      ...{ labels, sharedLabels: shared, value: Number(PLACEHOLDER) },
      ...(suffix !== undefined && { metricName: `${shown}${suffix}` }),
    })),
  );
  return { name: shown, type: shownType, get: async () => ({ name: shown, type: shownType, help, values }) };
}

function familyText({ def, parts }: MergedFamily, isOpenMetrics: boolean): string {
  const format = formatOf(isOpenMetrics);
  let text = titles.get(titleKey(def.name, isOpenMetrics)) ?? "";
  for (const { samples, heads } of parts) {
    const before = heads[format] ?? [];
    for (let i = 0; i < samples.length; i++) text += before[i] + valueText(samples[i]?.value ?? Number.NaN);
  }
  return text;
}

function valueText(value: number): string {
  if (Number.isFinite(value)) return `${value}`;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
