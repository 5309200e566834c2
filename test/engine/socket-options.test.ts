/**
 * Goal    SO_KEEPALIVE and TCP_USER_TIMEOUT: when a silent connection is probed, when it is given up, and what else ends by then.
 * Method  A host at either end, segment by segment; the peer is 20 ms away and never answers unless a row says so. The numbers of rows were asked
 *         of a live 6.18.44 (HZ 250): probes 1.0 and 2.0 s after the last segment, RST at 3.0 s, no EstabResets in FIN_WAIT2 ...
 */
import { describe, expect, test } from "vitest";
import { shutdownWrite } from "../../src/engine/close.ts";
import { ACK, CLOSE_WAIT, ESTABLISHED, FIN, FIN_WAIT1, FIN_WAIT2, PSH, RST, SYN } from "../../src/engine/layout.ts";
import { NO_ATTEMPT } from "../../src/engine/ledger.ts";
import { type Keys, runOf, TestHost } from "./helpers.ts";

const ONE_SECOND = { keepalive: { time_s: 1, interval_s: 1, probes: 2 } };
const GIVEN_UP = { TcpOutSegs: 1, TcpOutRsts: 1, TcpExtTCPAbortOnTimeout: 1 };
const probes = (n: number): object => (n === 0 ? {} : { TcpExtTCPKeepAlive: n, TcpOutSegs: n });
const sum = (a: Record<string, number>, b: Record<string, number>): object =>
  Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((k) => [k, (a[k] ?? 0) + (b[k] ?? 0)]));

interface Silent {
  readonly server: TestHost;
  readonly row: number;
  /** The server's next sequence number; the peer's is 101. */
  readonly next: number;
}

/** An accepted connection whose listener has these options, at t = 0. */
function silent(app: Keys = ONE_SECOND, sysctls: Keys = {}, kernel?: "4.15" | "4.19"): Silent {
  const server = new TestHost({ listener: { app }, sysctls, ...(kernel === undefined ? {} : { kernel }) });
  const next = server.establish();
  const row = server.accept();
  server.delta();
  server.sent.length = 0;
  return { server, row, next };
}

describe("a silent connection", () => {
  test("is probed after the time, then each interval; after the probes it is reset", () => {
    const { server, next } = silent();
    server.advanceTo(10);
    const probe = { flags: ACK, seq: (next - 1) | 0, ack: 101, length: 0 };
    expect(server.sent).toMatchObject([probe, probe, { flags: RST | ACK, seq: next, ack: 101 }]);
    [1, 2, 3].forEach((nominal, i) => {
      expect(server.sent[i]!.atS).toBeGreaterThanOrEqual(nominal);
      expect(server.sent[i]!.atS).toBeLessThanOrEqual(nominal + 0.032 * (i + 1) + 1e-9);
    });
    expect(server.delta()).toEqual(
      sum(sum(probes(2) as never, GIVEN_UP) as never, { TcpEstabResets: 1, TcpCurrEstab: -1 }),
    );
    expect(server.stateOf()).toBe(0);
  });

  const times = [
    // app, sysctls, first probe and RST, s, why
    [{ keepalive: {} }, {}, 7200, 7200 + 9 * 75, "without values of its own: tcp_keepalive_time, _intvl and _probes"],
    [
      { keepalive: {} },
      { "net.ipv4.tcp_keepalive_time": 60, "net.ipv4.tcp_keepalive_intvl": 10, "net.ipv4.tcp_keepalive_probes": 3 },
      60,
      90,
      "the sysctls are the host's to set",
    ],
    [
      { keepalive: { time_s: 5 } },
      { "net.ipv4.tcp_keepalive_time": 60, "net.ipv4.tcp_keepalive_intvl": 2, "net.ipv4.tcp_keepalive_probes": 1 },
      5,
      7,
      "what the socket sets goes before the sysctl",
    ],
    [
      { keepalive: { time_s: 1, interval_s: 1 }, user_timeout_s: 0.5 },
      {},
      1,
      2,
      "TCP_USER_TIMEOUT ends it, but one probe is sent",
    ],
    [
      { keepalive: { time_s: 2, interval_s: 1 }, user_timeout_s: 2.9 },
      {},
      2,
      3,
      "at the first firing after TCP_USER_TIMEOUT",
    ],
    [
      { keepalive: { time_s: 1, interval_s: 2, probes: 1 }, user_timeout_s: 2.5 },
      {},
      1,
      3,
      "also where the probes were fewer",
    ],
    [
      { keepalive: { time_s: 1, interval_s: 1, probes: 1 }, user_timeout_s: 5.5 },
      {},
      1,
      6.1,
      "or more: they no longer count",
    ],
  ] as const;
  for (const [app, sysctls, probeS, resetS, why] of times) {
    test(`${probeS} s to the first probe, ${resetS} s to the RST: ${why}`, () => {
      const { server } = silent(app, sysctls);
      server.advanceTo(8500);
      expect(server.sent[0]!.atS / probeS).toBeGreaterThanOrEqual(1);
      expect(server.sent[0]!.atS / probeS).toBeLessThan(1.13);
      const last = server.sent.at(-1)!;
      expect(last.flags).toBe(RST | ACK);
      expect(last.atS / resetS).toBeGreaterThanOrEqual(1);
      expect(last.atS / resetS).toBeLessThan(1.13);
    });
  }

  test("is left alone without SO_KEEPALIVE", () => {
    const { server } = silent({});
    server.advanceTo(86_400);
    expect(server.sent).toEqual([]);
    expect(server.stateOf()).toBe(ESTABLISHED);
  });

  const lives = [
    [{ flags: ACK, seq: 101 }, "an ACK"],
    [{ flags: PSH | ACK, seq: 101, length: 5 }, "data"],
  ] as const;
  for (const [segment, what] of lives) {
    test(`${what} begins the silence, and the count of probes, anew`, () => {
      const { server, next } = silent();
      server.advanceTo(2.5);
      expect(server.counter("TcpExtTCPKeepAlive")).toBe(2);
      server.receive({ ...segment, ack: next });
      server.sent.length = 0;
      server.advanceTo(3.4);
      expect(server.sent).toEqual([]);
      server.advanceTo(5.2);
      expect(server.sent.map(({ flags }) => flags)).toEqual([ACK, ACK]);
      expect(server.stateOf()).toBe(ESTABLISHED);
      server.advanceTo(6);
      expect(server.stateOf()).toBe(0);
    });
  }

  test("is not probed while data is in flight: the retransmission timer is at work", () => {
    const { server, row } = silent();
    server.write(row, 3);
    server.advanceTo(20);
    expect(server.counter("TcpExtTCPKeepAlive")).toBe(0);
    expect(server.counter("TcpRetransSegs")).toBeGreaterThan(3);
    expect(server.stateOf()).toBe(ESTABLISHED);
  });
});

