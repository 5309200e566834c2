/** Verdicts, dead knobs and advice of an experiment as titled sentences, for the terminal, Markdown and the page. */
import type { Advice } from "../advise/advise.ts";
import type { DeadKnob } from "../advise/dead-knobs.ts";
import type { TuningVerdict } from "../index.ts";

export interface VerdictSection {
  readonly tuning: string;
  readonly sentences: readonly string[];
}

/** One section per tuning: who got in and what binds, what is dead in it, what was tried. */
export function verdictSections(
  verdicts: readonly TuningVerdict[],
  dead: readonly DeadKnob[],
  advice: readonly Advice[],
): VerdictSection[] {
  return verdicts.map(({ tuning, sentences }) => ({
    tuning,
    sentences: [
      ...sentences,
      ...dead.filter((one) => one.tuning === tuning).map(deadSentence),
      ...advice.filter((one) => one.tuning === tuning).flatMap((one) => one.sentences),
    ],
  }));
}

function deadSentence({ path, value, because, standIns }: DeadKnob): string {
  const setting = value === undefined ? `${path} at the kernel's default` : `${path} = ${JSON.stringify(value)}`;
  if (standIns.length === 0) return `${setting} changes nothing here: ${because}.`;
  const limit = standIns.length === 1 ? "either can go, not both" : "each can go by itself, not all of them";
  return `${setting} changes nothing beside ${standIns.join(", ")}: ${limit}.`;
}
