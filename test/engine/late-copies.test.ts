/**
 * Goal    Old duplicates on the path: which packets have one, when it comes, and that nobody waits for it.
 * Method  A link by itself; whole runs beside the same run without them.
 */
import { describe, expect, test } from "vitest";
import {
  ACK,
  COPY,
  FIN,
  LATE_COPY,
  MORE_SHIFT,
  PSH,
  S_ATTEMPT,
  S_COPY,
  S_FLAGS,
  S_LEN,
  S_SEQ,
  SYN,
} from "../../src/engine/layout.ts";
import { Ledger } from "../../src/engine/ledger.ts";
import { Link } from "../../src/engine/link.ts";
import { Jitter, JitterScope, Match, type PathSpec } from "../../src/vocabulary/run-spec.ts";
import { type Keys, runOf, specOf } from "./helpers.ts";

const S = 1e9;
const DELAY_NS = 0.01 * S;
/** The little delay of every packet at most (link.ts). */
const LITTLE_NS = 152_000;
const PATH: PathSpec = {
  ...{ jitter: Jitter.None, jitterNs: 0, jitterScope: JitterScope.Packet, duplicate: 0, reorder: 0, mtu: 0 },
  ...{ lateProbability: 1, lateNs: 60 * S, lateMatch: Match.Any, lateStartNs: 0, lateEndNs: -1 },
};

const SENDER = specOf({ duration_s: 1, server: {} }).client;

interface Seen {
  readonly atNs: number;
  readonly flags: number;
  readonly seq: number;
  readonly length: number;
  readonly copy: number;
  readonly isLate: boolean;
}

class TestLink {
  readonly #now = new Float64Array(1);
  readonly #due = new Float64Array(1);
  readonly #link: Link;
  readonly #attempt: number;

