/**
 * Families: metrics as plain data, before they are text. What all of them have in common.
 *
 * Names       `halfopen_*` in base units; `_total` ends every counter, and only those.
 * Labels      Only closed sets (workload, gate, outcome, queue, state ...), besides `experiment` and `tuning`, which files name. Never a seed or
 *             the number of a run.
 */
export const METRIC_TYPES = ["counter", "gauge", "histogram", "untyped"] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

export type Labels = Readonly<Record<string, string | number>>;

export interface Sample {
  readonly labels: Labels;
  /** Of a run that goes on it is brought up to date in place, so that series are made once and not at each scrape. */
  value: number;
  /** Of histograms: which of their series it is. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
}

/** A metric's row, without its values. */
export interface FamilyDef {
  /** Of a counter with `_total`. */
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
}

export interface Family extends FamilyDef {
  /** The same array from scrape to scrape, where the series are the same: the text of their labels is then made once (exposition.ts). */
  readonly samples: readonly Sample[];
}

/** All that one subject has to say, with the labels that all of its samples share: kept or cut as a whole. */
export interface Group {
  readonly shared: Labels;
  readonly families: readonly Family[];
}

export const seriesOf = ({ families }: Group): number => families.reduce((sum, { samples }) => sum + samples.length, 0);
