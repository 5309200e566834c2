/**
 * Goal    Each rule about SYNs, half-opens and ACKs that differs between kernels, on both sides of each change (kernel-semantics 10.2).
 * Method  One row is one kernel; a host of it is driven segment by segment, and what shows of the rule is compared. The rules' values
 *         themselves stand in vocabulary/kernels.ts; these rows are typed from the document.
 */
import { describe, expect, test } from "vitest";
import { effectiveValues } from "../../src/compile/effective.ts";
import { ACK, ESTABLISHED, NEW_SYN_RECV, PSH, RST, SYN } from "../../src/engine/layout.ts";
import { judgeSyn } from "../../src/engine/listen.ts";
import type { KernelName } from "../../src/vocabulary/kernels.ts";
import { Verdict, type VerdictName } from "../../src/vocabulary/verdicts.ts";
import { scenarioOf } from "../compile/scenario-of.ts";
import { HOST_ADDRESS, PEER_ADDRESS, TestHost } from "./helpers.ts";
import { inKernels } from "./in-kernels.ts";

const PAIR = HOST_ADDRESS ^ PEER_ADDRESS;
const COOKIES = "net.ipv4.tcp_syncookies";

const nameOf = (verdict: number): VerdictName =>
  (Object.keys(Verdict) as VerdictName[]).find((name) => Verdict[name] === verdict)!;

const BEFORE_SPARE: readonly KernelName[] = ["4.4", "4.15", "4.19", "5.4", "5.15", "6.6", "6.8"];
const WITH_SPARE: readonly KernelName[] = ["6.1", "6.12", "6.18.15", "6.18"];

describe("half-opens that fit into the SYN queue of backlog 4", () => {
  inKernels(
    [
      [BEFORE_SPARE, 4],
      [WITH_SPARE, 5],
    ],
    (kernel, expected) => {
      const server = new TestHost({ kernel, sysctls: { [COOKIES]: 0 } });
      for (let port = 40_000; port < 40_010; port++) server.syn(port);
      expect(server.listener.synLength).toBe(expected);
    },
  );
});

describe("half-opens that fit into the SYN queue of backlog 0", () => {
  inKernels(
    [
      [["5.15", "6.8"], 0],
      [["6.1", "6.18"], 1],
    ],
    (kernel, expected) => {
      const server = new TestHost({ kernel, sysctls: { [COOKIES]: 0 }, listener: { backlog: 0 } });
      for (let port = 40_000; port < 40_010; port++) server.syn(port);
      expect(server.listener.synLength).toBe(expected);
      expect(server.listener.synFullNs(1e9)).toBe(1e9);
    },
  );
});

describe("check says how many fit into the SYN queue of backlog 511", () => {
  inKernels(
    [
      [["5.15"], 511],
      [["6.18"], 512],
    ],
    (kernel, expected) => {
      const scenario = scenarioOf(
        `{duration_s: 1, server: {kernel: ${kernel}, listeners: [{port: 80, backlog: 511}]}}`,
      );
      expect(effectiveValues(scenario).listeners[0]?.synQueueCapacity).toBe(expected);
    },
  );
});

describe("a SYN that meets a full accept queue, with one young half-open and with two", () => {
  const dropped: readonly VerdictName[] = ["syn_accept_full", "syn_accept_full"];
  const warm: readonly VerdictName[] = ["syn_queued", "syn_accept_full"];
  inKernels(
    [
      [["4.4"], warm],
      [["4.15", "5.15", "6.18"], dropped],
    ],
    (kernel, expected) => {
      const verdicts = [1, 2].map((young) => {
        const { host, listener } = new TestHost({ kernel });
        listener.acceptLength = 5;
        listener.synLength = 3;
        listener.young = young;
        return nameOf(judgeSyn(host, listener, PAIR, false, SYN, 0));
      });
      expect(verdicts).toEqual(expected);
    },
  );
});

test("in 4.4 a lagging flood is judged anew when a half-open is no longer young, and only there", () => {
  const changes = (kernel: KernelName): number => {
    const server = new TestHost({ kernel });
    server.syn();
    const before = server.host.epoch;
    server.advanceTo(1.1);
    expect(server.listener.young).toBe(0);
    return server.host.epoch - before;
  };
  expect([changes("4.4"), changes("5.15")]).toEqual([1, 0]);
});

describe("a proven peer in the last quarter", () => {
  inKernels(
    [
      [["4.4"], "syn_last_quarter"],
      [["4.15", "6.18"], "syn_queued"],
    ] as const,
    (kernel, expected) => {
      const sysctls = { [COOKIES]: 0, "net.ipv4.tcp_max_syn_backlog": 8 };
      const { host, listener } = new TestHost({ kernel, sysctls, listener: { backlog: 64 } });
      listener.synLength = 7;
      host.metrics.update(PAIR, 8000);
      expect(nameOf(judgeSyn(host, listener, PAIR, false, SYN, 0))).toBe(expected);
    },
  );
});

