/**
 * The page's own script: draws the figures of the summary in the page, and keeps legends, theme and print in step with them.
 *
 * Built by   generate/bundle-page.ts into one file, uPlot included. Talks to nobody, keeps nothing.
 */
import type { ExperimentSummary } from "../../results/summary-format.ts";
import type { Figure, Line } from "../figure.ts";
import { figuresOf } from "../figures.ts";
import { Chart } from "./chart.ts";
import { forgetColours } from "./theme.ts";

const summary = JSON.parse(document.getElementById("data")?.textContent ?? "") as ExperimentSummary;
const figures = figuresOf(summary);
const root = document.documentElement;
const off = new Set<string>();
const isShown = (line: Line): boolean => line.toggles.every((toggle) => !off.has(toggle));

const charts: Chart[] = [...document.querySelectorAll<HTMLElement>(".plot")].flatMap((place) => {
  const figure = figures[Number(place.dataset.figure)];
  const panel = figure?.panels[Number(place.dataset.panel)];
  return figure && panel ? [new Chart(place, figure, panel, isShown)] : [];
});
const chartsOf = (figure: Figure | undefined): Chart[] => charts.filter((chart) => chart.figure === figure);

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-toggle]")) {
  button.addEventListener("click", () => toggle(button.dataset.toggle ?? ""));
}

/** A tuning's toggle stands in several legends and also hides its panels. */
function toggle(name: string): void {
  if (!off.delete(name)) off.add(name);
  for (const button of document.querySelectorAll(`[data-toggle="${CSS.escape(name)}"]`)) {
    button.setAttribute("aria-pressed", String(!off.has(name)));
  }
  for (const panel of document.querySelectorAll<HTMLElement>(`[data-panel-of="${CSS.escape(name)}"]`)) {
    panel.hidden = off.has(name);
  }
  for (const chart of charts) chart.showLines();
}

for (const box of document.querySelectorAll<HTMLInputElement>("[data-logarithmic]")) {
  box.addEventListener("change", () => {
    for (const chart of chartsOf(figures[Number(box.dataset.logarithmic)])) chart.setLogarithmic(box.checked);
  });
}

const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", repaint);
const themeButton = document.getElementById("theme");
if (themeButton) {
  themeButton.hidden = false;
  themeButton.addEventListener("click", () => {
    const isDark = root.style.colorScheme === "" ? dark.matches : root.style.colorScheme === "dark";
    root.style.colorScheme = isDark ? "light" : "dark";
    repaint();
  });
}

function repaint(): void {
  forgetColours();
  for (const chart of charts) chart.repaint();
}

// On paper: light, whatever the screen has.
let onScreen = "";
addEventListener("beforeprint", () => {
  onScreen = root.style.colorScheme;
  root.style.colorScheme = "light";
  repaint();
});
addEventListener("afterprint", () => {
  root.style.colorScheme = onScreen;
  repaint();
});
