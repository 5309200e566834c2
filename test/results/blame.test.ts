/**
 * Goal    The gate that binds, since when, and flood against overload.
 * Method  Summaries by hand: one row is one tuning and what must be said of it.
 */
import { describe, expect, test } from "vitest";
import { bindingOf, verdictOn } from "../../src/results/blame.ts";
import { clients, latencies, lines, listener, measure, tuning } from "./summaries.ts";

describe("the gate that binds", () => {
  const rows = [
    ["nothing was lost", clients(), null, "no gate binds where nobody failed or waited"],
    [
      "one gate took all",
      clients({ failed: { last_quarter: measure(9) } }),
      { gate: "last_quarter", by: "failed", share_ratio: 1 },
      "failed attempts name their gate",
    ],
    [
      "two gates",
      clients({ failed: { syn_queue_full: measure(1), accept_queue_at_syn: measure(3) } }),
      { gate: "accept_queue_at_syn", by: "failed", share_ratio: 0.75 },
      "the gate of most failures binds",
    ],
    [
      "failed and late",
      clients({ failed: { app: measure(1) }, wait_s: { path_to_server: measure(500) } }),
      { gate: "app", by: "failed", share_ratio: 1 },
      "a client who failed weighs more than any who waited",
    ],
    [
      "only late",
      clients({ wait_s: { path_to_server: measure(1), none: measure(50) } }),
      { gate: "path_to_server", by: "waited", share_ratio: 1 },
      "where nobody failed, waiting names the gate; waiting for no gate is the normal course",
    ],
    ["a little late", clients({ wait_s: { app: measure(0.09) } }), null, "0.9 ms a client are not worth a word"],
  ] as const;
  for (const [what, one, expected, why] of rows) {
    test(`${what}: ${why}`, () => {
      const binding = bindingOf(tuning({ clients: [one] }));
      if (expected === null) expect(binding).toBeNull();
      else expect(binding).toMatchObject(expected);
    });
  }
});

test("since when: from the first sample that saw losses to the last in which they grew", () => {
  const failing = tuning({
    clients: [clients({ failed: { app: measure(2) } })],
    lines: lines({ at_s: [1, 2, 3, 4, 5], client_drops: { app: [0, 1, 1, 2, 2] } }),
  });
  expect(bindingOf(failing)).toMatchObject({ from_s: 2, until_s: 4 });
  expect(verdictOn(failing).sentences[1]).toContain("from 2 s to 4 s");
});

describe("flood or plain overload", () => {
  const failed = [clients({ served: measure(10), failed: { accept_queue_at_syn: measure(90) } })];
  const traffic = (synacks: number, segments: number, of = failed) =>
    verdictOn(
      tuning({
        clients: of,
        syns_in: measure(synacks),
        synacks_out: measure(synacks),
        server_counters: { TcpInSegs: measure(synacks + segments) },
      }),
    ).traffic;
  const rows = [
    [1000, 999, failed, "flood", "fewer than one other segment for each SYN-ACK: most never answered"],
    [1000, 1000, failed, "overload", "as many answers as SYN-ACKs: the clients are there, the server cannot keep up"],
    [99, 0, failed, "overload", "a few SYN-ACKs without an answer are no flood"],
    [1000, 5000, [clients()], "calm", "nothing was lost"],
    [1000, 5000, [clients({ wait_s: { path_to_server: measure(9) } })], "calm", "a lossy path is no overload"],
  ] as const;
  for (const [synacks, segments, of, expected, why] of rows) {
    test(`${expected}: ${why}`, () => {
      expect(traffic(synacks, segments, [...of])).toBe(expected);
    });
  }
});

test("all who got in are said to, and else how many of how many", () => {
  expect(verdictOn(tuning()).sentences[0]).toBe("All 100 clients were served.");
  const half = tuning({ clients: [clients({ served: measure(50) })] });
  expect(verdictOn(half).sentences[0]).toBe("50 of 100 clients were served, 50.0 %.");
  expect(verdictOn(tuning({ clients: [] })).sentences[0]).toBe("No clients came.");
});

describe("a small SYN queue answers little of a flood", () => {
  /** Ten seconds in which clients were turned away, with so many half-opens at each sample, and so many connections opened by then. */
  const turnedAway = (gate: "syn_queue_full" | "accept_queue_at_syn", halfOpen: number, opensPerS: number, hosts = 1) =>
    verdictOn(
      tuning({
        hosts,
        clients: [clients({ served: measure(10), failed: { [gate]: measure(90) } })],
        syns_in: measure(1000),
        synacks_out: measure(200),
        server_counters: { TcpInSegs: measure(2000) },
        lines: lines({
          at_s: [1, 6, 11],
          client_drops: { [gate]: [1, 2, 3] },
          queues: [{ port: 80, accept: [0, 0, 0], syn: [halfOpen, halfOpen, halfOpen] }],
          server_counters: { TcpPassiveOpens: [0, 5 * opensPerS, 10 * opensPerS] },
        }),
      }),
    );
  const rows = [
    [turnedAway("syn_queue_full", 101, 100), "flood", "half-opens that stay for more than a second do not answer"],
    [turnedAway("syn_queue_full", 100, 100), "overload", "a second is a round trip over a slow path"],
    [turnedAway("syn_queue_full", 100, 0), "flood", "nobody leaves the queue"],
    [turnedAway("syn_queue_full", 51, 100, 2), "flood", "the queue is that of one host, the connections of both"],
    [turnedAway("syn_queue_full", 0, 0), "overload", "an empty queue holds nobody"],
    [
      turnedAway("accept_queue_at_syn", 500, 1),
      "overload",
      "behind a full accept queue half-opens wait, and have answered",
    ],
  ] as const;
  for (const [{ traffic }, expected, why] of rows) test(why, () => expect(traffic).toBe(expected));

  test("the sentence claims no segments that it did not count", () => {
    const said = turnedAway("syn_queue_full", 500, 1).sentences.join("\n");
    expect(said).toContain("1000 SYNs came, and half-opens that never answered kept the SYN queue filled");
  });
});

describe("what is said of waiting and of traffic", () => {
  const waiting = (p99: number) =>
    verdictOn(tuning({ listeners: [listener({ accept_wait_ms: latencies(p99) })] })).sentences.join(" ");
  test("a wait for accept() is no loss, but it is said from a tenth of a second on", () => {
    expect(waiting(99)).not.toContain("accept()");
    expect(waiting(100)).toContain("waited for accept() up to 100 ms (p99)");
  });
  test("clients without a port say nothing of the server's load", () => {
    const ports = tuning({ clients: [clients({ failed: { no_local_port: measure(9) } })], synacks_out: measure(0) });
    expect(verdictOn(ports).traffic).toBe("calm");
  });
});
