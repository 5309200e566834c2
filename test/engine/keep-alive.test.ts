/**
 * Goal    Requests that share a connection: when each is sent, what its latency is, who closes, what is acknowledged by whom.
 * Method  Short scenarios through compile and run; one connection, 50 ms away unless the row says otherwise.
 */
import { describe, expect, test } from "vitest";
import { ACK, PSH } from "../../src/engine/layout.ts";
import { type Keys, runOf, TestHost } from "./helpers.ts";

const RTT_MS = 100;
/** Wake-ups and the path's base delay, a few of each. */
const SLACK_MS = 2;

function viewOf(client: Keys, app: Keys = {}, more: Keys = {}) {
  return runOf({
    duration_s: 20,
    server: {
      listeners: [{ port: 80, backlog: 8, app: { request_bytes: 100, response_bytes: 1000, ...app }, ...more }],
    },
    client: { one_way_delay_s: RTT_MS / 2000 },
    workloads: [
      ...[
        { name: "one", kind: "connections", port: 80, count: 1, request_bytes: 100, response_bytes: 1000, ...client },
      ],
    ],
  });
}

describe("a client with several requests", () => {
  const five = { requests_per_connection: 5, think_time_s: 1 };

  test("sends each the think time after the response before", () => {
    // Responses at 0.2, 1.3, 2.4, 3.5 and 4.6 s.
    expect(viewOf(five).perSecond(0, "responsesPerS")).toEqual([1, 1, 1, 1, 1]);
    expect(viewOf({ ...five, think_time_s: 2 }).perSecond(0, "responsesPerS")).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1]);
  });

  test("measures the first response from connect(), the others from their request", () => {
    const view = viewOf(five);
    const first = 2 * RTT_MS * 1000;
    const sum = first + 4 * RTT_MS * 1000;
    expect(view.extreme(0, "responseMaxUs") - first).toBeGreaterThan(0);
    expect(view.extreme(0, "responseMaxUs") - first).toBeLessThan(SLACK_MS * 1000);
    expect(view.extreme(0, "responseSumUs") - sum).toBeGreaterThan(0);
    expect(view.extreme(0, "responseSumUs") - sum).toBeLessThan(5 * SLACK_MS * 1000);
  });

  test("holds, and closes, after the last response", () => {
    const view = viewOf({ ...five, hold_s: 3 });
    expect(view.outcome(0, "completed")).toBe(1);
    // 4.6 s + 3 s: established at the sample before, gone at the one after.
    const established = view.stateLine("client", 1);
    const interval = view.spec.sampleIntervalNs / 1e9;
    expect(established[Math.floor(7.4 / interval)]).toBe(1);
    expect(established[Math.ceil(7.8 / interval)]).toBe(0);
  });

  test("waits for each response as long as response_timeout_s", () => {
    // The time-outs of the requests before, at 0.6 s and later, find another request under way.
    expect(viewOf({ ...five, think_time_s: 0.3, response_timeout_s: 0.5 }).outcome(0, "completed")).toBe(1);
    // The third request, of 2.4 s, is answered after the pause.
    const paused = viewOf({ ...five, response_timeout_s: 0.5 }, { pause_windows_s: [[2.2, 5]] });
    expect(paused.outcome(0, "response_timeout")).toBe(1);
    expect(paused.workloadField(0, "responses")).toBe(2);
  });
});

describe("who closes", () => {
  const rows: [number, Keys, number, string, string][] = [
    // requests, app, responses, outcome, why
    [5, {}, 5, "completed", "a server that closes on EOF answers any number of requests"],
    [5, { close: "never" }, 5, "completed", "so does one that never closes"],
    [1, { close: "after_response" }, 1, "completed", "after_response closes after the first, unless told otherwise"],
    [2, { close: "after_response" }, 1, "eof_before_response", "a second request finds it closed"],
    [3, { close: "after_response", keepalive_requests: 3 }, 3, "completed", "keepalive_requests says after how many"],
    [4, { close: "after_response", keepalive_requests: 3 }, 3, "eof_before_response", "and not one more"],
    [2, { close: "after_response", keepalive_requests: 3 }, 2, "completed", "a client may stop before"],
  ];
  test.each(rows)("%i requests, %o: %i responses, %s: %s", (requests, app, responses, outcome) => {
    for (const think_time_s of [0, 0.01, 1]) {
      const view = viewOf({ requests_per_connection: requests, think_time_s }, app);
      expect(view.workloadField(0, "responses")).toBe(responses);
      expect(view.listenerField(0, "responsesSent")).toBe(responses);
      expect(view.outcome(0, outcome as "completed")).toBe(1);
      if (app.close !== "never") expect(view.listenerField(0, "closed")).toBe(1);
    }
  });
});

describe("ACKs, as a 6.18.44 sends them on a path without delay", () => {
  const segments = (requests_per_connection: number, think_time_s: number) => {
    const view = viewOf({ requests_per_connection, think_time_s, hold_s: 1 });
    return [view.counter("client", "TcpOutSegs"), view.counter("server", "TcpOutSegs")];
  };
  const rows: [number, number, number, number, string][] = [
    // requests, think time, client's segments, server's, why
    [5, 0.1, 14, 8, "responses are acknowledged at once by a client that takes its time, requests by their responses"],
    [30, 0.1, 64, 33, "and so on"],
    [5, 0.01, 11, 8, "a request within 40 ms of a response takes its ACK along, from the second on"],
  ];
  test.each(rows)("%i requests %d s apart: %i and %i segments: %s", (requests, thinkS, client, server) => {
    expect(segments(requests, thinkS)).toEqual([client, server]);
  });
});

test("a socket that had to send an ACK by itself after 40 ms acknowledges the next data at once (tcp_delack_timer_handler)", () => {
  const server = new TestHost();
  const next = server.establish();
  const row = server.accept();
  server.receive({ flags: PSH | ACK, seq: 101, ack: next, length: 10 });
  server.write(row, 20);
  // Answered in time: interactive from here on.
  const second = { flags: PSH | ACK, seq: 111, ack: next + 20, length: 10 };
  expect(server.receive(second)).toEqual([]);
  server.advanceTo(0.1);
  expect(server.counter("TcpExtDelayedACKs")).toBe(1);
  expect(server.receive({ ...second, seq: 121 })).toMatchObject([{ flags: ACK, ack: 131 }]);
});

test("a request that is written while the last one is not acknowledged waits for that, and for others (Nagle)", () => {
  const view = viewOf({ requests_per_connection: 4, think_time_s: 0.01, response_bytes: 0, hold_s: 1 });
  // The first alone, the three others 100 ms later in one segment.
  expect(view.wire().in_data).toBe(2);
  expect(view.listenerField(0, "responsesSent")).toBe(4);
  expect(view.outcome(0, "completed")).toBe(1);
});
