/**
 * Simultaneous open: two SYNs cross, and both ends are in SYN_RECV with a full socket each. No half-open, no queue, no listener.
 *
 * Read first  RFC 9293 section 3.5 (figure 8), 3.10.7.3 (fourth step); kernel-semantics 6.2 step 6.
 * Models      tcp_input.c:tcp_rcv_synsent_state_process, tcp_rcv_state_process (SYN_RECV), tcp_validate_incoming; tcp_output.c:tcp_send_synack;
 *             tcp_timer.c:tcp_write_timeout (6.18). Asked of a live 6.18.44: the SYN-ACK takes over the SYN's timer and counts nothing; a SYN-ACK
 *             that comes is answered by an ACK; an ACK that acknowledges something else by a RST, and the socket stays.
 * Words       F_RETRANS, F_RTO: retransmissions and time-out go on from SYN_SENT. F_RETRANS_MS: when the first SYN was sent. F_SND_UNA: the SYN.
 * Left out    SYN-ACKs that are sent again after close() in SYN_RECV: the FIN counts as all that is in flight.
 */
import { Outcome } from "../vocabulary/outcomes.ts";
import { Verdict } from "../vocabulary/verdicts.ts";
import { isAcceptable } from "./acceptable.ts";
import { echoedRttUs, makeFull } from "./child.ts";
import { synRetransmitsOf, takeSyn, tellConnected, tellFailed } from "./connect.ts";
import type { Host } from "./host.ts";
import {
  ACK,
  ESTABLISHED,
  F_RETRANS,
  F_RETRANS_MS,
  F_RTO,
  F_SND_UNA,
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
  ROW_SACK,
  ROW_SHIFT,
  ROW_TS,
  ROW_WSCALE,
  RST,
  S_ACK,
  S_FLAGS,
  S_LEN,
  S_SEQ,
  SYN,
  SYN_COUNT_MASK,
  SYN_LISTENER_SHIFT,
  SYN_RECV,
} from "./layout.ts";
import { takeData } from "./receive-data.ts";
import { sendReset } from "./reset.ts";
import { cutByUserTimeout, setInitialRto, takeRttSample } from "./rtt.ts";
import { sendAck } from "./transmit.ts";

/** A SYN meets a socket in SYN_SENT. Its timer runs on. */
export function crossSyn(host: Host, row: number, seg: Int32Array, at: number): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const retransmits = synRetransmitsOf(host, row);
  const timeoutTicks = rows[to + R_OOW_MS]!;
  const isn = rows[to + R_SND_NXT]!;
  const sinceSynMs = Math.floor(((host.nowUs() - rows[to + R_SENT_US]!) >>> 0) / 1000);
  takeSyn(host, row, SYN_RECV, seg, at);
  rows[to + R_META] = rows[to + R_META]! >> SYN_LISTENER_SHIFT;
  const fat = makeFull(host, row, isn) << ROW_SHIFT;
  rows[fat + F_SND_UNA] = isn;
  rows[fat + F_RTO] = timeoutTicks;
  rows[fat + F_RETRANS] = retransmits;
  rows[fat + F_RETRANS_MS] = (host.nowMs() - sinceSynMs) | 0;
  rows[to + R_SENT_US] = host.nowUs();
  host.apply(Verdict.syn_crossed, rows[to + R_ATTEMPT]!);
  host.ledger.progress(rows[to + R_ATTEMPT]!);
  sendCrossedSynAck(host, row);
}

/** The SYN once more, now with an ACK: it offers what was offered and is agreed. */
function sendCrossedSynAck(host: Host, row: number): void {
  const at = row << ROW_SHIFT;
  const word = host.table.rows[at + R_STATE]!;
  const offers = ((word & ROW_SACK) !== 0 ? OPT_SACK : 0) | ((word & ROW_WSCALE) !== 0 ? OPT_WSCALE : 0);
  host.sendFrom(
    row,
    SYN | ACK | offers,
    (host.table.rows[at + R_SND_NXT]! - 1) | 0,
    host.table.rows[at + R_RCV_NXT]!,
    0,
  );
}

