/**
 * Goal    The client's side: when SYNs are sent again, when it gives up, what it does with each answer, which port it takes (kernel-semantics 6).
 * Method  One host without a listener; its peer is the test.
 */
import { describe, expect, test } from "vitest";
import {
  ACK,
  ESTABLISHED,
  FIN,
  OPT_SACK,
  OPT_TS,
  OPT_WSCALE,
  R_SND_NXT,
  ROW_SHIFT,
  RST,
  SYN,
  SYN_SENT,
} from "../../src/engine/layout.ts";
import { type Keys, type Sent, TestHost } from "./helpers.ts";

const clientWith = (sysctls: Keys = {}): TestHost => new TestHost({ sysctls, isServer: false });
const range = (low: number, high: number): Keys => ({ "net.ipv4.ip_local_port_range": `${low} ${high}` });

/** A client that has sent its SYN. */
function connecting(sysctls: Keys = {}): {
  client: TestHost;
  row: number;
  syn: Sent;
  answer: { to: number; port: number };
} {
  const client = clientWith(sysctls);
  const row = client.connect();
  const [syn] = client.sent;
  client.delta();
  return { client, row, syn: syn!, answer: { to: syn!.own, port: 80 } };
}

describe("in SYN_SENT", () => {
  test("a SYN-ACK is acknowledged, and the client is connected", () => {
    const { client, row, syn, answer } = connecting();
    const [ack] = client.receive({ ...answer, flags: SYN | ACK, seq: 500, ack: syn.seq + 1 });
    expect(ack).toMatchObject({ flags: ACK, seq: (syn.seq + 1) | 0, ack: 501 });
    expect(client.delta()).toEqual({ TcpCurrEstab: 1, TcpOutSegs: 1 });
    expect(client.host.stateOf(row)).toBe(ESTABLISHED);
  });

  test("a RST that acknowledges the SYN refuses", () => {
    const { client, row, syn, answer } = connecting();
    client.receive({ ...answer, flags: RST | ACK, seq: 0, ack: syn.seq + 1 });
    expect(client.delta()).toEqual({ TcpAttemptFails: 1 });
    expect(client.host.stateOf(row)).toBe(0);
  });

  const ignored = [
    [RST, 0, "a RST without ACK"],
    [ACK, 1, "an ACK without SYN"],
    [SYN, 0, "a SYN (simultaneous open is left out)"],
    [FIN, 0, "a FIN"],
  ] as const;
  for (const [flags, offset, why] of ignored) {
    test(`${why} is ignored`, () => {
      const { client, row, syn, answer } = connecting();
      expect(client.receive({ ...answer, flags, ack: syn.seq + offset })).toEqual([]);
      expect(client.delta()).toEqual({});
      expect(client.host.stateOf(row)).toBe(SYN_SENT);
    });
  }

  for (const offset of [0, 2]) {
    test(`an ACK of ${offset === 0 ? "nothing" : "too much"} is reset, and the first SYN is sent again at once`, () => {
      const { client, row, syn, answer } = connecting();
      client.advanceTo(0.1);
      const ack = (syn.seq + offset) | 0;
      expect(client.receive({ ...answer, flags: ACK, seq: 9, ack })).toMatchObject([{ flags: RST, seq: ack }]);
      expect(client.delta()).toEqual({ TcpOutRsts: 1, TcpOutSegs: 1 });
      // Two ticks of 4 ms, at most a tick late.
      client.advanceTo(0.113);
      expect(client.delta()).toMatchObject({ TcpExtTCPTimeouts: 1, TcpExtTCPSynRetrans: 1, TcpRetransSegs: 1 });
      expect(client.host.stateOf(row)).toBe(SYN_SENT);
    });
  }

  test("a SYN that was brought forward is one of the retries", () => {
    const { client, row, syn, answer } = connecting({
      "net.ipv4.tcp_syn_retries": 1,
      "net.ipv4.tcp_syn_linear_timeouts": 0,
    });
    client.receive({ ...answer, flags: ACK, ack: syn.seq });
    client.advanceTo(1.9);
    expect(client.counter("TcpExtTCPSynRetrans")).toBe(1);
    // The second time-out ends it at 2 s, though T(1) is 3 s.
    client.advanceTo(2.1);
    expect(client.host.stateOf(row)).toBe(0);
  });

  test("a RST with an unacceptable ACK number is not answered, but brings the SYN forward too", () => {
    const { client, syn, answer } = connecting();
    expect(client.receive({ ...answer, flags: RST | ACK, ack: syn.seq })).toEqual([]);
    client.advanceTo(0.013);
    expect(client.counter("TcpExtTCPSynRetrans")).toBe(1);
  });

  test("an unacceptable ACK after a retransmission does not bring the next one forward", () => {
    const { client, syn, answer } = connecting();
    client.advanceTo(1.1);
    client.delta();
    client.receive({ ...answer, flags: ACK, ack: syn.seq });
    client.advanceTo(1.9);
    expect(client.counter("TcpExtTCPSynRetrans")).toBe(1);
  });

  test("an echo of a time before the SYN is reset", () => {
    const { client, row, syn, answer } = connecting();
    const synAck = { ...answer, flags: SYN | ACK, seq: 500, ack: syn.seq + 1, tsval: 77 };
    expect(client.receive({ ...synAck, tsecr: syn.tsval - 10_000 })).toMatchObject([{ flags: RST }]);
    expect(client.delta()).toEqual({ TcpExtPAWSActive: 1, TcpOutRsts: 1, TcpOutSegs: 1 });
    expect(client.host.stateOf(row)).toBe(SYN_SENT);
    client.receive({ ...synAck, tsecr: syn.tsval });
    expect(client.host.stateOf(row)).toBe(ESTABLISHED);
  });

  test("close() sends nothing and counts nothing", () => {
    const { client, row } = connecting();
    client.sent.length = 0;
    client.close(row);
    expect(client.sent).toEqual([]);
    expect(client.delta()).toEqual({});
    expect(client.host.stateOf(row)).toBe(0);
  });
});

