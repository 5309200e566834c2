/**
 * Goal    An experiment is simulated as a whole: every tuning with every seed on every host, the same bytes however the work is shared.
 * Method  Small real runs on threads.
 */
import { afterAll, expect, test } from "vitest";
import { closePool } from "../../src/pool/pool.ts";
import { simulateExperiment } from "../../src/simulate.ts";
import { experimentOf } from "../results/experiment-of.ts";

afterAll(closePool);

const scenario = (backlog: number, hosts = 1) => `{duration_s: 4, client: {one_way_delay_s: 0.02},
  server: {hosts: ${hosts}, sysctls: {net.ipv4.tcp_syncookies: 0}, listeners: [{port: 80, backlog: ${backlog}}]},
  workloads: [
    {kind: connections, name: legit, port: 80, start_s: 0, rate_per_s: 50, duration_s: 3, arrival: poisson},
    {kind: raw, name: flood, packet: syn, port: 80, start_s: 1, rate_per_s: 100, duration_s: 2, source_addresses: 100}]}`;

test("one worker and two give the same bytes, and every run is counted", async () => {
  const experiment = experimentOf({ small: scenario(16), large: scenario(512), hosts: scenario(16, 2) });
  const counts: [number, number][] = [];
  const one = await simulateExperiment(experiment, { workers: 1, onDone: (done, total) => counts.push([done, total]) });
  const two = await simulateExperiment(experiment, { workers: 2 });
  expect(JSON.stringify(two)).toBe(JSON.stringify(one));
  expect(counts).toEqual(Array.from({ length: 12 }, (_, i) => [i + 1, 12]));
});

test("a larger backlog lets the clients in that a flood kept out, who are the same clients", async () => {
  const experiment = experimentOf({ small: scenario(16), large: scenario(512) });
  const [small, large] = (await simulateExperiment(experiment)).tunings.map(({ clients }) => clients[0]!);
  expect(small?.attempted.per_seed).toEqual(large?.attempted.per_seed);
  expect(small?.established_ratio.most).toBeLessThan(1);
  expect(large?.established_ratio.least).toBe(1);
});
