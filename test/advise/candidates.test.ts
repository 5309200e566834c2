/**
 * Goal    What is tried against each gate: the settings that move it, the smallest step first, and none that is there already.
 */
import { describe, expect, test } from "vitest";
import { acceptCapacityPerS, candidatesFor } from "../../src/advise/candidates.ts";
import { GATE_NAMES, type GateName } from "../../src/vocabulary/gates.ts";
import { scenarioOf } from "../compile/scenario-of.ts";

const scenario = (server = "", accept = "{ mode: rate, rate_per_s: 50 }", client = "") =>
  scenarioOf(`
duration_s: 10
server: { sysctls: { ${server} }, listeners: [{ port: 80, backlog: 511, accept: ${accept} }] }
client: { sysctls: { ${client} } }
workloads: [{ name: legit, kind: connections, count: 1, source_addresses: 3 }]
`);

const triedFor = (gate: GateName, of = scenario()): string[] =>
  candidatesFor(gate, of).map(({ changes }) => changes.map(({ path, value }) => `${path}=${value}`).join(" "));

const BACKLOGS = [
  "server.listeners.80.backlog=1024",
  "server.listeners.80.backlog=4096",
  "server.listeners.80.backlog=65535 server.sysctls.net.core.somaxconn=65535",
];
const FASTER = [62.5, 100, 200].map((rate) => `server.listeners.80.accept.rate_per_s=${rate}`);

describe("what is tried", () => {
  const rows = [
    ["accept_queue_at_syn", scenario(), [...BACKLOGS, ...FASTER], "a bigger queue, then a faster application"],
    ["app", scenario("", "{ mode: immediate }"), [], "an application that takes all at once cannot be faster"],
    [
      "app",
      scenario("", "{ mode: serial, service_time_s: 0.02 }"),
      [0.016, 0.01, 0.005].map((time) => `server.listeners.80.accept.service_time_s=${time}`),
      "less time for each",
    ],
    [
      "app",
      scenario("", "{ mode: workers, workers: 3, service_time_s: 0.02 }"),
      [4, 6, 12].map((workers) => `server.listeners.80.accept.workers=${workers}`),
      "more workers, whole ones",
    ],
    [
      "last_quarter",
      scenario("net.ipv4.tcp_syncookies: 0, net.core.somaxconn: 512"),
      [
        "server.sysctls.net.ipv4.tcp_syncookies=1",
        "server.sysctls.net.ipv4.tcp_max_syn_backlog=4096",
        "server.sysctls.net.ipv4.tcp_max_syn_backlog=65536",
        "server.listeners.80.backlog=1024 server.sysctls.net.core.somaxconn=1024",
        "server.listeners.80.backlog=4096 server.sysctls.net.core.somaxconn=4096",
        "server.listeners.80.backlog=65535 server.sysctls.net.core.somaxconn=65535",
        "server.sysctls.net.ipv4.tcp_synack_retries=2",
      ],
      "cookies first; a backlog above somaxconn needs both",
    ],
    [
      "no_local_port",
      scenario("", "{ mode: immediate }", "net.ipv4.tcp_tw_reuse: 1"),
      [
        "client.sysctls.net.ipv4.ip_local_port_range=1024 65535",
        "workloads.legit.source_addresses=6",
        "workloads.legit.source_addresses=12",
      ],
      "what is set already is not tried",
    ],
    ["path_to_server", scenario(), [], "no setting of the hosts moves a lossy path"],
  ] as const;
  for (const [gate, of, expected, why] of rows) {
    test(`against ${gate}: ${why}`, () => {
      expect(triedFor(gate, of)).toEqual(expected);
    });
  }
  test("every gate has an answer, if only that nothing can be tried", () => {
    for (const gate of GATE_NAMES) expect(triedFor(gate)).toBeInstanceOf(Array);
  });
});

describe("the application's capacity", () => {
  const rows = [
    ["{ mode: immediate }", null, "as many as come"],
    ["{ mode: never }", 0, "none"],
    ["{ mode: rate, rate_per_s: 50 }", 50, "its rate"],
    ["{ mode: serial, service_time_s: 0.02 }", 50, "one after the other"],
    ["{ mode: workers, workers: 3, service_time_s: 0.02 }", 150, "each worker one after the other"],
  ] as const;
  for (const [accept, perS, why] of rows) {
    test(`${accept}: ${why}`, () => {
      const [listener] = scenario("", accept).server.listeners;
      expect(listener && acceptCapacityPerS(listener.accept)).toBe(perS);
    });
  }
});

describe("what a scenario cannot hold, or has already, is not tried", () => {
  const tried = (gate: GateName, text: string): string[] => triedFor(gate, scenarioOf(text));
  test("listeners that share a port are changed once, together", () => {
    const listener = "{ port: 80, backlog: 511, reuseport: true, accept: { mode: rate, rate_per_s: 50 } }";
    const text = `{ duration_s: 1, server: { listeners: [${listener}, ${listener}] } }`;
    expect(tried("accept_queue_at_syn", text)).toEqual([...BACKLOGS, ...FASTER]);
    const [first] = candidatesFor("accept_queue_at_syn", scenarioOf(text));
    expect(first?.scenario.server.listeners.map(({ backlog }) => backlog)).toEqual([1024, 1024]);
  });
  test("a negative backlog is the largest", () => {
    const text = "{ duration_s: 1, server: { listeners: [{ port: 80, backlog: -1 }] } }";
    expect(tried("accept_queue_at_syn", text)).toEqual(["server.sysctls.net.core.somaxconn=65535"]);
  });
  test("more addresses than a network has", () => {
    const text =
      "{ duration_s: 1, server: {}, workloads: [{ name: a, kind: connections, count: 1, source_addresses: 20000 }] }";
    const addresses = tried("no_local_port", text).filter((change) => change.includes("source_addresses"));
    expect(addresses).toEqual(["workloads.a.source_addresses=40000"]);
  });
});
