/**
 * Goal    What a path does besides its constant delay: jitter, overtaking, copies, losses.
 * Method  A link by itself for delays and order; whole runs for what the kernel's counters say of it. What a host says to segments that come twice or
 *         in another order is in overtaken.test.ts.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { S_ATTEMPT, S_SEQ } from "../../src/engine/layout.ts";
import { Ledger } from "../../src/engine/ledger.ts";
import { Link } from "../../src/engine/link.ts";
import { PacketHeap } from "../../src/engine/packet-heap.ts";
import { run } from "../../src/engine/run.ts";
import type { RunView } from "../../src/results/run-view.ts";
import { Jitter, JitterScope, Match, type PathSpec } from "../../src/vocabulary/run-spec.ts";
import { bytesOf, type Keys, runOf, specOf } from "./helpers.ts";

const EVEN: PathSpec = {
  ...{ jitter: Jitter.None, jitterNs: 0, jitterScope: JitterScope.Packet, duplicate: 0, reorder: 0, mtu: 0 },
  ...{ lateProbability: 0, lateNs: 0, lateMatch: Match.Any, lateStartNs: 0, lateEndNs: -1 },
};
const SENDER = specOf({ duration_s: 1, server: {} }).client;
const MS = 1e6;
/** Every packet takes at least 20 µs more than its delay, and on a path with a delay up to 131 µs more than that. */
const BASE_NS = 20_000;
const SPREAD_NS = 131_072;

interface Arrival {
  readonly atNs: number;
  readonly attempt: number;
  readonly seq: number;
}

/** A link, its clock and attempts; packets are told apart by their sequence numbers. */
class TestLink {
  readonly ledger: Ledger;
  readonly #now = new Float64Array(1);
  readonly #due = new Float64Array(1);
  readonly #link: Link;

