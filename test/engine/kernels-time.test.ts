/**
 * Goal    Each rule about TIME_WAIT, connect(), timestamps, timers and counters that differs between kernels, on both sides of each change
 *         (kernel-semantics 10.2).
 * Method  As in kernels.test.ts.
 */
import { describe, expect, test } from "vitest";
import { connect } from "../../src/engine/connect.ts";
import { ExactTimers } from "../../src/engine/exact-timers.ts";
import {
  ACK,
  F_RTTVAR,
  F_SRTT,
  FIN,
  FIN_WAIT2,
  NO_ROW,
  ROW_SHIFT,
  RST,
  SYN,
  SYN_SENT,
  TIME_WAIT,
} from "../../src/engine/layout.ts";
import { NO_ATTEMPT } from "../../src/engine/ledger.ts";
import { NO_TICK } from "../../src/engine/wheel.ts";
import type { KernelName } from "../../src/vocabulary/kernels.ts";
import { FIRST_TICK, HOST_ADDRESS, type Keys, PEER_ADDRESS, runOf, TestHost } from "./helpers.ts";
import { inKernels } from "./in-kernels.ts";

/** A client whose only port is in TIME_WAIT (or FIN_WAIT2 as a mini-socket) since `entryMs`; it was booted a whole number of seconds before. */
function closedClient(kernel: KernelName, entryMs: number, state: number = TIME_WAIT): TestHost {
  const sysctls = { "net.ipv4.ip_local_port_range": "40000 40000", "net.ipv4.tcp_tw_reuse": 1 };
  const client = new TestHost({ kernel, sysctls, isServer: false, bootTicks: 250 * 5000 });
  const row = client.connect();
  const [syn] = client.sent;
  const from = { to: 40_000, port: 80 };
  client.receive({ ...from, flags: SYN | ACK, seq: 500, ack: syn!.seq + 1, tsval: 5, tsecr: syn!.tsval });
  client.close(row);
  client.advanceTo(entryMs / 1000);
  const ack = (syn!.seq + 2) | 0;
  client.receive({ ...from, flags: ACK, seq: 501, ack, tsval: 6 });
  if (state === TIME_WAIT) client.receive({ ...from, flags: FIN | ACK, seq: 501, ack, tsval: 6 });
  expect(client.stateOf(80, 40_000)).toBe(state);
  return client;
}

describe("a port in TIME_WAIT is reused", () => {
  const rows = [
    // kernel, entry ms, last ms at which it is not, first at which it is
    ["4.4", 150, 1999, 2000, "more than a second by whole seconds"],
    ["4.15", 990, 1999, 2000, "more than a second by whole seconds"],
    ["4.19", 150, 999, 1000, "the next whole second"],
    ["5.15", 150, 999, 1000, "the next whole second"],
    ["6.12", 990, 999, 1000, "the next whole second"],
    ["6.18.15", 150, 1150, 1151, "after tcp_tw_reuse_delay"],
    ["6.18", 150, 1150, 1151, "after tcp_tw_reuse_delay"],
  ] as const;
  for (const [kernel, entryMs, notYetMs, thenMs, why] of rows) {
    test(`in ${kernel} from ${thenMs} ms on if it ended at ${entryMs} ms: ${why}`, () => {
      const client = closedClient(kernel, entryMs);
      client.advanceTo(notYetMs / 1000);
      expect(client.connect()).toBe(-1);
      client.advanceTo(thenMs / 1000);
      expect(client.connect()).toBeGreaterThanOrEqual(0);
      expect(client.counter("TcpExtTWRecycled")).toBe(1);
    });
  }
});

describe("a port of an orphan in FIN_WAIT_2 is reused", () => {
  inKernels(
    [
      [["4.4", "5.15", "6.8"], true],
      [["6.1", "6.6", "6.12", "6.18"], false],
    ],
    (kernel, expected) => {
      const client = closedClient(kernel, 150, FIN_WAIT2);
      client.advanceTo(5);
      expect(client.connect() >= 0).toBe(expected);
    },
  );
});

