/** Numbers as the page writes them. Without locale: the same summary gives the same bytes everywhere. */
import { formatBytes, formatCount } from "../base/units.ts";
import type { Measure } from "../results/summary-format.ts";
import type { MetricDef } from "../vocabulary/metrics.ts";

export type NumberFormat = (value: number) => string;

/** What stands where nothing was measured. */
export const NOTHING = "–";

/** 0.024, 12.34, 1235: decimals only where they say something. */
export function countText(value: number): string {
  const size = Math.abs(value);
  if (size < 1) return String(Number(value.toPrecision(2)));
  return formatCount(Number(value.toFixed(size < 100 ? 2 : size < 1000 ? 1 : 0)));
}

/** 0..1 → "99.87 %". All and nothing are said only when they are exact. */
export function percentText(ratio: number): string {
  const rounded = (ratio * 100).toFixed(2);
  if (rounded === "100.00" && ratio < 1) return "> 99.99 %";
  if (rounded === "0.00" && ratio > 0) return "< 0.01 %";
  return `${Number(rounded)} %`;
}

/** "0.35 ms", "12.3 ms", "1.04 s". */
export function millisecondsText(ms: number): string {
  if (Math.abs(ms) >= 1000) return `${Number((ms / 1000).toFixed(2))} s`;
  return `${Number(ms.toFixed(Math.abs(ms) < 10 ? 2 : 1))} ms`;
}

export const secondsText = (seconds: number): string =>
  seconds !== 0 && Math.abs(seconds) < 1 ? millisecondsText(seconds * 1000) : `${Number(seconds.toFixed(2))} s`;

export const bytesText = (bytes: number): string => formatBytes(Math.round(bytes));

const pointsText = (ratio: number): string => `${Number((ratio * 100).toFixed(2))} pp`;

export interface MetricFormats {
  readonly value: NumberFormat;
  readonly difference: NumberFormat;
}

/** How a metric's values, and the differences between them, are written. */
export function metricFormats({ unit, name }: Pick<MetricDef, "unit" | "name">): MetricFormats {
  const same = (format: NumberFormat): MetricFormats => ({ value: format, difference: format });
  switch (unit) {
    case "ratio":
      // SYN-ACKs for each SYN: the one ratio that is no share.
      return name === "amplification_ratio" ? same(countText) : { value: percentText, difference: pointsText };
    case "ms":
      return same(millisecondsText);
    case "s":
      return same(secondsText);
    case "bytes":
      return { value: bytesText, difference: signedBytesText };
    default:
      return same(countText);
  }
}

const signedBytesText = (bytes: number): string => (bytes < 0 ? `-${bytesText(-bytes)}` : bytesText(bytes));

/** With its sign, so that a reader sees a difference: "+1.2 s", "−3". */
export function signedText(value: number, format: NumberFormat): string {
  const text = format(value);
  return value > 0 ? `+${text}` : text.replace(/^-/, "−");
}

/** "12 to 15" over the seeds; null where all seeds gave the same. */
export function rangeText(measure: Measure, format: NumberFormat): string | null {
  const [least, most] = [format(measure.least), format(measure.most)];
  return least === most ? null : `${least} to ${most}`;
}

/** [1, 2, 3] → "1 to 3"; what does not follow on each other is listed. */
export function seedsText(seeds: readonly number[]): string {
  const first = seeds[0] ?? 0;
  const isRow = seeds.length > 2 && seeds.every((seed, index) => seed === first + index);
  return isRow ? `${first} to ${first + seeds.length - 1}` : seeds.join(", ");
}
