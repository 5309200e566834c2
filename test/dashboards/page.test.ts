/**
 * Goal    docs/dashboards.md shows what there is: its pictures exist and are small, and it names every dashboard and every alert's file.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { PROMETHEUS_RULES } from "../../src/generate/dashboard-files.ts";
import { GATES } from "../../src/vocabulary/gates.ts";
import { dashboards } from "./files.ts";

const page = readFileSync("docs/dashboards.md", "utf8");
const MOST_PICTURE_BYTES = 150 * 1024;

test("its pictures are the ones that there are, and small", () => {
  const shown = [...page.matchAll(/!\[[^\]]+\]\(images\/([\w-]+\.png)\)/g)].map(([, file = ""]) => file);
  expect(shown.sort()).toEqual(readdirSync("docs/images").sort());
  for (const file of shown) expect(statSync(`docs/images/${file}`).size, file).toBeLessThan(MOST_PICTURE_BYTES);
});

test("it names every dashboard, with its question", () => {
  for (const { title } of dashboards()) expect(page).toContain(`| ${title.replace("halfopen / ", "")} | `);
});

test("what it says binds are gates by their titles", () => {
  const titles: string[] = Object.values(GATES).map(({ title }) => title);
  const rows = [...page.matchAll(/^\| `(?:cookies_off|big_backlog|default_cookies|abort_on_overflow)` \| (.*) \|$/gm)];
  expect(rows).toHaveLength(4);
  for (const [, cells = ""] of rows)
    for (const cell of cells.split(" | ")) {
      if (cell === "nothing") continue;
      for (const title of cell.split(", then "))
        expect(
          titles.some((one) => one === title || one.endsWith(title)),
          title,
        ).toBe(true);
    }
});

test("files that it names exist", () => {
  expect(page).toContain(PROMETHEUS_RULES);
  const files = [...page.matchAll(/`((?:config|src|dashboards)\/[\w./-]+)`/g)].map(([, file = ""]) => file);
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) expect(existsSync(file), file).toBe(true);
});
