/** Differences against the baseline: a table by metric, each with dot and whiskers on an axis that the metric's rows share. */
import type { Difference, ExperimentSummary } from "../results/summary-format.ts";
import { tuningStyle } from "./colours.ts";
import { distinct } from "./figure.ts";
import { type Html, html } from "./html.ts";
import { metricOf } from "./metric-names.ts";
import { metricFormats, signedText } from "./number-text.ts";

const VERDICTS: Readonly<Record<Difference["verdict"], { readonly sign: string; readonly text: string }>> = {
  better: { sign: "▲", text: "better" },
  worse: { sign: "▼", text: "worse" },
  none: { sign: "○", text: "no difference" },
  same: { sign: "=", text: "the same" },
  unknown: { sign: "?", text: "unknown: one seed has no interval" },
};

export function differencesSection(summary: ExperimentSummary): Html | null {
  const { differences, tunings } = summary;
  if (differences.length === 0) return null;
  const metrics = distinct(differences.map(({ metric }) => metric));
  const baseline = tunings[0]?.name ?? "";
  return html`<h2>Differences against “${baseline}”</h2>
<p>All tunings meet the same clients, seed by seed, so what is compared is pairs. Dot: mean difference. Whiskers: its 95 % interval over the seeds (Student’s t); where it
contains 0, what is seen may be chance, and the verdict is “no difference”.</p>
<div class="scroll"><table class="differences">
<thead><tr><th scope="col">Tuning</th><th scope="col" class="number">Baseline</th><th scope="col" class="number">Value</th><th scope="col" class="number">Difference</th>
<th scope="col" class="number">95 % interval</th><th scope="col">On the metric’s own axis</th><th scope="col">Verdict</th></tr></thead>
${metrics.map((metric) => metricRows(summary, metric))}
</table></div>`;
}

function metricRows(summary: ExperimentSummary, metric: string): Html {
  const { differences, tunings } = summary;
  const rows = differences.filter((row) => row.metric === metric);
  const ends = rows.flatMap(({ difference, interval }) => [difference, ...(interval ?? [])]);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const def = metricOf(summary, metric);
  const formats = metricFormats(def);
  return html`<tbody><tr class="group"><th scope="colgroup" colspan="7"><code>${metric}</code> <span class="meaning">${def.meaning}</span></th></tr>
${rows.map((row) => {
  const { colour } = tuningStyle(tunings.findIndex(({ name }) => name === row.tuning));
  const { sign, text } = VERDICTS[row.verdict];
  const interval = row.interval?.map((end) => signedText(end, formats.difference)).join(" to ") ?? "–";
  return html`<tr><th scope="row"><i class="swatch" style="--c: var(${colour})"></i>${row.tuning}</th><td class="number">${formats.value(row.baseline)}</td>
<td class="number">${formats.value(row.value)}</td><td class="number">${signedText(row.difference, formats.difference)}</td><td class="number">${interval}</td>
<td>${whiskers(row, low, high, colour)}</td><td class="verdict ${row.verdict}"><span aria-hidden="true">${sign}</span> ${text}</td></tr>
`;
})}</tbody>`;
}

const WIDTH = 220;
const MARGIN = 8;

/** On an axis from `low` to `high`, which contains 0. */
function whiskers({ difference, interval }: Difference, low: number, high: number, colour: string): Html {
  const span = high - low || 1;
  // Where there is nothing but 0, it stands in the middle.
  const at = (value: number): string =>
    (high === low ? WIDTH / 2 : MARGIN + ((value - low) / span) * (WIDTH - 2 * MARGIN)).toFixed(1);
  const [from, to] = interval ?? [difference, difference];
  return html`<svg class="whiskers" viewBox="0 0 ${WIDTH} 20" width="${WIDTH}" height="20" aria-hidden="true" style="--c: var(${colour})">
<line class="zero" x1="${at(0)}" x2="${at(0)}" y1="0" y2="20"/>${
    interval === null ? null : html`<path d="M${at(from)} 10H${at(to)}M${at(from)} 5.5V14.5M${at(to)} 5.5V14.5"/>`
  }<circle cx="${at(difference)}" cy="10" r="4.5"/></svg>`;
}
