/**
 * Goal    A real Prometheus takes what the daemon exports, and its queries answer what the command line says.
 * Method  A daemon and a Prometheus, scraping; `halfopen run --json` for jobs, the engine with the daemon's log for paced runs; a file for
 *         promtool, made into blocks and queried.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Serving } from "../../src/daemon/serve.ts";
import {
  compileScenario,
  type ExperimentSummary,
  endlessSpec,
  metricOf,
  parseExperiment,
  RunView,
  Simulation,
} from "../../src/index.ts";
import type { LoadChange } from "../../src/vocabulary/load-change.ts";
import { runCli } from "../cli/run-cli.ts";
import { ask, daemonWith, ended, newFolder, post, SMALL } from "../daemon/running.ts";
import { Prometheus } from "./prometheus.ts";

let serving: Serving;
let prometheus: Prometheus;
let summary: ExperimentSummary;
let job: string;
beforeAll(async () => {
  serving = await daemonWith({ virtual_hosts: true });
  const host = serving.url.replace("http://", "");
  prometheus = await Prometheus.start(
    newFolder(),
    newFolder(),
    `  - { job_name: halfopen, static_configs: [{ targets: ["${host}"] }] }
  - { job_name: virtual, http_sd_configs: [{ url: "${serving.url}/api/v1/http_sd", refresh_interval: 1s }] }\n`,
  );
  job = (await post(serving, "/api/v1/jobs", SMALL)).body.job.id;
  await ended(serving, job);
  summary = JSON.parse((await runCli(["run", "-", "--json", "-", "--no-advice"], { stdin: SMALL })).stdout);
  expect((await post(serving, "/api/v1/paced?name=paced", SMALL)).status).toBe(201);
}, 60_000);
afterAll(() => prometheus.stop());

test("promtool has nothing against either format", async () => {
  const { text } = await ask(serving, "/metrics");
  // It wants names in snake case; those of the kernel's counters are the kernel's.
  execFileSync("promtool", ["check", "metrics"], {
    input: text.replace(/^#? ?(HELP|TYPE)?.*halfopen_netstat.*\n/gm, ""),
    stdio: ["pipe", "ignore", "inherit"],
  });
  const up = async (): Promise<number> => prometheus.number('up{job="halfopen"}');
  await vi.waitUntil(async () => (await up()) === 1, { timeout: 30_000, interval: 200 });
});

const OFF = '{experiment="small",tuning="off"';
const queries: readonly (readonly [string, string])[] = [
  [`halfopen_result_users${OFF},workload="legit"}`, "legit.users"],
  [`halfopen_result_served${OFF},workload="legit"}`, "legit.served"],
  [`halfopen_result_served_ratio${OFF},workload="legit"}`, "legit.served_ratio"],
  [`sum by (experiment) (halfopen_result_attempted${OFF}})`, "legit.attempted"],
  [`halfopen_result_failed${OFF},workload="legit",gate="syn_queue_full"} or vector(0)`, "legit.failed.syn_queue_full"],
  [`halfopen_result_drops${OFF},workload="legit",gate="syn_queue_full"}`, "legit.drops.syn_queue_full"],
  [`halfopen_result_connect_latency_seconds${OFF},stat="p99"} * 1000`, "legit.connect_latency_ms.p99"],
  [`halfopen_result_flood_sent${OFF}}`, "flood.sent"],
  [`halfopen_result_accepted${OFF},port="80"}`, "listeners.80.accepted"],
  [`halfopen_result_syn_queue_full_seconds${OFF}}`, "listeners.80.syn_queue.full_s"],
  [`halfopen_result_netstat${OFF},host="server",counter="TcpExtListenDrops"}`, "server.TcpExtListenDrops"],
  [`halfopen_result_all_syns_in${OFF}}`, "syns_in"],
];
test.each(queries)("%s is %s of halfopen run", async (query, metric) => {
  const expected = metricOf(summary.tunings[0] as ExperimentSummary["tunings"][0], metric)?.value ?? Number.NaN;
  await vi.waitUntil(async () => !Number.isNaN(await prometheus.number(query)), { timeout: 30_000, interval: 200 });
  const value = await prometheus.number(query);
  if (metric.includes("latency")) expect(value).toBeCloseTo(expected, 6);
  else expect(value).toBe(expected);
});

describe("a paced run", () => {
  const ON = '{experiment="paced",tuning="on"';
  const read: readonly (readonly [string, (view: RunView) => number])[] = [
    [
      `halfopen_netstat_TcpExt_ListenDrops_total${ON},host="server"}`,
      (view) => view.counter("server", "TcpExtListenDrops"),
    ],
    [
      `halfopen_netstat_Tcp_PassiveOpens_total${ON},host="server"}`,
      (view) => view.counter("server", "TcpPassiveOpens"),
    ],
    [
      `halfopen_netstat_TcpExt_SyncookiesSent_total${ON},host="server"}`,
      (view) => view.counter("server", "TcpExtSyncookiesSent"),
    ],
    [`halfopen_attempts_total${ON},workload="flood"}`, (view) => view.workloadField(1, "sent")],
    [`halfopen_users_served_total${ON},workload="legit"}`, (view) => view.workloadField(0, "usersServed")],
    [`halfopen_accepted_total${ON}}`, (view) => view.listenerField(0, "accepted")],
    [`sum(halfopen_packets_total${ON},direction="in",class="syn"})`, (view) => view.wire().in_syn ?? 0],
    [`halfopen_connect_latency_seconds_count${ON}}`, (view) => view.workloadField(0, "established")],
  ];

  test("answers what the engine gives for the same spec and log of changes, after a change too", async () => {
    const init = {
      method: "PATCH",
      body: '{"workloads":{"flood":{"rate_per_s":900}}}',
      headers: { "content-type": "application/json" },
    };
    expect((await ask(serving, "/api/v1/paced/paced", init)).status).toBe(202);
    const query = `halfopen_simulated_seconds_total${ON}}`;
    const isLater = `on () (${query} > 5) and on () (halfopen_load_changes_total${ON}} == 1)`;
    // The time of one scrape, which is after the change: asked for at it, all samples are of that scrape.
    let timeS = Number.NaN;
    await vi.waitUntil(
      async () => {
        timeS = await prometheus.number(`timestamp(${query}) and ${isLater}`);
        return !Number.isNaN(timeS);
      },
      { timeout: 30_000, interval: 200 },
    );
    const nowNs = Math.round((await prometheus.number(query, timeS)) * 1e9);
    const log = (await ask(serving, "/api/v1/paced/paced/log")).body as {
      readonly seed: number;
      readonly changes: LoadChange[];
    };
    const parsed = parseExperiment(SMALL, () => ({ ok: false, error: "" }));
    if (!parsed.ok) throw new Error("SMALL is wrong");
    const scenario = parsed.value.experiment.tunings[1]?.scenario;
    if (scenario === undefined) throw new Error("no such tuning");
    const spec = endlessSpec(compileScenario(scenario, { seed: log.seed }));
    const replay = new Simulation(spec);
    for (const change of log.changes) {
      replay.advanceTo(change.atNs);
      replay.control(change);
    }
    replay.advanceTo(nowNs);
    const view = new RunView(spec, replay.snapshot());
    for (const [series, value] of read)
      expect([series, await prometheus.number(series, timeS)]).toEqual([series, value(view)]);
  });
});

test("a file for promtool becomes blocks, whose queries answer the run's numbers", async () => {
  const folder = newFolder();
  const data = newFolder();
  const file = join(folder, "job.om");
  const { text } = await ask(serving, `/api/v1/jobs/${job}/result?format=openmetrics`);
  writeFileSync(file, text);
  execFileSync("promtool", ["tsdb", "create-blocks-from", "openmetrics", file, data], { stdio: "ignore" });
  const other = await Prometheus.start(folder, data, "  []\n");
  try {
    const last = Number(/ (\d+\.\d+)\n# HELP|$/.exec(text)?.[1] ?? Number.NaN);
    expect(last).toBeLessThan(Date.now() / 1000 - 2.9 * 3600);
    for (const tuning of summary.tunings) {
      const own = `{experiment="small",tuning="${tuning.name}"`;
      for (const counter of ["TcpExtListenDrops", "TcpPassiveOpens", "TcpOutSegs"] as const) {
        const [, group, name] = /^(TcpExt|Tcp)(.*)$/.exec(counter) ?? [];
        const end = tuning.server_counters[counter]?.per_seed[0] ?? 0;
        if (end === 0) continue;
        const query = `halfopen_netstat_${group}_${name}_total${own},host="server"}`;
        expect([query, await other.number(query, endOf(text))]).toEqual([query, end]);
      }
      const third = (tuning.lines.at_s[1] ?? 0) + endOf(text) - summary.duration_s;
      const established = tuning.lines.server_states.ESTAB?.[1] ?? 0;
      if (established > 0)
        expect(await other.number(`halfopen_sockets${own},host="server",state="established"}`, third)).toBe(
          established,
        );
    }
  } finally {
    await other.stop();
  }
});

/** Unix time of the run's end: the latest time stamp. */
const endOf = (text: string): number =>
  Math.max(...[...text.matchAll(/ (\d+\.\d{3})$/gm)].map(([, stamp]) => Number(stamp)));

test("virtual hosts are discovered, under node_exporter's names", async () => {
  const query = 'node_netstat_Tcp_PassiveOpens{job="halfopen-virtual",instance="paced-on"}';
  await vi.waitUntil(async () => (await prometheus.number(query)) > 0, { timeout: 60_000, interval: 500 });
  const [up] = await prometheus.query('up{instance="paced-on"}');
  expect(up?.metric).toMatchObject({ job: "halfopen-virtual", virtual: "true" });
  expect(await prometheus.number('node_uname_info{instance="paced-on"}')).toBe(1);
});