/** A server whose connection is in TIME_WAIT since t = 0; the peer's next sequence number is 102. */
function inTimeWait(kernel: KernelName, sysctls: Keys = {}, stamp: { tsval?: number } = {}): TestHost {
  const server = new TestHost({ kernel, sysctls });
  const next = (server.establish(40_000, 100, stamp) + 1) | 0;
  server.close(server.accept());
  server.receive({ flags: ACK, seq: 101, ack: next, ...stamp });
  server.receive({ flags: FIN | ACK, seq: 101, ack: next, ...stamp });
  return server;
}

describe("with tcp_rfc1337=1 a RST after 30 s makes TIME_WAIT last to", () => {
  inKernels(
    [
      [["4.4", "4.15"], 90],
      [["4.19", "6.18"], 60],
    ],
    (kernel, expected) => {
      const server = inTimeWait(kernel, { "net.ipv4.tcp_rfc1337": 1 });
      server.advanceTo(30);
      server.receive({ flags: RST, seq: 102 });
      server.advanceTo(expected - 0.1);
      expect(server.stateOf()).toBe(TIME_WAIT);
      server.advanceTo(expected + 2);
      expect(server.stateOf()).toBe(0);
    },
  );
});

describe("TcpExtTW and TcpExtTWKilled", () => {
  inKernels(
    [
      [["4.4", "4.19", "5.15"], "at its end"],
      [["6.1", "6.8", "6.18"], "at its beginning"],
    ],
    (kernel, expected) => {
      const server = inTimeWait(kernel, { "net.ipv4.tcp_fin_timeout": 3 });
      // The mini-socket in FIN_WAIT2 was to be short; TIME_WAIT is not.
      const counts = (): number[] => [server.counter("TcpExtTW"), server.counter("TcpExtTWKilled")];
      expect(counts()).toEqual(expected === "at its end" ? [0, 0] : [0, 1]);
      server.advanceTo(70);
      expect(counts()).toEqual(expected === "at its end" ? [1, 0] : [0, 1]);
    },
  );

  test("in 5.15 do not count what a RST ended, and count a short FIN_WAIT_2 as killed", () => {
    const ended = inTimeWait("5.15");
    ended.receive({ flags: RST, seq: 102 });
    ended.advanceTo(70);
    expect(ended.counter("TcpExtTW")).toBe(0);
    const server = new TestHost({ kernel: "5.15", sysctls: { "net.ipv4.tcp_fin_timeout": 3 } });
    const next = (server.establish() + 1) | 0;
    server.close(server.accept());
    server.receive({ flags: ACK, seq: 101, ack: next });
    expect(server.counter("TcpExtTWKilled")).toBe(0);
    server.advanceTo(5);
    expect(server.counter("TcpExtTWKilled")).toBe(1);
  });
});

describe("a segment with too old a timestamp for a TIME_WAIT counts", () => {
  inKernels(
    [
      [["5.15", "6.12"], "TcpExtPAWSEstab"],
      [["6.18.15", "6.18"], "TcpExtPAWSTimewait"],
    ] as const,
    (kernel, expected) => {
      const server = inTimeWait(kernel, {}, { tsval: 1000 });
      server.delta();
      server.receive({ flags: ACK, seq: 102, ack: 1, tsval: 500 });
      expect(server.delta()).toEqual({ [expected]: 1, TcpOutSegs: 1 });
    },
  );
});

describe("a bad ACK while connecting brings the SYN forward", () => {
  inKernels(
    [
      [["4.4", "4.19", "5.4"], 0],
      [["5.15", "6.18"], 1],
    ],
    (kernel, expected) => {
      const client = new TestHost({ kernel, isServer: false });
      client.connect();
      const [syn] = client.sent;
      client.receive({ to: syn!.own, port: 80, flags: ACK, seq: 9, ack: syn!.seq });
      client.advanceTo(0.5);
      expect(client.counter("TcpExtTCPSynRetrans")).toBe(expected);
    },
  );
});

