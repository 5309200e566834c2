/**
 * A full socket in a synchronised state meets a segment.
 *
 * Read first  RFC 9293 section 3.10.7.4, RFC 5961; kernel-semantics 6.6, 7.2, 7.3, 7.6.
 * Models      tcp_input.c:tcp_rcv_established, tcp_validate_incoming, tcp_ack, tcp_data_queue, tcp_fin, tcp_rcv_state_process (6.18.44), for
 *             connections that carry data in flights (transmit.ts).
 * Order       reject → acknowledge → change state → take data → take FIN → reply.
 */
import { Verdict } from "../vocabulary/verdicts.ts";
import { echoedRttUs } from "./child.ts";
import { die, sendActiveReset, tellOwner } from "./death.ts";
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
  F_RETRANS,
  F_RX_BYTES,
  F_SND_UNA,
  F_STREAM,
  F_TX_BYTES,
  FIN,
  FIN_WAIT1,
  FIN_WAIT2,
  FL_ATO,
  FL_FIN_PENDING,
  FL_FIN_WAIT2_TIMER,
  FL_LOSS,
  FL_OOO_FIN,
  FL_ORPHAN,
  FL_PEER_FIN,
  FL_PINGPONG,
  FL_RETRANSMITTED,
  FL_TLP_SENT,
  LAST_ACK,
  NO_ROW,
  OPT_TS,
  PART,
  R_ATTEMPT,
  R_OOW_MS,
  R_RCV_NXT,
  R_SENT_US,
  R_SND_NXT,
  R_STATE,
  R_TS_RECENT,
  ROW_SACK,
  ROW_SHIFT,
  ROW_TS,
  RST,
  S_ACK,
  S_ATTEMPT,
  S_FLAGS,
  S_LEN,
  S_SEQ,
  S_TSVAL,
  SACKED,
  SYN,
  TIME_WAIT,
} from "./layout.ts";
import { Notice } from "./notices.ts";
import { isRateLimited, isStampRecent } from "./rate-limit.ts";
import { sendReset } from "./reset.ts";
import { takeRttSample } from "./rtt.ts";
import { Repair } from "./streams.ts";
import { enterTimeWait, finWait2Ticks, TIME_WAIT_S, updateMetrics } from "./time-wait.ts";
import {
  ATO_MS,
  mssOfRow,
  rearmAfterAck,
  resendRest,
  scheduleReordering,
  segmentsOf,
  sendAck,
  sendAcks,
  sendFin,
  sendFlight,
} from "./transmit.ts";

/**
 * First segments of a connection that are acknowledged one by one. The kernel would allow 16 (TCP_MAX_QUICKACKS), but segments that come together
 * share ACKs: a live 6.18.44 sent 4 for 4 segments, 10 for 14, 33 to 39 for 70. Of long transfers it sent between 350 and 550 for 691.
 */
const QUICK_ACKS = 6;
/** Receive window that matters here: no segment begins beyond it, since flights do not overlap. */
const WINDOW = 65535;
/** TCP_PAWS_WINDOW: so much older than the newest timestamp a segment may be. */
const PAWS_WINDOW_MS = 1;

export function receiveForFull(host: Host, row: number, seg: Int32Array, at: number): void {
  if (!isAcceptable(host, row, seg, at)) return;
  const flags = seg[at + S_FLAGS]!;
  if ((flags & ACK) === 0) return;
  noteTimestamp(host, row, seg, at);
  if (!takeAck(host, row, seg, at)) return;
  takeData(host, row, seg, at);
}

/** tcp_replace_ts_recent: of segments that begin in order, and never back in time. */
function noteTimestamp(host: Host, row: number, seg: Int32Array, at: number): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  if ((seg[at + S_FLAGS]! & OPT_TS) === 0 || (rows[to + R_STATE]! & ROW_TS) === 0) return;
  if (before(rows[to + R_RCV_NXT]!, seg[at + S_SEQ]!) || before(seg[at + S_TSVAL]!, rows[to + R_TS_RECENT]!)) return;
  rows[to + R_TS_RECENT] = seg[at + S_TSVAL]!;
}

