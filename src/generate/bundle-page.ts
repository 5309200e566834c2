/**
 * Makes the script and the style of the report's page: dist/report/page.js and page.css, each one file, uPlot included.
 *
 * Why      The page has to stand by itself, and a browser reads neither TypeScript nor packages.
 * Used by  `npm run build`, in the repository: the sources have to be beside dist/.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const page = (file: string): string => fileURLToPath(new URL(`../../src/report/page/${file}`, import.meta.url));
const output = fileURLToPath(new URL("../report", import.meta.url));

/** The licence of uPlot asks to stand wherever uPlot does. */
const licence = async (): Promise<string> => {
  const text = await readFile(createRequire(import.meta.url).resolve("uplot/LICENSE"), "utf8");
  return `/* uPlot, which is in this file:\n\n${text.trim()}\n*/`;
};

const uplotLicence = await licence();
await build({
  entryPoints: [
    { in: page("main.ts"), out: "page" },
    { in: page("page.css"), out: "page" },
  ],
  outdir: output,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  banner: { js: uplotLicence, css: uplotLicence },
  logLevel: "warning",
});
