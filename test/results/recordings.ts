/** The shipped recordings, for tests. */
import { readdirSync, readFileSync } from "node:fs";
import type { Recording } from "../../src/results/recording-format.ts";

export const recordingsUrl = new URL("../recordings/", import.meta.url);

/** `01-baseline` ... in order. */
export const recordingNames: readonly string[] = readdirSync(recordingsUrl)
  .filter((file) => file.endsWith(".result.json"))
  .map((file) => file.slice(0, -".result.json".length))
  .sort();

export const readRecording = (name: string): Recording =>
  JSON.parse(readFileSync(new URL(`${name}.result.json`, recordingsUrl), "utf8")) as Recording;
