/**
 * Goal    Every verdict about a SYN at a listener, on both sides of each boundary, and the order of the checks (kernel-semantics 2.2 to 2.4).
 * Method  One row is one SYN: the queues it meets, and what must happen to it. Then whole fills of a host's queues.
 */
import { describe, expect, test } from "vitest";
import { SYN } from "../../src/engine/layout.ts";
import { judgeSyn } from "../../src/engine/listen.ts";
import { Verdict, type VerdictName } from "../../src/vocabulary/verdicts.ts";
import { HOST_ADDRESS, PEER_ADDRESS, TestHost } from "./helpers.ts";

const PAIR = HOST_ADDRESS ^ PEER_ADDRESS;

interface Meets {
  readonly backlog: number;
  readonly synQueue?: number;
  readonly acceptQueue?: number;
  readonly syncookies: number;
  readonly maxSynBacklog?: number;
  readonly proven?: boolean;
  readonly viaTimeWait?: boolean;
}

function verdictOf(meets: Meets): VerdictName {
  const { backlog, syncookies, maxSynBacklog = 2048 } = meets;
  const sysctls = { "net.ipv4.tcp_syncookies": syncookies, "net.ipv4.tcp_max_syn_backlog": maxSynBacklog };
  const { host, listener } = new TestHost({ sysctls, listener: { backlog } });
  listener.synLength = meets.synQueue ?? 0;
  listener.acceptLength = meets.acceptQueue ?? 0;
  if (meets.proven) host.metrics.update(PAIR, 8000);
  const verdict = judgeSyn(host, listener, PAIR, meets.viaTimeWait ?? false, SYN, 0);
  return (Object.keys(Verdict) as VerdictName[]).find((name) => Verdict[name] === verdict)!;
}

const cases: readonly (readonly [Meets, VerdictName, string])[] = [
  // SYN queue: full when Q > B
  [{ backlog: 2, synQueue: 2, syncookies: 0 }, "syn_queued", "a SYN queue at the backlog is not full"],
  [
    { backlog: 2, synQueue: 3, syncookies: 0 },
    "syn_queue_full",
    "a SYN queue above the backlog drops when cookies are off",
  ],
  [{ backlog: 0, synQueue: 0, syncookies: 0 }, "syn_queued", "a backlog of 0 still takes one SYN"],
  [{ backlog: 0, synQueue: 1, syncookies: 0 }, "syn_queue_full", "a backlog of 0 takes no second SYN"],
  [{ backlog: 2, synQueue: 2, syncookies: 1 }, "syn_queued", "cookies are not sent while the SYN queue has room"],
  [{ backlog: 2, synQueue: 3, syncookies: 1 }, "syn_cookie", "a full SYN queue answers with a cookie when they are on"],
  [{ backlog: 2, synQueue: 0, syncookies: 2 }, "syn_cookie", "syncookies=2 sends a cookie for every SYN"],
  [
    { backlog: 2, synQueue: 3, syncookies: 2 },
    "syn_cookie",
    "syncookies=2 sends a cookie also when the SYN queue is full",
  ],
  // Accept queue: full when A > B
  [{ backlog: 2, acceptQueue: 2, syncookies: 1 }, "syn_queued", "an accept queue at the backlog is not full"],
  [{ backlog: 2, acceptQueue: 3, syncookies: 1 }, "syn_accept_full", "an accept queue above the backlog drops the SYN"],
  [
    { backlog: 2, acceptQueue: 3, syncookies: 0 },
    "syn_accept_full",
    "an accept queue above the backlog drops the SYN without cookies too",
  ],
  // Order of the checks
  [
    { backlog: 2, synQueue: 3, acceptQueue: 3, syncookies: 1 },
    "syn_both_full",
    "cookies do not help a full accept queue, but the wish for one is counted",
  ],
  [
    { backlog: 2, synQueue: 0, acceptQueue: 3, syncookies: 2 },
    "syn_both_full",
    "syncookies=2 counts its wish before the accept queue is looked at",
  ],
  [
    { backlog: 2, synQueue: 3, acceptQueue: 3, syncookies: 0 },
    "syn_queue_full",
    "the SYN queue is checked before the accept queue",
  ],
  [
    { backlog: 99, synQueue: 50, acceptQueue: 100, syncookies: 0, maxSynBacklog: 8 },
    "syn_accept_full",
    "the accept queue is checked before the last quarter",
  ],
  [
    { backlog: 2, synQueue: 3, syncookies: 0, maxSynBacklog: 2 },
    "syn_queue_full",
    "the SYN queue is checked before the last quarter",
  ],
  // Last quarter: M - Q < M >> 2, cookies off, peer not proven
  [
    { backlog: 99, synQueue: 6, syncookies: 0, maxSynBacklog: 8 },
    "syn_queued",
    "with M = 8 an unproven peer may be the seventh",
  ],
  [
    { backlog: 99, synQueue: 7, syncookies: 0, maxSynBacklog: 8 },
    "syn_last_quarter",
    "with M = 8 an unproven peer is not the eighth",
  ],
  [
    { backlog: 999, synQueue: 96, syncookies: 0, maxSynBacklog: 128 },
    "syn_queued",
    "with M = 128 an unproven peer may be number 97",
  ],
  [
    { backlog: 999, synQueue: 97, syncookies: 0, maxSynBacklog: 128 },
    "syn_last_quarter",
    "with M = 128 an unproven peer is not number 98",
  ],
  [
    { backlog: 999, synQueue: 200, syncookies: 0, maxSynBacklog: 128 },
    "syn_last_quarter",
    "more half-opens than M are in the last quarter too",
  ],
  [
    { backlog: 99, synQueue: 7, syncookies: 0, maxSynBacklog: 8, proven: true },
    "syn_queued",
    "a proven peer gets into the last quarter",
  ],
  [
    { backlog: 99, synQueue: 100, syncookies: 0, maxSynBacklog: 8, proven: true },
    "syn_queue_full",
    "a proven peer does not get into a full SYN queue",
  ],
  [
    { backlog: 99, synQueue: 50, syncookies: 1, maxSynBacklog: 8 },
    "syn_queued",
    "the last quarter does not exist when cookies are on",
  ],
  // A SYN that a TIME_WAIT let through
  [
    { backlog: 2, synQueue: 3, syncookies: 0, viaTimeWait: true },
    "syn_queued",
    "a SYN through TIME_WAIT passes a full SYN queue",
  ],
  [
    { backlog: 2, synQueue: 3, syncookies: 1, viaTimeWait: true },
    "syn_queued",
    "a SYN through TIME_WAIT gets no cookie from a full SYN queue",
  ],
  [
    { backlog: 2, syncookies: 2, viaTimeWait: true },
    "syn_queued",
    "a SYN through TIME_WAIT gets no cookie from syncookies=2",
  ],
  [
    { backlog: 99, synQueue: 8, syncookies: 0, maxSynBacklog: 8, viaTimeWait: true },
    "syn_queued",
    "a SYN through TIME_WAIT passes the last quarter",
  ],
  [
    { backlog: 2, acceptQueue: 3, syncookies: 0, viaTimeWait: true },
    "syn_accept_full",
    "a SYN through TIME_WAIT does not pass a full accept queue",
  ],
];

