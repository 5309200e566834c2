/**
 * TCP options ↔ bytes, in the order and with the padding of Linux.
 *
 * Read first  RFC 9293 section 3.1 (options), RFC 7323 sections 2.2 and 3.2 (window scale, timestamps), RFC 2018 sections 2 and 3 (SACK).
 * Models      tcp_output.c:tcp_options_write (6.18): MSS; SACK permitted in the two bytes that align the timestamps, else NOP NOP before each;
 *             NOP, window scale; NOP NOP, SACK blocks.
 */
import { err, ok, type Result } from "../base/result.ts";

const Kind = { End: 0, Nop: 1, Mss: 2, WindowScale: 3, SackPermitted: 4, Sack: 5, Timestamps: 8 } as const;
/** Length of each kind that has a fixed one. */
const LENGTHS: Readonly<Record<number, number>> = {
  [Kind.Mss]: 4,
  [Kind.WindowScale]: 3,
  [Kind.SackPermitted]: 2,
  [Kind.Timestamps]: 10,
};
/** RFC 9293: the data offset has four bits, so a header has 60 bytes at most, 20 of them fixed. */
export const MAX_OPTION_BYTES = 40;

export interface TcpOptions {
  readonly mss?: number;
  readonly sackPermitted?: boolean;
  readonly timestamps?: { readonly value: number; readonly echo: number };
  /** Shift count. */
  readonly windowScale?: number;
  /** [left edge, right edge) of each block. */
  readonly sack?: readonly (readonly [left: number, right: number])[];
}

const u16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)];

/** A multiple of four bytes. */
export function encodeOptions({
  mss,
  sackPermitted = false,
  timestamps,
  windowScale,
  sack = [],
}: TcpOptions): number[] {
  const align = (): number[] => [Kind.Nop, Kind.Nop];
  const permitted = [Kind.SackPermitted, 2];
  return [
    ...(mss === undefined ? [] : [Kind.Mss, 4, ...u16(mss)]),
    ...(timestamps === undefined
      ? sackPermitted
        ? [...align(), ...permitted]
        : []
      : [
          ...(sackPermitted ? permitted : align()),
          ...[Kind.Timestamps, 10, ...u32(timestamps.value), ...u32(timestamps.echo)],
        ]),
    ...(windowScale === undefined ? [] : [Kind.Nop, Kind.WindowScale, 3, windowScale]),
    ...(sack.length === 0
      ? []
      : [...align(), Kind.Sack, 2 + 8 * sack.length, ...sack.flatMap((edges) => edges.flatMap(u32))]),
  ];
}

/** Options in any order. Kinds that are not known are skipped, as RFC 9293 section 3.1 asks. */
export function decodeOptions(bytes: Uint8Array): Result<TcpOptions, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let options: TcpOptions = {};
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at] ?? Kind.End;
    if (kind === Kind.End) break;
    if (kind === Kind.Nop) {
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (length < 2 || at + length > bytes.length) return err(`option ${kind} has a length of ${length}`);
    if ((LENGTHS[kind] ?? length) !== length) return err(`option ${kind} has a length of ${length}`);
    if (kind === Kind.Sack && (length - 2) % 8 !== 0) return err(`option ${kind} has a length of ${length}`);
    options = { ...options, ...readOption(view, kind, at + 2, length - 2) };
    at += length;
  }
  return ok(options);
}

function readOption(view: DataView, kind: number, at: number, length: number): TcpOptions {
  switch (kind) {
    case Kind.Mss:
      return { mss: view.getUint16(at) };
    case Kind.WindowScale:
      return { windowScale: view.getUint8(at) };
    case Kind.SackPermitted:
      return { sackPermitted: true };
    case Kind.Timestamps:
      return { timestamps: { value: view.getUint32(at), echo: view.getUint32(at + 4) } };
    case Kind.Sack:
      return {
        sack: Array.from({ length: length / 8 }, (_, i) => [
          view.getUint32(at + 8 * i),
          view.getUint32(at + 8 * i + 4),
        ]),
      };
    default:
      return {};
  }
}