describe("SYNs that nobody answers, and when connect() gives up", () => {
  const rows = [
    [["4.4", "5.4", "6.1"], 7, 127],
    [["6.6", "6.8", "6.18"], 11, 131],
  ] as const;
  for (const [kernels, syns, endS] of rows) {
    test.each(kernels)(`in %s: ${syns}, ${endS} s`, (kernel) => {
      const client = new TestHost({ kernel, isServer: false });
      const row = client.connect();
      client.advanceTo(endS - 0.1);
      expect(client.host.stateOf(row)).toBe(SYN_SENT);
      client.advanceTo(endS * 1.06);
      expect(client.host.stateOf(row)).toBe(0);
      expect(client.sent.length).toBe(syns);
    });
  }
});

describe("ports of connections to two servers by turns", () => {
  inKernels(
    [
      [["4.4", "5.4"], "one hint for all: every connect() moves it on"],
      [["5.15", "6.18"], "one hint for each"],
    ],
    (kernel, expected) => {
      const { host } = new TestHost({ kernel, isServer: false });
      for (let i = 0; i < 6; i++) connect(host, HOST_ADDRESS, PEER_ADDRESS + (i & 1), 80, NO_ATTEMPT, 0);
      const added = [...host.perturbAdded].filter((ports) => ports !== 0);
      if (expected.startsWith("one hint for all")) expect(added).toEqual([12]);
      else {
        expect(added.length).toBe(2);
        expect(Math.max(...added)).toBeGreaterThan(6);
      }
    },
  );
});

describe("timestamp offsets of two connections of one address pair, and of another", () => {
  inKernels(
    [
      [["4.4"], "none"],
      [["4.15", "5.15", "6.8", "6.18.15"], "alike for the pair"],
      [["6.12", "6.18"], "each its own"],
    ],
    (kernel, expected) => {
      const server = new TestHost({ kernel, listener: { backlog: 9 } });
      server.syn(40_000, 100, { tsval: 1 });
      server.syn(40_001, 100, { tsval: 1 });
      server.syn(40_000, 100, { tsval: 1, peer: PEER_ADDRESS + 7 });
      const [a, b, c] = server.sent.map(({ tsval }) => tsval) as [number, number, number];
      expect([a === b, a === c]).toEqual(
        expected === "none" ? [true, true] : [expected === "alike for the pair", false],
      );
      if (expected === "none") expect(a).toBe(FIRST_TICK);
    },
  );
});

describe("the clock of timestamps goes on in a second by", () => {
  inKernels(
    [
      [["4.4"], 250],
      [["4.15", "6.18"], 1000],
    ],
    (kernel, expected) => {
      const server = new TestHost({ kernel });
      server.syn(40_000, 100, { tsval: 1 });
      server.advanceTo(1.001);
      server.sent.length = 0;
      server.receive({ flags: SYN, seq: 100, port: 40_000, tsval: 2 });
      const offset = server.host.timestampOffsetOf(server.rowOf());
      expect(
        Math.abs(((server.sent[0]!.tsval - offset) | 0) - (kernel === "4.4" ? FIRST_TICK : 0) - expected),
      ).toBeLessThanOrEqual(1);
    },
  );
});

test("in 4.4 a round trip by the echo is measured in ticks", () => {
  const server = new TestHost({ kernel: "4.4" });
  const isn = server.syn(40_000, 100, { tsval: 1 });
  server.receive({ flags: SYN, seq: 100, tsval: 2 });
  const echo = server.sent[0]!.tsval;
  server.advanceTo(0.08);
  server.receive({ flags: ACK, seq: 101, ack: isn + 1, tsval: 3, tsecr: echo });
  const fat = server.host.fullOf(server.rowOf()) << ROW_SHIFT;
  expect(server.host.table.rows[fat + F_SRTT]! >> 3).toBe(80_000);
  expect(server.host.table.rows[fat + F_RTTVAR]).toBe(200_000);
});

