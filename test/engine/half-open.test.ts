/**
 * Goal    What a half-open request does with each segment that finds it (kernel-semantics 4), in the kernel's order.
 * Method  One host, driven segment by segment; the counters are those of 11.5.
 */
import { describe, expect, test } from "vitest";
import { closeListener } from "../../src/engine/close.ts";
import { ACK, ESTABLISHED, FIN, NEW_SYN_RECV, OPT_TS, PSH, RST, SYN } from "../../src/engine/layout.ts";
import { TestHost } from "./helpers.ts";

const ABORT = "net.ipv4.tcp_abort_on_overflow";
const COOKIES = "net.ipv4.tcp_syncookies";
const WINDOW = 64_240;
const STRAY = { TcpOutRsts: 1, TcpOutSegs: 1 };

/** A host with one request: the peer's SYN was 100, so 101 comes next. */
function withRequest(options: ConstructorParameters<typeof TestHost>[0] = {}): { server: TestHost; isn: number } {
  const server = new TestHost(options);
  const isn = server.syn();
  server.delta();
  server.sent.length = 0;
  return { server, isn };
}

describe("a SYN sent again", () => {
  test("is answered by the same SYN-ACK", () => {
    const { server, isn } = withRequest();
    const [reply] = server.receive({ flags: SYN, seq: 100 });
    expect(reply).toMatchObject({ seq: isn, ack: 101 });
    expect(server.delta()).toEqual({ TcpOutSegs: 1, TcpRetransSegs: 1, TcpExtTCPSynRetrans: 1 });
    expect(server.listener).toMatchObject({ synLength: 1, young: 1 });
  });

  const gaps = [
    [0.499, 0, "499 ms after the last answered one is not answered"],
    [0.5, 1, "500 ms after it is"],
  ] as const;
  for (const [gapS, answers, why] of gaps) {
    test(why, () => {
      const { server } = withRequest();
      server.advanceTo(0.1);
      server.receive({ flags: SYN, seq: 100 });
      server.delta();
      server.advanceTo(0.1 + gapS);
      expect(server.receive({ flags: SYN, seq: 100 }).length).toBe(answers);
      if (answers === 0) expect(server.delta()).toEqual({ TcpExtTCPACKSkippedSynRecv: 1 });
    });
  }

  test("that is not answered does not prolong the 500 ms", () => {
    const { server } = withRequest();
    server.receive({ flags: SYN, seq: 100 });
    server.advanceTo(0.3);
    expect(server.receive({ flags: SYN, seq: 100 })).toEqual([]);
    server.advanceTo(0.501);
    expect(server.receive({ flags: SYN, seq: 100 }).length).toBe(1);
  });

  test("restarts the timer with the step it had, when it is answered", () => {
    const { server } = withRequest();
    server.advanceTo(0.9);
    server.receive({ flags: SYN, seq: 100 });
    server.advanceTo(1.89);
    expect(server.counter("TcpExtTCPTimeouts")).toBe(0);
    server.advanceTo(1.95);
    expect(server.counter("TcpExtTCPTimeouts")).toBe(1);
    expect(server.listener.young).toBe(0);
  });

  test("leaves the timer alone, when it is not", () => {
    const { server } = withRequest();
    server.advanceTo(0.5);
    server.receive({ flags: SYN, seq: 100 });
    server.advanceTo(0.9);
    server.receive({ flags: SYN, seq: 100 });
    server.advanceTo(1.6);
    expect(server.counter("TcpExtTCPTimeouts")).toBe(1);
  });
});

test("a SYN sent again with an older timestamp is a PAWS failure", () => {
  const server = new TestHost();
  server.syn(40_000, 100, { tsval: 5000 });
  server.delta();
  expect(server.receive({ flags: SYN, seq: 100, tsval: 4999 })).toMatchObject([{ flags: ACK | OPT_TS }]);
  expect(server.delta()).toEqual({ TcpExtPAWSEstab: 1, TcpOutSegs: 1 });
});

