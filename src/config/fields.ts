/**
 * Fields: the kinds of value that a scenario has, as zod schemas whose messages say what was found and what is allowed.
 *
 * Convention  zod carries only a message per issue. Ours is `message` or `message\nhint`; for unknown keys it is the list of
 *             known ones. zod-issues.ts takes it apart.
 */
import { z } from "zod";
import { nearest } from "../base/nearest.ts";
import { formatCount } from "../base/units.ts";

/** A value as the user would recognise it, in at most some 40 characters. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value !== "string") return String(value);
  const short = value.length > 40 ? `${value.slice(0, 37)}...` : value;
  return JSON.stringify(short);
}

interface Issue {
  readonly input?: unknown;
}

const found = (allowed: string) => ({
  error: ({ input }: Issue): string => `found ${describe(input)}, allowed is ${allowed}`,
});

const foundNoNumber = (allowed: string) => ({
  error: ({ input }: Issue): string => {
    const hint = numberHint(input);
    return `${found(allowed).error({ input })}${hint === undefined ? "" : `\n${hint}`}`;
  },
});

/** For what a person would read as a number. */
export function numberHint(input: unknown): string | undefined {
  if (typeof input !== "string") return undefined;
  if (/^\s*[+-]?\d[\d.]*\s*$/.test(input)) return "write it without quotes";
  if (/^\s*\d[\d.]*\s*[a-zµ%]+\s*$/i.test(input)) return "write the number alone, its unit is fixed";
  return undefined;
}

interface Range {
  readonly min?: number;
  readonly max: number;
  /** Exclusive lower bound, in place of `min`. */
  readonly above?: number;
}

function rangeText({ min, max, above }: Range): string {
  return above === undefined
    ? `from ${formatCount(min ?? 0)} to ${formatCount(max)}`
    : `above ${above}, up to ${formatCount(max)}`;
}

/** A number; `what` is "a number of seconds" or the like. */
export function number(what: string, range: Range) {
  const message = foundNoNumber(`${what} ${rangeText(range)}`);
  const schema = z.number(message).max(range.max, message);
  return range.above === undefined ? schema.min(range.min ?? 0, message) : schema.gt(range.above, message);
}

/** A whole number; `what` is "a whole number of connections" or the like. */
export function whole(what: string, range: Range) {
  const message = foundNoNumber(`${what} ${rangeText(range)}`);
  return z
    .int(message)
    .min(range.min ?? 0, message)
    .max(range.max, message);
}

/** Longest time, rate and number of anything: a run of 1e6 s at 1e9 events/s is still counted exactly in a float64; 100 Gbit/s are 1.5e8 packets/s. */
export const MAX_SECONDS = 1e6;
export const MAX_RATE_PER_S = 1e9;
export const MAX_COUNT = 1e14;

export const seconds = (range: Partial<Range> = {}) => number("a number of seconds", { max: MAX_SECONDS, ...range });
export const ratePerS = (of: string) => number(`a number of ${of} per second`, { above: 0, max: MAX_RATE_PER_S });
/** Bytes beyond MAX_PAYLOAD are refused later, as not modelled. */
export const bytes = () => whole("a whole number of bytes", { max: 2 ** 30 });
export const port = () => whole("a port", { min: 1, max: 65_535 });
export const flag = () =>
  z.boolean({
    error: ({ input }: Issue): string => {
      const word = typeof input === "string" && /^(y|yes|no?|on|off)$/i.test(input);
      return `${found("true or false").error({ input })}${word ? "\nYAML 1.2 takes yes, no, on and off as text" : ""}`;
    },
  });
export const text = (longest: number) => {
  const message = found(`text of at most ${longest} characters`);
  return z.string(message).max(longest, message);
};

/** Labels of metrics and parts of key paths: no spaces, no quotes. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
export const identifier = () => {
  const message = found("a name of 1 to 64 letters, digits and _ . -, beginning with a letter or digit");
  return z.string(message).regex(NAME_PATTERN, message);
};

/** One of some words. */
export function oneOf<const T extends readonly string[]>(words: T) {
  return z.enum(words, {
    error: ({ input }: Issue) => {
      const meant = typeof input === "string" ? nearest(input, words) : undefined;
      const hint = meant === undefined ? "" : `\ndid you mean ${meant}?`;
      return `found ${describe(input)}, allowed is one of ${words.join(", ")}${hint}`;
    },
  });
}

/** One of some numbers. */
export function oneOfNumbers<const T extends readonly number[]>(numbers: T, unit: string) {
  return z.literal(numbers, found(`one of ${numbers.join(", ")} ${unit}`));
}

/** A map with these keys and no others. */
export function map<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.strictObject(shape, {
    error: (issue: { readonly code?: string; readonly input?: unknown }) =>
      issue.code === "unrecognized_keys" ? Object.keys(shape).join(" ") : found("a map of keys").error(issue),
  });
}

export function list<T extends z.ZodType>(element: T, of: string, most: number) {
  return z
    .array(element, found(`a list of at most ${formatCount(most)} ${of}`))
    .max(most, { error: ({ input }) => `found ${input?.length} ${of}, at most ${formatCount(most)} are allowed` });
}

/** Absent: null. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.optional().transform((value) => value ?? null);
}
