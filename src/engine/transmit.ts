/**
 * The sending side of a full socket: data, FIN, ACKs, and the retransmission timer (RTO, tail loss probe, RACK's reordering timer).
 *
 * Read first  RFC 6298, RFC 8985 (RACK-TLP); kernel-semantics 7.5.
 * Models      tcp_output.c:tcp_write_xmit, tcp_schedule_loss_probe, tcp_send_loss_probe; tcp_timer.c:tcp_retransmit_timer, tcp_write_timeout (6.18).
 * Flights     What the windows allow is sent as one event, a flight of one or more segments; the next flight leaves when the last one is
 *             acknowledged. Of a flight that lost segments the others count; when one of them was behind a hole (without SACK: three), or
 *             more is to be sent, the lost ones are sent again a round trip later, with new data behind them as far as the window allows
 *             (without SACK one a round trip, RFC 6582); else a timer resends the first, and the others follow in slow start.
 * Left out    Flights that overlap, spurious time-outs undone, zero windows, the send buffer (a write takes all at once).
 */
import { TIMESTAMP_BYTES } from "../vocabulary/mss.ts";
import { Verdict } from "../vocabulary/verdicts.ts";
import { die, sendActiveReset } from "./death.ts";
import { ATO_MS, clearDelayedAck } from "./delayed-ack.ts";
import type { Host } from "./host.ts";
import { logOrphans } from "./kernel-log.ts";
import {
  ACK,
  F_FLAGS,
  F_LAST_DATA_MS,
  F_RETRANS,
  F_RETRANS_MS,
  F_RTO,
  F_SND_UNA,
  F_SRTT,
  F_STREAM,
  F_TX_BYTES,
  FIN,
  FL_ATO,
  FL_FIN_MERGED,
  FL_FIN_PENDING,
  FL_FIN_SACKED,
  FL_LOSS,
  FL_NARROW,
  FL_ORPHAN,
  FL_PINGPONG,
  FL_RETRANSMITTED,
  FL_TLP_SENT,
  MORE_SHIFT,
  mssClassOfRow,
  NO_ROW,
  PART,
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
  ROW_TS,
  ROW_WSCALE,
  S_MSS_SHIFT,
  TIMER_REO,
  TIMER_RTO,
  TIMER_TLP,
} from "./layout.ts";
import { cutByUserTimeout, modelTimeoutMs, usToTicks } from "./rtt.ts";
import { INITIAL_WINDOW, Repair } from "./streams.ts";

/** TCP_TIMEOUT_MIN, ticks. */
const TIMEOUT_MIN_TICKS = 2;
const ORPHAN_RETRIES = 8;
/** Where the model time of retries begins: TCP_RTO_MIN, whatever tcp_rto_min_us says (asked of a live 6.18.44). */
const MODEL_BASE_MS = 200;
const RETRANSMITS_MASK = 0xff;
/** TCP_TIMEWAIT_LEN, as tcp_out_of_resources reads it: so long ago is recent. */
const RECENT_MS = 60_000;
/** What a peer takes at most: without window scaling what 16 bits hold; with it its buffer grows with the flights, up to half of tcp_rmem's 6 MB. */
const UNSCALED_WINDOW = 65_535;
const SCALED_WINDOW = 3_145_728;

/** Segments sent and not acknowledged. */
function packetsOut(host: Host, row: number, full: number): number {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const data = rows[(full << ROW_SHIFT) + F_TX_BYTES]!;
  const outstanding = (rows[at + R_SND_NXT]! - rows[(full << ROW_SHIFT) + F_SND_UNA]!) | 0;
  const isFinApart =
    outstanding - data > 0 && (data === 0 || (rows[(full << ROW_SHIFT) + F_FLAGS]! & FL_FIN_MERGED) === 0);
  return segmentsOf(host, row, data) + (isFinApart ? 1 : 0);
}

/** Payload of a full segment of a connection. */
export function mssOfRow(host: Host, row: number): number {
  const state = host.table.rows[(row << ROW_SHIFT) + R_STATE]!;
  return host.sentMss[mssClassOfRow(state)]! - ((state & ROW_TS) !== 0 ? TIMESTAMP_BYTES : 0);
}

/** Flags that say of what class a segment of data is, for those who count its flight's segments. */
function classFlags(host: Host, row: number): number {
  return mssClassOfRow(host.table.rows[(row << ROW_SHIFT) + R_STATE]!) << S_MSS_SHIFT;
}

