/**
 * A half-open request: its SYN-ACK timer, and the segments that find it.
 *
 * Read first  RFC 9293 section 3.10.7.4 (SYN-RECEIVED); kernel-semantics 3 and 4.
 * Models      inet_connection_sock.c:reqsk_timer_handler, syn_ack_recalc; tcp_minisocks.c:tcp_check_req (6.18.44).
 * Left out    Fast Open, migration between SO_REUSEPORT members, local send failures.
 */
import { Verdict } from "../vocabulary/verdicts.ts";
import { acceptChild } from "./child.ts";
import type { Host } from "./host.ts";
import {
  ACK,
  before,
  endOf,
  FIN,
  OPT_TS,
  R_ATTEMPT,
  R_HASH,
  R_LOCAL,
  R_META,
  R_OOW_MS,
  R_PEER,
  R_RCV_NXT,
  R_SENT_US,
  R_SND_NXT,
  R_STATE,
  R_TS_RECENT,
  REQ_ACKED,
  REQ_COUNT_MASK,
  REQ_RETRANS_SHIFT,
  REQ_TIMEOUTS_SHIFT,
  ROW_SHIFT,
  ROW_TS,
  RST,
  S_ACK,
  S_ATTEMPT,
  S_FLAGS,
  S_LEN,
  S_SEQ,
  S_TSECR,
  S_TSVAL,
  SYN,
} from "./layout.ts";
import { receiveCookieAck, sendSynAck } from "./listen.ts";
import type { Listener } from "./listener.ts";
import { isChallengeBudgetSpent, isRateLimited } from "./rate-limit.ts";
import { sendReset } from "./reset.ts";
import { leaveQueue, listenerOf, moveClass, timeoutsOf } from "./syn-queue.ts";

/** Cap of the SYN-ACK time-out: a constant, tcp_rto_max_ms does not act here. */
const SYNACK_TIMEOUT_MAX_S = 120;
/** Pruning begins above half of max(PRUNE_FLOOR, backlog) and leaves PRUNE_RETRIES retries. */
const PRUNE_FLOOR = 8;
const PRUNE_RETRIES = 2;
/** Window announced in a SYN-ACK at MTU 1500. */
const REQUEST_WINDOW = 64240;

/** SYN-ACK retries in force: fewer while the queue is more than half full of old requests (3.1 step 2). */
export function effectiveRetries(listener: Listener): number {
  let retries = listener.synackRetries;
  if (2 * listener.synLength <= Math.max(PRUNE_FLOOR, listener.backlog)) return retries;
  let young = 2 * listener.young;
  while (retries > PRUNE_RETRIES) {
    if (listener.synLength < young) break;
    retries--;
    young *= 2;
  }
  return retries;
}

/** What the SYN-ACK timer of a request does now (3.1 steps 1 to 4); changes nothing. */
export function judgeSynAckTimer(listener: Listener, meta: number): number {
  if (!listener.listening) return Verdict.request_listener_gone;
  const retries = effectiveRetries(listener);
  const timeouts = timeoutsOf(meta);
  const acked = (meta & REQ_ACKED) !== 0;
  const defer = listener.deferTimeouts;
  const expired = defer === 0 ? timeouts >= retries : timeouts >= retries && (!acked || timeouts >= defer);
  if (expired) return Verdict.synack_timer_expired;
  const resend = defer === 0 || !acked || timeouts >= defer - 1;
  return resend ? Verdict.synack_timer_resend : Verdict.synack_timer_silent;
}

/** The SYN-ACK timer of a request fired. */
export function onSynAckTimer(host: Host, row: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const listener = listenerOf(host, row);
  const meta = rows[at + R_META]!;
  const verdict = judgeSynAckTimer(listener, meta);
  host.apply(verdict, rows[at + R_ATTEMPT]!);
  if (verdict === Verdict.synack_timer_expired || verdict === Verdict.request_listener_gone) {
    dropRequest(host, row);
    return;
  }
  const timeouts = timeoutsOf(meta);
  if (timeouts === 0) {
    // Only where SYNs are judged by it.
    if (host.spec.acceptFullYoung >= 0) host.beforeChange();
    listener.young--;
  }
  rows[at + R_META] = meta + (timeouts < REQ_COUNT_MASK ? 1 << REQ_TIMEOUTS_SHIFT : 0);
  host.arm(row, synAckTicks(host, timeouts + 1));
  if (verdict === Verdict.synack_timer_resend) {
    noteRetransmit(host, row);
    sendSynAck(host, row);
  }
}

