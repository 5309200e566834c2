/**
 * Goal    Data and a FIN that share a retransmission, a probe or an ACK; and the first window after a hard handshake.
 * Method  A server's child, driven segment by segment; the peer is 20 ms away. Asked of a live 6.18.44: random scenarios of two namespaces, and
 *         `ss -ti` after handshakes whose SYNs or SYN-ACKs were lost.
 */
import { describe, expect, test } from "vitest";
import { ACK, FIN, OPT_SACK, PSH, SACKED, SYN } from "../../src/engine/layout.ts";
import { isDataWithFin } from "../../src/engine/link.ts";
import { type Keys, runOf, TestHost } from "./helpers.ts";

const RTT_S = 0.02;

interface Handshake {
  readonly sysctls?: Keys;
  readonly flags?: number;
  /** Timestamp of the SYN; absent: none. */
  readonly tsval?: number;
  /** How often the SYN-ACK's timer fires before the ACK comes. */
  readonly firings?: number;
  /** Which SYN-ACK the ACK echoes, counted from 0. */
  readonly echoed?: number;
}

/** An accepted connection that has carried no data. */
function connected({ sysctls = {}, flags = 0, tsval, firings = 0, echoed = 0 }: Handshake = {}) {
  const server = new TestHost({ sysctls });
  const stamp = tsval === undefined ? {} : { tsval };
  const next = (server.syn(40_000, 100, { flags: SYN | flags, ...stamp }) + 1) | 0;
  server.advanceTo(RTT_S + [0, 1.1, 3.2, 7.4][firings]!);
  const tsecr = server.sent[echoed]?.tsval ?? 0;
  server.receive({ flags: ACK, seq: 101, ack: next, ...(tsval === undefined ? {} : { tsval: tsval + 1, tsecr }) });
  const row = server.accept();
  server.delta();
  server.sent.length = 0;
  return { server, row, next, startS: server.nowS };
}

describe("data and FIN in flight", () => {
  test("are one segment when a time-out sends the data again (tcp_retrans_try_collapse)", () => {
    const { server, row, next } = connected();
    server.write(row, 10);
    server.close(row);
    server.advanceTo(0.4);
    expect(server.sent.map(({ flags, length }) => [flags, length])).toEqual([
      [PSH | ACK, 10],
      [FIN | ACK, 0],
      [PSH | FIN | ACK, 10],
    ]);
    expect(server.sent[2]!.seq).toBe(next);
    server.receive({ flags: ACK, seq: 101, ack: next + 11 });
    server.advanceTo(3);
    expect(server.sent.length).toBe(3);
  });

  test("stay one segment from then on", () => {
    const { server, row } = connected();
    server.write(row, 10);
    server.close(row);
    server.advanceTo(2);
    expect(server.sent.slice(2).every(({ flags, length }) => flags === (PSH | FIN | ACK) && length === 10)).toBe(true);
    expect(server.sent.length).toBe(5);
  });

  test("stay two where the peer told that it has the FIN", () => {
    const { server, row, next } = connected({ flags: OPT_SACK });
    server.write(row, 10);
    server.close(row);
    server.receive({ flags: ACK | SACKED, seq: 101, ack: next });
    server.advanceTo(2);
    const again = server.sent.slice(2);
    expect(again.length).toBeGreaterThan(2);
    expect(again.every(({ flags, length }) => flags === (PSH | ACK) && length === 10)).toBe(true);
  });

  test("are of two classes on the wire, and met by the impairments of both", () => {
    expect([PSH | ACK, FIN | ACK, PSH | FIN | ACK].map(isDataWithFin)).toEqual([false, false, true]);
    const view = runOf({
      duration_s: 20,
      server: { listeners: [{ port: 80, backlog: 8, app: { request_bytes: 10 } }] },
      workloads: [{ name: "one", kind: "connections", port: 80, count: 1, request_bytes: 10 }],
      impairments: ["data", "fin"].map((match) => ({ direction: "to_server", match, drop_every_nth: 1 })),
    });
    const [data = 0, fin = 0] = view.impairmentDropped();
    expect(data).toBeGreaterThan(3);
    expect(fin).toBeGreaterThanOrEqual(1);
  });

  test("get one ACK, which the application's own FIN may carry", () => {
    const { server, row } = connected();
    const replies = server.receive({ flags: PSH | FIN | ACK, seq: 101, ack: 1, length: 10 });
    expect(replies).toEqual([]);
    server.advanceTo(RTT_S + 0.05);
    expect(server.sent.filter(({ flags }) => flags === ACK).map(({ ack }) => ack)).toEqual([112]);
    expect(row).toBeGreaterThanOrEqual(0);
  });
});

