/** The parts of the page that are words and tables. Builders: what goes in is data, what comes out is HTML. */
import type { ExperimentSummary } from "../results/summary-format.ts";
import { COUNTERS, type CounterName } from "../vocabulary/counters.ts";
import { dmesgLine } from "../vocabulary/kernel-log.ts";
import { tuningStyle } from "./colours.ts";
import type { Figure, Panel } from "./figure.ts";
import { type Html, html } from "./html.ts";
import { metricOf } from "./metric-names.ts";
import { countText, metricFormats, NOTHING, rangeText, secondsText, seedsText } from "./number-text.ts";
import { type Cell, type RowGroup, summaryTable } from "./summary-table.ts";

/** What is said in words about a tuning. */
export interface TuningVerdict {
  readonly tuning: string;
  readonly sentences: readonly string[];
}

export const swatch = (index: number): Html =>
  html`<i class="swatch ${tuningStyle(index).dash}" style="--c: var(${tuningStyle(index).colour})"></i>`;

export function whatWasRun(summary: ExperimentSummary): Html {
  const { tunings, seeds } = summary;
  const kernels = [...new Set(tunings.map(({ kernel }) => kernel))];
  const engine =
    summary.engine === "packet" ? "every packet one by one" : "packets that share a fate are counted together";
  const facts: readonly (readonly [string, string])[] = [
    ["Simulated time", `${secondsText(summary.duration_s)} of each run`],
    [
      "Runs",
      `${tunings.length * seeds.length} (${tunings.length} ${plural(tunings.length, "tuning")} × ${seeds.length} ${plural(seeds.length, "seed")})`,
    ],
    [plural(seeds.length, "Seed"), seedsText(seeds)],
    ["Server kernel", kernels.map((kernel) => `Linux ${kernel}`).join(", ")],
    ["Engine", `${summary.engine}: ${engine}`],
  ];
  return html`<h2>What was run</h2>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<div class="scroll"><table class="tunings"><thead><tr><th scope="col">Tuning</th><th scope="col">What it changes in the scenario</th></tr></thead><tbody>
${tunings.map(
  (
    { name, changes, kernel, hosts },
    index,
  ) => html`<tr><th scope="row">${swatch(index)}${name}${index === 0 ? html` <span class="tag">baseline</span>` : null}</th>
<td>${changes.length === 0 ? "nothing: the scenario as it is" : html`<ul>${changes.map(({ path, value }) => html`<li><code>${path}</code> = <code>${valueText(value)}</code></li>`)}</ul>`}${
    kernels.length > 1 || hosts > 1
      ? html`<p class="help">Linux ${kernel}, ${hosts} ${plural(hosts, "host")}</p>`
      : null
  }</td></tr>
`,
)}</tbody></table></div>`;
}

const plural = (count: number, word: string): string => (count === 1 ? word : `${word}s`);

const valueText = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");

export function verdictsSection(summary: ExperimentSummary, verdicts: readonly TuningVerdict[]): Html | null {
  const said = verdicts.filter(({ sentences }) => sentences.length > 0);
  if (said.length === 0) return null;
  return html`<h2>What it means</h2>
<div class="cards">${said.map(
    ({
      tuning,
      sentences,
    }) => html`<article><h3>${swatchOf(summary, tuning)}${tuning}</h3>${sentences.map((sentence) => html`<p>${sentence}</p>`)}</article>
`,
  )}</div>`;
}

/** Verdicts may be about all tunings together: then there is no swatch. */
function swatchOf({ tunings }: ExperimentSummary, name: string): Html | null {
  const index = tunings.findIndex((tuning) => tuning.name === name);
  return index < 0 ? null : swatch(index);
}

export function thresholdsSection(summary: ExperimentSummary): Html | null {
  const { thresholds } = summary;
  if (thresholds.length === 0) return null;
  return html`<h2>Thresholds</h2>
<div class="scroll"><table><thead><tr><th scope="col">Threshold</th><th scope="col">Tuning</th><th scope="col" class="number">Value</th><th scope="col">Holds</th></tr></thead><tbody>
${thresholds.map(({ threshold, tuning, value, holds }) => {
  const metric = threshold.split(/[<>=!]/)[0]?.trim() ?? "";
  const text = value === null ? NOTHING : metricFormats(metricOf(summary, metric)).value(value);
  return html`<tr><th scope="row"><code>${threshold}</code></th><td>${tuning}</td><td class="number">${text}</td>
<td class="verdict ${holds ? "better" : "worse"}">${holds ? "✓ yes" : value === null ? "✗ no: nothing was measured" : "✗ no"}</td></tr>
`;
})}</tbody></table></div>`;
}

export const summarySection = (summary: ExperimentSummary): Html => html`<h2>Summary</h2>
<p>Counts are means per run over the seeds; below, in small print, the least and the most of any seed. Quantiles are those of all seeds together. ${
  summary.tunings.some(({ hosts }) => hosts > 1)
    ? "Behind the load balancer, counts are those of all hosts, queue peaks those of the fullest. "
    : null
}Point at a number for its value in each seed.</p>
<div class="scroll"><table class="summary">
<thead><tr><th scope="col">Per run</th>${summary.tunings.map(({ name }, index) => html`<th scope="col" class="number">${swatch(index)}${name}</th>`)}</tr></thead>
${summaryTable(summary).map((group) => groupRows(group, summary.tunings.length))}
</table></div>
${countersDetails(summary)}`;