describe("timers of a request that was made at t = 0 fire after", () => {
  inKernels(
    [
      [["4.4"], 1],
      [["4.15", "6.18"], 1.024],
    ],
    (kernel, expected) => {
      const server = new TestHost({ kernel });
      server.syn();
      server.advanceTo(expected - 0.001);
      expect(server.counter("TcpExtTCPTimeouts")).toBe(0);
      server.advanceTo(expected);
      expect(server.counter("TcpExtTCPTimeouts")).toBe(1);
    },
  );
});

describe("exact timers", () => {
  const timersOf = (rows: number): ExactTimers => {
    const words = new Int32Array(rows << ROW_SHIFT).fill(-1);
    const timers = new ExactTimers(words);
    timers.reset(words, 0);
    return timers;
  };

  test("of one tick fire in the order in which they were armed first", () => {
    const timers = timersOf(4);
    for (const row of [2, 0, 3, 1]) timers.arm(row, 10, 5);
    expect(timers.nextTick).toBe(15);
    expect(timers.pop(14)).toBe(NO_ROW);
    expect([1, 2, 3, 4, 5].map(() => timers.pop(15))).toEqual([2, 0, 3, 1, NO_ROW]);
    expect(timers.nextTick).toBe(NO_TICK);
  });

  test("come out sorted, whatever was disarmed before", () => {
    const timers = timersOf(2000);
    const deltas = Array.from({ length: 2000 }, (_, row) => 1 + ((row * 7919) % 997));
    for (const [row, delta] of deltas.entries()) timers.arm(row, 0, delta);
    for (let row = 0; row < 2000; row += 3) timers.disarm(row);
    expect([timers.isArmed(0), timers.isArmed(1)]).toEqual([false, true]);
    const fired: number[] = [];
    while (timers.nextTick !== NO_TICK) {
      const tick = timers.nextTick;
      for (let row = timers.pop(tick); row !== NO_ROW; row = timers.pop(tick)) {
        expect(deltas[row]).toBe(tick);
        fired.push(row);
      }
    }
    const expected = [...deltas.keys()].filter((row) => row % 3 !== 0).sort((a, b) => deltas[a]! - deltas[b]! || a - b);
    expect(fired).toEqual(expected);
  });

  test("of no ticks wait for the next one", () => {
    const timers = timersOf(1);
    timers.arm(0, 10, 0);
    expect(timers.nextTick).toBe(11);
  });
});

describe("a kernel counts nothing that it has no counter for", () => {
  inKernels(
    [
      [["4.4", "5.4"], 0],
      [["5.15", "6.18"], 6],
    ],
    (kernel, expected) => {
      const client = new TestHost({ kernel, isServer: false, sysctls: { "net.ipv4.tcp_syn_retries": 6 } });
      client.connect();
      client.advanceTo(kernel === "6.18" ? 9 : 70);
      expect(client.counter("TcpExtTCPSynRetrans")).toBe(6);
      expect(client.counter("TcpExtTcpTimeoutRehash")).toBe(expected);
    },
  );
});

test("client and server may have different kernels", () => {
  const view = runOf({
    duration_s: 10,
    server: { kernel: "6.18", listeners: [{ port: 80, backlog: 64, app: { request_bytes: 10, response_bytes: 10 } }] },
    client: { kernel: "4.4" },
    workloads: [
      { name: "users", kind: "connections", count: 50, rate_per_s: 20, request_bytes: 10, response_bytes: 10 },
    ],
  });
  expect([view.spec.server.exactTimers, view.spec.client.exactTimers]).toEqual([0, 1]);
});
