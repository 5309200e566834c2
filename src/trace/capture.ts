/**
 * Events of attempts → packets as bytes, as a capture has them.
 *
 * Made up     What the model does not have is filled in as Linux does with default buffers: windows, window scale, IP ids. Payload is zeros.
 * Flights     Data that travels together is cut into segments of one MSS, the last one with PSH. Of ACKs that travel together the last one is written.
 *             The first ones of a flight that lost some are taken for those that came; a SACK block is the last segment of the flight.
 * Units       ns since the start of the run.
 */
import type { ObservedSegment } from "../engine/run.ts";
import { GATES } from "../vocabulary/gates.ts";
import { DEFAULT_MTU, HEADER_BYTES, TIMESTAMP_BYTES } from "../vocabulary/mss.ts";
import type { CapturedPacket } from "../wire/pcapng.ts";
import { DEFAULT_TTL, encodeSegment, type Segment, TcpFlag } from "../wire/segment.ts";
import type { TcpOptions } from "../wire/tcp-options.ts";
import { gateOf, type TraceEvent } from "./watch.ts";

/**
 * Where a packet is written down. `wire`: once, when it leaves its sender, lost ones included. `client`, `server`: what tcpdump sees there:
 * what leaves, and what arrives.
 */
export const CAPTURE_PLACES = ["wire", "client", "server"] as const;
export type CapturePlace = (typeof CAPTURE_PLACES)[number];

/** tcp_select_initial_window with tcp_rmem's maximum of 6 MiB. */
const WINDOW_SCALE = 7;
/** Half of tcp_rmem's default; a window is as many whole segments as fit. */
const WINDOW_SPACE = 65_536;

/** A list of events of one attempt → its packets, in the order of their time. `title`: stands at the first one. */
export function packetsOf(events: readonly TraceEvent[], place: CapturePlace, title: string): CapturedPacket[] {
  const encoder = new ConnectionEncoder();
  const comments = commentsOf(events);
  const packets: CapturedPacket[] = [];
  /** What was sent last, by what is in it: a copy that the path makes has the bytes of its original. */
  const made = new Map<string, Uint8Array[]>();
  const write = (atNs: number, segment: ObservedSegment, lost: number): void => {
    const comment = [...(packets.length === 0 ? [title] : []), ...(comments.get(segment.id) ?? [])].join("; ");
    const all = made.get(contentOf(segment)) ?? [];
    for (const bytes of all.slice(0, all.length - lost))
      packets.push({ atNs, bytes, ...(comment === "" ? {} : { comment }) });
  };
  for (const event of events) {
    if (event.kind === "sent") {
      made.set(contentOf(event.segment), encoder.encode(event.segment));
      if (place === "wire" || (place === "client") === event.segment.toServer) write(event.atNs, event.segment, 0);
    } else if (event.kind === "arrived" && place !== "wire") {
      if ((place === "server") === event.segment.toServer) write(event.atNs, event.segment, event.lost);
    }
  }
  return packets;
}

const contentOf = ({ toServer, flags, seq, ack, length, timestamps }: ObservedSegment): string =>
  [toServer, flags, seq, ack, length, timestamps?.value, timestamps?.echo].join();

/** What became of packets that did not do what they were sent for, by the packet's id. */
function commentsOf(events: readonly TraceEvent[]): Map<number, string[]> {
  const comments = new Map<number, string[]>();
  const add = (id: number, text: string): void => void comments.set(id, [...(comments.get(id) ?? []), text]);
  let arrived: ObservedSegment | null = null;
  let atNs = 0;
  for (const event of events) {
    if (event.kind === "arrived") {
      ({ segment: arrived, atNs } = event);
      const some = arrived.segments > 1 ? `${event.lost} of ${arrived.segments} segments ` : "";
      if (event.lost > 0) add(arrived.id, `${some}lost on the path to the ${arrived.toServer ? "server" : "client"}`);
    } else if (event.kind === "judged" && arrived !== null && event.atNs === atNs) {
      const gate = gateOf(event.verdict);
      if (gate !== undefined && (event.side === "server") === arrived.toServer)
        add(arrived.id, `dropped: ${GATES[gate].title}`);
    }
  }
  return comments;
}

type Way = "toServer" | "toClient";