/** tcp_validate_incoming: PAWS, window, RST, SYN. False: the segment is done with. */
function isAcceptable(host: Host, row: number, seg: Int32Array, at: number): boolean {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const flags = seg[at + S_FLAGS]!;
  const seq = seg[at + S_SEQ]!;
  const rcvNxt = rows[to + R_RCV_NXT]!;
  const attempt = seg[at + S_ATTEMPT]!;
  const hasTs = (flags & OPT_TS) !== 0 && (rows[to + R_STATE]! & ROW_TS) !== 0;
  const isBare = seg[at + S_LEN] === 0 && (flags & FIN) === 0;
  if (hasTs && (flags & (RST | SYN)) === 0 && ((rows[to + R_TS_RECENT]! - seg[at + S_TSVAL]!) | 0) > PAWS_WINDOW_MS) {
    // tcp_disordered_ack_check (6.18): bare ACKs that were overtaken are common, and get no answer.
    if (isBare && before(seq, rcvNxt) && host.spec.answersOldAcks === 0) host.apply(Verdict.paws_old_ack, attempt);
    else if (isRateLimited(host, to + R_OOW_MS, seg, at)) host.apply(Verdict.paws_skipped, attempt);
    else sendAck(host, row, Verdict.paws_dup_ack);
    return false;
  }
  const end = (seq + seg[at + S_LEN]! + ((flags & FIN) !== 0 ? 1 : 0)) | 0;
  const isOutside = before(end, rcvNxt) || before((rcvNxt + WINDOW) | 0, seq);
  if ((flags & RST) !== 0) {
    receiveReset(host, row, seq, rcvNxt, isOutside);
    return false;
  }
  if ((flags & SYN) !== 0) {
    challengeSyn(host, row);
    return false;
  }
  // A repetition of what was just taken in ends at rcv_nxt: it is not outside, and takeData acknowledges it.
  if (!isOutside) return true;
  // tcp_sequence looks at what was acknowledged (rcv_wup): the peer's FIN is not while its ACK is delayed.
  if (isBare && seq === ((rcvNxt - 1) | 0) && isAckDelayed(host, host.fullOf(row))) return true;
  if (isRateLimited(host, to + R_OOW_MS, seg, at)) host.apply(Verdict.out_of_window_skipped, attempt);
  else sendAck(host, row, Verdict.out_of_window_ack);
  return false;
}

/** RFC 5961 section 3.2: only the exact sequence number resets. */
function receiveReset(host: Host, row: number, seq: number, rcvNxt: number, isOutside: boolean): void {
  const state = host.stateOf(row);
  const countsFin = state === CLOSE_WAIT || state === LAST_ACK || state === CLOSING;
  const attempt = host.table.rows[(row << ROW_SHIFT) + R_ATTEMPT]!;
  if (seq === rcvNxt || (countsFin && seq === ((rcvNxt - 1) | 0))) {
    host.apply(Verdict.reset_received, attempt);
    die(host, row, false);
    return;
  }
  if (isOutside) return;
  if (isStampRecent(host, (row << ROW_SHIFT) + R_OOW_MS)) host.apply(Verdict.challenge_rst_skipped, attempt);
  else sendAck(host, row, Verdict.challenge_rst);
}

/** A SYN, or a repeated SYN-ACK (RFC 5961 section 4.2). The ACK completes the server's pending handshake. */
function challengeSyn(host: Host, row: number): void {
  const attempt = host.table.rows[(row << ROW_SHIFT) + R_ATTEMPT]!;
  if (host.stateOf(row) === ESTABLISHED) host.apply(Verdict.established_syn, attempt);
  if (isStampRecent(host, (row << ROW_SHIFT) + R_OOW_MS)) host.apply(Verdict.challenge_syn_skipped, attempt);
  else sendAck(host, row, Verdict.challenge_syn);
}

