/**
 * The page's script and style, as `npm run build` makes them: uPlot is in both, so the page loads nothing.
 *
 * Used by   report.ts alone. The one file of the report that reads files; the others are pure.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

export interface PageAssets {
  readonly script: string;
  readonly style: string;
  /** `sha256-...` of the script, for the page's Content-Security-Policy. */
  readonly scriptHash: string;
}

let loaded: PageAssets | undefined;

export function pageAssets(): PageAssets {
  loaded ??= readAssets();
  return loaded;
}

function readAssets(): PageAssets {
  const script = readFileSync(builtFile("page.js"), "utf8");
  const hash = createHash("sha256").update(script, "utf8").digest("base64");
  return { script, style: readFileSync(builtFile("page.css"), "utf8"), scriptHash: `sha256-${hash}` };
}

/** The sources, as tests load them, use the files in dist; test/build.setup.ts builds them before any test. */
function builtFile(name: string): URL {
  const here = import.meta.url;
  return new URL(here.endsWith(".ts") ? `../../dist/report/${name}` : `./${name}`, here);
}
