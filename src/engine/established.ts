/**
 * A full socket in a synchronised state meets a segment.
 *
 * Read first  RFC 9293 section 3.10.7.4, RFC 5961; kernel-semantics 6.6, 7.2, 7.3, 7.6.
 * Models      tcp_input.c:tcp_rcv_established, tcp_rcv_state_process (6.18.44).
 * Order       reject (acceptable.ts) → acknowledge, change state (receive-ack.ts) → take data, take FIN, reply (receive-data.ts).
 */
import { Verdict } from "../vocabulary/verdicts.ts";
import { isAcceptable, noteTimestamp } from "./acceptable.ts";
import { endFinWait2 } from "./fin-wait.ts";
import type { Host } from "./host.ts";
import { ACK, F_FLAGS, FL_FIN_WAIT2_TIMER, FL_PINGPONG, ROW_SHIFT, S_FLAGS } from "./layout.ts";
import { takeAck } from "./receive-ack.ts";
import { takeData } from "./receive-data.ts";
import { sendAck } from "./transmit.ts";

export function receiveForFull(host: Host, row: number, seg: Int32Array, at: number): void {
  if (!isAcceptable(host, row, seg, at)) return;
  const flags = seg[at + S_FLAGS]!;
  if ((flags & ACK) === 0) return;
  noteTimestamp(host, row, seg, at);
  if (!takeAck(host, row, seg, at)) return;
  takeData(host, row, seg, at);
}

/** The second row's timer: a delayed ACK, or FIN_WAIT2's end. */
export function onSecondTimer(host: Host, row: number, full: number): void {
  const flags = host.table.rows[(full << ROW_SHIFT) + F_FLAGS]!;
  if ((flags & FL_FIN_WAIT2_TIMER) !== 0) {
    endFinWait2(host, row, full);
    return;
  }
  // tcp_delack_timer_handler: nothing was sent in time to carry the ACK, so the connection is not interactive.
  host.table.rows[(full << ROW_SHIFT) + F_FLAGS] = flags & ~FL_PINGPONG;
  sendAck(host, row, Verdict.delayed_ack);
}
