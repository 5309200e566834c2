/**
 * Goal    TIME_WAIT and FIN_WAIT2: how long they last, how many there may be, and what each segment does to them (kernel-semantics 7.4, 7.7, 7.8).
 * Method  A server that closes first, driven segment by segment.
 */
import { describe, expect, test } from "vitest";
import { closeListener } from "../../src/engine/close.ts";
import {
  ACK,
  FIN,
  FIN_WAIT1,
  FIN_WAIT2,
  NEW_SYN_RECV,
  OPT_TS,
  PSH,
  R_SND_NXT,
  ROW_SHIFT,
  RST,
  SYN,
  TIME_WAIT,
} from "../../src/engine/layout.ts";
import { type Keys, TestHost } from "./helpers.ts";

interface Closed {
  readonly server: TestHost;
  /** The server's next sequence number; the peer's is 101, in TIME_WAIT 102. */
  readonly next: number;
}

/** A server whose FIN is acknowledged: the orphan is in FIN_WAIT2. */
function inFinWait2(
  sysctls: Keys = {},
  stamp: { readonly tsval?: number } = {},
  port = 40_000,
  host?: TestHost,
): Closed {
  const server = host ?? new TestHost({ sysctls });
  const next = (server.establish(port, 100, stamp) + 1) | 0;
  server.close(server.accept());
  server.delta();
  server.receive({ flags: ACK, seq: 101, ack: next, port, ...stamp });
  return { server, next };
}

/** The same, and the peer's FIN has come. */
function inTimeWait(
  sysctls: Keys = {},
  stamp: { readonly tsval?: number } = {},
  port = 40_000,
  host?: TestHost,
): Closed {
  const { server, next } = inFinWait2(sysctls, stamp, port, host);
  server.receive({ flags: FIN | ACK, seq: 101, ack: next, port, ...stamp });
  server.delta();
  server.sent.length = 0;
  return { server, next };
}

/** When the socket of port 40000 is gone, s. */
function goneAtS(server: TestHost, limitS = 400): number {
  for (let s = server.nowS; s <= limitS; s += 0.05) {
    server.advanceTo(s);
    if (server.stateOf() === 0) return s;
  }
  return Number.POSITIVE_INFINITY;
}

