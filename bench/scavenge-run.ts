/**
 * The process whose scavenges are counted (scavenges.ts): simulates the scenario on standard input by the worker's own function, three times
 * to warm up, then twice.
 */
import { readFileSync } from "node:fs";
import { compileScenario, parseScenario } from "../src/index.ts";
import { CONTROL_WORDS, type Task } from "../src/pool/task.ts";
import runTask from "../src/pool/worker.ts";

const WARM_UP_RUNS = 3;
const RUNS = 2;

const parsed = parseScenario(readFileSync(0, "utf8"));
if (!parsed.ok) throw new Error("not a scenario");
const spec = compileScenario(parsed.value.scenario, { seed: 1, engine: "packet" });
const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS));
const tasks = (count: number): Task => ({ jobs: new Array(count).fill({ kind: "result", spec }), control });
// A minor collection: a full one would shrink the young generation, and so cause the very scavenges that are counted.
const collect = (): void => (globalThis.gc as (options: { type: "minor" }) => void)({ type: "minor" });

await runTask(tasks(WARM_UP_RUNS));
collect();
await runTask(tasks(RUNS));
collect();
