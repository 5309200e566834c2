/**
 * A listening socket meets a segment: SYN, cookie ACK, strays.
 *
 * Read first  RFC 9293 section 3.10.7.2 (LISTEN); kernel-semantics 2.2, 5.4.
 * Models      tcp_input.c:tcp_conn_request, tcp_ipv4.c:tcp_v4_cookie_check, syncookies.c:cookie_v4_check (6.18). The order of the checks is
 *             the kernel's and shows in the counters.
 * Left out    TCP Fast Open; allocation and route failures.
 */
import { CLASS_DEFAULT, COOKIE_MSS, cookieMssIndex } from "../vocabulary/mss.ts";
import { Verdict } from "../vocabulary/verdicts.ts";
import { acceptChild } from "./child.ts";
import {
  COOKIE_VALID_S,
  cookieFor,
  cookieHasSack,
  cookieHasScale,
  cookieTimestamp,
  mssIndexOf,
  NOT_VALID,
} from "./cookie.ts";
import type { Host } from "./host.ts";
import { metFullQueue, warnNow } from "./kernel-log.ts";
import {
  ACK,
  FIN,
  mssClassOf,
  NEW_SYN_RECV,
  OPT_SACK,
  OPT_TS,
  OPT_WSCALE,
  R_ATTEMPT,
  R_META,
  R_OOW_MS,
  R_RCV_NXT,
  R_SENT_US,
  R_SND_NXT,
  R_STATE,
  R_TS_RECENT,
  ROW_MSS_SHIFT,
  ROW_SACK,
  ROW_SHIFT,
  ROW_TS,
  ROW_WSCALE,
  S_ACK,
  S_ATTEMPT,
  S_DST,
  S_FLAGS,
  S_PORTS,
  S_SEQ,
  S_SRC,
  S_TSECR,
  S_TSVAL,
  SYN,
} from "./layout.ts";
import type { Listener } from "./listener.ts";
import { sendReset } from "./reset.ts";
import { beforeSynQueueChange, isLastQuarter } from "./syn-queue.ts";
import { establishAtSyn } from "./two-way.ts";

/** First time-out of a SYN-ACK: TCP_TIMEOUT_INIT. */
const SYNACK_TIMEOUT_S = 1;

/**
 * Decides about a SYN of a 4-tuple that no socket has, and changes nothing; the verdict fixes every counter and the reply.
 * `pair`: local ^ peer address, for the peer's cached metrics.
 * `viaTimeWait`: a TIME_WAIT socket let it through (kernel-semantics 7.8), which exempts it from the SYN queue's limits.
 * `flags`, `tsval`: the SYN's own, which tcp_tw_recycle looks at.
 */
export function judgeSyn(
  host: Host,
  listener: Listener,
  pair: number,
  viaTimeWait: boolean,
  flags: number,
  tsval: number,
): number {
  if (host.spec.twoWay === 1) return listener.acceptIsFull() ? Verdict.syn_accept_full : Verdict.syn_established;
  const syncookies = host.spec.syncookies;
  let cookie = false;
  if (!viaTimeWait && (syncookies === 2 || listener.synIsFull())) {
    if (syncookies === 0) return Verdict.syn_queue_full;
    cookie = true;
  }
  if (listener.acceptIsFull() && listener.young > host.spec.acceptFullYoung)
    return cookie ? Verdict.syn_both_full : Verdict.syn_accept_full;
  if (!cookie && !viaTimeWait && host.spec.twRecycle === 1) {
    const hasTs = (flags & OPT_TS) !== 0 && host.spec.timestamps !== 0;
    if (host.metrics.isOutdated(pair, hasTs, tsval, host.uptimeS(host.nowMs()))) return Verdict.syn_tw_recycle;
  } else if (!cookie && !viaTimeWait && syncookies === 0) {
    const max = host.spec.maxSynBacklog;
    const isProven = host.spec.provenPeers === 1 && host.metrics.isProven(pair);
    if (isLastQuarter(max, listener.synLength) && !isProven) return Verdict.syn_last_quarter;
  }
  return cookie ? Verdict.syn_cookie : Verdict.syn_queued;
}