/** A segment for a socket in SYN_RECV. */
export function receiveInSynRecv(host: Host, row: number, seg: Int32Array, at: number): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const flags = seg[at + S_FLAGS]!;
  const attempt = rows[to + R_ATTEMPT]!;
  const isGoodAck = (flags & (ACK | RST)) === ACK && seg[at + S_ACK] === rows[to + R_SND_NXT];
  const isCrossedSynAck = (flags & SYN) !== 0 && isGoodAck && seg[at + S_SEQ] === ((rows[to + R_RCV_NXT]! - 1) | 0);
  if (isCrossedSynAck && host.spec.takesCrossedSynAck === 1) {
    establishCrossed(host, row, seg, at);
    // The SYN in it is a repetition, and those are acknowledged at once.
    sendAck(host, row, Verdict.ack_sent);
    return;
  }
  if ((flags & RST) !== 0 && seg[at + S_SEQ] === rows[to + R_RCV_NXT]) {
    failCrossed(host, row, Verdict.crossed_reset, Outcome.refused);
    return;
  }
  if (!isAcceptable(host, row, seg, at) || (flags & ACK) === 0) return;
  if (!isGoodAck) {
    host.apply(Verdict.crossed_bad_ack, attempt);
    sendReset(host, seg, at);
    return;
  }
  establishCrossed(host, row, seg, at);
  if (seg[at + S_LEN]! > 0 || host.stateOf(row) === ESTABLISHED) takeData(host, row, seg, at);
}

function establishCrossed(host: Host, row: number, seg: Int32Array, at: number): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const full = host.fullOf(row);
  const fat = full << ROW_SHIFT;
  const retransmits = rows[fat + F_RETRANS]! & SYN_COUNT_MASK;
  host.wheel.disarm(row);
  host.setState(row, ESTABLISHED);
  rows[fat + F_SND_UNA] = rows[to + R_SND_NXT]!;
  rows[fat + F_RETRANS] = 0;
  rows[fat + F_RTO] = 0;
  // The sample is that of the SYN-ACK.
  if (retransmits === 0) takeRttSample(host, full, Math.max(1, (host.nowUs() - rows[to + R_SENT_US]!) | 0));
  else if ((seg[at + S_FLAGS]! & OPT_TS) !== 0 && (rows[to + R_STATE]! & ROW_TS) !== 0)
    takeRttSample(host, full, echoedRttUs(host, row, seg, at));
  setInitialRto(host, row, full);
  rows[to + R_SENT_US] = host.nowUs();
  rows[fat + F_RETRANS_MS] = host.nowUs();
  host.apply(Verdict.crossed_open, rows[to + R_ATTEMPT]!);
  host.ledger.progress(rows[to + R_ATTEMPT]!);
  tellConnected(host, row, retransmits);
}

function failCrossed(host: Host, row: number, verdict: number, outcome: number): void {
  const rows = host.table.rows;
  const attempt = rows[(row << ROW_SHIFT) + R_ATTEMPT]!;
  const retransmits = rows[(host.fullOf(row) << ROW_SHIFT) + F_RETRANS]! & SYN_COUNT_MASK;
  host.apply(verdict, attempt);
  tellFailed(host, attempt, outcome, retransmits);
  host.free(row);
}

/** The SYN's timer in SYN_RECV: tcp_syn_retries without the linear ones, and each time-out twice the one before. */
export function onCrossedTimer(host: Host, row: number): void {
  const rows = host.table.rows;
  const fat = host.fullOf(row) << ROW_SHIFT;
  const attempt = rows[(row << ROW_SHIFT) + R_ATTEMPT]!;
  const sent = rows[fat + F_RETRANS]! & SYN_COUNT_MASK;
  const elapsedMs = (host.nowMs() - rows[fat + F_RETRANS_MS]!) | 0;
  const userMs = host.options === null ? 0 : host.options.userTimeoutMs(row);
  const limitMs = userMs > 0 ? userMs : host.connectTimeoutMs;
  if (sent >= host.spec.synRetries || (sent > 0 && elapsedMs >= limitMs)) {
    failCrossed(host, row, Verdict.connect_timed_out, Outcome.timed_out);
    return;
  }
  host.apply(Verdict.syn_timer_resend, attempt);
  if (sent > 0) host.apply(Verdict.lost_retransmit, attempt);
  rows[fat + F_RETRANS] = sent + 1;
  rows[fat + F_RTO] = Math.min(rows[fat + F_RTO]! * 2, host.maxRtoTicks);
  sendCrossedSynAck(host, row);
  host.arm(row, cutByUserTimeout(host, rows[fat + F_RTO]!, userMs, elapsedMs));
}
