/**
 * Goal    What hangs on the length of TIME_WAIT, and what does not.
 * Method  A server that closes first in a kernel that was built anew with another TCP_TIMEWAIT_LEN; whole runs where ports are won by it.
 */
import { describe, expect, test } from "vitest";
import { ACK, FIN, FIN_WAIT2, RST, TIME_WAIT } from "../../src/engine/layout.ts";
import { type Keys, runOf, TestHost } from "./helpers.ts";

/** A server whose FIN is acknowledged, and its next sequence number. */
function closedFirst(keys: Keys, sysctls: Keys = {}): { server: TestHost; next: number } {
  const server = new TestHost({ keys, sysctls });
  const next = (server.establish(40_000, 100) + 1) | 0;
  server.close(server.accept());
  server.receive({ flags: ACK, seq: 101, ack: next });
  return { server, next };
}

function inTimeWait(keys: Keys): { server: TestHost; next: number } {
  const { server, next } = closedFirst(keys);
  server.receive({ flags: FIN | ACK, seq: 101, ack: next });
  expect(server.stateOf()).toBe(TIME_WAIT);
  server.delta();
  return { server, next };
}

function goneAtS(server: TestHost, limitS = 2000): number {
  for (let s = server.nowS; s <= limitS; s += 0.05) {
    server.advanceTo(s);
    if (server.stateOf() === 0) return s;
  }
  return Number.POSITIVE_INFINITY;
}

describe("TIME_WAIT", () => {
  for (const lengthS of [0.1, 1, 30, 60, 240, 1800]) {
    test(`lasts time_wait_s: ${lengthS}, an eighth more at most`, () => {
      const { server } = inTimeWait({ time_wait_s: lengthS });
      const lastsS = goneAtS(server);
      expect(lastsS).toBeGreaterThanOrEqual(lengthS - 0.05);
      expect(lastsS).toBeLessThanOrEqual(lengthS * 1.13 + 0.1);
    });
  }

  test("begins anew with a FIN that comes again", () => {
    const { server, next } = inTimeWait({ time_wait_s: 10 });
    server.advanceTo(9);
    server.receive({ flags: FIN | ACK, seq: 101, ack: next });
    expect(goneAtS(server)).toBeGreaterThan(18.9);
  });

  const counted = [
    // time_wait_s, counter, why
    [4, "TcpExtTWKilled", "up to 4 s an entry counts as killed"],
    [5, "TcpExtTW", "from 5 s on as an ordinary one"],
  ] as const;
  for (const [lengthS, counter, why] of counted) {
    test(`of ${lengthS} s counts ${counter}: ${why}`, () => {
      const server = new TestHost({ keys: { time_wait_s: lengthS } });
      const next = (server.establish() + 1) | 0;
      server.close(server.accept());
      server.delta();
      // FIN and the ACK of ours in one segment: no FIN_WAIT2 before it.
      server.receive({ flags: FIN | ACK, seq: 101, ack: next });
      expect(server.delta()).toEqual({ [counter]: 1, TcpOutSegs: 1 });
    });
  }

  test("of 1 s counts as killed at its end where kernels count there, though FIN_WAIT2 was long", () => {
    const server = new TestHost({
      kernel: "5.15",
      keys: { time_wait_s: 1 },
      sysctls: { "net.ipv4.tcp_fin_timeout": 20 },
    });
    const next = (server.establish(40_000, 100) + 1) | 0;
    server.close(server.accept());
    server.receive({ flags: ACK, seq: 101, ack: next });
    server.advanceTo(19.5);
    server.receive({ flags: FIN | ACK, seq: 101, ack: next });
    server.delta();
    expect(goneAtS(server)).toBeLessThan(22);
    expect(server.delta()).toEqual({ TcpExtTWKilled: 1 });
  });

  test("leaves PAWS its own minute: a RST that is too old is refused however short TIME_WAIT is", () => {
    const server = new TestHost({ keys: { time_wait_s: 240 } });
    const next = (server.establish(40_000, 100, { tsval: 1000 }) + 1) | 0;
    server.close(server.accept());
    server.receive({ flags: ACK, seq: 101, ack: next, tsval: 1000 });
    server.receive({ flags: FIN | ACK, seq: 101, ack: next, tsval: 1000 });
    server.advanceTo(59);
    server.receive({ flags: RST, seq: 102, tsval: 900 });
    expect(server.stateOf()).toBe(TIME_WAIT);
    server.advanceTo(61);
    server.receive({ flags: RST, seq: 102, tsval: 900 });
    expect(server.stateOf()).toBe(0);
  });
});

describe("an orphan in FIN_WAIT2", () => {
  const times = [
    // time_wait_s, tcp_fin_timeout or null, seconds it lasts, why
    [1, null, 1, "tcp_fin_timeout is TCP_TIMEWAIT_LEN by default"],
    [240, null, 240, "the same, upward"],
    [10, 8, 8, "what fits into one mini-socket is one"],
    [10, 15, 10, "twice what is beyond TIME_WAIT's length"],
    [30, 60, 60, "twice 30"],
  ] as const;
  for (const [timeWaitS, finTimeoutS, lastsS, why] of times) {
    test(`lasts ${lastsS} s with time_wait_s ${timeWaitS}, tcp_fin_timeout ${finTimeoutS}: ${why}`, () => {
      const sysctls = finTimeoutS === null ? {} : { "net.ipv4.tcp_fin_timeout": finTimeoutS };
      const { server } = closedFirst({ time_wait_s: timeWaitS }, sysctls);
      expect(server.stateOf()).toBe(FIN_WAIT2);
      const goneS = goneAtS(server);
      expect(goneS).toBeGreaterThanOrEqual(lastsS - 0.05);
      expect(goneS).toBeLessThanOrEqual(lastsS * 1.13 + 0.1);
    });
  }
});

describe("local ports of clients that close first", () => {
  const run = (client: Keys) =>
    runOf({
      duration_s: 30,
      server: { listeners: [{ port: 80, backlog: 128 }] },
      client: { ...client, sysctls: { "net.ipv4.ip_local_port_range": "40000 40019" } },
      workloads: [{ name: "clients", kind: "connections", rate_per_s: 5, duration_s: 25 }],
    });

  test("20 ports carry 125 connections in 25 s with TIME_WAIT of 1 s, and 20 with 60 s or 240 s", () => {
    const done = [1, 60, 240].map((time_wait_s) => run({ time_wait_s }).outcome(0, "completed"));
    expect(done).toEqual([125, 20, 20]);
  });

  test("the worst address pair says how many were taken, and who found none", () => {
    const short = run({ time_wait_s: 1 });
    expect(short.worstPair("refused")).toBe(0);
    expect(short.worstPair("peak")).toBeGreaterThanOrEqual(5);
    expect(short.worstPair("peak")).toBeLessThanOrEqual(8);
    const long = run({ time_wait_s: 60 });
    expect([long.worstPair("peak"), long.worstPair("refused")]).toEqual([20, 105]);
    expect(long.worstPair("port")).toBe(80);
  });
});
