/**
 * Goal    The CPU in front of TCP is a queue as theory knows it: waits and losses are those of M/D/1 and M/D/1/K, within one per cent.
 * Method  A Poisson flood at a closed port, each packet of which takes the same time; packet by packet and in bulk. The formulas are Pollaczek and
 *         Khinchine's, and the embedded Markov chain of the finite queue.
 */
import { describe, expect, test } from "vitest";
import { compileScenario } from "../../src/compile/compile.ts";
import { run } from "../../src/engine/run.ts";
import { RunView } from "../../src/results/run-view.ts";
import { scenarioOf } from "../compile/scenario-of.ts";

const SERVICE_US = 10;

function flooded(ratePerS: number, durationS: number, ring: number, engine: "auto" | "packet", more = ""): RunView {
  const scenario = scenarioOf(`
duration_s: ${durationS}
server: { cpu: { cores: 1, costs_us: { receive: 0, reset: ${SERVICE_US} } }, device: { ring: ${ring} }${more} }
workloads: [{ name: flood, kind: raw, packet: syn, port: 80, arrival: poisson, rate_per_s: ${ratePerS}, duration_s: ${durationS} }]
`);
  const spec = compileScenario(scenario, { seed: 7, engine, detail: "summary" });
  return new RunView(spec, run(spec));
}

/** The load that a draw of arrivals came to: it decides more than a per cent of the losses. */
const offered = (view: RunView): number => (view.workloadField(0, "sent") * SERVICE_US * 1000) / view.spec.durationNs;
/** Mean wait, in service times. */
const waited = (view: RunView): number => view.cpu(0, "waitNs") / view.cpu(0, "processed") / 1000 / SERVICE_US;

function expectWithinAPercent(found: number, expected: number): void {
  expect(found / expected).toBeGreaterThan(0.99);
  expect(found / expected).toBeLessThan(1.01);
}

/** Mean wait in front of an M/D/1 server, in service times. */
const waitOfMD1 = (load: number): number => load / (2 * (1 - load));

/**
 * M/D/1/K: `places` wait, besides the one in service. Of the chain at departures (k left behind, 0..places) follow the share of lost arrivals and the mean
 * wait of the others, in service times (Takagi, Queueing Analysis II, section 5.1).
 */
function finiteQueue(load: number, places: number): { readonly lost: number; readonly wait: number } {
  const arrivals = (k: number): number => {
    let p = Math.exp(-load);
    for (let i = 1; i <= k; i++) p *= load / i;
    return p;
  };
  const a = Array.from({ length: places + 2 }, (_, k) => arrivals(k));
  // Left behind k: pi[k], up to a factor; from the balance of the states below.
  const pi = [1];
  for (let k = 0; k < places; k++) {
    let next = (pi[k] ?? 0) - (pi[0] ?? 0) * (a[k] ?? 0);
    for (let i = 1; i <= k; i++) next -= (pi[i] ?? 0) * (a[k - i + 1] ?? 0);
    pi.push(next / (a[0] ?? 1));
    // Under overload they grow beyond what a number holds.
    for (let i = 0; i < pi.length; i++) pi[i] = (pi[i] ?? 0) / (pi[k + 1] ?? 1);
  }
  const sum = pi.reduce((all, p) => all + p, 0);
  const left = pi.map((p) => p / sum);
  const scale = 1 / ((left[0] ?? 0) + load);
  const lost = 1 - scale;
  // At any time: k in the system as left behind, scaled; all places taken as often as an arrival is lost.
  const mean = left.reduce((all, p, k) => all + k * p * scale, 0) + (places + 1) * lost;
  return { lost, wait: mean / (load * (1 - lost)) - 1 };
}

// Packet by packet is the slower way to the same bytes (cpus.test.ts): a few of the cases, so that both ways are held against theory.
const LOADS = { auto: [0.3, 0.5, 0.8], packet: [0.5] } as const;
const FINITE = [
  [0.9, 4, "losses though there is time enough"],
  [1, 8, "as much as it can do"],
  [1.5, 16, "overload"],
  [20, 64, "nearly all are lost, and all places are taken"],
] as const;

describe.each(["packet", "auto"] as const)("engine %s", (engine) => {
  test.each(LOADS[engine])("M/D/1 at a load of %d", (load) => {
    const view = flooded((load * 1e6) / SERVICE_US, load > 0.7 ? 40 : 15, 65_536, engine);
    expectWithinAPercent(waited(view), waitOfMD1(offered(view)));
    expectWithinAPercent(view.cpu(0, "softirqNs") / view.spec.durationNs, offered(view));
  });

  test.each(engine === "auto" ? FINITE : FINITE.slice(2, 3))(
    "M/D/1/K at a load of %d with %d places: %s",
    (load, places) => {
      const view = flooded((load * 1e6) / SERVICE_US, load > 5 ? 4 : 20, places, engine);
      const sent = view.workloadField(0, "sent");
      const { lost, wait } = finiteQueue(offered(view), places);
      expectWithinAPercent(view.cpu(0, "ringDropped") / sent, lost);
      expectWithinAPercent(waited(view), wait);
      expect(view.gates(0, "drops").nic_ring).toBe(view.cpu(0, "ringDropped"));
    },
  );
});
