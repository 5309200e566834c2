/**
 * Runs of the model in the recordings' own format, so that they can be laid beside a kernel's.
 *
 * Purpose     `replay --json`; agreement.ts compares what comes from here with a recording.
 * Source      test/recordings/README.md "Result format"; names, units and which zeros are left out are the recorder's.
 * Left out    What only a recorder has (how late it was itself), and what no run keeps: `sent_per_s` of raw workloads,
 *             `reset_after_ms`, `timed_out_after_ms`, the counters of bytes and of IP. Added: `gates`, which no kernel tells.
 */
import { assert } from "../base/assert.ts";
import { NS_PER_S } from "../base/units.ts";
import type { RunResult } from "../vocabulary/run-result.ts";
import { Detail, type RunSpec } from "../vocabulary/run-spec.ts";
import type { HostScenario, Scenario } from "../vocabulary/scenario.ts";
import { defaultFor, TUNABLE_NAMES, TUNABLES, type TunableValue } from "../vocabulary/tunables.ts";
import { recordedTimeline } from "./recorded-timeline.ts";
import { recordedGates, recordedWorkload } from "./recorded-workload.ts";
import { RECORDING_FORMAT, type RecordedRun, type Recording } from "./recording-format.ts";
import { summaryOf } from "./recording-summary.ts";
import { RunView } from "./run-view.ts";

/** All runs of one scenario, one result for each spec. They must be full: a summary has no time lines. */
export function recordingOf(scenario: Scenario, specs: readonly RunSpec[], results: readonly RunResult[]): Recording {
  assert(specs.length === results.length && specs.length > 0, "one result for each spec");
  const runs = results.map((result, index) => recordedRun(scenario, specs[index] as RunSpec, result, index === 0));
  return {
    format: RECORDING_FORMAT,
    source: "model",
    kernel_release: `Linux ${scenario.server.kernel}`,
    hz: scenario.server.hz,
    scenario: withoutNulls(scenario),
    effective_sysctls: { server: effectiveSysctls(scenario.server), client: effectiveSysctls(scenario.client) },
    repeats: runs.length,
    summary: summaryOf(runs),
    runs,
  };
}

/** The scenario knows what a RunSpec does not: names of workloads, and which impairments are the recorder's (the path's own losses follow them). */
function recordedRun(scenario: Scenario, spec: RunSpec, result: RunResult, isFirst: boolean): RecordedRun {
  const names = scenario.workloads.map((workload) => workload.name);
  const impairments = scenario.impairments.length;
  assert(spec.detail === Detail.Full, "a recording needs runs in full detail");
  const view = new RunView(spec, result);
  const byWorkload = <T>(value: (workload: number) => T): Record<string, T> =>
    Object.fromEntries(names.map((name, workload) => [name, value(workload)]));
  return {
    server_counters: view.counters("server"),
    client_counters: view.counters("client"),
    wire_at_server: recordedWire(view.wire()),
    ...(impairments > 0 ? { impairment_dropped: view.impairmentDropped().slice(0, impairments) } : {}),
    workloads: byWorkload((workload) => recordedWorkload(view, workload)),
    listeners: spec.listeners.map((_, listener) => recordedListener(view, listener)),
    timeline: recordedTimeline(view, isFirst),
    gates: byWorkload((workload) => recordedGates(view, workload)),
  };
}

/** What the application of a listener did: nonzero counts only. */
function recordedListener(view: RunView, listener: number): Record<string, number | number[]> {
  const perSecond = view.layout.secondNs === NS_PER_S ? view.acceptedPerSecond(listener) : [];
  const counts = {
    accepted: view.listenerField(listener, "accepted"),
    responses_sent: view.listenerField(listener, "responsesSent"),
    client_eofs: view.listenerField(listener, "clientEofs"),
    resets: view.listenerField(listener, "resets"),
    closed: view.listenerField(listener, "closed"),
    empty_ticks: view.listenerField(listener, "emptyTicks"),
  };
  return {
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)),
    ...(perSecond.length > 0 ? { accepted_per_s: perSecond } : {}),
  };
}

/** Every sysctl that the model honours and this kernel has. */
function effectiveSysctls({ kernel, sysctls }: HostScenario): Record<string, TunableValue> {
  const effective: Record<string, TunableValue> = {};
  for (const name of TUNABLE_NAMES) {
    const value = sysctls[name] ?? (TUNABLES[name].modelled === false ? null : defaultFor(name, kernel));
    if (value !== null && value !== "") effective[name] = value;
  }
  return effective;
}

/** The format knows no null: a key that is not set is absent. */
function withoutNulls<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (_, child: unknown) => (child === null ? undefined : child))) as T;
}

/** The recorder counts a segment with data and FIN in both classes. */
function recordedWire({ in_data_fin = 0, out_data_fin = 0, ...wire }: Record<string, number>): Record<string, number> {
  return {
    ...wire,
    ...(in_data_fin > 0 ? { in_data: (wire.in_data ?? 0) + in_data_fin } : {}),
    ...(out_data_fin > 0 ? { out_data: (wire.out_data ?? 0) + out_data_fin } : {}),
  };
}
