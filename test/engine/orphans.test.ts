/**
 * Goal    tcp_max_orphans at each retransmission time-out of an orphan, and tcp_orphan_retries (kernel-semantics 7.5).
 * Method  A server closes connections whose peers are gone. Each row: how long they were quiet before, how many there are, what the limit is. From a
 *         socket's second time-out on its retries are counted.
 */
import { describe, expect, test } from "vitest";
import { FIN_WAIT1, RST } from "../../src/engine/layout.ts";
import { TestHost } from "./helpers.ts";

const RTO_MAX = "net.ipv4.tcp_rto_max_ms";

/** `count` orphans in FIN_WAIT1 whose connections were quiet for `quietS`; `port` of the first: 40000. */
function orphans(count: number, quietS: number, sysctls: Record<string, number>): TestHost {
  const server = new TestHost({ sysctls });
  for (let i = 0; i < count; i++) server.establish(40_000 + i);
  server.advanceTo(quietS);
  for (let i = 0; i < count; i++) server.close(server.accept());
  server.delta();
  server.sent.length = 0;
  return server;
}

describe("an orphan's time-out", () => {
  // Greatest time-out 10 s, so quiet is what is above 20 s.
  const cases = [
    // orphans, quiet s, limit, left, why
    [2, 21, 3, 1, "quiet for more than two greatest time-outs: each counts twice, and one has to go"],
    [2, 21, 4, 2, "twice two are not more than four"],
    [2, 19, 3, 2, "not so quiet: each counts once"],
    [1, 21, 1, 0, "one alone counts twice as well"],
  ] as const;
  for (const [count, quietS, limit, left, why] of cases) {
    test(`${count} orphans, limit ${limit}: ${why}`, () => {
      const server = orphans(count, quietS, { "net.ipv4.tcp_max_orphans": limit, [RTO_MAX]: 10_000 });
      server.advanceTo(quietS + 0.3);
      expect(server.host.orphans).toBe(left);
      const gone = count - left;
      expect(server.counter("TcpExtTCPAbortOnMemory")).toBe(gone);
      expect(server.sent.filter(({ flags }) => (flags & RST) !== 0).length).toBe(gone);
      // The time-out counts as one, whatever comes of it.
      expect(server.counter("TcpExtTCPTimeouts")).toBe(count);
    });
  }

  // With a greatest time-out of 30 s it is reached after eight retransmissions, at some 50 s; from there on tcp_orphan_retries 0 is 0.
  const last = [
    [1, "TcpExtTCPAbortOnMemory", "counts twice, and goes without a RST after its quiet minutes"],
    [2, "TcpExtTCPAbortOnTimeout", "is not one too many: its time is up"],
  ] as const;
  for (const [limit, counter, why] of last) {
    test(`finds the retries used up at the greatest time-out, limit ${limit}: it ${why}`, () => {
      const server = orphans(1, 1, { "net.ipv4.tcp_max_orphans": limit, [RTO_MAX]: 30_000 });
      server.advanceTo(75);
      expect(server.host.orphans).toBe(1);
      server.delta();
      server.advanceTo(110);
      expect(server.host.orphans).toBe(0);
      expect(server.delta()).toEqual({ TcpExtTCPTimeouts: 1, [counter]: 1 });
    });
  }
});

describe("tcp_orphan_retries", () => {
  const cases = [
    // retries, dead between s, why
    [1, 0.6, 1.6, "1: 600 ms after the first retransmission"],
    [3, 3, 6.7, "3: 3 s"],
    [0, 102.2, 150, "0 acts as 8: 102.2 s"],
  ] as const;
  for (const [retries, fromS, toS, why] of cases) {
    test(why, () => {
      const server = orphans(1, 1, { "net.ipv4.tcp_orphan_retries": retries });
      server.advanceTo(1 + fromS);
      expect(server.stateOf()).toBe(FIN_WAIT1);
      server.advanceTo(1 + toS);
      expect(server.stateOf()).toBe(0);
      expect(server.delta()).toMatchObject({ TcpExtTCPAbortOnTimeout: 1 });
    });
  }
});
