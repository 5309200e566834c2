/**
 * Goal    Threads that run in the background give way to the others of their process, and to nobody else's cost.
 * Method  The nice values that Linux shows of each thread (proc_pid_stat(5)).
 */
import { readdirSync, readFileSync } from "node:fs";
import { getPriority, platform } from "node:os";
import { expect, test } from "vitest";
import { closePool, simulateExperiment } from "../../src/index.ts";
import { GIVE_WAY } from "../../src/pool/give-way.ts";
import { experimentOf } from "../results/experiment-of.ts";
import { compileInForeground } from "./foreground.ts";

compileInForeground();

const experiment = experimentOf({
  small: `
duration_s: 1
server: { listeners: [{ port: 80, backlog: 16 }] }
workloads: [{ name: legit, kind: connections, rate_per_s: 20, duration_s: 1 }]
`,
});

/** By thread. */
const niceValues = (): number[] =>
  readdirSync("/proc/self/task").map((thread) => {
    const [, afterName = ""] = readFileSync(`/proc/self/task/${thread}/stat`, "utf8").split(/\) (?=\S )/);
    return Number(afterName.split(" ")[16]);
  });

test.runIf(platform() === "linux")("threads of jobs alone have a lower priority, and each gives way once", async () => {
  const own = getPriority();
  for (let times = 0; times < 3; times++) await simulateExperiment(experiment, { workers: 2, inBackground: true });
  expect(new Set(niceValues())).toEqual(new Set([own, Math.min(19, own + GIVE_WAY.Jobs)]));
  expect(getPriority()).toBe(own);
  await closePool();
  await simulateExperiment(experiment, { workers: 2 });
  expect(new Set(niceValues())).toEqual(new Set([own]));
  await closePool();
});
