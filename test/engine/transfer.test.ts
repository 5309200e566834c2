/**
 * Goal    Requests and responses of more than a segment: how many round trips they take, who limits the window, what a loss costs, what is counted.
 * Method  Short scenarios, 50 ms away. Latencies and segments of the tables were read off a live 6.18.44 (two namespaces and a forwarder, reno).
 */
import { describe, expect, test } from "vitest";
import { cookieHasScale, cookieTimestamp } from "../../src/engine/cookie.ts";
import { ACK, OPT_SACK, OPT_TS, OPT_WSCALE, PSH, SYN } from "../../src/engine/layout.ts";
import { Streams } from "../../src/engine/streams.ts";
import { type Keys, runOf, TestHost } from "./helpers.ts";

const MIB = 2 ** 20;

interface Case {
  readonly sysctls?: Keys;
  readonly client?: Keys;
  readonly impairments?: Keys[];
  readonly durationS?: number;
}

function viewOf(request_bytes: number, response_bytes: number, { sysctls = {}, client = {}, ...more }: Case = {}) {
  const named = (values: Keys): Keys =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`net.ipv4.tcp_${name}`, value]));
  return runOf({
    duration_s: more.durationS ?? 20,
    server: { sysctls: named(sysctls), listeners: [{ port: 80, backlog: 8, app: { request_bytes, response_bytes } }] },
    client: { one_way_delay_s: 0.05 },
    workloads: [
      { name: "one", kind: "connections", port: 80, count: 1, request_bytes, response_bytes, hold_s: 1, ...client },
    ],
    impairments: more.impairments ?? [],
  });
}

const responseMs = (view: ReturnType<typeof viewOf>): number => view.extreme(0, "responseMaxUs") / 1000;

describe("a transfer without losses", () => {
  const COOKIES = { syncookies: 2 };
  const PLAIN_COOKIES = { syncookies: 2, timestamps: 0 };
  const rows: [number, number, Keys, number, number, number, string][] = [
    // request, response, sysctls, kernel's ms, server's segments, client's without ACKs of data, why
    [100, 1448, {}, 201, 4, 5, "one segment takes two round trips, one of them for the handshake"],
    [100, 5000, {}, 201, 7, 5, "four segments leave together"],
    [100, 14_480, {}, 201, 13, 5, "ten are the first window"],
    [100, 14_481, {}, 301, 14, 5, "an eleventh waits for their ACKs"],
    [100, 20_000, {}, 301, 17, 5, "20 of them would"],
    [100, 100_000, {}, 401, 73, 5, "10 + 20 + 40 segments"],
    [100, 100_000, { window_scaling: 0 }, 402, 73, 5, "an unscaled window of 45 segments is not yet too small"],
    [100, 1_000_000, {}, 808, 694, 5, "the window doubles"],
    [100, 1_000_000, { timestamps: 0 }, 809, 688, 5, "segments without timestamps have 12 bytes more"],
    [100, 1_000_000, { window_scaling: 0 }, 1811, 694, 5, "45 segments a round trip are the most without scaling"],
    [100, 1_000_000, COOKIES, 809, 694, 5, "a cookie with timestamps keeps the scaling"],
    [100, 1_000_000, PLAIN_COOKIES, 1809, 688, 5, "without timestamps it forgets it"],
    [100_000, 100, {}, 402, 4, 74, "a request is sent like a response"],
    [1_000_000, 100, PLAIN_COOKIES, 1810, 4, 689, "and the client's window is the server's to limit"],
  ];
  test.each(rows)(
    "%i bytes, %i back, %o: %d ms, %i and %i segments: %s",
    (request, response, sysctls, ms, server, client) => {
      const view = viewOf(request, response, { sysctls });
      expect(view.outcome(0, "completed")).toBe(1);
      expect(Math.abs(responseMs(view) / ms - 1)).toBeLessThan(0.015);
      const wire = view.wire();
      // ACKs of data and of the request apart, and the FIN.
      expect((wire.out_synack ?? 0) + (wire.out_data ?? 0) + 2 * (wire.out_fin ?? 0)).toBe(server);
      expect((wire.in_syn ?? 0) + (wire.in_data ?? 0) + 3 * (wire.in_fin ?? 0)).toBe(client);
      expect(view.counter("server", "TcpRetransSegs") + view.counter("client", "TcpRetransSegs")).toBe(0);
    },
  );

  test("has about as many ACKs as a kernel sends", () => {
    // SYN, ACK, request, FIN, ACK of the FIN and those of the data: 4 of 4, 10 of 14, 33 to 39 of 70.
    const clientSegments = [5000, 20_000, 100_000].map((bytes) => viewOf(100, bytes).counter("client", "TcpOutSegs"));
    expect(clientSegments).toEqual([9, 15, 43]);
  });

  test("is no longer limited by scaled windows than by the 3 MiB that buffers hold", () => {
    // 10 + ... + 1280 segments in eight flights, then 2172 a round trip: 11 588 in 13.
    expect(responseMs(viewOf(100, 16 * MIB, { durationS: 60 })) / 1402).toBeCloseTo(1, 2);
    expect(viewOf(100, 64 * MIB, { durationS: 60 }).outcome(0, "completed")).toBe(1);
  });
});

