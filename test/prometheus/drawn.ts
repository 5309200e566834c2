/**
 * Dashboards drawn where there is no Grafana: panels' real answers by uPlot in Chromium, in Grafana's grid at 1280 pixels, light and dark.
 *
 * Pictures  With HALFOPEN_PICTURES=folder those of PICTURES are written there as PNG; `npm run docs:pictures` writes docs/images.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { photograph, visit } from "../browser/chromium.ts";
import { dashboards, dataPanels } from "../dashboards/files.ts";
import type { Chosen, Filling } from "./fill.ts";
import { pictureOf, type View } from "./picture.ts";
import { picturePage } from "./picture-page.ts";
import { SCRAPE_S, type Scene } from "./scene.ts";

interface Subjects {
  readonly DEMO: Chosen;
  readonly CORNERS: Chosen;
  readonly JOB: Chosen;
}

/** Less is a chart that its legend has taken over. */
const LEAST_CHART_PX = 90;
/** Of Grafana's grid, in pixels. */
const ROW_PX = 38;

interface PictureSpec {
  readonly file: string;
  readonly uid: string;
  readonly of: keyof Subjects;
  readonly rows?: readonly string[];
  readonly isDark?: true;
}

/** What docs/dashboards.md shows. */
const PICTURES: readonly PictureSpec[] = [
  { file: "tunings-at-a-glance.png", uid: "halfopen-tunings", of: "DEMO", rows: ["At a glance", "Load"] },
  { file: "tunings-gates.png", uid: "halfopen-tunings", of: "DEMO", rows: ["Gates"] },
  { file: "tunings-latency.png", uid: "halfopen-tunings", of: "DEMO", rows: ["Latency", "Queues"], isDark: true },
  { file: "accept-path.png", uid: "halfopen-accept-path", of: "DEMO", rows: ["3.", "5."] },
  { file: "flood-or-load.png", uid: "halfopen-flood-or-load", of: "DEMO", rows: ["Verdict", "Half-opens"] },
  { file: "time-wait.png", uid: "halfopen-time-wait", of: "CORNERS", rows: ["Ports", "Buckets"] },
  { file: "virtual-hosts.png", uid: "halfopen-virtual-hosts", of: "CORNERS", rows: ["What the usual"], isDark: true },
  { file: "capacity.png", uid: "halfopen-capacity", of: "JOB", rows: ["What clients", "What binds"] },
  { file: "capacity-sweep.png", uid: "halfopen-capacity", of: "JOB", rows: ["What sweeps"] },
  { file: "capacity-plan.png", uid: "halfopen-capacity", of: "JOB", rows: ["What plans"] },
  { file: "daemon.png", uid: "halfopen-daemon", of: "DEMO", rows: ["Health", "Pool"] },
];

const subjectOf = (uid: string): keyof Subjects => PICTURES.find((picture) => picture.uid === uid)?.of ?? "DEMO";

export function describeDrawn(scene: () => Scene, subjects: Subjects, filling: Filling): void {
  const view = (of: keyof Subjects, isDark: boolean): View => ({
    ...{ chosen: subjects[of], filling, isDark },
    // From when a rate has all of its scrapes.
    ...{ startS: scene().startS + 4 * SCRAPE_S, endS: scene().endS, stepS: SCRAPE_S },
  });

  test.each([
    ["light", false],
    ["dark", true],
  ] as const)("every panel is drawn, in %s, without an error, and its legend leaves room", async (_name, isDark) => {
    const all = dashboards();
    const pictures = await Promise.all(
      all.map((one) => pictureOf(scene().prometheus, one, view(subjectOf(one.uid), isDark))),
    );
    const { dom, console } = visit(picturePage(pictures));
    expect(console).toEqual([]);
    const drawn = [...dom.matchAll(/<div class="panel (\w+)"[^>]*data-drawn="\w+"/g)];
    const wanted = all.flatMap((one) =>
      dataPanels(one).flatMap(({ repeat }) =>
        repeat === "tuning" ? [...subjects[subjectOf(one.uid)].tunings] : [one.title],
      ),
    );
    expect(drawn).toHaveLength(wanted.length);
    const heights = [...dom.matchAll(/data-chart-height="(-?\d+)"/g)].map(([, height]) => Number(height));
    expect(heights.length).toBeGreaterThan(50);
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(LEAST_CHART_PX);
  });

  const folder = process.env.HALFOPEN_PICTURES;
  if (folder === undefined) return;
  test.each(PICTURES)("picture: $file", async ({ file, uid, of, rows, isDark }) => {
    const dashboard = dashboards().find((one) => one.uid === uid)!;
    const own = { ...view(of, isDark === true), ...(rows !== undefined && { rows }) };
    const picture = await pictureOf(scene().prometheus, dashboard, own);
    mkdirSync(folder, { recursive: true });
    const height = Math.max(...picture.panels.map(({ y, h }) => y + h)) * ROW_PX;
    photograph(picturePage([picture]), join(process.cwd(), folder, file), { height });
  });
}
