/**
 * Goal    An experiment is simulated as a whole: every tuning with every seed on every host, the same bytes however the work is shared.
 * Method  Small real runs on threads.
 */
import { afterAll, describe, expect, test } from "vitest";
import { closePool } from "../../src/pool/pool.ts";
import { metricNamesOf, metricOf } from "../../src/results/metrics.ts";
import type { Measure } from "../../src/results/summary-format.ts";
import { encodeSummary, parseSummary } from "../../src/results/summary-text.ts";
import { simulateExperiment } from "../../src/simulate.ts";
import { metricsOf } from "../../src/vocabulary/metrics.ts";
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

describe("a summary of real runs", () => {
  const text = `{duration_s: 8, client: {one_way_delay_s: 0.02},
    server: {hosts: 2, listeners: [{port: 80, backlog: 4, accept: {mode: workers, workers: 1, service_time_s: 0.1}, app: {request_bytes: 100, response_bytes: 100, close: after_response}}]},
    workloads: [
      {kind: connections, name: legit, port: 80, start_s: 0, rate_per_s: 40, duration_s: 5, arrival: poisson, connect_timeout_s: 1.5, request_bytes: 100, response_bytes: 100,
       retry: {max_retries: 2, backoff_s: 0.5}},
      {kind: raw, name: flood, packet: syn, port: 80, start_s: 1, rate_per_s: 100, duration_s: 2, source_addresses: 100}]}`;
  const simulated = simulateExperiment(experimentOf({ overloaded: text }));

  test("has every metric of the table", async () => {
    const tuning = (await simulated).tunings[0]!;
    const metrics = metricsOf(metricNamesOf(tuning));
    expect(metrics.length).toBeGreaterThan(200);
    // Its CPUs take no time.
    const ofCpus = /^(cpu|softnet|receive_wait_ms)\./;
    expect(metrics.filter((metric) => metricOf(tuning, metric) === null && !ofCpus.test(metric))).toEqual([]);
  });

  test("accounts for every user and every attempt, hosts together", async () => {
    const legit = (await simulated).tunings[0]!.clients[0]!;
    legit.users.per_seed.forEach((users, seed) => {
      const ofSeed = ({ per_seed }: Measure): number => per_seed[seed] ?? 0;
      const sum = (measures: readonly Measure[]): number => measures.map(ofSeed).reduce((a, b) => a + b, 0);
      expect(sum([legit.served, legit.gave_up, legit.in_flight])).toBe(users);
      expect(sum(Object.values(legit.outcomes))).toBe(ofSeed(legit.attempted));
      expect(sum(legit.steps.map(({ established }) => established))).toBe(ofSeed(legit.established));
      expect(ofSeed(legit.gave_up), "three tries of 1.5 s do not bring all in").toBeGreaterThan(0);
      expect(ofSeed(legit.attempted)).toBeGreaterThan(users);
    });
    expect(legit.user_latency_ms?.count).toBe(legit.served.per_seed.reduce((a, b) => a + b, 0));
  });

  test("survives the way through a file", async () => {
    const summary = await simulated;
    expect(parseSummary(encodeSummary(summary))).toEqual({ ok: true, value: summary });
  });
});