  constructor(path: Partial<PathSpec>, delayNs: number, toServer = true) {
    this.ledger = new Ledger(this.#now, 1, [7]);
    this.#link = new Link(this.#now, this.#due, 0, this.ledger, delayNs, { ...EVEN, ...path }, toServer, [], SENDER);
  }

  send(atNs: number, attempt: number, seq: number): void {
    this.#now[0] = atNs;
    this.#link.send(16, 1, 2, 3, seq, 0, 0, 0, 0, attempt);
  }

  arrivals(): Arrival[] {
    const list: Arrival[] = [];
    while (this.#due[0]! < Number.POSITIVE_INFINITY) {
      const atNs = this.#due[0]!;
      const at = this.#link.take();
      list.push({ atNs, attempt: this.#link.words[at + S_ATTEMPT]!, seq: this.#link.words[at + S_SEQ]! });
    }
    return list;
  }
}

/** Begins `count` attempts, one after the other. */
function attemptsOf(link: TestLink, count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    link.ledger.reserve(1);
    return link.ledger.begin(0, index);
  });
}

/** Travel times of `count` packets, each of an attempt of its own, ns. */
function travels(path: Partial<PathSpec>, delayNs: number, count: number, toServer = true): Float64Array {
  const link = new TestLink(path, delayNs, toServer);
  const out = new Float64Array(count);
  attemptsOf(link, count).forEach((attempt, i) => {
    link.send(i * 10, attempt, i);
  });
  for (const { atNs, seq } of link.arrivals()) out[seq] = atNs - seq * 10;
  return out;
}

const meanOf = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;
const deviationOf = (values: Float64Array): number => {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
};
const isSorted = (values: readonly number[]): boolean => values.every((v, i) => i === 0 || values[i - 1]! <= v);

describe("jitter", () => {
  const packets = 40_000;
  const delayNs = 100 * MS;
  const spread = 10 * MS;
  const scopes = [JitterScope.Packet, JitterScope.Connection];
  const cases = [
    // distribution, mean and standard deviation of what it adds, least and most
    ["uniform", Jitter.Uniform, 0, spread / Math.sqrt(3), -spread, spread],
    ["normal", Jitter.Normal, 0, spread, -7 * spread, 7 * spread],
    ["exponential", Jitter.Exponential, spread, spread, 0, 25 * spread],
  ] as const;
  for (const [name, jitter, mean, deviation, least, most] of cases) {
    test.each(scopes)(
      `that is ${name} has its mean and its spread, per packet (0) or connection (1): %i`,
      (jitterScope) => {
        const added = travels({ jitter, jitterNs: spread, jitterScope }, delayNs, packets).map(
          (ns) => ns - delayNs - BASE_NS - SPREAD_NS / 2,
        );
        // Five standard errors of 40 000 draws.
        expect(Math.abs(meanOf(added) - mean)).toBeLessThan((5 * deviation) / Math.sqrt(packets));
        expect(Math.abs(deviationOf(added) / deviation - 1)).toBeLessThan(0.04);
        expect(Math.min(...added)).toBeGreaterThanOrEqual(least - SPREAD_NS / 2);
        expect(Math.max(...added)).toBeLessThanOrEqual(most + SPREAD_NS / 2);
      },
    );
  }

  test("is symmetric when it is normal, and has the normal tails", () => {
    const added = travels({ jitter: Jitter.Normal, jitterNs: spread }, delayNs, packets).map((ns) => ns - delayNs);
    const beyond = (deviations: number): number => added.filter((ns) => Math.abs(ns) > deviations * spread).length;
    expect(beyond(1) / packets).toBeCloseTo(0.3173, 1.5);
    expect(beyond(2) / packets).toBeCloseTo(0.0455, 2);
    expect(added.filter((ns) => ns < BASE_NS + SPREAD_NS / 2).length / packets).toBeCloseTo(0.5, 1.5);
  });

  test("never makes a path faster than a direct one", () => {
    const all = travels({ jitter: Jitter.Uniform, jitterNs: 50 * MS }, 10 * MS, 4000);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(BASE_NS);
    // From -50 to -10 of 100 ms: two of five packets would be early.
    const atFloor = all.filter((ns) => ns < BASE_NS + SPREAD_NS).length;
    expect(atFloor / all.length).toBeCloseTo(0.4, 1);
  });

  test("of each packet lets packets of a connection overtake each other", () => {
    const link = new TestLink({ jitter: Jitter.Uniform, jitterNs: 5 * MS }, 10 * MS);
    const [attempt] = attemptsOf(link, 1) as [number];
    for (let seq = 0; seq < 100; seq++) link.send(seq * 0.1 * MS, attempt, seq);
    const arrivals = link.arrivals();
    expect(isSorted(arrivals.map(({ atNs }) => atNs))).toBe(true);
    expect(isSorted(arrivals.map(({ seq }) => seq))).toBe(false);
    expect(arrivals.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  test("of each connection keeps the order within it, also after the attempt's end, and connections overtake each other", () => {
    const link = new TestLink(
      { jitter: Jitter.Exponential, jitterNs: 20 * MS, jitterScope: JitterScope.Connection },
      0,
    );
    const attempts = attemptsOf(link, 50);
    for (let seq = 0; seq < 2000; seq++) {
      link.send(seq * 0.01 * MS, attempts[seq % 50]!, seq);
      // The rows of ended attempts rest for a while, then they are others'.
      if (seq !== 1000) continue;
      for (const attempt of attempts) link.ledger.end(link.ledger.at(attempt), 0, false, 0);
      link.ledger.reserve(9000);
      for (let k = 0; k < 9000; k++) link.ledger.end(link.ledger.at(link.ledger.begin(0, 50 + k)), 0, false, 0);
    }
    const arrivals = link.arrivals();
    expect(arrivals.length).toBe(2000);
    for (const attempt of attempts) {
      const own = arrivals.filter((a) => a.attempt === attempt);
      expect(own.length).toBe(40);
      expect(isSorted(own.map(({ seq }) => seq))).toBe(true);
      expect(new Set(own.map(({ atNs, seq }) => Math.round(atNs - seq * 0.01 * MS))).size).toBe(1);
    }
    expect(isSorted(arrivals.map(({ seq }) => seq))).toBe(false);
  });

  test("of each connection is drawn apart for the two directions, and does not hang on how many attempts there are", () => {
    const path = { jitter: Jitter.Uniform, jitterNs: 5 * MS, jitterScope: JitterScope.Connection };
    const there = travels(path, 10 * MS, 2000);
    const back = travels(path, 10 * MS, 2000, false);
    const [a, b] = [meanOf(there), meanOf(back)];
    const covariance = meanOf(there.map((ns, i) => (ns - a) * (back[i]! - b)));
    expect(Math.abs(covariance / (deviationOf(there) * deviationOf(back)))).toBeLessThan(0.1);
    expect(travels(path, 10 * MS, 10)).toEqual(there.slice(0, 10));
  });
});

test("a path without jitter and reordering keeps the order, whatever it duplicates", () => {
  const link = new TestLink({ duplicate: 0.5 }, 10 * MS);
  const [attempt] = attemptsOf(link, 1) as [number];
  for (let seq = 0; seq < 1000; seq++) link.send(seq * 1000, attempt, seq);
  const arrivals = link.arrivals();
  expect(isSorted(arrivals.map(({ seq }) => seq))).toBe(true);
  expect(arrivals.length).toBeGreaterThan(1400);
});

test("a packet that is reordered leaves constant delay and jitter out", () => {
  const all = travels({ jitter: Jitter.Exponential, jitterNs: 5 * MS, reorder: 0.25 }, 50 * MS, 8000);
  const early = all.filter((ns) => ns < 50 * MS);
  expect(early.length / all.length).toBeCloseTo(0.25, 1.5);
  expect(Math.max(...early)).toBeLessThanOrEqual(BASE_NS + SPREAD_NS);
});

test("a copy has a delay of its own, and leaves the delays of other packets alone", () => {
  const path = { jitter: Jitter.Uniform, jitterNs: 5 * MS };
  const alone = travels(path, 10 * MS, 3000);
  const link = new TestLink({ ...path, duplicate: 0.3 }, 10 * MS);
  attemptsOf(link, 3000).forEach((attempt, i) => {
    link.send(i * 10, attempt, i);
  });
  const seen = new Map<number, number[]>();
  for (const { atNs, seq } of link.arrivals()) seen.set(seq, [...(seen.get(seq) ?? []), atNs - seq * 10]);
  const twice = [...seen.values()].filter((times) => times.length === 2);
  expect(twice.length / 3000).toBeCloseTo(0.3, 1.5);
  expect([...seen].every(([seq, times]) => times.length <= 2 && times.includes(alone[seq]!))).toBe(true);
  expect(twice.filter(([first, second]) => Math.abs(first! - second!) < 0.01 * MS).length).toBeLessThan(20);
});

test("packets come off a heap by time, equal times in the order they went in, while it grows", () => {
  const steps = fc.array(fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 5 })), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (list) => {
      const heap = new PacketHeap(1);
      const waiting: { time: number; slot: number }[] = [];
      for (const time of list) {
        if (time >= 0) {
          if (heap.isFull) heap.grow();
          heap.atNs[0] = time;
          const slot = heap.push();
          expect(waiting.some((packet) => packet.slot === slot)).toBe(false);
          waiting.push({ time, slot });
        } else if (waiting.length > 0) {
          const first = waiting.reduce((best, packet) => (packet.time < best.time ? packet : best));
          expect(heap.pop()).toBe(first.slot);
          waiting.splice(waiting.indexOf(first), 1);
        }
      }
    }),
    { seed: 20_261_120, numRuns: 300 },
  );
});

