/**
 * Sweep report: a sweep's summary → one HTML page that stands by itself, as report.ts makes of an experiment. Tables only, no script at all.
 */
import type { Effect, HeatMap, SweepSummary } from "../results/sweep-format.ts";
import { resolveMetric } from "../vocabulary/metrics.ts";
import { pageAssets } from "./assets.ts";
import { Html, html } from "./html.ts";
import { countText, metricFormats, NOTHING, percentText, secondsText, seedsText, signedText } from "./number-text.ts";

export function sweepReportHtml(summary: SweepSummary): string {
  const parts = [
    { id: "run", title: "What was run", body: whatWasRun(summary) },
    { id: "effects", title: "What moved what", body: effectsSection(summary) },
    ...(summary.maps.length > 0 ? [{ id: "maps", title: "Heat maps", body: mapsSection(summary) }] : []),
  ];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="halfopen">
<title>${summary.name} – halfopen sweep</title>
<style>${new Html(pageAssets().style)}</style>
</head>
<body>
<header>
<p class="kicker">halfopen <span>· simulation of the TCP accept path of Linux</span></p>
<h1>${summary.name}</h1>
<p class="question">${summary.description}</p>
<nav>${parts.map(({ id, title }) => html`<a href="#${id}">${title}</a> `)}</nav>
</header>
<main>
${parts.map(
  ({ id, body }) => html`<section id="${id}">${body}</section>
`,
)}
</main>
<footer><p>Simulated, not measured: each number follows from the scenario, the values and the seeds, and comes out the same, to the byte, when it is run again.</p></footer>
</body>
</html>
`.text;
}

function whatWasRun(summary: SweepSummary): Html {
  const way = summary.sample === "grid" ? "every value with every other" : `a Latin hypercube (${summary.sample})`;
  const facts: readonly (readonly [string, string])[] = [
    ["Simulated time", `${secondsText(summary.duration_s)} of each run`],
    ["Points", `${countText(summary.points)}: ${way}`],
    ["Seeds", seedsText(summary.seeds)],
    ["Engine", summary.engine],
  ];
  return html`<h2>What was run</h2>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<div class="scroll"><table><thead><tr><th scope="col">Axis</th><th scope="col">Levels</th><th scope="col">Here</th></tr></thead><tbody>
${summary.axes.map(
  ({
    path,
    levels,
  }) => html`<tr><th scope="row"><code>${path}</code></th><td>${levels.map(({ label }) => label).join(", ")}</td>
<td>${summary.dead.includes(path) ? html`<strong>dead</strong>: none of the numbers changed with it` : "moves something"}</td></tr>
`,
)}</tbody></table></div>`;
}

const effectsSection = (summary: SweepSummary): Html => html`<h2>What moved what</h2>
<p>Each level of an axis against its first one, as the mean over all other axes. ${
  summary.sample === "grid"
    ? "Points are paired: all else is equal, seed by seed; the 95 % interval is that of the seeds (Student’s t)."
    : "The points differ in all axes at once, so the 95 % interval has the others’ spread in it (Welch)."
} “Explains” is the share of the variance over all points that lies between the axis’s levels.</p>
<div class="scroll"><table class="differences">
<thead><tr><th scope="col">Axis, level</th><th scope="col" class="number">Mean</th><th scope="col" class="number">Difference</th>
<th scope="col" class="number">95 % interval</th><th scope="col" class="number">Explains</th></tr></thead>
${summary.metrics.map((metric) => metricRows(summary, metric))}
</table></div>`;

function metricRows(summary: SweepSummary, metric: string): Html {
  const def = resolveMetric(metric, summary.names)?.def;
  return html`<tbody><tr class="group"><th scope="colgroup" colspan="5"><code>${metric}</code> <span class="meaning">${def?.meaning ?? null}</span></th></tr>
${summary.effects.filter((effect) => effect.metric === metric).map((effect) => effectRows(summary, effect))}</tbody>`;
}

const VERDICTS: Readonly<Record<Effect["verdict"], string>> = {
  moves: "",
  none: "no difference",
  dead: "dead: the same at every point",
  unknown: "one seed has no interval",
  unmeasured: "nothing was measured",
};

function effectRows(summary: SweepSummary, { axis, metric, levels, share, verdict }: Effect): Html {
  const formats = metricFormats(resolveMetric(metric, summary.names)?.def ?? { unit: "", name: "" });
  const labels = summary.axes.find(({ path }) => path === axis)?.levels ?? [];
  return html`<tr><th scope="row"><code>${axis}</code></th><td colspan="3">${VERDICTS[verdict]}</td><td class="number">${share === null ? NOTHING : percentText(share)}</td></tr>
${levels.map(
  (
    { mean, difference, interval },
    level,
  ) => html`<tr><td>${labels[level]?.label ?? null}</td><td class="number">${mean === null ? NOTHING : formats.value(mean)}</td>
<td class="number">${difference === null ? NOTHING : signedText(difference, formats.difference)}</td>
<td class="number">${interval === null ? NOTHING : interval.map((end) => signedText(end, formats.difference)).join(" to ")}</td><td></td></tr>
`,
)}`;
}

const mapsSection = (summary: SweepSummary): Html => html`<h2>Heat maps</h2>
<p>The two axes that explain most of each metric; means over all others. The deeper the colour, the higher the number.</p>
${summary.maps.map((map) => mapFigure(summary, map))}`;

function mapFigure(summary: SweepSummary, map: HeatMap): Html {
  const { value: format } = metricFormats(resolveMetric(map.metric, summary.names)?.def ?? { unit: "", name: "" });
  const levels = (path: string) => summary.axes.find((axis) => axis.path === path)?.levels ?? [];
  const values = map.cells.flat().filter((value) => value !== null);
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const cell = (value: number | null): Html =>
    value === null
      ? html`<td class="number">${NOTHING}</td>`
      : html`<td class="number" style="--heat: ${Math.round((100 * (value - low)) / span)}%">${format(value)}</td>`;
  return html`<figure><h3>${map.metric}</h3>
<div class="scroll"><table class="heat"><thead><tr><th scope="col"><code>${map.rows}</code> ↓ <code>${map.columns}</code> →</th>${levels(
    map.columns,
  ).map(({ label }) => html`<th scope="col" class="number">${label}</th>`)}</tr></thead><tbody>
${levels(map.rows).map(
  ({ label }, row) => html`<tr><th scope="row">${label}</th>${(map.cells[row] ?? []).map(cell)}</tr>
`,
)}</tbody></table></div></figure>
`;
}
