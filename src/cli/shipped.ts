/**
 * Shipped experiments: those of config/experiments, which the package brings with it, by their names.
 *
 * Purpose   Who installed the package need not know where it lies: `halfopen run flood-vs-tunings`.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nearest } from "../base/nearest.ts";

const FOLDER = fileURLToPath(new URL("../../config/experiments", import.meta.url));
const ENDING = ".yaml";
/** A path has a separator or an ending. */
const BARE_NAME = /^[A-Za-z0-9][\w-]*$/;

/** Without their endings, in order. */
export function shippedNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort();
}

const isRegularFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** The path of what a user names: a file of the user's own comes first, then the shipped experiment of that name; else as given. */
export function resolveExperiment(given: string, isFile = isRegularFile): string {
  if (isFile(given) || !BARE_NAME.test(given) || !shippedNames().includes(given)) return given;
  return join(FOLDER, `${given}${ENDING}`);
}

/** What a user who gave a name may have meant; empty for a path, and for what is there. */
export function shippedHint(given: string): string {
  if (!BARE_NAME.test(given) || existsSync(given)) return "";
  const names = shippedNames();
  const meant = nearest(given, names);
  return `  hint: ${meant === undefined ? "" : `did you mean ${meant}? `}shipped experiments are ${names.join(", ")}\n`;
}
