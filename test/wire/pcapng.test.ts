/**
 * Goal    A capture's bytes are those of draft-ietf-opsawg-pcapng.
 * Method  A reader that knows the draft and nothing of the writer takes captures apart.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type CapturedPacket, encodeCapture } from "../../src/wire/pcapng.ts";

interface Block {
  readonly type: number;
  readonly body: DataView;
}

/** Section 3.1: type, total length, body, total length again. */
function blocksOf(file: Uint8Array): Block[] {
  const view = new DataView(file.buffer);
  const blocks: Block[] = [];
  for (let at = 0; at < file.length; ) {
    const length = view.getUint32(at + 4, true);
    expect(length % 4).toBe(0);
    expect(view.getUint32(at + length - 4, true)).toBe(length);
    blocks.push({ type: view.getUint32(at, true), body: new DataView(file.buffer, at + 8, length - 12) });
    at += length;
  }
  return blocks;
}

/** Section 3.5: code, length, value padded to four bytes; code 0 ends. */
function optionsOf(body: DataView, from: number): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  for (let at = from; at < body.byteLength; ) {
    const code = body.getUint16(at, true);
    const length = body.getUint16(at + 2, true);
    if (code === 0) return options;
    options.set(code, Buffer.from(body.buffer, body.byteOffset + at + 4, length));
    at += 4 + Math.ceil(length / 4) * 4;
  }
  expect(options.size).toBe(0);
  return options;
}

function packetOf({ type, body }: Block): CapturedPacket {
  expect(type).toBe(6);
  expect(body.getUint32(0, true)).toBe(0);
  const length = body.getUint32(12, true);
  expect(body.getUint32(16, true)).toBe(length);
  const comment = optionsOf(body, 20 + Math.ceil(length / 4) * 4).get(1);
  return {
    atNs: body.getUint32(4, true) * 2 ** 32 + body.getUint32(8, true),
    bytes: new Uint8Array(body.buffer.slice(body.byteOffset + 20, body.byteOffset + 20 + length)),
    ...(comment === undefined ? {} : { comment: comment.toString("utf8") }),
  };
}

const packet: fc.Arbitrary<CapturedPacket> = fc.record(
  {
    atNs: fc.maxSafeNat(),
    bytes: fc.uint8Array({ maxLength: 100 }),
    comment: fc.string({ unit: "grapheme", maxLength: 40 }),
  },
  { requiredKeys: ["atNs", "bytes"] },
);

test("packets come back with their time to the nanosecond, their bytes and what was said about them", () => {
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 20 }), (packets) => {
      const [, , ...blocks] = blocksOf(encodeCapture("wire", packets));
      expect(blocks.map(packetOf)).toEqual(packets);
    }),
  );
});

test("a capture begins with a little-endian section of version 1.0 and one interface of raw IP in nanoseconds", () => {
  const [section, description, ...others] = blocksOf(encodeCapture("wire", []));
  expect(others).toEqual([]);
  expect(section?.type).toBe(0x0a0d0d0a);
  expect(section?.body.getUint32(0, true)).toBe(0x1a2b3c4d);
  expect([section?.body.getUint16(4, true), section?.body.getUint16(6, true)]).toEqual([1, 0]);
  expect(section?.body.getBigInt64(8, true)).toBe(-1n);
  expect(description?.type).toBe(1);
  expect(description?.body.getUint16(0, true)).toBe(101);
  const options = description === undefined ? new Map<number, Buffer>() : optionsOf(description.body, 8);
  expect(options.get(2)?.toString()).toBe("wire");
  expect([...(options.get(9) ?? [])]).toEqual([9]);
});
