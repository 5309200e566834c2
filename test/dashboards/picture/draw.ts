/** The page's script: draws pictures (model.ts) into the document, lines by uPlot. It notes on each panel what it drew, for whoever looks without eyes. */
import uPlot from "uplot";
import type { Picture, PictureBody, PictureLine, PicturePanel, PictureTable } from "./model.ts";
import { textOf } from "./units.ts";

declare global {
  interface Window {
    readonly pictures: readonly Picture[];
  }
}

const WIDTH = 1280;
const COLUMN = WIDTH / 24;
/** Grafana's: rows of 30 pixels with 8 between them. */
const ROW = 38;
const GAP = 8;
const HEAD = 26;
const FONT = "11px system-ui, sans-serif";
/** Of a quarter of the width. */
const LONG_TEXT = 16;
const MARK = "#b65cab";
/** Width of one, about. */
const CHARACTER = 6.2;
const NAME_SHARE = 0.38;
/** Height of a bar from which on its name can stand above it. */
const LEAST_ABOVE = 40;

/** From few to many. */
const VIRIDIS = ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725"];

const element = (tag: string, className: string, text = ""): HTMLElement => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
};

function drawBoard(picture: Picture): void {
  const board = element("section", picture.isDark ? "board dark" : "board");
  const bottom = Math.max(...picture.panels.map(({ y, h }) => y + h));
  board.style.height = `${bottom * ROW}px`;
  board.dataset.title = picture.title;
  document.body.append(board);
  for (const panel of picture.panels) board.append(panelOf(panel));
  picture.panels.forEach((panel, index) => {
    const place = board.children[index] as HTMLElement;
    drawInto(place, panel, picture);
  });
}

function panelOf({ title, x, y, w, h, body }: PicturePanel): HTMLElement {
  const place = element("div", `panel ${body.kind}`);
  place.style.left = `${x * COLUMN}px`;
  place.style.top = `${y * ROW}px`;
  place.style.width = `${w * COLUMN - GAP}px`;
  place.style.height = `${h * ROW - GAP}px`;
  place.append(element("h2", "", title));
  return place;
}

function drawInto(place: HTMLElement, panel: PicturePanel, picture: Picture): void {
  const { body } = panel;
  switch (body.kind) {
    case "row":
      return;
    case "text":
      place.append(element("p", "", body.markdown.replace(/\]\([^)]*\)/g, "]").replace(/[*[\]]/g, "")));
      return;
    case "number": {
      const value = element("p", "value", body.text);
      value.style.color = body.colour;
      // As Grafana does: a word that is long becomes small.
      if (body.text.length > LONG_TEXT) value.classList.add("long");
      place.append(value);
      break;
    }
    case "bars":
      drawBars(place, body, panel.unit);
      break;
    case "table":
      drawTable(place, body);
      break;
    case "heat":
      drawHeat(place, body, picture);
      break;
    case "lines":
      drawLines(place, body, panel, picture);
      break;
  }
  place.dataset.drawn = body.kind;
}

function drawBars(place: HTMLElement, { bars }: Extract<PictureBody, { kind: "bars" }>, unit: string): void {
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const longest = Math.max(...bars.map(({ name }) => name.length), 0);
  // As Grafana does: long names stand above their bars where there is room, else they take room from them.
  const isLong = longest * CHARACTER > NAME_SHARE * place.clientWidth;
  const isAbove = isLong && (place.clientHeight - HEAD) / bars.length > LEAST_ABOVE;
  if (isLong) place.dataset.names = isAbove ? "above" : "beside";
  for (const { name, colour, value } of bars) {
    const line = element("div", "bar");
    const track = element("span", "track");
    const filled = element("span", "filled");
    filled.style.width = `${(100 * value) / most}%`;
    filled.style.background = colour;
    track.append(filled);
    line.append(element("span", "name", name), track, element("span", "number", textOf(value, unit)));
    place.append(line);
  }
}

function drawTable(place: HTMLElement, { rows, colours }: PictureTable): void {
  const table = element("table", "");
  rows.forEach((texts, index) => {
    const row = element("tr", "");
    const cells = texts.map((text) => element(index === 0 ? "th" : "td", "", text));
    cells.forEach((cell, column) => {
      cell.style.background = colours?.[index - 1]?.[column - 1] ?? "";
    });
    row.append(...cells);
    table.append(row);
  });
  place.append(table);
}

function canvasIn(place: HTMLElement, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = place.clientWidth - 16;
  canvas.height = height;
  place.append(canvas);
  return canvas.getContext("2d") as CanvasRenderingContext2D;
}