/** How many segments `bytes` of a connection take. */
export function segmentsOf(host: Host, row: number, bytes: number): number {
  return Math.ceil(bytes / mssOfRow(host, row));
}

/** The application writes `bytes`: sent as far as the windows allow; behind what is in flight they wait, as Nagle's algorithm has it. */
export function sendData(host: Host, row: number, bytes: number): void {
  const rows = host.table.rows;
  const full = host.fullOf(row);
  const fat = full << ROW_SHIFT;
  const isIdle = rows[fat + F_TX_BYTES] === 0;
  if (rows[fat + F_STREAM] === NO_ROW) {
    const isNarrow = (rows[fat + F_FLAGS]! & FL_NARROW) !== 0;
    if (isIdle && !isNarrow && bytes <= mssOfRow(host, row)) {
      sendNew(host, row, full, bytes);
      return;
    }
    rows[fat + F_STREAM] = host.streams.open(isNarrow ? 1 : INITIAL_WINDOW);
  }
  const stream = rows[fat + F_STREAM]!;
  host.streams.addQueued(stream, bytes);
  if (!isIdle) return;
  host.streams.restart(stream, host.nowUs(), (rows[fat + F_RTO]! * 1e6) / host.spec.hz);
  sendFlight(host, row, full, stream);
}

/** Sends of a stream's queue what the windows allow; nothing is in flight. */
export function sendFlight(host: Host, row: number, full: number, stream: number): void {
  const bytes = Math.min(host.streams.queued(stream), roomFor(host, row, stream));
  host.streams.addQueued(stream, -bytes);
  host.streams.sentAt(stream, host.nowUs());
  sendNew(host, row, full, bytes);
  if ((host.table.rows[(full << ROW_SHIFT) + F_FLAGS]! & FL_FIN_PENDING) !== 0) sendFin(host, row);
}

/** Bytes that may be in flight, whole segments: the congestion window, and the peer's window where it cannot be scaled (kernel-semantics 8.3). */
function roomFor(host: Host, row: number, stream: number): number {
  const word = host.table.rows[(row << ROW_SHIFT) + R_STATE]!;
  const mss = mssOfRow(host, row);
  const most = (word & ROW_WSCALE) !== 0 ? SCALED_WINDOW : UNSCALED_WINDOW;
  return Math.min(host.streams.cwnd(stream), Math.floor(most / mss)) * mss;
}

/** `bytes` that were never sent leave together. */
function sendNew(host: Host, row: number, full: number, bytes: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const fat = full << ROW_SHIFT;
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
  const more = segmentsOf(host, row, bytes) - 1;
  host.countMore(Verdict.data_sent, more);
  clearDelayedAck(host, full);
  host.sendFrom(row, PSH | ACK | classFlags(host, row) | (more << MORE_SHIFT), seq, rows[at + R_RCV_NXT]!, bytes);
  afterSending(host, row, full);
}

/** Sends the FIN, or keeps it back behind data that was not sent yet, and while the congestion window (1 after a time-out) is taken by what is being resent. */
export function sendFin(host: Host, row: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const full = host.fullOf(row);
  const fat = full << ROW_SHIFT;
  const inFlight = packetsOut(host, row, full);
  const idle = inFlight === 0;
  const stream = rows[fat + F_STREAM]!;
  const isBehind =
    stream !== NO_ROW && (host.streams.queued(stream) > 0 || (!idle && inFlight >= host.streams.cwnd(stream)));
  if (isBehind || (!idle && (rows[fat + F_FLAGS]! & FL_LOSS) !== 0)) {
    rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_FIN_PENDING;
    return;
  }
  if (idle) rows[at + R_SENT_US] = host.nowUs();
  transmitFin(host, row, fat);
  afterSending(host, row, full);
}

function transmitFin(host: Host, row: number, fat: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const seq = rows[at + R_SND_NXT]!;
  rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! & ~FL_FIN_PENDING;
  rows[at + R_SND_NXT] = (seq + 1) | 0;
  host.apply(Verdict.fin_sent, rows[at + R_ATTEMPT]!);
  clearDelayedAck(host, host.fullOf(row));
  host.sendFrom(row, FIN | ACK, seq, rows[at + R_RCV_NXT]!, 0);
}

/** A bare ACK, counted by `verdict`. */
export function sendAck(host: Host, row: number, verdict: number): void {
  sendAcks(host, row, verdict, 0, 0);
}

