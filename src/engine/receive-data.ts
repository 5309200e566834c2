/**
 * Data and FIN of an acceptable segment: what is taken in, and when it is acknowledged.
 *
 * Read first  RFC 9293 section 3.10.7.4 (seventh and eighth steps), RFC 5681 section 4.2; kernel-semantics 7.2, 7.3.
 * Models      tcp_input.c:tcp_data_queue, tcp_fin (6.18.44), for connections that carry data in flights (transmit.ts).
 */
import { TIMESTAMP_BYTES } from "../vocabulary/mss.ts";
import { Verdict } from "../vocabulary/verdicts.ts";
import { isOfEarlier } from "./child.ts";
import { tellOwner } from "./death.ts";
import { delayAck } from "./delayed-ack.ts";
import { abortOnData, carriesNewData, leaveOrphans } from "./fin-wait.ts";
import type { Host } from "./host.ts";
import {
  ACK,
  BEHIND_MOST,
  BEHIND_SHIFT,
  before,
  CLOSE_WAIT,
  CLOSING,
  CUT,
  ESTABLISHED,
  F_FLAGS,
  F_RX_BYTES,
  F_TX_BYTES,
  FIN,
  FIN_WAIT1,
  FIN_WAIT2,
  FL_ATO,
  FL_OOO_FIN,
  FL_ORPHAN,
  FL_PEER_FIN,
  FL_PINGPONG,
  mssClassOf,
  OPT_TS,
  PART,
  R_ATTEMPT,
  R_RCV_NXT,
  R_SENT_US,
  R_SND_NXT,
  R_STATE,
  ROW_SACK,
  ROW_SHIFT,
  S_ATTEMPT,
  S_FLAGS,
  S_LEN,
  S_SEQ,
  SACKED,
  TIME_WAIT,
} from "./layout.ts";
import { Notice } from "./notices.ts";
import { enterTimeWait } from "./time-wait.ts";
import { sendAck, sendAcks } from "./transmit.ts";

/**
 * First segments of a connection that are acknowledged one by one. The kernel would allow 16 (TCP_MAX_QUICKACKS), but segments that come together
 * share ACKs: a live 6.18.44 sent 4 for 4 segments, 10 for 14, 33 to 39 for 70. Of long transfers it sent between 350 and 550 for 691.
 */
const QUICK_ACKS = 6;

/** Data and FIN of an acceptable segment. */
export function takeData(host: Host, row: number, seg: Int32Array, at: number): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const fat = host.fullOf(row) << ROW_SHIFT;
  const length = seg[at + S_LEN]!;
  const hasFin = (seg[at + S_FLAGS]! & FIN) !== 0;
  if (length === 0 && !hasFin) return;
  const state = host.stateOf(row);
  const isOrphan = (rows[fat + F_FLAGS]! & FL_ORPHAN) !== 0;
  if (isOrphan && (state === FIN_WAIT1 || state === FIN_WAIT2) && carriesNewData(host, row, seg, at)) {
    abortOnData(host, row, seg, at);
    return;
  }
  const rcvNxt = rows[to + R_RCV_NXT]!;
  const end = (seg[at + S_SEQ]! + length + (hasFin ? 1 : 0)) | 0;
  if (!before(rcvNxt, end)) {
    // tcp_enter_quickack_mode: a repetition ends delayed ACKs.
    rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! & ~FL_PINGPONG;
    sendAck(host, row, Verdict.ack_sent);
    return;
  }
  if (isOfEarlier(host, row, seg[at + S_ATTEMPT]!)) host.apply(Verdict.stale_data_accepted, seg[at + S_ATTEMPT]!);
  if (before(rcvNxt, seg[at + S_SEQ]!)) {
    keepOutOfOrder(host, row, hasFin);
    return;
  }
  // A hole that is filled is acknowledged at once, together with the FIN behind it (RFC 5681 section 4.2).
  const fillsHole = (rows[fat + F_FLAGS]! & FL_OOO_FIN) !== 0 && (seg[at + S_FLAGS]! & (PART | CUT)) === 0;
  // Of a flight whose beginning came before, only the rest is new.
  const fresh = (end - (hasFin ? 1 : 0) - rcvNxt) | 0;
  if (fresh > 0) takeBytes(host, row, fresh, seg[at + S_FLAGS]!, !fillsHole && !hasFin);
  if (hasFin || fillsHole) takeFin(host, row, !fillsHole);
}

/** A FIN beyond a hole is kept and reported by a duplicate ACK (with SACK where it was agreed). */
function keepOutOfOrder(host: Host, row: number, hasFin: boolean): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const fat = host.fullOf(row) << ROW_SHIFT;
  if (hasFin) rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_OOO_FIN;
  host.apply(Verdict.ack_sent, rows[to + R_ATTEMPT]!);
  const sacked = (rows[to + R_STATE]! & ROW_SACK) !== 0 ? SACKED : 0;
  host.sendFrom(row, ACK | sacked, rows[to + R_SND_NXT]!, rows[to + R_RCV_NXT]!, 0);
}

