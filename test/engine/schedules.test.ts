/**
 * Goal    Every retransmission schedule with its total time: SYNs, SYN-ACKs, FINs and data (kernel-semantics 3.2, 6.1, 7.5; RFC 6298).
 * Method  Rows written by hand (test/vocabulary/schedules.ts). Timers on time: each packet at its very tick. Timers as late as the kernel's:
 *         at the ticks that the rule of lateness gives for the same steps, at each HZ and with the worst and a middling phase.
 */
import { describe, expect, test } from "vitest";
import { parseScenario } from "../../src/config/parse.ts";
import { ESTABLISHED, FIN, FIN_WAIT1, OPT_SACK, SYN_SENT } from "../../src/engine/layout.ts";
import { HZ_VALUES } from "../../src/vocabulary/scenario.ts";
import { lateTick, SYN_SCHEDULES, SYNACK_SCHEDULES } from "../vocabulary/schedules.ts";
import { connected, RTT_S } from "./connected.ts";
import { FIRST_TICK, type Sent, TestHost } from "./helpers.ts";

const BOOTS = [FIRST_TICK, FIRST_TICK + 12_345] as const;

/** Nominal times → when they come at `hz` since a boot of `bootTicks` ticks, each step set when the one before it fired. */
function lateS(nominalS: readonly number[], hz: number, bootTicks: number): number[] {
  let tick = bootTicks;
  return nominalS.map((s, i) => {
    if (i > 0) tick = lateTick(tick, Math.round((s - nominalS[i - 1]!) * hz));
    return (tick - bootTicks) / hz;
  });
}

const timesOf = (sent: readonly Sent[]): number[] => sent.map(({ atS }) => Number(atS.toFixed(6)));
const rounded = (times: readonly number[]): number[] => times.map((s) => Number(s.toFixed(6)));

describe("a SYN that nobody answers", () => {
  for (const { retries, linear, rtoMaxMs, synsS, endS, why } of SYN_SCHEDULES) {
    const sysctls = {
      "net.ipv4.tcp_syn_retries": retries,
      "net.ipv4.tcp_syn_linear_timeouts": linear,
      "net.ipv4.tcp_rto_max_ms": rtoMaxMs,
    };
    const settings = `tcp_syn_retries=${retries}, tcp_syn_linear_timeouts=${linear}, tcp_rto_max_ms=${rtoMaxMs}`;

    test(`is sent ${synsS.length} times and given up after ${endS} s with ${settings}: ${why}`, () => {
      const client = new TestHost({ sysctls, isServer: false, onTime: true });
      const row = client.connect();
      client.advanceTo(endS - 0.001);
      expect(client.host.stateOf(row)).toBe(SYN_SENT);
      client.advanceTo(endS + 0.0005);
      expect(client.host.stateOf(row)).toBe(0);
      expect(timesOf(client.sent)).toEqual(synsS);
      const resent = synsS.length - 1;
      expect(client.delta()).toEqual({
        TcpActiveOpens: 1,
        TcpOutSegs: 1,
        TcpAttemptFails: 1,
        TcpRetransSegs: resent,
        TcpExtTCPSynRetrans: resent,
        TcpExtTcpTimeoutRehash: resent,
        ...(resent > 1 ? { TcpExtTCPLostRetransmit: resent - 1 } : {}),
        TcpExtTCPTimeouts: resent + 1,
        TcpExtTCPAbortOnTimeout: 1,
      });
    });

    test.each(HZ_VALUES)(`is as late as its timers at HZ %i with ${settings}`, (hz) => {
      for (const bootTicks of BOOTS) {
        const client = new TestHost({ sysctls, isServer: false, hz, bootTicks });
        const row = client.connect();
        const times = lateS([...synsS, endS], hz, bootTicks);
        client.advanceTo(times.at(-1)! - 0.0005);
        expect(client.host.stateOf(row)).toBe(SYN_SENT);
        client.advanceTo(times.at(-1)! + 0.0005);
        expect(client.host.stateOf(row)).toBe(0);
        expect(timesOf(client.sent)).toEqual(rounded(times.slice(0, -1)));
      }
    });
  }

  test.each([
    [0, false],
    [1, true],
    [127, true],
    [128, false],
  ])("tcp_syn_retries %i is allowed: %s, as the kernel's sysctl has it", (retries, isAllowed) => {
    const text = `{duration_s: 1, server: {}, client: {sysctls: {net.ipv4.tcp_syn_retries: ${retries}}}}`;
    const parsed = parseScenario(text);
    expect(parsed.ok).toBe(isAllowed);
  });
});

