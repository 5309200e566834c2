/**
 * Goal    What a listener makes of segments that are no SYN, what it agrees to, and how listeners of one port share it (kernel-semantics 2.2, 2.6,
 *         4.7, 5.3, 8.1).
 * Method  One host, segment by segment.
 */
import { describe, expect, test } from "vitest";
import { closeListener } from "../../src/engine/close.ts";
import { ACK, ESTABLISHED, FIN, NEW_SYN_RECV, OPT_SACK, OPT_TS, PSH, RST, SYN } from "../../src/engine/layout.ts";
import { Listener } from "../../src/engine/listener.ts";
import { HOST_ADDRESS, type Keys, specOf, TestHost } from "./helpers.ts";

describe("a listener that meets", () => {
  const STRAY = { TcpOutRsts: 1, TcpOutSegs: 1 };
  const rows = [
    // flags, reply, counters, why
    [SYN, SYN | ACK, { TcpOutSegs: 1 }, "a SYN answers"],
    [SYN | PSH, SYN | ACK, { TcpOutSegs: 1 }, "a SYN with PSH answers: other flags do not matter"],
    [SYN | FIN, 0, {}, "a SYN with FIN says and counts nothing"],
    [SYN | ACK, RST, STRAY, "a SYN-ACK resets, without a look at it as a cookie"],
    [SYN | ACK | FIN, RST, STRAY, "a SYN-ACK with FIN resets too"],
    [ACK, RST, STRAY, "an ACK of nobody resets"],
    [ACK | FIN, RST, STRAY, "a FIN of nobody resets"],
    [RST, 0, {}, "a RST says nothing"],
    [RST | ACK, 0, {}, "a RST with ACK says nothing"],
    [FIN, 0, {}, "a FIN without ACK says nothing"],
    [PSH, 0, {}, "a segment with no flag that counts says nothing"],
  ] as const;
  for (const [flags, reply, counted, why] of rows) {
    test(why, () => {
      const server = new TestHost();
      const sent = server.receive({ flags, seq: 100, ack: 7 });
      expect(sent.map((segment) => segment.flags & (SYN | ACK | RST))).toEqual(reply === 0 ? [] : [reply]);
      expect(server.delta()).toEqual(counted);
    });
  }

  test("a SYN with data takes the SYN only: what comes next is the byte behind it", () => {
    const server = new TestHost();
    expect(server.receive({ flags: SYN, seq: 100, length: 50 })).toMatchObject([{ flags: SYN | ACK, ack: 101 }]);
  });
});

describe("a SYN-ACK", () => {
  const rows: [string, { flags: number; tsval?: number }, Keys, number][] = [
    ["has timestamps where they were offered", { flags: SYN, tsval: 5 }, {}, OPT_TS],
    ["has none where they were not", { flags: SYN }, {}, 0],
    ["has none where they are off", { flags: SYN, tsval: 5 }, { "net.ipv4.tcp_timestamps": 0 }, 0],
    ["has SACK where it was offered", { flags: SYN | OPT_SACK }, {}, OPT_SACK],
    ["has no SACK where it was not", { flags: SYN }, {}, 0],
    ["has no SACK where it is off", { flags: SYN | OPT_SACK }, { "net.ipv4.tcp_sack": 0 }, 0],
  ];
  test.each(rows)("%s", (_, syn, sysctls, options) => {
    const [reply] = new TestHost({ sysctls }).receive({ seq: 100, ...syn });
    expect(reply!.flags & (OPT_TS | OPT_SACK)).toBe(options);
  });

  test("echoes the SYN's timestamp, and has the host's clock: with an offset, without one with tcp_timestamps=2", () => {
    const stampOf = (timestamps: number): number => {
      const server = new TestHost({ sysctls: { "net.ipv4.tcp_timestamps": timestamps } });
      server.advanceTo(0.5);
      const [reply] = server.receive({ flags: SYN, seq: 100, tsval: 77 });
      expect(reply!.tsecr).toBe(77);
      return reply!.tsval;
    };
    expect(stampOf(2)).toBe(500);
    expect(stampOf(1)).not.toBe(500);
  });
});

