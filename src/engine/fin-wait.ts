/**
 * FIN_WAIT2, and what an orphan may still receive.
 *
 * Read first  kernel-semantics 7.3 (end), 7.4.
 * Models      tcp_input.c:tcp_rcv_state_process; tcp_timer.c:tcp_keepalive_timer (6.18).
 */
import { Verdict } from "../vocabulary/verdicts.ts";
import { die, sendActiveReset } from "./death.ts";
import type { Host } from "./host.ts";
import {
  before,
  F_FLAGS,
  F_OWNER,
  FIN,
  FIN_WAIT2,
  FL_FIN_WAIT2_TIMER,
  FL_ORPHAN,
  R_ATTEMPT,
  R_RCV_NXT,
  ROW_SHIFT,
  S_ATTEMPT,
  S_FLAGS,
  S_LEN,
  S_SEQ,
} from "./layout.ts";
import { sendReset } from "./reset.ts";
import { enterTimeWait, finWait2Ticks } from "./time-wait.ts";

export function leaveOrphans(host: Host, full: number): void {
  if ((host.table.rows[(full << ROW_SHIFT) + F_FLAGS]! & FL_ORPHAN) !== 0) host.orphans--;
}

/** FIN_WAIT1 → FIN_WAIT2 (7.4). False: the socket became a mini-socket, or was aborted by the data in the same segment. */
export function enterFinWait2(host: Host, row: number, full: number, seg: Int32Array, at: number): boolean {
  host.setState(row, FIN_WAIT2);
  const fat = full << ROW_SHIFT;
  if ((host.table.rows[fat + F_FLAGS]! & FL_ORPHAN) === 0) return true;
  if (carriesNewData(host, row, seg, at)) return !abortOnData(host, row, seg, at);
  const ticks = finWait2Ticks(host, full);
  const { timeWaitTicks } = host;
  if (ticks > timeWaitTicks || (seg[at + S_FLAGS]! & FIN) !== 0) {
    armFinWait2(host, full, ticks > timeWaitTicks ? ticks - timeWaitTicks : ticks);
    return true;
  }
  leaveOrphans(host, full);
  enterTimeWait(host, row, FIN_WAIT2, ticks);
  return false;
}

/** FIN_WAIT2's own timer, on the second row. */
export function armFinWait2(host: Host, full: number, ticks: number): void {
  // The kernel has one timer for both (sk_timer).
  host.stopKeepalive(host.table.rows[(full << ROW_SHIFT) + F_OWNER]!);
  const at = (full << ROW_SHIFT) + F_FLAGS;
  host.table.rows[at] = host.table.rows[at]! | FL_FIN_WAIT2_TIMER;
  host.rearm(full, ticks);
}

/** tcp_keepalive_timer of an orphan: what is beyond TIME_WAIT's length was waited for; the rest (computed anew) is a mini-socket's. */
export function endFinWait2(host: Host, row: number, full: number): void {
  const ticks = finWait2Ticks(host, full);
  const { timeWaitTicks } = host;
  leaveOrphans(host, full);
  if (ticks > timeWaitTicks) enterTimeWait(host, row, FIN_WAIT2, ticks - timeWaitTicks);
  else {
    host.apply(Verdict.active_reset, host.table.rows[(row << ROW_SHIFT) + R_ATTEMPT]!);
    sendActiveReset(host, row);
    host.free(row);
  }
}

/** Bytes beyond what was received: the segment's own, or the hole before a FIN that has overtaken them. */
export function carriesNewData(host: Host, row: number, seg: Int32Array, at: number): boolean {
  const end = (seg[at + S_SEQ]! + seg[at + S_LEN]!) | 0;
  if (seg[at + S_LEN] === 0 && (seg[at + S_FLAGS]! & FIN) === 0) return false;
  return before(host.table.rows[(row << ROW_SHIFT) + R_RCV_NXT]!, end);
}

/** Data for a socket that nobody will read: TCPAbortOnData, RST. Always true. */
export function abortOnData(host: Host, row: number, seg: Int32Array, at: number): boolean {
  host.apply(Verdict.abort_on_data, seg[at + S_ATTEMPT]!);
  sendReset(host, seg, at);
  die(host, row, false);
  return true;
}