/** Time-out after `timeouts` firings: min(1 s << timeouts, 120 s). */
function synAckTicks(host: Host, timeouts: number): number {
  return (timeouts < 7 ? 1 << timeouts : SYNACK_TIMEOUT_MAX_S) * host.spec.hz;
}

/** One SYN-ACK more was resent (num_retrans). */
function noteRetransmit(host: Host, row: number): void {
  const rows = host.table.rows;
  const at = (row << ROW_SHIFT) + R_META;
  const before = (rows[at]! >> REQ_RETRANS_SHIFT) & REQ_COUNT_MASK;
  if (before === REQ_COUNT_MASK) return;
  rows[at] = rows[at]! + (1 << REQ_RETRANS_SHIFT);
  moveClass(host, before, before + 1);
}

/** Frees a request; the client is not told. */
export function dropRequest(host: Host, row: number): void {
  leaveQueue(host, row);
  host.free(row);
}

/**
 * A segment for a request. Answers the row of the child when the handshake is complete (the segment is still to be processed by it),
 * -1 when the segment is done with.
 */
export function receiveForRequest(host: Host, row: number, seg: Int32Array, at: number, hash: number): number {
  const verdict = judgeRequest(host, row, seg, at);
  const attempt = seg[at + S_ATTEMPT]!;
  if (verdict === Verdict.stray_ack) return receiveCookieAck(host, listenerOf(host, row), seg, at, hash, true);
  host.apply(verdict, attempt);
  return actOnRequest(host, row, verdict, seg, at);
}

/** Decides about a segment for a request (4.2), in the kernel's order. `stray_ack` means: hand it to the listener. */
function judgeRequest(host: Host, row: number, seg: Int32Array, at: number): number {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const flags = seg[at + S_FLAGS]!;
  const seq = seg[at + S_SEQ]!;
  const rcvNxt = rows[to + R_RCV_NXT]!;
  const tsFailure = judgeTimestamps(host, row, seg, at);

  // A pure retransmitted SYN is answered again, at most once in 500 ms.
  if (seq === ((rcvNxt - 1) | 0) && (flags & (SYN | ACK | RST)) === SYN && tsFailure !== Verdict.request_paws) {
    return isRateLimited(host, to + R_OOW_MS, seg, at) ? Verdict.dup_syn_skipped : Verdict.dup_syn_answered;
  }
  if ((flags & ACK) !== 0 && seg[at + S_ACK] !== ((rows[to + R_SND_NXT]! + 1) | 0)) {
    if ((flags & RST) === 0) return Verdict.stray_ack;
    // The listener, which a RST is handed to as well, ignores it; since 6.18.42 it is not handed over for its ACK number.
    if (host.spec.exactRequestRst === 0) return Verdict.ignored;
  }

  const inWindow = isInWindow(seg, at, rcvNxt);
  if (tsFailure !== 0 || !inWindow) return judgeUnacceptable(host, to, tsFailure, seg, at);
  if ((flags & RST) !== 0 && seq !== rcvNxt && host.spec.exactRequestRst === 1) {
    if (isRateLimited(host, to + R_OOW_MS, seg, at)) return Verdict.request_rst_challenge_skipped;
    return isChallengeBudgetSpent(host) ? Verdict.request_rst_challenge_unsent : Verdict.request_rst_challenge;
  }
  const isOwnSyn = seq === ((rcvNxt - 1) | 0);
  if ((flags & RST) !== 0) return Verdict.request_rst;
  if ((flags & SYN) !== 0 && !isOwnSyn) return Verdict.request_bad_syn;
  if ((flags & ACK) === 0) return Verdict.request_no_ack;
  return judgeFinalAck(host, row, seg, at);
}

/** PAWS, and since 6.18 the check of the echo: 0 when the timestamps are good or absent. */
function judgeTimestamps(host: Host, row: number, seg: Int32Array, at: number): number {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  if ((seg[at + S_FLAGS]! & OPT_TS) === 0 || (rows[to + R_STATE]! & ROW_TS) === 0) return 0;
  if (before(seg[at + S_TSVAL]!, rows[to + R_TS_RECENT]!)) return Verdict.request_paws;
  const echoed = seg[at + S_TSECR]!;
  if (echoed === 0 || host.spec.checksRequestEcho === 0) return 0;
  const now = host.nowMs();
  const ageMs = Math.floor(((host.nowUs() - rows[to + R_SENT_US]!) >>> 0) / 1000) + 1;
  const offset = host.timestampOffset(rows[to + R_HASH]!, rows[to + R_LOCAL]!, rows[to + R_PEER]!);
  const stamp = (echoed - offset) | 0;
  return before(stamp, (now - ageMs) | 0) || before(now, stamp) ? Verdict.request_tsecr : 0;
}

