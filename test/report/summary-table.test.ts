/**
 * Goal    The table has each number of the summary in its row, says what was counted, and leaves out what did not happen.
 * Method  The summary that is written by hand; changed where a row needs another one.
 */
import { describe, expect, test } from "vitest";
import { type Row, summaryTable } from "../../src/report/summary-table.ts";
import type { ExperimentSummary, ListenerSummary, TuningSummary } from "../../src/results/summary-format.ts";
import { handMade, measure } from "./hand-made.ts";

const groups = summaryTable(handMade);
const rowOf = (title: string, label: string, from = groups): Row | undefined =>
  from.find((group) => group.title === title)?.rows.find((row) => row.label === label);
const textsOf = (title: string, label: string, from = groups): string[] | undefined =>
  rowOf(title, label, from)?.cells.map(({ text }) => text);

const rows = [
  ["Clients legit", "Clients in", ["64 %", "71 %", "100 %"]],
  ["Clients legit", "Connect, p50", ["20.4 ms", "20.4 ms", "20.4 ms"]],
  ["Clients legit", "Connect, p99", ["3.02 s", "3.02 s", "21.2 ms"]],
  ["Clients legit", "Connect, max", ["7.05 s", "7.05 s", "23.1 ms"]],
  ["Clients legit", "Gave up after, max", ["10 s", "10 s", "–"]],
  ["Clients legit: in by SYN", "after 0 s", ["960", "1065", "1500"]],
  ["Clients legit: in by SYN", "after 3 s", ["60", "67", "0"]],
  ["Clients legit: attempts that failed, by gate", "SYN queue full", ["520", "415", "0"]],
  ["Clients legit: packets lost, by gate", "SYN queue full", ["1620", "1305", "0"]],
  ["Clients legit: in flight at the end, by the gate they wait on", "SYN queue full", ["12", "12", "0"]],
  ["Clients legit: time waited, by gate", "SYN queue full", ["2268 s", "1827 s", "0 s"]],
  ["Listener on port 80", "Accept queue, peak", ["14 of 512", "14 of 4097", "14 of 512"]],
  ["Listener on port 80", "SYN queue, peak", ["512 of 512", "4097 of 4097", "512 of 512"]],
  ["Listener on port 80", "SYN queue, time at its limit", ["21.9 s", "21.9 s", "24.6 s"]],
  ["Listener on port 80", "Workers busy", ["41.2 %", "41.2 %", "41.2 %"]],
  ["Server", "SYN-ACKs sent", ["14400", "14400", "601 800"]],
  ["Server", "Amplification", ["0.024", "0.024", "1"]],
  ["Server", "Memory of half-opens", ["152.0 KiB", "1.2 MiB", "152.0 KiB"]],
  ["Flood flood", "Lost: last-quarter rule", ["7600", "7600", "0"]],
] as const;

describe("a row", () => {
  test.each(rows)("%s, %s", (title, label, texts) => {
    expect(textsOf(title, label)).toEqual(texts);
  });

  test("has the range over the seeds, and each seed's value to look up", () => {
    expect(rowOf("Clients legit", "Users who gave up")?.cells[0]).toEqual({
      ...{ text: "540", note: "537 to 543", seeds: "537, 539, 541, 543", isFull: false },
    });
    expect(rowOf("Clients legit", "Connect, p99")?.cells[0]?.seeds).toBe("3.02 s, 3.02 s, 3.32 s, 2.72 s");
  });

  test("says of a queue whether any seed filled it", () => {
    expect(rowOf("Listener on port 80", "SYN queue, peak")?.cells.map(({ isFull }) => isFull)).toEqual([
      true,
      true,
      true,
    ]);
    expect(rowOf("Listener on port 80", "Accept queue, peak")?.cells.map(({ isFull }) => isFull)).toEqual([
      false,
      false,
      false,
    ]);
  });

  test("explains its gate where the gate comes first, with the setting that moves it", () => {
    const help = groups.flatMap((group) =>
      group.rows.filter(({ help }) => help?.startsWith("SYN dropped: the SYN queue holds")),
    );
    expect(help).toEqual([rowOf("Clients legit: attempts that failed, by gate", "SYN queue full")]);
    expect(help[0]?.help).toContain("Moved by backlog, net.core.somaxconn or net.ipv4.tcp_syncookies.");
  });
});

const change = (of: (tuning: TuningSummary, index: number) => Partial<TuningSummary>): ExperimentSummary => ({
  ...handMade,
  tunings: handMade.tunings.map((tuning, index) => ({ ...tuning, ...of(tuning, index) })),
});

describe("what is not everywhere", () => {
  test("a workload that a tuning lacks has no number there", () => {
    const table = summaryTable(change(({ clients }, index) => ({ clients: index === 1 ? [] : clients })));
    expect(textsOf("Clients legit", "Attempts", table)).toEqual(["1500", "–", "1500"]);
    expect(textsOf("Clients legit: in by SYN", "after 0 s", table)).toEqual(["960", "–", "1500"]);
  });

  test("users are told apart from attempts only where they differ", () => {
    const table = summaryTable(
      change(({ clients }) => ({ clients: clients.map((own) => ({ ...own, users: own.attempted })) })),
    );
    expect(rowOf("Clients legit", "Users")).toBeDefined();
    expect(rowOf("Clients legit", "Users", table)).toBeUndefined();
  });

  test("a gate that took nothing anywhere has no row, and a family without gates no group", () => {
    expect(rowOf("Flood flood", "Lost: cookie rejected")).toBeUndefined();
    const table = summaryTable(change(({ clients }) => ({ clients: clients.map((own) => ({ ...own, failed: {} })) })));
    expect(table.map(({ title }) => title)).not.toContain("Clients legit: attempts that failed, by gate");
  });
});

test("listeners that share a port: queues of the fullest, counts of all", () => {
  const own = handMade.tunings[0]!.listeners[0]!;
  const other: ListenerSummary = {
    ...own,
    accept_queue: { ...own.accept_queue, peak: measure(300), full_s: measure(2, 1) },
    workers_busy_ratio: measure(0.6, 0.003),
  };
  const table = summaryTable(change(() => ({ listeners: [own, other] })));
  expect(textsOf("Listener on port 80", "Accept queue, peak", table)?.[0]).toBe("300 of 512");
  expect(rowOf("Listener on port 80", "Accept queue, time at its limit", table)?.cells[0]?.seeds).toBe(
    "500 ms, 1.5 s, 2.5 s, 3.5 s",
  );
  expect(textsOf("Listener on port 80", "Accepted", table)?.[0]).toBe("2960");
  expect(textsOf("Listener on port 80", "Workers busy", table)?.[0]).toBe("50.6 %");
});
