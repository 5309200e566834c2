/**
 * Experiment: the text of an experiment file → Experiment, or all that is wrong with it and with the files that it names.
 *
 * Forms   An experiment has `scenario`, a map or the path of a file, and may have tunings, profiles (files of tunings), axes of a sweep, seeds and
 *         thresholds.
 *         A file that is a scenario itself is an experiment of one tuning that changes nothing, AS_IS.
 */
import { err, ok } from "../base/result.ts";
import { type Experiment, onKernel, type Threshold, type Tuning } from "../vocabulary/experiment.ts";
import type { KernelName } from "../vocabulary/kernels.ts";
import { asWritten, folderOf, isMap } from "./as-written.ts";
import { type LoadedDocument, loadDocument } from "./document.ts";
import {
  DEFAULT_SEEDS,
  type ExperimentInput,
  experimentSchema,
  MAX_PROFILES,
  MAX_THRESHOLDS,
  MAX_TUNINGS,
  profileSchema,
} from "./experiment-schema.ts";
import { describe, NAME_PATTERN } from "./fields.ts";
import { type ConfigIssue, type ConfigResult, isWarning } from "./issues.ts";
import { inOrder, locate, MAX_ISSUES, MAX_LOCATED, pathText, type Source } from "./locate.ts";
import { NO_SWEEP_FLAGS, readSweep, type SweepFlags } from "./sweep.ts";
import type { SweepPlan } from "./sweep-plan.ts";
import { parseThreshold } from "./thresholds.ts";
import { cannotRead, type ReadFile, TraceFiles } from "./trace-file.ts";
import { type Base, type CheckedTuning, checkTunings, metricNamesOf, type WrittenTuning } from "./tunings.ts";
import { type Vary, varyOf } from "./vary.ts";
import { fromZod, type PathIssue, valueAt } from "./zod-issues.ts";

/** Name of the tuning that changes nothing, where a file names none. */
export const AS_IS = "as_is";

export interface ParsedExperiment {
  readonly experiment: Experiment;
  readonly warnings: readonly ConfigIssue[];
  /** null: there is no axis. */
  readonly sweep: SweepPlan | null;
  /** Its tunings with further values. */
  readonly vary: Vary;
}

/**
 * `readFile` gives the files that the experiment names (scenario, profiles, traces), by path: as written, those in other files seen from here.
 * `profiles`: paths of further profiles, whose tunings follow those that the experiment names.
 * `kernels`: each tuning once with each of these on the server, named `tuning@kernel`; what one of them makes wrong is an issue.
 * `sweep`: axes of the command line, beside those of the file.
 */
export function parseExperiment(
  text: string,
  readFile: ReadFile,
  profiles: readonly string[] = [],
  kernels: readonly KernelName[] = [],
  sweep: SweepFlags = NO_SWEEP_FLAGS,
): ConfigResult<ParsedExperiment> {
  const reader = new ExperimentReader(readFile, profiles, kernels, sweep);
  const experiment = reader.read(text);
  const issues = inOrder(reader.issues);
  if (experiment === null || !reader.issues.every(isWarning)) return err(issues);
  return ok({ experiment, warnings: issues, sweep: reader.sweep, vary: reader.vary });
}

/** What is read of an experiment, and all issues on the way. */
class ExperimentReader {
  readonly issues: ConfigIssue[] = [];
  /** Of the tunings that were read. */
  vary: Vary = varyOf([], new TraceFiles(() => err("nothing was read")));
  readonly #readFile: ReadFile;
  readonly #furtherProfiles: readonly string[];
  readonly #kernels: readonly KernelName[];
  readonly #sweepFlags: SweepFlags;
  /** Of the experiment that was read. */
  sweep: SweepPlan | null = null;

  constructor(
    readFile: ReadFile,
    furtherProfiles: readonly string[],
    kernels: readonly KernelName[],
    sweepFlags: SweepFlags,
  ) {
    this.#readFile = readFile;
    this.#furtherProfiles = furtherProfiles;
    this.#kernels = kernels;
    this.#sweepFlags = sweepFlags;
  }

