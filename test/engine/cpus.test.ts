/**
 * Goal    The rules in front of TCP (kernel-semantics 1): which packets a full ring, backlog or flow limit drops, what rounds count, who has the CPU's time.
 * Method  Bursts into a CPU that a slow packet keeps busy ("a stopped consumer"), as test/kernel asks the kernel; even floods for shares of time.
 */
import { describe, expect, test } from "vitest";
import { compileScenario } from "../../src/compile/compile.ts";
import { FlowLimit } from "../../src/engine/flow-limit.ts";
import { run } from "../../src/engine/run.ts";
import { Simulation } from "../../src/engine/simulation.ts";
import { RunView } from "../../src/results/run-view.ts";
import { scenarioOf } from "../compile/scenario-of.ts";

function runOf(server: string, workloads: string, engine: "auto" | "packet" = "packet", durationS = 1): RunView {
  const scenario = scenarioOf(`duration_s: ${durationS}\nserver: { ${server} }\nworkloads: [ ${workloads} ]\n`);
  const spec = compileScenario(scenario, { seed: 3, engine });
  return new RunView(spec, run(spec));
}

const burst = (name: string, count: number, startS: number, more = ""): string =>
  `{ name: ${name}, kind: raw, packet: syn, port: 80, count: ${count}, start_s: ${startS}${more} }`;
/** A second for each packet: whatever comes meanwhile waits. */
const STOPPED = "cpu: { cores: 1, costs_us: { receive: 0, reset: 1000000 } }";

describe("netdev_max_backlog, into a stopped consumer", () => {
  test.each([
    [10, 11, 0, "max + 1 wait"],
    [10, 12, 1, "the next one is dropped"],
    [10, 50, 39, "and all after it"],
    [0, 1, 0, "0 still holds one"],
    [0, 5, 4, "and no more"],
    [1000, 5000, 3999, "the default"],
  ])("max %d: of %d packets %d are dropped: %s", (max, count, dropped) => {
    const view = runOf(
      `${STOPPED}, device: { kind: veth }, sysctls: { net.core.netdev_max_backlog: ${max} }`,
      `${burst("first", 1, 0)}, ${burst("burst", count, 0.1)}`,
    );
    expect(view.cpu(0, "dropped")).toBe(dropped);
    expect(view.gates(1, "drops").netdev_backlog ?? 0).toBe(dropped);
    expect(view.cpu(0, "peakBacklog")).toBe(count - dropped);
    expect(view.cpu(0, "ringDropped")).toBe(0);
  });

  test("what was moved to the process queue does not count against it: max + 1 there, and max + 1 behind them", () => {
    // The first of the burst is begun at 1 s and moves the others to the process queue.
    const view = runOf(
      `${STOPPED}, device: { kind: veth }, sysctls: { net.core.netdev_max_backlog: 10 }`,
      `${burst("first", 1, 0)}, ${burst("burst", 20, 0.1)}, ${burst("second", 20, 1.1)}`,
      "packet",
      1.5,
    );
    expect(view.gates(1, "drops").netdev_backlog).toBe(9);
    expect(view.gates(2, "drops").netdev_backlog).toBe(9);
    expect(view.cpu(0, "peakBacklog")).toBe(10 + 11);
  });
});

describe("a NIC without RPS", () => {
  test.each([
    [64, 64, 0, "the ring holds as many as it has"],
    [64, 65, 1, "and drops the next one"],
  ])("ring %d: of %d packets %d are dropped: %s", (ring, count, dropped) => {
    const view = runOf(
      `${STOPPED}, device: { ring: ${ring} }, sysctls: { net.core.netdev_max_backlog: 1 }`,
      `${burst("first", 1, 0)}, ${burst("burst", count, 0.1)}`,
    );
    expect(view.cpu(0, "ringDropped")).toBe(dropped);
    expect(view.gates(1, "drops").nic_ring ?? 0).toBe(dropped);
    expect([view.cpu(0, "dropped"), view.cpu(0, "peakBacklog")], "netdev_max_backlog is dead").toEqual([0, 0]);
  });

  test("has a ring for each queue", () => {
    const view = runOf(
      `cpu: { cores: 2, costs_us: { receive: 0, reset: 1000000 } }, device: { ring: 8, queues: 2 }`,
      `${burst("first", 2, 0)}, ${burst("burst", 20, 0.1)}`,
    );
    expect([view.cpu(0, "ringDropped"), view.cpu(1, "ringDropped")]).toEqual([2, 2]);
  });
});

