/** Names of experiments as output shows them. */
import { basename } from "node:path";
import type { LoadedExperiment } from "./load-experiment.ts";

/** An experiment without a name has that of its file. */
export function nameOf({ experiment, file }: Pick<LoadedExperiment, "experiment" | "file">): string {
  if (experiment.name !== "") return experiment.name;
  return file === "-" ? "standard input" : basename(file).replace(/\.(ya?ml|json)$/, "");
}
