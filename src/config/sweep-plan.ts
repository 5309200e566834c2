/**
 * Sweep plan: the tuning of any point, checked as a whole like any other. It is made of plain values, so that threads can make their points themselves.
 */
import { err, ok, type Result } from "../base/result.ts";
import type { Tuning } from "../vocabulary/experiment.ts";
import type { AxisValue, SweepAxis, SweepDesign } from "../vocabulary/sweep.ts";
import { checkScenario } from "./check-scenario.ts";
import { pathText } from "./locate.ts";
import { overlay } from "./overlay.ts";
import { TraceFiles, type TraceRows } from "./trace-file.ts";
import type { PathIssue } from "./zod-issues.ts";

/** A tuning that points are laid over: its scenario as a plain value. */
export interface SweepBase {
  readonly raw: unknown;
  readonly tuning: Pick<Tuning, "name" | "changes">;
}

/** What a plan is made of; it may cross to another thread. */
export interface SweepParts {
  readonly design: SweepDesign;
  readonly bases: readonly SweepBase[];
  /** Of the files that scenarios name, all of which were read. */
  readonly traces: ReadonlyMap<string, TraceRows>;
}

export class SweepPlan {
  readonly parts: SweepParts;
  readonly #traces: TraceFiles;

  constructor(parts: SweepParts) {
    this.parts = parts;
    this.#traces = new TraceFiles(() => err("it was not read"), parts.traces);
  }

  get design(): SweepDesign {
    return this.parts.design;
  }

  /** The same axes over some of the tunings. */
  ofTunings(tunings: readonly Tuning[]): SweepPlan {
    const bases = this.parts.bases.filter(({ tuning }) => tunings.some(({ name }) => name === tuning.name));
    return new SweepPlan({ ...this.parts, bases });
  }

  /** Tuning number `tuning` with these values, in the order of the axes; the error says what is wrong with their combination. */
  tuningAt(tuning: number, values: readonly AxisValue[]): Result<Tuning, string> {
    const base = this.parts.bases[tuning] as SweepBase;
    const laid = overlay(base.raw, overridesOf(this.design.axes, values));
    const { scenario, issues } = checkScenario(laid.value, this.#traces);
    if (scenario === null || laid.issues.length > 0) {
      const issue = [...laid.issues, ...issues][0] as PathIssue;
      const at = pathText(issue.path, laid.value);
      return err(`${base.tuning.name}, ${pointText(this.design.axes, values)}: ${at}: ${issue.message}`);
    }
    const set = laid.writes.map(({ path, value }) => ({ path: path.join("."), value }));
    const kept = base.tuning.changes.filter(({ path }) => !set.some((change) => change.path === path));
    return ok({ name: base.tuning.name, changes: [...kept, ...set], scenario });
  }
}

export const overridesOf = (axes: readonly SweepAxis[], values: readonly AxisValue[]): Record<string, AxisValue> =>
  Object.fromEntries(axes.map(({ path }, index) => [path, values[index] ?? null]));

export const pointText = (axes: readonly SweepAxis[], values: readonly AxisValue[]): string =>
  axes.map(({ path }, index) => `${path} = ${JSON.stringify(values[index])}`).join(", ");
