/**
 * Mini-sockets: TIME_WAIT, and FIN_WAIT2 of an orphan.
 *
 * Read first  RFC 9293 section 3.10.7.4 (TIME-WAIT); kernel-semantics 7.4, 7.7, 7.8.
 * Models      tcp_minisocks.c:tcp_time_wait, tcp_timewait_state_process; inet_timewait_sock.c (6.18; tcp_tw_recycle: 4.4, kernel-semantics 7.9).
 * Words       A mini-socket keeps its length with tcp_tw_recycle, in ticks, where a full socket has R_SENT_US.
 */
import { Verdict } from "../vocabulary/verdicts.ts";
import type { Host } from "./host.ts";
import {
  ACK,
  before,
  endOf,
  F_RETRANS,
  F_RTO,
  F_SRTT,
  FIN,
  FIN_WAIT2,
  OPT_TS,
  R_ATTEMPT,
  R_LOCAL,
  R_META,
  R_OOW_MS,
  R_PEER,
  R_RCV_NXT,
  R_SENT_US,
  R_SND_NXT,
  R_STATE,
  R_TS_RECENT,
  ROW_MINI,
  ROW_SHIFT,
  ROW_SHORT_LIFE,
  ROW_TS,
  RST,
  S_ATTEMPT,
  S_FLAGS,
  S_LEN,
  S_PORTS,
  S_SEQ,
  S_TSVAL,
  SYN,
  TIME_WAIT,
} from "./layout.ts";
import { receiveSyn } from "./listen.ts";
import { isRateLimited } from "./rate-limit.ts";
import { sendReset } from "./reset.ts";

/** Up to this lifetime a mini-socket counts as TWKilled: the old two-wheel split at 4 s. */
const SHORT_LIFE_S = 4;
const WINDOW = 65535;
/** TCP_PAWS_MSL, a constant of its own. */
const PAWS_WAIVED_MS = 60_000;

/**
 * Turns a full socket into a mini-socket for `ticks`, or closes it at once when there are too many. The socket's application has
 * let go of it, or never will touch it again.
 */
export function enterTimeWait(
  host: Host,
  row: number,
  state: typeof TIME_WAIT | typeof FIN_WAIT2,
  ticks: number,
): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const attempt = rows[at + R_ATTEMPT]!;
  updateMetrics(host, row);
  const isRecycled = host.spec.twRecycle === 1 && (rows[at + R_STATE]! & ROW_TS) !== 0;
  if (isRecycled) {
    noteStamp(host, row);
    rows[at + R_SENT_US] = recycledTicks(host, host.fullOf(row));
  }
  const lifeTicks = isRecycled && state === TIME_WAIT ? rows[at + R_SENT_US]! : ticks;
  if (host.timeWaits >= host.spec.maxTwBuckets) {
    host.apply(Verdict.tw_refused, attempt);
    host.free(row);
    return;
  }
  const isShort = isShortLife(host, lifeTicks);
  host.apply(isShort ? Verdict.tw_entered_short : Verdict.tw_entered, attempt);
  host.timeWaits++;
  host.dropFull(row);
  host.setState(row, state);
  rows[at + R_STATE] = (rows[at + R_STATE]! & ~ROW_SHORT_LIFE) | ROW_MINI | (isShort ? ROW_SHORT_LIFE : 0);
  rows[at + R_OOW_MS] = 0;
  rows[at + R_META] = host.nowMs();
  host.rearm(row, lifeTicks);
}

/** tcp_remember_stamp: the peer's last timestamp, for the SYNs that come from its address (kernel-semantics 7.9). */
function noteStamp(host: Host, row: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const pair = rows[at + R_LOCAL]! ^ rows[at + R_PEER]!;
  host.metrics.noteStamp(pair, rows[at + R_TS_RECENT]!, host.uptimeS(host.nowMs()));
}

/** Lifetime with tcp_tw_recycle, ticks: 3.5 RTO. */
function recycledTicks(host: Host, full: number): number {
  const rto = host.table.rows[(full << ROW_SHIFT) + F_RTO]!;
  return (rto << 2) - (rto >> 1);
}

