/**
 * Goal    docs/ARCHITECTURE.md names what exists.
 * Method  Everything in `code` that looks like a path is a file or folder, from the top or below src/; what looks like a name stands in the sources;
 *         `name()` is defined there; the import table says what test/layers.ts says; `npm run` names scripts.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MAY_IMPORT } from "../layers.ts";

const page = readFileSync("docs/ARCHITECTURE.md", "utf8");
const prose = page.replace(/^```[\s\S]*?^```$/gm, "");
const words = [...new Set([...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? ""))];
const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => readFileSync(`src/${path}`, "utf8"))
  .join("\n");

const paths = words.filter((word) => /^[\w.-]+(\/[\w.-]*)+$/.test(word));
const definitions = words.filter((word) => /^\w+\(\)$/.test(word)).map((word) => word.slice(0, -2));
const names = words.filter((word) => /^[A-Za-z_]\w*(\.\w+)*$/.test(word));

test("paths exist", () => {
  expect(paths.length).toBeGreaterThan(25);
  expect(paths.filter((path) => !existsSync(path) && !existsSync(`src/${path}`))).toEqual([]);
});

test("functions and methods are defined", () => {
  const isDefined = (name: string): boolean =>
    new RegExp(`(function\\*? |const |class |^ {2}(static |async |\\*|#)*)${name}\\b ?(<[^>]*>)?(\\(| =)`, "m").test(
      sources,
    );
  expect(definitions.length).toBeGreaterThan(60);
  expect(definitions.filter((name) => !isDefined(name))).toEqual([]);
});

test("names stand in the sources", () => {
  const isNamed = (name: string): boolean => new RegExp(`\\b${name.replaceAll(".", "\\.")}\\b`).test(sources);
  const elsewhere = ["name", "code", "client.clock"];
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !isNamed(name) && !elsewhere.includes(name))).toEqual([]);
});

test("scripts exist", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
  const named = [...page.matchAll(/`npm run ([\w:]+)`/g)].map((match) => match[1] ?? "");
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test("the import table is the tested one, for the folders that exist", () => {
  const exists = (row: string): boolean => existsSync(`src/${row}`);
  const lines = [...page.matchAll(/^\| ([\w., ]+) \| ([\w., ]+) \|$/gm)];
  const shown = lines.flatMap(([, rows = "", may = ""]) =>
    rows.split(", ").map((row) => [row, may.split(", ")] as const),
  );
  const table = shown.filter(([row, may]) => row in MAY_IMPORT && may[0] !== "everything below");
  expect(table.length).toBeGreaterThan(6);
  for (const [row, may] of table) {
    expect([...may].sort(), row).toEqual((MAY_IMPORT[row] ?? []).filter(exists).sort());
  }
});