const groupRows = ({ title, rows }: RowGroup, columns: number): Html => html`<tbody>
<tr class="group"><th scope="colgroup" colspan="${columns + 1}">${title}</th></tr>
${rows.map(
  ({
    label,
    help,
    cells,
  }) => html`<tr><th scope="row">${label}${help === null ? null : html`<span class="help">${help}</span>`}</th>${cells.map(cellHtml)}</tr>
`,
)}</tbody>`;

const cellHtml = ({ text, note, seeds, isFull }: Cell): Html =>
  html`<td class="number"${seeds === null ? null : html` title="by seed: ${seeds}"`}><span class="value">${text}</span>${
    isFull ? html` <span class="tag full">full</span>` : null
  }${note === null ? null : html`<span class="help">${note}</span>`}</td>`;

/** The kernel's own counters, under the names that an operator knows. */
function countersDetails({ tunings }: ExperimentSummary): Html {
  const used = (Object.keys(COUNTERS) as CounterName[]).filter((name) =>
    tunings.some(({ server_counters }) => (server_counters[name]?.most ?? 0) !== 0),
  );
  return html`<details><summary>The server’s kernel counters, as nstat -az would print them after a run</summary>
<div class="scroll"><table class="summary"><thead><tr><th scope="col">Counter</th>${tunings.map(({ name }, index) => html`<th scope="col" class="number">${swatch(index)}${name}</th>`)}</tr></thead><tbody>
${used.map(
  (
    name,
  ) => html`<tr><th scope="row"><code>${name}</code><span class="help">${COUNTERS[name].help}</span></th>${tunings.map(
    ({ server_counters }) => {
      const measure = server_counters[name];
      const range = measure === undefined ? null : rangeText(measure, countText);
      return html`<td class="number"><span class="value">${countText(measure?.mean ?? 0)}</span>${range === null ? null : html`<span class="help">${range}</span>`}</td>`;
    },
  )}</tr>
`,
)}</tbody></table></div></details>`;
}

/** What the kernels would have written, of the first seed; most runs have none of it. */
export function kernelLogSection({ tunings }: ExperimentSummary): Html | null {
  if (tunings.every(({ lines }) => lines.kernel_log.length === 0)) return null;
  return html`<h2>Kernel log</h2>
<p>What dmesg would show of each run with the first seed, at most the first 64 lines of each host. ${
    tunings.some(({ hosts }) => hosts > 1) ? "Behind the load balancer: of the first host. " : null
  }Times are those of the run.</p>
${tunings.map(({ name, lines: { kernel_log } }, index) =>
  kernel_log.length === 0
    ? null
    : html`<h4>${swatch(index)}${name}</h4><pre>${kernel_log.map(
        ({ at_s, host, text }) => `${host === "client" ? "client: " : ""}${dmesgLine(at_s, text)}\n`,
      )}</pre>
`,
)}`;
}

/** Frames of the figures; the page's script draws into `.plot`. */
export const figuresSection = (figures: readonly Figure[]): Html => html`<h2>Over time</h2>
<p>All charts share their time: point at one and read all of them at that moment. Drag over a stretch to enlarge it, double-click for the whole run. Click on the name of a tuning, gate or
state to hide and show it.</p>
<noscript><p class="empty">The charts are drawn by a script inside of this page, and scripts are switched off. The tables above do not need it.</p></noscript>
${figures.map(figureHtml)}`;

const figureHtml = (figure: Figure, index: number): Html => html`<figure id="${figure.id}">
<div class="bar"><h3>${figure.title}</h3><label class="scale"><input type="checkbox" data-logarithmic="${index}"${figure.logarithmic ? html` checked` : null}> logarithmic</label></div>
<div class="legend">${figure.legend.map(
  ({ toggle, label, colour, dash }) =>
    html`<button type="button" aria-pressed="true" data-toggle="${toggle}"><i class="swatch ${dash}" style="--c: var(${colour})"></i>${label}</button>`,
)}</div>
<div class="${figure.panels.length > 1 ? "panels many" : "panels"}">${figure.panels.map((panel, number) => panelHtml(figure, index, panel, number))}</div>
<figcaption>${figure.caption}</figcaption>
</figure>
`;

const panelHtml = (figure: Figure, index: number, { tuning, lines }: Panel, number: number): Html =>
  html`<div class="panel"${tuning === null ? null : html` data-panel-of="tuning-${tuning.index}"`}>${
    tuning === null ? null : html`<h4>${swatch(tuning.index)}${tuning.name}</h4>`
  }${
    lines.length === 0
      ? html`<p class="empty">${figure.whenEmpty}</p>`
      : html`<div class="plot" data-figure="${index}" data-panel="${number}" role="img" aria-label="${figure.title}${tuning === null ? null : `, ${tuning.name}`}"></div>`
  }</div>`;