/** What both ends of one connection put into headers besides what the model says. */
class ConnectionEncoder {
  #isScaled = false;
  /** What each end sent last of all that it has sent, [left, right): what a SACK tells of is at the end of a flight. */
  readonly #last: Record<Way, readonly [left: number, right: number]> = { toServer: [0, 0], toClient: [0, 0] };
  /** The MSS option of each end's SYN. */
  readonly #announced = { toServer: DEFAULT_MTU - HEADER_BYTES, toClient: DEFAULT_MTU - HEADER_BYTES };
  readonly #ids = { toServer: 0, toClient: 0 };

  /** One packet for each segment of a flight. */
  encode(segment: ObservedSegment): Uint8Array[] {
    const way = segment.toServer ? "toServer" : "toClient";
    if ((segment.flags & TcpFlag.Syn) !== 0 && (segment.flags & TcpFlag.Ack) !== 0)
      this.#isScaled = segment.windowScale;
    if ((segment.flags & TcpFlag.Syn) !== 0) this.#announced[way] = segment.mss;
    const packets: Uint8Array[] = [];
    let offset = 0;
    do {
      const length = Math.min(segment.mss, segment.length - offset);
      const isLast = offset + length >= segment.length;
      packets.push(encodeSegment(this.#segment(segment, offset, length, isLast)));
      this.#noteLast(way, segment, offset, length);
      offset += length;
    } while (offset < segment.length);
    return packets;
  }

  #noteLast(way: Way, { seq, flags }: ObservedSegment, offset: number, length: number): void {
    const left = (seq + offset) >>> 0;
    const right = (left + length + ((flags & TcpFlag.Fin) !== 0 ? 1 : 0)) >>> 0;
    if (((right - this.#last[way][1]) | 0) > 0 || (flags & TcpFlag.Syn) !== 0) this.#last[way] = [left, right];
  }

  #segment(segment: ObservedSegment, offset: number, length: number, isLast: boolean): Segment {
    const { source, destination, sourcePort, destinationPort, ack, flags } = segment;
    return {
      ...{ source, destination, sourcePort, destinationPort, ack },
      seq: (segment.seq + offset) >>> 0,
      flags: isLast ? flags : flags & ~TcpFlag.Psh,
      window: this.#window(segment),
      options: this.#options(segment),
      payload: new Uint8Array(length),
      id: this.#id(segment),
      ttl: DEFAULT_TTL,
    };
  }

  #options({ flags, ack, mss, timestamps, sackPermitted, windowScale, sacks, toServer }: ObservedSegment): TcpOptions {
    const isSyn = (flags & TcpFlag.Syn) !== 0;
    const last = this.#last[toServer ? "toClient" : "toServer"];
    const isBeyond = ((last[0] - ack) | 0) > 0;
    return {
      ...(isSyn ? { mss } : {}),
      ...(sackPermitted ? { sackPermitted } : {}),
      ...(timestamps === null ? {} : { timestamps }),
      ...(windowScale ? { windowScale: WINDOW_SCALE } : {}),
      ...(sacks && isBeyond ? { sack: [last] } : {}),
    };
  }

  /** RFC 7323 section 2.2: the window of a SYN is never scaled. What answers for no socket has none (tcp_v4_send_reset). */
  #window({ flags, timestamps, toServer }: ObservedSegment): number {
    if ((flags & TcpFlag.Rst) !== 0) return 0;
    const announced = this.#announced[toServer ? "toServer" : "toClient"];
    const segment = toServer || timestamps === null ? announced : announced - TIMESTAMP_BYTES;
    const first = Math.min(0xffff, Math.floor(WINDOW_SPACE / segment) * segment);
    if ((flags & TcpFlag.Syn) !== 0 || !this.#isScaled) return first;
    return Math.ceil(first / 2 ** WINDOW_SCALE);
  }

  /** __ip_select_ident: sockets count from a number of their own; SYN-ACKs and RSTs, which have no socket yet or any more, carry 0. */
  #id({ flags, toServer, seq }: ObservedSegment): number {
    const isReply = (flags & TcpFlag.Rst) !== 0 || ((flags & TcpFlag.Syn) !== 0 && (flags & TcpFlag.Ack) !== 0);
    if (isReply) return 0;
    const way = toServer ? "toServer" : "toClient";
    if (this.#ids[way] === 0) this.#ids[way] = (seq ^ (seq >>> 16)) & 0xffff;
    const id = this.#ids[way];
    this.#ids[way] = (id + 1) & 0xffff;
    return id;
  }
}
