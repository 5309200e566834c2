/** What `sweep` prints for people: what moved what, what is dead, and a heat map of the first metric. */
import { formatCount, formatSeconds } from "../base/units.ts";
import { type Effect, type HeatMap, type Level, resolveMetric, type SweepSummary } from "../index.ts";
import { metricFormats, NOTHING, percentText, signedText } from "../report/number-text.ts";
import { formatTable } from "./table.ts";

export function sweepText(summary: SweepSummary, isColourful: boolean): string {
  const { name, points, seeds, duration_s, sample } = summary;
  const size = `${formatCount(points)} points (${sample}), ${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"}, ${formatSeconds(duration_s)} each`;
  const map = summary.maps[0];
  return [
    `${name}: ${size}\n`,
    effectsTable(summary),
    ...deadText(summary),
    ...(map === undefined ? [] : [mapText(summary, map, isColourful)]),
  ].join("\n");
}

const HEADER = ["moves what", "from", "to", "difference", "± 95 %", "explains", ""];

function effectsTable(summary: SweepSummary): string {
  const rows = summary.metrics.flatMap((metric) => [
    [metric, "", "", "", "", "", ""],
    ...summary.effects
      .filter((effect) => effect.metric === metric && !summary.dead.includes(effect.axis))
      .map((effect) => effectRow(summary, effect)),
  ]);
  return formatTable(HEADER, rows);
}

/** The last level against the first; the strongest one, where that is another. */
function effectRow(summary: SweepSummary, effect: Effect): string[] {
  const { axis, levels, strongest, share, verdict } = effect;
  const labels = levelsOf(summary, axis);
  const last = levels.length - 1;
  const end = levels[last];
  const [from, to] = [0, last].map((level) => levelText(labels[level]));
  const name = `  ${axis}`;
  if (verdict === "dead" || verdict === "unmeasured") {
    return [
      name,
      `${from}`,
      `${to}`,
      "",
      "",
      "",
      verdict === "dead" ? "dead: the same at every point" : "nothing was measured",
    ];
  }
  const formats = formatsOf(summary, effect.metric);
  const most = levels[strongest];
  const isOther = strongest !== last && Math.abs(most?.difference ?? 0) > 1.1 * Math.abs(end?.difference ?? 0);
  const note =
    isOther && most
      ? `most at ${levelText(labels[strongest])}: ${signedText(most.difference ?? 0, formats.difference)}`
      : "";
  return [
    name,
    `${from}: ${valueText(levels[0]?.mean, formats.value)}`,
    `${to}: ${valueText(end?.mean, formats.value)}`,
    end === undefined || end.difference === null ? NOTHING : signedText(end.difference, formats.difference),
    end?.interval ? `±${formats.difference((end.interval[1] - end.interval[0]) / 2)}` : NOTHING,
    share === null ? NOTHING : percentText(Number(share.toFixed(3))),
    [verdict === "none" ? "no difference" : "", note].filter((part) => part !== "").join("; "),
  ];
}

const levelsOf = ({ axes }: SweepSummary, path: string): readonly Level[] =>
  axes.find((axis) => axis.path === path)?.levels ?? [];

export const levelText = (level: Level | undefined): string => {
  if (level === undefined) return NOTHING;
  const text = (value: unknown): string => (typeof value === "number" ? formatCount(value) : String(value));
  return level.from === level.to ? text(level.from) : `${text(level.from)}..${text(level.to)}`;
};

const formatsOf = ({ names }: SweepSummary, metric: string) =>
  metricFormats(resolveMetric(metric, names)?.def ?? { unit: "", name: "" });

const valueText = (value: number | null | undefined, format: (value: number) => string): string =>
  value === null || value === undefined ? NOTHING : format(value);

function deadText({ dead }: SweepSummary): string[] {
  return dead.map(
    (path) => `${path} is dead here: with any of its values every number above is the same, at every point.\n`,
  );
}

/** Columns that a terminal has room for. */
const MOST_COLUMNS = 10;
const MOST_ROWS = 30;

function mapText(summary: SweepSummary, map: HeatMap, isColourful: boolean): string {
  const format = formatsOf(summary, map.metric).value;
  const [rowLevels, columnLevels] = [levelsOf(summary, map.rows), levelsOf(summary, map.columns)];
  const rows = thinned(rowLevels.length, MOST_ROWS);
  const columns = thinned(columnLevels.length, MOST_COLUMNS);
  const paint = isColourful ? painter(map) : (text: string): string => text;
  const names = rows.map((row) => levelText(rowLevels[row]));
  const nameWidth = Math.max(...names.map((text) => text.length));
  const lines = columns.map((column) => {
    const cells = rows.map((row) => map.cells[row]?.[column] ?? null);
    const head = levelText(columnLevels[column]);
    const texts = cells.map((value) => valueText(value, format));
    const width = 2 + Math.max(head.length, ...texts.map((text) => text.length));
    return [head.padStart(width), ...texts.map((text, row) => paint(text.padStart(width), cells[row] ?? null))];
  });
  const table = ["", ...names].map(
    (text, line) => `${text.padEnd(nameWidth)}${lines.map((column) => column[line]).join("")}\n`,
  );
  return `${map.metric}: down ${map.rows}, across ${map.columns}\n${table.join("")}`;
}

/** Which of so many levels are shown: all, or as many as there is room for, both ends among them. */
function thinned(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, level) => level);
  return Array.from({ length: most }, (_, k) => Math.round((k * (count - 1)) / (most - 1)));
}

/** Dark to light in the 256 colours of terminals, from the map's least to its most (viridis, roughly). */
const SHADES = [17, 18, 24, 30, 36, 72, 108, 149, 185, 226] as const;
/** Text on lighter ones is black. */
const FIRST_LIGHT = 72;

function painter({ cells }: HeatMap): (text: string, value: number | null) => string {
  const values = cells.flat().filter((value) => value !== null);
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  return (text, value) => {
    if (value === null) return text;
    const shade = SHADES[Math.min(SHADES.length - 1, Math.floor(((value - low) / span) * SHADES.length))] as number;
    return `\u001b[48;5;${shade}m\u001b[38;5;${shade < FIRST_LIGHT ? 15 : 16}m${text}\u001b[0m`;
  };
}