describe("a SYN-ACK that nobody answers", () => {
  for (const { retries, synAcksS, endS } of SYNACK_SCHEDULES) {
    // A small tcp_rto_max_ms has no part in it (3.1).
    const sysctls = { "net.ipv4.tcp_synack_retries": retries, "net.ipv4.tcp_rto_max_ms": 1000 };

    test(`is sent ${synAcksS.length} times and is freed after ${endS} s with tcp_synack_retries=${retries}`, () => {
      const server = new TestHost({ sysctls, onTime: true });
      server.syn();
      server.advanceTo(endS - 0.001);
      expect(server.listener.synLength).toBe(1);
      server.advanceTo(endS + 0.0005);
      expect(server.listener.synLength).toBe(0);
      expect(timesOf(server.sent)).toEqual(synAcksS);
      const resent = retries === 0 ? {} : { TcpExtTCPSynRetrans: retries, TcpRetransSegs: retries };
      expect(server.delta()).toEqual({ TcpOutSegs: retries + 1, TcpExtTCPTimeouts: retries + 1, ...resent });
    });

    test.each(HZ_VALUES)(`is as late as its timers at HZ %i with tcp_synack_retries=${retries}`, (hz) => {
      for (const bootTicks of BOOTS) {
        const server = new TestHost({ sysctls, hz, bootTicks });
        server.syn();
        const times = lateS([...synAcksS, endS], hz, bootTicks);
        server.advanceTo(times.at(-1)! - 0.0005);
        expect(server.listener.synLength).toBe(1);
        server.advanceTo(times.at(-1)! + 0.0005);
        expect(server.listener.synLength).toBe(0);
        expect(timesOf(server.sent)).toEqual(rounded(times.slice(0, -1)));
      }
    });
  }
});

/** tcp_orphan_retries, tcp_retries2, tcp_rto_min_us and tcp_rto_max_ms, where a row says another value than the default. */
interface Knobs {
  readonly orphan?: number;
  readonly retries2?: number;
  readonly rtoMinUs?: number;
  readonly rtoMaxMs?: number;
}

const knobsOf = ({ orphan, retries2, rtoMinUs, rtoMaxMs }: Knobs): Record<string, number> =>
  Object.fromEntries(
    Object.entries({
      "net.ipv4.tcp_orphan_retries": orphan,
      "net.ipv4.tcp_retries2": retries2,
      "net.ipv4.tcp_rto_min_us": rtoMinUs,
      "net.ipv4.tcp_rto_max_ms": rtoMaxMs,
    }).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );

