/**
 * Key paths on a checked Scenario: reads and replaces one value, as a user names it.
 *
 * Paths       Dots; elements of lists by name (workloads) or port (listeners); the longest existing key wins, so that sysctl names keep their dots.
 *             Listeners that share a port are all meant by it, as in a tuning; the first one's value is read.
 * Invariants  The scenario given is never changed. What is replaced is as valid as the value that is given: callers take values from checked scenarios or tables.
 */
import { assert } from "../base/assert.ts";
import type { Scenario } from "../vocabulary/scenario.ts";

type Tree = Readonly<Record<string, unknown>> | readonly unknown[];

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null;

/** Whether two values are written alike. */
export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The value at `path`; undefined where the scenario says nothing (a sysctl at its default). */
export function valueAt(scenario: Scenario, path: string): unknown {
  let node: unknown = scenario;
  let rest = path;
  while (rest !== "") {
    if (!isTree(node)) return undefined;
    const step = stepOf(node, rest);
    if (step === null) return undefined;
    node = (node as Record<string, unknown>)[step.key];
    rest = step.rest;
  }
  return node;
}

/** The scenario with `value` at `path`; undefined takes a sysctl back to its default. */
export function withValue(scenario: Scenario, path: string, value: unknown): Scenario {
  return replaced(scenario as unknown as Tree, path, value) as unknown as Scenario;
}

function replaced(node: Tree, path: string, value: unknown): Tree {
  const step = stepOf(node, path) ?? { key: path, rest: "" };
  if (Array.isArray(node)) {
    const label = labelOf((node as readonly unknown[])[Number(step.key)]);
    return node.map((element: unknown) =>
      labelOf(element) !== label ? element : step.rest === "" ? value : replaced(element as Tree, step.rest, value),
    );
  }
  const before = (node as Record<string, unknown>)[step.key];
  assert(step.rest === "" || isTree(before), `no such key path: ${path}`);
  const after = step.rest === "" ? value : replaced(before as Tree, step.rest, value);
  const { [step.key]: _, ...others } = node as Record<string, unknown>;
  return after === undefined ? others : { ...node, [step.key]: after };
}

/** The key of `node` with which `path` begins, and what is left of it; null: none of its keys. */
function stepOf(node: Tree, path: string): { key: string; rest: string } | null {
  const labels: [string, string][] = Array.isArray(node)
    ? node.map((element, index): [string, string] => [String(index), labelOf(element)])
    : Object.keys(node).map((key): [string, string] => [key, key]);
  const fitting = labels
    .filter(([, label]) => path === label || path.startsWith(`${label}.`))
    .sort(([, a], [, b]) => b.length - a.length)[0];
  if (fitting === undefined) return null;
  const [key, label] = fitting;
  return { key, rest: path.slice(label.length + 1) };
}

function labelOf(element: unknown): string {
  const { name, port } = element as { name?: unknown; port?: unknown };
  return String(name ?? port);
}
