/**
 * Goal    Imports only go down, packages come through their doors, pure folders are pure.
 * Method  Every file of src/ against the table in layers.ts; and planted offences, so that the test is known to see them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DOORS, importsOf, MAY_IMPORT, violationsOf } from "./layers.ts";

const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => /\.[cm]?tsx?$/.test(path));

test("every file keeps to the table", () => {
  expect(files.length).toBeGreaterThan(10);
  expect(files.flatMap((path) => violationsOf(path, readFileSync(`src/${path}`, "utf8")))).toEqual([]);
});

test("the table has no circle: whatever a row may import may not import it", () => {
  const reachable = (row: string): string[] => (MAY_IMPORT[row] ?? []).flatMap((below) => [below, ...reachable(below)]);
  for (const row of Object.keys(MAY_IMPORT)) expect(reachable(row), row).not.toContain(row);
});

test("every package in package.json has a door", () => {
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };
  expect(Object.keys(dependencies).filter((name) => !(name in DOORS))).toEqual([]);
});

const offences = [
  ["base/units.ts", 'import { x } from "../vocabulary/counters.ts";', "up"],
  ["engine/host.ts", 'import { x } from "../results/hdr.ts";', "sideways"],
  ["engine/host.ts", 'import type { X } from "../config/parse.ts";', "sideways, only for a type"],
  ["engine/host.ts", 'export * from "../config/parse.ts";', "sideways, to hand it on"],
  ["compile/compile.ts", 'import {\n  a,\n  type B,\n} from "../config/parse.ts";', "sideways, over several lines"],
  ["pool/pool.ts", 'const x = await import("../simulate.ts");', "up, lazily"],
  ["pool/pool.ts", 'new Worker(new URL("../cli/main.ts", import.meta.url));', "up, as a worker's file"],
  ["daemon/page.ts", 'import { x } from "../web/main.ts";', "the page is used only as built files"],
  ["cli/check.ts", 'import { x } from "../generate/docs.ts";', "within the top row"],
  ["other/file.ts", "", "a folder without a row"],
  ["results/quantiles.ts", 'import { Histogram } from "hdr-histogram-js";', "beside the door, in the same folder"],
  ["cli/check.ts", 'import { z } from "zod";', "a package of another folder"],
  ["config/parse.ts", 'import x from "left-pad";', "an unknown package"],
  ["config/parse.ts", 'import "@scope/pack/sub";', "an unknown package with a scope, for its effect"],
  ["engine/host.ts", 'import { readFileSync } from "node:fs";', "a pure folder reads files"],
  ["engine/host.ts", "const now = Date.now();", "a pure folder reads the clock"],
  ["results/merge.ts", "const x = Math.random();", "a pure folder draws lots"],
  ["cli/main.ts", 'import { x } from "../../test/layers.ts";', "code outside of src"],
] as const;

describe("an offence is seen", () => {
  for (const [path, text, why] of offences) {
    test(`${path}: ${why}`, () => {
      expect(violationsOf(path, text)).toHaveLength(1);
    });
  }
});

const fine = [
  ["engine/host.ts", 'import { x } from "./wheel.ts";', "the same folder"],
  ["engine/host.ts", '// import { x } from "../cli/main.ts";', "a comment"],
  ["engine/host.ts", '/* import { x } from "../cli/main.ts"; */', "a comment of the other kind"],
  ["engine/host.ts", "/** Unlike Date.now(), simulated time stands still. */", "the clock in a comment"],
  ["config/parse.ts", 'import { z } from "zod/v4";', "a part of a package, through its door"],
  ["results/hdr.ts", 'import { build } from "hdr-histogram-js";', "a door that is one file"],
  ["simulate.ts", 'import { x } from "./pool/pool.ts";', "a file at the top"],
  ["cli/main.ts", 'const file = new URL("../../package.json", import.meta.url);', "data beside src"],
  ["pool/pool.ts", 'import os from "node:os";', "node: outside of the pure folders"],
] as const;

describe("what is allowed passes", () => {
  for (const [path, text, why] of fine) {
    test(`${path}: ${why}`, () => {
      expect(violationsOf(path, text)).toEqual([]);
    });
  }
});

test("all kinds of imports are found", () => {
  const text = `import a from "./a.ts";
import * as b from "./b.ts";
import type { C } from './c.ts';
import "./d.ts";
export { e } from "./e.ts";
export * from "./f.ts";
const g = () => import("./g.ts");
const text = "import nothing";
`;
  expect(importsOf(text)).toEqual(["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "./f.ts", "./g.ts"]);
});