describe("a cookie counts a ListenDrop", () => {
  inKernels(
    [
      [["4.4"], 1],
      [["4.15", "5.15", "6.18"], 0],
    ],
    (kernel, expected) => {
      const server = new TestHost({ kernel, sysctls: { [COOKIES]: 2 } });
      server.syn();
      expect(server.counter("TcpExtSyncookiesSent")).toBe(1);
      expect(server.counter("TcpExtListenDrops")).toBe(expected);
    },
  );
});

/** A host with one half-open, whose peer's SYN was 100. */
function withRequest(kernel: KernelName, stamp: { tsval?: number } = {}): { server: TestHost; isn: number } {
  const server = new TestHost({ kernel });
  const isn = server.syn(40_000, 100, stamp);
  server.delta();
  return { server, isn };
}

describe("replies to three out-of-window segments for a request within 500 ms", () => {
  inKernels(
    [
      [["4.4"], 3],
      [["4.15", "6.18"], 1],
    ],
    (kernel, expected) => {
      const { server, isn } = withRequest(kernel);
      const replies = [1, 2, 3].map(() => server.receive({ flags: ACK, seq: 50, ack: isn + 1 }).length);
      expect(replies.reduce((sum, n) => sum + n)).toBe(expected);
    },
  );
});

const ANY_RST: readonly KernelName[] = ["4.4", "5.15", "6.1", "6.6", "6.8", "6.18.15"];
const EXACT_RST: readonly KernelName[] = ["6.12", "6.18"];

describe("a RST elsewhere in the window of a request", () => {
  inKernels(
    [
      [ANY_RST, "kills it"],
      [EXACT_RST, "is challenged"],
    ],
    (kernel, expected) => {
      const { server } = withRequest(kernel);
      const sent = server.receive({ flags: RST, seq: 150 });
      expect(server.stateOf()).toBe(expected === "kills it" ? 0 : NEW_SYN_RECV);
      expect(sent.length).toBe(expected === "kills it" ? 0 : 1);
      const killed = { TcpAttemptFails: 1, TcpExtEmbryonicRsts: 1 };
      expect(server.delta()).toEqual(expected === "kills it" ? killed : { TcpExtTCPChallengeACK: 1, TcpOutSegs: 1 });
    },
  );
});

describe("an exact RST with a wrong ACK number for a request", () => {
  inKernels(
    [
      [ANY_RST, "is ignored"],
      [EXACT_RST, "kills it"],
    ],
    (kernel, expected) => {
      const { server, isn } = withRequest(kernel);
      expect(server.receive({ flags: RST | ACK, seq: 101, ack: isn + 77 })).toEqual([]);
      expect(server.stateOf()).toBe(expected === "is ignored" ? NEW_SYN_RECV : 0);
      expect(server.counter("TcpAttemptFails")).toBe(expected === "is ignored" ? 0 : 1);
    },
  );
});

describe("a final ACK whose echo was never sent", () => {
  inKernels(
    [
      [["4.4", "5.15", "6.12"], ESTABLISHED],
      [["6.18.15", "6.18"], NEW_SYN_RECV],
    ],
    (kernel, expected) => {
      const { server, isn } = withRequest(kernel, { tsval: 5 });
      server.receive({ flags: ACK, seq: 101, ack: isn + 1, tsval: 6, tsecr: server.sent[0]!.tsval - 5000 });
      expect(server.stateOf()).toBe(expected);
    },
  );
});

describe("an overtaken ACK with too old a timestamp", () => {
  const answered = { TcpExtPAWSEstab: 1, TcpOutSegs: 1 };
  const silent = { TcpExtPAWSOldAck: 1 };
  for (const [kernel, expected] of [
    ["5.15", answered],
    ["6.12", answered],
    ["6.18.15", silent],
    ["6.18", silent],
  ] as const) {
    test(`in ${kernel} counts ${Object.keys(expected).join(", ")}`, () => {
      const server = new TestHost({ kernel });
      const next = server.establish(40_000, 100, { tsval: 1000, tsecr: 0 });
      server.receive({ flags: PSH | ACK, seq: 101, ack: next, length: 10, tsval: 1010 });
      server.advanceTo(1);
      server.delta();
      server.receive({ flags: ACK, seq: 101, ack: next, tsval: 1000 });
      expect(server.delta()).toEqual(expected);
    });
  }
});

describe("an ACK of what was never sent, on an established connection", () => {
  inKernels(
    [
      [["5.15", "6.12", "6.18.15"], 0],
      [["6.18"], 1],
    ],
    (kernel, expected) => {
      const server = new TestHost({ kernel });
      const next = server.establish();
      server.delta();
      expect(server.receive({ flags: ACK, seq: 101, ack: next + 500 }).length).toBe(expected);
      expect(server.delta()).toEqual(expected === 0 ? {} : { TcpExtTCPChallengeACK: 1, TcpOutSegs: 1 });
    },
  );
});

test("an ACK of what was never sent is challenged in the closing states of every kernel", () => {
  const server = new TestHost({ kernel: "5.15" });
  const next = server.establish();
  server.close(server.accept());
  expect(server.receive({ flags: ACK, seq: 101, ack: next + 500 }).length).toBe(1);
});
