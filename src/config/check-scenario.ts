/**
 * Check a scenario: a plain value → Scenario, or all that is wrong with it. Files and tunings go the same way.
 *
 * Order   schema (each key) → rules (several keys) → kernels and sysctls → what the kernel makes of them → defaults that depend on others.
 *         All issues are gathered, so that one run shows them.
 */
import { assert } from "../base/assert.ts";
import type { Scenario, WorkloadScenario } from "../vocabulary/scenario.ts";
import { type CheckedHost, checkHost } from "./hosts.ts";
import { isWarning } from "./issues.ts";
import { kernelWarnings } from "./kernel-warnings.ts";
import { MAX_LOCATED } from "./locate.ts";
import { checkRules, defaultSourcePort, tooMany } from "./rules.ts";
import { type ScenarioInput, scenarioSchema, type WorkloadInput } from "./schema.ts";
import type { ResolvedTraces, TraceFiles } from "./trace-file.ts";
import { fromZod, type PathIssue } from "./zod-issues.ts";

export interface CheckedScenario {
  /** null if one of the issues is an error. */
  readonly scenario: Scenario | null;
  readonly issues: readonly PathIssue[];
}

export function checkScenario(written: unknown, traces: TraceFiles): CheckedScenario {
  const { raw, rows, issues: unread } = traces.resolve(written);
  const parsed = scenarioSchema.safeParse(raw);
  const server = checkHost(raw, "server");
  const client = checkHost(raw, "client");
  const found = [
    ...(parsed.success ? [] : fromZod(parsed.error.issues, raw, MAX_LOCATED)),
    ...checkRules(raw),
    ...server.issues,
    ...client.issues,
    ...unread,
  ];
  const input = parsed.success ? withTraces(parsed.data, rows) : null;
  if (input !== null) found.push(...tracesTooLong(input, rows), ...kernelWarnings(input, server, client));
  // Errors first, should there be more than are looked up.
  const issues = [...found.filter((issue) => !isWarning(issue)), ...found.filter(isWarning)];
  if (issues[0] !== undefined && !isWarning(issues[0])) return { scenario: null, issues };
  assert(input !== null, "the schema refused a scenario without an issue");
  return { scenario: build(input, server, client), issues };
}

const withTraces = (input: ScenarioInput, rows: ResolvedTraces["rows"]): ScenarioInput => ({
  ...input,
  workloads: input.workloads.map((workload, index) => ({ ...workload, trace: rows.get(index) ?? workload.trace })),
});

const tracesTooLong = ({ workloads, duration_s }: ScenarioInput, rows: ResolvedTraces["rows"]): PathIssue[] =>
  workloads.flatMap((workload, index) => (rows.has(index) ? tooMany(workload, ["workloads", index], duration_s) : []));

/** Fills in what depends on other keys: ports of workloads, source ports and seeds of raw ones. */
function build(input: ScenarioInput, server: CheckedHost, client: CheckedHost): Scenario {
  const firstPort = input.server.listeners[0]?.port ?? 80;
  let rawWorkloads = 0;
  const workloads = input.workloads.map((workload: WorkloadInput): WorkloadScenario => {
    const port = workload.port ?? firstPort;
    if (workload.kind === "connections") return { ...workload, port };
    const before = rawWorkloads;
    rawWorkloads += 1;
    return {
      ...workload,
      port,
      first_source_port: workload.first_source_port ?? defaultSourcePort(before),
      seed: workload.seed ?? 1 + before,
    };
  });
  const impairments = input.impairments.map((impairment) => ({
    ...impairment,
    // Neither of the two: all are lost.
    drop_probability: impairment.drop_probability ?? (impairment.drop_every_nth === null ? 1 : null),
  }));
  return {
    name: input.name,
    description: input.description,
    duration_s: input.duration_s,
    sample_interval_s: input.sample_interval_s,
    server: { ...input.server, kernel: server.kernel, sysctls: server.sysctls },
    client: { ...input.client, kernel: client.kernel, sysctls: client.sysctls },
    path: input.path,
    workloads,
    impairments,
  };
}
