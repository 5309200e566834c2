/**
 * Axis values: `128,512,4096`, `1e3..1e6:log10`, `on` → what an axis of a sweep tries.
 *
 * Form    ITEM,ITEM,... An item is a value as YAML has it, or a range of numbers:
 *           FROM..TO:N      N values at equal steps, both ends included
 *           FROM..TO:logN   N values at equal ratios, both ends included
 *           FROM..TO, FROM..TO:log   any value between, where points are drawn (lhs:N)
 *         In YAML also a list of such items.
 * Rules   A key that takes whole numbers only gets whole ones: what lies between the ends is rounded, and equal values count once.
 */
import { exp, ln } from "../base/prng.ts";
import { formatCount } from "../base/units.ts";
import type { AxisRange, AxisValue } from "../vocabulary/sweep.ts";
import { describe } from "./fields.ts";
import type { PathIssue } from "./zod-issues.ts";

export const MAX_AXIS_VALUES = 10_000;

interface RangeItem {
  readonly from: number;
  readonly to: number;
  readonly isLogarithmic: boolean;
  /** null: any value between. */
  readonly count: number | null;
}

export type AxisItem = { readonly value: AxisValue } | RangeItem;
export type AxisFault = Pick<PathIssue, "code" | "message" | "hint">;

const isRange = (item: AxisItem): item is RangeItem => "from" in item;
const NUMBER = "[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?";
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})(?::(log)?(\\d*))?$`, "i");

/** What stands at an axis in YAML, or in text behind the `=`. `isText`: what looks like a number is a name (a kernel's). */
export function axisItems(written: unknown, isText = false): AxisItem[] | AxisFault {
  const parts = Array.isArray(written) ? written : typeof written === "string" ? written.split(",") : [written];
  if (parts.length === 0) return bad("found an empty list, allowed are values");
  const items: AxisItem[] = [];
  for (const part of parts) {
    const item = typeof part === "string" ? itemOf(part.trim(), isText) : valueItem(part);
    if ("code" in item) return item;
    items.push(item);
  }
  return items;
}

function valueItem(value: unknown): AxisItem | AxisFault {
  if (typeof value === "object" && value !== null)
    return bad(`found ${describe(value)}, allowed are plain values, or a list of them`);
  return { value: (value ?? null) as AxisValue };
}

function itemOf(text: string, isText: boolean): AxisItem | AxisFault {
  if (text === "") return bad("found an empty value", "values are parted by single commas");
  if (isText) return { value: text };
  if (!text.includes("..")) return { value: scalar(text) };
  const [, from, to, log, count] = RANGE.exec(text) ?? [];
  if (from === undefined || to === undefined) {
    const forms = "FROM..TO:N (N values, equal steps) or FROM..TO:logN (equal ratios), such as 1e3..1e6:log10";
    return bad(`found ${describe(text)}, allowed is ${forms}`);
  }
  const range = {
    from: Number(from),
    to: Number(to),
    isLogarithmic: log !== undefined,
    count: count ? Number(count) : null,
  };
  return rangeFault(text, range) ?? range;
}

function rangeFault(text: string, { from, to, isLogarithmic, count }: RangeItem): AxisFault | null {
  if (!(from < to)) return bad(`found ${describe(text)}, the second number must be larger than the first`);
  if (isLogarithmic && from <= 0) return bad(`found ${describe(text)}, equal ratios need numbers above 0`);
  if (count === null || (count >= 2 && count <= MAX_AXIS_VALUES)) return null;
  return bad(`found ${describe(text)}, allowed are 2 to ${formatCount(MAX_AXIS_VALUES)} values`);
}

function scalar(text: string): AxisValue {
  if (new RegExp(`^${NUMBER}$`, "i").test(text)) return Number(text);
  const words: Readonly<Record<string, AxisValue>> = { true: true, false: false, null: null, "~": null };
  return Object.hasOwn(words, text) ? (words[text] ?? null) : text;
}

/** Whether the axis has numbers that are not written, but follow from a range. */
export const hasRange = (items: readonly AxisItem[]): boolean => items.some(isRange);

/** A number between the ends of a range, and not a whole one: shows whether the key takes such. null: there is none. */
export function fractionWithin(items: readonly AxisItem[]): number | null {
  const range = items.find(isRange);
  if (range === undefined) return null;
  const fraction = Math.floor((range.from + range.to) / 2) + 0.5;
  return fraction > range.from && fraction < range.to ? fraction : null;
}

/** `isSampled`: points are drawn, so that a range needs no number of values. */
export function axisOf(
  items: readonly AxisItem[],
  isWhole: boolean,
  isSampled: boolean,
): { readonly values: readonly AxisValue[]; readonly range: AxisRange | null } | AxisFault {
  const open = items.find((item): item is RangeItem => isRange(item) && item.count === null);
  if (open !== undefined && !isSampled) {
    const { from, to } = open;
    const hint = `${from}..${to}:5 are 5 of them, ${from}..${to}:log5 too, at equal ratios; or draw points: lhs:100`;
    return bad(`found ${from}..${to} without a number of values`, hint);
  }
  if (open !== undefined && items.length > 1) {
    return bad(`found ${open.from}..${open.to} beside other values, a range that is drawn from stands alone`);
  }
  if (open !== undefined) {
    const { from, to, isLogarithmic } = open;
    return { values: [], range: { from, to, isLogarithmic, isWhole } };
  }
  const values = [...new Set(items.flatMap((item) => (isRange(item) ? valuesAlong(item, isWhole) : [item.value])))];
  if (values.length <= MAX_AXIS_VALUES) return { values, range: null };
  return bad(`found ${formatCount(values.length)} values, at most ${formatCount(MAX_AXIS_VALUES)} are allowed`);
}

/** Interior values have 12 digits, 6 at equal ratios: nobody sets more, and they are the same on every machine. */
function valuesAlong({ from, to, isLogarithmic, count }: RangeItem, isWhole: boolean): number[] {
  const last = (count ?? 2) - 1;
  return Array.from({ length: last + 1 }, (_, index) => {
    if (index === 0) return from;
    if (index === last) return to;
    const share = index / last;
    const value = isLogarithmic ? from * exp(share * ln(to / from)) : from + share * (to - from);
    return isWhole ? Math.round(value) : Number(value.toPrecision(isLogarithmic ? 6 : 12));
  });
}

const bad = (message: string, hint?: string): AxisFault => ({
  code: "bad-axis",
  message,
  ...(hint === undefined ? {} : { hint }),
});

/** `grid` → null, `lhs:200` → 200. */
export function samplesOf(text: string, most: number): number | null | AxisFault {
  if (text === "grid") return null;
  const count = Number(/^lhs:(\d+)$/.exec(text)?.[1] ?? Number.NaN);
  if (count >= 2 && count <= most) return count;
  return bad(
    `found ${describe(text)}, allowed is grid (every value with every other) or lhs:N (a Latin hypercube of N points, 2 to ${formatCount(most)})`,
  );
}
