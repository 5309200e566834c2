/**
 * Goal    What a handshake of two segments would do, and what the third one prevents.
 * Method  A server driven segment by segment; whole runs, counted against the clients' own view.
 */
import { describe, expect, test } from "vitest";
import { ACK, ESTABLISHED, NEW_SYN_RECV, OPT_SACK, PSH, RST, SYN } from "../../src/engine/layout.ts";
import { type Keys, runOf, TestHost } from "./helpers.ts";

const twoWay = (listener: Keys = {}): TestHost => new TestHost({ keys: { handshake: "two_way" }, listener });

describe("a SYN", () => {
  test("makes an established connection that waits for accept()", () => {
    const server = twoWay();
    expect(server.receive({ flags: SYN, seq: 100 })).toMatchObject([{ flags: SYN | ACK, ack: 101 }]);
    expect(server.stateOf()).toBe(ESTABLISHED);
    expect([server.listener.acceptLength, server.listener.synLength]).toEqual([1, 0]);
    expect(server.delta()).toEqual({ TcpPassiveOpens: 1, TcpOutSegs: 1, TcpCurrEstab: 1 });
  });

  test("with three segments makes a half-open one", () => {
    const server = new TestHost();
    server.syn();
    expect(server.stateOf()).toBe(NEW_SYN_RECV);
  });

  test("that comes again gets the same SYN-ACK again, and another one a challenge", () => {
    const server = twoWay();
    const [first] = server.receive({ flags: SYN | OPT_SACK, seq: 100 });
    expect(server.receive({ flags: SYN | OPT_SACK, seq: 100 })).toMatchObject([
      { flags: SYN | ACK | OPT_SACK, seq: first!.seq, ack: 101 },
    ]);
    expect(server.receive({ flags: SYN, seq: 99 })).toMatchObject([{ flags: ACK, ack: 101 }]);
    expect(server.listener.acceptLength).toBe(1);
  });

  test("is dropped where the accept queue is full: backlog + 1 connections fit", () => {
    const server = twoWay({ backlog: 2 });
    for (let port = 40_000; port < 40_004; port++) server.syn(port);
    expect(server.listener.acceptLength).toBe(3);
    expect(server.counter("TcpExtListenOverflows")).toBe(1);
  });
});

test("data needs no final ACK before it", () => {
  const server = twoWay();
  const next = (server.syn() + 1) | 0;
  server.receive({ flags: PSH | ACK, seq: 101, ack: next, length: 10 });
  expect(server.counter("TcpCurrEstab")).toBe(1);
  expect(server.sent.at(-1)).toMatchObject({ flags: ACK, ack: 111 });
});

test("the RST of a client that wants nothing comes when the connection is there", () => {
  const server = twoWay();
  server.syn();
  server.delta();
  server.receive({ flags: RST, seq: 101 });
  expect(server.delta()).toMatchObject({ TcpEstabResets: 1 });
});

describe("connections nobody wanted", () => {
  const run = (handshake: string, lateSyns: number, client: Keys = {}) =>
    runOf({
      duration_s: 30,
      server: { handshake, listeners: [{ port: 80, backlog: 4096 }] },
      client: { one_way_delay_s: 0.01, ...client },
      path: { to_server: { late_copies: { probability: lateSyns, delay_s: 3, match: "syn" } } },
      workloads: [{ name: "clients", kind: "connections", rate_per_s: 20, duration_s: 20, source_addresses: 10 }],
    });

  test("are as many as old SYNs with two segments, and none with three", () => {
    expect(run("three_way", 1).unseen("server")).toEqual({});
    expect(run("two_way", 1).unseen("server")).toEqual({ unwanted_connections: 400 });
    expect(run("two_way", 0).unseen("server")).toEqual({});
  });

  test("stay for ever where the client's TIME_WAIT answers; a client that has forgotten resets them", () => {
    expect(run("two_way", 1).counter("server", "TcpCurrEstab")).toBe(400);
    const forgotten = run("two_way", 1, { time_wait_s: 1 });
    expect(forgotten.counter("server", "TcpCurrEstab")).toBe(0);
    expect(forgotten.counter("server", "TcpEstabResets")).toBe(400);
  });

  test("are those of a flood, too", () => {
    const view = runOf({
      duration_s: 5,
      server: { handshake: "two_way", listeners: [{ port: 80, backlog: 100, accept: { mode: "never" } }] },
      workloads: [{ name: "flood", kind: "raw", packet: "syn", rate_per_s: 100, count: 150 }],
    });
    expect(view.unseen("server")).toEqual({ unwanted_connections: 101 });
    expect(view.gates(0, "drops")).toEqual({ accept_queue_at_syn: 49 });
  });
});
