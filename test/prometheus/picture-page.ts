/** Pictures → one HTML page that draws them by itself. */
import { readFileSync } from "node:fs";
import { buildSync } from "esbuild";
import type { Picture } from "../dashboards/picture/model.ts";

const FOLDER = "test/dashboards/picture";

const script = (): string =>
  new TextDecoder().decode(
    buildSync({
      ...{
        entryPoints: [`${FOLDER}/draw.ts`],
        bundle: true,
        write: false,
        format: "iife",
        target: "es2022",
        charset: "utf8",
      },
    }).outputFiles[0]?.contents,
  );

export function picturePage(pictures: readonly Picture[]): string {
  const style =
    readFileSync("node_modules/uplot/dist/uPlot.min.css", "utf8") + readFileSync(`${FOLDER}/page.css`, "utf8");
  const data = JSON.stringify(pictures).replaceAll("<", "\\u003c");
  return `<!doctype html><meta charset="utf-8"><title>dashboards</title><style>${style}</style><body><script>window.pictures=${data}</script><script>${script()}</script></body>`;
}