describe("the next response of a connection", () => {
  const next = (think_time_s: number) => {
    const view = viewOf(100, 100_000, { client: { requests_per_connection: 2, think_time_s } });
    expect(view.workloadField(0, "responses")).toBe(2);
    // The first one takes 401 ms, with the handshake.
    return view.extreme(0, "responseSumUs") / 1000 - 401;
  };

  test("begins with the window that the last one left", () => {
    // 80 segments, so 70 leave at once.
    expect(next(0.05)).toBeCloseTo(100, -1);
  });

  test("begins anew after a pause: each RTO of silence halves the window (tcp_cwnd_restart)", () => {
    expect(next(0.5)).toBeCloseTo(200, -1);
    expect(next(5)).toBeCloseTo(300, -1);
  });
});

describe("the FIN", () => {
  test("follows the last of what was written", () => {
    const view = runOf({
      duration_s: 5,
      server: {
        listeners: [
          { port: 80, backlog: 8, app: { request_bytes: 100, response_bytes: 100_000, close: "after_response" } },
        ],
      },
      client: { one_way_delay_s: 0.05 },
      workloads: [
        ...[{ name: "one", kind: "connections", port: 80, count: 1, request_bytes: 100, response_bytes: 100_000 }],
      ],
    });
    expect(view.outcome(0, "completed")).toBe(1);
    expect(responseMs(view)).toBeCloseTo(401, 0);
  });
});

