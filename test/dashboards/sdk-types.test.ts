/**
 * Goal    The committed JSON is what the SDK's types describe: no key that they do not know, no word that is not one of theirs.
 * Method  The files as literals of the SDK's type, put before the compiler; and a file with faults, so that it is known to look.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fileNames, textOf } from "./files.ts";

/** In the repository, so that packages are found. */
const FOLDER = "build/dashboard-types";
beforeAll(() => mkdirSync(FOLDER, { recursive: true }));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** A value of the SDK as JSON has it: words in place of enums, no functions; a panel's queries are Prometheus'. */
const HEAD = `
import type { Dataquery as AnyQuery } from "@grafana/grafana-foundation-sdk/cog";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";

type Json<T> = unknown extends T ? unknown
  : T extends string ? (string extends T ? string : \`\${T}\`)
  : T extends number ? number
  : T extends boolean | null | undefined ? T
  : T extends readonly (infer U)[] ? Json<U>[]
  : AnyQuery extends T ? Json<Dataquery>
  : { [K in keyof T as NonNullable<T[K]> extends (...given: never) => unknown ? never : K]: Json<T[K]> };
`;

const FLAGS = [
  "--ignoreConfig",
  "--noEmit",
  "--strict",
  "--skipLibCheck",
  "--module",
  "nodenext",
  "--target",
  "es2023",
];

/** What the compiler has against the texts, each as a dashboard. */
function complaints(name: string, texts: readonly string[]): string[] {
  const file = `${FOLDER}/${name}.ts`;
  const constants = texts.map((text, index) => `export const dashboard${index}: Json<Dashboard> = ${text};`);
  writeFileSync(file, HEAD + constants.join("\n"));
  const { stdout } = spawnSync(
    process.execPath,
    ["node_modules/typescript/bin/tsc", ...FLAGS, "--types", "node", file],
    {
      encoding: "utf8",
    },
  );
  return stdout.split("\n").filter((line) => line.includes("error TS"));
}

test("every file is a dashboard to the SDK", () => {
  expect(complaints("committed", fileNames().map(textOf))).toEqual([]);
});

const good = textOf("halfopen-daemon.json");
const faults = [
  ['"editable": false', '"editable": "no"', "a word in place of a flag"],
  ['"graphTooltip": 1', '"graphTooltips": 1', "a key that nobody knows"],
  ['"legendFormat"', '"legend"', "a key of a query that Prometheus' has not"],
  ['"mode": "thresholds"', '"mode": "threshold"', "a word that is none of the enum's"],
] as const;
test("faults are seen, each one", () => {
  const texts = faults.map(([from, to]) => good.replace(from, to));
  for (const [index, text] of texts.entries()) expect(text, faults[index]?.[2]).not.toBe(good);
  expect(complaints("faulty", texts)).toHaveLength(faults.length);
});
