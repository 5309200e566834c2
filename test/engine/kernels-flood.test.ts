/**
 * Goal    A flood that lags or is counted in bulk meets the rules of old kernels as one that is simulated packet by packet does.
 * Method  The same run in both modes, byte by byte: even arrivals leave nothing to draw.
 */
import { expect, test } from "vitest";
import { run } from "../../src/engine/run.ts";
import { bytesOf, specOf } from "./helpers.ts";

test("a lagging flood at a full accept queue of 4.4 is the same in both modes: half-opens that are no longer young let SYNs in", () => {
  const flood = (engine: "auto" | "packet"): Buffer =>
    bytesOf(
      run(
        specOf(
          {
            duration_s: 12,
            server: {
              kernel: "4.4",
              sysctls: { "net.ipv4.tcp_syncookies": 0 },
              listeners: [{ port: 80, backlog: 8, accept: { mode: "never" } }],
            },
            workloads: [
              { name: "users", kind: "connections", count: 20, rate_per_s: 20 },
              { name: "flood", kind: "raw", packet: "syn", count: 5000, rate_per_s: 500, start_s: 2 },
            ],
          },
          { engine },
        ),
      ),
    );
  expect(flood("auto").equals(flood("packet"))).toBe(true);
});
