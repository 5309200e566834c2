/**
 * A handshake is complete: the child socket and its place in the accept queue.
 *
 * Models   tcp_minisocks.c:tcp_create_openreq_child, inet_connection_sock.c:inet_csk_complete_hashdance (6.18).
 */
import type { Host } from "./host.ts";
import { startKeepalive } from "./keepalive.ts";
import {
  ESTABLISHED,
  F_ACCEPT_NEXT,
  F_FLAGS,
  F_OWNER,
  F_RETRANS,
  F_RETRANS_MS,
  F_RTO,
  F_RTTVAR,
  F_RX_BYTES,
  F_RX_READ,
  F_SND_UNA,
  F_SRTT,
  F_TX_BYTES,
  FL_NARROW,
  FL_SERIAL_SHIFT,
  FULL_ROW,
  NO_ROW,
  OPT_TS,
  R_ATTEMPT,
  R_BUCKET,
  R_FULL,
  R_META,
  R_OOW_MS,
  R_SENT_US,
  R_SND_NXT,
  R_STATE,
  REQ_LISTENER_MASK,
  ROW_SHIFT,
  ROW_TS,
  S_FLAGS,
  S_TSECR,
} from "./layout.ts";
import type { Listener } from "./listener.ts";
import { setInitialRto, takeRttSample } from "./rtt.ts";

/** Gives `row` its second row; snd_una and snd_nxt are one past the initial sequence number. */
export function makeFull(host: Host, row: number, isn: number): number {
  const full = host.table.take();
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const fat = full << ROW_SHIFT;
  rows[fat + R_STATE] = FULL_ROW;
  rows[fat + R_BUCKET] = -1;
  rows[fat + F_OWNER] = row;
  rows[fat + F_SND_UNA] = (isn + 1) | 0;
  rows[fat + F_SRTT] = 0;
  rows[fat + F_RTTVAR] = 0;
  rows[fat + F_RTO] = 0;
  rows[fat + F_RETRANS] = 0;
  // Until the first time-out this word is free: it holds the time of birth, for the wait in the accept queue.
  rows[fat + F_RETRANS_MS] = host.nowUs();
  rows[fat + F_FLAGS] = host.nextSerial() << FL_SERIAL_SHIFT;
  rows[fat + F_TX_BYTES] = 0;
  rows[fat + F_RX_BYTES] = 0;
  rows[fat + F_RX_READ] = 0;
  rows[fat + F_ACCEPT_NEXT] = NO_ROW;
  rows[at + R_FULL] = full;
  rows[at + R_SND_NXT] = (isn + 1) | 0;
  rows[at + R_OOW_MS] = 0;
  return full;
}

/**
 * The handshake of a request is complete: a child. `sampleSynAck`: the SYN-ACK was sent once, so the handshake gives an RTT sample; else
 * timestamps do, if there are any (tcp_synack_rtt_meas).
 */
export function acceptChild(
  host: Host,
  listener: Listener,
  row: number,
  seg: Int32Array,
  at: number,
  retransmits: number,
): void {
  const sentUs = host.table.rows[(row << ROW_SHIFT) + R_SENT_US]!;
  let rttUs = 0;
  if (retransmits === 0) rttUs = Math.max(1, (host.nowUs() - sentUs) | 0);
  else if ((seg[at + S_FLAGS]! & OPT_TS) !== 0) rttUs = echoedRttUs(host, row, seg, at);
  const isNarrow = retransmits > 1 && !echoesFirst(host, row, seg, at, sentUs);
  makeChild(host, listener, row, rttUs, isNarrow ? FL_NARROW : 0);
}

/**
 * Turns a request into an established child at the end of its listener's accept queue. `rttUs`: of the handshake, 0 where it was not measured;
 * `flags`: FL_NARROW or 0.
 */
export function makeChild(host: Host, listener: Listener, row: number, rttUs: number, flags: number): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const full = makeFull(host, row, rows[to + R_SND_NXT]!);
  rows[to + R_META] = rows[to + R_META]! & REQ_LISTENER_MASK;
  host.setState(row, ESTABLISHED);
  if (rttUs > 0) takeRttSample(host, full, rttUs);
  setInitialRto(host, row, full);
  const fat = full << ROW_SHIFT;
  rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | flags;
  rows[to + R_SENT_US] = host.nowUs();
  rows[fat + F_ACCEPT_NEXT] = NO_ROW;
  if (listener.acceptTail === NO_ROW) listener.acceptHead = row;
  else rows[(rows[(listener.acceptTail << ROW_SHIFT) + R_FULL]! << ROW_SHIFT) + F_ACCEPT_NEXT] = row;
  listener.acceptTail = row;
  if (host.options !== null) {
    host.options.give(row, listener.index);
    startKeepalive(host, row);
  }
  // Only where it gets full do SYNs meet another fate.
  if (listener.acceptLength === listener.acceptLimit) host.beforeChange();
  listener.addChild(host.now);
}

/**
 * tcp_input.c:tcp_try_undo_spurious_syn: whether the handshake's last segment echoes the first SYN or SYN-ACK, sent at `sentUs`, so that sending it
 * again was needless.
 */
export function echoesFirst(host: Host, row: number, seg: Int32Array, at: number, sentUs: number): boolean {
  if ((seg[at + S_FLAGS]! & OPT_TS) === 0 || (host.table.rows[(row << ROW_SHIFT) + R_STATE]! & ROW_TS) === 0)
    return false;
  const ageUs = (host.nowUs() - sentUs) >>> 0;
  const first = host.timestampAtUs(ageUs);
  return seg[at + S_TSECR] === ((first + host.timestampOffsetOf(row)) | 0);
}

/**
 * Gives the connection at `row` to a client that lives and goes on with it: where numbers are equal, an old SYN or ACK may have made it.
 * Bookkeeping only: no rule reads it.
 */
export function adoptAttempt(host: Host, row: number, attempt: number): void {
  const word = (row << ROW_SHIFT) + R_ATTEMPT;
  if (host.table.rows[word] !== attempt && host.ledger.at(attempt) >= 0) host.table.rows[word] = attempt;
}

/** Whether a segment of `attempt` is of an earlier connection than the one at `row`. */
export function isOfEarlier(host: Host, row: number, attempt: number): boolean {
  adoptAttempt(host, row, attempt);
  return host.table.rows[(row << ROW_SHIFT) + R_ATTEMPT] !== attempt;
}

/** RTT by the timestamp echo, in whole units of its clock, at least one: tcp_rtt_tsopt_us. */
export function echoedRttUs(host: Host, row: number, seg: Int32Array, at: number): number {
  const echoed = (seg[at + S_TSECR]! - host.timestampOffsetOf(row)) | 0;
  return Math.max(1, (host.timestampNow() - echoed) | 0) * (1000 / host.timestampsPerMs());
}

/** Takes the first child off the accept queue, NO_ROW when it is empty (inet_csk_accept). */
export function takeChild(host: Host, listener: Listener): number {
  const row = listener.acceptHead;
  if (row === NO_ROW) return NO_ROW;
  const rows = host.table.rows;
  const link = (rows[(row << ROW_SHIFT) + R_FULL]! << ROW_SHIFT) + F_ACCEPT_NEXT;
  const next = rows[link]!;
  rows[link] = NO_ROW;
  listener.acceptHead = next;
  if (next === NO_ROW) listener.acceptTail = NO_ROW;
  if (listener.acceptIsFull()) host.beforeChange();
  listener.removeChild(host.now);
  return row;
}
