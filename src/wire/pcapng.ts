/**
 * pcapng: a capture that tcpdump, tshark and Wireshark read.
 *
 * Read first  draft-ietf-opsawg-pcapng: 3.1 (blocks), 3.5 (options), 4.1 (section header), 4.2 (interface description, if_tsresol),
 *             4.3 (enhanced packet).
 *
 *   type u32 | total length u32 | body, padded to 4 | options ... end of options | total length u32
 *
 * Units       Time stamps are ns, as if_tsresol = 9 says, in two uint32: high half first.
 */
const Block = { SectionHeader: 0x0a0d0d0a, InterfaceDescription: 1, EnhancedPacket: 6 } as const;
const Option = { End: 0, Comment: 1, InterfaceName: 2, TimestampResolution: 9 } as const;
/** Tells a reader the byte order of the section; ours is little. */
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const VERSION_MAJOR = 1;
/** The length of the section is not given. */
const UNKNOWN_LENGTH = 0xffffffff;
/** LINKTYPE_RAW: the packet begins with its IP header. */
const LINKTYPE_RAW = 101;
/** Packets are whole. */
const SNAPLEN = 0;
/** 10^-9 s. */
const NANOSECONDS = 9;
const MAX_OPTION = 0xffff;

export interface CapturedPacket {
  /** Since the epoch of the capture, whole ns, exact up to 2^53. */
  readonly atNs: number;
  /** From the IP header on. */
  readonly bytes: Uint8Array;
  readonly comment?: string;
}

/** A whole file with one interface. */
export function encodeCapture(interfaceName: string, packets: readonly CapturedPacket[]): Uint8Array {
  return concat([sectionHeader(), interfaceDescription(interfaceName), ...packets.map(enhancedPacket)]);
}

function sectionHeader(): Uint8Array {
  const body = new DataView(new ArrayBuffer(16));
  body.setUint32(0, BYTE_ORDER_MAGIC, true);
  body.setUint16(4, VERSION_MAJOR, true);
  body.setUint32(8, UNKNOWN_LENGTH, true);
  body.setUint32(12, UNKNOWN_LENGTH, true);
  return block(Block.SectionHeader, [bytesOf(body)]);
}

function interfaceDescription(name: string): Uint8Array {
  const body = new DataView(new ArrayBuffer(8));
  body.setUint16(0, LINKTYPE_RAW, true);
  body.setUint32(4, SNAPLEN, true);
  const options = [
    option(Option.InterfaceName, new TextEncoder().encode(name)),
    option(Option.TimestampResolution, Uint8Array.of(NANOSECONDS)),
    option(Option.End, new Uint8Array()),
  ];
  return block(Block.InterfaceDescription, [bytesOf(body), ...options]);
}

function enhancedPacket({ atNs, bytes, comment }: CapturedPacket): Uint8Array {
  const body = new DataView(new ArrayBuffer(20));
  body.setUint32(4, Math.floor(atNs / 2 ** 32), true);
  body.setUint32(8, atNs % 2 ** 32, true);
  body.setUint32(12, bytes.length, true);
  body.setUint32(16, bytes.length, true);
  const text = comment === undefined ? null : new TextEncoder().encode(comment).subarray(0, MAX_OPTION);
  const options = text === null ? [] : [option(Option.Comment, text), option(Option.End, new Uint8Array())];
  return block(Block.EnhancedPacket, [bytesOf(body), padded(bytes), ...options]);
}

function option(code: number, value: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(4));
  head.setUint16(0, code, true);
  head.setUint16(2, value.length, true);
  return concat([bytesOf(head), padded(value)]);
}

/** `parts`: each a multiple of four bytes. */
function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(parts);
  const total = body.length + 12;
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, total, true);
  out.set(body, 8);
  view.setUint32(total - 4, total, true);
  return out;
}

function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 4 === 0) return bytes;
  const out = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  out.set(bytes);
  return out;
}

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer);

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
