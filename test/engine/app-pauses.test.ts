/**
 * Goal    Pauses of the whole application: the kernel goes on, the application does nothing, and everything at the end.
 * Method  Short scenarios with one pause, from 1 s to 3 s; no path delay.
 */
import { describe, expect, test } from "vitest";
import { type Keys, runOf } from "./helpers.ts";

const PAUSE = [[1, 3]];

const clients = (keys: Keys = {}): Keys => ({
  ...{ name: "clients", kind: "connections", port: 80, count: 1, request_bytes: 100, response_bytes: 1000 },
  ...keys,
});

function viewOf(client: Keys, app: Keys = {}, listener: Keys = {}) {
  return runOf({
    duration_s: 8,
    server: {
      listeners: [
        {
          port: 80,
          backlog: 50,
          app: { request_bytes: 100, response_bytes: 1000, pause_windows_s: PAUSE, ...app },
          ...listener,
        },
      ],
    },
    workloads: [clients(client)],
  });
}

describe("clients who come in the pause", () => {
  const view = viewOf({ rate_per_s: 20, count: 100 });

  test("connect at once: the kernel does not wait for the application", () => {
    expect(view.workloadField(0, "established")).toBe(100);
    expect(view.latency(0, "connectLatency").maxValue).toBeLessThan(1000);
  });

  test("fill the accept queue", () => {
    expect(view.listenerField(0, "peakAcceptQueue")).toBe(40);
  });

  test("are answered when it is over", () => {
    expect(view.perSecond(0, "responsesPerS")).toEqual([20, 0, 0, 60, 20]);
    expect(view.extreme(0, "responseMaxUs") / 1e6).toBeCloseTo(2, 2);
  });
});

describe("what falls into the pause", () => {
  const rows: [string, Keys, Keys, number, string][] = [
    // what, client, app, response (s after connect()), why
    ["the request", { start_s: 0.5, requests_per_connection: 2, think_time_s: 1 }, {}, 1.5, "is read at its end"],
    ["nothing", { start_s: 3 }, {}, 0, "the end is not in it"],
    ["the connection", { start_s: 1 }, {}, 2, "the beginning is in it"],
    [
      "a second pause",
      { start_s: 3.2 },
      {
        pause_windows_s: [
          [1, 3],
          [3.1, 3.5],
          [4, 7],
        ],
      },
      0.3,
      "each of several counts",
    ],
    [
      "a pause of many",
      { start_s: 2.15 },
      { pause_windows_s: [], pause_every: { first_s: 0.1, period_s: 1, length_s: 0.3 } },
      0.25,
      "again and again",
    ],
  ];
  test.each(rows)("%s: %o, %o: answered after %d s: %s", (_, client, app, responseS) => {
    const view = viewOf(client, app);
    expect(view.outcome(0, "completed")).toBe(1);
    expect(Math.abs(view.extreme(0, "responseMaxUs") / 1e6 - responseS)).toBeLessThan(0.001);
  });

  test("a close is done at its end", () => {
    const view = viewOf({ start_s: 0.5, first_closer: "server" }, { close: "after_response", close_delay_s: 1 });
    const interval = view.spec.sampleIntervalNs / 1e9;
    // The client sees EOF and closes: until 3 s both are established.
    const established = view.stateLine("client", 1);
    expect(established[Math.floor(2.9 / interval) - 1]).toBe(1);
    expect(established[Math.ceil(3.1 / interval)]).toBe(0);
    expect(view.outcome(0, "completed")).toBe(1);
  });

  test("EOF and a RST are read at its end", () => {
    const eof = viewOf({ start_s: 0.5, hold_s: 1 });
    expect([eof.listenerField(0, "clientEofs"), eof.listenerField(0, "closed")]).toEqual([1, 1]);
    const reset = viewOf({ start_s: 0.5, hold_s: 1, close_with_rst: true });
    expect([reset.listenerField(0, "resets"), reset.listenerField(0, "closed")]).toEqual([1, 1]);
    // The dead socket waits for its owner, in CLOSE.
    const interval = reset.spec.sampleIntervalNs / 1e9;
    expect(reset.stateLine("server", 7)[Math.floor(2.5 / interval)]).toBe(1);
    expect(reset.stateLine("server", 7)[Math.ceil(3.5 / interval)]).toBe(0);
  });

  test("accept ticks are lost", () => {
    const accept = { mode: "rate", rate_per_s: 10 };
    const view = viewOf({ rate_per_s: 5, count: 20 }, {}, { accept });
    expect(view.acceptedPerSecond(0)).toEqual([5, 0, 0, 10, 5]);
    // 80 ticks, 20 of them in the pause, 20 used.
    expect(view.listenerField(0, "emptyTicks")).toBe(40);
  });
});

describe("a service that runs when the pause begins", () => {
  const withWorkers = (service_time_s: number, start_s: number, close = "after_response") =>
    viewOf({ start_s, count: 2 }, { close }, { accept: { mode: "workers", workers: 1, service_time_s } });

  test("is prolonged by it", () => {
    // 0.2 s of the first's 0.5 s are left.
    expect(withWorkers(0.5, 0.7).extreme(0, "responseMaxUs") / 1e6).toBeCloseTo(0.5 + 2 + 0.5, 2);
    expect(withWorkers(0.5, 0.7).perSecond(0, "responsesPerS")).toEqual([0, 0, 0, 2]);
  });

  test("is not, when it ends before", () => {
    expect(withWorkers(0.1, 0.7).extreme(0, "responseMaxUs") / 1e6).toBeCloseTo(0.2, 2);
  });

  test("delays the next accept() of one that serves one at a time", () => {
    const accept = { mode: "serial", service_time_s: 0.5 };
    expect(viewOf({ start_s: 0.7, count: 2 }, {}, { accept }).acceptedPerSecond(0)).toEqual([1, 0, 0, 1]);
  });
});

test("pauses of accept() alone leave accepted connections alone", () => {
  const view = viewOf(
    { start_s: 0.5, requests_per_connection: 3, think_time_s: 0.7 },
    { pause_windows_s: [] },
    { accept: { mode: "immediate", pause_windows_s: PAUSE } },
  );
  expect(view.extreme(0, "responseMaxUs")).toBeLessThan(1000);
});