  constructor(path: Partial<PathSpec> = {}) {
    const ledger = new Ledger(this.#now, 1, [7]);
    ledger.reserve(1);
    this.#attempt = ledger.begin(0, 0);
    this.#link = new Link(this.#now, this.#due, 0, ledger, DELAY_NS, { ...PATH, ...path }, true, [], SENDER);
  }

  send(atNs: number, flags: number, seq = 0, length = 0): this {
    this.#now[0] = atNs;
    this.#link.send(flags, 1, 2, 3, seq, 0, length, 0, 0, this.#attempt);
    return this;
  }

  arrivals(): Seen[] {
    const seen: Seen[] = [];
    while (this.#due[0]! < Number.POSITIVE_INFINITY) {
      const atNs = this.#due[0]!;
      const at = this.#link.take();
      const { words } = this.#link;
      expect(words[at + S_ATTEMPT]).toBe(this.#attempt);
      const [flags, seq, length, copy] = [S_FLAGS, S_SEQ, S_LEN, S_COPY].map((word) => words[at + word]!);
      seen.push({ atNs, flags: flags!, seq: seq!, length: length!, copy: copy!, isLate: this.#link.isLate(at) });
    }
    return seen;
  }
}

describe("a late copy", () => {
  test("comes its delay after the packet, and is known for one", () => {
    const [first, copy, ...more] = new TestLink().send(S, SYN, 5).arrivals();
    expect(first).toMatchObject({ seq: 5, copy: 0, isLate: false });
    expect(copy).toMatchObject({ flags: SYN, seq: 5, copy: LATE_COPY, isLate: true });
    expect(Math.abs(copy!.atNs - S - DELAY_NS - 60 * S)).toBeLessThan(LITTLE_NS);
    expect(more).toEqual([]);
  });

  test("holds nobody up: packets behind it come as without it", () => {
    const [first, second] = new TestLink({ lateNs: 1 })
      .send(0, ACK, 1)
      .send(5 * LITTLE_NS, ACK, 2)
      .arrivals()
      .filter(({ isLate }) => !isLate);
    expect([first!.seq, second!.seq]).toEqual([1, 2]);
    expect(second!.atNs).toBeLessThan(5 * LITTLE_NS + DELAY_NS + LITTLE_NS);
  });

  test("stands beside a duplicate, which comes at once", () => {
    const copies = new TestLink({ duplicate: 1 })
      .send(0, ACK)
      .arrivals()
      .map(({ copy }) => copy);
    expect(copies).toEqual([0, COPY, LATE_COPY]);
  });

  test("is of a single segment: each of a flight has its own", () => {
    // 2.5 segments of 1460 bytes.
    const flight = PSH | ACK | (2 << MORE_SHIFT);
    const late = new TestLink()
      .send(0, flight, 100, 3650)
      .arrivals()
      .filter(({ isLate }) => isLate);
    const parts = late.toSorted((a, b) => a.seq - b.seq).map(({ flags, seq, length }) => [flags, seq, length]);
    expect(parts).toEqual([
      [PSH | ACK, 100, 1460],
      [PSH | ACK, 1560, 1460],
      [PSH | ACK, 3020, 730],
    ]);
  });
});

describe("of packets that leave at 0, 1, 2 ... 9 s", () => {
  const rows = [
    // path, how many have a copy, why
    [{}, 10, "all match"],
    [{ lateMatch: Match.Syn }, 10, "SYNs do"],
    [{ lateMatch: Match.Fin }, 0, "these are no FINs"],
    [{ lateStartNs: 3 * S }, 7, "the first three left before the start"],
    [{ lateEndNs: 3 * S }, 3, "the end is not in"],
    [{ lateStartNs: 3 * S, lateEndNs: 4 * S }, 1, "one second of them"],
    [{ lateProbability: 0 }, 0, "none by chance"],
  ] as const;
  for (const [path, copies, why] of rows) {
    test(`${copies} have one: ${why}`, () => {
      const link = new TestLink({ ...path, duplicate: 0.000_001 });
      for (let k = 0; k < 10; k++) link.send(k * S, SYN, k);
      expect(link.arrivals().filter(({ isLate }) => isLate).length).toBe(copies);
    });
  }

  test("a third have one with probability 1/3, whatever they are", () => {
    const link = new TestLink({ lateProbability: 1 / 3 });
    for (let k = 0; k < 9000; k++) link.send(k * 1000, k % 2 === 0 ? ACK : FIN | ACK, k);
    const late = link.arrivals().filter(({ isLate }) => isLate).length;
    // Five standard deviations.
    expect(Math.abs(late - 3000)).toBeLessThan(5 * Math.sqrt(2000));
  });
});

describe("a run", () => {
  const run = (path: Keys, more: Keys = {}) =>
    runOf({
      duration_s: 40,
      server: { listeners: [{ port: 80, backlog: 64, app: { request_bytes: 100, response_bytes: 100 } }] },
      client: { one_way_delay_s: 0.01 },
      path,
      workloads: [
        {
          ...{ name: "clients", kind: "connections", rate_per_s: 10, duration_s: 20, source_addresses: 4 },
          ...{ request_bytes: 100, response_bytes: 100, hold_s: 5 },
        },
      ],
      ...more,
    });
  const late = (match: string, delay_s = 2): Keys => ({ late_copies: { probability: 1, delay_s, match } });

  test("of live connections goes on as before: old duplicates are answered, and nobody waits for that", () => {
    const clear = run({});
    for (const match of ["syn", "data", "pure_ack", "any"]) {
      const view = run({ to_server: late(match), to_client: late(match) });
      expect(view.outcome(0, "completed")).toBe(clear.outcome(0, "completed"));
      // Answers to them share the links: a few µs.
      expect(Math.abs(view.extreme(0, "responseMaxUs") - clear.extreme(0, "responseMaxUs"))).toBeLessThan(200);
      expect(view.gates(0, "waitNs")).toEqual({});
      expect(view.gates(0, "failed")).toEqual({});
      expect(view.unseen("server").stale_data_accepted, match).toBeUndefined();
      expect(view.unseen("client").stale_data_accepted, match).toBeUndefined();
    }
  });

  test("that answers no second old SYN charges nobody with it", () => {
    // The first SYN-ACKs are lost, so that each of the first clients sends two SYNs, a second apart.
    const view = run(
      { to_server: late("syn") },
      {
        server: {
          sysctls: { "net.ipv4.tcp_invalid_ratelimit": 5000 },
          listeners: [{ port: 80, backlog: 64, app: { request_bytes: 100, response_bytes: 100 } }],
        },
        impairments: [{ direction: "to_client", match: "synack", end_s: 0.9 }],
      },
    );
    expect(view.counter("server", "TcpExtTCPACKSkippedChallenge")).toBe(9);
    expect(view.gates(0, "drops").rate_limited).toBe(9);
    expect(Object.keys(view.gates(0, "waitNs"))).toEqual(["path_to_client"]);
  });

  test("challenges the old SYNs of its live connections", () => {
    expect(run({ to_server: late("syn") }).counter("server", "TcpExtTCPSYNChallenge")).toBe(200);
  });

  test("that loses old duplicates on the way counts them as dropped, and that is all", () => {
    const lossy = run(
      { to_server: late("syn") },
      { impairments: [{ direction: "to_server", match: "syn", start_s: 21 }] },
    );
    expect(lossy.gates(0, "drops").path_to_server).toBeGreaterThan(5);
    expect(lossy.gates(0, "waitNs")).toEqual({});
  });
});
