/**
 * Builds dist/ before any test runs, so that tests of the command line, of worker threads and of the report's page, which all load
 * built files, never meet a stale build. Type errors do not stop it, the files are written all the same: `npm run typecheck` reports them.
 */
import { spawnSync } from "node:child_process";

export function setup(): void {
  spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);
  spawnSync(process.execPath, ["dist/generate/bundle-engine.js"]);
  spawnSync(process.execPath, ["dist/generate/bundle-page.js"]);
}
