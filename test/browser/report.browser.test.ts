/**
 * Goal    The report of a real experiment works in a real browser: no error, every chart drawn, the numbers those of the summary, without a network.
 * Method  Headless Chromium opens the page from a file; what is looked at is the document after its scripts ran. The page's policy forbids every load, and a
 *         browser says on the console what it refused. A missing Chromium is a failure.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closePool } from "../../src/pool/pool.ts";
import { figuresOf } from "../../src/report/figures.ts";
import { reportHtml } from "../../src/report/report.ts";
import type { ExperimentSummary } from "../../src/results/summary-format.ts";
import { simulateExperiment } from "../../src/simulate.ts";
import { experimentOf } from "../results/experiment-of.ts";
import { type Visit, visit } from "./chromium.ts";

const scenario = (backlog: number, acceptPerS: number): string => `{duration_s: 12, client: {one_way_delay_s: 0.02},
  server: {sysctls: {net.ipv4.tcp_syncookies: 0}, listeners: [{port: 80, backlog: ${backlog}, accept: {mode: rate, rate_per_s: ${acceptPerS}}}]},
  workloads: [
    {kind: connections, name: legit, port: 80, start_s: 0, rate_per_s: 50, duration_s: 10, arrival: poisson, connect_timeout_s: 4},
    {kind: raw, name: flood, packet: syn, port: 80, start_s: 2, rate_per_s: 200, duration_s: 6, source_addresses: 100}]}`;

/** Names are text, also in a browser. */
const HOSTILE = `</script><img src=x onerror="console.error('in')">`;

let summary: ExperimentSummary;
let page: string;
let light: Visit;

beforeAll(async () => {
  const scenarios = { small: scenario(16, 200), large: scenario(4096, 200), [HOSTILE]: scenario(16, 20) };
  summary = await simulateExperiment(experimentOf(scenarios, { name: HOSTILE, description: HOSTILE, seeds: [1, 2] }));
  page = reportHtml(summary, [{ tuning: "small", sentences: [HOSTILE] }]);
  light = visit(page);
}, 180_000);
afterAll(closePool);

const textOf = (html: string): string =>
  html
    .replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");

/** Every panel that there is to draw: whether it says that it was drawn, and the size of its canvas in pixels. */
const plotsOf = ({ dom }: Visit): { isDrawn: boolean; size: number }[] =>
  [...dom.matchAll(/<div class="plot"([^>]*)>(?:(?!class="plot").)*?<canvas width="(\d+)" height="(\d+)"/gs)].map(
    ([, attributes = "", width, height]) => ({
      isDrawn: attributes.includes("data-drawn"),
      size: Math.min(Number(width), Number(height)),
    }),
  );

const drawnPanels = (): number =>
  figuresOf(summary).flatMap(({ panels }) => panels.filter(({ lines }) => lines.length > 0)).length;

/** Values of a row of the summary's table, as a reader sees them. */
function valuesOf(label: string): string[] {
  const table = /<section id="summary">[\s\S]*?<\/table>/.exec(light.dom)?.[0] ?? "";
  const row = table.split("<tr>").find((text) => text.startsWith(`<th scope="row">${label}<`)) ?? "";
  return [...row.matchAll(/<span class="value">(.*?)<\/span>/g)].map((match) => textOf(match[1] ?? ""));
}

describe("the instrument", () => {
  test("sees an error, and a load that the page's policy forbids", () => {
    const policy = `<meta http-equiv="Content-Security-Policy" content="img-src 'none'">`;
    const broken = visit(
      `<!doctype html>${policy}<body><img src="http://example.org/x.png"><script>missing()</script>`,
    );
    expect(broken.console.join("\n")).toMatch(/missing is not defined/);
    expect(broken.console.join("\n")).toMatch(/Content Security Policy/);
  });
});