describe("keepalive in other states", () => {
  test("CLOSE_WAIT: an application that never closes is rid of its socket; it counts as a reset", () => {
    const { server, next } = silent();
    server.receive({ flags: FIN | ACK, seq: 101, ack: next });
    server.advanceTo(0.5);
    expect(server.stateOf()).toBe(CLOSE_WAIT);
    server.delta();
    server.advanceTo(5);
    expect(server.stateOf()).toBe(0);
    expect(server.delta()).toEqual(
      sum(sum(probes(2) as never, GIVEN_UP) as never, { TcpEstabResets: 1, TcpCurrEstab: -1 }),
    );
  });

  test("FIN_WAIT2 of a living process: the kernel would keep it for ever; EstabResets does not count it", () => {
    const { server, row, next } = silent();
    shutdownWrite(server.host, row, NO_ATTEMPT);
    server.receive({ flags: ACK, seq: 101, ack: next + 1 });
    expect(server.stateOf()).toBe(FIN_WAIT2);
    server.delta();
    server.sent.length = 0;
    server.advanceTo(5);
    expect(server.sent[0]).toMatchObject({ flags: ACK, seq: next, ack: 101 });
    expect(server.delta()).toEqual(sum(probes(2) as never, GIVEN_UP));
    expect(server.stateOf()).toBe(0);
  });

  test("FIN_WAIT2 of an orphan has the timer of tcp_fin_timeout instead", () => {
    const { server, row, next } = silent(ONE_SECOND, { "net.ipv4.tcp_fin_timeout": 90 });
    server.close(row);
    server.receive({ flags: ACK, seq: 101, ack: next + 1 });
    server.advanceTo(25);
    expect(server.counter("TcpExtTCPKeepAlive")).toBe(0);
    expect(server.stateOf()).toBe(FIN_WAIT2);
  });

  test("FIN_WAIT1: the FIN in flight has a timer of its own", () => {
    const { server, row } = silent();
    server.close(row);
    server.advanceTo(20);
    expect(server.counter("TcpExtTCPKeepAlive")).toBe(0);
    expect(server.stateOf()).toBe(FIN_WAIT1);
  });

  test("a socket that is reset is probed no more, and closed leaves no row behind", () => {
    const { server, row, next } = silent();
    server.receive({ flags: RST, seq: 101, ack: next });
    server.advanceTo(10);
    expect(server.counter("TcpExtTCPKeepAlive")).toBe(0);
    server.close(row);
    expect(server.host.table.live).toBe(0);
  });
});

describe("a probe arrives", () => {
  test("and is answered by an ACK, once in tcp_invalid_ratelimit", () => {
    const { server, next } = silent({});
    const probe = { flags: ACK, seq: 100, ack: next };
    expect(server.receive(probe)).toMatchObject([{ flags: ACK, seq: next, ack: 101 }]);
    server.advanceTo(0.499);
    expect(server.receive(probe)).toEqual([]);
    expect(server.counter("TcpExtTCPACKSkippedSeq")).toBe(1);
    server.advanceTo(1);
    expect(server.receive(probe).length).toBe(1);
  });
});