describe("the accept queue", () => {
  test("has room again after each accept()", () => {
    const server = new TestHost({ listener: { backlog: 1 } });
    server.establish(40_000);
    server.establish(40_001);
    expect(server.syn(40_002)).toBeNaN();
    server.accept();
    expect(server.listener.acceptLength).toBe(1);
    server.establish(40_003);
    expect(server.stateOf(40_003)).toBe(ESTABLISHED);
    expect(server.syn(40_004)).toBeNaN();
  });
});

/** Two listeners of port 80 that share it. */
function sharing(sysctls: Keys = {}): { server: TestHost; members: readonly [Listener, Listener] } {
  const server = new TestHost({ sysctls, listener: { reuseport: true, backlog: 500 } });
  const spec = specOf({ duration_s: 1, server: { sysctls, listeners: [{ port: 80, backlog: 500, reuseport: true }] } });
  const second = new Listener(1, spec.listeners[0]!, spec.server);
  second.listening = true;
  server.host.addListener(second);
  return { server, members: [server.listener, second] };
}

describe("listeners with SO_REUSEPORT", () => {
  test("share SYNs by their 4-tuples: each has queues of its own, and a SYN sent again goes to the same one", () => {
    const { server, members } = sharing({ "net.ipv4.tcp_syncookies": 0 });
    for (let port = 40_000; port < 40_400; port++) server.syn(port);
    const lengths = members.map(({ synLength }) => synLength);
    expect(lengths[0]! + lengths[1]!).toBe(400);
    // 400 fair draws: three standard deviations are 30.
    expect(Math.abs(lengths[0]! - 200)).toBeLessThan(30);
    for (let port = 40_000; port < 40_400; port++) server.syn(port);
    expect(members.map(({ synLength }) => synLength)).toEqual(lengths);
  });

  test("keep their half-opens: the final ACK goes to the listener of the SYN", () => {
    const { server, members } = sharing();
    for (let port = 40_000; port < 40_050; port++) server.establish(port);
    expect(members.every(({ synLength }) => synLength === 0)).toBe(true);
    expect(members.map(({ acceptLength }) => acceptLength > 0)).toEqual([true, true]);
  });

  test("take all SYNs when the other one is closed, and a half-open of that one finds no socket", () => {
    const { server, members } = sharing();
    const isns = Array.from({ length: 20 }, (_, i) => server.syn(40_000 + i));
    const before = members[0].synLength;
    closeListener(server.host, members[0]);
    for (let port = 41_000; port < 41_020; port++) server.syn(port);
    expect(members[0].synLength).toBe(before);
    isns.forEach((isn, i) => {
      server.receive({ flags: ACK, seq: 101, ack: isn + 1, port: 40_000 + i });
    });
    expect(server.counter("TcpPassiveOpens")).toBe(20 - before);
    expect(server.counter("TcpOutRsts")).toBe(before);
    expect(server.host.states[NEW_SYN_RECV]).toBe(20);
  });

  test("share the time of the last cookie: each examines ACKs after a cookie of the other", () => {
    const { server } = sharing({ "net.ipv4.tcp_syncookies": 2 });
    server.syn(40_000);
    const group = [...Array(40).keys()].map((i) => 42_000 + i);
    for (const port of group) server.receive({ flags: ACK, seq: 7, ack: 7, port });
    expect(server.counter("TcpExtSyncookiesFailed")).toBe(group.length);
  });
});

test("the address of another host is another 4-tuple", () => {
  const server = new TestHost();
  server.establish(40_000, 100, { peer: HOST_ADDRESS + 9 });
  expect(server.receive({ flags: ACK, seq: 101, ack: 5 })).toMatchObject([{ flags: RST }]);
});