describe("an orphan in FIN_WAIT2", () => {
  const times = [
    // tcp_fin_timeout, seconds it lasts, counter, why
    [3, 3, "TcpExtTWKilled", "a short time"],
    [4, 4, "TcpExtTWKilled", "4 s still count as killed"],
    [5, 5, "TcpExtTW", "5 s count as TIME_WAIT"],
    [60, 60, "TcpExtTW", "the default"],
    [61, 2, "TcpExtTWKilled", "beyond 60 s: twice what is above 60"],
    [64, 8, "TcpExtTWKilled", "the mini-socket's part is 4 s"],
    [65, 10, "TcpExtTW", "the mini-socket's part is 5 s"],
    [66, 12, "TcpExtTW", "as the kernel was seen to do (12.4 s)"],
    [90, 60, "TcpExtTW", "as long as 60"],
    [120, 120, "TcpExtTW", "twice 60"],
  ] as const;
  for (const [finTimeout, lastsS, counter, why] of times) {
    test(`lasts ${lastsS} s with tcp_fin_timeout=${finTimeout}: ${why}`, () => {
      const { server } = inFinWait2({ "net.ipv4.tcp_fin_timeout": finTimeout });
      expect(server.stateOf()).toBe(FIN_WAIT2);
      const goneS = goneAtS(server);
      expect(goneS).toBeGreaterThanOrEqual(lastsS);
      expect(goneS).toBeLessThanOrEqual(lastsS * 1.06 + 0.1);
      expect(server.counter("TcpExtTW")).toBe(counter === "TcpExtTW" ? 1 : 0);
      expect(server.counter("TcpExtTWKilled")).toBe(counter === "TcpExtTW" ? 0 : 1);
    });
  }

  test("lasts at least 3.5 retransmission time-outs", () => {
    // A SYN-ACK and a FIN that were sent twice give no RTT without timestamps: the time-out is 3 s, doubled.
    const server = new TestHost({ sysctls: { "net.ipv4.tcp_fin_timeout": 5 } });
    const next = (server.syn() + 2) | 0;
    server.receive({ flags: SYN, seq: 100 });
    server.receive({ flags: ACK, seq: 101, ack: next - 1 });
    server.close(server.accept());
    server.advanceTo(3.5);
    server.receive({ flags: ACK, seq: 101, ack: next });
    expect(goneAtS(server)).toBeGreaterThanOrEqual(3.5 + 21);
    expect(server.nowS).toBeLessThan(26);
  });

  const segments = [
    // segment, state after, counters, why
    [{ flags: FIN | ACK, seq: 101 }, TIME_WAIT, { TcpOutSegs: 1 }, "a FIN brings TIME_WAIT"],
    [{ flags: PSH | ACK, seq: 101, length: 1 }, 0, { TcpOutRsts: 1, TcpOutSegs: 1 }, "data is reset"],
    [
      { flags: FIN | PSH | ACK, seq: 101, length: 1 },
      0,
      { TcpOutRsts: 1, TcpOutSegs: 1 },
      "a FIN behind data is reset",
    ],
    [{ flags: SYN, seq: 101 }, 0, { TcpOutRsts: 1, TcpOutSegs: 1 }, "a SYN in the window is reset"],
    [{ flags: RST, seq: 101 }, 0, {}, "a RST ends it"],
    [{ flags: ACK, seq: 101 }, FIN_WAIT2, {}, "a bare ACK is ignored"],
    [{ flags: SYN, seq: 50 }, FIN_WAIT2, { TcpOutSegs: 1 }, "a SYN outside the window is acknowledged"],
    [{ flags: ACK, seq: 50 }, FIN_WAIT2, { TcpOutSegs: 1 }, "an old ACK is acknowledged"],
  ] as const;
  for (const [segment, state, counted, why] of segments) {
    test(why, () => {
      const { server, next } = inFinWait2();
      server.delta();
      server.receive({ ack: next, ...segment });
      expect(server.stateOf()).toBe(state);
      expect(server.delta()).toEqual(counted);
    });
  }

  test("that becomes TIME_WAIT lasts 60 s from there, and is not counted again", () => {
    const { server, next } = inFinWait2({ "net.ipv4.tcp_fin_timeout": 10 });
    server.advanceTo(5);
    server.receive({ flags: FIN | ACK, seq: 101, ack: next });
    expect(goneAtS(server)).toBeGreaterThanOrEqual(65);
    expect(server.nowS).toBeLessThan(67);
    expect(server.counter("TcpExtTW")).toBe(1);
  });
});

test("a FIN that also acknowledges the FIN brings TIME_WAIT at once", () => {
  const server = new TestHost();
  const next = (server.establish() + 1) | 0;
  server.close(server.accept());
  expect(server.stateOf()).toBe(FIN_WAIT1);
  server.delta();
  server.receive({ flags: FIN | ACK, seq: 101, ack: next });
  expect(server.stateOf()).toBe(TIME_WAIT);
  expect(server.delta()).toEqual({ TcpExtTW: 1, TcpOutSegs: 1 });
});

