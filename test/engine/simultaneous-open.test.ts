/**
 * Goal    Simultaneous open: two SYNs cross (RFC 9293 section 3.5), at both ends, with each loss.
 * Method  One host segment by segment: every row was asked of a live 6.18.44 (states of /proc/net/tcp, counters of nstat). Then both ends in a run.
 */
import { describe, expect, test } from "vitest";
import {
  ACK,
  ESTABLISHED,
  F_SRTT,
  FIN,
  FIN_WAIT1,
  PSH,
  ROW_SHIFT,
  RST,
  SYN,
  SYN_RECV,
  SYN_SENT,
} from "../../src/engine/layout.ts";
import { type Keys, runOf, TestHost } from "./helpers.ts";

interface Crossed {
  readonly host: TestHost;
  readonly row: number;
  /** The host's initial sequence number; the peer's is 700. */
  readonly isn: number;
  readonly own: number;
}

/** connect() at t = 0, and the peer's SYN at `atS`. */
function crossed(atS = 0.02, sysctls: Keys = {}, kernel: "6.18" | "5.15" = "6.18"): Crossed {
  const host = new TestHost({ isServer: false, sysctls, kernel });
  const row = host.connect();
  const { seq: isn, own } = host.sent[0]!;
  host.advanceTo(atS);
  host.delta();
  host.sent.length = 0;
  host.receive({ flags: SYN, seq: 700, port: 80, to: own });
  return { host, row, isn, own };
}

test("a SYN that meets SYN_SENT is answered by a SYN-ACK, which counts nothing", () => {
  const { host, row, isn } = crossed();
  expect(host.host.stateOf(row)).toBe(SYN_RECV);
  expect(host.sent).toMatchObject([{ flags: SYN | ACK, seq: isn, ack: 701 }]);
  expect(host.delta()).toEqual({});
});

describe("a segment for SYN_RECV", () => {
  const cases = [
    // flags, seq, ack beyond isn + 1, length, state, reply, counters, why
    [
      SYN | ACK,
      700,
      0,
      0,
      ESTABLISHED,
      ACK,
      { TcpOutSegs: 1, TcpCurrEstab: 1 },
      "a SYN-ACK establishes, and is acknowledged",
    ],
    [ACK, 701, 0, 0, ESTABLISHED, 0, { TcpCurrEstab: 1 }, "an ACK establishes"],
    [PSH | ACK, 701, 0, 5, ESTABLISHED, ACK, { TcpOutSegs: 1, TcpCurrEstab: 1 }, "data establishes, and is taken"],
    [
      SYN,
      700,
      0,
      0,
      SYN_RECV,
      ACK,
      { TcpOutSegs: 1, TcpExtTCPChallengeACK: 1, TcpExtTCPSYNChallenge: 1 },
      "a repeated SYN is challenged",
    ],
    [ACK, 701, 99, 0, SYN_RECV, RST, { TcpOutSegs: 1, TcpOutRsts: 1 }, "an ACK of something else is answered by a RST"],
    [RST, 701, 0, 0, 0, 0, { TcpAttemptFails: 1 }, "an exact RST ends it"],
    [RST, 823, 0, 0, SYN_RECV, ACK, { TcpOutSegs: 1, TcpExtTCPChallengeACK: 1 }, "another in the window is challenged"],
    [0, 701, 0, 0, SYN_RECV, 0, {}, "without an ACK it is nothing"],
  ] as const;
  for (const [flags, seq, ahead, length, state, reply, counted, why] of cases) {
    test(why, () => {
      const { host, row, isn, own } = crossed();
      const replies = host.receive({ flags, seq, ack: (isn + 1 + ahead) | 0, length, port: 80, to: own });
      expect(host.host.stateOf(row)).toBe(state);
      expect(replies.map((sent) => sent.flags)).toEqual(reply === 0 ? [] : [reply]);
      expect(host.delta()).toEqual(counted);
      if (state === 0) expect(host.host.table.live).toBe(0);
    });
  }

  test("before 6.12 a SYN-ACK is challenged, which brings the peer an ACK", () => {
    const { host, row, isn, own } = crossed(0.02, {}, "5.15");
    const replies = host.receive({ flags: SYN | ACK, seq: 700, ack: (isn + 1) | 0, port: 80, to: own });
    expect(host.host.stateOf(row)).toBe(SYN_RECV);
    expect(replies).toMatchObject([{ flags: ACK, seq: (isn + 1) | 0, ack: 701 }]);
    expect(host.delta()).toMatchObject({ TcpExtTCPChallengeACK: 1, TcpExtTCPSYNChallenge: 1 });
  });
});

test("the round trip is measured from the SYN-ACK", () => {
  const { host, row, isn, own } = crossed(0.2);
  host.advanceTo(0.7);
  host.receive({ flags: SYN | ACK, seq: 700, ack: (isn + 1) | 0, port: 80, to: own });
  expect(host.host.table.rows[(host.host.fullOf(row) << ROW_SHIFT) + F_SRTT]! >> 3).toBe(500_000);
});