/** A bare ACK, and `more` before it that say less and travel with it. `flags`: SACKED or 0. */
export function sendAcks(host: Host, row: number, verdict: number, more: number, flags: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  host.apply(verdict, rows[at + R_ATTEMPT]!);
  host.countMore(verdict, more);
  clearDelayedAck(host, host.fullOf(row));
  host.sendFrom(row, ACK | flags | (more << MORE_SHIFT), rows[at + R_SND_NXT]!, rows[at + R_RCV_NXT]!, 0);
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
    probe(host, row, fat);
  }
  armTimer(host, row, TIMER_RTO, rows[fat + F_RTO]!);
}

/** What was kept back goes first (the FIN; of data the model sends none beyond its flight), else the last segment once more. */
function probe(host: Host, row: number, fat: number): void {
  const rows = host.table.rows;
  const stream = rows[fat + F_STREAM]!;
  const isFinNext =
    (rows[fat + F_FLAGS]! & FL_FIN_PENDING) !== 0 && (stream === NO_ROW || host.streams.queued(stream) === 0);
  if (!isFinNext) {
    resend(host, row, true, Verdict.tlp_resend);
    return;
  }
  host.apply(Verdict.tlp_sends_fin, rows[(row << ROW_SHIFT) + R_ATTEMPT]!);
  transmitFin(host, row, fat);
}

function onRto(host: Host, row: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const fat = host.fullOf(row) << ROW_SHIFT;
  const attempt = rows[at + R_ATTEMPT]!;
  const isOrphan = (rows[fat + F_FLAGS]! & FL_ORPHAN) !== 0;
  const userMs = host.options === null ? 0 : host.options.userTimeoutMs(row);
  const retries = isOrphan ? orphanRetries(host, fat) : host.spec.retries2;
  if (isOrphan && endsAsOneTooMany(host, row, hasTimedOut(host, fat, retries, 0))) return;
  if (hasTimedOut(host, fat, retries, userMs)) {
    host.apply(Verdict.abort_on_timeout, attempt);
    die(host, row, true);
    return;
  }
  const retransmits = rows[fat + F_RETRANS]! & RETRANSMITS_MASK;
  if (retransmits === 0) rows[fat + F_RETRANS_MS] = host.nowMs();
  else host.apply(Verdict.lost_retransmit, attempt);
  if (rows[fat + F_STREAM] !== NO_ROW) host.streams.lost(rows[fat + F_STREAM]!, true);
  if (retransmits < RETRANSMITS_MASK) rows[fat + F_RETRANS] = rows[fat + F_RETRANS]! + 1;
  rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_LOSS;
  resend(host, row, false, Verdict.rto_resend);
  rows[fat + F_RTO] = Math.min(rows[fat + F_RTO]! * 2, host.maxRtoTicks);
  const elapsedMs = (host.nowMs() - rows[fat + F_RETRANS_MS]!) | 0;
  armTimer(host, row, TIMER_RTO, cutByUserTimeout(host, rows[fat + F_RTO]!, userMs, elapsedMs));
}

/** tcp_orphan_retries: 0 acts as 8 while the time-out is below its maximum. */
function orphanRetries(host: Host, fat: number): number {
  const { orphanRetries: retries } = host.spec;
  return retries === 0 && host.table.rows[fat + F_RTO]! < host.maxRtoTicks ? ORPHAN_RETRIES : retries;
}

/**
 * tcp_out_of_resources: an orphan that has sent no data for two greatest time-outs, or whose time is up, counts twice against tcp_max_orphans.
 * It is reset, silently where its time is up and it has sent no data for a minute. `isOver`: its retries are used up.
 */
function endsAsOneTooMany(host: Host, row: number, isOver: boolean): boolean {
  const rows = host.table.rows;
  const fat = host.fullOf(row) << ROW_SHIFT;
  const isAlive = rows[fat + F_RTO]! < host.maxRtoTicks;
  const mayReset = isAlive || !isOver;
  const sinceSent = Math.floor(((host.nowUs() - rows[(row << ROW_SHIFT) + R_SENT_US]!) >>> 0) / 1000);
  const quietMs = rows[fat + F_TX_BYTES]! > 0 ? sinceSent : (host.nowMs() - rows[fat + F_LAST_DATA_MS]!) | 0;
  const weight = quietMs > 2 * host.spec.rtoMaxMs || !mayReset ? 2 : 1;
  if (host.orphans * weight <= host.spec.maxOrphans) return false;
  logOrphans(host);
  const resets = mayReset || quietMs <= RECENT_MS;
  host.apply(
    resets ? Verdict.orphan_over_limit : Verdict.orphan_over_limit_silent,
    rows[(row << ROW_SHIFT) + R_ATTEMPT]!,
  );
  if (resets) sendActiveReset(host, row);
  die(host, row, true);
  return true;
}

