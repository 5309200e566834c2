/**
 * Goal    Good files load as what they say, with the defaults that the recordings' format names.
 * Method  The shipped recordings, and small scenarios of a few lines.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formatIssues } from "../../src/config/issues.ts";
import { type ParsedScenario, parseScenario } from "../../src/config/parse.ts";
import { TUNABLES } from "../../src/vocabulary/tunables.ts";

function parse(text: string): ParsedScenario {
  const result = parseScenario(text);
  if (!result.ok) throw new Error(formatIssues("scenario", result.error));
  return result.value;
}

const RECORDINGS = "test/recordings";

/** Settings that the recorder made and the kernel did not follow. */
const knownWarnings: Record<string, readonly string[]> = {
  "10-slow-accept.scenario.json": ["cut server.listeners.80.backlog"],
  "23-mix-flood-slow-accept.scenario.json": ["without-effect server.sysctls.net.ipv4.tcp_max_syn_backlog"],
};

describe("a recording's scenario loads unchanged", () => {
  for (const file of readdirSync(RECORDINGS).filter((name) => name.endsWith(".scenario.json"))) {
    test(file, () => {
      const text = readFileSync(`${RECORDINGS}/${file}`, "utf8");
      const { scenario, warnings } = parse(text);
      expect(warnings.map(({ code, path }) => `${code} ${path}`)).toEqual(knownWarnings[file] ?? []);
      // Nothing that the file says is lost or altered.
      const { notes: _, ...said } = JSON.parse(text);
      expect(scenario).toMatchObject(said);
    });
  }
});

const clearPath = { jitter: null, loss: 0, duplicate: 0, reorder: 0, late_copies: null };
const constants = { time_wait_s: 60, isn: "linux" };

test("the least scenario has all defaults", () => {
  const { scenario } = parse("{duration_s: 10, server: {listeners: [{port: 80, backlog: 128}]}}");
  expect(scenario).toEqual({
    name: "",
    description: "",
    duration_s: 10,
    sample_interval_s: 0.5,
    server: {
      kernel: "6.18",
      hz: 250,
      mtu: 1500,
      sysctls: {},
      ...constants,
      handshake: "three_way",
      hosts: 1,
      device: { kind: "nic", queues: 1, ring: 1024, rps_cpus: 0 },
      cpu: null,
      listeners: [
        {
          port: 80,
          backlog: 128,
          reuseport: false,
          defer_accept_s: 0,
          listen_start_s: null,
          listen_stop_s: null,
          accept: {
            ...{ mode: "immediate", rate_per_s: null, service_time_s: null, workers: null, slow_start: null },
            pause_windows_s: [],
          },
          app: {
            ...{ request_bytes: 0, response_bytes: 0, close: "on_eof", close_delay_s: 0, close_with_rst: false },
            ...{ keepalive_requests: 1, pause_windows_s: [], pause_every: null, keepalive: null, user_timeout_s: null },
          },
        },
      ],
    },
    client: {
      ...{ kernel: "6.18", hz: 250, mtu: 1500, sysctls: {}, one_way_delay_s: 0, clock: "shared" },
      ...constants,
      crashes_s: [],
    },
    path: { mtu: null, to_server: clearPath, to_client: clearPath },
    workloads: [],
    impairments: [],
  });
});

test("workloads have their defaults, some by their place", () => {
  const { scenario } = parse(`
duration_s: 10
server: { listeners: [{ port: 8080, backlog: 128 }, { port: 81, backlog: 1 }] }
workloads:
  - { name: flood, kind: raw, packet: syn, rate_per_s: 100, duration_s: 10 }
  - { name: legit, kind: connections, rate_per_s: 10, duration_s: 10 }
  - { name: stray, kind: raw, packet: ack, count: 5, port: 81 }
`);
  const common = { arrival: "even", start_s: 0, answer_to_synack: "nothing", answer_delay_s: 0 };
  const raw = { ...common, source_addresses: 65_536, addresses: "sequential" };
  expect(scenario.workloads).toMatchObject([
    { ...raw, name: "flood", port: 8080, first_source_port: 1024, seed: 1, count: null },
    {
      ...{ name: "legit", port: 8080, source_addresses: 1, connect_timeout_s: null, request_bytes: 0 },
      ...{ response_bytes: 0, response_timeout_s: null, first_closer: "client", hold_s: 0 },
      ...{ close_with_rst: false, half_close: false },
    },
    { ...raw, name: "stray", port: 81, first_source_port: 5024, seed: 2, rate_per_s: null, duration_s: null },
  ]);
});

test("without listeners, workloads go to port 80", () => {
  const { scenario } = parse("{duration_s: 1, server: {}, workloads: [{name: a, kind: connections, count: 1}]}");
  expect(scenario.workloads[0]?.port).toBe(80);
});

const impairments = [
  ["direction: to_server, match: syn", 1, null, "nothing said: all are lost"],
  ["direction: to_server, match: syn, drop_probability: 0", 0, null, "none is lost"],
  ["direction: to_server, match: syn, drop_every_nth: 3", null, 3, "every third is lost"],
] as const;

for (const [text, drop_probability, drop_every_nth, why] of impairments) {
  test(`an impairment with ${text}: ${why}`, () => {
    const { scenario } = parse(`{duration_s: 1, server: {}, impairments: [{${text}}]}`);
    expect(scenario.impairments[0]).toMatchObject({ drop_probability, drop_every_nth, start_s: 0, end_s: null });
  });
}

