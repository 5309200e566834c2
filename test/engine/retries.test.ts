/**
 * Goal    A user whose attempt failed tries again when it should, as a new attempt, until it is served or gives up.
 * Method  One user at a server that fails in one way; back-offs by themselves; the randomness of later attempts.
 */
import { describe, expect, test } from "vitest";
import { Ledger } from "../../src/engine/ledger.ts";
import { run } from "../../src/engine/run.ts";
import { backoffNs } from "../../src/engine/users.ts";
import type { RunView } from "../../src/results/run-view.ts";
import type { ConnectionsSpec } from "../../src/vocabulary/run-spec.ts";
import { bytesOf, type Keys, runOf, specOf } from "./helpers.ts";

interface World {
  readonly listener?: Keys;
  readonly client?: Keys;
  readonly user?: Keys;
  readonly others?: readonly Keys[];
  readonly impairments?: readonly Keys[];
}

function keysOf({ listener, client = {}, user = {}, others = [], impairments = [] }: World): Keys {
  return {
    duration_s: 20,
    server: { listeners: listener === undefined ? [] : [{ port: 80, backlog: 8, ...listener }] },
    client: { sysctls: client },
    workloads: [{ name: "user", kind: "connections", port: 80, count: 1, ...user }, ...others],
    impairments,
  };
}

const users = (view: RunView): Record<string, number> => ({
  attempts: view.workloadField(0, "attempted"),
  users: view.workloadField(0, "users"),
  served: view.workloadField(0, "usersServed"),
  gaveUp: view.workloadField(0, "usersGaveUp"),
});

describe("at a closed port attempts come after", () => {
  const cases: [string, Keys, number[]][] = [
    ["the back-off, doubled each time", { max_retries: 3, backoff_s: 1 }, [0, 1, 3, 7]],
    ["the back-off alone with factor 1", { max_retries: 4, backoff_s: 2, factor: 1 }, [0, 2, 4, 6, 8]],
    ["no more than the longest back-off", { max_retries: 4, backoff_s: 1, max_backoff_s: 3 }, [0, 1, 3, 6, 9]],
    ["the longest back-off where the first is longer", { max_retries: 2, backoff_s: 9, max_backoff_s: 3 }, [0, 3, 6]],
    ["nothing at all without a back-off", { max_retries: 2, backoff_s: 0 }, [0, 0, 0]],
  ];
  test.each(cases)("%s", (_, retry, seconds) => {
    const view = runOf(keysOf({ user: { retry } }));
    const line = view.perSecond(0, "attemptsPerS");
    expect(line.flatMap((n, second) => Array<number>(n).fill(second))).toEqual(seconds);
    expect(users(view)).toEqual({ attempts: seconds.length, users: 1, served: 0, gaveUp: 1 });
    expect(view.outcome(0, "refused")).toBe(seconds.length);
    expect(view.gates(0, "failed")).toEqual({ closed_port: seconds.length });
  });
});

const request = { request_bytes: 100, response_bytes: 100 };
const app = { request_bytes: 100, response_bytes: 100 };

describe("tries again after", () => {
  const failures: [string, string, World][] = [
    ["it was refused", "refused", {}],
    [
      "its kernel gave up connecting",
      "timed_out",
      {
        listener: {},
        client: { "net.ipv4.tcp_syn_retries": 1, "net.ipv4.tcp_syn_linear_timeouts": 0 },
        impairments: [{ direction: "to_server", match: "syn", drop_probability: 1 }],
      },
    ],
    [
      "it gave up connecting itself",
      "app_timeout",
      {
        listener: { listen_start_s: 0 },
        user: { connect_timeout_s: 1 },
        impairments: [{ direction: "to_server", match: "syn", drop_probability: 1 }],
      },
    ],
    [
      "no port was free",
      "no_local_port",
      {
        listener: {},
        client: { "net.ipv4.ip_local_port_range": "40000 40000" },
        user: { start_s: 1 },
        others: [{ name: "other", kind: "connections", port: 80, count: 1, first_closer: "none" }],
      },
    ],
    [
      "a reset",
      "reset_after_connect",
      { listener: { app: { request_bytes: 200, close: "on_accept", close_with_rst: true } }, user: request },
    ],
    [
      "an end without the response",
      "eof_before_response",
      { listener: { app: { request_bytes: 200, close: "on_accept" } }, user: request },
    ],
    [
      "a response that did not come",
      "response_timeout",
      { listener: { accept: { mode: "never" } }, user: { ...request, response_timeout_s: 1 } },
    ],
  ];
  test.each(failures)("%s", (_, outcome, world) => {
    const retry = { max_retries: 1, backoff_s: 0.5 };
    const once = runOf(keysOf(world));
    expect(users(once)).toEqual({ attempts: 1, users: 1, served: 0, gaveUp: 1 });
    const view = runOf(keysOf({ ...world, user: { ...world.user, retry } }));
    expect(view.outcome(0, outcome as "refused")).toBe(2);
    expect(users(view)).toEqual({ attempts: 2, users: 1, served: 0, gaveUp: 1 });
  });
});