describe("the final ACK", () => {
  test("makes the request a child in the accept queue", () => {
    const { server, isn } = withRequest();
    expect(server.receive({ flags: ACK, seq: 101, ack: isn + 1 })).toEqual([]);
    expect(server.delta()).toEqual({ TcpPassiveOpens: 1, TcpCurrEstab: 1 });
    expect(server.stateOf()).toBe(ESTABLISHED);
    expect(server.listener).toMatchObject({ synLength: 0, young: 0, acceptLength: 1 });
  });

  test("may carry data, which the child acknowledges", () => {
    const { server, isn } = withRequest();
    const [reply] = server.receive({ flags: PSH | ACK, seq: 101, ack: isn + 1, length: 10 });
    expect(reply).toMatchObject({ flags: ACK, ack: 111 });
  });

  test("may carry the SYN once more, with the SYN's own number", () => {
    const { server, isn } = withRequest();
    server.receive({ flags: SYN | ACK, seq: 100, ack: isn + 1, length: 5 });
    expect(server.stateOf()).toBe(ESTABLISHED);
  });

  test("with a wrong number goes to the listener, which resets; the request stays", () => {
    for (const wrong of [0, 2, -1000]) {
      const { server, isn } = withRequest();
      const [reply] = server.receive({ flags: ACK, seq: 101, ack: (isn + wrong) | 0 });
      expect(reply).toMatchObject({ flags: RST, seq: (isn + wrong) | 0 });
      expect(server.delta()).toEqual(STRAY);
      expect(server.stateOf()).toBe(NEW_SYN_RECV);
    }
  });

  test("with a wrong number is reset before its window is looked at", () => {
    const { server, isn } = withRequest();
    server.receive({ flags: ACK, seq: 50_000_000, ack: isn });
    expect(server.delta()).toEqual(STRAY);
  });

  const edges = [
    // seq, length, child?, why
    [101, 0, true, "at the next byte"],
    [102, 0, true, "empty and beyond the next byte, in the window"],
    [100, 0, false, "empty and before the next byte"],
    [100, 1, false, "a byte that was received already"],
    [100, 2, true, "data that ends beyond the next byte"],
    [102, 1, true, "data beyond a hole, in the window"],
    [101 + WINDOW - 1, 1, true, "the last byte of the window"],
    [101 + WINDOW, 0, true, "empty at the right edge"],
    [101 + WINDOW, 1, false, "a byte beyond the right edge"],
    [101 + WINDOW + 1, 0, false, "empty beyond the right edge"],
  ] as const;
  for (const [seq, length, accepted, why] of edges) {
    test(`${accepted ? "is taken" : "is acknowledged and dropped"} with sequence number ${seq} and ${length} bytes: ${why}`, () => {
      const { server, isn } = withRequest();
      const replies = server.receive({ flags: length > 0 ? PSH | ACK : ACK, seq, ack: isn + 1, length });
      expect(server.stateOf()).toBe(accepted ? ESTABLISHED : NEW_SYN_RECV);
      if (!accepted) {
        expect(replies).toMatchObject([{ flags: ACK, seq: (isn + 1) | 0, ack: 101 }]);
        expect(server.delta()).toEqual({ TcpOutSegs: 1 });
      }
    });
  }

  test("that meets a full accept queue is dropped in silence with abort_on_overflow=0, each time", () => {
    const { server, isn } = withRequest({ listener: { backlog: 0 } });
    server.establish(41_000);
    server.delta();
    server.sent.length = 0;
    for (let i = 1; i <= 3; i++) {
      expect(server.receive({ flags: ACK, seq: 101, ack: isn + 1 })).toEqual([]);
      expect(server.delta()).toEqual({ TcpExtListenOverflows: 1, TcpExtListenDrops: 1 });
    }
    expect(server.listener.synLength).toBe(1);
    // Its SYN-ACKs go on, and an ACK is taken as soon as there is room.
    server.advanceTo(1.1);
    expect(server.counter("TcpExtTCPSynRetrans")).toBe(1);
    server.listener.acceptLength = 0;
    server.receive({ flags: ACK, seq: 101, ack: isn + 1 });
    expect(server.stateOf()).toBe(ESTABLISHED);
  });

  test("that meets a full accept queue is reset with abort_on_overflow=1, and the request is gone", () => {
    const { server, isn } = withRequest({ sysctls: { [ABORT]: 1 }, listener: { backlog: 0 } });
    server.establish(41_000);
    server.delta();
    const replies = server.receive({ flags: ACK, seq: 101, ack: isn + 1 });
    expect(replies).toMatchObject([{ flags: RST, seq: (isn + 1) | 0 }]);
    const counted = { TcpExtListenOverflows: 1, TcpExtListenDrops: 1, TcpExtEmbryonicRsts: 1 };
    expect(server.delta()).toEqual({ ...counted, ...STRAY });
    expect(server.stateOf()).toBe(0);
    expect(server.listener.synLength).toBe(0);
  });

  test("is taken at an accept queue that is as long as the backlog, and not when it is longer", () => {
    for (const [length, isTaken] of [
      [4, true],
      [5, false],
    ] as const) {
      const { server, isn } = withRequest({ listener: { backlog: 4 } });
      server.listener.acceptLength = length;
      server.receive({ flags: ACK, seq: 101, ack: isn + 1 });
      expect(server.stateOf()).toBe(isTaken ? ESTABLISHED : NEW_SYN_RECV);
    }
  });
});