describe("TIME_WAIT", () => {
  test("lasts 60 s, whatever tcp_fin_timeout says", () => {
    for (const finTimeout of [5, 60, 120]) {
      const { server } = inTimeWait({ "net.ipv4.tcp_fin_timeout": finTimeout });
      const goneS = goneAtS(server);
      expect(goneS).toBeGreaterThanOrEqual(60);
      expect(goneS).toBeLessThan(62);
    }
  });

  const buckets = [
    [1, 1, "one bucket holds one"],
    [2, 2, "two hold two"],
    [5, 3, "five are enough for three"],
  ] as const;
  for (const [max, held, why] of buckets) {
    test(`of three connections keeps ${held} with tcp_max_tw_buckets=${max}: ${why}`, () => {
      const server = new TestHost({ sysctls: { "net.ipv4.tcp_max_tw_buckets": max } });
      for (const port of [40_000, 40_001, 40_002]) inTimeWait({}, {}, port, server);
      expect(server.host.timeWaits).toBe(held);
      expect(server.host.states[TIME_WAIT]).toBe(held);
      expect(server.counter("TcpExtTW")).toBe(held);
      expect(server.counter("TcpExtTCPTimeWaitOverflow")).toBe(3 - held);
      expect(server.stateOf(40_002)).toBe(held === 3 ? TIME_WAIT : 0);
    });
  }

  test("counts orphans in FIN_WAIT2 against tcp_max_tw_buckets", () => {
    const server = new TestHost({ sysctls: { "net.ipv4.tcp_max_tw_buckets": 1 } });
    inFinWait2({}, {}, 40_000, server);
    expect(server.host.timeWaits).toBe(1);
    inTimeWait({}, {}, 40_001, server);
    expect(server.stateOf(40_001)).toBe(0);
    expect(server.counter("TcpExtTCPTimeWaitOverflow")).toBe(1);
  });

  test("that finds no bucket has acknowledged the peer's FIN", () => {
    const server = new TestHost({ sysctls: { "net.ipv4.tcp_max_tw_buckets": 0 } });
    const next = (server.establish() + 1) | 0;
    server.close(server.accept());
    expect(server.receive({ flags: FIN | ACK, seq: 101, ack: next })).toMatchObject([{ flags: ACK, ack: 102 }]);
    expect(server.stateOf()).toBe(0);
  });

  test.each([
    [59, true],
    [61, false],
  ])("of %i s ignores an exact RST that is too old by its timestamp: %s", (atS, isIgnored) => {
    const { server, next } = inTimeWait({}, { tsval: 1000 });
    // The peer's FIN comes again: the 60 s start anew, the stored timestamp stays.
    server.advanceTo(30);
    server.receive({ flags: FIN | ACK, seq: 101, ack: next, tsval: 1000 });
    server.advanceTo(atS);
    server.receive({ flags: RST, seq: 102, tsval: 900 });
    expect(server.stateOf()).toBe(isIgnored ? TIME_WAIT : 0);
  });

  const segments = [
    // segment, state after, replies, counters, why
    [{ flags: SYN, seq: 103 }, NEW_SYN_RECV, SYN | ACK, { TcpOutSegs: 1 }, "a SYN beyond the next byte is let through"],
    [{ flags: SYN, seq: 102 }, TIME_WAIT, ACK, { TcpOutSegs: 1 }, "a SYN at the next byte is not"],
    [{ flags: SYN, seq: 50 }, TIME_WAIT, ACK, { TcpOutSegs: 1 }, "an old SYN is acknowledged"],
    [{ flags: SYN | ACK, seq: 103 }, TIME_WAIT, ACK, { TcpOutSegs: 1 }, "a SYN-ACK is not let through"],
    [{ flags: FIN | ACK, seq: 101 }, TIME_WAIT, ACK, { TcpOutSegs: 1 }, "a FIN sent again is acknowledged"],
    [{ flags: ACK, seq: 102 }, TIME_WAIT, 0, {}, "a bare ACK at the next byte gets no reply"],
    [{ flags: RST, seq: 102 }, 0, 0, {}, "an exact RST ends it"],
    [{ flags: RST, seq: 103 }, TIME_WAIT, 0, {}, "another RST does not"],
    [{ flags: RST, seq: 101 }, TIME_WAIT, 0, {}, "an old RST does not"],
  ] as const;
  for (const [segment, state, reply, counted, why] of segments) {
    test(why, () => {
      const { server, next } = inTimeWait();
      const replies = server.receive({ ack: (segment.flags & ACK) !== 0 ? next : 0, ...segment });
      expect(replies.map(({ flags }) => flags & (SYN | ACK | RST | FIN))).toEqual(reply === 0 ? [] : [reply]);
      expect(server.stateOf()).toBe(state);
      expect(server.delta()).toEqual(counted);
    });
  }

  test("answers old SYNs at most once in 500 ms, and FINs always", () => {
    const { server, next } = inTimeWait();
    server.receive({ flags: SYN, seq: 50 });
    server.delta();
    expect(server.receive({ flags: SYN, seq: 50 })).toEqual([]);
    expect(server.delta()).toEqual({ TcpExtTCPACKSkippedTimeWait: 1 });
    expect(server.receive({ flags: FIN | ACK, seq: 101, ack: next }).length).toBe(1);
  });

  test("with tcp_rfc1337=1 an exact RST is ignored", () => {
    const { server } = inTimeWait({ "net.ipv4.tcp_rfc1337": 1 });
    server.receive({ flags: RST, seq: 102 });
    expect(server.stateOf()).toBe(TIME_WAIT);
    expect(server.delta()).toEqual({});
  });

  const restarts = [
    [{ flags: FIN | ACK, seq: 101 }, true, "a FIN sent again starts the 60 s anew"],
    [{ flags: ACK, seq: 102 }, true, "so does a bare ACK"],
    [{ flags: SYN, seq: 50 }, false, "an old SYN does not"],
    [{ flags: RST, seq: 103 }, false, "an inexact RST does not"],
  ] as const;
  for (const [segment, isRestarted, why] of restarts) {
    test(why, () => {
      const { server, next } = inTimeWait();
      server.advanceTo(30);
      server.receive({ ack: (segment.flags & ACK) !== 0 ? next : 0, ...segment });
      expect(goneAtS(server)).toBeGreaterThanOrEqual(isRestarted ? 90 : 60);
      expect(server.nowS).toBeLessThan(isRestarted ? 92 : 62);
    });
  }
});

