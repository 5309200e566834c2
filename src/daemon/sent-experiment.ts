/** Experiments that came over the network: text that names no files. */
import { err } from "../base/result.ts";
import { type Experiment, parseExperiment, type SweepFlags } from "../index.ts";

const NO_FILES =
  "the daemon reads no files: write what is in it in its place, as `halfopen submit` does, or submit it with that";

/** `sweep`: axes of the request, beside those of the text. */
export const parseSent = (text: string, sweep?: SweepFlags): ReturnType<typeof parseExperiment> =>
  parseExperiment(text, () => err(NO_FILES), [], [], sweep);

/** Of a text that was accepted before; a version of the program that refuses it now throws. */
export function mustParseSent(text: Uint8Array): Experiment {
  const parsed = parseSent(Buffer.from(text).toString());
  if (!parsed.ok) throw new Error(`its text is refused now: ${parsed.error[0]?.message}`);
  return parsed.value.experiment;
}
