/**
 * Goal    Hosts behind a load balancer: each gets its users and its share of a flood, and together they get the whole.
 * Method  The same scenario with several hosts, each simulated, against one host.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isForThisHost } from "../../src/engine/users.ts";
import type { RunView } from "../../src/results/run-view.ts";
import type { ConnectionsSpec } from "../../src/vocabulary/run-spec.ts";
import { type Keys, runOf, specOf } from "./helpers.ts";

const HOSTS = 3;

const scenario = (hosts: number, workload: Keys): Keys => ({
  duration_s: 3,
  server: { hosts, listeners: [{ port: 80, backlog: 64 }] },
  workloads: [{ port: 80, ...workload }],
});
const clients = { name: "clients", kind: "connections", source_addresses: 200, rate_per_s: 300, duration_s: 2 };
const flood = { name: "flood", kind: "raw", packet: "syn", rate_per_s: 5000.3, duration_s: 2 };

const eachHost = (workload: Keys, engine: "auto" | "packet" = "auto"): RunView[] =>
  Array.from({ length: HOSTS }, (_, host) => runOf(scenario(HOSTS, workload), { host, engine }));
const sumOf = (views: readonly RunView[], read: (view: RunView) => number): number =>
  views.reduce((total, view) => total + read(view), 0);

describe.each(["even", "poisson"])("clients that arrive %s", (arrival) => {
  const hosts = eachHost({ ...clients, arrival });
  const one = runOf(scenario(1, { ...clients, arrival }));

  test("are each at one host, at the times at which they come to a single one", () => {
    const line = (view: RunView): number[] => view.perSecond(0, "attemptsPerS");
    expect(line(one).map((_, s) => sumOf(hosts, (view) => line(view)[s] ?? 0))).toEqual(line(one));
    expect(sumOf(hosts, (view) => view.workloadField(0, "users"))).toBe(one.workloadField(0, "users"));
  });

  test("are shared out", () => {
    const users = one.workloadField(0, "users");
    for (const view of hosts) {
      expect(view.workloadField(0, "users")).toBeGreaterThan(users / 5);
      expect(view.workloadField(0, "users")).toBeLessThan(users / 2);
      expect(view.workloadField(0, "attempted")).toBe(view.workloadField(0, "users"));
    }
  });
});

test("each user has one host, the same at every arrival", () => {
  const workload = (keys: Keys): ConnectionsSpec => specOf(scenario(1, keys)).workloads[0] as ConnectionsSpec;
  const spec = workload({ ...clients, source_addresses: 20, clients_per_address: 3 });
  const one = specOf(scenario(1, clients));
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 64 }), (index, hostCount) => {
      const hostsOf = (arrival: number): number[] =>
        Array.from({ length: hostCount }, (_, host) => host).filter((hostIndex) =>
          isForThisHost(spec, arrival, { ...one, hostIndex, hostCount }),
        );
      expect(hostsOf(index)).toHaveLength(1);
      expect(hostsOf(index + 60)).toEqual(hostsOf(index));
    }),
  );
});

describe("a flood", () => {
  const floods: [string, Keys][] = [
    ["even", { ...flood }],
    ["in bursts", { ...flood, arrival: "bursts", burst_size: 100, burst_spread_s: 0.005 }],
    ["all at once", { ...flood, rate_per_s: undefined, duration_s: undefined, count: 10_001 }],
    ["answered", { ...flood, answer_to_synack: "ack", rate_per_s: 500 }],
  ];
  describe.each(["auto", "packet"] as const)("in mode %s", (engine) => {
    test.each(floods)("%s: the hosts' packets are exactly the whole, in equal parts", (_, keys) => {
      const whole = runOf(scenario(1, keys)).workloadField(0, "sent");
      const sent = eachHost(keys, engine).map((view) => view.workloadField(0, "sent"));
      expect(sent.reduce((total, n) => total + n, 0)).toBe(whole);
      expect(Math.max(...sent) - Math.min(...sent)).toBeLessThanOrEqual(1);
    });

    test.each(["poisson", "ramp"])("%s: each host has a stream of its own, of its share", (arrival) => {
      const keys = { ...flood, arrival, ...(arrival === "ramp" ? { rate_per_s: 4000, end_rate_per_s: 6000 } : {}) };
      const sent = eachHost(keys, engine).map((view) => view.workloadField(0, "sent"));
      for (const n of sent) expect(Math.abs(n - 10_000 / HOSTS)).toBeLessThan(5 * Math.sqrt(10_000 / HOSTS));
      expect(new Set(sent).size).toBe(HOSTS);
    });
  });

  test("meets the same verdicts in bulk as packet by packet", () => {
    const told = (views: readonly RunView[]): unknown =>
      views.map((view) => [view.counters("server"), view.gates(0, "drops"), view.wire()]);
    expect(told(eachHost(flood, "auto"))).toEqual(told(eachHost(flood, "packet")));
  });
});

test("hosts boot by themselves: their secrets and ticks differ", () => {
  const keys = { ...flood, rate_per_s: 20 };
  const [first, second] = eachHost(keys);
  expect(first!.counterLine("TcpExtTCPTimeouts")).not.toEqual(second!.counterLine("TcpExtTCPTimeouts"));
});
