/**
 * Goal    SYN cookies: who gets one, how long it is good for, when ACKs are examined at all (kernel-semantics 5).
 * Method  The cookie functions over ages; a host whose SYN queue is full, or with syncookies=2.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cookieFor,
  cookieHasSack,
  cookieHasScale,
  cookieTimestamp,
  mssIndexOf,
  NOT_VALID,
} from "../../src/engine/cookie.ts";
import {
  ACK,
  ESTABLISHED,
  NEW_SYN_RECV,
  OPT_SACK,
  OPT_WSCALE,
  R_STATE,
  ROW_SACK,
  ROW_SHIFT,
  RST,
  SYN,
} from "../../src/engine/layout.ts";
import { FIRST_TICK, TestHost } from "./helpers.ts";

const SYNCOOKIES = "net.ipv4.tcp_syncookies";
const ABORT = "net.ipv4.tcp_abort_on_overflow";
const STRAY = { TcpOutRsts: 1, TcpOutSegs: 1 };
/** Ticks of a minute at HZ=250; a boot on which a minute of the cookie counter begins at t = 0. */
const MINUTE_TICKS = 15_000;
const MINUTE_BEGINS = 70 * MINUTE_TICKS;

describe("a cookie", () => {
  const ages = [
    [0, true, "in the minute it was made in"],
    [1, true, "a minute later"],
    [2, false, "two minutes later"],
    [3, false, "three minutes later"],
    [255, false, "before it was made"],
  ] as const;
  for (const [age, isValid, why] of ages) {
    test(`is ${isValid ? "valid" : "not valid"} ${why}`, () => {
      fc.assert(
        fc.property(fc.integer(), fc.integer(), fc.integer(), fc.nat(2 ** 20), (hash, secret, seq, minute) => {
          const cookie = cookieFor(hash, secret, seq, minute, 3);
          expect(mssIndexOf(cookie, hash, secret, seq, minute + age) !== NOT_VALID).toBe(isValid);
        }),
      );
    });
  }

  test("is for one 4-tuple and one sequence number only", () => {
    let accepted = 0;
    for (let i = 1; i <= 10_000; i++) {
      if (mssIndexOf(cookieFor(5, 6, 7, 8, 3), 5 + i, 6, 7, 8) !== NOT_VALID) accepted++;
      if (mssIndexOf(cookieFor(5, 6, 7, 8, 3), 5, 6, 7 + i * 4, 8) !== NOT_VALID) accepted++;
    }
    expect(accepted).toBe(0);
  });

  test("passes with any of the four MSS indices", () => {
    const cookie = cookieFor(1, 2, 3, 4, 3);
    const valid = [-4, -3, -2, -1, 0, 1].map((off) => mssIndexOf(cookie + off, 1, 2, 3, 4) !== NOT_VALID);
    expect(valid).toEqual([false, true, true, true, true, false]);
  });
});

/** A host that answers every SYN by a cookie. */
const always = (options: ConstructorParameters<typeof TestHost>[0] = {}): TestHost =>
  new TestHost({ ...options, sysctls: { [SYNCOOKIES]: 2, ...options.sysctls } });

