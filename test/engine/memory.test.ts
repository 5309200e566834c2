/**
 * Goal    What a run takes is known before it starts; what no run can hold is said, and nothing else is.
 */
import { describe, expect, test } from "vitest";
import { expectedBytes, limitFault } from "../../src/engine/run.ts";
import { specOf } from "./helpers.ts";

const MIB = 2 ** 20;
const server = (backlog: number) => ({
  listeners: [{ port: 80, backlog }],
  sysctls: { "net.core.somaxconn": 2_147_483_647 },
});
const flood = (count: number) => ({
  name: "flood",
  kind: "raw",
  packet: "syn",
  rate_per_s: count / 10,
  duration_s: 10,
});
const clients = { name: "c", kind: "connections", source_addresses: 60_000 };

describe("bytes", () => {
  test.each([
    [
      server(1_048_576),
      [flood(2_000_000)],
      100,
      300,
      "a million half-opens: rows of 64 bytes, twice as many as are expected, and their hash",
    ],
    [server(1_048_576), [flood(1000)], 0, 8, "room that nobody fills costs nothing"],
    [server(2_147_483_647), [flood(1e9)], 4096, 6000, "a table is never sized for more than 67 million rows"],
    [server(8), [{ ...clients, rate_per_s: 1000, duration_s: 10, hold_s: 100 }], 3, 20, "connections that are held"],
    [
      server(8),
      [{ ...clients, rate_per_s: 10_000, duration_s: 10, hold_s: 100 }],
      50,
      130,
      "and ten times as many of them",
    ],
  ] as const)("%j, %j: %i to %i MiB, %s", (host, workloads, least, most, _why) => {
    const bytes = expectedBytes(specOf({ duration_s: 10, server: host, workloads }, { seed: 1 }));
    expect(bytes / MIB).toBeGreaterThanOrEqual(least);
    expect(bytes / MIB).toBeLessThanOrEqual(most);
  });
});

const TOO_MANY = /16 million attempts/;

describe("attempts in flight", () => {
  test.each([
    [{ ...clients, count: 16_777_216 }, {}, null, "as many at once as there are numbers for"],
    [{ ...clients, count: 16_777_217 }, {}, TOO_MANY, "one more"],
    [{ ...clients, rate_per_s: 279_000, duration_s: 60 }, {}, null, "just as many within a round trip of 60 s"],
    [{ ...clients, rate_per_s: 280_000, duration_s: 60 }, {}, TOO_MANY, "a few more"],
    [
      { ...clients, rate_per_s: 280_000, duration_s: 60, connect_timeout_s: 1 },
      {},
      null,
      "who has no patience is gone",
    ],
    [
      { ...clients, rate_per_s: 280_000, duration_s: 60 },
      { path: { to_server: { reorder: 0.5 } } },
      null,
      "a path that lets some overtake says nothing",
    ],
    [
      { ...clients, source_addresses: 1, count: 16_777_217 },
      {},
      null,
      "28 232 have a local port, the others fail at once",
    ],
    [
      { ...clients, arrival: "bursts", rate_per_s: 1_000_000, burst_size: 8_000_000, duration_s: 24 },
      { client: { one_way_delay_s: 0 } },
      null,
      "bursts one by one",
    ],
    [
      { ...clients, arrival: "bursts", rate_per_s: 1_000_000, burst_size: 8_000_000, duration_s: 24 },
      {},
      TOO_MANY,
      "but not within a round trip",
    ],
    [{ ...flood(1e9) }, {}, null, "what floods send is no attempt"],
  ] as const)("%j %j: %s, %s", (workload, keys, fault, _why) => {
    const spec = specOf(
      { duration_s: 60, server: server(8), client: { one_way_delay_s: 30 }, workloads: [workload], ...keys },
      { seed: 1 },
    );
    if (fault === null) expect(limitFault(spec)).toBeNull();
    else expect(limitFault(spec)).toMatch(fault);
  });

  test("connections that are held for long are rows of a table that cannot be larger", () => {
    const held = { ...clients, rate_per_s: 700_000, duration_s: 60, hold_s: 60 };
    expect(limitFault(specOf({ duration_s: 60, server: server(8), workloads: [held] }, { seed: 1 }))).toMatch(
      /67 million/,
    );
  });
});
