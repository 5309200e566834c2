/**
 * The import table of the project as data, and what a source file does against it.
 *
 * Rules   1. A folder imports only itself and what its row names. Type-only imports count.
 *         2. A package is imported through its door only.
 *         3. Pure folders import nothing of node:, and know neither the clock nor chance.
 */

const BASE = ["base"];
const WORDS = ["vocabulary", ...BASE];
const RESULTS = ["results", ...WORDS];
/** Everything that a command of cli, or generate, may use. Of the page only the built files. */
const BELOW_CLI = [
  ...["daemon", "client", "store", "dashboards", "load", "lab", "trace", "advise", "metrics", "report"],
  ...["index.ts", "simulate.ts", "pool", "config", "compile", "engine", "wire", ...RESULTS],
];

/** Folder, or file at the top of src/, → what it may import besides itself. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  vocabulary: BASE,
  config: WORDS,
  compile: WORDS,
  engine: WORDS,
  wire: WORDS,
  results: WORDS,
  pool: ["config", "compile", "engine", ...RESULTS],
  "simulate.ts": ["config", "compile", "pool", ...RESULTS],
  "simulate-sweep.ts": ["config", "compile", "pool", ...RESULTS],
  "index.ts": ["simulate.ts", "simulate-sweep.ts", "config", "compile", "pool", "engine", ...RESULTS],
  metrics: RESULTS,
  report: RESULTS,
  client: RESULTS,
  store: RESULTS,
  dashboards: ["metrics", ...RESULTS],
  load: ["metrics", "pool", ...RESULTS],
  lab: ["engine", "wire", ...RESULTS],
  trace: ["engine", "wire", ...RESULTS],
  advise: ["simulate.ts", ...RESULTS],
  web: ["report", "engine", "compile", ...RESULTS],
  daemon: ["metrics", "store", "lab", "report", "advise", "index.ts", ...RESULTS],
  cli: BELOW_CLI,
  generate: BELOW_CLI,
};

/** Package → where it may be imported: a folder, or one file. */
export const DOORS: Readonly<Record<string, readonly string[]>> = {
  zod: ["config"],
  yaml: ["config"],
  piscina: ["pool"],
  bullmq: ["pool"],
  "hdr-histogram-js": ["results/hdr.ts"],
  undici: ["client", "load", "lab"],
  "prom-client": ["metrics"],
  fastify: ["daemon"],
  pino: ["daemon"],
  commander: ["cli"],
  esbuild: ["generate"],
  libsql: ["store"],
  uplot: ["report", "web"],
  koffi: ["lab"],
  "@grafana/grafana-foundation-sdk": ["dashboards"],
};

/** What needs the seed and nothing else: the page runs it in the browser, and two machines must agree. */
export const PURE = ["base", "vocabulary", "compile", "engine", "wire", "results", "web"];

/** Words of a machine's clock, chance and streams, which no pure folder may use. */
const IMPURE = /\b(Date\.now|new Date|Math\.random|performance\.|process\.|setTimeout|setInterval|console\.)/;

/** The page has a clock, a console and timers of its own. */
const MAY_BE_IMPURE = ["web"];

/** Specifiers of all imports and exports of a source text: static, dynamic, and of files that are loaded by address. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  const patterns = [
    /\b(?:import|export)\s(?:[^;"'`]*?\sfrom\s*)?["']([^"']+)["']/g,
    /\bimport\s*\(\s*["'`]([^"'`]+)["'`]/g,
    /\bnew URL\(\s*["']([^"']+)["']\s*,\s*import\.meta\.url/g,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ""));
}

/** Not a parser: a `//` inside a string counts as a comment up to the end of the line, which hides no import. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:])\/\/.*$/gm, "$1");

/** The row of a path below src/: "engine/host.ts" → "engine", "index.ts" → "index.ts". */
const rowOf = (path: string): string => path.split("/")[0] ?? path;

/** What `path` (below src/) with this text does against the table, as sentences. */
export function violationsOf(path: string, text: string): string[] {
  const row = rowOf(path);
  const allowed = MAY_IMPORT[row];
  if (allowed === undefined) return [`${path}: ${row} has no row in the table`];
  const violations = importsOf(text).flatMap((specifier) => violationOf(path, row, allowed, specifier));
  const impure = PURE.includes(row) && !MAY_BE_IMPURE.includes(row) ? IMPURE.exec(withoutComments(text)) : null;
  return impure ? [...violations, `${path}: ${row} is pure and uses ${impure[1]}`] : violations;
}

function violationOf(path: string, row: string, allowed: readonly string[], specifier: string): string[] {
  if (specifier.startsWith(".")) {
    const target = new URL(specifier, `file:///src/${path}`).pathname.replace(/^\/src\//, "");
    // Files beside src/, such as package.json, are data.
    if (target.startsWith("/"))
      return /\.[cm]?[jt]s$/.test(target) ? [`${path}: imports ${specifier}, outside of src`] : [];
    const to = rowOf(target);
    return to === row || allowed.includes(to) ? [] : [`${path}: ${row} may not import ${to}`];
  }
  if (specifier.startsWith("node:"))
    return PURE.includes(row) ? [`${path}: ${row} is pure and imports ${specifier}`] : [];
  const parts = specifier.split("/");
  const name = specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
  const doors = DOORS[name];
  if (doors === undefined) return [`${path}: the package ${name} has no door in the table`];
  return doors.includes(row) || doors.includes(path) ? [] : [`${path}: the door of ${name} is ${doors.join(", ")}`];
}
