/** One paced experiment, as the daemon knows it: its plan, how its tunings stood last, and the log that replays it. */

import { nsToSeconds } from "../base/units.ts";
import {
  type ConfigIssue,
  canChange,
  compileScenario,
  type Experiment,
  endlessSpec,
  type PacedMoment,
  type PacedPlan,
  type RunSpec,
  RunView,
  type Scenario,
} from "../index.ts";
import type { PacedNumbers } from "../metrics/daemon-families.ts";
import { pacedGroup } from "../metrics/daemon-families.ts";
import type { Family, Group, Labels } from "../metrics/family.ts";
import { type LiveRun, type RunSubject, runFamilies } from "../metrics/run-families.ts";
import { effectiveSettings } from "../metrics/settings.ts";
import { ChangeKind, type LoadChange } from "../vocabulary/load-change.ts";
import { RecentGates } from "./recent-gates.ts";

/** A change before it has a time. */
export type Wanted = Omit<LoadChange, "atNs">;

interface TuningNow {
  readonly name: string;
  readonly subject: RunSubject;
  readonly shared: Labels;
  /** Brings its families up to a moment. */
  readonly families: (live: LiveRun) => readonly Family[];
  gates: RecentGates;
  live: LiveRun | null;
  /** Made at the first scrape after a moment. */
  group: Group | null;
}

export class PacedRun {
  readonly name: string;
  readonly plan: PacedPlan;
  readonly seed: number;
  readonly #tunings: readonly TuningNow[];
  /** Since simulated time 0, in order: with plan and seed it replays the run. */
  #log: LoadChange[] = [];
  #rates: number[];
  #moment: PacedMoment | null = null;
  #restarts = 0;

  constructor(name: string, experiment: Experiment, scale: number, timetable: readonly LoadChange[], periodNs: number) {
    this.name = name;
    this.seed = experiment.seeds[0] ?? 1;
    this.#tunings = experiment.tunings.map(({ name: tuning, scenario }, index) => {
      const spec = endlessSpec(compileScenario(scenario, { seed: this.seed }));
      const subject = subjectOf(scenario, spec, index + 1);
      return {
        ...{ name: tuning, subject, shared: { experiment: name, tuning }, families: runFamilies(subject) },
        ...{ gates: new RecentGates(), live: null, group: null },
      };
    });
    const specs = this.#tunings.map(({ subject }) => subject.spec);
    this.plan = { name, specs, scale, timetable, periodNs };
    this.#rates = this.#firstRates();
  }

  get log(): readonly LoadChange[] {
    return this.#log;
  }

  get nowNs(): number {
    return this.#moment?.nowNs ?? 0;
  }

  get tunings(): readonly { readonly name: string; readonly subject: RunSubject; readonly live: LiveRun | null }[] {
    return this.#tunings;
  }

  get numbers(): PacedNumbers {
    const { behindMs = 0, skips = 0, skippedMs = 0 } = this.#moment ?? {};
    return {
      halfopen_time_scale: this.plan.scale,
      halfopen_paced_restarts_total: this.#restarts,
      halfopen_paced_skips_total: skips,
      halfopen_paced_skipped_seconds_total: skippedMs / 1000,
      halfopen_paced_lag_seconds: Math.max(0, behindMs / 1000),
    };
  }

  take(moment: PacedMoment): void {
    this.#moment = moment;
    for (const change of moment.changes) {
      this.#log.push(change);
      if (change.kind === ChangeKind.WorkloadRate) this.#rates[change.subject] = change.value;
    }
    this.#tunings.forEach((tuning, index) => {
      const now = moment.runs[index];
      if (now === undefined) return;
      const view = new RunView(tuning.subject.spec, now.parts);
      tuning.gates.note(moment.nowNs, view);
      tuning.group = null;
      tuning.live = {
        view,
        nowNs: moment.nowNs,
        offeredPerS: this.#rates,
        queues: now.queues,
        halfOpens: now.halfOpens,
        loadChanges: this.#log.length,
        bindingGate: tuning.gates.binding,
      };
    });
  }

  /** It begins again at 0. */
  restarted(): void {
    this.#restarts++;
    this.#log = [];
    this.#moment = null;
    this.#rates = this.#firstRates();
    for (const tuning of this.#tunings) {
      tuning.gates = new RecentGates();
      tuning.live = null;
      tuning.group = null;
    }
  }

  groups(): Group[] {
    const groups: Group[] = [pacedGroup(this.name, this.numbers)];
    for (const tuning of this.#tunings) {
      if (tuning.live === null) continue;
      tuning.group ??= { shared: tuning.shared, families: tuning.families(tuning.live) };
      groups.push(tuning.group);
    }
    return groups;
  }

  #firstRates(): number[] {
    return (this.plan.specs[0]?.workloads ?? []).map(({ ratePerS }) => ratePerS);
  }

  /** What a PATCH asks for, as changes; or all that is wrong with it. */
  wanted(body: unknown): { readonly changes: readonly Wanted[]; readonly issues: readonly ConfigIssue[] } {
    const issues: ConfigIssue[] = [];
    const changes: Wanted[] = [];
    const add = (
      path: string,
      kind: LoadChange["kind"],
      subject: number,
      value: unknown,
      most: number,
      unit: number,
    ): void => {
      const change = { kind, subject, value: typeof value === "number" ? value * unit : Number.NaN };
      const isAllowed = change.value <= most * unit && this.plan.specs.every((spec) => canChange(spec, change));
      if (isAllowed) changes.push(change);
      else
        issues.push(
          issue("not-allowed", path, `found ${JSON.stringify(value)}, which this run cannot take: ${HELP[kind]}`),
        );
    };
    const spec = this.plan.specs[0];
    const names = this.#tunings[0]?.subject.workloads ?? [];
    for (const [key, part] of entriesOf(body, "", issues)) {
      for (const [name, settings] of entriesOf(part, key, issues)) {
        const path = `${key}.${name}`;
        const subject =
          key === "workloads"
            ? names.indexOf(name)
            : (spec?.listeners.findIndex(({ port }) => String(port) === name) ?? -1);
        if ((key !== "workloads" && key !== "listeners") || subject < 0) {
          issues.push(issue("unknown-name", path, "there is nothing of this name to change"));
          continue;
        }
        for (const [setting, value] of entriesOf(settings, path, issues)) {
          const at = `${path}.${setting}`;
          if (key === "workloads" && setting === "rate_per_s")
            add(at, ChangeKind.WorkloadRate, subject, value, MOST_RATE, 1);
          else if (key === "listeners" && setting === "accept_rate_per_s")
            add(at, ChangeKind.AcceptRate, subject, value, MOST_RATE, 1);
          else if (key === "listeners" && setting === "pause_s")
            add(at, ChangeKind.AppPause, subject, value, MOST_PAUSE_S, 1e9);
          else issues.push(issue("unknown-key", at, "there is no such setting to change"));
        }
      }
    }
    if (issues.length === 0 && changes.length === 0) issues.push(issue("missing-key", "", "nothing is to be changed"));
    return { changes, issues };
  }

  describe(): unknown {
    return {
      experiment: this.name,
      time_scale: this.plan.scale,
      simulated_s: nsToSeconds(this.nowNs),
      seed: this.seed,
      load_changes: this.#log.length,
      restarts: this.#restarts,
      tunings: this.#tunings.map(({ name, live }) => describeTuning(name, live)),
    };
  }
}

