/**
 * Parse: the text of a scenario file → Scenario, or all that is wrong with it.
 *
 * Order   document (YAML) → schema (each key) → rules (several keys) → kernels and sysctls → defaults that depend on others.
 *         All but the first are gathered, so that one run shows all issues, in the order of the file.
 */
import { assert } from "../base/assert.ts";
import { err, ok } from "../base/result.ts";
import type { Scenario, WorkloadScenario } from "../vocabulary/scenario.ts";
import { type LoadedDocument, loadDocument, type Path } from "./document.ts";
import { type CheckedHost, checkHost } from "./hosts.ts";
import { type ConfigIssue, type ConfigResult, isWarning } from "./issues.ts";
import { checkRules, defaultSourcePort } from "./rules.ts";
import { type ScenarioInput, scenarioSchema, type WorkloadInput } from "./schema.ts";
import { fromZod, type PathIssue, valueAt } from "./zod-issues.ts";

/** Nobody reads more, and a file of garbage has one in each line. */
const MAX_ISSUES = 100;
/** So many are looked up in the file to find the first MAX_ISSUES: a look-up takes time in proportion to the file. */
const MAX_LOCATED = 1000;
/** Characters of one part of a path that are shown. */
const MAX_PART = 80;

export interface ParsedScenario {
  readonly scenario: Scenario;
  readonly warnings: readonly ConfigIssue[];
}

export function parseScenario(text: string): ConfigResult<ParsedScenario> {
  const loaded = loadDocument(text);
  if (!loaded.ok) return err(loaded.error.slice(0, MAX_ISSUES).map((issue) => ({ ...issue, path: "" })));

  const document = loaded.value;
  const raw = withKernelsAsText(document);
  const parsed = scenarioSchema.safeParse(raw);
  const server = checkHost(raw, "server");
  const client = checkHost(raw, "client");
  const found = [
    ...(parsed.success ? [] : fromZod(parsed.error.issues, raw, MAX_LOCATED)),
    ...checkRules(raw),
    ...server.issues,
    ...client.issues,
  ];
  const errors = found.filter((issue) => !isWarning(issue));
  const warnings = found.filter(isWarning);
  if (errors.length > 0) return err(locate([...errors, ...warnings], raw, document));
  assert(parsed.success, "the schema refused a scenario without an issue");
  return ok({ scenario: build(parsed.data, server, client), warnings: locate(warnings, raw, document) });
}

/** `kernel: 6.10` is the number 6.1 to YAML, and the kernel 6.10 to its writer. */
function withKernelsAsText(document: LoadedDocument): unknown {
  let raw = document.value;
  for (const side of ["server", "client"]) {
    const host = valueAt(raw, [side]);
    const source = document.sourceOf([side, "kernel"]);
    if (typeof valueAt(host, ["kernel"]) !== "number" || source === undefined) continue;
    raw = { ...(raw as object), [side]: { ...(host as object), kernel: source } };
  }
  return raw;
}

/** The first issues with their place in the file, in its order. */
function locate(issues: readonly PathIssue[], raw: unknown, document: LoadedDocument): ConfigIssue[] {
  return issues
    .slice(0, MAX_LOCATED)
    .map((issue) => ({
      issue,
      ...(issue.atKey ? document.positionOfKey(issue.path) : document.positionOf(issue.path)),
    }))
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .slice(0, MAX_ISSUES)
    .map(({ issue: { code, path, message, hint }, line, column }) => ({
      code,
      path: pathText(path, raw),
      line,
      column,
      message,
      ...(hint === undefined ? {} : { hint }),
    }));
}

/** A path as its user would write it: listeners by port, workloads by name, other lists by number. */
function pathText(path: Path, raw: unknown): string {
  let text = "";
  path.forEach((part, index) => {
    if (typeof part === "number") {
      const list = path.slice(0, index);
      const key = labelKey(list, raw, part);
      text += key === undefined ? `[${part}]` : `.${key}`;
    } else text += `${index === 0 ? "" : "."}${part.slice(0, MAX_PART)}`;
  });
  return text;
}

/** The name or port by which element `index` of a list is known, unless another has it too. */
function labelKey(list: Path, raw: unknown, index: number): string | undefined {
  const key = { "server.listeners": "port", workloads: "name" }[list.join(".")];
  const elements = valueAt(raw, list);
  if (key === undefined || !Array.isArray(elements)) return undefined;
  const label = valueAt(elements[index], [key]);
  if (typeof label !== "string" && typeof label !== "number") return undefined;
  const sharers = elements.filter((element) => valueAt(element, [key]) === label).length;
  return sharers === 1 && /^[\w.-]{1,64}$/.test(String(label)) ? String(label) : undefined;
}

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
