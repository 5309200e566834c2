/**
 * Goal    What a run exports is what its result says, under names that keep to the rules.
 */
import { describe, expect, test } from "vitest";
import { compileScenario } from "../../src/compile/compile.ts";
import { run } from "../../src/engine/run.ts";
import { scrapeOf } from "../../src/metrics/exposition.ts";
import { type LiveRun, type RunSubject, runFamilies } from "../../src/metrics/run-families.ts";
import { effectiveSettings, synAckBytes } from "../../src/metrics/settings.ts";
import { DAEMON_METRICS, PACED_METRICS, RUN_METRICS } from "../../src/metrics/table.ts";
import { RunView } from "../../src/results/run-view.ts";
import { COUNTER_NAMES } from "../../src/vocabulary/counters.ts";
import { scenarioOf } from "../compile/scenario-of.ts";
import { readExposition, seriesValue } from "./exposition-text.ts";

const scenario = scenarioOf(`
duration_s: 4
server:
  sysctls: { net.core.somaxconn: 64, net.ipv4.tcp_syncookies: 0 }
  listeners: [{ port: 80, backlog: 511, accept: { mode: rate, rate_per_s: 20 } }]
workloads:
  - { name: legit, kind: connections, rate_per_s: 100, duration_s: 4, arrival: poisson, source_addresses: 50 }
  - { name: flood, kind: raw, packet: syn, rate_per_s: 500, duration_s: 4, arrival: poisson }
`);
const spec = compileScenario(scenario, { seed: 1, detail: "summary", engine: "packet" });
const view = new RunView(spec, run(spec));
const subject: RunSubject = {
  spec,
  workloads: ["legit", "flood"],
  kernel: "6.18",
  slot: 1,
  settings: effectiveSettings(scenario.server, spec),
};
const live: LiveRun = {
  view,
  nowNs: spec.durationNs,
  offeredPerS: [100, 500],
  queues: [{ syn: 3, accept: 65 }],
  halfOpens: [2, 1, 0, 0, 0, 0, 0, 0],
  loadChanges: 2,
  bindingGate: "accept_queue_at_syn",
};
const shared = { experiment: "e", tuning: "t" };
const familiesAt = runFamilies(subject);
const { body } = await scrapeOf([{ shared, families: familiesAt(live) }], false);
const value = (name: string, labels = ""): number | undefined =>
  seriesValue(body, `${name}{${labels}${labels === "" ? "" : ","}experiment="e",tuning="t"}`);