/** Ports of connect() after connect(), until there is none. */
function portsOf(sysctls: Keys): number[] {
  const client = clientWith(sysctls);
  while (client.connect() >= 0);
  return client.sent.map(({ own }) => own);
}

describe("ports", () => {
  test("of the lowest port's parity go first, then the others, each once", () => {
    for (const low of [40_000, 40_001]) {
      const ports = portsOf(range(low, low + 19));
      expect(ports.toSorted()).toEqual(Array.from({ length: 20 }, (_, i) => low + i));
      expect(ports.map((port) => (port - low) & 1)).toEqual([...Array(10).fill(0), ...Array(10).fill(1)]);
    }
  });

  const counts = [
    [range(40_000, 40_000), 1, "a range of one port has one"],
    [range(40_000, 40_001), 2, "a range of two has two"],
    [range(40_000, 40_004), 4, "of an odd range one is out of reach"],
    [{ ...range(40_000, 40_003), "net.ipv4.ip_local_reserved_ports": "40001" }, 3, "a reserved port is not taken"],
    [{ ...range(40_000, 40_003), "net.ipv4.ip_local_reserved_ports": "40000-40003" }, 0, "all can be reserved"],
  ] as const;
  for (const [sysctls, count, why] of counts) {
    test(`${count} in all: ${why}`, () => {
      expect(portsOf(sysctls).length).toBe(count);
    });
  }

  test("run out without a packet or an ActiveOpens", () => {
    const client = clientWith(range(40_000, 40_000));
    client.connect();
    client.delta();
    expect(client.connect()).toBe(-1);
    expect(client.delta()).toEqual({});
    expect(client.sent.length).toBe(1);
  });
});

/** A client whose only port is in TIME_WAIT since `sinceS`, or (`asMini`) in FIN_WAIT2 as a mini-socket. */
function closedClient(
  sysctls: Keys,
  hasTimestamps = true,
  asMini = false,
): { client: TestHost; entryS: number; next: number } {
  const { client, row, syn, answer } = connecting({ ...range(40_000, 40_000), ...sysctls });
  const stamp = hasTimestamps ? { tsval: 5, tsecr: syn.tsval } : {};
  client.receive({ ...answer, flags: SYN | ACK, seq: 500, ack: syn.seq + 1, ...stamp });
  client.close(row);
  client.advanceTo(0.25);
  const next = (syn.seq + 2) | 0;
  const tsval = hasTimestamps ? { tsval: 6 } : {};
  client.receive({ ...answer, flags: ACK, seq: 501, ack: next, ...tsval });
  if (!asMini) client.receive({ ...answer, flags: FIN | ACK, seq: 501, ack: next, ...tsval });
  client.delta();
  client.sent.length = 0;
  return { client, entryS: 0.25, next };
}

describe("a port in TIME_WAIT", () => {
  const cases = [
    // tcp_tw_reuse, delay ms, timestamps, FIN_WAIT2, ms after entry, reused?, why
    [1, 1000, true, false, 1000, false, "the delay itself is not enough: the comparison is strict"],
    [1, 1000, true, false, 1001, true, "a millisecond more is"],
    [1, 50, true, false, 50, false, "a shorter delay is strict too"],
    [1, 50, true, false, 51, true, "a shorter delay lets it be taken sooner"],
    [0, 1000, true, false, 5000, false, "tcp_tw_reuse=0 never reuses"],
    [2, 1000, true, false, 5000, false, "tcp_tw_reuse=2 reuses on the loopback only"],
    [1, 1000, false, false, 5000, false, "without timestamps it is never reused"],
    [1, 1000, true, true, 5000, false, "a FIN_WAIT2 mini-socket is not reused"],
  ] as const;
  for (const [reuse, delayMs, hasTimestamps, asMini, afterMs, isReused, why] of cases) {
    test(`${isReused ? "is" : "is not"} reused ${afterMs} ms after entry: ${why}`, () => {
      const sysctls = { "net.ipv4.tcp_tw_reuse": reuse, "net.ipv4.tcp_tw_reuse_delay": delayMs };
      const { client, entryS, next } = closedClient(sysctls, hasTimestamps, asMini);
      client.advanceTo(entryS + afterMs / 1000);
      expect(client.connect() >= 0).toBe(isReused);
      expect(client.delta()).toEqual(isReused ? { TcpExtTWRecycled: 1, TcpActiveOpens: 1, TcpOutSegs: 1 } : {});
      if (isReused) expect(client.sent).toMatchObject([{ seq: (next + 65_537) | 0, tsecr: 6 }]);
    });
  }

  test("never gets the sequence number 0", () => {
    const { client, entryS } = closedClient({ "net.ipv4.tcp_tw_reuse": 1 });
    client.host.table.rows[(client.rowOf(80, 40_000) << ROW_SHIFT) + R_SND_NXT] = -65_537;
    client.advanceTo(entryS + 2);
    client.connect();
    expect(client.sent).toMatchObject([{ flags: SYN | OPT_SACK | OPT_WSCALE | OPT_TS, seq: 1 }]);
  });

  test("is free again after 60 s", () => {
    const { client } = closedClient({ "net.ipv4.tcp_tw_reuse": 0 });
    client.advanceTo(60.2);
    expect(client.connect()).toBe(-1);
    client.advanceTo(62);
    expect(client.connect()).toBeGreaterThanOrEqual(0);
  });
});
