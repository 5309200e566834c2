/** All figures of a summary, in the order of the page. Called by the builder and, in the browser, by the page's script. */
import type { ExperimentSummary } from "../results/summary-format.ts";
import { cpuFigures } from "./cpu-figures.ts";
import type { Figure } from "./figure.ts";
import { clientFigures, queueFigures } from "./line-figures.ts";
import { multipleFigures } from "./multiple-figures.ts";

export const figuresOf = (summary: ExperimentSummary): Figure[] => [
  ...queueFigures(summary),
  ...clientFigures(summary),
  ...cpuFigures(summary),
  ...multipleFigures(summary),
];