describe("the page, opened from a file without a network", () => {
  test("says nothing on the console: no error, nothing that it was refused", () => {
    expect(light.console).toEqual([]);
  });

  test("has a chart drawn in every panel that has something to show", () => {
    const plots = plotsOf(light);
    expect(drawnPanels()).toBeGreaterThan(12);
    expect(plots).toHaveLength(drawnPanels());
    for (const { isDrawn, size } of plots) {
      expect(isDrawn).toBe(true);
      expect(size).toBeGreaterThan(100);
    }
  });

  test("has the summary's numbers in its table", () => {
    const clients = summary.tunings.map((tuning) => tuning.clients[0]!);
    const server = summary.tunings.map((tuning) => tuning.listeners[0]!);
    expect(valuesOf("Attempts")).toEqual(clients.map(({ attempted }) => String(attempted.mean)));
    expect(valuesOf("Accept queue, peak")).toEqual(
      server.map(({ accept_queue: { peak, capacity } }) => `${peak.mean} of ${capacity}`),
    );
    const shares = valuesOf("Clients in").map((text) => Number.parseFloat(text));
    expect(shares).toHaveLength(3);
    expect(new Set(shares).size).toBeGreaterThan(1);
    shares.forEach((share, index) => {
      expect(share).toBeCloseTo((clients[index]?.served_ratio.mean ?? 0) * 100, 1);
    });
    const p99Ms = valuesOf("Connect, p99").map((text) => Number.parseFloat(text) * (text.endsWith(" ms") ? 1 : 1000));
    p99Ms.forEach((ms, index) => {
      const exact = clients[index]?.connect_latency_ms?.p99 ?? 0;
      expect(Math.abs(ms - exact)).toBeLessThan(0.01 * exact);
    });
  });

  test("shows a hostile name as text", () => {
    expect(light.dom).not.toContain("<img");
    expect(textOf(/<h1>(.*?)<\/h1>/.exec(light.dom)?.[1] ?? "")).toBe(HOSTILE);
  });

  test("works in the dark and on a phone as well", () => {
    const phone = visit(page, { width: 390, flags: ["--blink-settings=preferredColorScheme=0"] });
    expect(phone.console).toEqual([]);
    expect(plotsOf(phone).map(({ isDrawn, size }) => isDrawn && size > 100)).toEqual(Array(drawnPanels()).fill(true));
  });
});

/** In the page without its policy, which would not let it in. It notes on the body what it finds. */
const READER = `<script>
addEventListener("load", () => setTimeout(() => {
  const notes = document.body.dataset;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = () => all("[data-panel-of]").filter((panel) => !panel.hidden).length;
  const picture = () => document.querySelector("#comb-1 canvas").toDataURL();
  notes.panels = shown();
  document.querySelector('[data-toggle="tuning-0"]').click();
  notes.without = shown();
  notes.pressed = all('[data-toggle="tuning-0"]').map((button) => button.getAttribute("aria-pressed")).join();
  document.querySelector('[data-toggle="tuning-0"]').click();
  notes.again = shown();
  const before = picture();
  document.getElementById("theme").click();
  notes.repainted = picture() !== before;
  notes.scheme = document.documentElement.style.colorScheme;
  const [plot] = all("#accept-queue-80 .u-over");
  const { left, top, width } = plot.getBoundingClientRect();
  for (const type of ["mouseenter", "mousemove"]) plot.dispatchEvent(new MouseEvent(type, { clientX: left + width / 2, clientY: top + 9 }));
  setTimeout(() => {
    notes.tooltips = all("figure:has([data-panel-of]) .tooltip:not([hidden])").length;
    notes.tooltip = document.querySelector("#accept-queue-80 .tooltip").textContent;
    for (const box of all("[data-logarithmic]")) box.click();
    setTimeout(() => { notes.wide = document.documentElement.scrollWidth - innerWidth; notes.done = "yes"; }, 300);
  }, 300);
}, 300));
</script></body>`;

describe("a reader", () => {
  const noteOf = ({ dom }: Visit, name: string): string | undefined =>
    new RegExp(`<body[^>]* data-${name}="([^"]*)"`).exec(dom)?.[1];
  let used: Visit;
  let phone: Visit;
  beforeAll(() => {
    const read = page.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "").replace("</body>", () => READER);
    used = visit(read);
    phone = visit(read, { width: 390 });
  }, 180_000);

  test("may click on everything without an error", () => {
    expect(used.console).toEqual([]);
    expect(noteOf(used, "done")).toBe("yes");
    expect(plotsOf(used)).toHaveLength(drawnPanels());
  });

  test("hides a tuning in all charts by its name in one, and gets it back", () => {
    const panels = Number(noteOf(used, "panels"));
    expect(Number(noteOf(used, "without"))).toBe((panels / 3) * 2);
    expect(noteOf(used, "pressed")).toMatch(/^false(,false)+$/);
    expect(noteOf(used, "again")).toBe(String(panels));
  });

  test("points at one chart and reads the others at the same moment", () => {
    expect(noteOf(used, "tooltip")).toMatch(/^at 5\.\d+ ssmall\d/);
    expect(Number(noteOf(used, "tooltips"))).toBeGreaterThan(3);
  });

  test("changes between light and dark, canvases too", () => {
    expect(noteOf(used, "scheme")).toBe("dark");
    expect(noteOf(used, "repainted")).toBe("true");
  });

  test("never has to scroll the page sideways, on a phone neither", () => {
    for (const read of [used, phone]) expect(Number(noteOf(read, "wide"))).toBeLessThanOrEqual(0);
  });
});
