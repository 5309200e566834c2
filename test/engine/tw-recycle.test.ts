/**
 * Goal    tcp_tw_recycle of kernel 4.4 (kernel-semantics 7.9): how long TIME_WAIT lasts, and whose SYNs are dropped for it.
 * Method  A server that closes first, on both sides of each limit. Booted a whole number of seconds before, so that seconds of uptime are those of the run.
 */
import { describe, expect, test } from "vitest";
import { ACK, FIN, FIN_WAIT2, SYN, TIME_WAIT } from "../../src/engine/layout.ts";
import { PeerMetrics } from "../../src/engine/peer-metrics.ts";
import { type Keys, TestHost } from "./helpers.ts";

const RECYCLE = { "net.ipv4.tcp_tw_recycle": 1 };

const serverWith = (sysctls: Keys = RECYCLE): TestHost =>
  new TestHost({ kernel: "4.4", sysctls, listener: { backlog: 64 }, bootTicks: 250 * 5000 });

interface Peer {
  readonly tsval?: number;
  readonly peer?: number;
}

/** A connection that the server closes first: its FIN is acknowledged, and where `fin`, the peer's has come too. */
function closeFirst(server: TestHost, port: number, from: Peer, fin = true): void {
  const next = (server.establish(port, 100, from) + 1) | 0;
  server.close(server.accept());
  const flags = fin ? FIN | ACK : ACK;
  server.receive({ flags, seq: 101, ack: next, port, ...from });
}

const OTHERS_PEER = (10 << 24) | 3;
/** What the server counts for a SYN of another port. */
function synCounts(server: TestHost, from: Peer): unknown {
  server.delta();
  server.receive({ flags: SYN, seq: 900, port: 50_000, ...from });
  return server.delta();
}
const TAKEN = { TcpOutSegs: 1 };
const DROPPED = { TcpExtPAWSPassive: 1, TcpExtListenDrops: 1 };

describe("a SYN of an address whose last connection ended at timestamp 10000", () => {
  const cases = [
    // later by s, the SYN, what is counted, why
    [1, { tsval: 10_001 }, TAKEN, "is taken with a newer timestamp"],
    [1, { tsval: 9999 }, TAKEN, "is taken one older: TCP_PAWS_WINDOW"],
    [1, { tsval: 9998 }, DROPPED, "is dropped two older, without an answer"],
    [1, {}, DROPPED, "is dropped without a timestamp"],
    [59.9, { tsval: 5 }, DROPPED, "is dropped 59 whole seconds later"],
    [60, { tsval: 5 }, TAKEN, "is taken after 60 seconds"],
    [1, { tsval: 5, peer: OTHERS_PEER }, TAKEN, "is taken of another address"],
    [1, { tsval: (10_000 + 0x7fffffff) | 0 }, TAKEN, "is taken half the clock's range ahead"],
    [1, { tsval: (10_000 - 0x7fffffff) | 0 }, DROPPED, "is dropped half the range behind"],
  ] as const;
  test.each(cases)("%d s later, %o: %o, it %s", (later, from, counts) => {
    const server = serverWith();
    server.advanceTo(2);
    closeFirst(server, 40_000, { tsval: 10_000 });
    server.advanceTo(2 + later);
    expect(synCounts(server, from)).toEqual(counts);
  });

  const untouched = [
    [{}, true, "with tcp_tw_recycle 0, the default"],
    [{ ...RECYCLE, "net.ipv4.tcp_timestamps": 0 }, true, "without timestamps at the server"],
  ] as const;
  test.each(untouched)("is taken however old %o", (sysctls) => {
    const server = serverWith(sysctls);
    closeFirst(server, 40_000, { tsval: 10_000 });
    server.advanceTo(1);
    expect(synCounts(server, { tsval: 5 })).toEqual(TAKEN);
  });

  test("is taken where the peer closed first: the server had no TIME_WAIT", () => {
    const server = serverWith();
    const next = server.establish(40_000, 100, { tsval: 10_000 });
    const row = server.accept();
    server.receive({ flags: FIN | ACK, seq: 101, ack: next, tsval: 10_000 });
    server.close(row);
    server.receive({ flags: ACK, seq: 102, ack: next + 1, tsval: 10_000 });
    expect(server.stateOf()).toBe(0);
    expect(synCounts(server, { tsval: 5 })).toEqual(TAKEN);
  });

  test("is dropped only after the queues were looked at: a cookie is sent in any case", () => {
    const server = serverWith();
    closeFirst(server, 40_000, { tsval: 10_000 });
    for (let port = 1; port <= 64; port++) server.syn(port, 7, { tsval: 20_000 });
    expect(synCounts(server, { tsval: 5 })).toMatchObject({ TcpExtSyncookiesSent: 1 });
  });

  test("that its own TIME_WAIT lets through is taken", () => {
    const server = serverWith();
    closeFirst(server, 40_000, { tsval: 10_000 });
    closeFirst(server, 40_001, { tsval: 12_000 });
    server.delta();
    server.receive({ flags: SYN, seq: 9000, port: 40_000, tsval: 11_000 });
    expect(server.delta()).toEqual(TAKEN);
  });
});

