/** What `run` prints for people: one table with a column per tuning, the differences, the verdicts; as text or as Markdown. */
import { formatBytes, formatSeconds } from "../base/units.ts";
import {
  type Difference,
  dmesgLine,
  type ExperimentSummary,
  formatMean,
  formatMs,
  formatRatio,
  type SummaryComparison,
  servedShareOf,
  summaryTable,
  type TableSection,
  type TuningSummary,
} from "../index.ts";
import { formatTable } from "./table.ts";
import type { VerdictSection } from "./verdict-text.ts";

export type TextStyle = "text" | "markdown";

/** Table, differences and verdicts. */
export function summaryText(summary: ExperimentSummary, verdicts: readonly VerdictSection[], style: TextStyle): string {
  const { tunings, seeds, duration_s } = summary;
  const runs = `${plural(tunings.length, "tuning")}, ${plural(seeds.length, "seed")}, ${formatSeconds(duration_s)} each`;
  const sections = [...summaryTable(summary), ...differenceSection(summary)];
  const columns = tunings.map(({ name }) => name);
  const parts = [
    style === "markdown" ? `## ${summary.name}\n\n${runs}\n` : `${summary.name}: ${runs}\n`,
    ...headline(summary),
    ...columnGroups(columns.length).map((group) => sectionsTable(sections, columns, group, style)),
    ...tunings.flatMap((tuning) => kernelLog(tuning, seeds[0] ?? 1, style)),
    ...verdicts.map(({ tuning, sentences }) => paragraph(tuning, sentences, style)),
  ];
  return parts.join("\n");
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Which tunings let most clients in, and which fewest; nothing where there is nothing to compare. */
function headline({ tunings }: ExperimentSummary): string[] {
  const shares = tunings
    .filter(({ clients }) => clients.some(({ users }) => users.mean > 0))
    .map((tuning) => ({ name: tuning.name, share: servedShareOf(tuning) }));
  const most = Math.max(...shares.map(({ share }) => share));
  const fewest = Math.min(...shares.map(({ share }) => share));
  if (shares.length < 2) return [];
  if (most - fewest < ALIKE) {
    const all = `All tunings${shares.length < tunings.length ? " with clients" : ""} serve as many clients`;
    return [`${all}: ${formatRatio(most)}. ${slowest(tunings)}\n`];
  }
  const near = (to: number): string =>
    shares
      .filter(({ share }) => Math.abs(share - to) < ALIKE)
      .map(({ name }) => name)
      .join(", ");
  return [
    `Most clients are served with ${near(most)} (${formatRatio(most)}), fewest with ${near(fewest)} (${formatRatio(fewest)}).\n`,
  ];
}

/** Where all tunings serve as many, they may differ in how late: the quickest and the slowest, by what clients wait for. */
function slowest(tunings: readonly TuningSummary[]): string {
  const late = tunings.map(({ name, clients }) => ({
    name,
    ms: Math.max(...clients.map((one) => (one.response_latency_ms ?? one.connect_latency_ms)?.p99 ?? 0)),
  }));
  const [quick] = late.toSorted((a, b) => a.ms - b.ms);
  const slow = late.toSorted((a, b) => b.ms - a.ms)[0];
  if (quick === undefined || slow === undefined || slow.ms <= 1.05 * quick.ms) return "None is slower than another.";
  return `Response p99 goes from ${formatMs(quick.ms)} (${quick.name}) to ${formatMs(slow.ms)} (${slow.name}).`;
}

/** Shares that are shown alike. */
const ALIKE = 0.001;

/** Tunings that stand side by side; more go into further tables, each with the baseline first. */
const MAX_COLUMNS = 6;

function columnGroups(count: number): number[][] {
  const others = Array.from({ length: Math.max(0, count - 1) }, (_, index) => index + 1);
  const groups: number[][] = [];
  for (let from = 0; from === 0 || from < others.length; from += MAX_COLUMNS - 1)
    groups.push([0, ...others.slice(from, from + MAX_COLUMNS - 1)]);
  return groups;
}

/** The columns of `group` of all sections as one table, so that all stand below each other. */
function sectionsTable(
  sections: readonly TableSection[],
  columns: readonly string[],
  group: readonly number[],
  style: TextStyle,
): string {
  const of = (cells: readonly string[]): string[] => group.map((column) => cells[column] ?? "");
  const rows = sections.flatMap(({ title, rows: own }) => [
    [style === "markdown" ? `**${title}**` : title, ...group.map(() => "")],
    ...own.map(({ label, cells }) => [style === "markdown" ? label : `  ${label}`, ...of(cells)]),
  ]);
  const header = ["", ...of(columns)];
  return style === "markdown" ? markdownTable(header, rows) : formatTable(header, rows, { right: "after the first" });
}

/** GitHub's tables: numbers to the right. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(" | ")} |\n`;
  const rule = line(header.map((_, column) => (column === 0 ? "---" : "---:")));
  return line(header) + rule + rows.map(line).join("");
}

/** Lines of a kernel's log that are shown; a kernel that says one thing again and again says it in these. */
const MAX_SHOWN_LINES = 12;

/** What dmesg would print of the run with the first seed; nothing where the kernels say nothing. */
function kernelLog({ name, lines }: TuningSummary, seed: number, style: TextStyle): string[] {
  return (["server", "client"] as const).flatMap((host) => {
    const own = lines.kernel_log.filter((entry) => entry.host === host);
    if (own.length === 0) return [];
    const title = `${host === "client" ? "client's " : ""}kernel log of ${name}, seed ${seed}`;
    const more = own.length - MAX_SHOWN_LINES;
    const text = [
      ...own.slice(0, MAX_SHOWN_LINES).map(({ at_s, text }) => dmesgLine(at_s, text)),
      ...(more > 0 ? [`... and ${more} more lines`] : []),
    ];
    if (style === "markdown") return [`**${title}**\n\n\`\`\`\n${text.join("\n")}\n\`\`\`\n`];
    return [`${title}\n${text.map((line) => `  ${line}\n`).join("")}`];
  });
}

const escapeCell = (cell: string): string => cell.replaceAll("|", "\\|").replaceAll("\n", " ");

function paragraph(title: string, sentences: readonly string[], style: TextStyle): string {
  if (style === "markdown") return `**${title}**\n\n${sentences.map((sentence) => `- ${sentence}\n`).join("")}`;
  return `${title}\n${sentences.map((sentence) => `${wrapped(sentence)}\n`).join("")}`;
}

const TEXT_WIDTH = 110;

/** A sentence in lines of at most TEXT_WIDTH characters, indented. */
export function wrapped(sentence: string): string {
  const lines: string[] = [];
  let line = "  -";
  for (const word of sentence.split(" ")) {
    if (line.length + 1 + word.length > TEXT_WIDTH && line.trim() !== "-") {
      lines.push(line);
      line = "   ";
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}

/** Rows that only repeat others in other words. */
const REPEATS = /\.(established_ratio|gave_up)$/;

/** Each tuning against the first: the mean difference and half of its paired 95 % interval, or that there is none. */
function differenceSection({ differences, tunings }: ExperimentSummary): TableSection[] {
  const baseline = tunings[0]?.name ?? "";
  const metrics = [...new Set(differences.map(({ metric }) => metric))].filter((metric) => !REPEATS.test(metric));
  const rows = metrics.map((metric) => ({
    label: metric,
    cells: tunings.map(({ name }) => {
      const found = differences.find((one) => one.metric === metric && one.tuning === name);
      return found === undefined ? "" : differenceCell(found);
    }),
  }));
  const telling = rows.filter(({ cells }) => cells.some((cell) => cell !== "" && cell !== SAME));
  if (telling.length === 0) return [];
  return [{ title: `against ${baseline}, ± 95 % interval`, rows: telling }];
}

const SAME = "the same";

/** "+14.0 pp ±1.6 pp", shares in percentage points; Student's interval has its mean in the middle. */
export function differenceCell({ metric, difference, interval, verdict }: Difference): string {
  if (verdict === "same") return SAME;
  if (verdict === "none") return "no difference";
  const unit = unitOf(metric);
  const text = (value: number): string => formatValue(Math.abs(value), unit).replace(" %", " pp");
  const mean = `${difference < 0 ? "-" : "+"}${text(difference)}`;
  return interval === null ? mean : `${mean} ±${text((interval[1] - interval[0]) / 2)}`;
}

type Unit = keyof typeof FORMATS;
/** A metric's unit by the end of its name, the first that fits. */
const UNITS: readonly (readonly [RegExp, Unit])[] = [
  [/^amplification_ratio$/, "count"],
  [/_ratio$/, "ratio"],
  [/_ms\./, "ms"],
  [/_bytes$/, "bytes"],
];
const unitOf = (metric: string): Unit => UNITS.find(([end]) => end.test(metric))?.[1] ?? "count";

const FORMATS = {
  ratio: formatRatio,
  ms: formatMs,
  bytes: (bytes: number): string => formatBytes(Math.round(bytes)),
  count: formatMean,
} as const;

const formatValue = (value: number, unit: Unit): string => FORMATS[unit](value);

/** What `compare` prints: each metric that differs, tuning by tuning, and the notes. `sides`: what is compared. */
export function comparisonText(
  { differences, notes }: SummaryComparison,
  style: TextStyle,
  sides: readonly [string, string] = ["before", "after"],
): string {
  const header = ["tuning", "metric", ...sides, "difference (95 % interval)"];
  const rows = differences
    .filter(({ verdict }) => verdict !== "same")
    .map((one) => {
      const unit = unitOf(one.metric);
      return [
        one.tuning,
        one.metric,
        formatValue(one.baseline, unit),
        formatValue(one.value, unit),
        differenceCell(one),
      ];
    });
  const same = differences.length - rows.length;
  const table = style === "markdown" ? markdownTable(header, rows) : formatTable(header, rows);
  return [
    rows.length === 0 ? "" : table,
    differences.length === 0
      ? "nothing could be compared\n"
      : `${same} of ${differences.length} metrics are the same\n`,
    ...notes.map((note) => `note: ${note}\n`),
  ].join("");
}