describe("RPS", () => {
  const rps = (more: string): RunView =>
    runOf(
      `cpu: { cores: 4, costs_us: { receive: 1, rps: 1, reset: 10 } }, device: { rps_cpus: 4 }, sysctls: { ${more} }`,
      burst("flood", 40_000, 0, ", rate_per_s: 200000"),
    );

  test("spreads evenly, and the CPU that steers counts what it handed on only where it is processed", () => {
    const view = rps("net.core.netdev_max_backlog: 100000");
    const processed = [0, 1, 2, 3].map((cpu) => view.cpu(cpu, "processed"));
    expect(processed.reduce((sum, n) => sum + n)).toBe(40_000);
    for (const n of processed) expect(Math.abs(n / 10_000 - 1)).toBeLessThan(0.05);
    expect(view.cpu(0, "receivedRps"), "CPU 0 needs no interrupt to itself").toBe(0);
    expect(view.cpu(1, "receivedRps")).toBeGreaterThan(0);
    expect(view.cpu(1, "receivedRps")).toBeLessThanOrEqual(view.cpu(1, "processed"));
    expect(view.cpuCosts()).toMatchObject({ receive: 40_000e3, rps: 40_000e3, reset: 400_000e3 });
  });

  test("drops at the target's backlog", () => {
    const view = rps("net.core.netdev_max_backlog: 0");
    expect(view.gates(0, "drops").netdev_backlog).toBeGreaterThan(0);
    expect(view.gates(0, "drops").nic_ring).toBeUndefined();
  });
});

describe("flow_limit", () => {
  const oneFlow = ", source_addresses: 1";
  const limited = (bitmap: number, addresses: string, max = 1000, more = ""): RunView =>
    runOf(
      `${STOPPED}, device: { kind: veth }, sysctls: { net.core.netdev_max_backlog: ${max}, net.core.flow_limit_cpu_bitmap: ${bitmap}${more} }`,
      `${burst("first", 1, 0)}, ${burst("burst", 900, 0.1, addresses)}`,
    );

  test("a flow may be 64 of the last 128 packets that found the backlog half full", () => {
    const limit = new FlowLimit(4096);
    const flow = 77;
    const over = Array.from({ length: 200 }, () => limit.isOver(flow));
    expect(over.indexOf(true)).toBe(64);
    expect(over.slice(64).every(Boolean), "who was dropped counts too, so it goes on").toBe(true);
    // 65 packets of others push as many of its own out of the 128.
    for (let other = 0; other < 65; other++) limit.isOver(1000 + other);
    expect(limit.isOver(flow)).toBe(false);
  });

  test("such drops count as softnet drops too", () => {
    const view = limited(1, "", 1000, ", net.core.flow_limit_table_len: 2");
    expect(view.cpu(0, "flowLimited")).toBeGreaterThan(0);
    expect(view.cpu(0, "dropped")).toBe(view.cpu(0, "flowLimited"));
    expect(view.gates(1, "drops").netdev_backlog).toBe(view.cpu(0, "dropped"));
  });

  test("is not looked at before the backlog is half full", () => {
    expect(limited(1, "", 2000, ", net.core.flow_limit_table_len: 2").cpu(0, "flowLimited")).toBe(0);
  });

  test.each([
    [0, "is off by default"],
    [2, "is on for another CPU"],
  ])("bitmap %d: %s", (bitmap) => {
    expect(limited(bitmap, oneFlow).cpu(0, "flowLimited")).toBe(0);
  });

  test("lets many flows be", () => {
    expect(limited(1, "").cpu(0, "flowLimited")).toBe(0);
  });
});

