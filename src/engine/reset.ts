/**
 * Answers a segment by RST: tcp_ipv4.c:tcp_v4_send_reset. The counters are the caller's verdict.
 */
import type { Host } from "./host.ts";
import { ACK, endOf, RST, S_ACK, S_ATTEMPT, S_DST, S_FLAGS, S_PORTS, S_SRC } from "./layout.ts";

/** RFC 9293 section 3.10.7.1: with an ACK, its number becomes our sequence number; without, we acknowledge all it occupies. */
export function sendReset(host: Host, seg: Int32Array, at: number): void {
  const flags = seg[at + S_FLAGS]!;
  const local = seg[at + S_DST]!;
  const peer = seg[at + S_SRC]!;
  const ports = seg[at + S_PORTS]!;
  const attempt = seg[at + S_ATTEMPT]!;
  if ((flags & ACK) !== 0) {
    host.send(RST, local, peer, ports, seg[at + S_ACK]!, 0, 0, 0, 0, attempt);
    return;
  }
  host.send(RST | ACK, local, peer, ports, 0, endOf(seg, at), 0, 0, 0, attempt);
}