describe("lost segments", () => {
  const lossOf = (everyNth: number, startS: number, endS: number): Keys[] => [
    { direction: "to_client", match: "data", drop_every_nth: everyNth, start_s: startS, end_s: endS },
  ];

  test("of a flight that others tell of are sent again a round trip later", () => {
    // The second flight, of 4 segments, loses its first.
    const view = viewOf(100, 20_000, { impairments: lossOf(100, 0.22, 0.35) });
    expect(view.counter("server", "TcpRetransSegs")).toBe(1);
    expect(view.counter("server", "TcpExtTCPTimeouts") + view.counter("server", "TcpExtTCPLossProbes")).toBe(0);
    expect(responseMs(view)).toBeCloseTo(401, 0);
    expect(view.impairmentDropped()).toEqual([1]);
  });

  test("take new data along", () => {
    // The first flight loses its first segment: 13 (the window is 7, then) of 70 leave together with it, so one round trip more is needed.
    const view = viewOf(100, 20_000, { impairments: lossOf(100, 0.12, 0.22) });
    expect(view.counter("server", "TcpRetransSegs")).toBe(1);
    expect(responseMs(view)).toBeCloseTo(301, 0);
  });

  test("are told of by one segment behind them; a lost tail is not told", () => {
    // What leaves the server in this time: the ACK of the request, and the 10 segments of the response.
    const lost = (nth: number) =>
      viewOf(100, 14_480, {
        impairments: [{ direction: "to_client", match: "any", drop_every_nth: nth, start_s: 0.12, end_s: 0.22 }],
      });
    const [ninth, tenth] = [lost(9), lost(10)];
    expect([ninth, tenth].map((view) => view.impairmentDropped())).toEqual([[2], [2]]);
    expect([ninth, tenth].map((view) => view.counter("server", "TcpExtTCPLossProbes"))).toEqual([0, 1]);
    expect(responseMs(ninth)).toBeCloseTo(301, 0);
    expect(responseMs(tenth)).toBeGreaterThan(500);
  });

  test("at the end wait for a probe, and for the RTO when SACK is off", () => {
    // The last of 11 segments is alone in the second flight.
    const bytes = 14_481;
    const probed = viewOf(100, bytes, { impairments: lossOf(1, 0.22, 0.35) });
    expect(probed.counter("server", "TcpExtTCPLossProbes")).toBe(1);
    expect(responseMs(probed)).toBeGreaterThan(600);
    expect(responseMs(probed)).toBeLessThan(730);
    const timed = viewOf(100, bytes, { sysctls: { sack: 0 }, impairments: lossOf(1, 0.22, 0.35) });
    expect(timed.counter("server", "TcpExtTCPTimeouts")).toBe(1);
  });

  test("are all sent again, when a whole flight is lost: one, two, four segments a round trip after a time-out", () => {
    const view = viewOf(100, 10_000, { sysctls: { sack: 0 }, impairments: lossOf(1, 0, 0.22) });
    // Seven segments: the RTO of 300 ms and a tick, then ACKs of 1, 3 and 7.
    expect(view.counter("server", "TcpExtTCPTimeouts")).toBe(1);
    expect(view.outcome(0, "completed")).toBe(1);
    expect(responseMs(view)).toBeGreaterThan(500 + 200 - 5);
    expect(responseMs(view)).toBeLessThan(900);
  });

  test("cost a round trip each without SACK (RFC 6582)", () => {
    // Three of the 10 segments of the first flight.
    const losses = lossOf(4, 0.12, 0.22);
    const sack = viewOf(100, 14_480, { impairments: losses });
    const none = viewOf(100, 14_480, { sysctls: { sack: 0 }, impairments: losses });
    expect([sack, none].map((view) => view.counter("server", "TcpRetransSegs"))).toEqual([3, 3]);
    expect(responseMs(sack)).toBeCloseTo(301, 0);
    expect(responseMs(none)).toBeCloseTo(501, 0);
  });

  test("keep the wait open until they have come", () => {
    const view = viewOf(100, 20_000, { impairments: lossOf(100, 0.22, 0.35) });
    expect(view.gates(0, "drops")).toEqual({ path_to_client: 1 });
    expect((view.gates(0, "waitNs").path_to_client ?? 0) / 1e6).toBeCloseTo(100, 0);
  });

  test("are as many as their probability says, in flights as alone", () => {
    const view = runOf({
      duration_s: 60,
      server: { listeners: [{ port: 80, backlog: 100, app: { request_bytes: 100, response_bytes: 100_000 } }] },
      client: { one_way_delay_s: 0.05 },
      workloads: [
        ...[
          { name: "all", kind: "connections", rate_per_s: 20, count: 600, request_bytes: 100, response_bytes: 100_000 },
        ],
      ],
      impairments: [{ direction: "to_client", match: "data", drop_probability: 0.01 }],
    });
    const lost = view.impairmentDropped()[0]!;
    const sent = view.wire().out_data!;
    expect(view.outcome(0, "completed")).toBe(600);
    expect(Math.abs(lost - sent / 100)).toBeLessThan(4 * Math.sqrt(sent / 100));
    // SACK: what is sent again is what was lost, and a probe now and then.
    expect(view.counter("server", "TcpRetransSegs")).toBeGreaterThanOrEqual(lost);
    expect(view.counter("server", "TcpRetransSegs")).toBeLessThan(1.1 * lost);
  });
});

describe("the congestion window", () => {
  const streams = new Streams();
  const cwndAfter = (...steps: ((stream: number) => void)[]): number => {
    const stream = streams.open(10);
    for (const step of steps) step(stream);
    const cwnd = streams.cwnd(stream);
    streams.close(stream);
    return cwnd;
  };
  const acked = (segments: number) => (stream: number) => streams.acknowledged(stream, segments);
  const lost = (byTimeout: boolean) => (stream: number) => streams.lost(stream, byTimeout);
  const repaired = (stream: number) => streams.repaired(stream);
  const idle = (rtos: number) => (stream: number) => {
    streams.sentAt(stream, 1000);
    streams.restart(stream, 1000 + rtos * 300_000, 300_000);
  };
  const rows: [string, ReturnType<typeof acked>[], number][] = [
    ["is 10 segments at first", [], 10],
    ["doubles with each flight that it filled", [acked(10), acked(20)], 40],
    ["grows by what is acknowledged, if more than half of it was used", [acked(6)], 16],
    ["does not grow when it was not", [acked(5)], 10],
    ["shrinks to 0.7 when segments are found missing", [acked(10), lost(false)], 14],
    ["then grows by one a flight", [acked(10), lost(false), acked(14)], 15],
    ["and only when it was filled", [acked(10), lost(false), acked(13)], 14],
    ["is 1 after a time-out", [acked(10), lost(true)], 1],
    ["then doubles up to where it shrank", [acked(10), lost(true), acked(1), acked(2), acked(4), acked(8)], 14],
    ["shrinks once a repair", [acked(10), lost(false), lost(false)], 14],
    ["shrinks again in the next", [acked(10), lost(false), repaired, lost(false)], 9],
    [
      "keeps its threshold from time-out to time-out",
      [acked(10), lost(true), lost(true), acked(1), acked(2), acked(4), acked(8)],
      14,
    ],
    ["is not below 2 after a loss", [lost(true), repaired, lost(false)], 2],
    ["is as it was after one RTO of silence", [acked(10), acked(20), idle(1)], 40],
    ["is half of it after more", [acked(10), acked(20), idle(1.1)], 20],
    ["is never below 10 for silence", [acked(10), acked(20), idle(9)], 10],
    ["stays below 10 in silence", [lost(true), idle(9)], 1],
  ];
  test.each(rows)("%s", (_, steps, cwnd) => {
    expect(cwndAfter(...steps)).toBe(cwnd);
  });

  test("of a stream that is used again begins anew", () => {
    expect(cwndAfter(acked(10))).toBe(20);
    expect(cwndAfter()).toBe(10);
  });
});

