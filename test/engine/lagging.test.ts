/**
 * Goal    Packets that lag are judged under the state that held at their time, whatever changes next.
 * Method  The same flood twice: once lagging, once with each packet delivered alone at its time (an impairment that never loses anything
 *         forces that). Each row makes one kind of change happen in the middle of it.
 */
import { expect, test } from "vitest";
import { run } from "../../src/engine/run.ts";
import { Simulation } from "../../src/engine/simulation.ts";
import { bytesOf, runOf, specOf } from "./helpers.ts";

const INERT = [{ direction: "to_server", match: "rst", drop_probability: 0 }];

const cases = [
  ["its listener stops", 1, { listen_stop_s: 1.5, accept: { mode: "never" } }],
  ["its listener opens", 1, { listen_start_s: 1.5, accept: { mode: "never" } }],
  ["the application accepts at a rate from a full queue", 1, { accept: { mode: "rate", rate_per_s: 3 } }],
  ["the same without cookies", 0, { accept: { mode: "rate", rate_per_s: 3 } }],
] as const;

for (const [what, syncookies, listener] of cases) {
  test(`a lagging flood gives the same: ${what}`, () => {
    const keys = {
      duration_s: 4,
      sample_interval_s: 0.25,
      server: {
        sysctls: { "net.ipv4.tcp_syncookies": syncookies },
        listeners: [{ port: 80, backlog: 2, ...listener }],
      },
      workloads: [
        { name: "clients", kind: "connections", rate_per_s: 20, duration_s: 3, first_closer: "none" },
        { name: "flood", kind: "raw", packet: "syn", start_s: 1, rate_per_s: 1000, duration_s: 2 },
      ],
    };
    const told = (extra: object): unknown => {
      const view = runOf({ ...keys, ...extra });
      return [view.counters("server"), view.gates(1, "drops"), view.counterLine("TcpExtListenDrops"), view.wire()];
    };
    expect(told({})).toEqual(told({ impairments: INERT }));
  });
}

test("slices leave no trace in what a Poisson flood draws, wherever they cut it", () => {
  const spec = specOf({
    duration_s: 2,
    server: { sysctls: { "net.ipv4.tcp_syncookies": 0 }, listeners: [{ port: 80, backlog: 0 }] },
    workloads: [
      { name: "clients", kind: "connections", arrival: "poisson", rate_per_s: 5, duration_s: 2 },
      { name: "flood", kind: "raw", packet: "syn", arrival: "poisson", rate_per_s: 6000, duration_s: 2 },
    ],
  });
  const whole = bytesOf(run(spec));
  for (let slices = 2; slices < 100; slices += 7) {
    const simulation = new Simulation(spec);
    for (let i = 1; i <= slices; i++) simulation.advanceTo((spec.durationNs * i) / slices);
    expect(bytesOf(simulation.result()).equals(whole)).toBe(true);
  }
});