describe("numbers are those of the result", () => {
  test("every counter of both kernels", () => {
    expect(COUNTER_NAMES.filter((name) => view.counter("server", name) > 0).length).toBeGreaterThan(5);
    for (const host of ["server", "client"] as const) {
      const label = `host="${host}"`;
      expect(value("halfopen_netstat_TcpExt_ListenDrops_total", label)).toBe(view.counter(host, "TcpExtListenDrops"));
      expect(value("halfopen_netstat_Tcp_CurrEstab", label)).toBe(view.counter(host, "TcpCurrEstab"));
    }
  });

  test("gates, outcomes, packets and what was sent", () => {
    expect(view.gates(0, "drops").syn_queue_full).toBeGreaterThan(0);
    const gate = 'workload="legit",gate="syn_queue_full"';
    expect(value("halfopen_drops_total", gate)).toBe(view.gates(0, "drops").syn_queue_full);
    expect(value("halfopen_drops_total", 'workload="flood",gate="app"')).toBe(0);
    expect(value("halfopen_attempts_total", 'workload="flood"')).toBe(view.workloadField(1, "sent"));
    expect(value("halfopen_attempts_in_flight", 'workload="legit",gate="syn_queue_full"')).toBe(
      view.gates(0, "inFlight").syn_queue_full,
    );
    expect(value("halfopen_packets_total", 'direction="in",class="syn"')).toBe(view.wire().in_syn);
  });

  test("offered = ended + in flight", () => {
    const family = (name: string): number =>
      [...(readExposition(body).get(name)?.series ?? [])]
        .filter(([series]) => series.includes('workload="legit"'))
        .reduce((sum, [, number]) => sum + number, 0);
    const ended = family("halfopen_attempts_ended_total");
    expect(ended + family("halfopen_attempts_in_flight")).toBe(family("halfopen_attempts_total"));
  });

  test("queues, half-opens and states as of now", () => {
    const queue = 'port="80",listener="0",queue="accept"';
    expect(value("halfopen_queue_length", queue)).toBe(65);
    expect(value("halfopen_queue_capacity", queue)).toBe(65);
    expect(value("halfopen_queue_full_seconds_total", queue)).toBe(view.listenerField(0, "acceptQueueFullNs") / 1e9);
    expect(value("halfopen_half_open", 'retransmits="1"')).toBe(1);
    expect(value("halfopen_half_open_bytes")).toBe(3 * 341);
    const states = view.states("client");
    expect(value("halfopen_sockets", 'host="client",state="established"')).toBe(states[1]);
  });

  test("settings after the cut, and the size of a SYN-ACK", () => {
    expect(value("halfopen_tuning_value", 'name="listeners.80.backlog"')).toBe(64);
    expect(value("halfopen_tuning_value", 'name="net.ipv4.tcp_syncookies"')).toBe(0);
    expect(value("halfopen_tuning_value", 'name="net.ipv4.tcp_synack_retries"')).toBe(5);
    expect(value("halfopen_synack_bytes_total")).toBe((view.wire().out_synack ?? 0) * 60);
  });

  test("the tuning's place, and the ports of the worst address pair", () => {
    expect(value("halfopen_run_info", 'kernel="6.18",mode="paced",slot="1"')).toBe(1);
    expect(value("halfopen_worst_pair_ports")).toBe(60_999 - 32_768 + 1);
    expect(view.worstPair("peak")).toBeGreaterThan(0);
    expect(value("halfopen_worst_pair_ports_peak")).toBe(view.worstPair("peak"));
    expect(value("halfopen_worst_pair_without_port_total")).toBe(0);
  });

  test("latencies: as many as connected", () => {
    expect(value("halfopen_connect_latency_seconds_count", 'workload="legit"')).toBe(
      view.workloadField(0, "established"),
    );
  });
});

const sizes = [
  [{ timestamps: 1, sack: 1, windowScaling: 1 }, 60, "all options"],
  [{ timestamps: 0, sack: 1, windowScaling: 1 }, 52, "no timestamps: SACK has four bytes of its own"],
  [{ timestamps: 0, sack: 0, windowScaling: 0 }, 44, "the MSS alone"],
] as const;
test.each(sizes)("a SYN-ACK of %o has %i bytes: %s", (options, bytes, _why) => {
  expect(synAckBytes({ ...spec.server, ...options })).toBe(bytes);
});

test("names keep to the rules: halfopen_, lower case but for the kernel's words, _total on counters and only there", () => {
  for (const [name, { type, help }] of Object.entries({ ...RUN_METRICS, ...PACED_METRICS, ...DAEMON_METRICS })) {
    expect(name).toMatch(/^halfopen_[a-z_]+$/);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(help).toMatch(/^[A-Z01].*\.$/);
    expect(name).not.toMatch(/_(ms|us|ns|milliseconds|kib|percent)(_|$)/);
  }
  for (const [name, { type }] of readExposition(body)) expect(name.endsWith("_total"), name).toBe(type === "counter");
});

test("a later moment has the same series with its own numbers, but for the gate that binds, which is a label", async () => {
  const families = familiesAt({ ...live, nowNs: 9e9, offeredPerS: [7, 0], bindingGate: "app" });
  const { body: later } = await scrapeOf([{ shared, families }], false);
  const own = 'experiment="e",tuning="t"}';
  expect(seriesValue(later, `halfopen_simulated_seconds_total{${own}`)).toBe(9);
  expect(seriesValue(later, `halfopen_offered_rate{workload="legit",${own}`)).toBe(7);
  const namesOf = (text: string): string[] =>
    [...readExposition(text).values()].flatMap(({ series }) => [...series.keys()]);
  const [then, now] = [namesOf(body), namesOf(later)];
  const differing = then.map((name, index) => [name, now[index]]).filter(([name, other]) => name !== other);
  expect(differing).toEqual([
    ["accept_queue_at_syn", "app"].map((gate) => `halfopen_binding_gate{gate="${gate}",${own}`),
  ]);
});

test("no label is a seed or the number of a run", () => {
  expect(body).not.toMatch(/\b(seed|run|run_id|job)="/);
});
