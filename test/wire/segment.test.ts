/**
 * Goal    Segments ↔ bytes: nothing is lost on the way, options stand as Linux writes them, and damage is noticed.
 * Method  Random segments there and back; options byte by byte; a packet of a real kernel.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addWords, checksumOf } from "../../src/wire/checksum.ts";
import { decodeSegment, encodeSegment, type Segment } from "../../src/wire/segment.ts";
import { decodeOptions, encodeOptions, type TcpOptions } from "../../src/wire/tcp-options.ts";

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const timestamps = fc.record({ value: u32, echo: u32 });

/** What fits into 40 bytes: a SYN's options, or a SACK of up to three blocks beside timestamps. */
const options: fc.Arbitrary<TcpOptions> = fc.oneof(
  fc.record(
    { mss: u16, sackPermitted: fc.constant(true), timestamps, windowScale: fc.integer({ min: 0, max: 14 }) },
    { requiredKeys: [] },
  ),
  fc.record({ timestamps, sack: fc.array(fc.tuple(u32, u32), { minLength: 1, maxLength: 3 }) }, { requiredKeys: [] }),
);

const segment: fc.Arbitrary<Segment> = fc.record({
  ...{ source: u32, destination: u32, sourcePort: u16, destinationPort: u16, seq: u32, ack: u32, window: u16, id: u16 },
  flags: fc.integer({ min: 0, max: 63 }),
  options,
  payload: fc.uint8Array({ maxLength: 1500 }),
  ttl: fc.integer({ min: 0, max: 255 }),
});

const hex = (bytes: ArrayLike<number>): string => Buffer.from(Uint8Array.from(bytes)).toString("hex");

describe("a segment", () => {
  test("comes back from its bytes as it was", () => {
    fc.assert(
      fc.property(segment, (given) => {
        expect(decodeSegment(encodeSegment(given))).toEqual({ ok: true, value: given });
      }),
    );
  });

  test("with one bit turned over is not taken for a segment", () => {
    fc.assert(
      fc.property(segment, fc.nat(), (given, choice) => {
        const bytes = encodeSegment(given);
        const bit = choice % (bytes.length * 8);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(decodeSegment(bytes).ok).toBe(false);
      }),
    );
  });

  test("that is cut short, or has bytes behind it, is not taken either", () => {
    const bytes = encodeSegment({ ...SYN, payload: new Uint8Array(3) });
    for (let length = 0; length < bytes.length; length++)
      expect(decodeSegment(bytes.subarray(0, length)).ok).toBe(false);
    expect(decodeSegment(Uint8Array.from([...bytes, 0]))).toEqual({
      ok: false,
      error: expect.stringContaining("there are 48"),
    });
  });
});

const SYN: Segment = {
  ...{ source: 0x0a0a0002, destination: 0x0a0a0001, sourcePort: 40000, destinationPort: 80, seq: 1000, ack: 0 },
  ...{ flags: 2, window: 64240, options: { mss: 1460 }, payload: new Uint8Array(), id: 7, ttl: 64 },
};

describe("checksums", () => {
  test("are those of RFC 1071's example", () => {
    // Section 3: 0001 f203 f4f5 f6f7 sum to ddf2 with the carries folded in.
    const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
    expect(checksumOf(addWords(bytes, 0, 8))).toBe(~0xddf2 & 0xffff);
  });

  test("take an odd last byte as if a zero stood behind it", () => {
    expect(addWords(Uint8Array.of(1, 2, 3), 0, 3)).toBe(0x0102 + 0x0300);
  });
});

describe("TCP options", () => {
  const T = { value: 1, echo: 2 };
  const TS = "080a0000000100000002";
  const CASES: readonly (readonly [string, TcpOptions, string])[] = [
    [
      "a SYN of Linux",
      { mss: 1460, sackPermitted: true, timestamps: T, windowScale: 7 },
      `020405b4${"0402"}${TS}${"01030307"}`,
    ],
    ["a SYN without SACK", { mss: 1460, timestamps: T, windowScale: 7 }, `020405b4${"0101"}${TS}${"01030307"}`],
    [
      "a SYN without timestamps",
      { mss: 1460, sackPermitted: true, windowScale: 7 },
      `020405b4${"01010402"}${"01030307"}`,
    ],
    ["a cookie without timestamps", { mss: 1460 }, "020405b4"],
    ["any other segment", { timestamps: T }, `0101${TS}`],
    ["a SACK", { timestamps: T, sack: [[5, 6]] }, `0101${TS}${"0101050a"}${"0000000500000006"}`],
    ["none", {}, ""],
  ];

  test.each(CASES)("of %s stand as the kernel writes them", (_, given, bytes) => {
    expect(hex(encodeOptions(given))).toBe(bytes);
  });

  test("of kinds that nobody knows are passed over, and all ends at kind 0", () => {
    expect(decodeOptions(Uint8Array.of(1, 254, 4, 9, 9, 2, 4, 5, 180, 0, 3, 3, 7))).toEqual({
      ok: true,
      value: { mss: 1460 },
    });
  });

  test.each([
    [[2, 3, 5], "an MSS has four bytes"],
    [[8, 10, 0], "it does not end"],
    [[254, 1], "a length counts itself and the kind"],
    [[254], "there is no length"],
    [[5, 9, 0, 0, 0, 0, 0, 0, 0], "half a block"],
  ])("%j are refused: %s", (bytes) => {
    expect(decodeOptions(Uint8Array.from(bytes)).ok).toBe(false);
  });
});