const sysctls = [
  ["net.ipv4.ip_local_port_range", "40000 40099", "40000 40099", "as sysctl prints it"],
  ["net.ipv4.ip_local_port_range", '"40000\\t40099"', "40000 40099", "as /proc prints it"],
  ["net.ipv4.ip_local_port_range", "[40000, 40099]", "40000 40099", "as a list"],
  ["net.ipv4.ip_local_port_range", "40000 40000", "40000 40000", "one port"],
  ["net.ipv4.ip_local_reserved_ports", "8080", "8080", "one port is a number to YAML"],
  ["net.ipv4.ip_local_reserved_ports", '"8080, 9000-9010,"', "8080,9000-9010", "ports and ranges"],
  ["net.ipv4.ip_local_reserved_ports", "", "", "nothing"],
  ["net.ipv4.ip_local_reserved_ports", "[8080, 9000-9010]", "8080,9000-9010", "as a list"],
  ["net.ipv4.tcp_syncookies", "7", 7, "any other mode is kept; it acts as 1"],
  ["net.ipv4.tcp_migrate_req", "0", 0, "not modelled, but at its default"],
] as const;

for (const [name, text, value, why] of sysctls) {
  test(`${name}: ${text} is ${JSON.stringify(value)}, ${why}`, () => {
    const side = TUNABLES[name].side === "server" ? "server" : "client";
    const { scenario, warnings } = parse(
      `{duration_s: 1, server: {sysctls: {}}, client: {sysctls: {}}}`.replace(
        `${side}: {sysctls: {`,
        `$&${name}: ${text}`,
      ),
    );
    expect(scenario[side].sysctls).toEqual({ [name]: value });
    expect(warnings).toEqual([]);
  });
}

const kernels = [
  ["6.18", "6.18", 0, "a number to YAML"],
  ['"6.18"', "6.18", 0, "as text"],
  ["6.18.44", "6.18", 0, "the very release"],
  ["5.15", "5.15", 0, "an older one"],
  ["6.10", "6.8", 1, "6.10 is not 6.1 but newer than 6.8, the nearest older one"],
  ["6.18.20", "6.18.15", 1, "a point release takes the one before it that was read"],
  ["7.0", "6.18", 1, "a newer one takes its rules, with a warning"],
] as const;

for (const [text, kernel, warned, why] of kernels) {
  test(`kernel: ${text} is ${kernel}, ${why}`, () => {
    const { scenario, warnings } = parse(`{duration_s: 1, server: {kernel: ${text}}}`);
    expect(scenario.server.kernel).toBe(kernel);
    expect(warnings.map((warning) => warning.code)).toEqual(Array(warned).fill("nearest-kernel"));
  });
}

test("what changes nothing is a warning, and the scenario is usable", () => {
  const { scenario, warnings } = parse(`
duration_s: 10
server: { sysctls: { net.ipv4.tcp_congestion_control: cubic } }
workloads: [{ name: late, kind: connections, count: 1, start_s: 10 }]
`);
  expect(scenario.workloads).toHaveLength(1);
  expect(warnings.map(({ code, path }) => `${code} ${path}`)).toEqual([
    "without-effect server.sysctls.net.ipv4.tcp_congestion_control",
    "without-effect workloads.late.start_s",
  ]);
});

test("an alias stands for what it refers to, and its issues too", () => {
  const text = `
duration_s: 1
server:
  listeners:
    - { port: 80, backlog: 1, accept: &slow { mode: rate, rate_per_s: 5 } }
    - { port: 81, backlog: 1, accept: *slow }
`;
  expect(parse(text).scenario.server.listeners[1]?.accept.rate_per_s).toBe(5);
  const broken = parseScenario(text.replace("5 }", "0 }"));
  expect(broken.ok ? [] : broken.error.map((issue) => `${issue.line} ${issue.path}`)).toEqual([
    "5 server.listeners.80.accept.rate_per_s",
    "5 server.listeners.81.accept.rate_per_s",
  ]);
});

test("hosts of their own may tick differently", () => {
  const { scenario } = parse("{duration_s: 1, server: {hz: 1000}, client: {hz: 250, clock: own}}");
  expect([scenario.server.hz, scenario.client.hz, scenario.client.clock]).toEqual([1000, 250, "own"]);
});

test("a port may be listened on again once its listener has stopped", () => {
  const restart = (stop: number): boolean =>
    parseScenario(`
duration_s: 9
server:
  listeners:
    - { port: 80, backlog: 1, listen_stop_s: ${stop}, accept: { mode: never } }
    - { port: 80, backlog: 1, listen_start_s: 4, accept: { mode: never } }
`).ok;
  expect([restart(4), restart(5)]).toEqual([true, false]);
});

describe("fewer clients than hosts behind the load balancer", () => {
  const rows = [
    [4, "", "found 1 client in all: they go to 1 of 4 hosts", "one address is one client"],
    [4, "source_addresses: 3", "found 3 clients in all: they go to at most 3 of 4 hosts", "one less than hosts"],
    [4, "source_addresses: 4", null, "as many as hosts"],
    [4, "clients_per_address: 4", null, "clients behind one address are hashed by themselves"],
    [1, "", null, "one host takes all"],
  ] as const;
  for (const [hosts, keys, expected, why] of rows) {
    test(`${hosts} hosts, ${keys || "nothing said"}: ${why}`, () => {
      const { warnings } = parse(`
duration_s: 10
server: { hosts: ${hosts} }
workloads: [{ name: legit, kind: connections, count: 9, ${keys} }]
`);
      const found = warnings.map(({ code, path, message }) => ({ code, path, message }));
      const warning = { code: "without-effect", path: "workloads.legit.source_addresses", message: expected };
      expect(found).toEqual(expected === null ? [] : [warning]);
    });
  }
});
