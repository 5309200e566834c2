/** Schema of the files around a scenario: experiments, and profiles (files of tunings). What the tunings hold is checked by tunings.ts. */
import { z } from "zod";
import { describe, list, map, text, whole } from "./fields.ts";

export const MAX_TUNINGS = 64;
export const MAX_THRESHOLDS = 64;
export const MAX_PROFILES = 16;
export const MAX_SEEDS = 1000;
export const DEFAULT_SEEDS = 5;
const MAX_SEED = 0xffffffff;
const MAX_PATH = 1000;

const mapOf = (what: string) =>
  z.record(z.string(), z.unknown(), { error: ({ input }) => `found ${describe(input)}, allowed is ${what}` });

/** A count, or the seeds themselves. */
const seeds = z
  .union(
    [
      whole("a number of seeds", { min: 1, max: MAX_SEEDS }),
      list(whole("a seed", { max: MAX_SEED }), "seeds", MAX_SEEDS).min(
        1,
        "found an empty list, at least one seed is needed",
      ),
    ],
    {
      error: ({ input }) =>
        `found ${describe(input)}, allowed is a number of seeds from 1 to ${MAX_SEEDS}, or a list of seeds`,
    },
  )
  .default(DEFAULT_SEEDS)
  .describe(`How many runs each tuning has, or their seeds. Default: ${DEFAULT_SEEDS}.`);

/** Maps of tunings are looked at one by one. */
export const tuningsSchema = mapOf("a map of names to overrides")
  .nullish()
  .describe("Named sets of overrides, compared with each other; the first is the baseline.");

export const scenarioOrPathSchema = z
  .union([mapOf("a scenario"), text(MAX_PATH)], {
    error: ({ input }) => `found ${describe(input)}, allowed is a scenario, or the path of a file with one`,
  })
  .describe("What all tunings have in common: a scenario, or the path of a file with one.");

/** What the values are is looked at one by one (axis-values.ts). */
export const axesSchema = mapOf("a map of key paths to values")
  .default({})
  .describe("Key path → values: a list, or text such as 128,512,4096 or 1e3..1e6:log10.");

const sweepSchema = map({
  axes: axesSchema,
  sample: text(40)
    .default("grid")
    .describe("grid: every value with every other; lhs:200: a Latin hypercube of 200 points."),
})
  .nullish()
  .describe("Keys whose values are tried with each other; halfopen sweep runs them, in each tuning.");

export const experimentSchema = map({
  name: text(200).default("").describe("Title in reports; absent: the scenario's."),
  description: text(10_000).default("").describe("The question that it answers."),
  scenario: scenarioOrPathSchema,
  tunings: tuningsSchema,
  profiles: list(text(MAX_PATH), "profiles", MAX_PROFILES)
    .default([])
    .describe("Paths of files with further tunings, seen from this file."),
  sweep: sweepSchema,
  seeds,
  thresholds: list(text(200), "thresholds", MAX_THRESHOLDS)
    .default([])
    .describe("What must hold in every tuning: METRIC OPERATOR NUMBER, such as legit.served_ratio > 0.99."),
});

export const profileSchema = map({
  name: text(200).default("").describe("For readers of the file; nothing else reads it."),
  description: text(10_000).default("").describe("For readers of the file; nothing else reads it."),
  tunings: tuningsSchema,
});

export type ExperimentInput = z.output<typeof experimentSchema>;
