/**
 * The ACK of an acceptable segment: what it acknowledges, what is sent now, and the states that it moves.
 *
 * Read first  RFC 9293 section 3.10.7.4 (fifth step); kernel-semantics 7.2.
 * Models      tcp_input.c:tcp_ack, tcp_rcv_state_process (6.18.44), for connections that carry data in flights (transmit.ts).
 */
import { Verdict } from "../vocabulary/verdicts.ts";
import { challengeAck, WINDOW } from "./acceptable.ts";
import { echoedRttUs } from "./child.ts";
import { enterFinWait2, leaveOrphans } from "./fin-wait.ts";
import type { Host } from "./host.ts";
import {
  before,
  CLOSING,
  ESTABLISHED,
  F_FLAGS,
  F_RETRANS,
  F_SND_UNA,
  F_STREAM,
  F_TX_BYTES,
  FIN_WAIT1,
  FL_FIN_PENDING,
  FL_FIN_SACKED,
  FL_LOSS,
  FL_RETRANSMITTED,
  FL_TLP_SENT,
  LAST_ACK,
  NO_ROW,
  OPT_TS,
  R_SENT_US,
  R_SND_NXT,
  ROW_SHIFT,
  S_ACK,
  S_ATTEMPT,
  S_FLAGS,
  SACKED,
  TIME_WAIT,
} from "./layout.ts";
import { takeRttSample } from "./rtt.ts";
import { Repair } from "./streams.ts";
import { enterTimeWait, updateMetrics } from "./time-wait.ts";
import { rearmAfterAck, resendRest, scheduleReordering, segmentsOf, sendFin, sendFlight } from "./transmit.ts";

/** tcp_ack and the states that an ACK moves. False: the socket is gone, or the ACK is for something never sent, or of another connection. */
export function takeAck(host: Host, row: number, seg: Int32Array, at: number): boolean {
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
    else challengeAck(host, row, seg[at + S_ATTEMPT]!);
    return false;
  }
  if (before(ack, (una - WINDOW) | 0)) {
    // RFC 5961 section 5.2: an ACK from so long ago is of another connection. The kernel takes the bytes acknowledged so far, if they are fewer.
    challengeAck(host, row, seg[at + S_ATTEMPT]!);
    return false;
  }
  if (host.options !== null && !before(ack, una)) host.options.heardAck(row, host.tick());
  if (before(una, ack)) acknowledge(host, row, full, ack, seg, at);
  else if ((seg[at + S_FLAGS]! & SACKED) !== 0 && rows[fat + F_TX_BYTES]! > 0) {
    rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_FIN_SACKED;
    scheduleReordering(host, row);
  }
  const isFinAcked = ack === rows[to + R_SND_NXT]! && (rows[fat + F_FLAGS]! & FL_FIN_PENDING) === 0;
  switch (host.stateOf(row)) {
    case FIN_WAIT1:
      return isFinAcked ? enterFinWait2(host, row, full, seg, at) : true;
    case CLOSING:
      if (!isFinAcked) return true;
      leaveOrphans(host, full);
      enterTimeWait(host, row, TIME_WAIT, host.timeWaitTicks);
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
  rows[fat + F_FLAGS] = flags & ~(FL_LOSS | FL_TLP_SENT | FL_RETRANSMITTED | FL_FIN_SACKED);
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