/** tcp_ack and the states that an ACK moves. False: the socket is gone, or the ACK is for something never sent. */
function takeAck(host: Host, row: number, seg: Int32Array, at: number): boolean {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const full = host.fullOf(row);
  const fat = full << ROW_SHIFT;
  const ack = seg[at + S_ACK]!;
  const una = rows[fat + F_SND_UNA]!;
  if (before(rows[to + R_SND_NXT]!, ack)) {
    // ≥ 6.18.33: a challenge ACK in every state. Before, tcp_rcv_established was silent.
    if (host.spec.challengesFutureAck === 0 && host.stateOf(row) === ESTABLISHED)
      host.apply(Verdict.ignored, seg[at + S_ATTEMPT]!);
    else if (isStampRecent(host, to + R_OOW_MS)) host.apply(Verdict.challenge_rst_skipped, seg[at + S_ATTEMPT]!);
    else sendAck(host, row, Verdict.challenge_rst);
    return false;
  }
  if (before(una, ack)) acknowledge(host, row, full, ack, seg, at);
  else if ((seg[at + S_FLAGS]! & SACKED) !== 0 && rows[fat + F_TX_BYTES]! > 0) scheduleReordering(host, row);
  const isFinAcked = ack === rows[to + R_SND_NXT]! && (rows[fat + F_FLAGS]! & FL_FIN_PENDING) === 0;
  switch (host.stateOf(row)) {
    case FIN_WAIT1:
      return isFinAcked ? enterFinWait2(host, row, full, seg, at) : true;
    case CLOSING:
      if (!isFinAcked) return true;
      leaveOrphans(host, full);
      enterTimeWait(host, row, TIME_WAIT, TIME_WAIT_S * host.spec.hz);
      return false;
    case LAST_ACK:
      if (!isFinAcked) return true;
      updateMetrics(host, row);
      leaveOrphans(host, full);
      host.free(row);
      return false;
    default:
      return true;
  }
}

/** New data (or the FIN) is acknowledged: RTT sample, timers, what was held back, the next flight. */
function acknowledge(host: Host, row: number, full: number, ack: number, seg: Int32Array, at: number): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const fat = full << ROW_SHIFT;
  const flags = rows[fat + F_FLAGS]!;
  const inFlight = rows[fat + F_TX_BYTES]!;
  const acked = Math.min(inFlight, (ack - rows[fat + F_SND_UNA]!) | 0);
  rows[fat + F_SND_UNA] = ack;
  rows[fat + F_TX_BYTES] = inFlight - acked;
  rows[fat + F_RETRANS] = rows[fat + F_RETRANS]! & ~0xff;
  rows[fat + F_FLAGS] = flags & ~(FL_LOSS | FL_TLP_SENT | FL_RETRANSMITTED);
  if ((flags & FL_RETRANSMITTED) === 0)
    takeRttSample(host, full, Math.max(1, (host.nowUs() - rows[to + R_SENT_US]!) | 0));
  else if ((seg[at + S_FLAGS]! & OPT_TS) !== 0) takeRttSample(host, full, echoedRttUs(host, row, seg, at));
  const stream = rows[fat + F_STREAM]!;
  const isTold = (flags & FL_RETRANSMITTED) !== 0 || (seg[at + S_FLAGS]! & SACKED) !== 0;
  if (stream !== NO_ROW && acked > 0 && goesOn(host, row, full, stream, acked, isTold)) return;
  if (ack === rows[to + R_SND_NXT]!) {
    host.wheel.disarm(row);
    if ((flags & FL_FIN_PENDING) !== 0) sendFin(host, row);
  } else {
    rows[to + R_SENT_US] = host.nowUs();
    rearmAfterAck(host, row, full);
  }
}