describe("rounds of the softirq", () => {
  const squeezed = (device: string, more = ""): number =>
    runOf(
      `cpu: { cores: 1, costs_us: { receive: 0, reset: 1 } }, device: { ${device} }, sysctls: { ${more} }`,
      burst("burst", 32_000, 0.1),
    ).cpu(0, "timeSqueezed");

  test.each([
    [
      "ring: 65536",
      "",
      0,
      "one queue is polled once a round, 64 packets: no budget is used up (test/kernel finds it so)",
    ],
    ["ring: 65536, queues: 5", "", 100, "five queues take 320 of a budget of 300"],
    ["ring: 65536, queues: 5", "net.core.netdev_budget: 64", 500, "a round ends after each poll"],
    ["ring: 65536, queues: 4", "", 0, "four take 256"],
    [
      "kind: veth",
      "net.core.netdev_max_backlog: 65536, net.core.dev_weight: 10000",
      4,
      "a poll of 10 ms outlasts 2 jiffies, and its budget",
    ],
  ])("%s, %s: time_squeeze %d: %s", (device, more, squeezes) => {
    expect(Math.abs(squeezed(device, more) - squeezes)).toBeLessThanOrEqual(squeezes > 50 ? 5 : 0);
  });

  test("ksoftirqd takes over after ten of them, or with the next tick", () => {
    const view = runOf(
      "cpu: { cores: 1, costs_us: { receive: 0, reset: 1 } }, device: { ring: 65536 }",
      burst("burst", 32_000, 0.1),
    );
    const inlineMs = (view.cpu(0, "softirqNs") - view.cpu(0, "ksoftirqdNs")) / 1e6;
    expect(inlineMs).toBeGreaterThan(0);
    expect(inlineMs, "ten rounds of 64 packets of 1 µs").toBeLessThanOrEqual(0.64);
  });
});

describe("softirq against an application that always wants to run (test/kernel/livelock_probe.py)", () => {
  const shares = (costUs: number, load: number) => {
    const view = runOf(
      `cpu: { cores: 1, costs_us: { receive: 0, reset: ${costUs}, accept: 0, app_request: 1000000 } }, device: { kind: veth }, listeners: [{ port: 80, backlog: 16, app: { request_bytes: 1, response_bytes: 1 } }]`,
      `{ name: spinner, kind: connections, count: 5, request_bytes: 1, response_bytes: 1 }, ${burst("flood", Math.round((load * 4e6) / costUs), 0, `, port: 81, rate_per_s: ${(load * 1e6) / costUs}`).replace("port: 80, ", "")}`,
      "packet",
      4,
    );
    const [soft, thread] = [view.cpu(0, "softirqNs") / 4e9, view.cpu(0, "ksoftirqdNs") / 4e9];
    return { own: 1 - soft, inline: soft - thread, thread, served: view.cpu(0, "processed") / 4 };
  };

  test.each([0.25, 0.5])("at a load of %d all is done by interrupts", (load) => {
    const { own, thread } = shares(27.6, load);
    expect(own).toBeCloseTo(1 - load, 2);
    expect(thread).toBe(0);
  });

  test.each([
    [27.6, 1.2, 0.27, 0.32, "measured 0.274, and 25 367 packets/s served"],
    [27.6, 3, 0.27, 0.33, "measured 0.324: it does not depend on the load"],
    [13, 3, 0.37, 0.42, "measured 0.37 to 0.40"],
  ])("packets of %d µs at a load of %d leave it %d to %d: %s", (costUs, load, least, most) => {
    const { own, inline, thread, served } = shares(costUs, load);
    expect(own).toBeGreaterThan(least);
    expect(own).toBeLessThan(most);
    expect(thread).toBeCloseTo(0.5, 1);
    expect(inline).toBeGreaterThan(0.05);
    if (costUs === 27.6) expect(Math.abs(served / 25_367 - 1)).toBeLessThan(0.03);
  });
});

