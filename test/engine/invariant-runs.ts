/** Random runs whose invariants are looked at: the short suite takes some hundred, the long one ten thousand. */
import fc from "fast-check";
import { expect } from "vitest";
import { Simulation } from "../../src/engine/simulation.ts";
import { RunView } from "../../src/results/run-view.ts";
import { specOf } from "./helpers.ts";
import { findingsOf, type Keeper, leftOf } from "./invariants.ts";
import { wildParts, wildScenarioOf } from "./random-scenarios.ts";
import { WireTally } from "./wire-tally.ts";

/** Losses end at 1200 s at the latest; tcp_retries2 15 takes 945 s, then the other end's, then TIME_WAIT. */
const DRAIN_S = 3600;

/** No storm: no run has as many. */
const MOST_EVENTS = 2e6;

/** Looks at `count` random runs of some seconds, each at several times. */
export function checkRuns(count: number, seed: number): void {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 8 });
  fc.assert(
    fc.property(wildParts, cuts, fc.nat(1000), (wild, list, runSeed) => {
      const spec = specOf(wildScenarioOf(wild, wild.base.durationS), { seed: runSeed });
      const simulation = new Simulation(spec);
      for (const cut of [...list.toSorted((a, b) => a - b), 1]) {
        simulation.advanceTo(cut * spec.durationNs);
        expect([simulation.nowNs / 1e9, ...findingsOf(simulation)]).toEqual([simulation.nowNs / 1e9]);
      }
      simulation.result();
    }),
    { seed, numRuns: count },
  );
}

/** Lets `count` random runs end; answers what was left in all, by why. */
export function checkDrains(count: number, seed: number): Map<Keeper, number> {
  const left = new Map<Keeper, number>();
  fc.assert(
    fc.property(wildParts, fc.nat(1000), (wild, runSeed) => {
      const spec = specOf(wildScenarioOf(wild, DRAIN_S), { seed: runSeed });
      const tally = new WireTally();
      const simulation = new Simulation(spec, tally);
      for (let s = 1; s < DRAIN_S; s *= 2) {
        simulation.advanceTo(s * 1e9);
        expect(simulation.eventCount).toBeLessThan(MOST_EVENTS);
      }
      simulation.advanceTo(spec.durationNs);
      expect(findingsOf(simulation)).toEqual([]);
      const { kept, lost } = leftOf(simulation);
      expect(lost).toEqual([]);
      for (const [keeper, n] of kept) left.set(keeper, (left.get(keeper) ?? 0) + n);
      // Nothing is under way any more: what was sent has arrived or was lost.
      for (const [name, { sent, arrived, lost: gone }] of tally.classes)
        expect([name, arrived + gone]).toEqual([name, sent]);
      const view = new RunView(spec, simulation.result());
      expect(view.counter("client", "TcpInSegs")).toBe(tally.delivered.client);
      expectEmptyQueues(view, simulation);
      expect(view.counter("client", "TcpCurrEstab")).toBe(simulation.hosts.client.currentlyEstablished());
    }),
    { seed, numRuns: count },
  );
  return left;
}

/** Whatever the CPUs took off their queues went to TCP, and nothing is left in them. */
function expectEmptyQueues(view: RunView, { hosts: { server } }: Simulation): void {
  if (server.receive === null) return;
  const cpus = Array.from({ length: view.spec.cpu!.cores }, (_, cpu) => cpu);
  expect(cpus.map((cpu) => server.receive!.waiting(cpu))).toEqual(cpus.map(() => 0));
  const processed = cpus.reduce((all, cpu) => all + view.cpu(cpu, "processed"), 0);
  expect(processed).toBe(view.counter("server", "TcpInSegs"));
}
