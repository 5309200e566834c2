/**
 * What an application does to its sockets: close(), shutdown(), and the closing of a listener.
 *
 * Models   tcp.c:__tcp_close, tcp_shutdown; inet_connection_sock.c:inet_csk_listen_stop (6.18); kernel-semantics 4.7, 7.3, 7.5.
 */
import { Verdict } from "../vocabulary/verdicts.ts";
import { takeChild } from "./child.ts";
import { countReset, sendActiveReset } from "./death.ts";
import { armFinWait2 } from "./fin-wait.ts";
import type { Host } from "./host.ts";
import { logOrphans } from "./kernel-log.ts";
import {
  CLOSE,
  CLOSE_WAIT,
  ESTABLISHED,
  F_FLAGS,
  F_LAST_DATA_MS,
  F_RX_BYTES,
  F_RX_READ,
  F_SND_UNA,
  FIN_WAIT1,
  FIN_WAIT2,
  FL_ORPHAN,
  LAST_ACK,
  NO_ROW,
  R_ATTEMPT,
  R_SENT_US,
  R_SND_NXT,
  R_STATE,
  ROW_MINI,
  ROW_SHIFT,
  SYN_RECV,
  SYN_SENT,
} from "./layout.ts";
import type { Listener } from "./listener.ts";
import { enterTimeWait, finWait2Ticks } from "./time-wait.ts";
import { sendFin } from "./transmit.ts";

/**
 * close(2) of the socket at `row`, if it still is the one of `attempt` (a mini-socket may have taken its place). `linger0`: SO_LINGER on with 0 s.
 */
export function closeSocket(host: Host, row: number, attempt: number, linger0: boolean): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  if (!host.isOf(row, attempt) || (rows[at + R_STATE]! & ROW_MINI) !== 0) return;
  switch (host.stateOf(row)) {
    case 0:
      return;
    case CLOSE:
      host.freeDetached(row);
      return;
    case SYN_SENT:
      host.apply(Verdict.connect_closed, attempt);
      host.free(row);
      return;
    default:
      closeFull(host, row, attempt, linger0);
  }
}

function closeFull(host: Host, row: number, attempt: number, linger0: boolean): void {
  const rows = host.table.rows;
  const fat = host.fullOf(row) << ROW_SHIFT;
  const state = host.stateOf(row);
  if (rows[fat + F_RX_BYTES] !== rows[fat + F_RX_READ]) {
    abort(host, row, attempt, Verdict.abort_on_close);
    return;
  }
  if (linger0) {
    if (mayReset(state)) abort(host, row, attempt, Verdict.abort_on_linger);
    else {
      host.apply(Verdict.abort_on_linger_silent, attempt);
      host.free(row);
    }
    return;
  }
  rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_ORPHAN;
  const idleUs = (host.nowUs() - rows[(row << ROW_SHIFT) + R_SENT_US]!) >>> 0;
  rows[fat + F_LAST_DATA_MS] = (host.nowMs() - Math.floor(idleUs / 1000)) | 0;
  host.orphans++;
  if (state === FIN_WAIT2) {
    orphanInFinWait2(host, row);
    return;
  }
  closeWriteSide(host, row, state);
  if (host.orphans > host.spec.maxOrphans) {
    host.orphans--;
    logOrphans(host);
    abort(host, row, attempt, Verdict.abort_on_memory);
  }
}

/** tcp_need_reset: states in which an abort tells the peer. */
function mayReset(state: number): boolean {
  return (
    state === ESTABLISHED || state === CLOSE_WAIT || state === FIN_WAIT1 || state === FIN_WAIT2 || state === SYN_RECV
  );
}

/** FIN, and the state that goes with it. */
function closeWriteSide(host: Host, row: number, state: number): void {
  if (state === SYN_RECV) {
    const rows = host.table.rows;
    rows[(host.fullOf(row) << ROW_SHIFT) + F_SND_UNA] = rows[(row << ROW_SHIFT) + R_SND_NXT]!;
  }
  if (state === ESTABLISHED || state === SYN_RECV) host.setState(row, FIN_WAIT1);
  else if (state === CLOSE_WAIT) host.setState(row, LAST_ACK);
  else return;
  sendFin(host, row);
}

/** shutdown(SHUT_WR): the socket stays the application's. */
export function shutdownWrite(host: Host, row: number, attempt: number): void {
  if (!host.isOf(row, attempt) || (host.table.rows[(row << ROW_SHIFT) + R_STATE]! & ROW_MINI) !== 0) return;
  closeWriteSide(host, row, host.stateOf(row));
}

/** RST and gone: no TIME_WAIT. */
function abort(host: Host, row: number, attempt: number, verdict: number): void {
  countReset(host, row);
  host.apply(verdict, attempt);
  sendActiveReset(host, row);
  host.free(row);
}

/** close() of a socket that shutdown() brought to FIN_WAIT2 (7.3 step 4). */
function orphanInFinWait2(host: Host, row: number): void {
  const full = host.fullOf(row);
  const ticks = finWait2Ticks(host, full);
  if (ticks > host.timeWaitTicks) {
    armFinWait2(host, full, ticks - host.timeWaitTicks);
    return;
  }
  host.orphans--;
  enterTimeWait(host, row, FIN_WAIT2, ticks);
}

/** Closes a listener: children that nobody accepted are reset; half-open requests go when their timer fires or a segment comes. */
export function closeListener(host: Host, listener: Listener): void {
  host.beforeChange();
  listener.listening = false;
  for (let row = takeChild(host, listener); row !== NO_ROW; row = takeChild(host, listener)) {
    if (host.stateOf(row) === CLOSE) {
      host.freeDetached(row);
      continue;
    }
    const state = host.stateOf(row);
    const attempt = host.table.rows[(row << ROW_SHIFT) + R_ATTEMPT]!;
    if (mayReset(state)) abort(host, row, attempt, Verdict.active_reset);
    else host.free(row);
  }
}
