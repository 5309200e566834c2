/**
 * Goal    What an old duplicate meets in each state, and that none is taken for a segment of today that need not be (RFC 9293 sections 3.4, 3.5; RFC 5961).
 * Method  A server driven segment by segment: a connection of attempt NEW, segments of attempt OLD. What a live 6.18.44 did with old ACKs stands at the rows.
 */
import { describe, expect, test } from "vitest";
import { ACK, ESTABLISHED, FIN, NEW_SYN_RECV, PSH, RST, SYN, TIME_WAIT } from "../../src/engine/layout.ts";
import { VERDICT_NAMES, Verdict, type VerdictName } from "../../src/vocabulary/verdicts.ts";
import { type Arriving, type Keys, TestHost } from "./helpers.ts";

/** No attempts of the ledger: they only have to differ. */
const NEW = -5;
const OLD = -6;
const CHALLENGE = { TcpExtTCPChallengeACK: 1, TcpOutSegs: 1 };
const RESET = { TcpOutRsts: 1, TcpOutSegs: 1 };

const count = (server: TestHost, verdict: VerdictName): number => server.host.counts[Verdict[verdict]]!;
/** Verdicts since the last call, but that a segment came. */
function verdictsOf(server: TestHost): VerdictName[] {
  const names = VERDICT_NAMES.filter((name) => name !== "segment_in" && count(server, name) > 0);
  server.host.counts.fill(0);
  server.delta();
  return names;
}

test("an old SYN at a listener: a half-open that the client's RST frees", () => {
  const server = new TestHost();
  const isn = server.syn(40_000, 5000, { attempt: OLD });
  expect(server.stateOf()).toBe(NEW_SYN_RECV);
  // The client knows no such connection: it resets what the SYN-ACK acknowledges.
  server.receive({ flags: RST, seq: 5001, ack: isn, attempt: OLD });
  expect(server.stateOf()).toBe(0);
  expect([server.counter("TcpAttemptFails"), server.counter("TcpPassiveOpens")]).toEqual([1, 0]);
});

describe("a SYN of today that meets the half-open of an old one", () => {
  const rows = [
    // old SYN's number, the new one's, flags and relative ack of the reply, why
    [
      5000,
      900_000,
      { flags: ACK, ack: 5001 },
      NEW_SYN_RECV,
      "outside its window: acknowledged; the client's RST follows",
    ],
    [5000, 4000, { flags: ACK, ack: 5001 }, NEW_SYN_RECV, "the same below it"],
    [5000, 6000, { flags: RST | ACK, ack: 6001 }, 0, "in its window: reset and freed"],
    [5000, 5000, { flags: SYN | ACK, ack: 5001 }, NEW_SYN_RECV, "the same number: it cannot be told apart"],
  ] as const;
  for (const [old, fresh, reply, state, why] of rows) {
    test(why, () => {
      const server = new TestHost();
      server.syn(40_000, old, { attempt: OLD });
      server.advanceTo(1.9);
      server.sent.length = 0;
      expect(server.receive({ flags: SYN, seq: fresh, attempt: NEW })).toMatchObject([reply]);
      expect(server.stateOf()).toBe(state);
    });
  }

  test("then the client's RST frees it, and the next SYN is answered", () => {
    const server = new TestHost();
    server.syn(40_000, 5000, { attempt: OLD });
    const [ack] = server.receive({ flags: SYN, seq: 900_000, attempt: NEW });
    server.receive({ flags: RST, seq: ack!.ack, attempt: NEW });
    expect(server.stateOf()).toBe(0);
    expect(server.receive({ flags: SYN, seq: 900_000, attempt: NEW })).toMatchObject([
      { flags: SYN | ACK, ack: 900_001 },
    ]);
  });
});

