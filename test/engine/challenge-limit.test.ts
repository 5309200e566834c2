/**
 * Goal    tcp_challenge_ack_limit: the challenge ACKs of a whole host in one second (kernel-semantics 10.1).
 * Method  30 connections get a RST (or SYN) in the window that is not exact, all in one second; how many are challenged? Asked of a live 6.18.44
 *         with 40 connections: 6, 13, 5, 11, 10, 14 under 10; 1 under 1; all under 0; what is not sent is not counted; requests draw on it too.
 */
import { describe, expect, test } from "vitest";
import { ACK, RST, SYN } from "../../src/engine/layout.ts";
import type { KernelName } from "../../src/vocabulary/kernels.ts";
import { TestHost } from "./helpers.ts";

const CONNECTIONS = 30;
const UNLIMITED = 0x7fffffff;
const LIMIT = "net.ipv4.tcp_challenge_ack_limit";

/** A host with connections from ports 40000 on, and the peer's RSTs: how many are challenged in each of `seconds`. */
function challenged(limit: number, kernel: KernelName, seconds: number): number[] {
  const server = new TestHost({ kernel, sysctls: { [LIMIT]: limit }, listener: { backlog: 64 } });
  for (let i = 0; i < CONNECTIONS; i++) server.establish(40_000 + i);
  return Array.from({ length: seconds }, (_, second) => {
    server.advanceTo(second + 1);
    let sent = 0;
    for (let i = 0; i < CONNECTIONS; i++) sent += server.receive({ flags: RST, seq: 150, port: 40_000 + i }).length;
    expect(server.counter("TcpExtTCPACKSkippedChallenge")).toBe(0);
    return sent;
  });
}

const cases = [
  // limit, kernel, least, most, why
  [UNLIMITED, "6.18", 30, 30, "the default since 6.1 is no limit"],
  [10, "6.18", 5, 14, "n/2 to 1.5 n, drawn for each second"],
  [1, "6.18", 1, 1, "of 1 the draw has one value"],
  [0, "6.18", 30, 30, "0 draws from all of 32 bits"],
  [0, "6.1", 0, 0, "before 6.2 0 is none"],
  [10, "5.15", 5, 14, "random since 4.7"],
  [10, "4.4", 10, 10, "before it the limit itself"],
] as const;
for (const [limit, kernel, least, most, why] of cases) {
  test(`limit ${limit} in ${kernel}: ${least} to ${most} challenge ACKs a second: ${why}`, () => {
    const counts = challenged(limit, kernel, 40);
    expect(Math.min(...counts)).toBe(least);
    expect(Math.max(...counts)).toBe(most);
  });
}

describe("a host whose second is used up", () => {
  const server = new TestHost({ sysctls: { [LIMIT]: 1 }, listener: { backlog: 64 } });
  for (let i = 0; i < 4; i++) server.establish(40_000 + i);
  server.syn(40_010);
  server.advanceTo(1.1);
  server.receive({ flags: RST, seq: 150, port: 40_000 });
  server.delta();
  const silent = [
    [{ flags: RST, seq: 150, port: 40_001 }, {}, "a RST in the window counts nothing"],
    [
      { flags: SYN, seq: 150, port: 40_002 },
      { TcpInErrs: 1, TcpExtTCPSYNChallenge: 1 },
      "a SYN counts only that it came",
    ],
    [{ flags: RST, seq: 150, port: 40_010 }, {}, "a RST for a half-open counts nothing"],
    [
      { flags: RST, seq: 150, port: 40_000 },
      { TcpExtTCPACKSkippedChallenge: 1 },
      "the socket's own limiter goes first",
    ],
  ] as const;
  for (const [segment, counted, why] of silent) {
    test(why, () => {
      expect(server.receive(segment)).toEqual([]);
      expect(server.delta()).toEqual(counted);
    });
  }

  test("has another in the next second", () => {
    server.advanceTo(2.2);
    expect(server.receive({ flags: RST, seq: 150, port: 40_010 })).toMatchObject([{ flags: ACK }]);
  });
});
