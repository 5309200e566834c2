/**
 * Goal    Results of jobs, as gauges and as a file for Prometheus' database, hold the summary's own numbers.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { backfillParts } from "../../src/metrics/backfill.ts";
import { scrapeOf } from "../../src/metrics/exposition.ts";
import { resultFamily, resultGroups } from "../../src/metrics/result-families.ts";
import { closePool } from "../../src/pool/pool.ts";
import { metricOf } from "../../src/results/metrics.ts";
import type { ExperimentSummary } from "../../src/results/summary-format.ts";
import { simulateExperiment } from "../../src/simulate.ts";
import { METRICS } from "../../src/vocabulary/metrics.ts";
import { experimentOf } from "../results/experiment-of.ts";
import { readExposition, seriesValue } from "./exposition-text.ts";

const scenario = (cookies: number): string => `
duration_s: 6
server:
  sysctls: { net.ipv4.tcp_syncookies: ${cookies} }
  listeners: [{ port: 80, backlog: 16, app: { request_bytes: 100, response_bytes: 100, close: after_response } }]
workloads:
  - { name: legit, kind: connections, rate_per_s: 40, duration_s: 5, arrival: poisson, source_addresses: 50,
      request_bytes: 100, response_bytes: 100, connect_timeout_s: 2 }
  - { name: flood, kind: raw, packet: syn, rate_per_s: 500, duration_s: 5, arrival: poisson }
`;
let summary: ExperimentSummary;
let body: string;
beforeAll(async () => {
  summary = await simulateExperiment(experimentOf({ off: scenario(0), on: scenario(1) }), { workers: 1 });
  ({ body } = await scrapeOf(resultGroups("e", summary, 1_800_000_000_000), false));
  await closePool();
});

describe("results as gauges", () => {
  const samples = [
    ['halfopen_result_served_ratio{workload="legit",experiment="e",tuning="off"}', "legit.served_ratio", 1],
    [
      'halfopen_result_connect_latency_seconds{workload="legit",stat="p99",experiment="e",tuning="off"}',
      "legit.connect_latency_ms.p99",
      1e-3,
    ],
    [
      'halfopen_result_failed{workload="legit",gate="syn_queue_full",experiment="e",tuning="off"}',
      "legit.failed.syn_queue_full",
      1,
    ],
    [
      'halfopen_result_netstat{host="server",counter="TcpExtListenDrops",experiment="e",tuning="off"}',
      "server.TcpExtListenDrops",
      1,
    ],
    [
      'halfopen_result_syn_queue_full_seconds{port="80",experiment="e",tuning="off"}',
      "listeners.80.syn_queue.full_s",
      1,
    ],
    ['halfopen_result_flood_sent{workload="flood",experiment="e",tuning="off"}', "flood.sent", 1],
    ['halfopen_result_all_syns_in{experiment="e",tuning="off"}', "syns_in", 1],
  ] as const;
  test.each(samples)("%s is %s", (series, metric, scale) => {
    const value = metricOf(summary.tunings[0]!, metric)?.value;
    expect(value).toBeGreaterThan(0);
    expect(seriesValue(body, series)).toBe(value! * scale);
  });

  test("with the time of completion, and as gauges only", () => {
    expect(seriesValue(body, 'halfopen_result_completion_time_seconds{kind="experiment",experiment="e"}')).toBe(
      1_800_000_000,
    );
    for (const [name, { type }] of readExposition(body)) expect(type, name).toBe("gauge");
  });

  test("with each tuning's place", () => {
    expect(seriesValue(body, 'halfopen_result_info{kind="experiment",slot="1",experiment="e",tuning="off"}')).toBe(1);
    expect(seriesValue(body, 'halfopen_result_info{kind="experiment",slot="2",experiment="e",tuning="on"}')).toBe(1);
  });

  test("one name never means two things", () => {
    const byName = new Map<string, Set<string>>();
    for (const def of METRICS) {
      const { name } = resultFamily(def);
      expect(name).toMatch(/^halfopen_result_[a-z_]+$/);
      expect(name).not.toMatch(/_(ms|s)$/);
      byName.set(name, (byName.get(name) ?? new Set()).add(def.meaning.replace(/the (server|clients)('s?)?/, "")));
    }
    for (const [name, meanings] of byName) expect(meanings.size, name).toBe(1);
  });
});

describe("the file for promtool", () => {
  const file = (): string => [...backfillParts("e", summary, 1_700_000_000)].join("");

  test("has families together, series in the order of time, and EOF", () => {
    const lines = file().split("\n");
    expect(lines.at(-2)).toBe("# EOF");
    let last = { series: "", at: 0 };
    const seen = new Set<string>();
    for (const line of lines.filter((text) => text !== "" && !text.startsWith("#"))) {
      const [, series = "", , stamp] = /^(.*\}) (\S+) (\d+\.\d{3})$/.exec(line) ?? [line];
      expect(series).toMatch(/^halfopen_/);
      if (series === last.series) expect(Number(stamp)).toBeGreaterThan(last.at);
      else expect(seen.has(series)).toBe(false);
      seen.add(series);
      last = { series, at: Number(stamp) };
    }
  });

  test("holds the samples of the first seed, and ends with its final numbers", () => {
    const [off] = summary.tunings;
    const text = file();
    const at = (off!.lines.at_s[3] ?? 0) + 1_700_000_000;
    const drops = off!.lines.server_counters.TcpExtListenDrops;
    const series =
      'halfopen_netstat_TcpExt_ListenDrops_total{experiment="e",tuning="off",host="server",job="halfopen-backfill",instance="e"}';
    expect(text).toContain(`${series} ${drops?.[3]} ${at.toFixed(3)}\n`);
    expect(text).toContain(`${series} ${off!.server_counters.TcpExtListenDrops?.per_seed[0]} 1700000006.000\n`);
    const gate =
      'halfopen_drops_total{experiment="e",tuning="off",workload="legit",gate="syn_queue_full",job="halfopen-backfill",instance="e"}';
    expect(text).toContain(`${gate} ${off!.clients[0]?.drops.syn_queue_full?.per_seed[0]} 1700000006.000\n`);
    const attempts = 'halfopen_attempts_total{experiment="e",tuning="off",workload="legit",';
    const last = text.split("\n").findLast((line) => line.startsWith(attempts));
    expect(last?.split(" ")[1]).toBe(String(off!.clients[0]?.attempted.per_seed[0]));
    // What dashboards divide by and colour by.
    expect(text).toMatch(/^halfopen_time_scale\{experiment="e",job="halfopen-backfill",instance="e"\} 1 17/m);
    expect(text).toMatch(
      /^halfopen_run_info\{experiment="e",tuning="on",kernel="6.18",mode="backfill",slot="2",job="/m,
    );
  });
});
