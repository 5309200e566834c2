/**
 * Goal    What kernel-semantics tells of whole stories: a steady flood, a connection whose ACK met a full queue, a port used again.
 * Method  Short scenarios through compile and run, read by name; several seeds where chance decides.
 */
import { describe, expect, test } from "vitest";
import { runOf } from "./helpers.ts";

const COOKIES_OFF = { "net.ipv4.tcp_syncookies": 0 };

describe("a steady flood of 300 SYN/s at a listener that holds 256 half-opens, cookies off (3.3)", () => {
  const DURATION_S = 70;
  const views = [1, 2, 3, 4].map((seed) =>
    runOf(
      {
        duration_s: DURATION_S,
        server: { sysctls: COOKIES_OFF, listeners: [{ port: 80, backlog: 255 }] },
        workloads: [{ name: "flood", kind: "raw", packet: "syn", port: 80, rate_per_s: 300, duration_s: DURATION_S }],
      },
      { seed },
    ),
  );

  test("keeps the queue at its limit", () => {
    for (const view of views) expect(view.listenerField(0, "peakSynQueue")).toBe(256);
  });

  test("takes a new one of each eleven places a second", () => {
    // From the first pruning at 7 s on: samples lie at (k + 1/2) / 2 s.
    const perS = views.map((view) => {
      const dropped = view.counterLine("TcpExtTCPReqQFullDrop");
      return 300 - (dropped[139]! - dropped[13]!) / 63;
    });
    const mean = perS.reduce((total, n) => total + n, 0) / perS.length;
    // Seen on the kernel: 22.7 a second, between 9 and 38 in 5 s.
    expect(mean).toBeGreaterThan(20);
    expect(mean).toBeLessThan(25.5);
  });

  test("drops the rest at the SYN queue, and nowhere else", () => {
    for (const view of views) {
      expect(view.gates(0, "drops")).toEqual({ syn_queue_full: view.counter("server", "TcpExtListenDrops") });
    }
  });
});

describe("a client whose ACK was lost, and whose place in the accept queue others took (4.5)", () => {
  const view = runOf({
    duration_s: 75,
    server: { listeners: [{ port: 80, backlog: 1, accept: { mode: "never" } }] },
    workloads: [
      { name: "unlucky", kind: "connections", port: 80, count: 1, first_closer: "none" },
      { name: "others", kind: "connections", port: 80, count: 2, start_s: 0.5, first_closer: "none" },
    ],
    impairments: [{ direction: "to_server", match: "pure_ack", drop_every_nth: 1, end_s: 0.4 }],
  });

  test("is refused with each of its five answers to a SYN-ACK sent again", () => {
    expect(view.counter("server", "TcpExtListenOverflows")).toBe(5);
    expect(view.counter("server", "TcpExtListenDrops")).toBe(5);
    expect(view.counter("server", "TcpExtTCPSynRetrans")).toBe(5);
    expect(view.counter("client", "TcpExtTCPSYNChallenge")).toBe(5);
    expect(view.counter("client", "TcpInErrs")).toBe(5);
    expect(view.gates(0, "drops")).toEqual({ path_to_server: 1, accept_queue_at_ack: 5 });
  });

  test("is forgotten by the server after 63 s, and believes itself connected for ever", () => {
    expect(view.counter("server", "TcpExtTCPTimeouts")).toBe(6);
    expect(view.counter("server", "TcpPassiveOpens")).toBe(2);
    expect(view.outcome(0, "open_at_end")).toBe(1);
    expect(view.counter("client", "TcpCurrEstab")).toBe(3);
    expect(view.counter("server", "TcpOutRsts")).toBe(0);
  });
});

test("the same client is connected at the first answer that finds room", () => {
  const view = runOf({
    duration_s: 10,
    server: { listeners: [{ port: 80, backlog: 1, accept: { mode: "immediate", pause_windows_s: [[0, 2]] } }] },
    workloads: [
      { name: "unlucky", kind: "connections", port: 80, count: 1, first_closer: "none" },
      { name: "others", kind: "connections", port: 80, count: 2, start_s: 0.5, first_closer: "none" },
    ],
    impairments: [{ direction: "to_server", match: "pure_ack", drop_every_nth: 1, end_s: 0.4 }],
  });
  // Refused at 1 s; at 3 s the application has accepted the others.
  expect(view.counter("server", "TcpExtListenOverflows")).toBe(1);
  expect(view.counter("server", "TcpPassiveOpens")).toBe(3);
  expect(view.listenerField(0, "accepted")).toBe(3);
});

test("with data behind its ACK, it learns of the forgotten request by a RST", () => {
  const view = runOf({
    duration_s: 30,
    server: {
      sysctls: { "net.ipv4.tcp_synack_retries": 0 },
      listeners: [{ port: 80, backlog: 0, accept: { mode: "never" }, app: { request_bytes: 10 } }],
    },
    workloads: [
      { name: "unlucky", kind: "connections", port: 80, count: 1, request_bytes: 10, response_bytes: 10 },
      { name: "other", kind: "connections", port: 80, count: 1, start_s: 0.1, first_closer: "none" },
    ],
    impairments: ["pure_ack", "data"].map((match) => ({
      direction: "to_server",
      match,
      drop_every_nth: 1,
      end_s: 0.05,
    })),
  });
  expect(view.outcome(0, "reset_after_connect")).toBe(1);
  expect(view.counter("server", "TcpOutRsts")).toBeGreaterThanOrEqual(1);
});

test("a client that uses a port again within 60 s is let through by the server's TIME_WAIT", () => {
  const view = runOf({
    duration_s: 5,
    server: { listeners: [{ port: 80, backlog: 8, app: { close: "on_accept" } }] },
    client: { sysctls: { "net.ipv4.ip_local_port_range": "40000 40000" } },
    workloads: [
      { name: "one", kind: "connections", port: 80, rate_per_s: 2, count: 4, first_closer: "server", hold_s: 0.01 },
    ],
  });
  expect(view.outcome(0, "completed")).toBe(4);
  expect(view.counter("server", "TcpExtTW")).toBe(4);
  expect(view.listenerField(0, "peakSynQueue")).toBe(1);
});
