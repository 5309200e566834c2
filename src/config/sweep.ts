/**
 * Sweep: the axes of an experiment file and of the command line → a plan that gives the tuning of any point, checked as a whole like any other.
 *
 * Method  Every value of every axis is tried by itself in every tuning, then points: all where there are few, else those at the corners. All that is wrong
 *         is said at once, at the axis. What only a rare combination makes wrong is found when its turn comes (SweepPlan.tuningAt).
 */
import { formatCount } from "../base/units.ts";
import { type AxisValue, MAX_SWEEP_RUNS, type SweepAxis } from "../vocabulary/sweep.ts";
import { isMap } from "./as-written.ts";
import {
  type AxisFault,
  type AxisItem,
  axisItems,
  axisOf,
  fractionWithin,
  hasRange,
  samplesOf,
} from "./axis-values.ts";
import { checkScenario } from "./check-scenario.ts";
import type { Path } from "./document.ts";
import { type ConfigIssue, isWarning } from "./issues.ts";
import { labelled, locate, MAX_ISSUES, pathText, type Source } from "./locate.ts";
import { overlay, SHARED_KEYS } from "./overlay.ts";
import { overridesOf, pointText, type SweepBase, SweepPlan } from "./sweep-plan.ts";
import type { TraceFiles } from "./trace-file.ts";
import { type PathIssue, valueAt } from "./zod-issues.ts";

/** What the command line says of a sweep. */
export interface SweepFlags {
  /** `KEY.PATH=VALUES` each; one for an axis of the file takes its place. */
  readonly params: readonly string[];
  /** null: what the file says. */
  readonly sample: string | null;
}

export const NO_SWEEP_FLAGS: SweepFlags = { params: [], sample: null };
/** Stands for the file in issues of the command line; their line is the number of the -P. */
export const PARAMS_FILE = "-P";

/** At most so many points are checked before the start; 0.3 ms each. */
const MAX_CHECKED = 2000;
const MAX_CORNER_AXES = 10;

/** An axis as it was written, and where. */
interface WrittenAxis {
  readonly path: string;
  readonly items: readonly AxisItem[];
  readonly source: Source;
  /** Below the source. */
  readonly at: Path;
  /** In front of the key path in issues. */
  readonly prefix: string;
}

/** null, and no issue: there is no axis. */
export function readSweep(
  section: unknown,
  source: Source,
  flags: SweepFlags,
  bases: readonly SweepBase[],
  traces: TraceFiles,
): { readonly plan: SweepPlan | null; readonly issues: readonly ConfigIssue[] } {
  const reader = new SweepReader(source, bases, traces);
  const plan = reader.read(section, flags);
  return { plan: reader.issues.length === 0 ? plan : null, issues: reader.issues.slice(0, MAX_ISSUES) };
}

class SweepReader {
  readonly issues: ConfigIssue[] = [];
  readonly #source: Source;
  readonly #bases: readonly SweepBase[];
  readonly #traces: TraceFiles;

  constructor(source: Source, bases: readonly SweepBase[], traces: TraceFiles) {
    this.#source = source;
    this.#bases = bases;
    this.#traces = traces;
  }

