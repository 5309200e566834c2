/**
 * Goal    A client host that crashes: its sockets are gone without a packet, its attempts are accounted for, and its next connections find the server's half-open ones.
 * Method  Whole runs. What the next SYN of the same ports meets, was asked of a live 6.18.44 (a socket taken away by TCP_REPAIR): the same packets and counters.
 */
import { describe, expect, test } from "vitest";
import { crashHost } from "../../src/engine/crash.ts";
import { SYN_SENT } from "../../src/engine/layout.ts";
import { run } from "../../src/engine/run.ts";
import { RunView } from "../../src/results/run-view.ts";
import { bytesOf, type Keys, runOf, specOf, TestHost } from "./helpers.ts";

const ONE_PORT = { sysctls: { "net.ipv4.ip_local_port_range": "40000 40000" } };

/** One client with one port: it connects at 0 and holds; crashes at 5 s; tries again a second later. */
const scenario = (client: Keys = {}, workload: Keys = {}, more: Keys = {}): Keys => ({
  duration_s: 20,
  server: { listeners: [{ port: 80, backlog: 128, app: { request_bytes: 100 } }] },
  client: { ...ONE_PORT, crashes_s: [5], ...client },
  workloads: [
    {
      ...{ name: "one", kind: "connections", rate_per_s: 1, count: 1, hold_s: 8, request_bytes: 100 },
      ...{ retry: { max_retries: 1, backoff_s: 1 }, requests_per_connection: 12, think_time_s: 1, ...workload },
    },
  ],
  ...more,
});

describe("half-open discovery (RFC 9293 section 3.5.1)", () => {
  const view = runOf(scenario({}, { requests_per_connection: 9 }));

  test("the SYN is challenged, the challenge reset, and the next SYN answered: 12 ms, as live", () => {
    expect(view.outcome(0, "client_crashed")).toBe(1);
    expect(view.outcome(0, "completed") + view.outcome(0, "open_at_end")).toBe(1);
    const seconds = view.latency(0, "connectLatency").maxValue / 1e6;
    expect(seconds).toBeGreaterThan(0.008);
    expect(seconds).toBeLessThan(0.0165);
  });

  test("and counted as live", () => {
    const counted = { TcpExtTCPSYNChallenge: 1, TcpExtTCPChallengeACK: 1, TcpEstabResets: 1, TcpPassiveOpens: 2 };
    expect(view.counters("server")).toMatchObject({ ...counted, TcpInErrs: 1 });
    expect(view.counters("client")).toMatchObject({ TcpOutRsts: 1, TcpActiveOpens: 2, TcpExtTCPSynRetrans: 1 });
  });

  test("by a host that does not come back, nothing is discovered: the server stays connected", () => {
    const left = runOf(scenario({}, { retry: undefined }));
    expect(left.counter("server", "TcpCurrEstab")).toBe(1);
    expect(left.outcome(0, "client_crashed")).toBe(1);
  });

  const constant = (timestamps: number): RunView => {
    const client = { isn: "constant", sysctls: { ...ONE_PORT.sysctls, "net.ipv4.tcp_timestamps": timestamps } };
    return runOf(scenario(client, { request_bytes: 0, response_bytes: 1000 }));
  };

  test("is not to be had with a constant ISN before any data: the challenge acknowledges the new SYN, and says nothing", () => {
    expect(constant(0).counter("server", "TcpPassiveOpens")).toBe(1);
    expect(constant(0).outcome(0, "pending")).toBe(1);
  });

  test("unless timestamps give the old connection away", () => {
    expect(constant(1).counter("server", "TcpPassiveOpens")).toBe(2);
    expect(constant(1).counter("client", "TcpExtPAWSActive")).toBe(1);
  });
});

describe("attempts in flight when the host crashes", () => {
  const rows = [
    ["connecting", { request_bytes: 0 }],
    ["waiting for a response", { response_bytes: 1000 }],
    ["holding the connection", { hold_s: 10, requests_per_connection: 1 }],
  ] as const;
  for (const [what, workload] of rows) {
    test(`${what}: they fail by the crash, and are charged to it`, () => {
      const lost: Keys = what === "connecting" ? { impairments: [{ direction: "to_server", match: "syn" }] } : {};
      const view = runOf(scenario({ crashes_s: [0.5] }, { retry: undefined, ...workload }, lost));
      expect(view.outcome(0, "client_crashed")).toBe(1);
      expect(view.gates(0, "failed")).toEqual(what === "connecting" ? { path_to_server: 1 } : { client_crash: 1 });
    });
  }

  test("twice: each retry is lost to the next crash", () => {
    const view = runOf(scenario({ crashes_s: [2, 4, 6] }, { retry: { max_retries: 5, backoff_s: 1, factor: 1 } }));
    expect(view.outcome(0, "client_crashed")).toBe(3);
    expect(view.workloadField(0, "attempted")).toBe(4);
  });
});

describe("a crashed host", () => {
  test("has no sockets, no timers and nothing to send", () => {
    const client = new TestHost({ isServer: false });
    for (let k = 0; k < 10; k++) client.connect();
    expect(client.host.states[SYN_SENT]).toBe(10);
    client.sent.length = 0;
    crashHost(client.host);
    client.advanceTo(200);
    expect(client.host.states.every((n) => n === 0)).toBe(true);
    expect(client.host.table.live).toBe(0);
    expect(client.sent).toEqual([]);
  });

  test("forgets its TIME_WAITs: a port that was taken is free", () => {
    const sysctls = { ...ONE_PORT.sysctls, "net.ipv4.tcp_max_tw_buckets": 1 };
    const spec = (crashes_s: number[]): RunView =>
      runOf(
        scenario(
          { crashes_s, sysctls },
          { count: 3, rate_per_s: 0.2, hold_s: 0, requests_per_connection: 1, retry: undefined },
        ),
      );
    expect(spec([]).outcome(0, "no_local_port")).toBe(2);
    expect(spec([4, 9]).outcome(0, "no_local_port")).toBe(0);
    expect(spec([4, 9]).counter("client", "TcpExtTCPTimeWaitOverflow")).toBe(0);
  });

  test("begins its timestamps anew where they have no offset", () => {
    const client = new TestHost({ isServer: false, sysctls: { "net.ipv4.tcp_timestamps": 2 } });
    client.advanceTo(5);
    client.connect();
    expect(client.sent.at(-1)!.tsval).toBe(5000);
    crashHost(client.host);
    client.advanceTo(5.25);
    client.connect();
    expect(client.sent.at(-1)!.tsval).toBe(250);
  });
});

test("a run with crashes and late copies is the same in slices and by packet", () => {
  const keys = scenario(
    { crashes_s: [3, 9] },
    { count: 40, rate_per_s: 4, hold_s: 2 },
    {
      path: { to_server: { late_copies: { probability: 0.3, delay_s: 3 } } },
    },
  );
  const spec = specOf({ ...keys, client: { crashes_s: [3, 9] } });
  expect(bytesOf(run(spec)).equals(bytesOf(run(spec)))).toBe(true);
  const view = new RunView(spec, run(spec));
  const ended = ["completed", "client_crashed", "open_at_end", "pending", "no_local_port"] as const;
  expect(ended.reduce((sum, name) => sum + view.outcome(0, name), 0)).toBe(view.workloadField(0, "attempted"));
});
