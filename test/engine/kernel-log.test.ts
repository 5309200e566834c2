/**
 * Goal    The kernel's log says what a running 6.18.44 says, as often as it says it.
 * Method  One host, segment by segment, on both sides of each limit; whole runs for texts, and for floods that lag.
 */
import { describe, expect, test } from "vitest";
import { run } from "../../src/engine/run.ts";
import { RunView } from "../../src/results/run-view.ts";
import { observe } from "../../src/trace/trace.ts";
import { Watch } from "../../src/trace/watch.ts";
import { dmesgLine, LOG_FIELDS, LOG_LINE_WORDS, LOG_LINES, logText } from "../../src/vocabulary/kernel-log.ts";
import { type Keys, runOf, specOf, TestHost } from "./helpers.ts";

/** What a host's log says. */
function logOf({ host }: TestHost): string[] {
  const { values } = host.log;
  const fields = LOG_FIELDS.length;
  const written = LOG_LINES.reduce((sum, _, line) => sum + values[line * fields]!, 0);
  return Array.from({ length: written }, (_, k) => {
    const at = LOG_LINES.length * fields + k * LOG_LINE_WORDS;
    return logText(LOG_LINES[values[at + 1]!]!, values[at + 2]!, host.spec);
  });
}

const flooded = (sysctls: Keys, kernel = "6.18"): Keys => ({
  duration_s: 3,
  server: { kernel, sysctls, listeners: [{ port: 80, backlog: 8 }] },
  workloads: [{ name: "flood", kind: "raw", packet: "syn", start_s: 1, rate_per_s: 1000, duration_s: 1 }],
});

const cookies = (value: number): Keys => ({ "net.ipv4.tcp_syncookies": value });
const FLOOD = "TCP: request_sock_TCP: Possible SYN flooding on port";

const texts = [
  ["6.18", 1, `${FLOOD} 0.0.0.0:80. Sending cookies.`, "as a live 6.18.44 prints it"],
  ["6.18", 0, `${FLOOD} 0.0.0.0:80. Dropping request.`, "without cookies"],
  ["6.6", 1, `${FLOOD} 0.0.0.0:80. Sending cookies.`, "the first kernel here with the address"],
  ["6.1", 1, `${FLOOD} 80. Sending cookies.  Check SNMP counters.`, "the last one without"],
  ["4.4", 0, `${FLOOD} 80. Dropping request.  Check SNMP counters.`, "and so it was in 4.4"],
] as const;

describe("a flood is said once", () => {
  test.each(texts)("%s with tcp_syncookies %d: %s (%s)", (kernel, value, text) => {
    const view = runOf(flooded(cookies(value), kernel));
    const lines = view.logLines("server").map(({ line, subject }) => logText(line, subject, view.spec.server));
    expect(lines).toEqual([text]);
    expect(view.listenerField(0, "floodWarned")).toBe(1);
  });

  test("never with tcp_syncookies 2, which sends cookies to everybody", () => {
    const view = runOf(flooded(cookies(2)));
    expect(view.counter("server", "TcpExtSyncookiesSent")).toBe(1000);
    expect(view.logLines("server")).toEqual([]);
    expect(view.listenerField(0, "floodWarned")).toBe(0);
  });

  test("with the first SYN that meets a full SYN queue: backlog + 1 fit", () => {
    const host = new TestHost();
    for (let port = 1; port <= 5; port++) host.syn(port);
    expect(logOf(host)).toEqual([]);
    host.syn(6);
    host.syn(7);
    expect(logOf(host)).toEqual([`${FLOOD} 0.0.0.0:80. Sending cookies.`]);
  });

  test("at the time of that SYN, and a full accept queue alone is no flood", () => {
    const view = runOf({
      duration_s: 8,
      server: { sysctls: cookies(0), listeners: [{ port: 80, backlog: 4, accept: { mode: "never" } }] },
      workloads: [{ name: "clients", kind: "connections", count: 40, rate_per_s: 10, connect_timeout_s: 0.5 }],
    });
    expect(view.counter("server", "TcpExtListenOverflows")).toBeGreaterThan(20);
    expect(view.logLines("server")).toEqual([]);
  });
});