/**
 * In-order data: acknowledged at once (quick ACKs) until the connection is interactive; more than a segment always is; not `isAcked` here when
 * the FIN behind it is. `flags`: the segment's.
 */
function takeBytes(host: Host, row: number, length: number, flags: number, isAcked: boolean): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const full = host.fullOf(row);
  const fat = full << ROW_SHIFT;
  rows[to + R_RCV_NXT] = (rows[to + R_RCV_NXT]! + length) | 0;
  rows[fat + F_RX_BYTES] = rows[fat + F_RX_BYTES]! + length;
  rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_ATO;
  if (rows[fat + F_TX_BYTES] === 0) rows[to + R_SENT_US] = host.nowUs();
  if (host.options !== null) host.options.heardData(row, host.tick());
  if ((flags & CUT) === 0) host.ledger.progress(rows[to + R_ATTEMPT]!);
  if (isAcked) acknowledgeBytes(host, row, full, length, flags);
  tellOwner(host, row, Notice.ClientData, length);
}

/** Payload of a full segment of the flight that these flags came with. */
function receivedMssOf(host: Host, flags: number): number {
  return host.receivedMss[mssClassOf(flags)]! - ((flags & OPT_TS) !== 0 ? TIMESTAMP_BYTES : 0);
}

function acknowledgeBytes(host: Host, row: number, full: number, length: number, flags: number): void {
  const segments = Math.ceil(length / receivedMssOf(host, flags));
  if (segments > 1 || (flags & CUT) !== 0) ackFlight(host, row, full, segments, flags);
  else if ((host.table.rows[(full << ROW_SHIFT) + F_FLAGS]! & FL_PINGPONG) === 0) sendAck(host, row, Verdict.ack_sent);
  else delayAck(host, full);
}

/** The ACKs of a flight, which tell of a hole in it: by SACK of one segment behind it, or by three duplicates (RFC 5681 section 3.2). */
function ackFlight(host: Host, row: number, full: number, segments: number, flags: number): void {
  const behind = (flags & CUT) === 0 ? 0 : (flags >> BEHIND_SHIFT) & BEHIND_MOST;
  const needed = (host.table.rows[(row << ROW_SHIFT) + R_STATE]! & ROW_SACK) !== 0 ? 1 : BEHIND_MOST;
  sendAcks(host, row, Verdict.ack_sent, acksFor(host, full, segments, flags) - 1, behind >= needed ? SACKED : 0);
}

/** How many ACKs a flight of several segments gets: one each for the first of a connection, then one for two (RFC 5681 section 4.2). */
function acksFor(host: Host, full: number, segments: number, flags: number): number {
  const rows = host.table.rows;
  const fat = full << ROW_SHIFT;
  const received = (rows[fat + F_RX_BYTES]! >>> 0) / receivedMssOf(host, flags);
  const isInteractive = (rows[fat + F_FLAGS]! & FL_PINGPONG) !== 0;
  const quick = isInteractive ? 0 : Math.max(0, Math.min(segments, QUICK_ACKS + segments - Math.ceil(received)));
  return quick + Math.ceil((segments - quick) / 2);
}

/** tcp_fin: the peer will send no more. `mayDelay`: its ACK may wait for the application's own FIN. */
function takeFin(host: Host, row: number, mayDelay: boolean): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const full = host.fullOf(row);
  const fat = full << ROW_SHIFT;
  rows[to + R_RCV_NXT] = (rows[to + R_RCV_NXT]! + 1) | 0;
  rows[fat + F_FLAGS] = (rows[fat + F_FLAGS]! | FL_PEER_FIN) & ~FL_OOO_FIN;
  switch (host.stateOf(row)) {
    case ESTABLISHED:
      host.setState(row, CLOSE_WAIT);
      // inet_csk_enter_pingpong_mode: the ACK waits for the application's own FIN.
      rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_PINGPONG;
      if (mayDelay) delayAck(host, full);
      else sendAck(host, row, Verdict.ack_sent);
      tellOwner(host, row, Notice.ClientEof, 0);
      return;
    case FIN_WAIT1:
      host.setState(row, CLOSING);
      sendAck(host, row, Verdict.ack_sent);
      tellOwner(host, row, Notice.ClientEof, 0);
      return;
    case FIN_WAIT2: {
      sendAck(host, row, Verdict.ack_sent);
      // The mini-socket takes over; a living application is left with EOF, and its close() finds nothing to do.
      tellOwner(host, row, Notice.ClientEof, 0);
      leaveOrphans(host, full);
      enterTimeWait(host, row, TIME_WAIT, host.timeWaitTicks);
      return;
    }
    default:
      sendAck(host, row, Verdict.ack_sent);
  }
}
