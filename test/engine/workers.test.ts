/**
 * Goal    Workers that hold a connection each: who waits, for how long, and what makes a worker free.
 * Method  Short scenarios; no path delay, so that times are those of the service.
 */
import { describe, expect, test } from "vitest";
import { AppCalendar } from "../../src/engine/app-calendar.ts";
import { type Keys, runOf, specOf } from "./helpers.ts";

const SERVICE_S = 0.1;
/** Wake-ups and the path's base delay. */
const SLACK_MS = 1;

const client = (name: string, keys: Keys = {}): Keys => ({
  ...{ name, kind: "connections", port: 80, count: 1, request_bytes: 100, response_bytes: 1000 },
  ...keys,
});

function viewOf(workers: number, app: Keys, workloads: Keys[], more: Keys = {}) {
  const accept = { mode: "workers", workers, service_time_s: SERVICE_S };
  return runOf({
    duration_s: 10,
    server: {
      listeners: [{ port: 80, backlog: 20, accept, app: { request_bytes: 100, response_bytes: 1000, ...app } }],
    },
    workloads,
    ...more,
  });
}

const responseMs = (view: ReturnType<typeof viewOf>, workload: number) =>
  view.extreme(workload, "responseMaxUs") / 1000;
/** `ms`, and a little later. */
function expectAbout(found: number, ms: number): void {
  expect(found).toBeGreaterThanOrEqual(ms);
  expect(found).toBeLessThan(ms + SLACK_MS * Math.max(1, ms / (SERVICE_S * 1000)));
}

describe("ten clients at once and two workers", () => {
  const view = viewOf(2, { close: "after_response" }, [client("all", { count: 10 })]);

  test("are served two by two", () => {
    expect(view.workloadField(0, "responses")).toBe(10);
    expectAbout(responseMs(view, 0), 500);
    // 2 * (100 + 200 + 300 + 400 + 500).
    expectAbout(view.extreme(0, "responseSumUs") / 1000, 3000);
  });

  test("wait in the accept queue", () => {
    expect(view.listenerField(0, "peakAcceptQueue")).toBeGreaterThanOrEqual(8);
    expect(view.latency(0, "connectLatency").maxValue).toBeLessThan(SLACK_MS * 1000);
  });

  test("keep the workers busy for ten services", () => {
    expectAbout(view.listenerField(0, "workersBusyNs") / 1e6, 1000);
  });
});

test("more workers than clients: each is served at once", () => {
  const view = viewOf(10, { close: "after_response" }, [client("all", { count: 10 })]);
  expectAbout(responseMs(view, 0), 100);
});

describe("a worker", () => {
  const rows: [string, Keys, Keys, number, string][] = [
    // what the first client does, app, client, when the second one has its response (ms), why
    ["closes", {}, { hold_s: 1 }, 1200, "is free when its client closes"],
    ["is closed on", { close: "after_response" }, { hold_s: 1 }, 200, "is free when it closes itself"],
    ["thinks", {}, { requests_per_connection: 3, think_time_s: 1 }, 2400, "waits while its client thinks"],
    ["closes with RST", {}, { hold_s: 0.5, close_with_rst: true }, 700, "is free when a RST tells it to"],
    [
      "gives up",
      {},
      { response_timeout_s: 0.05, close_with_rst: true },
      200,
      "notices the end of its client after the service",
    ],
    ["asks for more than it sends", {}, { request_bytes: 50, response_timeout_s: 1 }, 1100, "waits for a request"],
  ];
  test.each(rows)(
    "whose client %s: app %o, client %o: the next one has its response after %i ms: it %s",
    (_, app, first, ms) => {
      const view = viewOf(1, app, [client("first", first), client("second", { start_s: 0.001 })]);
      expect(view.workloadField(1, "responses")).toBe(1);
      expectAbout(responseMs(view, 1), ms - 1);
    },
  );

  test("begins when it has the whole request", () => {
    // The request is lost and sent again after 3 times the RTO's least, of 200 ms and a tick.
    const loss = { direction: "to_server", match: "data", drop_every_nth: 1, end_s: 0.01 };
    const view = viewOf(1, {}, [client("one")], { impairments: [loss] });
    expect(responseMs(view, 0)).toBeGreaterThan(300);
    expect(responseMs(view, 0)).toBeLessThan(320);
  });
});

