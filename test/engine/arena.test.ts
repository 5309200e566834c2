/** What threads hand from run to run: clean, and enough of it that V8 keeps what it compiled. */
import v8 from "node:v8";
import { describe, expect, test } from "vitest";
import { givePortTableBack, NO_PORTS, takePortTable } from "../../src/engine/arena.ts";
import { run, Simulation } from "../../src/engine/run.ts";
import { compileScenario, parseScenario } from "../../src/index.ts";

const parsed = parseScenario(`
duration_s: 1
server: { listeners: [{ port: 80, backlog: 4 }] }
workloads: [{ name: clients, kind: connections, arrival: poisson, rate_per_s: 500, duration_s: 1 }]
`);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
const spec = compileScenario(parsed.value.scenario, { seed: 7 });

describe("port tables", () => {
  test("come back as zeros", () => {
    const words = takePortTable();
    words.fill(3);
    givePortTableBack(words);
    const again = takePortTable();
    expect(again).toBe(words);
    expect(again.every((word) => word === 0)).toBe(true);
  });

  test("two that are taken at a time are two", () => {
    expect(takePortTable()).not.toBe(takePortTable());
  });

  test("the one of hosts without ports is written by nobody, and never handed out", () => {
    run(spec);
    givePortTableBack(NO_PORTS);
    expect(NO_PORTS.every((word) => word === 0)).toBe(true);
    expect(takePortTable()).not.toBe(NO_PORTS);
  });
});

test("a run gives its port tables, the server's and the client's, to the next", () => {
  run(spec);
  const ofRun = new Set([takePortTable(), takePortTable()]);
  for (const words of ofRun) givePortTableBack(words);
  run(spec);
  const ofNext = [takePortTable(), takePortTable()];
  expect(ofNext.map((words) => ofRun.has(words))).toEqual([true, true]);
});

test("after runs one simulation is left, whose hidden classes the optimised code needs", () => {
  for (let k = 0; k < 3; k++) run(spec);
  // Collects what nobody holds, then counts.
  expect(v8.queryObjects(Simulation, { format: "count" })).toBe(1);
});