describe("a FIN or data that nobody acknowledges", () => {
  // The peer is 20 ms away: the first time-out is 20 ms + tcp_rto_min, each further one twice as long, tcp_rto_max_ms at most. The sender gives
  // up at the first firing that is as long after the first retransmission as the model says: 0.2 s, doubled for each retry, in sum.
  const rows: readonly (readonly [what: "FIN" | "data", Knobs, packetsS: readonly number[], endS: number, string])[] = [
    ["FIN", {}, [0, 0.22, 0.66, 1.54, 3.3, 6.82, 13.86, 27.94, 56.1], 112.42, "0 orphan retries act as 8: 102.2 s"],
    ["FIN", { orphan: 1 }, [0, 0.22, 0.66], 1.54, "1 retry: 0.6 s"],
    ["FIN", { orphan: 3 }, [0, 0.22, 0.66, 1.54], 3.3, "3 retries: 3 s"],
    ["FIN", { orphan: 5 }, [0, 0.22, 0.66, 1.54, 3.3, 6.82], 13.86, "5 retries: 12.6 s"],
    ["FIN", { orphan: 1, retries2: 9 }, [0, 0.22, 0.66], 1.54, "tcp_retries2 is not an orphan's: 0.6 s"],
    // What the kernel took for base here, its constant or the sysctl, was asked: 3.7 s with a round trip near 0.
    ["FIN", { orphan: 3, rtoMinUs: 50_000 }, [0, 0.072, 0.216, 0.504, 1.08, 2.232], 4.536, "the model starts at 0.2 s"],
    ["FIN", { orphan: 5, rtoMaxMs: 1000 }, [0, 0.22, 0.66, 1.54, 2.54, 3.54, 4.54], 5.54, "1.4 s and 3 steps of 1 s"],
    ["FIN", { rtoMaxMs: 1000 }, [0, 0.22, 0.66, 1.54], 2.54, "0 retries stay 0 once the time-out is at its maximum"],
    ["data", { retries2: 1 }, [0, 0.22, 0.66], 1.54, "1 retry: 0.6 s"],
    ["data", { retries2: 5, orphan: 1 }, [0, 0.22, 0.66, 1.54, 3.3, 6.82], 13.86, "5 retries: 12.6 s"],
    [
      "data",
      { retries2: 5, rtoMaxMs: 1000 },
      [0, 0.22, 0.66, 1.54, 2.54, 3.54, 4.54],
      5.54,
      "1.4 s and 3 steps of 1 s",
    ],
    ["data", { retries2: 3, rtoMinUs: 1_000_000 }, [0, 1.02, 3.06], 7.14, "the model starts at 0.2 s: 3 s"],
    [
      "data",
      {},
      [0, 0.22, 0.66, 1.54, 3.3, 6.82, 13.86, 27.94, 56.1, 112.42, 225.06, 345.06, 465.06, 585.06, 705.06, 825.06],
      945.06,
      "15 retries: 924.6 s",
    ],
  ];
  for (const [what, knobs, packetsS, endS, why] of rows) {
    const settings = Object.entries(knobs).flat().join(" ") || "defaults";

    test(`ends the connection after ${endS} s: ${what}, ${settings}: ${why}`, () => {
      const { server, row } = connected(knobsOf(knobs), 0, { onTime: true });
      if (what === "FIN") server.close(row);
      else server.write(row, 10);
      server.delta();
      server.advanceTo(RTT_S + endS - 0.001);
      expect(server.stateOf()).toBe(what === "FIN" ? FIN_WAIT1 : ESTABLISHED);
      server.advanceTo(RTT_S + endS + 0.001);
      expect(server.stateOf()).toBe(0);
      expect(timesOf(server.sent)).toEqual(rounded(packetsS.map((s) => RTT_S + s)));
      for (const { flags, length } of server.sent)
        expect([flags & FIN, length]).toEqual(what === "FIN" ? [FIN, 0] : [0, 10]);
      const resent = packetsS.length - 1;
      expect(server.delta()).toMatchObject({
        TcpRetransSegs: resent,
        TcpExtTCPTimeouts: resent + 1,
        TcpExtTCPAbortOnTimeout: 1,
      });
      expect(server.counter("TcpOutRsts")).toBe(0);
      expect(server.host.orphans).toBe(0);
    });

    test.each(HZ_VALUES)(`is as late as its timers at HZ %i: ${what}, ${settings}`, (hz) => {
      const { server, row } = connected(knobsOf(knobs), 0, { hz });
      if (what === "FIN") server.close(row);
      else server.write(row, 10);
      server.advanceTo(RTT_S + 2000);
      expect(timesOf(server.sent)).toEqual(rounded(lateRetransmissions(knobs, what, hz)));
    });
  }

  test("is probed once before the first time-out, where SACK was agreed, and goes on from there", () => {
    // One packet in flight: the probe is due after two round trips and tcp_rto_min, but never after the time-out itself.
    const { server, row } = connected(knobsOf({ orphan: 3 }), OPT_SACK, { onTime: true });
    server.close(row);
    server.advanceTo(RTT_S + 100);
    expect(timesOf(server.sent)).toEqual(rounded([0, 0.22, 0.44, 0.88, 1.76].map((s) => RTT_S + s)));
    expect(server.delta()).toMatchObject({ TcpExtTCPLossProbes: 1, TcpExtTCPTimeouts: 4, TcpExtTCPAbortOnTimeout: 1 });
  });
});

/** The rule of 7.5 step by step, with timers that are late: they are set when the one before has fired. */
function lateRetransmissions(
  { orphan = 0, retries2 = 15, rtoMinUs = 200_000, rtoMaxMs = 120_000 }: Knobs,
  what: "FIN" | "data",
  hz: number,
): number[] {
  const ticksOf = (ms: number): number => Math.ceil(Number(((ms * hz) / 1000).toFixed(6)));
  const longest = ticksOf(rtoMaxMs);
  const start = FIRST_TICK + Math.round(RTT_S * hz);
  const sent = [0];
  let rto = Math.min(ticksOf(20 + rtoMinUs / 1000), longest);
  let tick = start;
  for (let first = Number.NaN; ; ) {
    tick = lateTick(tick, rto);
    const isAlive = rto < longest;
    const retries = what === "data" ? retries2 : orphan === 0 && isAlive ? 8 : orphan;
    if (((tick - first) * 1000) / hz >= modelMs(retries, rtoMaxMs)) break;
    if (Number.isNaN(first)) first = tick;
    sent.push((tick - start) / hz);
    rto = Math.min(2 * rto, longest);
  }
  return sent.map((s) => RTT_S + s);
}

/** 0.2 s, then twice as long for each retry while that is not above the maximum, which the others take. */
function modelMs(retries: number, rtoMaxMs: number): number {
  let sumMs = 0;
  for (let k = 0, stepMs = 200; k <= retries; k++, stepMs *= 2) sumMs += Math.min(stepMs, rtoMaxMs);
  return sumMs;
}
