/**
 * Goal    How often, when, and for how long a SYN-ACK is sent again; who is pruned (kernel-semantics 3).
 * Method  The judge on both sides of each boundary; then a host whose clock runs.
 */
import { describe, expect, test } from "vitest";
import { ACK, REQ_ACKED, REQ_TIMEOUTS_SHIFT, SYN } from "../../src/engine/layout.ts";
import { effectiveRetries, judgeSynAckTimer } from "../../src/engine/request.ts";
import { Verdict } from "../../src/vocabulary/verdicts.ts";
import { TestHost } from "./helpers.ts";

const RETRIES = "net.ipv4.tcp_synack_retries";

describe("retries in force", () => {
  const cases = [
    // R, backlog, Q, Y, retries, why
    [5, 16, 8, 0, 5, "half full is not more than half full"],
    [5, 16, 9, 0, 2, "one more than half full, nobody young: two retries"],
    [5, 0, 4, 0, 5, "a backlog below 8 counts as 8: four are half"],
    [5, 0, 5, 0, 2, "a backlog below 8 counts as 8: five are more than half"],
    [5, 7, 4, 0, 5, "a backlog of 7 counts as 8"],
    [5, 9, 5, 0, 2, "a backlog of 9 counts as 9"],
    [5, 16, 16, 9, 5, "more than half are young: Q < 2Y costs nothing"],
    [5, 16, 16, 8, 4, "exactly half are young: the comparison is strict"],
    [5, 16, 16, 5, 4, "Q < 4Y costs one retry"],
    [5, 16, 16, 4, 3, "Q = 4Y costs two"],
    [5, 16, 16, 3, 3, "Q < 8Y costs two"],
    [5, 16, 16, 2, 2, "Q = 8Y costs three"],
    [7, 16, 16, 1, 3, "seven retries, Q = 16Y: four are taken"],
    [3, 16, 16, 0, 2, "pruning leaves two retries"],
    [2, 16, 16, 0, 2, "two retries are never cut"],
    [1, 16, 16, 0, 1, "one retry stays one"],
    [0, 16, 16, 0, 0, "no retries stay none"],
  ] as const;
  for (const [retries, backlog, length, young, expected, why] of cases) {
    test(`${expected} of ${retries} with B=${backlog}, Q=${length}, Y=${young}: ${why}`, () => {
      const { listener } = new TestHost({ sysctls: { [RETRIES]: retries }, listener: { backlog } });
      listener.synLength = length;
      listener.young = young;
      expect(effectiveRetries(listener)).toBe(expected);
    });
  }
});

describe("the timer's verdict", () => {
  const { synack_timer_resend, synack_timer_silent, synack_timer_expired } = Verdict;
  const cases = [
    // retries, defer_accept_s, firings so far, acked, verdict, why
    [2, 0, 1, false, synack_timer_resend, "below the retries the SYN-ACK is sent again"],
    [2, 0, 2, false, synack_timer_expired, "at the retries the request is freed"],
    [2, 0, 1, true, synack_timer_resend, "a dropped ACK does not stop retransmission"],
    [2, 0, 2, true, synack_timer_expired, "a dropped ACK does not prolong the life"],
    [5, 5, 0, true, synack_timer_silent, "defer_accept 5 s (d=3): an acked request is not asked again at 1 s"],
    [5, 5, 1, true, synack_timer_silent, "nor at 3 s"],
    [5, 5, 2, true, synack_timer_resend, "but at 7 s, when num_timeout = d - 1"],
    [5, 5, 1, false, synack_timer_resend, "without an ACK defer_accept changes nothing"],
    [1, 5, 1, true, synack_timer_silent, "an acked request outlives its retries until d"],
    [1, 5, 3, true, synack_timer_expired, "and not longer"],
    [1, 5, 1, false, synack_timer_expired, "one without an ACK does not outlive its retries"],
  ] as const;
  for (const [retries, deferS, timeouts, acked, verdict, why] of cases) {
    test(why, () => {
      const { listener } = new TestHost({ sysctls: { [RETRIES]: retries }, listener: { defer_accept_s: deferS } });
      const meta = (timeouts << REQ_TIMEOUTS_SHIFT) | (acked ? REQ_ACKED : 0);
      expect(judgeSynAckTimer(listener, meta)).toBe(verdict);
    });
  }

  test("a listener that is gone frees the request, whatever its age", () => {
    const { listener } = new TestHost();
    listener.listening = false;
    expect(judgeSynAckTimer(listener, 0)).toBe(Verdict.request_listener_gone);
  });
});

test("of 17 SYNs at once with B=16, nine are freed at 7 s and the eight oldest stay", () => {
  const server = new TestHost({ listener: { backlog: 16 } });
  for (let i = 0; i < 17; i++) {
    server.advanceTo(i * 1e-5);
    server.syn(40_000 + i);
  }
  server.advanceTo(6.9);
  expect(server.listener.synLength).toBe(17);
  expect(server.listener.young).toBe(0);
  server.advanceTo(7.5);
  expect(server.listener.synLength).toBe(8);
  const alive = Array.from({ length: 17 }, (_, i) => 40_000 + i).filter((port) => server.stateOf(port) !== 0);
  expect(alive).toEqual([40_000, 40_001, 40_002, 40_003, 40_004, 40_005, 40_006, 40_007]);
  server.advanceTo(62.9);
  expect(server.listener.synLength).toBe(8);
  server.advanceTo(67);
  expect(server.listener.synLength).toBe(0);
});

test("a request is young until its timer fires, and no longer counted as young when it leaves", () => {
  const server = new TestHost();
  const first = server.syn(40_000);
  server.syn(40_001);
  expect(server.listener.young).toBe(2);
  server.receive({ flags: ACK, seq: 101, ack: first + 1, port: 40_000 });
  expect(server.listener.young).toBe(1);
  server.advanceTo(1.1);
  expect(server.listener.young).toBe(0);
  expect(server.listener.synLength).toBe(1);
});

test("TCP_DEFER_ACCEPT of 5 s asks an acked request once more, at 7 s, and takes the ACK that answers", () => {
  const server = new TestHost({ listener: { defer_accept_s: 5 } });
  const isn = server.syn();
  const ack = { flags: ACK, seq: 101, ack: isn + 1 };
  server.receive(ack);
  expect(server.delta()).toMatchObject({ TcpExtTCPDeferAcceptDrop: 1 });
  server.advanceTo(6.9);
  expect(server.sent.length).toBe(1);
  server.advanceTo(7.4);
  expect(server.sent.map(({ flags }) => flags & (SYN | ACK))).toEqual([SYN | ACK, SYN | ACK]);
  server.receive(ack);
  expect(server.listener.acceptLength).toBe(1);
});
