/**
 * Rewrites the built engine/run.js as one file with its constants written in.
 *
 * Why         V8 does not fold constants that cross ES modules: every named word offset and every verdict would be a load in the hot path.
 *             Measured on Node 20: 10 to 25 % of the engine's time.
 * How         esbuild bundles and inlines top-level constants; what it leaves are members of constant tables of numbers (Verdict, Gate ...),
 *             which are replaced by their values here, and fields of classes, of which V8 knows more when they are plain (plainFields()).
 *             The result is the same program.
 * Used by     `npm run build`, after the compiler; works on the built tree that it stands in.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { AppTimer } from "../engine/app-timers.ts";
import { Notice } from "../engine/notices.ts";
import { Extreme, ListenerField, WorkloadField } from "../engine/recorder.ts";
import { Gate } from "../vocabulary/gates.ts";
import { Outcome } from "../vocabulary/outcomes.ts";
import * as runSpec from "../vocabulary/run-spec.ts";
import { Verdict } from "../vocabulary/verdicts.ts";

type NumberTable = Readonly<Record<string, number>>;

const TABLES: Readonly<Record<string, NumberTable>> = {
  ...{ AppTimer, Extreme, Gate, ListenerField, Notice, Outcome, Verdict, WorkloadField },
  ...(Object.fromEntries(Object.entries(runSpec).filter(([, value]) => typeof value === "object")) as Record<
    string,
    NumberTable
  >),
};

const FUNCTION = /^function (\w+)(\(.*\}$|\([\s\S]*?^\})/gm;

/**
 * Top-level names as constants: V8 folds only what cannot change. esbuild makes `var` of constants; and of a function that was declared V8 asks at each call
 * whether the name still stands for it. Functions go first, as declared ones do. Measured on Node 20: 4 to 6 % of the engine's time for functions.
 */
export function makeConstant(code: string): string {
  const functions: string[] = [];
  const rest = code.replace(/^var /gm, "const ").replace(FUNCTION, (_, name: string, body: string) => {
    functions.push(`const ${name} = function${body};\n`);
    return "";
  });
  return functions.join("") + rest;
}

/** `Table.member` → its number, where Table is one of `tables`. Comments stay as they are, since what is written in has one of its own. */
export function writeInConstants(code: string, tables: Readonly<Record<string, NumberTable>>): string {
  return code.replace(/\/\*[\s\S]*?\*\/|(?<![\w.$])([A-Z]\w*)\.(\w+)\b/g, (whole, table?: string, member = "") => {
    const value = table !== undefined && Object.hasOwn(tables, table) ? tables[table]?.[member] : undefined;
    return value === undefined ? whole : `/* ${whole} */ ${value}`;
  });
}

const CLASS = /(\w+) = class(?: extends \w+)? \{$|^class (\w+)/;
const DECLARATION = /^ {2}#?\w+;$/;
const PRIVATE = /(?<=\.|^ {2}(?:get |set |async )?)#(\w+)/g;

/**
 * Class fields as the constructor sets them, in code as esbuild prints it. A field that is declared without a value is undefined first; then V8 takes it for one
 * that holds anything, and asks at each use what it is. So such declarations go. Private members (`#name`), which must be declared,
 * become members called `Class_name`. Measured on Node 20: 6 to 12 % of the engine's time.
 */
export function plainFields(code: string): string {
  let name = "";
  const lines = code.split("\n").filter((line) => !DECLARATION.test(line));
  return lines
    .map((line) => {
      const begins = CLASS.exec(line);
      if (begins !== null) name = begins[1] ?? begins[2] ?? "";
      return line.replace(PRIVATE, (_, member: string) => `${name}_${member}`);
    })
    .join("\n");
}

/** Arrays whose words are found by int32. */
const WORD_INDEX = /\b([\w.]*(?:rows|seg|words\d*|times|fields|slots))\[((?:\w+|\(\w+ << \d+\)) \+ (?:\d+|\w+))\]/g;

/**
 * `rows[at + 3]` → `rows[at + 3 | 0]`: V8 does not check whether a sum that is cut to int32 overflows. Two instructions of the eight that an access to a word
 * takes, and a third of their bytes; the code of a connection's life is larger than the nearest cache. Measured on Node 20: 2 to 3 % of the engine's time.
 */
export function cutIndices(code: string): string {
  return code.replace(WORD_INDEX, "$1[$2 | 0]");
}

async function bundleEngine(): Promise<void> {
  const file = fileURLToPath(new URL("../engine/run.js", import.meta.url));
  await build({
    entryPoints: [file],
    outfile: file,
    bundle: true,
    format: "esm",
    minifySyntax: true,
    allowOverwrite: true,
    logLevel: "warning",
  });
  await writeFile(file, cutIndices(plainFields(writeInConstants(makeConstant(await readFile(file, "utf8")), TABLES))));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleEngine();