describe("a SYN-ACK that is never answered", () => {
  const cases = [
    // crossed at s, tcp_syn_retries, SYN-ACKs at s (nominal), ETIMEDOUT at s, why
    [0.39, 3, [0.39, 1, 3, 7], 15, "the SYN's timer runs on, and doubles: no linear time-outs"],
    [2.3, 3, [2.3, 3], 5, "SYNs sent before count: the third retransmission is the last"],
    [2.3, 6, [2.3, 3, 5, 9, 17], 33, "as many as tcp_syn_retries in all"],
  ] as const;
  for (const [atS, retries, times, endS, why] of cases) {
    test(`tcp_syn_retries ${retries}, crossed at ${atS} s: ${why}`, () => {
      const { host, row } = crossed(atS, { "net.ipv4.tcp_syn_retries": retries });
      host.advanceTo(endS - 0.001);
      expect(host.host.stateOf(row)).toBe(SYN_RECV);
      expect(host.sent.map(({ flags }) => flags)).toEqual(times.map(() => SYN | ACK));
      host.sent.forEach((sent, i) => {
        expect(sent.atS).toBeGreaterThanOrEqual(times[i]! - 1e-9);
        expect(sent.atS).toBeLessThan(times[i]! * 1.06 + 0.04);
      });
      host.advanceTo(endS * 1.1);
      expect(host.host.stateOf(row)).toBe(0);
      expect(host.counter("TcpExtTCPAbortOnTimeout")).toBe(1);
      expect(host.counter("TcpAttemptFails")).toBe(1);
    });
  }
});

test("close() in SYN_RECV sends a FIN", () => {
  const { host, row, isn } = crossed();
  host.sent.length = 0;
  host.close(row);
  expect(host.host.stateOf(row)).toBe(FIN_WAIT1);
  expect(host.sent).toMatchObject([{ flags: FIN | ACK, seq: (isn + 1) | 0, ack: 701 }]);
});

describe("both ends of a run", () => {
  const run = (impairments: readonly Keys[], more: Keys = {}, kernel = "6.18") =>
    runOf({
      duration_s: 40,
      server: {
        kernel,
        listeners: [
          { port: 80, backlog: 4, app: { request_bytes: 100, response_bytes: 1000, close: "after_response" } },
        ],
      },
      client: { one_way_delay_s: 0.01, kernel },
      workloads: [
        {
          ...{ kind: "connections", name: "peers", count: 40, rate_per_s: 20, simultaneous_open: true },
          ...{ request_bytes: 100, response_bytes: 1000, first_closer: "server", ...more },
        },
      ],
      impairments,
    });
  const synsTo = (direction: string): Keys => ({ direction, match: "syn", end_s: 1 });
  const losses = [
    // lost, connected between ms, why
    [[], 20, 21, "nothing is lost: connected after one round trip"],
    [[synsTo("to_server")], 30, 31, "the clients' SYNs: the SYN-ACK to the server's takes a third way"],
    [[synsTo("to_client")], 20, 21, "the servers' SYNs: an ordinary handshake for the client"],
    [[{ direction: "to_server", match: "synack", end_s: 1 }], 20, 21, "the clients' SYN-ACKs: their ACKs do"],
    [[synsTo("to_server"), synsTo("to_client")], 1020, 1055, "both SYNs: they cross again a second later"],
  ] as const;
  for (const [impairments, fromMs, toMs, why] of losses) {
    test(why, () => {
      const view = run(impairments);
      expect(view.outcome(0, "completed")).toBe(40);
      expect(view.extreme(0, "connectMaxUs") / 1000).toBeGreaterThanOrEqual(fromMs);
      expect(view.extreme(0, "connectMaxUs") / 1000).toBeLessThan(toMs);
      expect(view.counter("server", "TcpPassiveOpens")).toBe(0);
      expect(view.counter("server", "TcpActiveOpens")).toBe(40);
      expect(view.counter("client", "TcpActiveOpens")).toBe(40);
      expect(view.listenerField(0, "peakSynQueue") + view.listenerField(0, "peakAcceptQueue")).toBe(0);
      expect(view.listenerField(0, "closed")).toBe(40);
    });
  }

  test("before 6.12 two challenge ACKs do it", () => {
    const view = run([], {}, "5.15");
    expect(view.outcome(0, "completed")).toBe(40);
    expect(view.counter("client", "TcpExtTCPSYNChallenge")).toBe(40);
    expect(view.counter("server", "TcpExtTCPSYNChallenge")).toBe(40);
  });

  test("nobody is left in SYN_SENT or SYN_RECV", () => {
    const view = run([{ direction: "to_server", match: "any", drop_probability: 0.3, end_s: 5 }]);
    for (const side of ["server", "client"] as const) {
      expect([view.states(side)[SYN_SENT], view.states(side)[SYN_RECV]]).toEqual([0, 0]);
    }
  });
});
