/**
 * Goal    How large segments are: what MTUs, SYN cookies and missing options leave (kernel-semantics 5.1, 8.2), and what a fragment lost costs.
 * Method  Transfers counted on the wire; the sizes with and without cookies are those of a live 6.18.44. A link by itself for fragments.
 */
import { describe, expect, test } from "vitest";
import { cookieFor, mssIndexOf } from "../../src/engine/cookie.ts";
import {
  ACK,
  MORE_SHIFT,
  OPT_TS,
  PSH,
  S_ATTEMPT,
  S_FLAGS,
  S_HASH,
  S_LEN,
  S_MSS_SHIFT,
  SEG_WORDS,
  SYN,
} from "../../src/engine/layout.ts";
import { Ledger } from "../../src/engine/ledger.ts";
import { Impairment, Link } from "../../src/engine/link.ts";
import { observe } from "../../src/trace/trace.ts";
import { Watch } from "../../src/trace/watch.ts";
import { announcedMss, CLASS_DEFAULT, cookieMssIndex, sentMss } from "../../src/vocabulary/mss.ts";
import { Direction, Match } from "../../src/vocabulary/run-spec.ts";
import { type Keys, runOf, specOf, TestHost } from "./helpers.ts";

describe("the MSS that a host announces", () => {
  test.each([
    [1500, 1460, "Ethernet"],
    [9000, 8960, "jumbo frames"],
    [297, 257, "40 less"],
    [296, 256, "at least 256"],
    [295, 256, "at least 256, even where that does not fit"],
  ])("with MTU %d is %d: %s", (mtu, mss) => {
    expect(announcedMss(mtu)).toBe(mss);
  });
});

test("what is sent is the least of one's own MTU and what the peer said, and no less than tcp_min_snd_mss", () => {
  expect(sentMss(1500, 1460, 48)).toEqual([1460, 536, 1300, 1440, 1460]);
  expect(sentMss(1400, 1460, 48)).toEqual([1360, 536, 1300, 1360, 1360]);
  expect(sentMss(9000, 8960, 48)).toEqual([8960, 536, 1300, 1440, 1460]);
  expect(sentMss(1500, 256, 600)).toEqual([600, 600, 1300, 1440, 1460]);
});

test.each([
  [8960, 3, 1460],
  [1460, 3, 1460],
  [1459, 2, 1440],
  [1440, 2, 1440],
  [1439, 1, 1300],
  [1300, 1, 1300],
  [1299, 0, 536],
  [536, 0, 536],
  [256, 0, 536],
])("of an MSS of %d a cookie keeps value %d of its table, %d", (mss, index) => {
  expect(cookieMssIndex(mss)).toBe(index);
  expect(mssIndexOf(cookieFor(1, 2, 3, 4, index), 1, 2, 3, 4)).toBe(index);
});

const transfer = (server: Keys, client: Keys, bytes = 14_500, path: Keys = {}): Keys => ({
  duration_s: 5,
  server: {
    ...server,
    listeners: [
      { port: 80, backlog: 4, app: { request_bytes: 14_500, response_bytes: bytes, close: "after_response" } },
    ],
  },
  client,
  path,
  workloads: [
    {
      ...{ name: "one", kind: "connections", count: 1, rate_per_s: 1 },
      ...{ request_bytes: 14_500, response_bytes: bytes, first_closer: "server" },
    },
  ],
});

const COOKIES = { "net.ipv4.tcp_syncookies": 2 };
const NO_TS = { "net.ipv4.tcp_timestamps": 0 };

describe("14 500 bytes travel in segments of", () => {
  const cases = [
    // server's MTU, client's, sysctls of the server and of the client, bytes a segment of response and of request, why
    [1500, 1500, {}, {}, 1448, 1448, "Ethernet, less the timestamps"],
    [1500, 1500, NO_TS, {}, 1460, 1460, "without timestamps at one end"],
    [1500, 1400, {}, {}, 1348, 1348, "the smaller MTU counts both ways"],
    [1400, 1500, {}, {}, 1348, 1348, "whoever has it"],
    [9000, 9000, {}, {}, 8948, 8948, "jumbo frames"],
    [9000, 1500, {}, {}, 1448, 1448, "jumbo frames at one end help nobody"],
    [1500, 576, {}, {}, 524, 524, "the least that every host takes"],
    [1500, 1500, COOKIES, {}, 1448, 1448, "a cookie keeps 1460"],
    [1500, 1400, COOKIES, {}, 1288, 1348, "of 1360 it keeps 1300; the client's own segments stay as they were"],
    [9000, 9000, COOKIES, {}, 1448, 8948, "of 8960 it keeps 1460"],
    [9000, 1360, COOKIES, {}, 1288, 1308, "of 1320 it keeps 1300"],
    [1500, 1300, COOKIES, {}, 524, 1248, "of 1260 it keeps 536"],
    [1500, 1400, { ...COOKIES, ...NO_TS }, {}, 1300, 1360, "and without timestamps"],
    [1500, 400, { "net.ipv4.tcp_min_snd_mss": 1000 }, {}, 988, 348, "no less than tcp_min_snd_mss"],
  ] as const;
  test.each(cases)(
    "server %d, client %d, %o %o: %d and %d, %s",
    (server, client, ofServer, ofClient, response, request) => {
      const view = runOf(transfer({ mtu: server, sysctls: ofServer }, { mtu: client, sysctls: ofClient }));
      expect(view.outcome(0, "completed")).toBe(1);
      expect(view.wire()).toMatchObject({
        out_data: Math.ceil(14_500 / response),
        in_data: Math.ceil(14_500 / request),
      });
    },
  );
});

