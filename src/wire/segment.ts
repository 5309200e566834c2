/**
 * A TCP segment in an IPv4 packet ↔ bytes.
 *
 * Read first  RFC 791 section 3.1 (the header), RFC 9293 section 3.1 (header and pseudo header), RFC 1071 (checksums).
 *
 *    0 ─ IPv4, 20 bytes ─ 20 ─ TCP, 20 bytes ─ 40 ─ options, 0..40 ─ payload
 *
 * Invariants  decode(encode(x)) = x. What Linux sends has no IP options, no fragments, DF set and a type of service of 0.
 */
import { assert } from "../base/assert.ts";
import { err, ok, type Result } from "../base/result.ts";
import { addWords, checksumOf } from "./checksum.ts";
import { decodeOptions, encodeOptions, MAX_OPTION_BYTES, type TcpOptions } from "./tcp-options.ts";

/** net.ipv4.ip_default_ttl. */
export const DEFAULT_TTL = 64;
export const TcpFlag = { Fin: 1, Syn: 2, Rst: 4, Psh: 8, Ack: 16, Urg: 32 } as const;

export interface Segment {
  /** uint32 in host order: 10.0.0.1 is 0x0a000001. */
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** uint32 */
  readonly seq: number;
  readonly ack: number;
  /** TcpFlag bits. */
  readonly flags: number;
  /** As it stands in the header: not scaled. */
  readonly window: number;
  readonly options: TcpOptions;
  readonly payload: Uint8Array;
  /** IP identification. */
  readonly id: number;
  readonly ttl: number;
}

const IP_HEADER = 20;
const TCP_HEADER = 20;
const MAX_TOTAL = 0xffff;
const VERSION_4_AND_5_WORDS = 0x45;
const DONT_FRAGMENT = 0x4000;
const PROTOCOL_TCP = 6;
const FLAGS_MASK = 0x3f;

// Offsets in the packet.
const IP_TOTAL = 2;
const IP_ID = 4;
const IP_FRAGMENT = 6;
const IP_TTL = 8;
const IP_PROTOCOL = 9;
const IP_CHECKSUM = 10;
const IP_SOURCE = 12;
const IP_DESTINATION = 16;
const TCP_SOURCE = 20;
const TCP_DESTINATION = 22;
const TCP_SEQ = 24;
const TCP_ACK = 28;
const TCP_OFFSET = 32;
const TCP_FLAGS = 33;
const TCP_WINDOW = 34;
const TCP_CHECKSUM = 36;

/** The packet from its IP header on, with both checksums. */
export function encodeSegment(segment: Segment): Uint8Array {
  const options = encodeOptions(segment.options);
  assert(options.length <= MAX_OPTION_BYTES, `${options.length} bytes of TCP options`);
  const header = TCP_HEADER + options.length;
  const total = IP_HEADER + header + segment.payload.length;
  assert(total <= MAX_TOTAL, `an IPv4 packet of ${total} bytes`);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION_4_AND_5_WORDS);
  view.setUint16(IP_TOTAL, total);
  view.setUint16(IP_ID, segment.id);
  view.setUint16(IP_FRAGMENT, DONT_FRAGMENT);
  view.setUint8(IP_TTL, segment.ttl);
  view.setUint8(IP_PROTOCOL, PROTOCOL_TCP);
  view.setUint32(IP_SOURCE, segment.source);
  view.setUint32(IP_DESTINATION, segment.destination);
  view.setUint16(IP_CHECKSUM, checksumOf(addWords(bytes, 0, IP_HEADER)));
  view.setUint16(TCP_SOURCE, segment.sourcePort);
  view.setUint16(TCP_DESTINATION, segment.destinationPort);
  view.setUint32(TCP_SEQ, segment.seq);
  view.setUint32(TCP_ACK, segment.ack);
  view.setUint8(TCP_OFFSET, (header / 4) << 4);
  view.setUint8(TCP_FLAGS, segment.flags);
  view.setUint16(TCP_WINDOW, segment.window);
  bytes.set(options, IP_HEADER + TCP_HEADER);
  bytes.set(segment.payload, IP_HEADER + header);
  view.setUint16(TCP_CHECKSUM, checksumOf(tcpSum(bytes)));
  return bytes;
}

/** Sum of the pseudo header (addresses, protocol, TCP length) and of all behind the IP header. */
const tcpSum = (bytes: Uint8Array): number =>
  addWords(
    bytes,
    IP_HEADER,
    bytes.length,
    addWords(bytes, IP_SOURCE, IP_HEADER) + PROTOCOL_TCP + bytes.length - IP_HEADER,
  );

/** `bytes`: one packet from its IP header on. The error says what it is instead of a whole TCP segment. */
export function decodeSegment(bytes: Uint8Array): Result<Segment, string> {
  if (bytes.length < IP_HEADER + TCP_HEADER) return err(`${bytes.length} bytes are no TCP segment`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== VERSION_4_AND_5_WORDS) return err("not IPv4 without options");
  if (view.getUint8(IP_PROTOCOL) !== PROTOCOL_TCP) return err(`protocol ${view.getUint8(IP_PROTOCOL)} is not TCP`);
  if ((view.getUint16(IP_FRAGMENT) & ~DONT_FRAGMENT) !== 0) return err("a fragment");
  if (view.getUint16(IP_TOTAL) !== bytes.length)
    return err(`the header says ${view.getUint16(IP_TOTAL)} bytes, there are ${bytes.length}`);
  if (checksumOf(addWords(bytes, 0, IP_HEADER)) !== 0) return err("wrong IP checksum");
  if (checksumOf(tcpSum(bytes)) !== 0) return err("wrong TCP checksum");
  const header = (view.getUint8(TCP_OFFSET) >> 4) * 4;
  if (header < TCP_HEADER || IP_HEADER + header > bytes.length) return err(`a TCP header of ${header} bytes`);
  const options = decodeOptions(bytes.subarray(IP_HEADER + TCP_HEADER, IP_HEADER + header));
  if (!options.ok) return options;
  return ok({
    source: view.getUint32(IP_SOURCE),
    destination: view.getUint32(IP_DESTINATION),
    sourcePort: view.getUint16(TCP_SOURCE),
    destinationPort: view.getUint16(TCP_DESTINATION),
    seq: view.getUint32(TCP_SEQ),
    ack: view.getUint32(TCP_ACK),
    flags: view.getUint8(TCP_FLAGS) & FLAGS_MASK,
    window: view.getUint16(TCP_WINDOW),
    options: options.value,
    payload: bytes.slice(IP_HEADER + header),
    id: view.getUint16(IP_ID),
    ttl: view.getUint8(IP_TTL),
  });
}