describe("the application's share", () => {
  const APP =
    "listeners: [{ port: 80, backlog: 4096, app: { request_bytes: 100, response_bytes: 100, close: after_response } }]";
  const clients = (perS: number): string =>
    `{ name: legit, kind: connections, rate_per_s: ${perS}, duration_s: 1, source_addresses: 100, request_bytes: 100, response_bytes: 100 }`;
  const costs = "accept: 100, app_request: 900";

  test.each([
    ["shared", 500, 0.5],
    ["separate", 500, 0.5],
  ])("%s: %d connections/s of 1 ms each take %d of its CPU", (app, perS, share) => {
    const view = runOf(`cpu: { cores: 1, app: ${app}, costs_us: { ${costs} } }, ${APP}`, clients(perS), "packet", 1.2);
    const cpu = app === "shared" ? 0 : 1;
    expect(view.cpu(cpu, "appNs") / 1e9).toBeCloseTo(share, 2);
    expect(view.workloadField(0, "usersServed")).toBe(perS);
  });

  test("packets take it: with three quarters of the CPU gone half the clients are served in time", () => {
    const flood = `, { name: flood, kind: raw, packet: ack, port: 81, rate_per_s: 75000, duration_s: 1 }`;
    const view = runOf(
      `cpu: { cores: 1, costs_us: { receive: 0, reset: 10, ack: 0, final_ack: 0, request: 0, data: 0, fin: 0, ${costs} } }, ${APP}`,
      clients(500) + flood,
    );
    expect(view.cpu(0, "softirqNs") / 1e9).toBeCloseTo(0.75, 1);
    expect(view.cpu(0, "appNs") / 1e9).toBeCloseTo(0.25, 1);
  });

  test("CPUs of its own are not touched by packets", () => {
    const flood = `, { name: flood, kind: raw, packet: ack, port: 81, rate_per_s: 90000, duration_s: 1 }`;
    const view = runOf(
      `cpu: { cores: 1, app: separate, costs_us: { receive: 0, reset: 10, ${costs} } }, ${APP}`,
      clients(500) + flood,
      "packet",
      1.2,
    );
    expect(view.workloadField(0, "usersServed")).toBe(500);
  });
});

test.each(["auto", "packet"] as const)("slices leave no trace, engine %s", (engine) => {
  const scenario = scenarioOf(`
duration_s: 0.1
server: { cpu: { cores: 2, app: shared }, device: { queues: 2, ring: 64, rps_cpus: 2 }, listeners: [{ port: 80, backlog: 64, app: { request_bytes: 10, response_bytes: 10, close: after_response } }] }
client: { one_way_delay_s: 0.01 }
workloads:
  - { name: legit, kind: connections, arrival: poisson, rate_per_s: 500, duration_s: 0.1, source_addresses: 100, request_bytes: 10, response_bytes: 10 }
  - { name: flood, kind: raw, packet: syn, arrival: poisson, rate_per_s: 600000, duration_s: 0.1 }
`);
  const spec = compileScenario(scenario, { seed: 9, engine });
  const sliced = new Simulation(spec);
  for (let ns = 0; ns < spec.durationNs; ns += 1_234_567) sliced.advanceTo(ns);
  sliced.advanceTo(spec.durationNs);
  expect(Buffer.from(sliced.result().buffer).equals(Buffer.from(run(spec).buffer))).toBe(true);
});

describe("bulk", () => {
  test.each([
    ["even arrivals give the same bytes", "even"],
    ["bursts too", "bursts, burst_size: 5000"],
  ])("%s", (_, arrival) => {
    const bytes = (engine: "auto" | "packet"): Buffer => {
      const scenario = scenarioOf(`
duration_s: 1
server: { cpu: { cores: 2 }, device: { queues: 2, ring: 128 }, listeners: [{ port: 80, backlog: 64 }] }
client: { one_way_delay_s: 0.01 }
workloads:
  - { name: legit, kind: connections, arrival: poisson, rate_per_s: 300, duration_s: 1, source_addresses: 100 }
  - { name: flood, kind: raw, packet: syn, arrival: ${arrival}, rate_per_s: 2000000, duration_s: 0.3 }
`);
      return Buffer.from(run(compileScenario(scenario, { seed: 5, engine })).buffer);
    };
    expect(bytes("auto").equals(bytes("packet"))).toBe(true);
  });
});