/**
 * A flight, or its beginning, is acknowledged: the congestion window moves, and more is sent or sent again. `isTold`: by what came behind
 * the hole, or after a timer resent the first segment, the rest is known to be lost. False: there is nothing to send now.
 */
function goesOn(host: Host, row: number, full: number, stream: number, acked: number, isTold: boolean): boolean {
  const { streams } = host;
  const isPartial = host.table.rows[(full << ROW_SHIFT) + F_TX_BYTES]! > 0;
  const hasMore = streams.queued(stream) > 0;
  const isRepairing = streams.repair(stream) !== Repair.None;
  const isLoss = isPartial && (isRepairing || isTold || hasMore);
  if (!isPartial) streams.repaired(stream);
  if (isLoss && !isRepairing) streams.lost(stream, false);
  else streams.acknowledged(stream, segmentsOf(host, row, acked));
  if (isLoss) resendRest(host, row, full, stream);
  else if (!isPartial && hasMore) {
    host.wheel.disarm(row);
    sendFlight(host, row, full, stream);
  } else return false;
  return true;
}

function leaveOrphans(host: Host, full: number): void {
  if ((host.table.rows[(full << ROW_SHIFT) + F_FLAGS]! & FL_ORPHAN) !== 0) host.orphans--;
}

/** FIN_WAIT1 → FIN_WAIT2 (7.4). False: the socket became a mini-socket, or was aborted by the data in the same segment. */
function enterFinWait2(host: Host, row: number, full: number, seg: Int32Array, at: number): boolean {
  host.setState(row, FIN_WAIT2);
  const fat = full << ROW_SHIFT;
  if ((host.table.rows[fat + F_FLAGS]! & FL_ORPHAN) === 0) return true;
  if (carriesNewData(host, row, seg, at)) return !abortOnData(host, row, seg, at);
  const ticks = finWait2Ticks(host, full);
  const timeWaitTicks = TIME_WAIT_S * host.spec.hz;
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
  const at = (full << ROW_SHIFT) + F_FLAGS;
  host.table.rows[at] = host.table.rows[at]! | FL_FIN_WAIT2_TIMER;
  host.rearm(full, ticks);
}

/** Bytes beyond what was received: the segment's own, or the hole before a FIN that has overtaken them. */
function carriesNewData(host: Host, row: number, seg: Int32Array, at: number): boolean {
  const end = (seg[at + S_SEQ]! + seg[at + S_LEN]!) | 0;
  if (seg[at + S_LEN] === 0 && (seg[at + S_FLAGS]! & FIN) === 0) return false;
  return before(host.table.rows[(row << ROW_SHIFT) + R_RCV_NXT]!, end);
}

/** Data for a socket that nobody will read: TCPAbortOnData, RST. Always true. */
function abortOnData(host: Host, row: number, seg: Int32Array, at: number): boolean {
  host.apply(Verdict.abort_on_data, seg[at + S_ATTEMPT]!);
  sendReset(host, seg, at);
  die(host, row, false);
  return true;
}

/** Data and FIN of an acceptable segment. */
function takeData(host: Host, row: number, seg: Int32Array, at: number): void {
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
  if (before(rcvNxt, seg[at + S_SEQ]!)) {
    keepOutOfOrder(host, row, hasFin);
    return;
  }
  // A hole that is filled is acknowledged at once, together with the FIN behind it (RFC 5681 section 4.2).
  const fillsHole = (rows[fat + F_FLAGS]! & FL_OOO_FIN) !== 0 && (seg[at + S_FLAGS]! & (PART | CUT)) === 0;
  // Of a flight whose beginning came before, only the rest is new.
  const fresh = (end - (hasFin ? 1 : 0) - rcvNxt) | 0;
  if (fresh > 0) takeBytes(host, row, fresh, seg[at + S_FLAGS]!, !fillsHole);
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
  if ((flags & CUT) === 0) host.ledger.progress(rows[to + R_ATTEMPT]!);
  if (isAcked) acknowledgeBytes(host, row, full, length, flags);
  tellOwner(host, row, Notice.ClientData, length);
}