describe("a flood in bulk says it when its packets do", () => {
  const cases = [
    ["the flood itself fills the SYN queue", { backlog: 8 }, 1, {}],
    ["the same without cookies", { backlog: 8 }, 0, {}],
    ["its listener opens later", { backlog: 3, listen_start_s: 1.5 }, 1, {}],
    [
      "proven peers fill the last quarter, while the flood is dropped there and lags",
      { backlog: 9 },
      0,
      { "net.ipv4.tcp_max_syn_backlog": 8 },
    ],
  ] as const;
  test.each(cases)("%s", (_, listener, value, sysctls) => {
    const keys = {
      duration_s: 4,
      server: { sysctls: { ...cookies(value), ...sysctls }, listeners: [{ port: 80, ...listener }] },
      workloads: [
        { name: "clients", kind: "connections", rate_per_s: 20, duration_s: 3 },
        { name: "flood", kind: "raw", packet: "syn", start_s: 1, rate_per_s: 1000, duration_s: 2 },
      ],
      impairments: [{ direction: "to_client", match: "synack", drop_probability: 1, start_s: 1.2 }],
    };
    const packet = specOf(keys, { engine: "packet" });
    const view = new RunView(packet, run(packet));
    expect(view.logLines("server")).toHaveLength(1);
    // Packets of the flood have their own timetable, which clients are not on.
    expect(view.listenerField(0, "floodWarnedNs") % 1_000_000).toBe(30_000);
    const auto = specOf(keys);
    expect(new RunView(auto, run(auto)).logLines("server")).toEqual(view.logLines("server"));
  });
});

describe("net_ratelimit", () => {
  /** A host that may have no orphan at all, with `count` connections. */
  const crowded = (count: number): { host: TestHost; rows: number[] } => {
    const host = new TestHost({ sysctls: { "net.ipv4.tcp_max_orphans": 0 }, listener: { backlog: 100 } });
    const rows = Array.from({ length: count }, (_, n) => {
      host.establish(1000 + n);
      return host.accept();
    });
    return { host, rows };
  };
  const ORPHANS = "TCP: too many orphaned sockets";
  const closeAt = (host: TestHost, rows: number[], count: number): void => {
    for (const row of rows.splice(0, count)) host.close(row);
  };

  test("lets ten lines through", () => {
    const { host, rows } = crowded(14);
    closeAt(host, rows, 14);
    expect(logOf(host)).toEqual(Array(10).fill(ORPHANS));
    expect(host.counter("TcpExtTCPAbortOnMemory")).toBe(14);
  });

  test("keeps others back for five seconds, to the tick", () => {
    const { host, rows } = crowded(15);
    closeAt(host, rows, 14);
    host.advanceTo(5);
    closeAt(host, rows, 1);
    expect(logOf(host)).toHaveLength(10);
  });

  test("then says how many it kept back, and goes on", () => {
    const { host, rows } = crowded(16);
    closeAt(host, rows, 14);
    host.advanceTo(5.004);
    closeAt(host, rows, 1);
    const report = ["net_ratelimit: 4 callbacks suppressed", ORPHANS];
    expect(logOf(host).slice(10)).toEqual(report);
    host.advanceTo(11);
    closeAt(host, rows, 1);
    expect(logOf(host).slice(10)).toEqual([...report, ORPHANS]);
  });

  const manyPorts = (kernel: string): string[] => {
    const ports = Array.from({ length: 12 }, (_, n) => 80 + n);
    const view = runOf({
      duration_s: 2,
      server: { kernel, listeners: ports.map((port) => ({ port, backlog: 1 })) },
      workloads: ports.map((port) => ({
        ...{ name: `flood-${port}`, kind: "raw", packet: "syn", rate_per_s: 100, duration_s: 1, port },
        first_source_port: 1024 + 200 * (port - 80),
      })),
    });
    expect(view.logField("server", "syn_flooding", "suppressed")).toBe(12 - view.logLines("server").length);
    return view.logLines("server").map(({ line }) => line);
  };

  test("is shared by all listeners", () => {
    expect(manyPorts("5.4")).toHaveLength(10);
  });

  test("does not limit what 4.19 says about floods", () => {
    expect(manyPorts("4.19")).toHaveLength(12);
  });
});

test("a line is printed as dmesg prints it", () => {
  expect(dmesgLine(1.204_012, "TCP: too many orphaned sockets")).toBe("[    1.204012] TCP: too many orphaned sockets");
});

test("who watches an attempt is told in order of time, also what a flood that lags causes", async () => {
  const spec = specOf({
    duration_s: 6,
    server: { listeners: [{ port: 80, backlog: 2 }] },
    client: { one_way_delay_s: 0.3 },
    workloads: [
      { name: "clients", kind: "connections", rate_per_s: 1, count: 1, start_s: 0.9, first_closer: "none" },
      { name: "flood", kind: "raw", packet: "syn", start_s: 1, rate_per_s: 1000, duration_s: 1 },
    ],
  });
  const watch = new Watch({ wants: () => true });
  await observe(spec, watch, async () => {});
  const events = watch.events.get(1) ?? [];
  const times = events.map(({ atNs }) => atNs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  const logged = events.flatMap((event) => (event.kind === "logged" ? [event.text] : []));
  expect(logged).toEqual([`${FLOOD} 0.0.0.0:80. Sending cookies.`]);
});