describe("a connection that asks for nothing", () => {
  const silent = { request_bytes: 0, response_bytes: 0 };
  const rows: [string, number, string][] = [
    // close, ms until the second one is closed, why
    ["after_response", 200, "is closed after its service"],
    ["on_accept", 200, "likewise"],
    ["on_eof", 2000, "is held until its client closes, one second after the connection"],
  ];
  test.each(rows)("with close %s ends the second's wait after %i ms: it %s", (close, ms) => {
    const first_closer = close === "on_eof" ? "client" : "server";
    const two = client("two", { ...silent, count: 2, first_closer, hold_s: close === "on_eof" ? 1 : 0 });
    const view = viewOf(1, { ...silent, close }, [two]);
    expect(view.listenerField(0, "closed")).toBe(2);
    const busyMs = view.listenerField(0, "workersBusyNs") / 1e6;
    // Both clients close one second after their own connect(): the second one is EOF when it is accepted, and served nevertheless.
    expectAbout(busyMs, close === "on_eof" ? 1100 : ms);
  });
});

describe("slow start: five times as long, falling to once in a second", () => {
  const calendarOf = (listener: Keys) => {
    const accept = {
      ...{ mode: "workers", workers: 1, service_time_s: SERVICE_S },
      slow_start: { duration_s: 1, factor: 5 },
    };
    return new AppCalendar(
      specOf({ duration_s: 10, server: { listeners: [{ port: 80, backlog: 1, accept, ...listener }] } }).listeners[0]!,
    );
  };
  const rows: [Keys, number, number, string][] = [
    // listener, begins at (s), takes (s), why
    [{}, 0, 0.1, "a server that listens from the start is warm"],
    [{ listen_start_s: 2 }, 2, 0.5, "a server that begins to listen is cold"],
    [{ listen_start_s: 2 }, 2.5, 0.3, "half-way"],
    [{ listen_start_s: 2 }, 2.999, 0.1004, "nearly over"],
    [{ listen_start_s: 2 }, 3, 0.1, "over"],
  ];
  test.each(rows)("%o, at %d s, takes %d s: %s", (listener, atS, takesS) => {
    expect(calendarOf(listener).doneNs(atS * 1e9) / 1e9 - atS).toBeCloseTo(takesS, 9);
  });

  test("begins again after each pause", () => {
    const calendar = calendarOf({ app: { pause_windows_s: [[1, 2]] } });
    expect(calendar.doneNs(0.5e9) / 1e9).toBeCloseTo(0.6, 9);
    expect(calendar.doneNs(0.95e9) / 1e9).toBeCloseTo(2.05, 9);
    calendar.passPause(Number.POSITIVE_INFINITY);
    expect(calendar.doneNs(2e9) / 1e9).toBeCloseTo(2.5, 9);
  });

  test("slows down one that serves one at a time, too", () => {
    const accept = { mode: "serial", service_time_s: SERVICE_S, slow_start: { duration_s: 1, factor: 5 } };
    const view = runOf({
      duration_s: 10,
      server: { listeners: [{ port: 80, backlog: 20, listen_start_s: 0.5, accept, app: { close: "on_accept" } }] },
      workloads: [client("all", { count: 6, start_s: 0.6, request_bytes: 0, response_bytes: 0 })],
    });
    // 0.1 s after it began to listen a service takes 0.46 s, then 0.276, 0.166; then 0.1.
    expect(view.latency(0, "connectLatency").maxValue).toBeLessThan(1000);
    expect(view.acceptedPerSecond(0)).toEqual([1, 5]);
  });
});