/** tcp_write_timeout: time since the first retransmission against `userMs`, or else the model time of N retries of 200 ms, doubling. */
function hasTimedOut(host: Host, fat: number, retries: number, userMs: number): boolean {
  const rows = host.table.rows;
  if ((rows[fat + F_RETRANS]! & RETRANSMITS_MASK) === 0) return false;
  const elapsedMs = (host.nowMs() - rows[fat + F_RETRANS_MS]!) | 0;
  if (userMs > 0) return elapsedMs >= userMs;
  return elapsedMs >= modelTimeoutMs(retries, MODEL_BASE_MS, host.spec.rtoMaxMs);
}

/** What is not acknowledged of a flight is lost: it is sent again, and new data behind it, as far as the windows allow. */
export function resendRest(host: Host, row: number, full: number, stream: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const fat = full << ROW_SHIFT;
  const lost = rows[fat + F_TX_BYTES]!;
  const hasSack = (rows[at + R_STATE]! & ROW_SACK) !== 0;
  const room = roomFor(host, row, stream);
  const oneByOne = !hasSack && host.streams.repair(stream) === Repair.Missing;
  const again = Math.min(lost, oneByOne ? mssOfRow(host, row) : room);
  const fresh = hasSack ? Math.min(host.streams.queued(stream), room - again) : 0;
  const resent = segmentsOf(host, row, again);
  const sent = segmentsOf(host, row, fresh);
  host.streams.addQueued(stream, -fresh);
  if (again === lost) host.streams.repaired(stream);
  rows[at + R_SND_NXT] = (rows[at + R_SND_NXT]! + fresh) | 0;
  rows[fat + F_TX_BYTES] = lost + fresh;
  rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_RETRANSMITTED | (again < lost ? FL_LOSS : 0);
  rows[fat + F_RETRANS] = rows[fat + F_RETRANS]! + resent * (RETRANSMITS_MASK + 1);
  rows[at + R_SENT_US] = host.nowUs();
  host.streams.sentAt(stream, host.nowUs());
  host.apply(Verdict.fast_resend, rows[at + R_ATTEMPT]!);
  host.countMore(Verdict.fast_resend, resent - 1);
  host.countMore(Verdict.data_sent, sent);
  const flags = PSH | ACK | (again < lost ? PART : 0) | ((resent + sent - 1) << MORE_SHIFT);
  host.sendFrom(row, flags | classFlags(host, row), rows[fat + F_SND_UNA]!, rows[at + R_RCV_NXT]!, again + fresh);
  armTimer(host, row, TIMER_RTO, rows[fat + F_RTO]!);
}

/** Sends the first (or, for a probe, the last) unacknowledged segment again; of a flight the first. */
function resend(host: Host, row: number, tail: boolean, verdict: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const fat = host.fullOf(row) << ROW_SHIFT;
  const bytes = rows[fat + F_TX_BYTES]!;
  const una = rows[fat + F_SND_UNA]!;
  const hasFin = ((rows[at + R_SND_NXT]! - una) | 0) > bytes;
  const length = Math.min(bytes, mssOfRow(host, row));
  // tcp_retrans_try_collapse: a FIN behind the only segment of data goes with it from now on, unless the peer has it already.
  const mayMerge = hasFin && !tail && bytes > 0 && length === bytes && (rows[fat + F_FLAGS]! & FL_FIN_SACKED) === 0;
  if (mayMerge) rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_FIN_MERGED;
  const isMerged = (rows[fat + F_FLAGS]! & FL_FIN_MERGED) !== 0 && bytes > 0;
  const isFin = hasFin && !isMerged && (tail || bytes === 0);
  rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_RETRANSMITTED;
  rows[fat + F_RETRANS] = rows[fat + F_RETRANS]! + (RETRANSMITS_MASK + 1);
  if (!isFin || bytes === 0) rows[at + R_SENT_US] = host.nowUs();
  host.apply(verdict, rows[at + R_ATTEMPT]!);
  if (isFin) host.sendFrom(row, FIN | ACK, (una + bytes) | 0, rows[at + R_RCV_NXT]!, 0);
  else {
    const flags = PSH | ACK | classFlags(host, row) | (isMerged ? FIN : 0) | (length < bytes ? PART : 0);
    host.sendFrom(row, flags, una, rows[at + R_RCV_NXT]!, length);
  }
}
