/** Chart: one panel of a figure, drawn by uPlot into its place. */
import uPlot from "uplot";
import { type Dash, tuningStyle } from "../colours.ts";
import type { Figure, Line, Panel } from "../figure.ts";
import { countText } from "../number-text.ts";
import { colourOf } from "./theme.ts";
import { Tooltip } from "./tooltip.ts";

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const HEIGHT = 280;
const SMALL_HEIGHT = 190;
const DASH_PX: Readonly<Record<Dash, number[]>> = { solid: [], long: [12, 4], short: [6, 4], dotted: [2, 3] };
/** A limit that is more than this above all that was measured stays outside of a linear scale. */
const FAR = 3;
const BASELINE_COLOUR = tuningStyle(0).colour;

export class Chart {
  readonly figure: Figure;
  readonly #place: HTMLElement;
  readonly #panel: Panel;
  readonly #isShown: (line: Line) => boolean;
  #isLogarithmic: boolean;
  #plot: uPlot;

  constructor(place: HTMLElement, figure: Figure, panel: Panel, isShown: (line: Line) => boolean) {
    this.#place = place;
    this.figure = figure;
    this.#panel = panel;
    this.#isShown = isShown;
    this.#isLogarithmic = figure.logarithmic;
    this.#plot = this.#draw();
    new ResizeObserver(() => this.#fit()).observe(place);
  }

  showLines(): void {
    this.#plot.batch(() => {
      this.#panel.lines.forEach((line, index) => {
        this.#plot.setSeries(index + 1, { show: this.#isShown(line) });
      });
      // Bars stand closer together when there are fewer, and the axis fits what is shown.
      this.#plot.redraw(true, true);
    });
    this.#fitY();
  }

  setLogarithmic(isLogarithmic: boolean): void {
    this.#isLogarithmic = isLogarithmic;
    this.#plot.destroy();
    this.#plot = this.#draw();
  }

  /** At once, as before printing nothing may wait. */
  repaint(): void {
    this.#plot.batch(() => this.#plot.redraw(true, true));
  }

  #fit(): void {
    const width = this.#place.clientWidth;
    if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: this.#plot.height });
  }

  #fitY(): void {
    const [min, max] = this.#yRange();
    this.#plot.setScale("y", { min, max });
  }

  /** The same for all panels of the figure, so that they can be compared. */
  #yRange(): [number, number] {
    const lines = this.figure.panels.flatMap((panel) => panel.lines).filter(this.#isShown);
    const most = highest(lines.filter(({ isLimit }) => !isLimit));
    const limits = lines.filter(
      (line) => line.isLimit && (this.#isLogarithmic || highest([line]) <= FAR * Math.max(most, 1)),
    );
    return [0, Math.max(most, highest(limits)) * 1.06 || 1];
  }

  #draw(): uPlot {
    const { figure } = this;
    const lines = this.#panel.lines;
    const isSmall = figure.panels.length > 1;
    const tooltip = new Tooltip(figure, lines);
    const options: uPlot.Options = {
      width: Math.max(this.#place.clientWidth, 1),
      height: isSmall ? SMALL_HEIGHT : HEIGHT,
      scales: {
        x: { time: false, range: (_, min, max) => this.#xRange(min, max) },
        // 4: inverse hyperbolic sine, logarithmic but for what is below 1.
        y: { range: () => this.#yRange(), distr: this.#isLogarithmic ? 4 : 1, asinh: 1 },
      },
      axes: [this.#xAxis(isSmall), this.#yAxis(isSmall)],
      series: [{}, ...lines.map((line, index) => this.#series(line, index))],
      legend: { show: false },
      cursor: {
        y: false,
        points: { show: figure.kind === "time" },
        drag: { x: figure.kind === "time", y: false, setScale: true },
        ...(figure.kind === "time" ? { sync: { key: "time", scales: ["x", null] } } : {}),
      },
      plugins: [tooltip.plugin],
      hooks: {
        // For whoever looks whether there is a picture.
        draw: [() => this.#place.setAttribute("data-drawn", "")],
      },
    };
    return new uPlot(options, uPlot.join(lines.map(({ x, y }) => [[...x], [...y]])), this.#place);
  }

  /** The whole run or all steps, but for what a reader has enlarged. */
  #xRange(min: number | null, max: number | null): [number, number] {
    const { kind, steps, endS } = this.figure;
    if (kind === "comb") return [-0.5, steps.length - 0.5];
    const xs = this.#panel.lines.flatMap(({ x }) => [x[0] ?? 0, x[x.length - 1] ?? 0]);
    const isAll = min === null || max === null || (min <= Math.min(...xs) && max >= Math.max(...xs));
    return isAll ? [0, endS] : [min, max];
  }

  #xAxis(isSmall: boolean): uPlot.Axis {
    const { kind, steps } = this.figure;
    const comb: uPlot.Axis = {
      splits: () => steps.map((_, step) => step),
      values: () => [...steps],
      grid: { show: false },
    };
    const time: uPlot.Axis = { values: (_, splits) => splits.map((at) => `${Number(at.toFixed(3))} s`) };
    return { ...axisStyle(isSmall), ...(kind === "comb" ? comb : time), space: isSmall ? 60 : 50, size: 32 };
  }

  #yAxis(isSmall: boolean): uPlot.Axis {
    return {
      ...axisStyle(isSmall),
      values: (_, splits) => splits.map(countText),
      // A line for each power of ten: uPlot's own would go below 0.
      ...(this.#isLogarithmic ? { splits: (_, __, ___, max) => powersOfTen(max), filter: (_, splits) => splits } : {}),
      size: (_, values) => 16 + 7 * Math.max(2, ...(values ?? []).map((text) => text.length)),
      ...(isSmall ? {} : { label: this.figure.unit, labelFont: FONT, labelSize: 20, labelGap: 2 }),
    };
  }

  #series(line: Line, index: number): uPlot.Series {
    const common: uPlot.Series = {
      label: line.label,
      show: this.#isShown(line),
      stroke: () => colourOf(line.colour),
      points: { show: false },
    };
    if (this.figure.kind === "comb")
      return { ...common, width: 0, fill: () => colourOf(line.colour), paths: this.#bars(index) };
    const stepped = line.stepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
    return {
      ...common,
      width: widthOf(line),
      dash: DASH_PX[line.dash],
      ...(stepped ? { paths: stepped } : {}),
    };
  }

  /** Bars of one step side by side, in the order of the tunings that are shown. */
  #bars(index: number): uPlot.Series.PathBuilder {
    const lines = this.#panel.lines;
    const width = (): number => 0.8 / Math.max(1, lines.filter(this.#isShown).length);
    const before = (): number => lines.slice(0, index).filter(this.#isShown).length;
    const bars = uPlot.paths.bars?.({
      align: 1,
      gap: 1,
      disp: {
        // 1: in values of the scale.
        x0: { unit: 1, values: ({ data }) => [...data[0]].map((step) => step - 0.4 + before() * width()) },
        size: { unit: 1, values: () => [width()] },
      },
    });
    if (bars === undefined) throw new Error("this uPlot has no bars");
    return bars;
  }
}

/** The baseline is drawn first and wider, so that it is seen beside a tuning that is the same. */
function widthOf({ isLimit, dash, colour }: Line): number {
  if (isLimit) return 1.25;
  if (dash === "dotted") return 1.5;
  return colour === BASELINE_COLOUR ? 4 : 2;
}

const axisStyle = (isSmall: boolean): uPlot.Axis => ({
  stroke: () => colourOf("--quiet"),
  grid: { stroke: () => colourOf("--grid"), width: 1 },
  ticks: { stroke: () => colourOf("--grid"), width: 1, size: 4 },
  font: FONT,
  gap: 4,
  ...(isSmall ? { space: 28 } : {}),
});

function powersOfTen(max: number): number[] {
  const powers = [0];
  for (let power = 1; power <= max; power *= 10) powers.push(power);
  return powers;
}

function highest(lines: readonly Line[]): number {
  let most = 0;
  for (const { y } of lines) for (const value of y) if (value !== null && value > most) most = value;
  return most;
}