  read(text: string): Experiment | null {
    const document = this.#load(text);
    if (document === null) return null;
    const raw = asWritten(document);
    const source: Source = { document, prefix: [] };
    if (isScenario(raw)) {
      const profiled = this.#allTunings({}, source);
      return this.#assemble({ raw, source }, profiled, { seeds: DEFAULT_SEEDS, thresholds: [] }, source, null);
    }
    const parsed = experimentSchema.safeParse(raw);
    if (!parsed.success) this.#add(fromZod(parsed.error.issues, raw, MAX_LOCATED), source, raw);
    const scenario = this.#scenario(valueAt(raw, ["scenario"]), source);
    const tunings = this.#allTunings(raw, source);
    if (scenario === null) return null;
    const rest = parsed.success
      ? parsed.data
      : { seeds: 1, thresholds: textsOf(valueAt(raw, ["thresholds"]), MAX_THRESHOLDS) };
    return this.#assemble(scenario, tunings, rest, source, valueAt(raw, ["sweep"]));
  }

  #scenario(value: unknown, source: Source): Base | null {
    if (isMap(value)) return { raw: value, source: { ...source, prefix: ["scenario"] } };
    if (typeof value !== "string") return null;
    const document = this.#open(value, ["scenario"], source);
    return document && { raw: asWritten(document, folderOf(value)), source: { document, file: value, prefix: [] } };
  }

  /** The file's own tunings, then those of its profiles. */
  #allTunings(raw: unknown, source: Source): WrittenTuning[] {
    const names = new Set<string>();
    const own = this.#tunings(raw, source, names);
    const tunings = own.length > 0 ? own : [asIs(source)];
    names.add(tunings[0]?.name ?? AS_IS);
    const named = textsOf(valueAt(raw, ["profiles"]), MAX_PROFILES);
    for (const [index, path] of [...named, ...this.#furtherProfiles].entries()) {
      const document = this.#open(path, index < named.length ? ["profiles", index] : [], source);
      if (document === null) continue;
      const profile = asWritten(document, folderOf(path));
      const ofProfile: Source = { document, file: path, prefix: [] };
      const parsed = profileSchema.safeParse(profile);
      if (!parsed.success) this.#add(fromZod(parsed.error.issues, profile, MAX_LOCATED), ofProfile, profile);
      tunings.push(...this.#tunings(profile, ofProfile, names));
    }
    if (tunings.length <= MAX_TUNINGS) return tunings;
    const message = `found ${tunings.length} tunings, at most ${MAX_TUNINGS} are allowed`;
    this.#add([{ code: "too-many", path: ["tunings"], message }], source, raw);
    return tunings.slice(0, MAX_TUNINGS);
  }

  #tunings(raw: unknown, source: Source, names: Set<string>): WrittenTuning[] {
    const written = valueAt(raw, ["tunings"]);
    if (!isMap(written)) return [];
    return Object.entries(written).map(([name, overrides]) => {
      const path = ["tunings", name];
      const fault = (code: PathIssue["code"], message: string, atKey: boolean): void =>
        this.#add([{ code, path, message, ...(atKey && { atKey }) }], source, raw);
      if (!NAME_PATTERN.test(name)) {
        const allowed = "a name of 1 to 64 letters, digits and _ . -, beginning with a letter or digit";
        fault("bad-name", `found ${describe(name)}, allowed is ${allowed}`, true);
      }
      if (names.has(name))
        fault("duplicate-name", `found the tuning ${describe(name)} a second time, once is allowed`, true);
      names.add(name);
      if (overrides !== null && !isMap(overrides)) {
        fault("wrong-type", `found ${describe(overrides)}, allowed is a map of overrides`, false);
      }
      return { name, overrides: isMap(overrides) ? overrides : {}, source: { ...source, prefix: path } };
    });
  }

  #assemble(
    base: Base,
    written: readonly WrittenTuning[],
    { seeds, thresholds, ...titles }: Partial<ExperimentInput> & Pick<ExperimentInput, "seeds" | "thresholds">,
    source: Source,
    sweep: unknown,
  ): Experiment | null {
    const traces = new TraceFiles(this.#readFile);
    const laid = this.#kernels.length === 0 ? written : onKernels(written, this.#kernels);
    const checked = checkTunings(base, laid, traces);
    this.issues.push(...checked.issues, ...traces.issues);
    this.vary = varyOf(checked.tunings, traces);
    const tunings = checked.tunings.flatMap(({ tuning }): Tuning[] => (tuning === null ? [] : [tuning]));
    const experiment = {
      tunings,
      seeds: this.#seeds(seeds, source),
      thresholds: this.#thresholds(thresholds, checked.tunings, source),
    };
    const [first] = tunings;
    if (first === undefined || tunings.length < laid.length) return null;
    this.#readSweep(sweep, source, checked.tunings, traces);
    const { name, description } = first.scenario;
    return { name: titles.name || name, description: titles.description || description, ...experiment };
  }

  /** Of tunings without a fault. */
  #readSweep(section: unknown, source: Source, tunings: readonly CheckedTuning[], traces: TraceFiles): void {
    const bases = tunings.flatMap(({ raw, tuning }) =>
      tuning === null ? [] : [{ raw, tuning: { name: tuning.name, changes: tuning.changes } }],
    );
    const { plan, issues } = readSweep(section, source, this.#sweepFlags, bases, traces);
    this.sweep = plan;
    this.issues.push(...issues);
  }

  #seeds(seeds: ExperimentInput["seeds"], source: Source): number[] {
    if (typeof seeds === "number") return Array.from({ length: seeds }, (_, index) => 1 + index);
    const repeated = seeds.findIndex((seed, index) => seeds.indexOf(seed) < index);
    if (repeated >= 0) {
      const message = `found the seed ${seeds[repeated]} a second time, once is allowed: it would give the same run`;
      this.#add([{ code: "conflict", path: ["seeds", repeated], message }], source, null);
    }
    return seeds;
  }

  #thresholds(texts: readonly string[], tunings: readonly CheckedTuning[], source: Source): Threshold[] {
    const named = tunings.map(({ name, raw }) => ({ name, names: metricNamesOf(raw) }));
    return texts.flatMap((text, index) => {
      const parsed = parseThreshold(text, named);
      if ("metric" in parsed) return [parsed];
      this.#add([{ ...parsed, path: ["thresholds", index] }], source, null);
      return [];
    });
  }

  /** The document at a path that stands at `at` in the experiment. */
  #open(path: string, at: PathIssue["path"], source: Source): LoadedDocument | null {
    const text = this.#readFile(path);
    if (text.ok) return this.#load(text.value, path);
    this.#add([{ code: "unreadable", path: at, message: cannotRead(path, text.error) }], source, null);
    return null;
  }

  #load(text: string, file?: string): LoadedDocument | null {
    const loaded = loadDocument(text);
    if (loaded.ok) return loaded.value;
    const place = { path: "", ...(file === undefined ? {} : { file }) };
    this.issues.push(...loaded.error.slice(0, MAX_ISSUES).map((issue) => ({ ...issue, ...place })));
    return null;
  }

  #add(issues: readonly PathIssue[], source: Source, raw: unknown): void {
    const whole = { ...source, prefix: [] };
    this.issues.push(...issues.slice(0, MAX_LOCATED).map((issue) => locate(issue, whole, pathText(issue.path, raw))));
  }
}

/** Also one that lacks a key. */
const isScenario = (raw: unknown): boolean =>
  isMap(raw) && !Object.hasOwn(raw, "scenario") && SCENARIO_KEYS.some((key) => Object.hasOwn(raw, key));

const SCENARIO_KEYS = ["duration_s", "server", "workloads"];

const asIs = (source: Source): WrittenTuning => ({ name: AS_IS, overrides: {}, source });

/** Of a list that may have faults, which have issues of their own. */
const textsOf = (value: unknown, most: number): string[] =>
  Array.isArray(value) ? value.slice(0, most).filter((element) => typeof element === "string") : [];

const onKernels = (tunings: readonly WrittenTuning[], kernels: readonly KernelName[]): WrittenTuning[] =>
  tunings.flatMap((tuning) =>
    kernels.map((kernel) => ({ ...tuning, name: onKernel(tuning.name, kernel), serverKernel: kernel })),
  );