describe("at an established socket, which has 1000 bytes acknowledged,", () => {
  /** The peer's next number is 101. */
  function established(sysctls: Keys = {}, stamp: Partial<Arriving> = {}) {
    const server = new TestHost({ sysctls, listener: { app: { request_bytes: 4000 } } });
    const first = server.establish(40_000, 100, { attempt: NEW, ...stamp });
    const row = server.accept();
    server.write(row, 1000);
    const next = (first + 1000) | 0;
    server.receive({ flags: ACK, seq: 101, ack: next, attempt: NEW, ...stamp });
    verdictsOf(server);
    return { server, next };
  }

  const rows = [
    // segment (ack relative to what was acknowledged), verdicts, counters, why
    [{ flags: SYN, seq: 5000 }, ["established_syn", "challenge_syn"], "an old SYN is challenged"],
    [{ flags: SYN, seq: 100 }, ["established_syn", "challenge_syn"], "as is the one that made the connection"],
    [
      { flags: PSH | ACK, seq: 101, length: 10 },
      ["stale_data_accepted", "ack_sent"],
      "at the next byte old data is taken in",
    ],
    [
      { flags: PSH | ACK, seq: 102, length: 10 },
      ["stale_data_accepted", "ack_sent"],
      "and so beyond a hole in the window",
    ],
    [{ flags: PSH | ACK, seq: 95, length: 7 }, ["stale_data_accepted", "ack_sent"], "a byte of it is new"],
    [{ flags: PSH | ACK, seq: 95, length: 6 }, ["ack_sent"], "none of it is new"],
    [{ flags: PSH | ACK, seq: 90, length: 10 }, ["out_of_window_ack"], "it ends before the window"],
    [
      { flags: PSH | ACK, seq: 101 + 65_535, length: 10 },
      ["stale_data_accepted", "ack_sent"],
      "it begins at the window's end",
    ],
    [{ flags: PSH | ACK, seq: 101 + 65_536, length: 10 }, ["out_of_window_ack"], "and here beyond it"],
    [{ flags: FIN | ACK, seq: 101 }, ["stale_data_accepted"], "an old FIN ends the connection"],
    [
      { flags: PSH | ACK, seq: 101, length: 10, ack: 1 },
      ["challenge_rst"],
      "it acknowledges what was never sent (live: challenged)",
    ],
    [
      { flags: PSH | ACK, seq: 101, length: 10, ack: -1000 },
      ["stale_data_accepted", "ack_sent"],
      "an ACK of long ago will do (live: taken in)",
    ],
    [{ flags: PSH | ACK, seq: 101, length: 10, ack: -65_535 }, ["stale_data_accepted", "ack_sent"], "up to a window"],
    [
      { flags: PSH | ACK, seq: 101, length: 10, ack: -65_536 },
      ["challenge_rst"],
      "older ones are of another connection (live: challenged)",
    ],
    [{ flags: RST, seq: 101 }, ["reset_received", "estab_reset"], "an old RST at the next byte kills it"],
    [{ flags: RST, seq: 102 }, ["challenge_rst"], "and elsewhere in the window is challenged"],
    [{ flags: RST, seq: 90 }, [], "and outside it ignored"],
  ] as const;
  for (const [segment, verdicts, why] of rows) {
    const { flags, seq } = segment;
    test(`${JSON.stringify(segment)}: ${why}`, () => {
      const { server, next } = established();
      const { ack = 0, length = 0 } = segment as { ack?: number; length?: number };
      server.receive({ flags, seq, length, ack: (next + ack) | 0, attempt: OLD });
      expect(verdictsOf(server)).toEqual(
        VERDICT_NAMES.filter((name) => (verdicts as readonly string[]).includes(name)),
      );
    });
  }

  test("the connection's own data is not old", () => {
    const { server, next } = established();
    server.receive({ flags: PSH | ACK, seq: 101, length: 10, ack: next, attempt: NEW });
    expect(verdictsOf(server)).toEqual(["ack_sent"]);
  });

  const stamps = [
    // TSval of the old segment, taken in, why
    [9999, true, "PAWS forgives a millisecond"],
    [9998, false, "what is older is refused"],
    [12_000, true, "after a new boot the old clock may be ahead: then PAWS lets it through"],
  ] as const;
  for (const [tsval, isTaken, why] of stamps) {
    test(`with timestamps, TSval ${tsval} after 10000: ${why}`, () => {
      const { server, next } = established({}, { tsval: 10_000 });
      server.receive({ flags: PSH | ACK, seq: 101, length: 10, ack: next, tsval, attempt: OLD });
      expect(count(server, "stale_data_accepted")).toBe(isTaken ? 1 : 0);
      expect(count(server, "paws_dup_ack")).toBe(isTaken ? 0 : 1);
    });
  }

  test("challenges are limited to one in tcp_invalid_ratelimit", () => {
    const { server, next } = established();
    const old = { flags: PSH | ACK, seq: 101, length: 10, ack: (next - 100_000) | 0, attempt: OLD };
    server.receive(old);
    expect(server.delta()).toEqual(CHALLENGE);
    server.receive(old);
    expect(server.delta()).toEqual({ TcpExtTCPACKSkippedChallenge: 1 });
  });
});

describe("after its own close", () => {
  function inTimeWait(stamp: Partial<Arriving> = {}): { server: TestHost; next: number } {
    const server = new TestHost();
    const next = (server.establish(40_000, 100, stamp) + 1) | 0;
    server.close(server.accept());
    server.receive({ flags: ACK, seq: 101, ack: next, ...stamp });
    server.receive({ flags: FIN | ACK, seq: 101, ack: next, ...stamp });
    verdictsOf(server);
    return { server, next };
  }

  test("an old SYN at TIME_WAIT is acknowledged, and nothing comes of it", () => {
    const { server } = inTimeWait();
    expect(server.receive({ flags: SYN, seq: 100 })).toMatchObject([{ flags: ACK, ack: 102 }]);
    expect(server.stateOf()).toBe(TIME_WAIT);
  });

  test("a late FIN is acknowledged while TIME_WAIT lasts, and reset when it is over", () => {
    const { server, next } = inTimeWait();
    const fin = { flags: FIN | ACK, seq: 101, ack: next };
    server.advanceTo(30);
    expect(server.receive(fin)).toMatchObject([{ flags: ACK, ack: 102 }]);
    server.advanceTo(160);
    server.delta();
    expect(server.receive(fin)).toMatchObject([{ flags: RST, seq: next }]);
    expect(server.delta()).toEqual(RESET);
    expect(count(server, "stray_fin")).toBe(1);
  });

  test("and so it is at a host that does not listen there", () => {
    const server = new TestHost();
    server.receive({ flags: FIN | ACK, seq: 101, ack: 1, to: 81 });
    expect(verdictsOf(server)).toEqual(["late_fin"]);
    server.receive({ flags: ACK, seq: 101, ack: 1, to: 81 });
    expect(verdictsOf(server)).toEqual(["no_socket"]);
  });
});

test("whoever completes the handshake owns the connection, though an old SYN of the same number began it", () => {
  const server = new TestHost();
  const isn = server.syn(40_000, 100, { attempt: OLD });
  server.host.ledger.at = (id) => (id === NEW ? 0 : -1);
  server.receive({ flags: ACK, seq: 101, ack: isn + 1, attempt: NEW });
  expect(server.stateOf()).toBe(ESTABLISHED);
  server.receive({ flags: PSH | ACK, seq: 101, ack: isn + 1, length: 10, attempt: NEW });
  expect(count(server, "stale_data_accepted")).toBe(0);
  server.receive({ flags: PSH | ACK, seq: 111, ack: isn + 1, length: 10, attempt: OLD });
  expect(count(server, "stale_data_accepted")).toBe(1);
});