describe("TCP_USER_TIMEOUT", () => {
  // Data: from the first retransmission on. Live: 0.375 s with 100 ms, 1.259 s with 1 s, 3.289 s with 3 s, first retransmission at 0.26 s.
  const cases = [
    [0.1, "4.19", 0.31, 0.33, "the time-out ends with it"],
    [1, "4.19", 1.22, 1.27, "the time-out ends with it"],
    [0.1, "4.15", 0.61, 0.66, "until 4.19 it is looked at when the time-out is over"],
  ] as const;
  for (const [timeoutS, kernel, fromS, toS, why] of cases) {
    test(`${timeoutS} s in ${kernel} ends unacknowledged data after ${fromS} s: ${why}`, () => {
      const { server, row } = silent({ user_timeout_s: timeoutS }, {}, kernel);
      server.advanceTo(10);
      server.write(row, 10);
      server.advanceTo(10 + fromS - 0.011);
      expect(server.stateOf()).toBe(ESTABLISHED);
      server.advanceTo(10 + toS);
      expect(server.stateOf()).toBe(0);
      expect(server.counter("TcpExtTCPAbortOnTimeout")).toBe(1);
      expect(server.counter("TcpOutRsts")).toBe(0);
    });
  }

  test("ends an orphan's FIN too", () => {
    const { server, row } = silent({ user_timeout_s: 1 });
    server.close(row);
    server.advanceTo(1.3);
    expect(server.stateOf()).toBe(0);
    expect(server.host.orphans).toBe(0);
  });

  // connect(): from the first SYN on. Live: 1.031 s with 0.5 s, 2.522 s with 2.5 s, 4.516 s with 4.5 s.
  const connects = [
    [0.5, 1, 1.04, "not before one SYN was sent again"],
    [2.5, 2.5, 2.54, "in place of tcp_syn_retries"],
    [200, 131, 146, "but not more SYNs than those"],
  ] as const;
  for (const [timeoutS, fromS, toS, why] of connects) {
    test(`${timeoutS} s ends connect() after ${fromS} s: ${why}`, () => {
      const client = new TestHost({ isServer: false, workload: { user_timeout_s: timeoutS } });
      const row = client.connect();
      client.advanceTo(fromS - 0.001);
      expect(client.host.stateOf(row)).toBe(2);
      client.advanceTo(toS);
      expect(client.host.stateOf(row)).toBe(0);
      expect(client.counter("TcpExtTCPAbortOnTimeout")).toBe(1);
      expect(client.counter("TcpAttemptFails")).toBe(1);
      expect(client.host.table.live).toBe(0);
    });
  }
});

test("a client's connection is probed as a server's is", () => {
  const client = new TestHost({ isServer: false, workload: ONE_SECOND });
  const row = client.connect();
  const syn = client.sent[0]!;
  client.advanceTo(0.5);
  client.receive({ flags: SYN | ACK, seq: 700, ack: syn.seq + 1, port: 80, to: syn.own });
  expect(client.host.stateOf(row)).toBe(ESTABLISHED);
  client.delta();
  client.advanceTo(2.7);
  expect(client.delta()).toEqual(probes(2));
});

describe("both ends of a run", () => {
  /** 20 clients connect and stay; the path to the server, or both ways, is cut at 2 s. */
  const run = (server: Keys, client: Keys, cut: readonly string[]) =>
    runOf({
      duration_s: 60,
      server: { listeners: [{ port: 80, backlog: 64, app: server }] },
      workloads: [{ kind: "connections", name: "clients", count: 20, first_closer: "none", ...client }],
      impairments: cut.map((direction) => ({ direction, match: "any", start_s: 2 })),
    });

  const rows = [
    [{}, {}, ["to_server", "to_client"], 20, 20, "without keepalive both ends keep their sockets: ghosts"],
    [ONE_SECOND, {}, ["to_server", "to_client"], 0, 20, "the server is rid of ghosts, whose clients learn nothing"],
    [{}, ONE_SECOND, ["to_server", "to_client"], 20, 0, "clients are rid of theirs"],
    [ONE_SECOND, {}, [], 20, 20, "answered probes cost nothing but two segments"],
    [{}, ONE_SECOND, ["to_client"], 0, 0, "what the server hears ends its socket too: the client's RST"],
  ] as const;
  for (const [server, client, cut, left, clientsLeft, why] of rows) {
    test(why, () => {
      const view = run(server, client, cut);
      expect(view.states("server")[ESTABLISHED]).toBe(left);
      expect(view.states("client")[ESTABLISHED]).toBe(clientsLeft);
    });
  }
});
