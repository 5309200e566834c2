/**
 * Builds dist/ before any test runs, so that tests of the command line and of worker threads, which both load built
 * files, never meet a stale build.
 */
import { execFileSync } from "node:child_process";

export function setup(): void {
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
    stdio: "inherit",
  });
}
