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

const EXPIRE_SOON = { "net.ipv4.tcp_synack_retries": 0 };
const cases = [
  ["its listener stops", 1, { listen_stop_s: 1.5, accept: { mode: "never" } }, {}],
  ["its listener opens", 1, { listen_start_s: 1.5, accept: { mode: "never" } }, {}],
  ["the application accepts at a rate from a full queue", 1, { accept: { mode: "rate", rate_per_s: 3 } }, {}],
  ["the same without cookies", 0, { accept: { mode: "rate", rate_per_s: 3 } }, {}],
  ["half-opens leave a full queue", 1, { backlog: 32 }, EXPIRE_SOON],
  ["half-opens leave the last quarter", 0, { backlog: 64 }, { ...EXPIRE_SOON, "net.ipv4.tcp_max_syn_backlog": 32 }],
] as const;

for (const [what, syncookies, listener, sysctls] of cases) {
  test(`a lagging flood gives the same: ${what}`, () => {
    const keys = {
      duration_s: 4,
      sample_interval_s: 0.25,
      server: {
        sysctls: { "net.ipv4.tcp_syncookies": syncookies, ...sysctls },
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

const slowFlood = { name: "flood", kind: "raw", packet: "syn", rate_per_s: 0.9, duration_s: 20 };
const ackAt = (start_s: number): object => ({
  name: "stray",
  kind: "raw",
  packet: "ack",
  rate_per_s: 1,
  start_s,
  duration_s: 1,
});
const clientAt = (start_s: number): object => ({
  name: "client",
  kind: "connections",
  rate_per_s: 1,
  start_s,
  duration_s: 1,
});

// Whether an ACK is examined as a cookie hangs on when the last cookie was sent, at most two minutes ago. Nothing looks at the flood between.
test.each([
  [
    "the flood's last cookie is recent when an ACK comes",
    [{ ...slowFlood, duration_s: 280 }, clientAt(0.5), ackAt(270)],
    1,
  ],
  [
    "within a second of the flood's last cookie a client's writes no other time",
    [slowFlood, clientAt(19.5), ackAt(139.2)],
    0,
  ],
])("%s", (_, workloads, SyncookiesFailed) => {
  const told = (extra: object): number => {
    const sysctls = { "net.ipv4.tcp_syncookies": 2 };
    const server = { sysctls, listeners: [{ port: 80, backlog: 8 }] };
    return runOf({ duration_s: 300, sample_interval_s: 300, server, workloads, ...extra }).counter(
      "server",
      "TcpExtSyncookiesFailed",
    );
  };
  expect([told({}), told({ impairments: INERT })]).toEqual([SyncookiesFailed, SyncookiesFailed]);
});

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