const CLIENTS = 40;
/** Clients that come one after the other, ask and close; nothing else disturbs them. */
function clients(more: Keys, workloads: readonly Keys[] = [], legit: Keys = {}): RunView {
  return runOf({
    duration_s: 8,
    server: {
      listeners: [{ port: 80, backlog: 128, app: { request_bytes: 100, response_bytes: 200, close: "on_eof" } }],
    },
    client: { one_way_delay_s: 0.01 },
    workloads: [
      {
        ...{ name: "legit", kind: "connections", port: 80, rate_per_s: 20, duration_s: CLIENTS / 20, hold_s: 0.2 },
        ...{ request_bytes: 100, response_bytes: 200, first_closer: "client", ...legit },
      },
      ...workloads,
    ],
    ...more,
  });
}

describe("copies are counted by the kernels that get them", () => {
  const duplicate = 1;

  test("a SYN-ACK that comes twice is challenged, and so is each later segment's copy acknowledged", () => {
    const view = clients({ path: { to_client: { duplicate } } });
    expect(view.outcome(0, "completed")).toBe(CLIENTS);
    expect(view.counter("client", "TcpExtTCPSYNChallenge")).toBe(CLIENTS);
    expect(view.counter("client", "TcpInErrs")).toBe(CLIENTS);
    expect(view.counter("client", "TcpInSegs")).toBe(2 * view.counter("server", "TcpOutSegs"));
    expect(view.wire()).toMatchObject({ in_syn: CLIENTS, out_synack: CLIENTS, out_data: CLIENTS });
  });

  test("a SYN that comes twice is answered twice by a half-open request", () => {
    const view = clients({ path: { to_server: { duplicate } } });
    expect(view.outcome(0, "completed")).toBe(CLIENTS);
    expect(view.counter("server", "TcpExtTCPSynRetrans")).toBe(CLIENTS);
    expect(view.counter("client", "TcpExtTCPSYNChallenge")).toBe(CLIENTS);
    expect(view.counter("server", "TcpPassiveOpens")).toBe(CLIENTS);
    // The wire counters have both copies, the sender's have one; what it sends again is not in them.
    const sent = view.counter("client", "TcpOutSegs") + view.counter("client", "TcpRetransSegs");
    expect(view.counter("server", "TcpInSegs")).toBe(2 * sent);
    expect(view.wire()).toMatchObject({ in_syn: 2 * CLIENTS, in_data: 2 * CLIENTS, in_fin: 2 * CLIENTS });
  });

  test("a lost copy is a drop that nobody waits for: who gets no response blames the application", () => {
    const mute = { listeners: [{ port: 80, backlog: 128, app: { request_bytes: 100, response_bytes: 0 } }] };
    const requests = { direction: "to_server", match: "data", drop_probability: 0.3 };
    const path = { to_server: { duplicate } };
    const view = clients({ server: mute, path, impairments: [requests] }, [], { response_timeout_s: 4 });
    expect(view.gates(0, "drops").path_to_server).toBeGreaterThan(CLIENTS / 3);
    expect(view.gates(0, "failed")).toEqual({ app: CLIENTS });
  });

  const raw = (packet: string, answer: string): Keys => ({
    ...{ name: "flood", kind: "raw", packet, port: 80, rate_per_s: 100, duration_s: 2, answer_to_synack: answer },
  });

  test("a flood's packets come twice, one by one", () => {
    const flood = clients({ path: { to_server: { duplicate } } }, [raw("syn", "nothing")]);
    expect(flood.workloadField(1, "sent")).toBe(200);
    expect(flood.wire()).toMatchObject({ in_syn: 2 * (200 + CLIENTS), in_atk_syn: 400 });
    const bare = clients({ path: { to_server: { duplicate } } }, [raw("ack", "nothing")]);
    // And the copy of each client's last ACK finds its connection closed.
    expect(bare.counter("server", "TcpOutRsts")).toBe(400 + CLIENTS);
  });

  test("an answer of a raw workload comes twice, and is counted as answered once", () => {
    // 128 and one requests of the clients' and the flood's fit; both copies of a SYN are answered, and each answer arrives twice.
    const view = clients({ path: { to_server: { duplicate } } }, [{ ...raw("syn", "ack"), answer_delay_s: 0.05 }]);
    expect(view.workloadField(1, "synacksSeen")).toBe(400);
    expect(view.workloadField(1, "answered")).toBe(400);
    expect(view.wire().in_pure_ack).toBeGreaterThanOrEqual(800);
    expect(view.counter("server", "TcpPassiveOpens")).toBe(200 + CLIENTS);
  });

  test("in bulk and packet by packet stay the same", () => {
    const spec = (engine: "auto" | "packet", path: Keys) =>
      specOf(
        { duration_s: 3, path, server: { listeners: [{ port: 80, backlog: 16 }] }, workloads: [raw("syn", "nothing")] },
        { engine },
      );
    for (const path of [
      { to_server: { duplicate: 0.3 } },
      { to_server: { jitter: { distribution: "normal", spread_s: 0.1 } } },
    ]) {
      expect(bytesOf(run(spec("auto", path))).equals(bytesOf(run(spec("packet", path))))).toBe(true);
    }
  });
});

