/**
 * Sweep rows: the file that a sweep writes, point by point, and reads again when it is resumed.
 *
 * JSONL   A head that says what was swept, then one line a point: {"point":0,"tuning":...,"at":{key: value},"mean":{...},"per_seed":{...}}.
 * CSV     RFC 4180. One line a seed of a point: sweep, point, tuning, the keys, seed, the metrics.
 * Rules   The fingerprint stands in the head, in CSV in each row: rows of another sweep are not taken for its own. Numbers have all their digits.
 */
import { SWEEP_FORMAT } from "./sweep-format.ts";
import { measuredMean, type PointValues, pointCountOf, type SweepShape } from "./sweep-table.ts";

export interface RowFormat {
  /** The first line, with its end. */
  readonly head: string;
  readonly linesPerPoint: number;
  /** The point's lines, with their ends. */
  readonly encode: (point: number, values: PointValues) => string;
  /** What encode() made of; null: these lines are not the point's. */
  readonly decode: (point: number, lines: readonly string[]) => PointValues | null;
}

/** By the ending of the file's name. */
export const rowFormatOf = (file: string, shape: SweepShape, fingerprint: string): RowFormat =>
  /\.csv$/i.test(file) ? csvRows(shape, fingerprint) : jsonRows(shape, fingerprint);

interface JsonRow {
  readonly point: number;
  readonly tuning: string;
  readonly at: Readonly<Record<string, unknown>>;
  readonly per_seed: Readonly<Record<string, readonly (number | null)[]>>;
}

function jsonRows(shape: SweepShape, fingerprint: string): RowFormat {
  const { name, tunings, seeds, engine, metrics, samples, axes } = shape;
  const head = {
    ...{ format: SWEEP_FORMAT, fingerprint, name, points: pointCountOf(shape), tunings },
    axes: axes.map(({ path, values, borders }) =>
      values.length > 0 ? { path, values } : { path, from: borders[0], to: borders.at(-1) },
    ),
    ...{ sample: samples === null ? "grid" : `lhs:${samples}`, seeds, engine, metrics },
  };
  const rowOf = (point: number, values: PointValues) => ({
    ...placeOf(shape, point),
    mean: Object.fromEntries(metrics.map((metric, index) => [metric, meanOrNull(values[index] ?? [])])),
    per_seed: Object.fromEntries(metrics.map((metric, index) => [metric, values[index] ?? []])),
  });
  const encode = (point: number, values: PointValues): string => `${JSON.stringify(rowOf(point, values))}\n`;
  const decode = (point: number, [line = ""]: readonly string[]): PointValues | null => {
    const row = parsedOrNull(line) as JsonRow | null;
    const values = metrics.map((metric) => row?.per_seed?.[metric] ?? []);
    return encode(point, values) === `${line}\n` ? values : null;
  };
  return { head: `${JSON.stringify(head)}\n`, linesPerPoint: 1, encode, decode };
}

/** Which point it is. */
function placeOf({ tunings, axes, pointsPerTuning, valuesAt }: SweepShape, point: number) {
  const values = valuesAt(point % pointsPerTuning);
  return {
    point,
    tuning: tunings[Math.floor(point / pointsPerTuning)] ?? "",
    at: Object.fromEntries(axes.map(({ path }, index) => [path, values[index] ?? null])),
  };
}

function meanOrNull(values: readonly (number | null)[]): number | null {
  const mean = measuredMean(values.map((value) => value ?? Number.NaN));
  return Number.isNaN(mean) ? null : mean;
}

function parsedOrNull(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function csvRows(shape: SweepShape, fingerprint: string): RowFormat {
  const { axes, seeds, metrics } = shape;
  const line = (fields: readonly unknown[]): string => `${fields.map(field).join(",")}\r\n`;
  const encode = (point: number, values: PointValues): string => {
    const { tuning, at } = placeOf(shape, point);
    return seeds
      .map((seed, index) => {
        const measured = metrics.map((_, metric) => values[metric]?.[index] ?? null);
        return line([fingerprint, point, tuning, ...Object.values(at), seed, ...measured]);
      })
      .join("");
  };
  const decode = (point: number, lines: readonly string[]): PointValues | null => {
    // Metrics stand at the end and have no commas.
    const perSeed = lines.map((text) => text.trimEnd().split(",").slice(-metrics.length));
    const values = metrics.map((_, metric) => perSeed.map((fields) => numberOrNull(fields[metric] ?? "")));
    return encode(point, values) === lines.map((text) => `${text}\n`).join("") ? values : null;
  };
  const head = line(["sweep", "point", "tuning", ...axes.map(({ path }) => path), "seed", ...metrics]);
  return { head, linesPerPoint: seeds.length, encode, decode };
}

const numberOrNull = (text: string): number | null => (text === "" ? null : Number(text));

function field(value: unknown): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
