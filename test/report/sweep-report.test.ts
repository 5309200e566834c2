/**
 * Goal    The page of a sweep stands by itself, says what the summary says, and nobody's text can do more in it than be read.
 */
import { describe, expect, test } from "vitest";
import { sweepReportHtml } from "../../src/report/sweep-report.ts";
import { summarizeSweep } from "../../src/results/summarize-sweep.ts";
import { tableOf } from "../results/sweeps.ts";

const names = { clients: ["legit"], floods: [], ports: [80] };
const summary = summarizeSweep(
  tableOf(({ at: [a], tuning, seed }) =>
    a === 3 && tuning === 0 ? null : 0.1 * Number(a) + 0.05 * tuning + seed / 1000,
  ),
  names,
);
const page = sweepReportHtml(summary);
const textOf = (html: string): string =>
  html
    .replace(/<style>[\s\S]*?<\/style>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");

describe("the page", () => {
  test("says what was run, what moved what, and draws the map", () => {
    const text = textOf(page);
    expect(text).toContain("Points 12: every value with every other");
    expect(text).toContain("legit.served_ratio served / users.");
    expect(text).toMatch(/a 93\.24 % 1 12\.6 % – – 2 22\.6 % \+10 pp \+10 pp to \+10 pp/);
    expect(text).toContain("b dead: the same at every point");
    expect(text).toContain("dead : none of the numbers changed with it");
    expect(page).toMatch(/<td class="number" style="--heat: 0%">10\.1 %<\/td>/);
    expect(page).toMatch(/<td class="number" style="--heat: 100%">35\.1 %<\/td>/);
    expect(page).toMatch(/<th scope="row">plain<\/th>.*<td class="number">–<\/td>/s);
  });

  test("has links that lead somewhere, and no map where there is nothing to draw", () => {
    for (const html of [page, sweepReportHtml({ ...summary, maps: [] })]) {
      for (const [, id] of html.matchAll(/href="#([^"]*)"/g)) expect(html).toContain(`<section id="${id}">`);
    }
    expect(sweepReportHtml({ ...summary, maps: [] })).not.toContain("Heat maps");
  });

  test("loads nothing, has no script, and escapes what users wrote", () => {
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/<script|src=|url\(/);
    const evil = "<img src=x onerror=alert(1)>";
    const named = sweepReportHtml({
      ...summary,
      name: evil,
      description: evil,
      axes: summary.axes.map((axis) => ({ ...axis, path: evil })),
    });
    expect(named).not.toContain("<img");
  });

  test("is the same for equal summaries", () => {
    expect(sweepReportHtml(structuredClone(summary))).toBe(page);
    expect(sweepReportHtml({ ...summary, sample: "lhs:12" })).toContain("a Latin hypercube (lhs:12)");
  });
});