function isInWindow(seg: Int32Array, at: number, rcvNxt: number): boolean {
  const seq = seg[at + S_SEQ]!;
  const end = endOf(seg, at);
  const edge = (rcvNxt + REQUEST_WINDOW) | 0;
  if (seq === rcvNxt) return true;
  if (before(rcvNxt, end) && before(seq, edge)) return true;
  return seq === end && seq === edge;
}

function judgeUnacceptable(host: Host, to: number, tsFailure: number, seg: Int32Array, at: number): number {
  const isReset = (seg[at + S_FLAGS]! & RST) !== 0;
  if (tsFailure === Verdict.request_paws) {
    if (isReset) return Verdict.request_paws_rst;
    return isReplyLimited(host, to, seg, at) ? Verdict.request_paws_skipped : Verdict.request_paws;
  }
  if (isReset) return tsFailure === Verdict.request_tsecr ? Verdict.request_tsecr_rst : Verdict.ignored;
  const limited = isReplyLimited(host, to, seg, at);
  if (tsFailure === Verdict.request_tsecr) return limited ? Verdict.request_tsecr_skipped : Verdict.request_tsecr;
  return limited ? Verdict.request_window_skipped : Verdict.request_window;
}

const isReplyLimited = (host: Host, to: number, seg: Int32Array, at: number): boolean =>
  host.spec.limitsRequestAcks === 1 && isRateLimited(host, to + R_OOW_MS, seg, at);

/** The ACK is right: TCP_DEFER_ACCEPT (3.5), then the accept queue (4.4). */
function judgeFinalAck(host: Host, row: number, seg: Int32Array, at: number): number {
  const listener = listenerOf(host, row);
  const meta = host.table.rows[(row << ROW_SHIFT) + R_META]!;
  const isBare = seg[at + S_LEN] === 0 && (seg[at + S_FLAGS]! & FIN) === 0;
  if (isBare && timeoutsOf(meta) < listener.deferTimeouts) return Verdict.defer_accept_drop;
  if (!listener.acceptIsFull()) return Verdict.handshake_done;
  return host.spec.abortOnOverflow === 1 ? Verdict.handshake_aborted : Verdict.handshake_accept_full;
}

/** Does what a verdict says; answers the child's row or -1. */
function actOnRequest(host: Host, row: number, verdict: number, seg: Int32Array, at: number): number {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  switch (verdict) {
    case Verdict.dup_syn_answered:
      noteRetransmit(host, row);
      sendSynAck(host, row);
      host.rearm(row, synAckTicks(host, timeoutsOf(rows[to + R_META]!)));
      return -1;
    case Verdict.request_paws:
    case Verdict.request_tsecr:
    case Verdict.request_window:
    case Verdict.request_rst_challenge:
      host.sendFrom(row, ACK, (rows[to + R_SND_NXT]! + 1) | 0, rows[to + R_RCV_NXT]!, 0);
      return -1;
    case Verdict.request_rst:
      dropRequest(host, row);
      return -1;
    case Verdict.request_bad_syn:
      sendReset(host, seg, at);
      dropRequest(host, row);
      return -1;
    case Verdict.handshake_aborted:
      sendReset(host, seg, at);
      dropRequest(host, row);
      return -1;
    case Verdict.defer_accept_drop:
    case Verdict.handshake_accept_full:
      rows[to + R_META] = rows[to + R_META]! | REQ_ACKED;
      return -1;
    case Verdict.handshake_done:
      return completeHandshake(host, row, seg, at);
    default:
      return -1;
  }
}

function completeHandshake(host: Host, row: number, seg: Int32Array, at: number): number {
  const listener = listenerOf(host, row);
  const retransmits = (host.table.rows[(row << ROW_SHIFT) + R_META]! >> REQ_RETRANS_SHIFT) & REQ_COUNT_MASK;
  leaveQueue(host, row);
  host.wheel.disarm(row);
  acceptChild(host, listener, row, seg, at, retransmits);
  return row;
}
