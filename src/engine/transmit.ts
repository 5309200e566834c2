/**
 * The sending side of a full socket: data, FIN, ACKs, and the retransmission timer (RTO, tail loss probe, RACK's reordering timer).
 *
 * Read first  RFC 6298, RFC 8985 (RACK-TLP); kernel-semantics 7.5.
 * Models      tcp_output.c:tcp_write_xmit, tcp_schedule_loss_probe, tcp_send_loss_probe; tcp_timer.c:tcp_retransmit_timer, tcp_write_timeout (6.18).
 * Limits      A connection sends at most one data segment and one FIN; more than one segment of data is refused by the compiler.
 */
import { assert } from "../base/assert.ts";
import { Verdict } from "../vocabulary/verdicts.ts";
import { die } from "./death.ts";
import type { Host } from "./host.ts";
import {
  ACK,
  F_FLAGS,
  F_RETRANS,
  F_RETRANS_MS,
  F_RTO,
  F_SND_UNA,
  F_SRTT,
  F_TX_BYTES,
  FIN,
  FL_ATO,
  FL_FIN_PENDING,
  FL_FIN_SENT,
  FL_FIN_WAIT2_TIMER,
  FL_LOSS,
  FL_ORPHAN,
  FL_PINGPONG,
  FL_RETRANSMITTED,
  FL_TLP_SENT,
  PSH,
  R_ATTEMPT,
  R_RCV_NXT,
  R_SENT_US,
  R_SND_NXT,
  R_STATE,
  ROW_SACK,
  ROW_SHIFT,
  ROW_TIMER_MASK,
  ROW_TIMER_SHIFT,
  TIMER_REO,
  TIMER_RTO,
  TIMER_TLP,
} from "./layout.ts";
import { maxRtoTicks, usToTicks } from "./rtt.ts";

/** Delayed-ACK estimate: TCP_ATO_MIN = TCP_DELACK_MIN = 40 ms. */
export const ATO_MS = 40;
/** TCP_TIMEOUT_MIN, ticks. */
const TIMEOUT_MIN_TICKS = 2;
/** tcp_orphan_retries 0 acts as 8 while the time-out is below its maximum. */
const ORPHAN_RETRIES = 8;
const RETRANSMITS_MASK = 0xff;

/** Segments sent and not acknowledged: 0, 1 or 2. */
function packetsOut(host: Host, row: number, full: number): number {
  const rows = host.table.rows;
  const data = rows[(full << ROW_SHIFT) + F_TX_BYTES]!;
  const outstanding = (rows[(row << ROW_SHIFT) + R_SND_NXT]! - rows[(full << ROW_SHIFT) + F_SND_UNA]!) | 0;
  return (data > 0 ? 1 : 0) + (outstanding - data > 0 ? 1 : 0);
}

/** The application writes `bytes` (one segment), which are sent at once. */
export function sendData(host: Host, row: number, bytes: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const full = host.fullOf(row);
  const fat = full << ROW_SHIFT;
  assert(rows[fat + F_TX_BYTES] === 0, "a second data segment is in flight");
  const seq = rows[at + R_SND_NXT]!;
  rows[fat + F_TX_BYTES] = bytes;
  rows[at + R_SND_NXT] = (seq + bytes) | 0;
  // tcp_event_data_sent: an answer within the delayed-ACK time makes the connection interactive. R_SENT_US is free before the first data
  // was sent: it holds the time of the last data received (lrcvtime).
  const sinceData = ((host.nowUs() - rows[at + R_SENT_US]!) | 0) / 1000;
  const flags = rows[fat + F_FLAGS]!;
  if ((flags & FL_ATO) !== 0 && sinceData < ATO_MS) rows[fat + F_FLAGS] = flags | FL_PINGPONG;
  rows[at + R_SENT_US] = host.nowUs();
  host.apply(Verdict.data_sent, rows[at + R_ATTEMPT]!);
  clearDelayedAck(host, full);
  host.sendFrom(row, PSH | ACK, seq, rows[at + R_RCV_NXT]!, bytes);
  afterSending(host, row, full);
}