describe("window scaling", () => {
  const COOKIES = "net.ipv4.tcp_syncookies";
  const OFFERS = SYN | OPT_SACK | OPT_WSCALE;
  const replyTo = (flags: number, sysctls: Keys, tsval?: number) => {
    const server = new TestHost({ sysctls });
    return server.receive({ flags, seq: 100, ...(tsval === undefined ? {} : { tsval }) })[0]!;
  };
  const rows: [string, number, Keys, number | undefined, number][] = [
    // of the SYN, sysctls, its TSval, options of the answer
    ["is answered when it is offered", OFFERS, {}, undefined, OPT_WSCALE | OPT_SACK],
    ["is not answered when it is not", SYN, {}, undefined, 0],
    ["is not answered when it is off", OFFERS, { "net.ipv4.tcp_window_scaling": 0 }, undefined, OPT_SACK],
    ["is in a cookie with timestamps", OFFERS, { [COOKIES]: 2 }, 1, OPT_WSCALE | OPT_SACK],
    ["is not in one without", OFFERS, { [COOKIES]: 2 }, undefined, 0],
    ["nor when they are off", OFFERS, { [COOKIES]: 2, "net.ipv4.tcp_timestamps": 0 }, 1, 0],
    ["nor when it is off", OFFERS, { [COOKIES]: 2, "net.ipv4.tcp_window_scaling": 0 }, 1, OPT_SACK],
    ["nor is SACK when that is off", OFFERS, { [COOKIES]: 2, "net.ipv4.tcp_sack": 0 }, 1, OPT_WSCALE],
  ];
  test.each(rows)("%s", (_, flags, sysctls, tsval, options) => {
    expect(replyTo(flags, sysctls, tsval).flags & (OPT_WSCALE | OPT_SACK)).toBe(options);
  });

  test("is told by the echo of a cookie's timestamp", () => {
    expect(cookieHasScale(cookieTimestamp(1_000_000, OPT_WSCALE))).toBe(true);
    expect(cookieHasScale(cookieTimestamp(1_000_000, OPT_SACK))).toBe(false);
  });

  test("of a cookie's child lets more than 64 KiB out at once", () => {
    const sent = [true, false].map((scales) => {
      const server = new TestHost({ sysctls: { "net.ipv4.tcp_syncookies": 2 } });
      const [synAck] = server.receive({ flags: scales ? OFFERS : SYN | OPT_SACK, seq: 100, tsval: 5 });
      const next = (synAck!.seq + 1) | 0;
      const echo = { tsval: 6, tsecr: synAck!.tsval };
      server.receive({ flags: ACK | OPT_TS, seq: 101, ack: next, ...echo });
      const row = server.accept();
      server.write(row, 200_000);
      // Three flights are acknowledged: 10, 20, 40 segments; the next one may have 80, or 45.
      let end = next;
      for (const segments of [10, 20, 40]) {
        end = (end + segments * 1448) | 0;
        server.receive({ flags: ACK | OPT_TS, seq: 101, ack: end, ...echo });
      }
      return server.sent.at(-1)!;
    });
    expect(sent.map(({ length }) => length)).toEqual([68 * 1448 + 200_000 - 138 * 1448, 45 * 1448]);
    expect(sent[0]!.flags & (PSH | ACK)).toBe(PSH | ACK);
  });
});