describe("a user who is served at last", () => {
  const late = { listener: { listen_start_s: 2.5 }, user: { retry: { max_retries: 9, backoff_s: 1, factor: 1 } } };

  test("tries no more, and its wait counts from its first attempt", () => {
    const view = runOf(keysOf(late));
    expect(users(view)).toEqual({ attempts: 4, users: 1, served: 1, gaveUp: 0 });
    expect([view.outcome(0, "refused"), view.outcome(0, "completed")]).toEqual([3, 1]);
    const us = view.extreme(0, "userMaxUs");
    expect(us).toBeGreaterThanOrEqual(3_000_000);
    expect(us).toBeLessThan(3_010_000);
    expect(view.extreme(0, "userSumUs")).toBe(us);
    expect(view.latency(0, "userLatency").totalCount).toBe(1);
    expect(view.extreme(0, "connectMaxUs")).toBeLessThan(10_000);
  });

  test("is served by the response, not by the connection", () => {
    const slow = { ...request, response_timeout_s: 3 };
    const listener = { accept: { mode: "immediate", pause_windows_s: [[0, 1]] }, app };
    const view = runOf(keysOf({ listener, user: slow }));
    expect(users(view)).toEqual({ attempts: 1, users: 1, served: 1, gaveUp: 0 });
    expect(view.extreme(0, "userMaxUs")).toBeGreaterThan(990_000);
    expect(view.extreme(0, "connectMaxUs")).toBeLessThan(10_000);
  });

  test("is served by the last of its responses", () => {
    const listener = { app: { ...app, keepalive_requests: 3 } };
    const user = { ...request, requests_per_connection: 3, think_time_s: 1, hold_s: 5 };
    const view = runOf(keysOf({ listener, user }));
    expect(users(view)).toEqual({ attempts: 1, users: 1, served: 1, gaveUp: 0 });
    expect(view.extreme(0, "userMaxUs")).toBeGreaterThan(2_000_000);
    expect(view.extreme(0, "userMaxUs")).toBeLessThan(2_010_000);
  });

  test("comes again when its connection ends before its last response", () => {
    const listener = { app: { ...app, close: "after_response", keepalive_requests: 2 } };
    const user = { ...request, requests_per_connection: 3, think_time_s: 1, retry: { max_retries: 2, backoff_s: 1 } };
    const view = runOf(keysOf({ listener, user }));
    expect(view.outcome(0, "eof_before_response")).toBe(3);
    expect(users(view)).toEqual({ attempts: 3, users: 1, served: 0, gaveUp: 1 });
  });

  test("does not come again when its connection is reset afterwards", () => {
    const listener = { app: { ...app, close: "after_response", close_delay_s: 1, close_with_rst: true } };
    const user = { ...request, first_closer: "none", retry: { max_retries: 5, backoff_s: 0.1 } };
    const view = runOf(keysOf({ listener, user }));
    expect(view.outcome(0, "reset_after_connect")).toBe(1);
    expect(users(view)).toEqual({ attempts: 1, users: 1, served: 1, gaveUp: 0 });
  });
});

test("a user whose back-off lasts beyond the end is in flight", () => {
  const view = runOf(keysOf({ user: { retry: { max_retries: 5, backoff_s: 30 } } }));
  expect(users(view)).toEqual({ attempts: 1, users: 1, served: 0, gaveUp: 0 });
});

test("many users try again, each by itself", () => {
  const retry = { max_retries: 3, backoff_s: 0.2, jitter: 0.5 };
  const view = runOf(keysOf({ user: { count: 500, rate_per_s: 100, retry } }));
  expect(users(view)).toEqual({ attempts: 2000, users: 500, served: 0, gaveUp: 500 });
});

describe("the back-off", () => {
  const spec = (retry: Keys): ConnectionsSpec =>
    specOf(keysOf({ user: { retry: { max_retries: 9, backoff_s: 1, ...retry } } })).workloads[0] as ConnectionsSpec;

  test.each([
    [0.25, 0.75],
    [1, 0],
  ])("with jitter %d is drawn evenly from the rest up", (jitter, least) => {
    const seconds = Array.from({ length: 4000 }, (_, key) => backoffNs(spec({ jitter }), 0, key) / 1e9);
    expect(Math.min(...seconds)).toBeGreaterThanOrEqual(least);
    expect(Math.max(...seconds)).toBeLessThanOrEqual(1);
    const mean = seconds.reduce((total, s) => total + s, 0) / seconds.length;
    expect(Math.abs(mean - (1 + least) / 2)).toBeLessThan(5 * (jitter / Math.sqrt(12 * seconds.length)));
  });

  test("is the same for the same attempt", () => {
    expect(backoffNs(spec({ jitter: 1 }), 3, 99)).toBe(backoffNs(spec({ jitter: 1 }), 3, 99));
  });
});

test("later attempts have randomness of their own, the first one keeps its", () => {
  const ledger = new Ledger(new Float64Array(1), 1, [7]);
  ledger.reserve(8);
  const hash = (index: number, retry?: number): number => ledger.packetHash(ledger.begin(0, index, retry));
  const hashes = [hash(5), hash(5, 1), hash(5, 2), hash(6), hash(6, 1)];
  expect(new Set(hashes).size).toBe(5);
  expect(hash(5, 0)).toBe(hashes[0]);
});

test("retries that nobody needs change nothing", () => {
  const keys = (user: Keys): Keys => keysOf({ listener: {}, user: { count: 50, rate_per_s: 20, ...user } });
  const without = run(specOf(keys({})));
  expect(bytesOf(run(specOf(keys({ retry: { max_retries: 5, backoff_s: 1 } })))).equals(bytesOf(without))).toBe(true);
});
