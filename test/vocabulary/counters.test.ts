/**
 * Goal    The table of counters is complete, and what derives from it is right.
 * Method  The counters that the recordings hold are the reference for names; node_exporter's default filter for its flag.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  COUNTER_NAMES,
  COUNTER_STAGES,
  COUNTERS,
  type CounterDef,
  counterIndex,
  nodeExporterName,
} from "../../src/vocabulary/counters.ts";

/** Counters of the recordings that say nothing about set-up or teardown (kernel-semantics 11.5), so they have no row. */
const BOOKKEEPING =
  /^Ip(Ext|In|Out)(?!NoRoutes)|^TcpExt(DelayedACKLocked|TCPBacklogCoalesce|TCPDelivered|TCPHPAcks|TCPHPHits|TCPLossProbeRecovery|TCPLossUndo|TCPOrigDataSent|TCPPureAcks|TCPRcvCoalesce)$/;

/** node_exporter 1.12.1, collector.netstat.fields, as far as it concerns Tcp, TcpExt and Ip. */
const NODE_EXPORTER_DEFAULT =
  /^node_netstat_(.*_(InErrors|InErrs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab))$/;

function recordedCounters(): string[] {
  const names = new Set<string>();
  for (const file of readdirSync("test/recordings").filter((name) => name.endsWith(".result.json"))) {
    const recording = JSON.parse(readFileSync(`test/recordings/${file}`, "utf8")) as {
      runs: { server_counters: Record<string, number>; client_counters: Record<string, number> }[];
    };
    for (const run of recording.runs) {
      for (const name of [...Object.keys(run.server_counters), ...Object.keys(run.client_counters)]) names.add(name);
    }
  }
  return [...names];
}

test("every counter that a recording holds has a row, or is bookkeeping", () => {
  const unknown = recordedCounters().filter((name) => !(name in COUNTERS) && !BOOKKEEPING.test(name));
  expect(unknown).toEqual([]);
});

describe("every row", () => {
  for (const [name, def] of Object.entries(COUNTERS) as [keyof typeof COUNTERS, CounterDef][]) {
    test(`${name} is well formed`, () => {
      expect(name).toMatch(/^(TcpExt|Tcp|Ip)[A-Z][A-Za-z0-9]+$/);
      expect(def.help).toMatch(/\.$/);
      expect(COUNTER_STAGES).toContain(def.stage);
      expect(def.section).toMatch(/^(\d+(\.\d+)?(, \d+(\.\d+)?)*|tcp_\w+\.c:\w+)$/);
      expect(def.nodeExporterDefault).toBe(NODE_EXPORTER_DEFAULT.test(nodeExporterName(name)));
    });
  }
});

test("only TcpCurrEstab goes down", () => {
  expect(COUNTER_NAMES.filter((name) => COUNTERS[name].gauge)).toEqual(["TcpCurrEstab"]);
});

test("an index leads back to its name", () => {
  expect(COUNTER_NAMES.map((name) => counterIndex[name])).toEqual(COUNTER_NAMES.map((_, index) => index));
});

const nodeExporterNames = [
  ["TcpExtListenDrops", "node_netstat_TcpExt_ListenDrops", "the group TcpExt is not taken for Tcp"],
  ["TcpOutRsts", "node_netstat_Tcp_OutRsts", "the group Tcp"],
  ["IpOutNoRoutes", "node_netstat_Ip_OutNoRoutes", "the group Ip"],
] as const;

for (const [name, metric, why] of nodeExporterNames) {
  test(`${name} is ${metric} for node_exporter: ${why}`, () => {
    expect(nodeExporterName(name)).toBe(metric);
  });
}