const isShortLife = (host: Host, ticks: number): boolean => ticks <= SHORT_LIFE_S * host.spec.hz;

/** tcp_metrics.c:tcp_update_metrics: the RTT of a connection that ends in order. */
export function updateMetrics(host: Host, row: number): void {
  if (host.spec.noMetricsSave === 1) return;
  const fat = host.fullOf(row) << ROW_SHIFT;
  const at = row << ROW_SHIFT;
  const rows = host.table.rows;
  const hasBackoff = (rows[fat + F_RETRANS]! & 0xff) !== 0;
  host.metrics.update(rows[at + R_LOCAL]! ^ rows[at + R_PEER]!, hasBackoff ? 0 : rows[fat + F_SRTT]!);
}

/** Lifetime of an orphan in FIN_WAIT2, ticks: tcp.h:tcp_fin_time. */
export function finWait2Ticks(host: Host, full: number): number {
  return Math.max(Math.round(host.spec.finTimeoutS * host.spec.hz), recycledTicks(host, full));
}

/** The timer of a mini-socket fired. */
export function expireTimeWait(host: Host, row: number): void {
  const at = row << ROW_SHIFT;
  const isShort = (host.table.rows[at + R_STATE]! & ROW_SHORT_LIFE) !== 0;
  host.apply(isShort ? Verdict.tw_expired_short : Verdict.tw_expired, host.table.rows[at + R_ATTEMPT]!);
  killTimeWait(host, row);
}

/** A mini-socket's time is over, or something killed it. */
export function killTimeWait(host: Host, row: number): void {
  host.timeWaits--;
  host.free(row);
}

/** A segment for a mini-socket. */
export function receiveForTimeWait(host: Host, row: number, seg: Int32Array, at: number, hash: number): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const flags = seg[at + S_FLAGS]!;
  const hasTs = (flags & OPT_TS) !== 0 && (rows[to + R_STATE]! & ROW_TS) !== 0;
  // tcp_paws_reject: a RST passes once the stored timestamp is a minute old.
  const isWaived = (flags & RST) !== 0 && ((host.nowMs() - rows[to + R_META]!) | 0) >= PAWS_WAIVED_MS;
  const paws = hasTs && before(seg[at + S_TSVAL]!, rows[to + R_TS_RECENT]!) && !isWaived;
  if (host.stateOf(row) === FIN_WAIT2) receiveForMiniFinWait2(host, row, seg, at, paws, hasTs);
  else receiveForTrueTimeWait(host, row, seg, at, hash, paws, hasTs);
}

function receiveForMiniFinWait2(
  host: Host,
  row: number,
  seg: Int32Array,
  at: number,
  paws: boolean,
  hasTs: boolean,
): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const flags = seg[at + S_FLAGS]!;
  const seq = seg[at + S_SEQ]!;
  const rcvNxt = rows[to + R_RCV_NXT]!;
  const end = endOf(seg, at);
  const attempt = seg[at + S_ATTEMPT]!;
  const isInWindow = seq === rcvNxt || (before(rcvNxt, end) && before(seq, (rcvNxt + WINDOW) | 0));
  if (paws || !isInWindow) {
    const limited = isRateLimited(host, to + R_OOW_MS, seg, at);
    host.apply(limited ? Verdict.fw2_ack_skipped : Verdict.fw2_ack, attempt);
    if (!limited) sendAck(host, row);
    return;
  }
  if ((flags & RST) !== 0) {
    host.apply(Verdict.tw_killed, attempt);
    killTimeWait(host, row);
    return;
  }
  if ((flags & SYN) !== 0 && !before(seq, rcvNxt)) {
    resetMini(host, row, seg, at);
    return;
  }
  const isNew = before(rcvNxt, end);
  if ((flags & ACK) === 0 || !isNew || (seg[at + S_LEN] === 0 && (flags & FIN) === 0)) {
    host.apply(Verdict.ignored, attempt);
    return;
  }
  if ((flags & FIN) === 0 || end !== ((rcvNxt + 1) | 0)) {
    resetMini(host, row, seg, at);
    return;
  }
  host.apply(Verdict.tw_fin_acked, attempt);
  host.setState(row, TIME_WAIT);
  rows[to + R_RCV_NXT] = end;
  if (hasTs) rows[to + R_TS_RECENT] = seg[at + S_TSVAL]!;
  rows[to + R_META] = host.nowMs();
  const isRecycled = host.spec.twRecycle === 1 && (rows[to + R_STATE]! & ROW_TS) !== 0;
  if (isRecycled) noteStamp(host, row);
  restart(host, row, isRecycled ? rows[to + R_SENT_US]! : host.timeWaitTicks);
  sendAck(host, row);
}

