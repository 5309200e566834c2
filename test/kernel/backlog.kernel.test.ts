/**
 * Goal    The rules of the per-CPU backlog that the model is made of are those of the running kernel.
 * Method  Bursts through loopback, veth and a TUN, in a network namespace that the probe makes, meet a CPU that is held in its first packet.
 *         netdev_max_backlog is read, never set. Packets of others on the same CPU disturb a run: the median of the repeats counts.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { compileScenario } from "../../src/compile/compile.ts";
import { run } from "../../src/engine/run.ts";
import { RunView } from "../../src/results/run-view.ts";
import { scenarioOf } from "../compile/scenario-of.ts";
import { type BurstRun, type Probe, probeBacklog } from "./probe.ts";

const REPEATS = 3;
const TOLERANCE = 0.05;

let probe: Probe;
beforeAll(() => {
  probe = probeBacklog(REPEATS);
}, 300_000);

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** The runs of a case on a device, one list for each size of the burst. */
function bySize(device: BurstRun["device"], kind: BurstRun["case"]): BurstRun[][] {
  const runs = probe.runs.filter(
    (run) => run.device === device && run.case === kind && (run.stopped || kind === "direct"),
  );
  return [...new Set(runs.map((run) => run.burst))].map((size) => runs.filter((run) => run.burst === size));
}

/** The same in the model: a packet that takes a second, what then fills the queue and is moved when the second begins, the burst. */
function modelDrops({ case: kind, burst, netdev_max_backlog }: BurstRun): number {
  const packets = (name: string, count: number, startS: number): string =>
    `{ name: ${name}, kind: raw, packet: syn, port: 80, count: ${count}, start_s: ${startS} }`;
  const isMoved = kind === "two_stage";
  const scenario = scenarioOf(`
duration_s: 1.5
server:
  cpu: { cores: 1, costs_us: { reset: 1000000 } }
  device: { kind: veth }
  sysctls: { net.core.netdev_max_backlog: ${netdev_max_backlog} }
workloads:
  - ${packets("plug", 1, 0)}
  ${isMoved ? `- ${packets("moved", netdev_max_backlog + 1, 0.1)}` : ""}
  - ${packets("burst", burst, isMoved ? 1.1 : 0.1)}
`);
  const spec = compileScenario(scenario, { seed: 1, engine: "packet" });
  return new RunView(spec, run(spec)).cpu(0, "dropped");
}

describe.each(["loopback", "veth", "tun"] as const)("a burst through %s", (device) => {
  const sizesOf = (kind: BurstRun["case"], skip: () => void): BurstRun[][] => {
    const sizes = bySize(device, kind);
    if (sizes.length === 0 && probe.skipped.length > 0) skip();
    expect(sizes.length, `no undisturbed ${kind} run on ${device}`).toBeGreaterThan(0);
    return sizes;
  };

  test("is handled in its sender's context without RPS, and nothing is dropped", ({ skip }) => {
    for (const runs of sizesOf("direct", skip)) {
      for (const run of runs) expect(run).toMatchObject({ device_rx_dropped: 0, delivered: run.sent });
    }
  });

  test("fills the input queue to netdev_max_backlog + 1 when the consumer is stopped, and the rest is dropped", ({
    skip,
  }) => {
    for (const runs of sizesOf("plugged", skip)) {
      const { sent, moved, netdev_max_backlog, burst } = runs[0]!;
      const expected = Math.max(0, sent - moved - (netdev_max_backlog + 1));
      const dropped = median(runs.map((run) => run.device_rx_dropped));
      expect(
        Math.abs(dropped - expected),
        `burst of ${burst}: ${dropped} dropped, ${expected} expected`,
      ).toBeLessThanOrEqual(TOLERANCE * expected);
    }
  });

  test("does not count what was moved to the process queue", ({ skip }) => {
    for (const runs of sizesOf("two_stage", skip)) {
      const run = runs[0]!;
      expect(run.process_queue_after_burst).toBe(run.netdev_max_backlog);
      const expected = Math.max(0, run.burst - (run.netdev_max_backlog + 1));
      const dropped = median(runs.map((one) => one.device_rx_dropped));
      expect(Math.abs(dropped - expected)).toBeLessThanOrEqual(TOLERANCE * expected);
    }
  });

  test("loses as many as the model says", ({ skip }) => {
    for (const kind of ["plugged", "two_stage"] as const) {
      for (const runs of sizesOf(kind, skip)) {
        const expected = modelDrops(runs[0]!);
        const dropped = median(runs.map((run) => run.device_rx_dropped));
        expect(
          Math.abs(dropped - expected),
          `${kind}, burst of ${runs[0]!.burst}: the kernel dropped ${dropped}, the model ${expected}`,
        ).toBeLessThanOrEqual(TOLERANCE * expected);
      }
    }
  });

  test("loses its tail, counted by softnet_stat and the device alike; only veth tells the sender", ({ skip }) => {
    for (const run of sizesOf("plugged", skip).flat()) {
      expect(run.first_are_kept).toBe(true);
      expect(run.dropped - run.foreign_dropped).toBe(run.device_rx_dropped);
      expect(run.sent - run.plugs - run.delivered).toBe(run.device_rx_dropped);
      expect(run.send_errors).toBe(device === "veth" ? run.device_rx_dropped : 0);
    }
  });
});
