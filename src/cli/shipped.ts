/**
 * Shipped experiments: those of config/experiments, which the package brings with it, by their names. And stories, those of config/stories, whose
 * connections docs/handshake.md and docs/teardown.md show.
 *
 * Purpose   Who installed the package need not know where it lies: `halfopen run flood-vs-tunings`, `halfopen trace handshake`.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nearest } from "../base/nearest.ts";

const folderOf = (kind: "experiments" | "stories"): string =>
  fileURLToPath(new URL(`../../config/${kind}`, import.meta.url));
const EXPERIMENTS = folderOf("experiments");
const STORIES = folderOf("stories");
const ENDING = ".yaml";
/** A path has a separator or an ending. */
const BARE_NAME = /^[A-Za-z0-9][\w-]*$/;

/** Of the experiments, without their endings, in order. */
export const shippedNames = (): string[] => namesIn(EXPERIMENTS);
export const storyNames = (): string[] => namesIn(STORIES);

function namesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort();
}

const isRegularFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** The path of what a user names: a file of the user's own comes first, then the shipped experiment or story of that name; else as given. */
export function resolveExperiment(given: string, isFile = isRegularFile): string {
  if (isFile(given) || !BARE_NAME.test(given)) return given;
  const folder = [EXPERIMENTS, STORIES].find((one) => namesIn(one).includes(given));
  return folder === undefined ? given : join(folder, `${given}${ENDING}`);
}

/** What a user who gave a name may have meant; empty for a path, and for what is there. */
export function shippedHint(given: string): string {
  if (!BARE_NAME.test(given) || existsSync(given)) return "";
  const [names, stories] = [shippedNames(), storyNames()];
  const meant = nearest(given, [...names, ...stories]);
  const guess = meant === undefined ? "" : `did you mean ${meant}? `;
  return `  hint: ${guess}shipped experiments are ${names.join(", ")}; stories are ${stories.join(", ")}\n`;
}
