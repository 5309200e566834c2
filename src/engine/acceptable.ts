/**
 * Which segments a full socket takes: PAWS, the window, RST, SYN; what it answers to the others.
 *
 * Read first  RFC 9293 section 3.10.7.4 (first four steps), RFC 5961; kernel-semantics 6.6, 7.6.
 * Models      tcp_input.c:tcp_validate_incoming, tcp_replace_ts_recent, tcp_send_challenge_ack (6.18.44).
 */
import { Verdict } from "../vocabulary/verdicts.ts";
import { die } from "./death.ts";
import { isAckDelayed } from "./delayed-ack.ts";
import type { Host } from "./host.ts";
import {
  before,
  CLOSE_WAIT,
  CLOSING,
  ESTABLISHED,
  FIN,
  LAST_ACK,
  OPT_TS,
  R_ATTEMPT,
  R_OOW_MS,
  R_RCV_NXT,
  R_STATE,
  R_TS_RECENT,
  ROW_SHIFT,
  ROW_TS,
  RST,
  S_ATTEMPT,
  S_FLAGS,
  S_LEN,
  S_SEQ,
  S_TSVAL,
  SYN,
} from "./layout.ts";
import { isChallengeBudgetSpent, isRateLimited, isStampRecent } from "./rate-limit.ts";
import { sendAck } from "./transmit.ts";
import { answersSynAgain } from "./two-way.ts";

/** Receive window that matters here: no segment begins beyond it, since flights do not overlap. */
export const WINDOW = 65535;
/** TCP_PAWS_WINDOW: so much older than the newest timestamp a segment may be. */
const PAWS_WINDOW_MS = 1;

/** tcp_validate_incoming: PAWS, window, RST, SYN. False: the segment is done with. */
export function isAcceptable(host: Host, row: number, seg: Int32Array, at: number): boolean {
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
    if (host.spec.twoWay === 0 || !answersSynAgain(host, row, seg, at)) challengeSyn(host, row);
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
  challengeAck(host, row, attempt);
}

/** tcp_send_challenge_ack: an ACK that says where the connection stands, if neither the socket's limiter nor the host's holds it back. */
export function challengeAck(host: Host, row: number, attempt: number): void {
  if (isStampRecent(host, (row << ROW_SHIFT) + R_OOW_MS)) host.apply(Verdict.challenge_rst_skipped, attempt);
  else if (isChallengeBudgetSpent(host)) host.apply(Verdict.challenge_rst_unsent, attempt);
  else sendAck(host, row, Verdict.challenge_rst);
}

/** A SYN, or a repeated SYN-ACK (RFC 5961 section 4.2). The ACK completes the server's pending handshake. */
function challengeSyn(host: Host, row: number): void {
  const attempt = host.table.rows[(row << ROW_SHIFT) + R_ATTEMPT]!;
  if (host.stateOf(row) === ESTABLISHED) host.apply(Verdict.established_syn, attempt);
  if (isStampRecent(host, (row << ROW_SHIFT) + R_OOW_MS)) host.apply(Verdict.challenge_syn_skipped, attempt);
  else if (isChallengeBudgetSpent(host)) host.apply(Verdict.challenge_syn_unsent, attempt);
  else sendAck(host, row, Verdict.challenge_syn);
}

/** tcp_replace_ts_recent: of segments that begin in order, and never back in time. */
export function noteTimestamp(host: Host, row: number, seg: Int32Array, at: number): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  if ((seg[at + S_FLAGS]! & OPT_TS) === 0 || (rows[to + R_STATE]! & ROW_TS) === 0) return;
  if (before(rows[to + R_RCV_NXT]!, seg[at + S_SEQ]!) || before(seg[at + S_TSVAL]!, rows[to + R_TS_RECENT]!)) return;
  rows[to + R_TS_RECENT] = seg[at + S_TSVAL]!;
}