test("SYNs announce it, and segments say how large full ones are", async () => {
  const spec = specOf(transfer({ mtu: 9000, sysctls: COOKIES }, { mtu: 1400 }));
  const watch = new Watch({ wants: () => true });
  await observe(spec, watch, async () => {});
  const sent = (watch.events.get(1) ?? []).flatMap((event) => (event.kind === "sent" ? [event.segment] : []));
  const mssOf = (toServer: boolean, isWanted: (flags: number) => boolean): number | undefined =>
    sent.find((segment) => segment.toServer === toServer && isWanted(segment.flags))?.mss;
  expect(mssOf(true, (flags) => (flags & SYN) !== 0)).toBe(1360);
  expect(mssOf(false, (flags) => (flags & SYN) !== 0)).toBe(8960);
  expect(mssOf(true, (flags) => (flags & PSH) !== 0)).toBe(1348);
  expect(mssOf(false, (flags) => (flags & PSH) !== 0)).toBe(1288);
});

test.each([
  [SYN, 4, "with one it is 1460"],
  [SYN | (CLASS_DEFAULT << S_MSS_SHIFT), 10, "without"],
])(
  "a peer without an MSS option gets segments of 536: SYN flags %d, %d segments of 5000 bytes, %s",
  (flags, segments) => {
    const server = new TestHost();
    const next = server.syn(40_000, 100, { flags }) + 1;
    server.receive({ flags: ACK, seq: 101, ack: next });
    server.write(server.accept(), 5000);
    expect((server.sent.at(-1)!.flags >>> MORE_SHIFT) + 1).toBe(segments);
  },
);

describe("a packet that is too large for the path", () => {
  const SPEC = specOf({ duration_s: 1, server: {} });

  /** A link that loses each packet with `probability`, and what it lost of `count` segments of `bytes`. */
  function lostOf(mtu: number, bytes: number, probability: number, count = 1, segments = 1) {
    const now = new Float64Array(1);
    const rule = new Impairment(
      { direction: Direction.ToServer, match: Match.Any, probability, everyNth: 0, startNs: 0, endNs: -1 },
      5,
    );
    const path = { ...SPEC.toServer, mtu };
    const link = new Link(now, new Float64Array(1), 0, new Ledger(now, 1, [7]), 0, path, true, [rule], SPEC.client);
    const words = new Int32Array(SEG_WORDS);
    let lost = 0;
    for (let k = 0; k < count; k++) {
      words[S_FLAGS] = PSH | ACK | OPT_TS | ((segments - 1) << 16);
      words[S_LEN] = bytes;
      words[S_ATTEMPT] = -1;
      words[S_HASH] = k * 7919;
      if (link.loses(words, 0)) lost++;
    }
    return { lost, fragments: rule.dropped };
  }

  test.each([
    [0, 1448, 1, "none where the path has no MTU of its own"],
    [1500, 1448, 1, "it fits"],
    [1499, 1448, 2, "a byte too many"],
    [576, 520, 1, "552 bytes behind the IP header: the most of a fragment, a multiple of 8"],
    [576, 521, 2, "one more"],
    [576, 1448, 3, "1480 in fragments of 552"],
    [296, 1448, 6, "in fragments of 272"],
  ])("of MTU %d: %d bytes of payload go on as %d (%s)", (mtu, bytes, fragments) => {
    expect(lostOf(mtu, bytes, 1)).toEqual({ lost: 1, fragments });
  });

  test("each segment of a flight by itself, the last one by its own size", () => {
    expect(lostOf(576, 1448 + 100, 1, 1, 2).fragments).toBe(3 + 1);
  });

  test("is lost with any of its fragments", () => {
    const ratio = (mtu: number): number => lostOf(mtu, 1448, 0.1, 20_000).lost / 20_000;
    expect(ratio(0)).toBeCloseTo(0.1, 2);
    expect(ratio(576)).toBeCloseTo(1 - 0.9 ** 3, 2);
  });
});