for (const [meets, verdict, why] of cases) {
  test(why, () => {
    expect(verdictOf(meets)).toBe(verdict);
  });
}

describe("a fill of unproven SYNs", () => {
  const fills = [
    // backlog, somaxconn, M, syncookies, half-open, why
    [0, 4096, 2048, 0, 1, "listen(0) holds one"],
    [1, 4096, 2048, 0, 2, "listen(1) holds two"],
    [4, 4096, 2048, 0, 5, "listen(4) holds five"],
    [100, 16, 2048, 0, 17, "somaxconn cuts the backlog"],
    [100, 4096, 8, 0, 7, "M = 8 leaves seven"],
    [500, 4096, 256, 0, 193, "M = 256 leaves 193"],
    [4, 4096, 2048, 1, 5, "cookies are for those that the queue does not hold"],
    [100, 4096, 8, 1, 101, "M does not bound the queue when cookies are on"],
    [4, 4096, 2048, 2, 0, "syncookies=2 keeps nobody"],
  ] as const;
  for (const [backlog, somaxconn, max, syncookies, halfOpen, why] of fills) {
    test(`of ${halfOpen} half-opens: ${why}`, () => {
      const names = { "net.core.somaxconn": somaxconn, "net.ipv4.tcp_max_syn_backlog": max };
      const server = new TestHost({
        sysctls: { ...names, "net.ipv4.tcp_syncookies": syncookies },
        listener: { backlog },
      });
      const offered = halfOpen + 10;
      for (let i = 0; i < offered; i++) server.syn(40_000 + i);
      expect(server.listener.synLength).toBe(halfOpen);
      expect(server.counter("TcpExtSyncookiesSent")).toBe(syncookies === 0 ? 0 : 10);
      expect(server.counter("TcpExtListenDrops")).toBe(syncookies === 0 ? 10 : 0);
      expect(server.counter("TcpOutSegs")).toBe(server.sent.length);
    });
  }
});

test("handshakes fill the accept queue to the backlog and one, then the SYN is dropped", () => {
  const server = new TestHost({ listener: { backlog: 3 } });
  for (let i = 0; i < 4; i++) server.establish(40_000 + i);
  expect(server.listener.acceptLength).toBe(4);
  server.delta();
  expect(server.receive({ flags: SYN, port: 41_000 })).toEqual([]);
  expect(server.delta()).toEqual({ TcpExtListenOverflows: 1, TcpExtListenDrops: 1 });
});

test("a SYN to a closed port is answered by a RST that acknowledges it", () => {
  const server = new TestHost();
  const [reply] = server.receive({ flags: SYN, seq: 7, to: 81 });
  expect(reply).toMatchObject({ seq: 0, ack: 8 });
  expect(server.delta()).toEqual({ TcpOutRsts: 1, TcpOutSegs: 1 });
});
