/**
 * Figure: a chart of the page as data, before it is drawn.
 *
 * Purpose     The builder writes frame, legend and caption of each; the page's script draws the same figures from the summary in the page. So what a chart
 *             shows is decided here, by pure functions, and tested without a browser.
 * Units       x in seconds (the comb: steps, counted); y in `unit`.
 */
import type { ExperimentSummary } from "../results/summary-format.ts";
import { type LineStyle, tuningStyle } from "./colours.ts";

export interface Line extends LineStyle {
  readonly label: string;
  /** Toggles of legends; the line is drawn while all of them are on. */
  readonly toggles: readonly string[];
  readonly x: readonly number[];
  /** null: a gap. */
  readonly y: readonly (number | null)[];
  /** y[k] holds from x[k] to x[k + 1]. */
  readonly stepped: boolean;
  /** A limit does not stretch the chart to where nothing was measured, and has no place under the cursor. */
  readonly isLimit: boolean;
}

export interface Panel {
  /** Of small multiples: whose this one is. */
  readonly tuning: { readonly name: string; readonly index: number } | null;
  /** None: nothing to draw, which the page says in words. */
  readonly lines: readonly Line[];
}

export interface LegendItem extends LineStyle {
  readonly toggle: string;
  readonly label: string;
}

export interface Figure {
  /** Also the anchor. */
  readonly id: string;
  readonly title: string;
  /** What it shows and what to look for. */
  readonly caption: string;
  readonly unit: string;
  /** comb: groups of bars at 0, 1, 2 ..., named by `steps`. */
  readonly kind: "time" | "comb";
  readonly steps: readonly string[];
  readonly endS: number;
  /** Whether it begins with a logarithmic scale (linear near 0). */
  readonly logarithmic: boolean;
  /** What an empty panel says. */
  readonly whenEmpty: string;
  readonly panels: readonly Panel[];
  readonly legend: readonly LegendItem[];
}

export const tuningToggle = (index: number): string => `tuning-${index}`;

/** The legend of charts that have all tunings in one panel. `note`: what else to say of each. */
export const tuningLegend = (
  summary: ExperimentSummary,
  note: (index: number) => string | null = () => null,
): LegendItem[] =>
  summary.tunings.map(({ name }, index) => {
    const more = note(index);
    const label = more === null ? name : `${name} (${more})`;
    return { toggle: tuningToggle(index), label, ...tuningStyle(index) };
  });

/** Names in the order in which they first appear. */
export const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** More than a chart of 300 px shows. */
const MOST_BINS = 240;
const MOST_FINE_BINS = 60;

/**
 * Differences of a count since t = 0, as a rate per second: bins of whole samples, of about a second where that gives 60 to 240 of them. Steps: the last value
 * stands twice, at the end of its bin.
 */
export function ratePerS(
  atS: readonly number[],
  cumulative: readonly number[],
  endS: number,
): Pick<Line, "x" | "y" | "stepped"> {
  const width = Math.max(endS / MOST_BINS, Math.min(1, endS / MOST_FINE_BINS));
  const x: number[] = [0];
  const counts: number[] = [0];
  atS.forEach((at, index) => {
    const isLast = index === atS.length - 1;
    const since = at - (x[x.length - 1] ?? 0);
    // A thousandth for sums of binary fractions: 0.1 + 0.2 is not 0.3.
    if (since < width * 0.999 && !isLast) return;
    // A short rest at the end would make a rate of next to nothing: it joins the bin before.
    if (isLast && since < width / 2 && x.length > 1) {
      x.pop();
      counts.pop();
    }
    x.push(at);
    counts.push(cumulative[index] ?? 0);
  });
  const rates = x.slice(1).map((to, bin) => ((counts[bin + 1] ?? 0) - (counts[bin] ?? 0)) / (to - (x[bin] ?? 0)));
  return { x, y: [...rates, rates[rates.length - 1] ?? 0], stepped: true };
}
