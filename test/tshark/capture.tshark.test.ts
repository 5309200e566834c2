/**
 * Goal    A capture is what a network tool takes for a capture: whole packets, right checksums, and the retransmissions that the model made.
 * Method  All packets of runs with loss, written as they leave their senders, read by tshark.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { RunView } from "../../src/results/run-view.ts";
import { AttemptList } from "../../src/trace/attempts.ts";
import { captureAll, observe } from "../../src/trace/trace.ts";
import type { RunResult } from "../../src/vocabulary/run-result.ts";
import { encodeCapture } from "../../src/wire/pcapng.ts";
import { type Keys, specOf } from "../engine/helpers.ts";
import { fieldsOf } from "./tshark.ts";

const goOn = async (): Promise<void> => {};

/** Without cookies: a cookie that is sent again is a retransmission for tshark, and none for the kernel's counters. */
const scenario = (bytes: number, sysctls: Keys = {}): Keys => ({
  duration_s: 40,
  server: {
    sysctls: { "net.ipv4.tcp_syncookies": 0, ...sysctls },
    listeners: [
      {
        ...{ port: 80, backlog: 4, accept: { mode: "rate", rate_per_s: 20 } },
        app: { request_bytes: 200, response_bytes: bytes, close: "after_response" },
      },
    ],
  },
  client: { one_way_delay_s: 0.02 },
  path: { to_server: { loss: 0.05 }, to_client: { loss: 0.05 } },
  workloads: [
    {
      ...{ name: "clients", kind: "connections", arrival: "poisson", rate_per_s: 30, duration_s: 5 },
      ...{ source_addresses: 20, request_bytes: 200, response_bytes: bytes },
    },
  ],
});

const CASES = [
  // what, scenario
  ["one segment each way, all options", scenario(1000)],
  ["responses of several segments", scenario(20_000)],
  [
    "no timestamps, no SACK, no window scaling",
    scenario(1000, {
      "net.ipv4.tcp_timestamps": 0,
      "net.ipv4.tcp_sack": 0,
      "net.ipv4.tcp_window_scaling": 0,
    }),
  ],
] as const;

describe.each(CASES)("a capture of %s", (_, keys) => {
  const spec = specOf(keys);
  let capture: Uint8Array;
  let result: RunResult;

  beforeAll(async () => {
    const { packets, isCut } = await captureAll(spec, "wire", (number) => `attempt ${number}`, goOn);
    expect(isCut).toBe(false);
    capture = encodeCapture("wire", packets);
    result = await observe(spec, new AttemptList(), goOn);
  });

  test("has no wrong checksum and nothing else that tshark calls an error or malformed", () => {
    expect(fieldsOf(capture, "ip", ["frame.number"]).length).toBeGreaterThan(1000);
    const good = fieldsOf(capture, "ip.checksum.status == 1 && tcp.checksum.status == 1", ["frame.number"]);
    expect(good).toHaveLength(fieldsOf(capture, "frame", ["frame.number"]).length);
    expect(
      fieldsOf(capture, "_ws.expert.severity == error || _ws.malformed", ["frame.number", "_ws.expert.message"]),
    ).toEqual([]);
  });

  test("has as many retransmissions as both hosts count", () => {
    const view = new RunView(spec, result);
    const counted = view.counter("server", "TcpRetransSegs") + view.counter("client", "TcpRetransSegs");
    // What is sent again within a few ms of a later segment is called out of order.
    const seen = fieldsOf(capture, "tcp.analysis.retransmission || tcp.analysis.out_of_order", ["frame.number"]);
    expect(counted).toBeGreaterThan(100);
    expect(seen).toHaveLength(counted);
  });

  test("says at a packet that the path lost it", () => {
    const lost = fieldsOf(capture, 'frame.comment contains "lost on the path"', ["frame.number"]);
    expect(lost.length).toBeGreaterThan(30);
  });
});

test("a damaged packet would be seen", async () => {
  const spec = specOf(scenario(1000));
  const { packets } = await captureAll(spec, "wire", () => "", goOn);
  const [first, ...others] = packets.slice(0, 3);
  if (first === undefined) throw new Error("no packets");
  const bytes = Uint8Array.from(first.bytes);
  bytes[24] = (bytes[24] ?? 0) ^ 1;
  const damaged = encodeCapture("wire", [{ ...first, bytes }, ...others]);
  expect(fieldsOf(damaged, "_ws.expert.severity == error", ["frame.number"])).toEqual([["1"]]);
});
