/**
 * The end of a full socket without a handshake: reset, time-out, abort.
 */
import { Verdict } from "../vocabulary/verdicts.ts";
import type { Host } from "./host.ts";
import {
  ACK,
  CLOSE_WAIT,
  ESTABLISHED,
  F_FLAGS,
  FL_ACCEPTED,
  FL_DEAD,
  FL_ORPHAN,
  FL_SERIAL_SHIFT,
  R_ATTEMPT,
  R_RCV_NXT,
  R_SND_NXT,
  ROW_SHIFT,
  RST,
} from "./layout.ts";
import { Notice } from "./notices.ts";

/** Counts what tcp_set_state(CLOSE) counts: ESTABLISHED or CLOSE_WAIT gone without a FIN. */
export function countReset(host: Host, row: number): void {
  const state = host.stateOf(row);
  if (state === ESTABLISHED || state === CLOSE_WAIT)
    host.apply(Verdict.estab_reset, host.table.rows[(row << ROW_SHIFT) + R_ATTEMPT]!);
}

/** Frees an orphan; a socket with an owner stays in CLOSE until the owner has read the error. */
export function die(host: Host, row: number, timedOut: boolean): void {
  countReset(host, row);
  const full = host.fullOf(row);
  const fat = full << ROW_SHIFT;
  const flags = host.table.rows[fat + F_FLAGS]!;
  if ((flags & FL_ORPHAN) !== 0) {
    host.orphans--;
    host.free(row);
    return;
  }
  host.table.rows[fat + F_FLAGS] = flags | FL_DEAD;
  host.detach(row);
  tellOwner(host, row, Notice.ClientDead, timedOut ? 1 : 0);
}

/**
 * Wakes the application of a socket: `kind` (Notice.Client...) with `value`. A server's application only learns that the socket is
 * readable, and looks; children that were not accepted have nobody to wake.
 */
export function tellOwner(host: Host, row: number, kind: number, value: number): void {
  const rows = host.table.rows;
  const flags = rows[(host.fullOf(row) << ROW_SHIFT) + F_FLAGS]!;
  if ((flags & FL_ORPHAN) !== 0) return;
  if (!host.isServer) host.notices.push(kind, rows[(row << ROW_SHIFT) + R_ATTEMPT]!, value);
  else if ((flags & FL_ACCEPTED) !== 0) host.notices.push(Notice.ServerReadable, row, flags >>> FL_SERIAL_SHIFT);
}

/** An active RST of a socket: tcp_send_active_reset. The counters are the caller's verdict. */
export function sendActiveReset(host: Host, row: number): void {
  const at = row << ROW_SHIFT;
  host.sendFrom(row, RST | ACK, host.table.rows[at + R_SND_NXT]!, host.table.rows[at + R_RCV_NXT]!, 0);
}