function drawHeat(
  place: HTMLElement,
  { bounds, counts }: Extract<PictureBody, { kind: "heat" }>,
  picture: Picture,
): void {
  const context = canvasIn(place, place.clientHeight - HEAD - 10);
  const { width, height } = context.canvas;
  const [left, bottom] = [52, 18];
  const most = Math.max(...counts.flat(), 1);
  const [cellW, cellH] = [(width - left) / picture.times.length, (height - bottom) / bounds.length];
  const ink = getComputedStyle(place).color;
  context.font = FONT;
  counts.forEach((row, bucket) => {
    row.forEach((count, time) => {
      if (count <= 0) return;
      const shade = Math.min(VIRIDIS.length - 1, Math.floor((count / most) ** 0.25 * VIRIDIS.length));
      context.fillStyle = VIRIDIS[shade] ?? "";
      context.fillRect(left + time * cellW, height - bottom - (bucket + 1) * cellH, cellW + 0.5, cellH);
    });
    context.fillStyle = ink;
    context.textAlign = "right";
    if (bucket % 3 === 0)
      context.fillText(textOf(Number(bounds[bucket]), "s"), left - 4, height - bottom - bucket * cellH);
  });
  context.textAlign = "center";
  const [first = 0] = picture.times;
  for (const time of picture.times.filter((_, index) => index % 12 === 6))
    context.fillText(clock(time), left + (time - first) * (cellW / secondsOf(picture)), height - 4);
}

const secondsOf = ({ times }: Picture): number => (times[1] ?? 1) - (times[0] ?? 0);
const clock = (timeS: number): string => new Date(timeS * 1000).toISOString().slice(14, 19);

function drawLines(
  place: HTMLElement,
  body: Extract<PictureBody, { kind: "lines" }>,
  { unit }: PicturePanel,
  picture: Picture,
): void {
  const legend = element("div", "legend");
  for (const { name, colour, isLimit } of body.lines) {
    const entry = element("span", "entry", name);
    const swatch = element("i", isLimit ? "swatch limit" : "swatch");
    swatch.style.borderColor = colour;
    entry.prepend(swatch);
    legend.append(entry);
  }
  const chart = element("div", "chart");
  place.append(chart, legend);
  const height = place.clientHeight - HEAD - legend.offsetHeight - 6;
  place.dataset.chartHeight = String(height);
  const ink = getComputedStyle(place).color;
  const grid = { stroke: picture.isDark ? "#2c3036" : "#e7e9ec", width: 1 };
  const [data, bands] = body.isStacked ? stacked(body.lines) : [body.lines.map(({ values }) => values), []];
  const most = Math.max(...data.flat().map((value) => value ?? 0), 0) || 1;
  const options: uPlot.Options = {
    width: place.clientWidth - 10,
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false }, y: { range: () => [0, body.max ?? most * 1.06] } },
    axes: [
      { stroke: ink, font: FONT, grid, ticks: grid, size: 30, space: 60, values: (_, splits) => splits.map(clock) },
      {
        stroke: ink,
        font: FONT,
        grid,
        ticks: grid,
        size: 72,
        space: 24,
        values: (_, splits) => splits.map((value) => textOf(value, unit)),
      },
    ],
    series: [{}, ...body.lines.map((line) => seriesOf(line, body.isStacked))],
    bands,
    hooks: { draw: [(plot) => drawMarks(plot, picture.marks)] },
  };
  new uPlot(options, [[...picture.times], ...data.map((values) => [...values])], chart);
}

function seriesOf({ colour, isLimit }: PictureLine, isStacked: boolean): uPlot.Series {
  return {
    stroke: colour,
    width: isStacked ? 1 : 1.6,
    points: { show: false },
    ...(isLimit ? { dash: [8, 5] } : {}),
    ...(isStacked ? { fill: `${colour}a0` } : {}),
  };
}

/** Each line on top of those after it, so that the first stands in front of all others' areas. */
function stacked(lines: readonly PictureLine[]): [(number | null)[][], uPlot.Band[]] {
  const sums: number[] = [];
  const data = lines.map(({ values }) => values.map((value, time) => (sums[time] = (sums[time] ?? 0) + (value ?? 0))));
  const bands = lines.slice(1).map((_, index): uPlot.Band => ({ series: [index + 2, index + 1] }));
  return [data, bands];
}

function drawMarks({ ctx, bbox, valToPos }: uPlot, marks: readonly number[]): void {
  ctx.save();
  ctx.strokeStyle = MARK;
  ctx.setLineDash([3, 3]);
  for (const mark of marks) {
    const x = Math.round(valToPos(mark, "x", true));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

for (const picture of window.pictures) drawBoard(picture);