describe("losses of a path", () => {
  test.each(["to_server", "to_client"])("hit what is sent %s, and only that", (direction) => {
    const view = clients({ path: { [direction]: { loss: 0.3 } } }, [
      { name: "flood", kind: "raw", packet: "syn", port: 80, rate_per_s: 1000, duration_s: 2 },
    ]);
    const floodDrops = view.gates(1, "drops").path_to_server ?? 0;
    // 2000 packets, five standard deviations.
    if (direction === "to_server") expect(Math.abs(floodDrops - 600)).toBeLessThan(5 * Math.sqrt(2000 * 0.3 * 0.7));
    else expect(floodDrops).toBe(0);
    const own = view.gates(0, "drops");
    expect(own[`path_${direction}`]! + floodDrops).toBeLessThanOrEqual(view.impairmentDropped()[0]!);
    expect(own[`path_${direction}`]!).toBeGreaterThan(10);
    expect(own[direction === "to_server" ? "path_to_client" : "path_to_server"] ?? 0).toBe(0);
  });

  test("come one by one where it is 1: nobody gets in", () => {
    for (const direction of ["to_server", "to_client"]) {
      const view = clients({ path: { [direction]: { loss: 1 } } });
      expect(view.outcome(0, "pending")).toBe(CLIENTS);
      expect(view.counter("server", "TcpInSegs") > 0).toBe(direction === "to_client");
    }
  });
});

test("near and far connections: each takes as long for all it does, and the mean follows from the spread", () => {
  const jitter = { distribution: "exponential", spread_s: 0.1, per: "connection" };
  const view = clients({ path: { to_server: { jitter }, to_client: { jitter } } });
  expect(view.outcome(0, "completed")).toBe(CLIENTS);
  // connect() takes 20 ms and two draws with a mean of 100 ms; the response comes after as much again.
  const connect = view.latency(0, "connectLatency").mean / 1000;
  expect(connect).toBeGreaterThan(120);
  expect(connect).toBeLessThan(340);
  expect(view.latency(0, "responseLatency").mean / 1000 / connect).toBeCloseTo(2, 1);
  expect(view.counter("server", "TcpExtPAWSEstab")).toBe(0);
});
