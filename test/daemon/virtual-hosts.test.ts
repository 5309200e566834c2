/**
 * Goal    Virtual hosts look like node_exporter's, are found, and are there only when they were allowed, at the pace of the clock.
 */
import { beforeAll, expect, test, vi } from "vitest";
import type { Serving } from "../../src/daemon/serve.ts";
import { COUNTER_NAMES, COUNTERS } from "../../src/index.ts";
import { readExposition, seriesValue } from "../metrics/exposition-text.ts";
import { ask, daemonWith, post, SMALL } from "./running.ts";

let serving: Serving;
beforeAll(async () => {
  serving = await daemonWith({ virtual_hosts: true });
  await post(serving, "/api/v1/paced?name=one", SMALL);
  await post(serving, "/api/v1/paced?name=fast&scale=2", SMALL);
  await vi.waitUntil(async () => (await ask(serving, "/metrics/hosts/one/off")).status === 200, { timeout: 20_000 });
});

test("they are discovered: one for each tuning at x1", async () => {
  const { body } = await ask(serving, "/api/v1/http_sd");
  expect(body).toEqual(
    ["off", "on"].map((tuning) => ({
      targets: [new URL(serving.url).host],
      labels: {
        __metrics_path__: `/metrics/hosts/one/${tuning}`,
        instance: `one-${tuning}`,
        job: "halfopen-virtual",
        virtual: "true",
        experiment: "one",
        tuning,
      },
    })),
  );
  expect((await ask(serving, "/metrics/hosts/fast/on")).status).toBe(404);
  expect((await ask(serving, "/metrics/hosts/one/other")).status).toBe(404);
});

test("names and types are node_exporter's, without an instance", async () => {
  const { text } = await ask(serving, "/metrics/hosts/one/on");
  const families = readExposition(text);
  expect(families.get("node_netstat_TcpExt_ListenOverflows")?.type).toBe("untyped");
  expect(families.get("node_sockstat_TCP_tw")?.type).toBe("gauge");
  expect(families.get("node_softnet_dropped_total")?.type).toBe("counter");
  expect(seriesValue(text, 'node_tcp_connection_states{state="syn_recv"}')).toBeGreaterThanOrEqual(0);
  expect(seriesValue(text, 'tcp_listen_queue_length{port="80"}')).toBeGreaterThanOrEqual(0);
  expect(seriesValue(text, 'tcp_listen_queue_limit{port="80"}')).toBe(16);
  expect(text).toContain('nodename="one-on",release="6.18",sysname="Linux"');
  expect(text).not.toContain("instance=");
  const open = await ask(serving, "/metrics/hosts/one/on", { headers: { accept: "application/openmetrics-text" } });
  expect(open.text).toContain("# TYPE node_netstat_Tcp_PassiveOpens unknown\n");
  expect(open.text).toMatch(/\nnode_netstat_Tcp_PassiveOpens \d+\n/);
});

test("fields are those of the default flags, or all", async () => {
  const count = (text: string): number =>
    [...readExposition(text).keys()].filter((name) => name.startsWith("node_netstat_")).length;
  const few = await ask(serving, "/metrics/hosts/one/on");
  const all = await ask(serving, "/metrics/hosts/one/on?fields=all");
  expect(count(few.text)).toBe(COUNTER_NAMES.filter((name) => COUNTERS[name].nodeExporterDefault).length);
  expect(count(all.text)).toBe(COUNTER_NAMES.length);
});

test("they have to be allowed", async () => {
  const other = await daemonWith();
  expect((await ask(other, "/api/v1/http_sd")).body.error.code).toBe("not-allowed");
  expect((await ask(other, "/metrics/hosts/one/on")).status).toBe(404);
});

test("a demo that is faster than the clock has none, and says its pace", async () => {
  const other = await daemonWith({ virtual_hosts: true, demo: true, demo_scale: 5 });
  expect((await ask(other, "/api/v1/http_sd")).body).toEqual([]);
  expect((await ask(other, "/api/v1/paced/demo")).body.time_scale).toBe(5);
});