describe("the ACK of a cookie", () => {
  test("makes a child without a request", () => {
    const server = always();
    server.establish();
    expect(server.delta()).toEqual({
      TcpExtTCPReqQFullDoCookies: 1,
      TcpExtSyncookiesSent: 1,
      TcpOutSegs: 1,
      TcpExtSyncookiesRecv: 1,
      TcpPassiveOpens: 1,
      TcpCurrEstab: 1,
    });
    expect(server.stateOf()).toBe(ESTABLISHED);
    expect(server.listener).toMatchObject({ synLength: 0, acceptLength: 1 });
  });

  for (const abort of [0, 1]) {
    test(`meets a full accept queue in silence, with abort_on_overflow=${abort}`, () => {
      const server = always({ sysctls: { [ABORT]: abort }, listener: { backlog: 1 } });
      const isn = server.syn(40_000);
      server.listener.acceptLength = 2;
      server.delta();
      for (let i = 0; i < 3; i++) {
        expect(server.receive({ flags: ACK, seq: 101, ack: isn + 1 })).toEqual([]);
        expect(server.delta()).toEqual({
          TcpExtSyncookiesRecv: 1,
          TcpExtListenOverflows: 1,
          TcpExtListenDrops: 1,
        });
      }
      server.listener.acceptLength = 1;
      server.receive({ flags: ACK, seq: 101, ack: isn + 1 });
      expect(server.stateOf()).toBe(ESTABLISHED);
    });
  }

  test("with a wrong cookie is reset and counted as failed", () => {
    const server = always();
    const isn = server.syn();
    server.delta();
    const ack = (isn + 1 + 0x10000) | 0;
    expect(server.receive({ flags: ACK, seq: 101, ack })).toMatchObject([{ flags: RST, seq: ack }]);
    expect(server.delta()).toEqual({ TcpExtSyncookiesFailed: 1, ...STRAY });
  });

  test("with another sequence number than the SYN's is a failed cookie", () => {
    const server = always();
    const isn = server.syn();
    server.delta();
    server.receive({ flags: ACK, seq: 901, ack: isn + 1 });
    expect(server.delta()).toEqual({ TcpExtSyncookiesFailed: 1, ...STRAY });
  });

  test("is not examined while cookies are off", () => {
    const server = new TestHost({ sysctls: { [SYNCOOKIES]: 0 } });
    server.receive({ flags: ACK, seq: 101, ack: 1 });
    expect(server.delta()).toEqual(STRAY);
  });

  test("that is a SYN-ACK or a RST is not examined", () => {
    const server = always();
    const isn = server.syn();
    server.delta();
    server.receive({ flags: SYN | ACK, seq: 101, ack: isn + 1 });
    expect(server.delta()).toEqual(STRAY);
    server.receive({ flags: RST | ACK, seq: 101, ack: isn + 1 });
    expect(server.delta()).toEqual({});
  });
});

test("the ACK of a cookie that has timestamps, where these were switched off, is counted and reset", () => {
  const server = always({ sysctls: { "net.ipv4.tcp_timestamps": 0 } });
  const isn = server.syn();
  server.delta();
  server.receive({ flags: ACK, seq: 101, ack: isn + 1, tsval: 5 });
  expect(server.delta()).toEqual({ TcpExtSyncookiesRecv: 1, ...STRAY });
});

describe("a cookie's timestamp", () => {
  test("tells the options, and is up to 63 ms behind the clock, never before it", () => {
    for (const options of [0, OPT_SACK, OPT_WSCALE, OPT_SACK | OPT_WSCALE]) {
      for (let ms = 1_000_000; ms < 1_000_128; ms++) {
        const stamp = cookieTimestamp(ms, options);
        expect(ms - stamp).toBeGreaterThanOrEqual(0);
        expect(ms - stamp).toBeLessThanOrEqual(63);
        expect([cookieHasSack(stamp), cookieHasScale(stamp)]).toEqual([
          (options & OPT_SACK) !== 0,
          (options & OPT_WSCALE) !== 0,
        ]);
      }
    }
  });

  test("keeps SACK for the child", () => {
    const keeps = [SYN | OPT_SACK, SYN].map((flags) => {
      const server = always();
      const [synAck] = server.receive({ flags, seq: 100, tsval: 5 });
      server.receive({ flags: ACK, seq: 101, ack: synAck!.seq + 1, tsval: 6, tsecr: synAck!.tsval });
      return (server.host.table.rows[(server.rowOf() << ROW_SHIFT) + R_STATE]! & ROW_SACK) !== 0;
    });
    expect(keeps).toEqual([true, false]);
  });
});