const subjectOf = ({ server, workloads }: Scenario, spec: RunSpec, slot: number): RunSubject => ({
  spec,
  slot,
  workloads: workloads.map(({ name }) => name),
  kernel: server.kernel,
  settings: effectiveSettings(server, spec),
});

/** Arrivals per second that a PATCH may ask for, and the longest pause. */
const MOST_RATE = 1_000_000;
const MOST_PAUSE_S = 86_400;

const HELP: Readonly<Record<LoadChange["kind"], string>> = {
  [ChangeKind.WorkloadRate]:
    "rates from 0 up, of even and Poisson arrivals, floods only as fast as their addresses do not repeat within ten minutes",
  [ChangeKind.AcceptRate]: "rates above 0, of an application that accepts at a rate",
  [ChangeKind.AppPause]: "seconds from 0 to 86 400",
};

const issue = (code: ConfigIssue["code"], path: string, message: string): ConfigIssue => ({
  code,
  path,
  line: 1,
  column: 1,
  message,
});

function entriesOf(value: unknown, path: string, issues: ConfigIssue[]): [string, unknown][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return Object.entries(value);
  issues.push(issue("wrong-type", path, "a map is needed here"));
  return [];
}

function describeTuning(name: string, live: LiveRun | null): unknown {
  if (live === null) return { name, simulated_s: 0, served_ratio: null, binding_gate: "none", queues: [] };
  const { view, nowNs, queues, bindingGate } = live;
  const sum = (field: "users" | "usersServed"): number =>
    view.spec.workloads.reduce((total, _, index) => total + view.workloadField(index, field), 0);
  return {
    name,
    simulated_s: nsToSeconds(nowNs),
    served_ratio: sum("users") === 0 ? null : sum("usersServed") / sum("users"),
    binding_gate: bindingGate,
    queues: view.spec.listeners.map(({ port }, index) => ({ port, ...(queues[index] ?? { syn: 0, accept: 0 }) })),
  };
}