describe("a RST", () => {
  test("with the exact sequence number ends the request", () => {
    const { server } = withRequest();
    expect(server.receive({ flags: RST, seq: 101 })).toEqual([]);
    expect(server.delta()).toEqual({ TcpAttemptFails: 1, TcpExtEmbryonicRsts: 1 });
    expect(server.stateOf()).toBe(0);
  });

  test("elsewhere in the window is challenged, at most once in 500 ms", () => {
    const { server, isn } = withRequest();
    expect(server.receive({ flags: RST, seq: 102 })).toMatchObject([{ flags: ACK, seq: (isn + 1) | 0, ack: 101 }]);
    expect(server.delta()).toEqual({ TcpExtTCPChallengeACK: 1, TcpOutSegs: 1 });
    expect(server.receive({ flags: RST, seq: 5000 })).toEqual([]);
    expect(server.delta()).toEqual({ TcpExtTCPACKSkippedChallenge: 1 });
    server.advanceTo(0.501);
    expect(server.receive({ flags: RST, seq: 102 }).length).toBe(1);
    expect(server.stateOf()).toBe(NEW_SYN_RECV);
  });

  test("outside the window is ignored", () => {
    const { server } = withRequest();
    for (const seq of [99, 101 + WINDOW + 1]) expect(server.receive({ flags: RST, seq })).toEqual([]);
    expect(server.delta()).toEqual({});
    expect(server.stateOf()).toBe(NEW_SYN_RECV);
  });

  test("with a wrong ACK number is not handed to the listener", () => {
    const { server, isn } = withRequest();
    server.receive({ flags: RST | ACK, seq: 101, ack: isn });
    expect(server.delta()).toEqual({ TcpAttemptFails: 1, TcpExtEmbryonicRsts: 1 });
  });
});

test("a SYN with another sequence number in the window is reset, and ends the request", () => {
  const { server } = withRequest();
  expect(server.receive({ flags: SYN, seq: 105 })).toMatchObject([{ flags: RST | ACK, ack: 106 }]);
  expect(server.delta()).toEqual({ TcpAttemptFails: 1, TcpExtEmbryonicRsts: 1, ...STRAY });
  expect(server.stateOf()).toBe(0);
});

test("data outside the window is answered each time: it takes sequence space", () => {
  const { server, isn } = withRequest();
  for (let i = 0; i < 3; i++)
    expect(server.receive({ flags: PSH | ACK, seq: 90, ack: isn + 1, length: 5 }).length).toBe(1);
  expect(server.delta()).toEqual({ TcpOutSegs: 3 });
});

test("a SYN outside the window is answered by an ACK, at most once in 500 ms", () => {
  const { server } = withRequest();
  expect(server.receive({ flags: SYN, seq: 90 })).toMatchObject([{ flags: ACK, ack: 101 }]);
  expect(server.delta()).toEqual({ TcpOutSegs: 1 });
  expect(server.receive({ flags: SYN, seq: 90 })).toEqual([]);
  expect(server.delta()).toEqual({ TcpExtTCPACKSkippedSynRecv: 1 });
});

