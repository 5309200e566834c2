/**
 * Goal    Initial sequence numbers of each kind: how fast their clock runs, when it comes round, and whose they are.
 * Method  The worked times of the RFCs and of Linux; numbers of a host at two times, for two peers and after two boots.
 */
import { describe, expect, test } from "vitest";
import { crashHost } from "../../src/engine/crash.ts";
import { ISN_NAMES, type IsnName, wrapS } from "../../src/vocabulary/isn.ts";
import { TestHost } from "./helpers.ts";

const wraps = [
  // isn, seconds, as people say it
  ["linux", 274.877906944, "274.9 s"],
  ["rfc793", 17_179.869184, "4.77 h; RFC 793 says 4.55"],
  ["rfc6528", 17_179.869184, "the clock is that of RFC 793"],
  ["constant", null, "never"],
] as const;

describe("the clock comes round in", () => {
  for (const [isn, seconds, why] of wraps) {
    test(`${isn}: ${why}`, () => {
      expect(wrapS(isn)).toBe(seconds);
    });
  }

  test("every kind has its row", () => {
    expect(wraps.map(([isn]) => isn)).toEqual(ISN_NAMES);
  });
});

const serverWith = (isn: IsnName): TestHost => new TestHost({ keys: { isn } });
/** Of a SYN-ACK to `port`, `atS` after the start. */
function isnAt(isn: IsnName, atS: number, port = 40_000): number {
  const server = serverWith(isn);
  server.advanceTo(atS);
  return server.syn(port);
}

describe("in a second the numbers of one 4-tuple rise by", () => {
  const rises = [
    ["linux", 15_625_000],
    ["rfc793", 250_000],
    ["rfc6528", 250_000],
    ["constant", 0],
  ] as const;
  for (const [isn, perS] of rises) {
    test(`${perS} with ${isn}`, () => {
      expect((isnAt(isn, 3) - isnAt(isn, 2)) | 0).toBe(perS);
    });
  }

  test("and after 274.9 s Linux has the same one again", () => {
    expect((isnAt("linux", 1 + (2 ** 32 * 64) / 1e9) - isnAt("linux", 1)) | 0).toBeLessThanOrEqual(1);
  });
});

describe("another 4-tuple has", () => {
  for (const [isn, isOther] of [
    ["linux", true],
    ["rfc6528", true],
    ["rfc793", false],
    ["constant", false],
  ] as const) {
    test(`${isOther ? "another" : "the same"} number with ${isn}`, () => {
      expect(isnAt(isn, 1, 40_000) !== isnAt(isn, 1, 40_001)).toBe(isOther);
    });
  }
});

test("a new boot has a new secret: numbers of a 4-tuple do not go on, but those of a clock alone do", () => {
  const rebooted = (isn: IsnName): number => {
    const server = serverWith(isn);
    server.advanceTo(1);
    crashHost(server.host);
    return server.syn();
  };
  expect(rebooted("linux")).not.toBe(isnAt("linux", 1));
  expect(rebooted("rfc793")).toBe(isnAt("rfc793", 1));
});
