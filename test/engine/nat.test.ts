/**
 * Goal    Users behind one address share its ports, and each has a clock of its own (kernel-semantics 7.8, 8.1).
 * Method  A client host that is told whose socket it opens; then a NAT box with one port in front of a server that closes first.
 */
import { describe, expect, test } from "vitest";
import { ACK, RST } from "../../src/engine/layout.ts";
import { addressOf, personOf } from "../../src/engine/users.ts";
import type { RunView } from "../../src/results/run-view.ts";
import type { ConnectionsSpec } from "../../src/vocabulary/run-spec.ts";
import { type Keys, runOf, specOf, TestHost } from "./helpers.ts";

const ONE_PORT = { "net.ipv4.ip_local_port_range": "40000 40000" };

describe("arrival i is user i modulo all users, whose address is its number modulo the addresses", () => {
  const spec = (keys: Keys): ConnectionsSpec =>
    specOf({ duration_s: 1, server: {}, workloads: [{ name: "a", kind: "connections", count: 1, ...keys }] })
      .workloads[0] as ConnectionsSpec;
  const cases: [string, Keys, number[], number[]][] = [
    ["one user", {}, [0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0]],
    ["two addresses", { source_addresses: 2 }, [0, 1, 0, 1, 0, 1, 0], [0, 0, 0, 0, 0, 0, 0]],
    ["three users behind one address", { clients_per_address: 3 }, [0, 0, 0, 0, 0, 0, 0], [0, 1, 2, 0, 1, 2, 0]],
    [
      "three users behind each of two",
      { source_addresses: 2, clients_per_address: 3 },
      [0, 1, 0, 1, 0, 1, 0],
      [0, 0, 1, 1, 2, 2, 0],
    ],
  ];
  test.each(cases)("%s", (_, keys, addresses, persons) => {
    const own = spec(keys);
    const first = addressOf(own, 0);
    const indices = addresses.map((_, index) => index);
    expect(indices.map((index) => addressOf(own, index) - first)).toEqual(addresses);
    expect(indices.map((index) => personOf(own, index))).toEqual(persons);
  });
});

/** Opens a socket from the one port at 1 s and gives it up again; answers its SYN's timestamp. */
function stampOf(person: number, atS = 1, sysctls: Keys = {}): number {
  const client = new TestHost({ isServer: false, sysctls: { ...ONE_PORT, ...sysctls } });
  client.advanceTo(atS);
  client.connect(person);
  return client.sent[0]!.tsval;
}

describe("a user's clock", () => {
  test("is no other's", () => {
    expect(new Set([0, 1, 2, 3].map((person) => stampOf(person))).size).toBe(4);
  });

  test("runs on", () => {
    expect((stampOf(3, 5) - stampOf(3, 1)) | 0).toBe(4000);
  });

  test("differs even where the kernel adds no offset of its own", () => {
    const plain = { "net.ipv4.tcp_timestamps": 2 };
    expect(stampOf(0, 1, plain)).toBe(1000);
    expect(stampOf(1, 1, plain)).not.toBe(1000);
  });

  test.each([0, 1])("is the one by which echoes are judged, for user %i", (person) => {
    const client = new TestHost({ isServer: false, sysctls: ONE_PORT });
    client.connect(person);
    const [syn] = client.sent;
    client.advanceTo(0.1);
    const reply = { flags: 0x12, seq: 9, ack: syn!.seq + 1, port: 80, to: syn!.own, tsval: 7 };
    client.receive({ ...reply, tsecr: (syn!.tsval + 500) | 0 });
    expect(client.counter("TcpExtPAWSActive")).toBe(1);
    client.receive({ ...reply, tsecr: syn!.tsval });
    expect(client.stateOf(80, syn!.own)).toBe(1);
  });

  test("stays with the socket for its life", () => {
    const client = new TestHost({ isServer: false, sysctls: ONE_PORT });
    const row = client.connect(5);
    const [syn] = client.sent;
    const to = { port: 80, to: syn!.own, tsecr: syn!.tsval, tsval: 7 };
    client.receive({ ...to, flags: 0x12, seq: 9, ack: syn!.seq + 1 });
    client.close(row);
    client.receive({ ...to, flags: 0x11, seq: 10, ack: syn!.seq + 2 });
    expect(client.stateOf(80, syn!.own)).toBe(6);
    expect(client.sent.map(({ tsval }) => tsval)).toEqual([syn!.tsval, syn!.tsval, syn!.tsval, syn!.tsval]);
  });
});

describe("with tcp_tw_reuse", () => {
  test.each([
    [5, 5, true, "a user's own port in TIME_WAIT is used again"],
    [0, 0, true, "so it is without a NAT"],
    [5, 0, false, "another user's is not"],
    [0, 5, false, "nor is it the other way round"],
  ])("user %i's, wanted by user %i: %s, %s", (first, second, isReused) => {
    const client = new TestHost({ isServer: false, sysctls: { ...ONE_PORT, "net.ipv4.tcp_tw_reuse": 1 } });
    const row = client.connect(first);
    const [syn] = client.sent;
    const to = { port: 80, to: syn!.own, tsecr: syn!.tsval, tsval: 7 };
    client.receive({ ...to, flags: 0x12, seq: 9, ack: syn!.seq + 1 });
    client.close(row);
    client.receive({ ...to, flags: 0x11, seq: 10, ack: syn!.seq + 2 });
    client.advanceTo(2);
    expect(client.connect(second) >= 0).toBe(isReused);
  });
});

describe("a server that closes first, seen from a NAT box with one port", () => {
  const view = (users: number, seed = 1): RunView =>
    runOf(
      {
        duration_s: 20,
        server: { listeners: [{ port: 80, backlog: 8, app: { close: "on_accept" } }] },
        client: { sysctls: ONE_PORT },
        workloads: [
          {
            ...{ name: "users", kind: "connections", port: 80, rate_per_s: 2, count: 30, first_closer: "server" },
            ...{ hold_s: 0.01, clients_per_address: users },
          },
        ],
      },
      { seed },
    );

  test("takes one user's next connection at once: its clock has gone on", () => {
    const one = view(1);
    expect(one.outcome(0, "completed")).toBe(30);
    expect(one.counter("server", "TcpExtPAWSTimewait")).toBe(0);
    expect(one.counter("client", "TcpExtTCPSynRetrans")).toBe(0);
  });

  test("finds the clocks of many users old by chance, answers with an ACK, and is reset: it takes one SYN more", () => {
    let old = 0;
    for (const seed of [1, 2, 3, 4]) {
      const many = view(10, seed);
      expect(many.outcome(0, "completed")).toBe(30);
      const refused = many.counter("server", "TcpExtPAWSTimewait");
      expect(many.counter("client", "TcpOutRsts")).toBeGreaterThanOrEqual(refused);
      expect(many.counter("client", "TcpExtTCPSynRetrans")).toBeGreaterThanOrEqual(refused);
      old += refused;
    }
    expect(old / 4).toBeGreaterThan(5);
    expect(old / 4).toBeLessThan(25);
  });
});

test("a reset ends the attempt of whichever user", () => {
  const client = new TestHost({ isServer: false, sysctls: ONE_PORT });
  client.connect(9);
  const [syn] = client.sent;
  client.receive({ flags: RST | ACK, seq: 0, ack: syn!.seq + 1, port: 80, to: syn!.own });
  expect(client.stateOf(80, syn!.own)).toBe(0);
});