test("a segment without ACK is dropped in silence", () => {
  const { server } = withRequest();
  expect(server.receive({ flags: FIN, seq: 101 })).toEqual([]);
  expect(server.delta()).toEqual({});
  expect(server.stateOf()).toBe(NEW_SYN_RECV);
});

describe("timestamps", () => {
  const tsval = 5000;

  test("older than the SYN's are PAWS failures", () => {
    const server = new TestHost();
    const isn = server.syn(40_000, 100, { tsval });
    server.delta();
    const replies = server.receive({ flags: ACK, seq: 101, ack: isn + 1, tsval: tsval - 1 });
    expect(replies).toMatchObject([{ flags: ACK | OPT_TS, ack: 101 }]);
    expect(server.delta()).toEqual({ TcpExtPAWSEstab: 1, TcpOutSegs: 1 });
    server.receive({ flags: ACK, seq: 101, ack: isn + 1, tsval: tsval - 1 });
    expect(server.delta()).toEqual({ TcpExtPAWSEstab: 1, TcpExtTCPACKSkippedSynRecv: 1 });
  });

  test("that echo what was never sent are rejected", () => {
    const server = new TestHost();
    server.advanceTo(2);
    const [synAck] = server.receive({ flags: SYN, seq: 100, tsval });
    server.delta();
    const ack = { flags: ACK, seq: 101, ack: synAck!.seq + 1, tsval };
    server.receive({ ...ack, tsecr: synAck!.tsval + 1000 });
    expect(server.delta()).toEqual({ TcpExtTSEcrRejected: 1, TcpOutSegs: 1 });
    server.receive({ ...ack, tsecr: synAck!.tsval });
    expect(server.stateOf()).toBe(ESTABLISHED);
  });
});

describe("TCP_DEFER_ACCEPT", () => {
  test("drops a bare ACK and takes the first data", () => {
    const { server, isn } = withRequest({ listener: { defer_accept_s: 1 } });
    expect(server.receive({ flags: ACK, seq: 101, ack: isn + 1 })).toEqual([]);
    expect(server.delta()).toEqual({ TcpExtTCPDeferAcceptDrop: 1 });
    server.receive({ flags: PSH | ACK, seq: 101, ack: isn + 1, length: 5 });
    expect(server.stateOf()).toBe(ESTABLISHED);
  });

  test("takes a bare ACK once the timer has fired d times", () => {
    const { server, isn } = withRequest({ listener: { defer_accept_s: 1 } });
    server.receive({ flags: ACK, seq: 101, ack: isn + 1 });
    server.advanceTo(1.1);
    server.receive({ flags: ACK, seq: 101, ack: isn + 1 });
    expect(server.stateOf()).toBe(ESTABLISHED);
  });

  test("is asked before the accept queue", () => {
    const { server, isn } = withRequest({ listener: { defer_accept_s: 1, backlog: 0 } });
    server.listener.acceptLength = 1;
    server.receive({ flags: ACK, seq: 101, ack: isn + 1 });
    expect(server.delta()).toEqual({ TcpExtTCPDeferAcceptDrop: 1 });
  });
});

describe("when its listener has closed", () => {
  test("a segment finds no socket, and the request goes", () => {
    const { server, isn } = withRequest();
    closeListener(server.host, server.listener);
    expect(server.receive({ flags: ACK, seq: 101, ack: isn + 1 })).toMatchObject([{ flags: RST }]);
    expect(server.delta()).toEqual(STRAY);
    expect(server.stateOf()).toBe(0);
  });

  test("the timer frees it without a count", () => {
    const { server } = withRequest();
    closeListener(server.host, server.listener);
    server.advanceTo(1.1);
    expect(server.stateOf()).toBe(0);
    expect(server.delta()).toEqual({});
    expect(server.sent).toEqual([]);
  });
});

test("a request that has been freed leaves the peer's ACK to the listener: a RST", () => {
  const { server, isn } = withRequest({ sysctls: { "net.ipv4.tcp_synack_retries": 0, [COOKIES]: 1 } });
  server.advanceTo(1.1);
  server.delta();
  expect(server.receive({ flags: ACK, seq: 101, ack: isn + 1 })).toMatchObject([{ flags: RST }]);
  expect(server.delta()).toEqual(STRAY);
});
