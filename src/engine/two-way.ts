/**
 * A counterfactual: a handshake of two segments. No kernel does this; it shows what the third one is for.
 *
 * Rule     A SYN makes an established connection, which goes straight into the accept queue; the SYN-ACK only tells the client. A SYN that
 *          comes again gets the SYN-ACK again.
 * Shows    RFC 9293 section 3.4, "the principal reason for the three-way handshake": old duplicate SYNs become connections that nobody wants.
 */
import { Verdict } from "../vocabulary/verdicts.ts";
import { adoptAttempt, makeChild } from "./child.ts";
import type { Host } from "./host.ts";
import {
  ACK,
  F_SND_UNA,
  OPT_SACK,
  OPT_WSCALE,
  R_RCV_NXT,
  R_STATE,
  ROW_SACK,
  ROW_SHIFT,
  ROW_WSCALE,
  S_ATTEMPT,
  S_FLAGS,
  S_SEQ,
  SYN,
} from "./layout.ts";
import type { Listener } from "./listener.ts";
import { leaveQueue } from "./syn-queue.ts";

/** The request that a SYN has made is a connection at once. */
export function establishAtSyn(host: Host, listener: Listener, row: number): void {
  leaveQueue(host, row);
  host.wheel.disarm(row);
  makeChild(host, listener, row, 0, 0);
  host.onChild(row);
}

/** Whether the segment is the SYN that made the connection at `row`; it is answered then. */
export function answersSynAgain(host: Host, row: number, seg: Int32Array, at: number): boolean {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  if ((seg[at + S_FLAGS]! & (SYN | ACK)) !== SYN || seg[at + S_SEQ] !== ((rows[to + R_RCV_NXT]! - 1) | 0)) return false;
  adoptAttempt(host, row, seg[at + S_ATTEMPT]!);
  host.apply(Verdict.dup_syn_answered, seg[at + S_ATTEMPT]!);
  const word = rows[to + R_STATE]!;
  const options = ((word & ROW_SACK) !== 0 ? OPT_SACK : 0) | ((word & ROW_WSCALE) !== 0 ? OPT_WSCALE : 0);
  const isn = (rows[(host.fullOf(row) << ROW_SHIFT) + F_SND_UNA]! - 1) | 0;
  host.sendFrom(row, SYN | ACK | options, isn, rows[to + R_RCV_NXT]!, 0);
  return true;
}