test("an orphan's FIN is noted when it comes, not when it was waited for", () => {
  const server = serverWith();
  closeFirst(server, 40_000, { tsval: 10_000 }, false);
  expect(server.stateOf()).toBe(FIN_WAIT2);
  server.advanceTo(1.5);
  const next = (server.sent[0]!.seq + 2) | 0;
  server.receive({ flags: FIN | ACK, seq: 101, ack: next, tsval: 20_000 });
  expect(server.stateOf()).toBe(TIME_WAIT);
  expect(synCounts(server, { tsval: 19_000 })).toEqual(DROPPED);
});

describe("TIME_WAIT lasts", () => {
  /** When it is gone, s after it began, and what it counted as. */
  const lifeOf = (server: TestHost): [number, unknown] => {
    const from = server.nowS;
    server.delta();
    while (server.stateOf() === TIME_WAIT && server.nowS < from + 100) server.advanceTo(server.nowS + 0.004);
    return [Math.round((server.nowS - from) * 100) / 100, server.delta()];
  };

  test("3.5 RTO with tcp_tw_recycle, 0.7 s on a short path, and counts as killed", () => {
    const server = serverWith();
    closeFirst(server, 40_000, { tsval: 10_000 });
    const [lifeS, counts] = lifeOf(server);
    expect(counts).toEqual({ TcpExtTWKilled: 1 });
    expect(lifeS).toBeGreaterThan(0.69);
    expect(lifeS).toBeLessThan(0.75);
  });

  test("as long after an orphan's FIN_WAIT2", () => {
    const server = serverWith();
    closeFirst(server, 40_000, { tsval: 10_000 }, false);
    server.advanceTo(0.3);
    const next = (server.sent[0]!.seq + 2) | 0;
    server.receive({ flags: FIN | ACK, seq: 101, ack: next, tsval: 10_300 });
    const [lifeS, counts] = lifeOf(server);
    expect(counts).toEqual({ TcpExtTWKilled: 1 });
    expect(lifeS).toBeLessThan(0.75);
  });

  const whole = [
    [RECYCLE, {}, "without timestamps"],
    [{}, { tsval: 10_000 }, "with tcp_tw_recycle 0"],
  ] as const;
  test.each(whole)("60 s with %o and %o: %s", (sysctls, from) => {
    const server = serverWith(sysctls);
    closeFirst(server, 40_000, from);
    const [lifeS, counts] = lifeOf(server);
    expect(lifeS).toBeCloseTo(60, 1);
    expect(counts).toEqual({ TcpExtTW: 1 });
  });

  test("60 s once a bare ACK has started it anew", () => {
    const server = serverWith();
    closeFirst(server, 40_000, { tsval: 10_000 });
    const next = (server.sent[0]!.seq + 2) | 0;
    server.receive({ flags: ACK, seq: 102, ack: next, tsval: 10_001 });
    const [lifeS, counts] = lifeOf(server);
    expect(lifeS).toBeCloseTo(60, 1);
    expect(counts).toEqual({ TcpExtTW: 1 });
  });
});

describe("of two connections of an address the noted timestamp is", () => {
  const noted = (stamps: readonly (readonly [tsval: number, atS: number])[], tsval: number, nowS: number): boolean => {
    const metrics = new PeerMetrics();
    for (const [stamp, atS] of stamps) metrics.noteStamp(7, stamp, atS);
    return metrics.isOutdated(7, true, tsval, nowS);
  };

  test("the newer one, whoever ended last", () => {
    const stamps = [
      [5000, 100],
      [400, 110],
    ] as const;
    expect(noted(stamps, 4000, 120)).toBe(true);
    // ... and its time is not moved by the older one.
    expect(noted(stamps, 4000, 160)).toBe(false);
  });

  test("the older one once the newer is more than a minute old", () => {
    const stamps = (atS: number) =>
      [
        [5000, 100],
        [400, atS],
      ] as const;
    expect(noted(stamps(161), 100, 162)).toBe(true);
    expect(noted(stamps(160), 100, 162)).toBe(false);
  });

  test("kept while the cache grows", () => {
    const metrics = new PeerMetrics();
    metrics.noteStamp(7, 5000, 100);
    for (let key = 100; key < 400; key++) metrics.noteStamp(key, 1, 100);
    expect(metrics.isOutdated(7, true, 4000, 110)).toBe(true);
    expect(metrics.isOutdated(8, true, 4000, 110)).toBe(false);
  });
});