  read(section: unknown, flags: SweepFlags): SweepPlan | null {
    const written = this.#writtenAxes(valueAt(section, ["axes"]), flags.params);
    const samples = this.#samples(valueAt(section, ["sample"]), flags.sample);
    // What is sound is looked at in spite of what is not, so that all is said at once.
    const axes: SweepAxis[] = [];
    for (const axis of written) {
      const read = this.#axis(axis, samples !== null);
      if (read === null) continue;
      axes.push(read);
      this.#checkValues(read, axis);
    }
    if (axes.length === 0 || this.issues.length > 0) return null;
    const points = samples ?? axes.reduce((product, { values }) => product * values.length, 1);
    if (points * this.#bases.length > MAX_SWEEP_RUNS) {
      const message = `found ${formatCount(points * this.#bases.length)} points, at most ${formatCount(MAX_SWEEP_RUNS)} are allowed`;
      this.#add(written[0] as WrittenAxis, { code: "too-many", message, hint: "draw points: lhs:1000" });
      return null;
    }
    this.#checkTogether(axes, written, points);
    return new SweepPlan({ design: { axes, samples }, bases: this.#bases, traces: this.#traces.rows });
  }

  #writtenAxes(axes: unknown, params: readonly string[]): WrittenAxis[] {
    const found = new Map<string, WrittenAxis>();
    for (const [path, value] of isMap(axes) ? Object.entries(axes) : []) {
      const at = ["sweep", "axes", path];
      const place = { path, source: this.#source, at, prefix: "sweep.axes." };
      this.#enter(found, place, axisItems(isKernel(path) ? this.#kernels(value, at) : value, isKernel(path)));
    }
    const given = new Set<string>();
    for (const [index, text] of params.entries()) {
      const equals = text.indexOf("=");
      const path = text.slice(0, Math.max(0, equals)).trim();
      const place = { path, source: paramsSource(params), at: [index, equals + 1], prefix: "" };
      if (path === "" || given.has(path)) {
        const message =
          path === "" ? `found "${text}", allowed is KEY.PATH=VALUES` : "found a second time, once is allowed";
        this.#add({ ...place, items: [] }, { code: "bad-axis", message });
        continue;
      }
      given.add(path);
      this.#enter(found, place, axisItems(text.slice(equals + 1), isKernel(path)));
    }
    return [...found.values()];
  }

  /** As they are written: 6.10 is no number. */
  #kernels(value: unknown, at: Path): unknown {
    const { document, prefix } = this.#source;
    const written = (one: unknown, path: Path): unknown =>
      typeof one === "number" ? (document.sourceOf([...prefix, ...path]) ?? one) : one;
    return Array.isArray(value) ? value.map((one, index) => written(one, [...at, index])) : written(value, at);
  }

  #enter(found: Map<string, WrittenAxis>, place: Omit<WrittenAxis, "items">, items: AxisItem[] | AxisFault): void {
    if ("code" in items) this.#add({ ...place, items: [] }, items);
    else if (SHARED_KEYS.includes(place.path)) {
      const message = "found as an axis, but all points have it in common";
      this.#add({ ...place, items: [] }, { code: "conflict", message });
    } else found.set(place.path, { ...place, items });
  }

  #samples(written: unknown, flag: string | null): number | null {
    const text = flag ?? (typeof written === "string" ? written : "grid");
    const samples = samplesOf(text, MAX_SWEEP_RUNS);
    if (samples === null || typeof samples === "number") return samples;
    const place = flag === null ? { source: this.#source, at: ["sweep", "sample"] } : { source: flagSource(), at: [] };
    const path = flag === null ? "sweep.sample" : "";
    this.issues.push(locate({ ...samples, path: place.at }, place.source, path));
    return null;
  }

  #axis(written: WrittenAxis, isSampled: boolean): SweepAxis | null {
    const { path, items } = written;
    const axis = axisOf(items, hasRange(items) && this.#takesWhole(path, items), isSampled);
    if (!("code" in axis)) return { path, ...axis };
    this.#add(written, axis);
    return null;
  }

