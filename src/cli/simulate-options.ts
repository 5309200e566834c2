/** The options that every command shares that simulates: --seeds, --seed, --engine, --workers. */
import { type Command as Commander, InvalidArgumentError, Option } from "commander";
import { MAX_WORKERS, seedsFrom } from "../index.ts";

const MAX_SEED = 0xffffffff;
/** Runs of one scenario at most; beyond, even summaries fill the memory. */
const MAX_SEEDS = 10_000;

export interface SimulateFlags {
  /** null: the command's own default. */
  readonly seedCount: number | null;
  readonly firstSeed: number;
  /** Whether --seeds or --seed was given. */
  readonly isSeedGiven: boolean;
  readonly engine: "auto" | "packet";
  /** undefined: as many threads as the process has cores, and memory for. */
  readonly workers: number | undefined;
}

/** `defaultSeeds`: says in the help what holds without --seeds. */
export function addSimulateOptions(commander: Commander, defaultSeeds: string): void {
  commander
    .option(
      "--seeds <count>",
      `runs of each scenario, with one seed each (default: ${defaultSeeds})`,
      whole(1, MAX_SEEDS),
    )
    .option("--seed <seed>", "the first seed; the others follow it (default: 1)", whole(0, MAX_SEED))
    .addOption(
      new Option("--engine <engine>", "auto counts packets that share a fate in bulk; packet simulates each")
        .choices(["auto", "packet"])
        .default("auto"),
    )
    .option("--workers <threads>", "threads (default: the cores that the process may use)", whole(1, MAX_WORKERS));
}

export function simulateFlags(options: Readonly<Record<string, unknown>>): SimulateFlags {
  return {
    seedCount: (options.seeds as number | undefined) ?? null,
    firstSeed: (options.seed as number | undefined) ?? 1,
    isSeedGiven: options.seeds !== undefined || options.seed !== undefined,
    engine: options.engine as SimulateFlags["engine"],
    workers: options.workers as number | undefined,
  };
}

/** `count` seeds from the first one. */
export const seedsOf = (flags: SimulateFlags, count: number): number[] => seedsFrom(flags.firstSeed, count);

/** Parses an option that is a whole number from `min` to `max`. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`A whole number from ${min} to ${max} is needed.`);
    }
    return value;
  };
}

/** "12s", "12", "500ms" → seconds. */
export function parseTime(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(s|ms)?$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError("A time such as 12s or 500ms is needed.");
  return unit === "ms" ? Number(number) / 1000 : Number(number);
}
