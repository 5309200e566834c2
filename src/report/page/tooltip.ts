/** What the lines of a panel are at under the cursor. Since charts share their cursor, each shows its own at the same moment. */
import type uPlot from "uplot";
import type { Figure, Line } from "../figure.ts";
import { countText, NOTHING } from "../number-text.ts";

export class Tooltip {
  readonly plugin: uPlot.Plugin;
  readonly #figure: Figure;
  readonly #lines: readonly Line[];
  readonly #box = document.createElement("div");

  constructor(figure: Figure, lines: readonly Line[]) {
    this.#figure = figure;
    this.#lines = lines;
    this.#box.className = "tooltip";
    this.#box.hidden = true;
    this.plugin = {
      hooks: { init: (plot) => plot.over.append(this.#box), setCursor: (plot) => this.#show(plot) },
    };
  }

  #show(plot: uPlot): void {
    const { left = -1, idx } = plot.cursor;
    const at = typeof idx === "number" ? plot.data[0][idx] : undefined;
    this.#box.hidden = left < 0 || at === undefined;
    if (at === undefined) return;
    const rows = this.#lines.flatMap((line, index) =>
      line.isLimit || plot.series[index + 1]?.show === false ? [] : [rowOf(line, valueAt(line, at))],
    );
    this.#box.replaceChildren(heading(this.#figure, at), ...rows);
    const isLeft = left < plot.over.clientWidth / 2;
    this.#box.style.left = isLeft ? `${left + 12}px` : "";
    this.#box.style.right = isLeft ? "" : `${plot.over.clientWidth - left + 12}px`;
  }
}

/** Lines of different tunings may have different times: the last value that is not later. */
function valueAt({ x, y }: Line, at: number): number | null {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return y[low - 1] ?? null;
}

function heading({ kind, steps }: Figure, at: number): HTMLElement {
  const element = document.createElement("b");
  element.textContent = kind === "comb" ? `let in after ${steps[at] ?? ""}` : `at ${Number(at.toFixed(2))} s`;
  return element;
}

function rowOf({ label, colour, dash }: Line, value: number | null): HTMLElement {
  const [row, swatch, number] = [
    document.createElement("span"),
    document.createElement("i"),
    document.createElement("em"),
  ];
  swatch.className = `swatch ${dash}`;
  swatch.style.setProperty("--c", `var(${colour})`);
  number.textContent = value === null ? NOTHING : countText(value);
  row.append(swatch, label, number);
  return row;
}