describe("a cookie of the first second of a minute", () => {
  const times = [
    [59.9, true, "in the same minute"],
    [60.1, true, "in the next minute"],
    [119.9, true, "at the end of the next minute"],
    [120, false, "when the second minute after it begins"],
  ] as const;
  for (const [atS, isValid, why] of times) {
    test(`is ${isValid ? "taken" : "refused"} ${why}`, () => {
      const server = always({ bootTicks: MINUTE_BEGINS });
      const isn = server.syn();
      // Cookies to others keep the window of recent overflow open.
      server.advanceTo(110);
      server.syn(50_000);
      server.advanceTo(atS);
      server.receive({ flags: ACK, seq: 101, ack: isn + 1 });
      expect(server.counter("TcpExtSyncookiesRecv")).toBe(isValid ? 1 : 0);
      expect(server.counter("TcpExtSyncookiesFailed")).toBe(isValid ? 0 : 1);
    });
  }
});

describe("the window of recent overflow", () => {
  const edges = [
    // after the last cookie, examined?
    [119.9, true, "is open 119.9 s after a cookie was sent"],
    [120, true, "is open 120 s after it"],
    [120.004, false, "is closed a tick later"],
  ] as const;
  for (const [afterS, isOpen, why] of edges) {
    test(why, () => {
      const server = always({ bootTicks: FIRST_TICK });
      server.syn();
      server.delta();
      server.advanceTo(afterS);
      server.receive({ flags: ACK, seq: 7, ack: 7 });
      expect(server.delta()).toEqual(isOpen ? { TcpExtSyncookiesFailed: 1, ...STRAY } : STRAY);
    });
  }

  const refreshes = [
    [1, 120.9, false, "a cookie within a second of the noted one does not move it"],
    [1.004, 120.9, true, "a cookie more than a second later does"],
  ] as const;
  for (const [secondS, atS, isOpen, why] of refreshes) {
    test(why, () => {
      const server = always();
      server.syn();
      server.advanceTo(secondS);
      server.syn(50_000);
      server.advanceTo(atS);
      server.receive({ flags: ACK, seq: 7, ack: 7 });
      expect(server.counter("TcpExtSyncookiesFailed")).toBe(isOpen ? 1 : 0);
    });
  }

  test("is closed before any cookie was sent", () => {
    const server = new TestHost();
    server.receive({ flags: ACK, seq: 7, ack: 7 });
    expect(server.delta()).toEqual(STRAY);
  });
});

test("with syncookies=1 a request with a wrong ACK has its ACK examined as a cookie", () => {
  const server = new TestHost({ listener: { backlog: 0 } });
  const isn = server.syn(40_000);
  server.syn(40_001);
  server.delta();
  server.receive({ flags: ACK, seq: 101, ack: isn + 0x1000 });
  expect(server.delta()).toEqual({ TcpExtSyncookiesFailed: 1, ...STRAY });
  expect(server.listener.synLength).toBe(1);
});

test("the ACK of a cookie whose 4-tuple has got a half-open meanwhile is counted as a child, and dropped in silence", () => {
  const server = new TestHost({ listener: { backlog: 0 } });
  server.syn(40_000);
  const cookie = server.syn(40_001);
  server.receive({ flags: RST, seq: 101, port: 40_000 });
  const isn = server.syn(40_001);
  server.delta();
  expect(server.receive({ flags: ACK, seq: 101, ack: cookie + 1, port: 40_001 })).toEqual([]);
  expect(server.delta()).toEqual({ TcpExtSyncookiesRecv: 1, TcpPassiveOpens: 1 });
  expect(server.stateOf(40_001)).toBe(NEW_SYN_RECV);
  server.receive({ flags: ACK, seq: 101, ack: isn + 1, port: 40_001 });
  expect(server.stateOf(40_001)).toBe(ESTABLISHED);
});

test("a SYN sent again gets the same cookie in the same minute, and counts again", () => {
  const server = always({ bootTicks: MINUTE_BEGINS });
  const first = server.syn();
  server.advanceTo(3);
  expect(server.syn()).toBe(first);
  expect(server.counter("TcpExtSyncookiesSent")).toBe(2);
  expect(server.counter("TcpExtTCPReqQFullDoCookies")).toBe(2);
  server.advanceTo(60);
  expect(server.syn()).not.toBe(first);
});