/** inet_twsk_reschedule: the new length also decides how its end is counted. */
function restart(host: Host, row: number, ticks: number): void {
  const rows = host.table.rows;
  const at = (row << ROW_SHIFT) + R_STATE;
  const isShort = isShortLife(host, ticks);
  rows[at] = (rows[at]! & ~ROW_SHORT_LIFE) | (isShort ? ROW_SHORT_LIFE : 0);
  host.rearm(row, ticks);
}

function resetMini(host: Host, row: number, seg: Int32Array, at: number): void {
  host.apply(Verdict.fw2_rst, seg[at + S_ATTEMPT]!);
  sendReset(host, seg, at);
  killTimeWait(host, row);
}

function receiveForTrueTimeWait(
  host: Host,
  row: number,
  seg: Int32Array,
  at: number,
  hash: number,
  paws: boolean,
  hasTs: boolean,
): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const flags = seg[at + S_FLAGS]!;
  const seq = seg[at + S_SEQ]!;
  const rcvNxt = rows[to + R_RCV_NXT]!;
  const attempt = seg[at + S_ATTEMPT]!;
  const isReset = (flags & RST) !== 0;
  if (!paws && seq === rcvNxt && (endOf(seg, at) === seq || isReset)) {
    if (isReset) {
      host.apply(Verdict.tw_killed, attempt);
      if (host.spec.rfc1337 === 0) killTimeWait(host, row);
      else if (host.spec.rfc1337Restarts === 1) restart(host, row, host.timeWaitTicks);
      return;
    }
    host.apply(Verdict.ignored, attempt);
    restart(host, row, host.timeWaitTicks);
    if (hasTs) rows[to + R_TS_RECENT] = seg[at + S_TSVAL]!;
    return;
  }
  const isNewer = before(rcvNxt, seq) || (hasTs && before(rows[to + R_TS_RECENT]!, seg[at + S_TSVAL]!));
  if ((flags & (SYN | RST | ACK)) === SYN && !paws && isNewer) {
    const listener = host.listenerFor(seg[at + S_PORTS]! >>> 16, hash);
    if (listener !== null) {
      const isn = (rows[to + R_SND_NXT]! + 65537) | 0;
      killTimeWait(host, row);
      receiveSyn(host, listener, seg, at, hash, true, isn === 0 ? 1 : isn);
      return;
    }
  }
  if (paws) host.apply(Verdict.tw_paws, attempt);
  if (isReset) return;
  if (paws || (flags & ACK) !== 0) restart(host, row, host.timeWaitTicks);
  answerOld(host, row, seg, at);
}

/** ACK to an old segment (7.8 step 4). Only a SYN that got no further is lost here. */
function answerOld(host: Host, row: number, seg: Int32Array, at: number): void {
  const limited = isRateLimited(host, (row << ROW_SHIFT) + R_OOW_MS, seg, at);
  const isSyn = (seg[at + S_FLAGS]! & SYN) !== 0;
  if (limited) host.apply(Verdict.tw_ack_skipped, seg[at + S_ATTEMPT]!);
  else {
    host.apply(isSyn ? Verdict.tw_ack : Verdict.tw_fin_acked, seg[at + S_ATTEMPT]!);
    sendAck(host, row);
  }
}

function sendAck(host: Host, row: number): void {
  const at = row << ROW_SHIFT;
  host.sendFrom(row, ACK, host.table.rows[at + R_SND_NXT]!, host.table.rows[at + R_RCV_NXT]!, 0);
}
