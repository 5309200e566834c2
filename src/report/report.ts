/**
 * Report: a summary → one HTML page that stands by itself.
 *
 * Purpose     For someone who was not there: what was run, what came of it, and where each number comes from; printable, in light and dark.
 * Invariants  The page loads nothing: script, style and data are in it, and its Content-Security-Policy forbids all else, any other inline script too.
 *             Equal summaries give equal bytes. All text of the summary is escaped (html.ts).
 *             The tables need no script. The charts are drawn from the summary, which is in the page as `--json` writes it.
 */
import type { ExperimentSummary } from "../results/summary-format.ts";
import { pageAssets } from "./assets.ts";
import { differencesSection } from "./differences.ts";
import { figuresOf } from "./figures.ts";
import { Html, html, jsonForScript } from "./html.ts";
import {
  figuresSection,
  kernelLogSection,
  summarySection,
  type TuningVerdict,
  thresholdsSection,
  verdictsSection,
  whatWasRun,
} from "./sections.ts";

export type { TuningVerdict } from "./sections.ts";

/** `verdicts`: sentences for each tuning, in the order in which they are to be read; may be about something else than a tuning ("all"). */
export function reportHtml(summary: ExperimentSummary, verdicts: readonly TuningVerdict[] = []): string {
  const { script, style, scriptHash } = pageAssets();
  const parts: readonly { readonly id: string; readonly title: string; readonly body: Html | null }[] = [
    { id: "verdicts", title: "What it means", body: verdictsSection(summary, verdicts) },
    { id: "run", title: "What was run", body: whatWasRun(summary) },
    { id: "thresholds", title: "Thresholds", body: thresholdsSection(summary) },
    { id: "summary", title: "Summary", body: summarySection(summary) },
    { id: "differences", title: "Differences", body: differencesSection(summary) },
    { id: "kernel-log", title: "Kernel log", body: kernelLogSection(summary) },
    { id: "charts", title: "Over time", body: figuresSection(figuresOf(summary)) },
  ];
  const shown = parts.filter(({ body }) => body !== null);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '${scriptHash}'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="halfopen">
<title>${summary.name} – halfopen</title>
<style>${new Html(style)}</style>
</head>
<body>
<header>
<p class="kicker">halfopen <span>· simulation of the TCP accept path of Linux</span></p>
<button type="button" id="theme" hidden>Dark or light</button>
<h1>${summary.name}</h1>
<p class="question">${summary.description}</p>
<nav>${shown.map(({ id, title }) => html`<a href="#${id}">${title}</a> `)}</nav>
</header>
<main>
${shown.map(
  ({ id, body }) => html`<section id="${id}">${body}</section>
`,
)}
</main>
<footer><p>Simulated, not measured: each number follows from the scenario, the tuning and the seed, and comes out the same, to the byte, when it is run again. Drops are packets, at the instant at
which they are lost; failures are clients, when they give up: two families that are never added.</p>
<p>The data of this page is the summary that <code>--json</code> writes (${summary.format}), and is in its source as the element <code>#data</code>.</p></footer>
<script type="application/json" id="data">${jsonForScript(summary)}</script>
<script>${new Html(script)}</script>
</body>
</html>
`.text;
}