  /** A key that refuses a fraction, and takes the whole number below it. */
  #takesWhole(path: string, items: readonly AxisItem[]): boolean {
    const fraction = fractionWithin(items);
    const base = this.#bases[0];
    if (fraction === null || base === undefined) return false;
    const isTaken = (value: number): boolean => this.#faults(base, { [path]: value }).length === 0;
    return !isTaken(fraction) && isTaken(Math.floor(fraction));
  }

  /** Errors of the base with these overrides; it has none without. */
  #faults(base: SweepBase, overrides: Readonly<Record<string, AxisValue>>): Fault[] {
    const laid = overlay(base.raw, overrides);
    const wrong = laid.issues.map((issue) => ({ issue, at: "", axis: String(issue.path[0]) }));
    if (wrong.length > 0) return wrong;
    const { issues } = checkScenario(laid.value, this.#traces);
    return issues
      .filter((issue) => !isWarning(issue))
      .map((issue) => {
        const path = labelled(issue.path, laid.value);
        const write = laid.writes.find((one) => isAlong(one.path, path));
        return {
          issue,
          at: pathText(issue.path, laid.value),
          axis: write === undefined ? null : String(write.source[0]),
        };
      });
  }

  /** Each value by itself; what it is not to be without, another axis may bring. */
  #checkValues({ path, values, range }: SweepAxis, written: WrittenAxis): void {
    const said = new Set<string>();
    for (const value of range === null ? values : [range.from, range.to]) {
      for (const base of this.#bases) {
        if (this.issues.length >= MAX_ISSUES) return;
        for (const { issue, at, axis } of this.#faults(base, { [path]: value })) {
          if (axis !== path || OF_SEVERAL_KEYS.includes(issue.code)) continue;
          const isOfValue = at === "" || at === path;
          const text = isOfValue ? issue.message : `with ${JSON.stringify(value)}: ${at}: ${issue.message}`;
          if (said.has(text)) continue;
          said.add(text);
          this.#add(written, {
            code: issue.code,
            message: text,
            ...(issue.hint === undefined ? {} : { hint: issue.hint }),
          });
        }
      }
    }
  }

  /** Points as wholes; what is wrong is shown at the axis that it is about, else at the last one. */
  #checkTogether(axes: readonly SweepAxis[], written: readonly WrittenAxis[], points: number): void {
    const said = new Set<string>();
    for (const values of pointsToCheck(axes, points * this.#bases.length)) {
      for (const base of this.#bases) {
        if (said.size >= MAX_ISSUES) return;
        for (const { issue, at, axis } of this.#faults(base, overridesOf(axes, values))) {
          const message = `with ${pointText(axes, values)}: ${under(at, issue.message)}`;
          const same = `${issue.message} ${at}`;
          if (said.has(same)) continue;
          said.add(same);
          const place = written.find(({ path }) => path === axis) ?? written.at(-1);
          this.#add(place as WrittenAxis, { code: issue.code, message });
        }
      }
    }
  }

  #add({ source, at, prefix, path }: WrittenAxis, fault: AxisFault): void {
    this.issues.push(locate({ ...fault, path: at }, source, `${prefix}${path}`));
  }
}

/** What they say depends on other keys, which may be axes too. */
const OF_SEVERAL_KEYS = ["missing-key", "conflict"];

interface Fault {
  readonly issue: PathIssue;
  /** Empty: the key path itself is wrong. */
  readonly at: string;
  /** Whose value it is about; null: another value of the scenario. */
  readonly axis: string | null;
}

const isKernel = (path: string): boolean => /(^|\.)kernel$/.test(path);

/** Whether one of both paths leads to the other. */
const isAlong = (a: readonly string[], b: readonly string[]): boolean =>
  a.slice(0, b.length).every((part, index) => part === b[index]);

const under = (at: string, message: string): string => (at === "" ? message : `${at}: ${message}`);

/** Every point of a grid that has few; else the corners, of the first axes. */
function* pointsToCheck(axes: readonly SweepAxis[], points: number): Generator<AxisValue[]> {
  const isSmall = points <= MAX_CHECKED && axes.every(({ range }) => range === null);
  const tried = axes.map(({ values, range }, index): readonly AxisValue[] => {
    if (isSmall) return values;
    const ends = range === null ? [values[0] ?? null, values.at(-1) ?? null] : [range.from, range.to];
    return index < MAX_CORNER_AXES ? ends : ends.slice(0, 1);
  });
  const count = tried.reduce((product, values) => product * values.length, 1);
  if (!isSmall && count > MAX_CHECKED) return;
  for (let point = 0; point < count; point++) {
    let rest = point;
    yield tried.map((values) => {
      const value = values[rest % values.length] as AxisValue;
      rest = Math.floor(rest / values.length);
      return value;
    });
  }
}

/** The -P of the command line as a document: one line each. */
function paramsSource(params: readonly string[]): Source {
  const place = ([index, offset]: Path) => ({ line: Number(index) + 1, column: Number(offset) + 1 });
  return documentOf(PARAMS_FILE, params, place);
}

const flagSource = (): Source => documentOf("--sample", null, () => ({ line: 1, column: 1 }));

const documentOf = (file: string, value: unknown, place: Source["document"]["positionOf"]): Source => ({
  document: { value, positionOf: place, positionOfKey: place, sourceOf: () => undefined },
  file,
  prefix: [],
});
