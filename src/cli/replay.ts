/**
 * `replay FILE.scenario.json...`: simulates scenarios and compares them with the recordings beside them.
 *
 * Reading     FILE.result.json beside FILE.scenario.json is what a kernel did in the same scenario. It only says how many runs
 *             are made by default, and is what the model is compared with: no number of the simulation comes from it.
 */
import { access } from "node:fs/promises";
import { err, ok, type Result } from "../base/result.ts";
import {
  closePool,
  compare,
  encodeRecording,
  formatIssues,
  parseRecording,
  parseScenario,
  type Recording,
  recordingOf,
  type Scenario,
  simulateScenario,
  warmPool,
} from "../index.ts";
import type { Command, CommandContext } from "./command.ts";
import { ExitCode } from "./exit-codes.ts";
import { clearProgress, showProgress } from "./progress.ts";
import { readTextFile } from "./read-file.ts";
import { type Replay, replayReport } from "./replay-report.ts";
import { addSimulateOptions, type SimulateFlags, seedsOf, simulateFlags } from "./simulate-options.ts";

/** Runs without a recording that says how many. */
const DEFAULT_SEEDS = 3;

export const command: Command = {
  configure: (commander) => {
    commander
      .argument("<files...>", "scenarios, YAML or JSON; NAME.result.json beside NAME.scenario.json is compared")
      .option("--json", "print the runs in the recordings' format: one object, or a list of them for several files");
    addSimulateOptions(commander, `as many as the recording has, else ${DEFAULT_SEEDS}`);
  },

  async execute(context, positionals, options) {
    const files = positionals[0] as readonly string[];
    const inputs = await Promise.all(files.map((file) => loadInput(file, context)));
    const usable = inputs.filter((input) => input !== null);
    if (usable.length < inputs.length) return ExitCode.InvalidConfig;

    const flags = simulateFlags(options);
    const replays: Replay[] = [];
    const models: Recording[] = [];
    try {
      await warmPool(flags.workers);
      for (const [index, input] of usable.entries()) {
        showProgress(`${input.scenario.name} (${index + 1} of ${usable.length})`);
        const { model, ...replay } = await replayOne(input, flags, context.signal);
        replays.push(replay);
        if (options.json === true) models.push(model);
      }
    } finally {
      clearProgress();
      await closePool();
    }
    if (options.json !== true) context.stdout(replayReport(replays));
    else context.stdout(encodeRecording(models.length === 1 ? (models[0] as Recording) : models));
    return ExitCode.Ok;
  },
};

interface Input {
  readonly scenario: Scenario;
  readonly recorded: Recording | null;
}

/** null: it cannot be used, and stderr says why. */
async function loadInput(file: string, { stderr }: CommandContext): Promise<Input | null> {
  const [text, recorded] = await Promise.all([readTextFile(file), loadRecording(file)]);
  if (!recorded.ok) stderr(`${recorded.error}\n`);
  if (!text.ok) {
    stderr(`${text.error}\n`);
    return null;
  }
  const parsed = parseScenario(text.value);
  stderr(formatIssues(file, parsed.ok ? parsed.value.warnings : parsed.error));
  return parsed.ok && recorded.ok ? { scenario: parsed.value.scenario, recorded: recorded.value } : null;
}

/** The recording beside a scenario file; null where there is none. */
async function loadRecording(scenarioFile: string): Promise<Result<Recording | null, string>> {
  const file = scenarioFile.replace(/\.scenario\.(json|ya?ml)$/, ".result.json");
  if (file === scenarioFile || !(await exists(file))) return ok(null);
  const text = await readTextFile(file);
  if (!text.ok) return text;
  const parsed = parseRecording(text.value);
  return parsed.ok ? parsed : err(`${file}: ${parsed.error}`);
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** A replay and the runs themselves, which are large. */
type WholeReplay = Replay & { readonly model: Recording };

async function replayOne(
  { scenario, recorded }: Input,
  flags: SimulateFlags,
  signal: AbortSignal,
): Promise<WholeReplay> {
  const { engine, workers } = flags;
  const seeds = seedsOf(flags, flags.seedCount ?? recorded?.runs.length ?? DEFAULT_SEEDS);
  const startedMs = performance.now();
  const { specs, results } = await simulateScenario(scenario, { seeds, engine, workers, signal, detail: "full" });
  const wallS = (performance.now() - startedMs) / 1000;
  const model = recordingOf(scenario, specs, results);
  const rows = recorded === null ? null : compare(model, recorded);
  return { scenario, seeds, wallS, summary: model.summary, rows, model };
}
