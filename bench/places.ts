/** Where things are: compiled files stand below the repository, at any depth. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const above = dirname(folder);
    if (above === folder) throw new Error("no package.json above the bench");
    folder = above;
  }
  return folder;
}

export const root = findRoot();
export const benchFolder = join(root, "bench");
/** The library as compiled beside this file. */
export const libraryUrl = new URL("../src/index.js", import.meta.url).href;
