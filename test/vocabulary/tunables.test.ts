/**
 * Goal    The table of sysctls says what the kernel says.
 * Method  The recordings' effective_sysctls are the reference for 6.18; older defaults are checked on both sides of a change.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { KERNEL_NAMES } from "../../src/vocabulary/kernels.ts";
import { defaultFor, isTunable, TUNABLE_NAMES, TUNABLES, type TunableDef } from "../../src/vocabulary/tunables.ts";

interface Recording {
  readonly effective_sysctls: { readonly server: Record<string, string | number> };
}

/** The recordings set this one themselves; the kernel's own default is another. */
const SET_BY_THE_RECORDER = ["net.ipv4.tcp_congestion_control"];

describe("the defaults of 6.18 are those of the recorded machine", () => {
  const recording = JSON.parse(readFileSync("test/recordings/01-baseline.result.json", "utf8")) as Recording;
  for (const [name, value] of Object.entries(recording.effective_sysctls.server)) {
    if (SET_BY_THE_RECORDER.includes(name)) continue;
    test(`${name} is ${value}`, () => {
      expect(isTunable(name) && String(defaultFor(name, "6.18"))).toBe(String(value).replace("\t", " "));
    });
  }
});

const older = [
  ["net.core.somaxconn", "4.19", 128, "the old limit"],
  ["net.core.somaxconn", "5.4", 4096, "raised in 5.4"],
  ["net.ipv4.tcp_max_syn_backlog", "4.19", 1024, "a 256th of the hash"],
  ["net.ipv4.tcp_max_syn_backlog", "5.4", 2048, "a 128th of the hash"],
  ["net.ipv4.tcp_syn_linear_timeouts", "6.1", null, "did not exist"],
  ["net.ipv4.tcp_syn_linear_timeouts", "6.6", 4, "came with 6.5"],
  ["net.ipv4.tcp_tw_reuse", "4.15", 0, "off"],
  ["net.ipv4.tcp_tw_reuse", "4.19", 2, "loopback only"],
  ["net.ipv4.tcp_tw_recycle", "4.4", 0, "still there"],
  ["net.ipv4.tcp_tw_recycle", "6.18", null, "removed"],
  ["net.ipv4.ip_local_port_range", "3.10", "32768 61000", "one port more"],
] as const;

for (const [name, kernel, value, why] of older) {
  test(`${name} in ${kernel} is ${value}: ${why}`, () => {
    expect(defaultFor(name, kernel)).toBe(value);
  });
}

describe("every row", () => {
  for (const name of TUNABLE_NAMES) {
    const def: TunableDef = TUNABLES[name];
    test(`${name} is well formed`, () => {
      expect(name).toMatch(/^net\.(core|ipv4|netfilter)\.[a-z0-9_]+$/);
      expect(def.meaning).toMatch(/\.$/);
      expect(def.section).toMatch(/^(\d+\.\d+|tcp\(7\))$/);
      const at = Object.keys(def.defaults).map((kernel) => (KERNEL_NAMES as readonly string[]).indexOf(kernel));
      expect(at[0], "a default, or null, for the oldest kernel").toBe(0);
      expect(at).toEqual([...at].sort((a, b) => a - b));
      for (const value of Object.values(def.defaults)) {
        if (typeof value === "number" && "min" in def.type) {
          expect(value).toBeGreaterThanOrEqual(def.type.min);
          expect(value).toBeLessThanOrEqual(def.type.max);
        }
      }
    });
  }
});
