/**
 * `compare --kernel 5.15,6.18 EXPERIMENT`: what changes when the server's kernel is upgraded?
 *
 * Output   For each further kernel against the first: metrics that differ, tuning by tuning; the rules and defaults that differ, from the tables.
 *          The clients' kernel stays the scenario's.
 */
import {
  closePool,
  compareKernels,
  type DefaultChange,
  defaultChanges,
  type Experiment,
  findKernel,
  formatIssues,
  KERNELS,
  type KernelDifferences,
  type KernelName,
  type RuleChange,
  ruleChanges,
  simulateExperiment,
} from "../index.ts";
import type { CommandContext } from "./command.ts";
import { ExitCode } from "./exit-codes.ts";
import { loadExperiment } from "./load-experiment.ts";
import { clearProgress, showProgress } from "./progress.ts";
import { comparisonText, type TextStyle } from "./run-text.ts";
import { seedsOf, simulateFlags } from "./simulate-options.ts";

type Kernels = readonly [KernelName, ...KernelName[]];

interface KernelComparison extends KernelDifferences {
  readonly rules: readonly RuleChange[];
  /** `setBy`: tunings that set the sysctl, so that its default does not matter to them. */
  readonly defaults: readonly (DefaultChange & { readonly setBy: readonly string[] })[];
}

export async function compareOnKernels(
  context: CommandContext,
  file: string,
  options: Readonly<Record<string, unknown>>,
): Promise<ExitCode> {
  const kernels = kernelsOf(String(options.kernel), context);
  if (kernels === null) return ExitCode.Usage;
  const loaded = await loadExperiment(file, [], kernels);
  context.stderr(loaded.ok ? formatIssues(loaded.value.file, loaded.value.warnings) : loaded.error.text);
  if (!loaded.ok) return ExitCode.InvalidConfig;
  const { experiment } = loaded.value;
  const flags = simulateFlags(options);
  const seeds = flags.isSeedGiven ? seedsOf(flags, flags.seedCount ?? experiment.seeds.length) : experiment.seeds;
  try {
    const summary = await simulateExperiment(
      { ...experiment, seeds },
      {
        ...{ workers: flags.workers, engine: flags.engine, signal: context.signal },
        onDone: (done, total) => showProgress(`${experiment.name}: run ${done} of ${total}`),
      },
    );
    clearProgress();
    const tunings = tuningNames(experiment, kernels);
    const comparisons = compareKernels(summary, tunings, kernels).map((one) => withTables(one, experiment, tunings));
    const { name, duration_s } = summary;
    const style = options.markdown === true ? "markdown" : "text";
    if (options.json === true)
      context.stdout(`${JSON.stringify({ name, duration_s, seeds, kernels, comparisons }, null, 2)}\n`);
    else context.stdout(comparisons.map((one) => kernelText(one, tunings, style)).join("\n"));
    return ExitCode.Ok;
  } finally {
    clearProgress();
    await closePool();
  }
}

/** Two or more that are modelled and differ; null: stderr says what is wrong. */
function kernelsOf(text: string, { stderr }: CommandContext): Kernels | null {
  const modelled = KERNELS.filter(({ supported }) => supported).map(({ name }) => name);
  const kernels: KernelName[] = [];
  for (const given of text.split(",").map((part) => part.trim())) {
    const match = findKernel(given);
    if (typeof match === "string" || !match.kernel.supported) {
      stderr(`error: found kernel "${given}", modelled are ${modelled.join(", ")}\n`);
      return null;
    }
    if (!match.exact) stderr(`warning: kernel ${given} is not listed, ${match.kernel.name} is taken\n`);
    if (!kernels.includes(match.kernel.name)) kernels.push(match.kernel.name);
  }
  const [first, ...others] = kernels;
  if (first !== undefined && others.length > 0) return [first, ...others];
  stderr(`error: found --kernel ${text}, at least two kernels are needed, such as 5.15,6.18\n`);
  return null;
}

/** Tunings stand in the experiment once for each kernel, in the order of the kernels. */
const tuningNames = ({ tunings }: Experiment, kernels: Kernels): string[] =>
  tunings
    .filter((_, index) => index % kernels.length === 0)
    .map(({ name }) => name.slice(0, name.length - kernels[0].length - 1));

function withTables(one: KernelDifferences, { tunings }: Experiment, names: readonly string[]): KernelComparison {
  const perTuning = tunings.length / names.length;
  const defaults = defaultChanges(one.from, one.to, "server").map((change) => ({
    ...change,
    setBy: names.filter((_, index) => tunings[index * perTuning]?.scenario.server.sysctls[change.sysctl] !== undefined),
  }));
  return { ...one, rules: ruleChanges(one.from, one.to, "server"), defaults };
}

function kernelText(one: KernelComparison, tunings: readonly string[], style: TextStyle): string {
  const { from, to, differences, rules, defaults } = one;
  const isMarkdown = style === "markdown";
  const title = (text: string): string => (isMarkdown ? `\n**${text}**\n\n` : `\n${text}\n`);
  const item = isMarkdown ? "- " : "  ";
  const left = (isModelled: boolean): string => (isModelled ? "" : "; not modelled");
  const list = (lines: readonly string[]): string => lines.map((line) => `${item}${line}\n`).join("");
  return [
    isMarkdown ? `## server ${from} → ${to}\n\n` : `server ${from} → ${to}\n`,
    comparisonText({ differences, notes: [] }, style, [from, to]),
    title(rules.length === 0 ? "no rule of a server differs" : "rules that differ"),
    list(
      rules.map(
        (row) =>
          `${row.rule.replace(/\.$/, "")}: ${valueText(row.from)} → ${valueText(row.to)} (${row.section}${left(row.modelled)})`,
      ),
    ),
    title(defaults.length === 0 ? "no default of a server differs" : "defaults that differ"),
    list(
      defaults.map(
        (row) =>
          `${row.sysctl} ${valueText(row.from)} → ${valueText(row.to)} ` +
          `(${row.section}${left(row.modelled)})${setText(row.setBy, tunings)}`,
      ),
    ),
  ].join("");
}

function valueText(value: RuleChange["from"] | null): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return value === null ? "absent" : String(value);
}

function setText(setBy: readonly string[], tunings: readonly string[]): string {
  if (setBy.length === 0) return "";
  const who = setBy.length === tunings.length ? "everywhere" : `by ${setBy.join(", ")}`;
  return `: set ${who}, where the default does not matter`;
}
