/**
 * Goal    What is large works: a million half-opens, hundreds of listeners, a day of simulated time, nine million attempts at once; 100 000 runs in flat memory.
 * Method  Through the pool, as a user's runs go.
 */
import { afterAll, describe, expect, test } from "vitest";
import { compileScenario } from "../../src/compile/compile.ts";
import { parseExperiment } from "../../src/config/experiment.ts";
import { noFiles } from "../../src/config/parse.ts";
import { closePool, runSpecs } from "../../src/pool/pool.ts";
import { RunView } from "../../src/results/run-view.ts";
import { simulateSweep, sweepOf } from "../../src/simulate-sweep.ts";
import { scenarioOf } from "../compile/scenario-of.ts";

afterAll(closePool);

async function viewOf(text: string): Promise<RunView> {
  const spec = compileScenario(scenarioOf(text), { seed: 1, detail: "summary" });
  const [result] = await runSpecs([spec]);
  if (result === undefined) throw new Error("no result");
  return new RunView(spec, result);
}

// Before the first timers, which would prune a queue that is more than half full.
test("a million half-opens are held, and the one beyond is dropped", async () => {
  const view = await viewOf(`
duration_s: 0.95
server:
  sysctls: { net.ipv4.tcp_syncookies: 0, net.core.somaxconn: 1048576, net.ipv4.tcp_max_syn_backlog: 4194304 }
  listeners: [{ port: 80, backlog: 1048576 }]
workloads: [{ name: flood, kind: raw, packet: syn, rate_per_s: 2000000, duration_s: 0.9, source_addresses: 131070 }]
`);
  expect(view.listenerField(0, "peakSynQueue")).toBe(1_048_577);
  expect(view.gates(0, "drops")).toEqual({ syn_queue_full: 1_800_000 - 1_048_577 });
});

test("hundreds of listeners serve their own clients each", async () => {
  const ports = Array.from({ length: 300 }, (_, index) => 1000 + index);
  const served = ports.slice(-250);
  const view = await viewOf(
    JSON.stringify({
      duration_s: 5,
      server: { listeners: ports.map((port) => ({ port, backlog: 16, app: { request_bytes: 1, response_bytes: 1 } })) },
      workloads: served.map((port) => ({
        ...{
          name: `w${port}`,
          kind: "connections",
          port,
          rate_per_s: 5,
          duration_s: 4,
          request_bytes: 1,
          response_bytes: 1,
        },
      })),
    }),
  );
  expect(ports.map((_, index) => view.listenerField(index, "accepted"))).toEqual(
    ports.map((_, index) => (index < 50 ? 0 : 20)),
  );
  expect(served.map((_, index) => view.workloadField(index, "usersServed"))).toEqual(served.map(() => 20));
});

test("a day of simulated time is a run like any other", async () => {
  const view = await viewOf(`
duration_s: 86400
server: { listeners: [{ port: 80, backlog: 128, app: { request_bytes: 1, response_bytes: 1, close: after_response } }] }
client: { one_way_delay_s: 0.02 }
workloads:
  - { name: legit, kind: connections, arrival: poisson, rate_per_s: 20, duration_s: 86400, source_addresses: 100, request_bytes: 1, response_bytes: 1 }
`);
  const users = view.workloadField(0, "users");
  // 1 728 000 ± 6 standard deviations.
  expect(Math.abs(users - 1_728_000)).toBeLessThan(8000);
  expect(view.workloadField(0, "usersServed")).toBeGreaterThan(users - 100);
});

describe("attempts in flight", () => {
  const text = (count: number): string => `
duration_s: 2
server: { listeners: [{ port: 80, backlog: 16 }] }
client: { one_way_delay_s: 5 }
workloads: [{ name: crowd, kind: connections, count: ${count}, source_addresses: 60000 }]
`;

  test("may be nine million", async () => {
    const view = await viewOf(text(9_000_000));
    expect(view.workloadField(0, "attempted")).toBe(9_000_000);
    expect(view.gates(0, "inFlight")).toEqual({ none: 9_000_000 });
  });

  test("may not be more than there are numbers for, which is said before the start", async () => {
    await expect(viewOf(text(17_000_000))).rejects.toThrow("more than 16 million attempts would be in flight at once");
  });
});

test("100 000 runs of a sweep take no more memory than 20 000", async () => {
  const parsed = parseExperiment(
    `
seeds: 1
scenario:
  duration_s: 0.2
  server: { listeners: [{ port: 80, backlog: 16 }] }
  workloads: [{ name: legit, kind: connections, rate_per_s: 50, duration_s: 0.2 }]
sweep: { axes: { server.listeners.80.backlog: "1..1000:1000", workloads.legit.rate_per_s: "10..100:100" } }
`,
    noFiles,
  );
  if (!parsed.ok || parsed.value.sweep === null) throw new Error("not a sweep");
  let early = 0;
  let late = 0;
  await simulateSweep(sweepOf(parsed.value.experiment, parsed.value.sweep), {
    onPoint: (point) => {
      if (point % 100 !== 0 || point < 2000) return;
      const rss = process.memoryUsage.rss();
      if (point < 20_000) early = Math.max(early, rss);
      else late = Math.max(late, rss);
    },
  });
  // Within what the garbage collector leaves to chance.
  expect(late / early).toBeLessThan(1.15);
});