/** Sends the FIN, or keeps it back while the congestion window (1 after a time-out) is taken by what is being resent. */
export function sendFin(host: Host, row: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const full = host.fullOf(row);
  const fat = full << ROW_SHIFT;
  const idle = packetsOut(host, row, full) === 0;
  if (!idle && (rows[fat + F_FLAGS]! & FL_LOSS) !== 0) {
    rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_FIN_PENDING;
    return;
  }
  const seq = rows[at + R_SND_NXT]!;
  rows[fat + F_FLAGS] = (rows[fat + F_FLAGS]! & ~FL_FIN_PENDING) | FL_FIN_SENT;
  rows[at + R_SND_NXT] = (seq + 1) | 0;
  if (idle) rows[at + R_SENT_US] = host.nowUs();
  host.apply(Verdict.fin_sent, rows[at + R_ATTEMPT]!);
  clearDelayedAck(host, full);
  host.sendFrom(row, FIN | ACK, seq, rows[at + R_RCV_NXT]!, 0);
  afterSending(host, row, full);
}

/** A bare ACK, counted by `verdict`. */
export function sendAck(host: Host, row: number, verdict: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  host.apply(verdict, rows[at + R_ATTEMPT]!);
  clearDelayedAck(host, host.fullOf(row));
  host.sendFrom(row, ACK, rows[at + R_SND_NXT]!, rows[at + R_RCV_NXT]!, 0);
}

/** Every segment carries the ACK that was being held back. (The second row's timer is FIN_WAIT2's once the FIN is acknowledged.) */
function clearDelayedAck(host: Host, full: number): void {
  if ((host.table.rows[(full << ROW_SHIFT) + F_FLAGS]! & FL_FIN_WAIT2_TIMER) === 0) host.wheel.disarm(full);
}

function afterSending(host: Host, row: number, full: number): void {
  if (scheduleLossProbe(host, row, full, false) || host.wheel.isArmed(row)) return;
  armTimer(host, row, TIMER_RTO, host.table.rows[(full << ROW_SHIFT) + F_RTO]!);
}

function armTimer(host: Host, row: number, kind: number, ticks: number): void {
  const at = (row << ROW_SHIFT) + R_STATE;
  host.table.rows[at] = (host.table.rows[at]! & ~ROW_TIMER_MASK) | (kind << ROW_TIMER_SHIFT);
  host.rearm(row, Math.max(1, ticks));
}

/** After an ACK that left something in flight: tcp_set_xmit_timer. */
export function rearmAfterAck(host: Host, row: number, full: number): void {
  if (!scheduleLossProbe(host, row, full, true))
    armTimer(host, row, TIMER_RTO, host.table.rows[(full << ROW_SHIFT) + F_RTO]!);
}

/** tcp_schedule_loss_probe: 2 RTT (one packet in flight: + tcp_rto_min), never after the RTO. Needs SACK and an open state. */
function scheduleLossProbe(host: Host, row: number, full: number, isAdvancing: boolean): boolean {
  const rows = host.table.rows;
  const fat = full << ROW_SHIFT;
  const packets = packetsOut(host, row, full);
  if (packets === 0 || (rows[(row << ROW_SHIFT) + R_STATE]! & ROW_SACK) === 0 || (rows[fat + F_FLAGS]! & FL_LOSS) !== 0)
    return false;
  const srtt = rows[fat + F_SRTT]!;
  const rto = rows[fat + F_RTO]!;
  let ticks = host.spec.hz;
  if (srtt > 0) {
    const extraUs = packets === 1 ? host.spec.rtoMinUs : (TIMEOUT_MIN_TICKS * 1e6) / host.spec.hz;
    ticks = usToTicks(host, (srtt >> 2) + extraUs);
  }
  const sinceHeadUs = isAdvancing ? 0 : (host.nowUs() - rows[(row << ROW_SHIFT) + R_SENT_US]!) | 0;
  const untilRto = rto - Math.floor((sinceHeadUs * host.spec.hz) / 1e6);
  if (untilRto > 0 && untilRto < ticks) ticks = untilRto;
  armTimer(host, row, TIMER_TLP, ticks);
  return true;
}

/** A SACK says that the FIN overtook the data: RACK resends the data a quarter RTT (and two ticks) later. */
export function scheduleReordering(host: Host, row: number): void {
  const full = host.fullOf(row);
  const srttUs = host.table.rows[(full << ROW_SHIFT) + F_SRTT]! >> 3;
  armTimer(host, row, TIMER_REO, TIMEOUT_MIN_TICKS + usToTicks(host, srttUs / 4));
}