describe("a new SYN on TIME_WAIT", () => {
  test("gets an initial sequence number beyond the old connection's", () => {
    const { server, next } = inTimeWait();
    expect(server.syn(40_000, 5000)).toBe((next + 65_537) | 0);
    expect(server.host.timeWaits).toBe(0);
  });

  test("never gets the sequence number 0", () => {
    const { server } = inTimeWait();
    server.host.table.rows[(server.rowOf() << ROW_SHIFT) + R_SND_NXT] = -65_537;
    expect(server.syn(40_000, 5000)).toBe(1);
  });

  test("passes a full SYN queue, even beyond the backlog and one", () => {
    const { server } = inTimeWait({ "net.ipv4.tcp_syncookies": 0 });
    server.listener.synLength = 5;
    server.syn(40_000, 5000);
    expect(server.listener.synLength).toBe(6);
    expect(server.delta()).toEqual({ TcpOutSegs: 1 });
  });

  test("ends the TIME_WAIT also when the accept queue is full, and is dropped", () => {
    const { server } = inTimeWait();
    server.listener.acceptLength = 5;
    server.syn(40_000, 5000);
    expect(server.stateOf()).toBe(0);
    expect(server.delta()).toEqual({ TcpExtListenOverflows: 1, TcpExtListenDrops: 1 });
  });

  test("is acknowledged like an old one when nobody listens", () => {
    const { server } = inTimeWait();
    closeListener(server.host, server.listener);
    expect(server.receive({ flags: SYN, seq: 5000 })).toMatchObject([{ flags: ACK, ack: 102 }]);
    expect(server.stateOf()).toBe(TIME_WAIT);
  });

  const stamps = [
    [50, 1001, true, "a newer timestamp lets an old sequence number through"],
    [50, 1000, false, "the same timestamp does not"],
    [5000, 1000, true, "the same timestamp does not hinder a new sequence number"],
    [5000, 999, false, "an older timestamp does, and counts"],
  ] as const;
  for (const [seq, tsval, isAccepted, why] of stamps) {
    test(why, () => {
      const { server } = inTimeWait({}, { tsval: 1000 });
      const [reply] = server.receive({ flags: SYN, seq, tsval });
      expect(reply!.flags & (SYN | ACK)).toBe(isAccepted ? SYN | ACK : ACK);
      expect(reply!.flags & OPT_TS).toBe(OPT_TS);
      expect(server.counter("TcpExtPAWSTimewait")).toBe(tsval < 1000 ? 1 : 0);
    });
  }
});
