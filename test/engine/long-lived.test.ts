/**
 * Goal    What is remembered for long is still true when it is used: the time-out of one attempt does not end another one, and a port that has
 *         become free is found.
 * Method  The ledger by itself; then short runs whose outcomes can be counted by hand.
 */
import { describe, expect, test } from "vitest";
import { LimitError } from "../../src/base/assert.ts";
import { Ledger } from "../../src/engine/ledger.ts";
import { Outcome } from "../../src/vocabulary/outcomes.ts";
import { type Keys, runOf } from "./helpers.ts";

const user = (keys: Keys): Keys => ({
  name: "a",
  kind: "connections",
  request_bytes: 100,
  response_bytes: 100,
  ...keys,
});

test("no id of an attempt comes again within a million attempts", () => {
  const ledger = new Ledger(new Float64Array(1), 1, [7]);
  const seen = new Set<number>();
  const attempts = 1_000_000;
  for (let index = 0; index < attempts; index++) {
    ledger.reserve(1);
    const id = ledger.begin(0, index);
    seen.add(id);
    ledger.end(ledger.at(id), Outcome.completed, false, 0);
  }
  expect(seen.size).toBe(attempts);
  ledger.assertBalanced();
});

test("time-outs of attempts that are over end nobody else's", () => {
  const view = runOf({
    duration_s: 20,
    client: { one_way_delay_s: 0.002 },
    server: { listeners: [{ port: 80, backlog: 511, app: { request_bytes: 100, response_bytes: 100 } }] },
    workloads: [
      user({ arrival: "poisson", count: 8000, rate_per_s: 1000, connect_timeout_s: 3, response_timeout_s: 4 }),
    ],
  });
  expect({ completed: view.outcome(0, "completed"), failed: view.gates(0, "failed") }).toEqual({
    completed: 8000,
    failed: {},
  });
});

describe("four ports, a connection each half second, each held for 3 s: of seven arrivals four find a port", () => {
  const cases: [string, Keys, Keys][] = [
    ["one address", {}, { source_addresses: 1 }],
    ["three users behind one address", {}, { source_addresses: 1, clients_per_address: 3 }],
    ["with tcp_tw_reuse 1, where no TIME_WAIT is", { "net.ipv4.tcp_tw_reuse": 1 }, { source_addresses: 1 }],
  ];
  test.each(cases)("%s", (_, sysctls, keys) => {
    const view = runOf({
      duration_s: 20,
      client: {
        one_way_delay_s: 0.002,
        sysctls: { "net.ipv4.ip_local_port_range": "40000 40003", ...sysctls },
      },
      server: {
        listeners: [{ port: 80, backlog: 511, app: { request_bytes: 100, response_bytes: 100, close: "on_eof" } }],
      },
      workloads: [user({ arrival: "even", count: 28, rate_per_s: 2, hold_s: 3, close_with_rst: true, ...keys })],
    });
    expect([view.outcome(0, "completed"), view.outcome(0, "no_local_port")]).toEqual([16, 12]);
  });
});

test("more attempts in flight than a row number can tell apart are a limit, not a fault, and nothing is allocated first", () => {
  const ledger = new Ledger(new Float64Array(1), 1, [7]);
  expect(() => ledger.reserve(2 ** 24)).toThrow(LimitError);
});