describe("the first window (tcp_init_transfer)", () => {
  const rows: [string, Handshake, number, string][] = [
    ["no retransmission", {}, 4, "ten segments"],
    ["one SYN-ACK sent again", { firings: 1 }, 4, "one may be lost"],
    ["two sent again", { firings: 2 }, 1, "then it is one segment"],
    ["two sent again, the last one echoed", { firings: 2, tsval: 5, echoed: 2 }, 1, "the others were lost"],
    [
      "two sent again, the first one echoed",
      { firings: 2, tsval: 5, echoed: 0 },
      4,
      "it came, and the others were needless",
    ],
  ];
  test.each(rows)("after %s, %o: %i of four segments leave at once: %s", (_, handshake, segments) => {
    const { server, row } = connected(handshake);
    server.write(row, 4 * 1448);
    const bytes = server.sent[0]!.length;
    expect(Math.ceil(bytes / 1460)).toBe(segments);
  });

  test("of one segment keeps a FIN back behind the data", () => {
    const { server, row, next } = connected({ firings: 2 });
    server.write(row, 10);
    server.close(row);
    expect(server.sent.map(({ flags }) => flags)).toEqual([PSH | ACK]);
    server.receive({ flags: ACK, seq: 101, ack: next + 10 });
    expect(server.sent.map(({ flags }) => flags)).toEqual([PSH | ACK, FIN | ACK]);
  });

  test("... and a tail loss probe sends it (tcp_send_loss_probe: what was not sent goes first)", () => {
    const { server, row, startS } = connected({ firings: 2, flags: OPT_SACK });
    server.write(row, 10);
    server.close(row);
    server.delta();
    server.advanceTo(startS + 1.1);
    expect(server.sent[1]).toMatchObject({ flags: FIN | ACK, length: 0 });
    expect(server.counter("TcpExtTCPLossProbes")).toBe(1);
    expect(server.counter("TcpRetransSegs") - server.counter("TcpExtTCPSynRetrans")).toBe(0);
  });

  const losses: [string, number, string, Keys][] = [
    ["SYNs", 2, "each time-out of a SYN counts", { direction: "to_server", match: "syn" }],
    ["SYN-ACKs", 1, "the echo of the first SYN tells that none was lost", { direction: "to_client", match: "synack" }],
  ];
  test.each(losses)(
    "of a client whose %s were lost for 2.5 s: %i round trips for three segments: %s",
    (_, trips, __, lost) => {
      // The request is three segments: with a window of one it takes two round trips more.
      const view = runOf({
        duration_s: 20,
        server: { listeners: [{ port: 80, backlog: 8, app: { request_bytes: 4000, response_bytes: 10 } }] },
        client: { one_way_delay_s: 0.05 },
        workloads: [
          { name: "one", kind: "connections", port: 80, count: 1, request_bytes: 4000, response_bytes: 10, hold_s: 1 },
        ],
        impairments: [{ ...lost, drop_every_nth: 1, end_s: 2.5 }],
      });
      const afterConnect = (view.extreme(0, "responseMaxUs") - view.extreme(0, "connectMaxUs")) / 1e6;
      expect(Math.round(afterConnect / 0.1)).toBe(trips);
    },
  );
});
