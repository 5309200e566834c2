/** The library of an earlier commit, built in a folder of its own. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./places.ts";

export type Previous =
  | { readonly ok: true; readonly commit: string; readonly libraryUrl: string }
  | { readonly ok: false; readonly why: string };

/** HEAD where the sources have changes that are not committed, else the commit before it. */
export function previousRevision(): string {
  const { stdout } = spawnSync("git", ["status", "--porcelain", "--", "src"], { cwd: root, encoding: "utf8" });
  return (stdout ?? "").trim() === "" ? "HEAD~1" : "HEAD";
}

/** Builds `revision` in `folder`, with the packages that are installed here. */
export function buildPrevious(revision: string, folder: string): Previous {
  const git = (...args: string[]): string => execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: "pipe" });
  let commit: string;
  try {
    commit = git("log", "-1", "--format=%h %s", revision, "--").trim();
    const tree = join(folder, "tree.tar");
    git("archive", `--output=${tree}`, revision);
    mkdirSync(join(folder, "tree"));
    execFileSync("tar", ["-xf", tree, "-C", join(folder, "tree")], { stdio: "pipe" });
  } catch (error) {
    return { ok: false, why: `there is no ${revision} to be had (${firstLine(error)})` };
  }
  const tree = join(folder, "tree");
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  try {
    const node = (...args: string[]): unknown => execFileSync(process.execPath, args, { cwd: tree, stdio: "pipe" });
    node("node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json");
    if (existsSync(join(tree, "dist/generate/bundle-engine.js"))) node("dist/generate/bundle-engine.js");
  } catch (error) {
    return { ok: false, why: `${commit} does not build here (${firstLine(error)})` };
  }
  return { ok: true, commit, libraryUrl: pathToFileURL(join(tree, "dist/index.js")).href };
}

const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split("\n")[0] ?? "";
