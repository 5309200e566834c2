/**
 * The limiter of replies to unacceptable segments: tcp_input.c:tcp_oow_rate_limited (6.18), one stamp per socket.
 */
import type { Host } from "./host.ts";
import { FIN, S_FLAGS, S_LEN, SYN } from "./layout.ts";

/**
 * Whether the reply to this segment is suppressed; if not, notes the time. `stamp`: index of the R_OOW_MS word.
 * Segments that occupy sequence space (data or FIN, no SYN) are never limited, nor is the first of the others.
 */
export function isRateLimited(host: Host, stamp: number, seg: Int32Array, at: number): boolean {
  const flags = seg[at + S_FLAGS]!;
  if ((flags & SYN) === 0 && (seg[at + S_LEN]! > 0 || (flags & FIN) !== 0)) return false;
  return isStampRecent(host, stamp);
}

/** The same without a look at the segment (challenge ACKs): __tcp_oow_rate_limited. */
export function isStampRecent(host: Host, stamp: number): boolean {
  const rows = host.table.rows;
  const last = rows[stamp]!;
  // 0 says "none yet": the clock of the stamps starts at 1.
  const now = (host.nowMs() + 1) | 0;
  if (last !== 0) {
    const elapsed = (now - last) | 0;
    if (elapsed >= 0 && elapsed < host.spec.invalidRatelimitMs) return true;
  }
  rows[stamp] = now;
  return false;
}