/** The retransmission timer of a full socket fired. */
export function onRetransmitTimer(host: Host, row: number): void {
  const kind = (host.table.rows[(row << ROW_SHIFT) + R_STATE]! & ROW_TIMER_MASK) >> ROW_TIMER_SHIFT;
  if (kind === TIMER_TLP) onLossProbe(host, row);
  else if (kind === TIMER_REO) {
    resend(host, row, false, Verdict.fast_resend);
    armTimer(host, row, TIMER_RTO, host.table.rows[(host.fullOf(row) << ROW_SHIFT) + F_RTO]!);
  } else onRto(host, row);
}

/** One probe per tail loss episode; the RTO then runs from now. */
function onLossProbe(host: Host, row: number): void {
  const rows = host.table.rows;
  const fat = host.fullOf(row) << ROW_SHIFT;
  if ((rows[fat + F_FLAGS]! & FL_TLP_SENT) === 0) {
    rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_TLP_SENT;
    resend(host, row, true, Verdict.tlp_resend);
  }
  armTimer(host, row, TIMER_RTO, rows[fat + F_RTO]!);
}

function onRto(host: Host, row: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const fat = host.fullOf(row) << ROW_SHIFT;
  const attempt = rows[at + R_ATTEMPT]!;
  const isOrphan = (rows[fat + F_FLAGS]! & FL_ORPHAN) !== 0;
  if (hasTimedOut(host, fat, isOrphan)) {
    host.apply(Verdict.abort_on_timeout, attempt);
    die(host, row, true);
    return;
  }
  const retransmits = rows[fat + F_RETRANS]! & RETRANSMITS_MASK;
  if (retransmits === 0) rows[fat + F_RETRANS_MS] = host.nowMs();
  else host.apply(Verdict.lost_retransmit, attempt);
  if (retransmits < RETRANSMITS_MASK) rows[fat + F_RETRANS] = rows[fat + F_RETRANS]! + 1;
  rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_LOSS;
  resend(host, row, false, Verdict.rto_resend);
  rows[fat + F_RTO] = Math.min(rows[fat + F_RTO]! * 2, maxRtoTicks(host));
  armTimer(host, row, TIMER_RTO, rows[fat + F_RTO]!);
}

/** tcp_write_timeout: time since the first retransmission against the model time of N retries of 200 ms, doubling. */
function hasTimedOut(host: Host, fat: number, isOrphan: boolean): boolean {
  const rows = host.table.rows;
  if ((rows[fat + F_RETRANS]! & RETRANSMITS_MASK) === 0) return false;
  let retries = host.spec.retries2;
  if (isOrphan) {
    const isAlive = rows[fat + F_RTO]! < maxRtoTicks(host);
    retries = host.spec.orphanRetries;
    if (retries === 0 && isAlive) retries = ORPHAN_RETRIES;
  }
  const elapsedMs = (host.nowMs() - rows[fat + F_RETRANS_MS]!) | 0;
  return elapsedMs >= modelTimeoutMs(retries, host.spec.rtoMinUs / 1000, host.spec.rtoMaxMs);
}

/** tcp_timer.c:tcp_model_timeout: (2^(N+1) - 1) * base while the step stays below the maximum, then the maximum a step. */
export function modelTimeoutMs(retries: number, baseMs: number, maxMs: number): number {
  const thresh = 31 - Math.clz32(Math.floor(maxMs / baseMs));
  if (retries <= thresh) return (2 ** (retries + 1) - 1) * baseMs;
  return (2 ** (thresh + 1) - 1) * baseMs + (retries - thresh) * maxMs;
}

/** Sends the first (or, for a probe, the last) unacknowledged segment again. */
function resend(host: Host, row: number, tail: boolean, verdict: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const fat = host.fullOf(row) << ROW_SHIFT;
  const bytes = rows[fat + F_TX_BYTES]!;
  const una = rows[fat + F_SND_UNA]!;
  const hasFin = ((rows[at + R_SND_NXT]! - una) | 0) > bytes;
  const isFin = hasFin && (tail || bytes === 0);
  rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_RETRANSMITTED;
  rows[fat + F_RETRANS] = rows[fat + F_RETRANS]! + (RETRANSMITS_MASK + 1);
  if (!isFin || bytes === 0) rows[at + R_SENT_US] = host.nowUs();
  host.apply(verdict, rows[at + R_ATTEMPT]!);
  if (isFin) host.sendFrom(row, FIN | ACK, (una + bytes) | 0, rows[at + R_RCV_NXT]!, 0);
  else host.sendFrom(row, PSH | ACK, una, rows[at + R_RCV_NXT]!, bytes);
}