function acknowledgeBytes(host: Host, row: number, full: number, length: number, flags: number): void {
  const segments = segmentsOf(host, row, length);
  if (segments > 1 || (flags & CUT) !== 0) ackFlight(host, row, full, segments, flags);
  else if ((host.table.rows[(full << ROW_SHIFT) + F_FLAGS]! & FL_PINGPONG) === 0) sendAck(host, row, Verdict.ack_sent);
  else delayAck(host, full);
}

/** Whether something received is not acknowledged yet: the second row's timer is the delayed ACK's. */
function isAckDelayed(host: Host, full: number): boolean {
  const flags = host.table.rows[(full << ROW_SHIFT) + F_FLAGS]!;
  return host.wheel.isArmed(full) && (flags & FL_FIN_WAIT2_TIMER) === 0;
}

/** The ACKs of a flight, which tell of a hole in it: by SACK of one segment behind it, or by three duplicates (RFC 5681 section 3.2). */
function ackFlight(host: Host, row: number, full: number, segments: number, flags: number): void {
  const behind = (flags & CUT) === 0 ? 0 : (flags >> BEHIND_SHIFT) & BEHIND_MOST;
  const needed = (host.table.rows[(row << ROW_SHIFT) + R_STATE]! & ROW_SACK) !== 0 ? 1 : BEHIND_MOST;
  sendAcks(host, row, Verdict.ack_sent, acksFor(host, row, full, segments) - 1, behind >= needed ? SACKED : 0);
}

/** How many ACKs a flight of several segments gets: one each for the first of a connection, then one for two (RFC 5681 section 4.2). */
function acksFor(host: Host, row: number, full: number, segments: number): number {
  const rows = host.table.rows;
  const fat = full << ROW_SHIFT;
  const received = (rows[fat + F_RX_BYTES]! >>> 0) / mssOfRow(host, row);
  const isInteractive = (rows[fat + F_FLAGS]! & FL_PINGPONG) !== 0;
  const quick = isInteractive ? 0 : Math.max(0, Math.min(segments, QUICK_ACKS + segments - Math.ceil(received)));
  return quick + Math.ceil((segments - quick) / 2);
}

function delayAck(host: Host, full: number): void {
  if (!host.wheel.isArmed(full)) host.arm(full, Math.ceil((ATO_MS * host.spec.hz) / 1000));
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
      enterTimeWait(host, row, TIME_WAIT, TIME_WAIT_S * host.spec.hz);
      return;
    }
    default:
      sendAck(host, row, Verdict.ack_sent);
  }
}

/** The second row's timer: a delayed ACK, or FIN_WAIT2's end. */
export function onSecondTimer(host: Host, row: number, full: number): void {
  const flags = host.table.rows[(full << ROW_SHIFT) + F_FLAGS]!;
  if ((flags & FL_FIN_WAIT2_TIMER) === 0) {
    // tcp_delack_timer_handler: nothing was sent in time to carry the ACK, so the connection is not interactive.
    host.table.rows[(full << ROW_SHIFT) + F_FLAGS] = flags & ~FL_PINGPONG;
    sendAck(host, row, Verdict.delayed_ack);
    return;
  }
  // tcp_keepalive_timer: what is beyond 60 s was waited for; the rest (computed anew) is a mini-socket's.
  const ticks = finWait2Ticks(host, full);
  const timeWaitTicks = TIME_WAIT_S * host.spec.hz;
  leaveOrphans(host, full);
  if (ticks > timeWaitTicks) enterTimeWait(host, row, FIN_WAIT2, ticks - timeWaitTicks);
  else {
    host.apply(Verdict.active_reset, host.table.rows[(row << ROW_SHIFT) + R_ATTEMPT]!);
    sendActiveReset(host, row);
    host.free(row);
  }
}