/** A SYN for a listener. `isn`: the initial sequence number a TIME_WAIT socket chose, used iff `viaTimeWait`. */
export function receiveSyn(
  host: Host,
  listener: Listener,
  seg: Int32Array,
  at: number,
  hash: number,
  viaTimeWait: boolean,
  isn: number,
): void {
  const pair = seg[at + S_SRC]! ^ seg[at + S_DST]!;
  const verdict = judgeSyn(host, listener, pair, viaTimeWait, seg[at + S_FLAGS]!, seg[at + S_TSVAL]!);
  const attempt = seg[at + S_ATTEMPT]!;
  host.apply(verdict, attempt);
  if (verdict === Verdict.syn_queued || verdict === Verdict.syn_established) {
    const sequence = viaTimeWait ? isn : host.initialSequence(hash);
    const row = openRequest(
      host,
      listener,
      seg[at + S_FLAGS]!,
      seg[at + S_DST]!,
      seg[at + S_SRC]!,
      seg[at + S_PORTS]!,
      hash,
      seg[at + S_SEQ]!,
      seg[at + S_TSVAL]!,
      sequence,
      attempt,
    );
    sendSynAck(host, row);
    if (verdict === Verdict.syn_established) establishAtSyn(host, listener, row);
  } else if (verdict === Verdict.syn_cookie) {
    noteCookieSent(host, listener);
    sendCookie(host, seg, at, hash);
  }
  if (!listener.hasWarned && metFullQueue(verdict)) warnNow(host, listener);
}

/** Makes a half-open request (2.2 step 9): in the hash, with a timer of one second. */
export function openRequest(
  host: Host,
  listener: Listener,
  flags: number,
  local: number,
  peer: number,
  ports: number,
  hash: number,
  clientSeq: number,
  tsval: number,
  isn: number,
  attempt: number,
): number {
  const row = host.open(NEW_SYN_RECV, local, peer, ports, hash, attempt);
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const hasTs = (flags & OPT_TS) !== 0 && host.spec.timestamps !== 0;
  const hasSack = (flags & OPT_SACK) !== 0 && host.spec.sack === 1;
  const scales = (flags & OPT_WSCALE) !== 0 && host.spec.windowScaling === 1;
  const mss = mssClassOf(flags) << ROW_MSS_SHIFT;
  rows[at + R_STATE] = NEW_SYN_RECV | mss | (hasTs ? ROW_TS : 0) | (hasSack ? ROW_SACK : 0) | (scales ? ROW_WSCALE : 0);
  rows[at + R_RCV_NXT] = (clientSeq + 1) | 0;
  rows[at + R_SND_NXT] = isn;
  rows[at + R_TS_RECENT] = tsval;
  rows[at + R_OOW_MS] = 0;
  rows[at + R_META] = listener.index;
  rows[at + R_SENT_US] = host.nowUs();
  host.synRecvByRetransmits[0] = host.synRecvByRetransmits[0]! + 1;
  beforeSynQueueChange(host, listener, 1);
  listener.addRequest(host.now);
  host.arm(row, SYNACK_TIMEOUT_S * host.spec.hz);
  return row;
}

/** Sends the SYN-ACK of a request (the counters are the verdict's). */
export function sendSynAck(host: Host, row: number): void {
  const at = row << ROW_SHIFT;
  const rows = host.table.rows;
  const answerer = host.answerer;
  if (answerer?.isMute(rows[at + R_ATTEMPT]!)) {
    answerer.countMute(true, 1);
    return;
  }
  const sack = (rows[at + R_STATE]! & ROW_SACK) !== 0 ? OPT_SACK : 0;
  const scale = (rows[at + R_STATE]! & ROW_WSCALE) !== 0 ? OPT_WSCALE : 0;
  host.sendFrom(row, SYN | ACK | sack | scale, rows[at + R_SND_NXT]!, rows[at + R_RCV_NXT]!, 0);
}

/** tcp.h:tcp_synq_overflow: the time is kept for a second before it is written again. */
export function noteCookieSent(host: Host, listener: Listener): void {
  const keeper = host.overflowKeeper(listener);
  if (host.now[0]! < keeper.refreshNs[0]!) return;
  // A packet that lags may have been the one that was due.
  host.beforeChange();
  if (host.now[0]! >= keeper.refreshNs[0]!) keeper.stampOverflow(host, host.tick());
}

/** tcp.h:tcp_synq_no_recent_overflow, the other way round: whether ACKs are examined as cookies now. */
export function cookieSentRecently(host: Host, listener: Listener): boolean {
  if (isRecent(host, listener)) return true;
  // Packets that lag may have sent one since; where one was sent recently they change nothing.
  host.beforeChange();
  return isRecent(host, listener);
}

function isRecent(host: Host, listener: Listener): boolean {
  const stored = host.overflowKeeper(listener).overflowTick;
  const tick = host.tick();
  return stored - host.spec.hz <= tick && tick <= stored + COOKIE_VALID_S * host.spec.hz;
}

