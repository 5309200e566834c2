/**
 * limit.c, the yardstick: a minimal C program of the same problem. It models less than halfopen does (no client ports, no ledger, no time
 * lines, no histograms), so the engine does not reach it; how near it comes is the figure.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { benchFolder } from "./places.ts";

const COMPILERS = ["gcc", "cc", "clang"];
const FLAGS = ["-O3", "-march=native", "-ffp-contract=off"];

/** Builds limit.c into `folder`; answers the program, or null where there is no C compiler. */
export function buildLimit(folder: string): string | null {
  const program = join(folder, "limit");
  for (const compiler of COMPILERS) {
    try {
      execFileSync(compiler, [...FLAGS, "-o", program, join(benchFolder, "limit.c"), "-lm"], { stdio: "pipe" });
      return program;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return null;
}

/** Wall-clock seconds of the last repetition. */
export function runLimit(program: string, args: readonly string[]): number {
  const lines = execFileSync(program, args, { encoding: "utf8" }).trim().split("\n");
  return (JSON.parse(lines.at(-1) ?? "") as { wall: number }).wall;
}