function sendCookie(host: Host, seg: Int32Array, at: number, hash: number): void {
  const flags = seg[at + S_FLAGS]!;
  const hasTs = (flags & OPT_TS) !== 0 && host.spec.timestamps !== 0;
  const own = (host.spec.sack === 1 ? OPT_SACK : 0) | (host.spec.windowScaling === 1 ? OPT_WSCALE : 0);
  // Without a timestamp to carry them, SACK and window scale are forgotten (2.2 step 4).
  const options = hasTs ? OPT_TS | (flags & own) : 0;
  const mss = mssClassOf(flags) === CLASS_DEFAULT ? COOKIE_MSS[0] : host.spec.peerMss;
  const cookie = cookieFor(hash, host.secret, seg[at + S_SEQ]!, host.cookieMinute(), cookieMssIndex(mss));
  const offset = host.timestampOffset(hash, seg[at + S_DST]!, seg[at + S_SRC]!);
  const tsval = hasTs ? (cookieTimestamp(host.timestampNow(), options) + offset) | 0 : 0;
  host.send(
    SYN | ACK | options,
    seg[at + S_DST]!,
    seg[at + S_SRC]!,
    seg[at + S_PORTS]!,
    cookie,
    (seg[at + S_SEQ]! + 1) | 0,
    0,
    tsval,
    seg[at + S_TSVAL]!,
    seg[at + S_ATTEMPT]!,
  );
}

/** What a listener says to an ACK that fits no socket (5.4 steps 1 to 4); changes nothing. `hasRequest`: a half-open has its 4-tuple. */
export function judgeCookieAck(
  host: Host,
  listener: Listener,
  seg: Int32Array,
  at: number,
  hash: number,
  hasRequest: boolean,
): number {
  if (host.spec.syncookies === 0 || !cookieSentRecently(host, listener))
    return (seg[at + S_FLAGS]! & FIN) === 0 ? Verdict.stray_ack : Verdict.stray_fin;
  if (mssIndexIn(host, seg, at, hash) === NOT_VALID) return Verdict.cookie_invalid;
  if ((seg[at + S_FLAGS]! & OPT_TS) !== 0 && host.spec.timestamps === 0) return Verdict.cookie_options_off;
  if (listener.acceptIsFull()) return Verdict.cookie_accept_full;
  // tcp_v4_syn_recv_sock: the child is made and counted, then its 4-tuple is found taken (asked of a live 6.18.44).
  return hasRequest ? Verdict.cookie_tuple_taken : Verdict.cookie_accepted;
}

/** What the cookie that an ACK brings back has kept of the client's MSS. */
function mssIndexIn(host: Host, seg: Int32Array, at: number, hash: number): number {
  const clientSeq = (seg[at + S_SEQ]! - 1) | 0;
  return mssIndexOf((seg[at + S_ACK]! - 1) | 0, hash, host.secret, clientSeq, host.cookieMinute());
}

/** An ACK for a listener. Answers the row of the child that a valid cookie made (the segment's data is still to be processed), or -1. */
export function receiveCookieAck(
  host: Host,
  listener: Listener,
  seg: Int32Array,
  at: number,
  hash: number,
  hasRequest: boolean,
): number {
  const verdict = judgeCookieAck(host, listener, seg, at, hash, hasRequest);
  const attempt = seg[at + S_ATTEMPT]!;
  host.apply(verdict, attempt);
  if (verdict === Verdict.cookie_accept_full || verdict === Verdict.cookie_tuple_taken) return -1;
  if (verdict !== Verdict.cookie_accepted) {
    sendReset(host, seg, at);
    return -1;
  }
  const row = host.open(NEW_SYN_RECV, seg[at + S_DST]!, seg[at + S_SRC]!, seg[at + S_PORTS]!, hash, attempt);
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const hasTs = (seg[at + S_FLAGS]! & OPT_TS) !== 0;
  const echoed = (seg[at + S_TSECR]! - host.timestampOffset(hash, seg[at + S_DST]!, seg[at + S_SRC]!)) | 0;
  const sack = hasTs && cookieHasSack(echoed) && host.spec.sack === 1;
  const scales = hasTs && cookieHasScale(echoed) && host.spec.windowScaling === 1;
  const kept = (1 + mssIndexIn(host, seg, at, hash)) << ROW_MSS_SHIFT;
  rows[to + R_STATE] = NEW_SYN_RECV | kept | (hasTs ? ROW_TS : 0) | (sack ? ROW_SACK : 0) | (scales ? ROW_WSCALE : 0);
  rows[to + R_RCV_NXT] = seg[at + S_SEQ]!;
  rows[to + R_SND_NXT] = (seg[at + S_ACK]! - 1) | 0;
  rows[to + R_TS_RECENT] = seg[at + S_TSVAL]!;
  rows[to + R_META] = listener.index;
  acceptChild(host, listener, row, seg, at, -1);
  return row;
}
