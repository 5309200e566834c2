/**
 * A segment arrives at a host, or one of its ticks begins: which socket is it for?
 *
 * Models   tcp_ipv4.c:tcp_v4_rcv (6.18): the established hash (full sockets, requests, mini-sockets) is searched before the listeners.
 */
import { Verdict } from "../vocabulary/verdicts.ts";
import { adoptAttempt } from "./child.ts";
import { onSynTimer, receiveInSynSent } from "./connect.ts";
import { onSecondTimer, receiveForFull } from "./established.ts";
import type { Host } from "./host.ts";
import { onKeepaliveTimer } from "./keepalive.ts";
import {
  ACK,
  F_OWNER,
  FIN,
  FULL_ROW,
  MORE_SHIFT,
  NEW_SYN_RECV,
  NO_ROW,
  OPTIONS_ROW,
  R_HASH,
  R_STATE,
  ROW_MINI,
  ROW_SHIFT,
  ROW_STATE_MASK,
  RST,
  S_ATTEMPT,
  S_DST,
  S_FLAGS,
  S_LEN,
  S_PORTS,
  S_SRC,
  SYN,
  SYN_RECV,
  SYN_SENT,
} from "./layout.ts";
import { receiveCookieAck, receiveSyn } from "./listen.ts";
import { dropRequest, onSynAckTimer, receiveForRequest } from "./request.ts";
import { sendReset } from "./reset.ts";
import { onCrossedTimer, receiveInSynRecv } from "./simultaneous-open.ts";
import { listenerOf } from "./syn-queue.ts";
import { hashTuple } from "./table.ts";
import { expireTimeWait, receiveForTimeWait } from "./time-wait.ts";
import { onRetransmitTimer } from "./transmit.ts";

/** Delivers the segment at `seg[at]`. */
export function deliver(host: Host, seg: Int32Array, at: number): void {
  host.counts[Verdict.segment_in] = host.counts[Verdict.segment_in]! + 1 + (seg[at + S_FLAGS]! >>> MORE_SHIFT);
  const local = seg[at + S_DST]!;
  const peer = seg[at + S_SRC]!;
  const ports = seg[at + S_PORTS]!;
  const hash = hashTuple(local, peer, ports);
  const row = host.table.find(hash, local, peer, ports);
  if (row === NO_ROW) {
    deliverToListener(host, seg, at, hash);
    return;
  }
  const word = host.table.rows[(row << ROW_SHIFT) + R_STATE]!;
  const state = word & ROW_STATE_MASK;
  if (state === NEW_SYN_RECV) {
    deliverToRequest(host, row, seg, at, hash);
    return;
  }
  if ((word & ROW_MINI) !== 0) receiveForTimeWait(host, row, seg, at, hash);
  else if (state === SYN_SENT) receiveInSynSent(host, row, seg, at);
  else if (state === SYN_RECV) receiveInSynRecv(host, row, seg, at);
  else receiveForFull(host, row, seg, at);
}

function deliverToRequest(host: Host, row: number, seg: Int32Array, at: number, hash: number): void {
  if (!listenerOf(host, row).listening) {
    host.apply(Verdict.request_listener_gone, seg[at + S_ATTEMPT]!);
    dropRequest(host, row);
    deliverToListener(host, seg, at, hash);
    return;
  }
  const child = receiveForRequest(host, row, seg, at, hash);
  if (child >= 0) welcome(host, child, seg, at);
}

/** The handshake's last segment goes on to the child; the listener's application is woken. */
function welcome(host: Host, child: number, seg: Int32Array, at: number): void {
  host.ledger.progress(seg[at + S_ATTEMPT]!);
  adoptAttempt(host, child, seg[at + S_ATTEMPT]!);
  host.onChild(child);
  if (seg[at + S_LEN]! > 0 || (seg[at + S_FLAGS]! & FIN) !== 0) receiveForFull(host, child, seg, at);
}

function deliverToListener(host: Host, seg: Int32Array, at: number, hash: number): void {
  const flags = seg[at + S_FLAGS]!;
  const attempt = seg[at + S_ATTEMPT]!;
  const listener = host.listenerFor(seg[at + S_PORTS]! >>> 16, hash);
  if ((flags & RST) !== 0) {
    host.apply(Verdict.ignored, attempt);
    return;
  }
  if (listener === null) {
    host.apply((flags & FIN) === 0 ? Verdict.no_socket : Verdict.late_fin, attempt);
    sendReset(host, seg, at);
    return;
  }
  switch (flags & (SYN | ACK | FIN)) {
    case SYN:
      receiveSyn(host, listener, seg, at, hash, false, 0);
      return;
    case ACK:
    case ACK | FIN: {
      const child = receiveCookieAck(host, listener, seg, at, hash, false);
      if (child >= 0) welcome(host, child, seg, at);
      return;
    }
    case SYN | ACK:
    case SYN | ACK | FIN:
      host.apply(Verdict.stray_ack, attempt);
      sendReset(host, seg, at);
      return;
    default:
      host.apply(Verdict.ignored, attempt);
  }
}

/** Runs every timer that is due at the host's next tick. */
export function runTick(host: Host): void {
  const tick = host.wheel.nextTick;
  for (let row = host.wheel.pop(tick); row !== NO_ROW; row = host.wheel.pop(tick)) fire(host, row);
  host.updateDue();
}

function fire(host: Host, row: number): void {
  host.onTimer(row);
  const word = host.table.rows[(row << ROW_SHIFT) + R_STATE]!;
  const state = word & ROW_STATE_MASK;
  if (state === NEW_SYN_RECV) {
    if (host.receive !== null) host.receive.onRequestTimer(host.table.rows[(row << ROW_SHIFT) + R_HASH]!);
    onSynAckTimer(host, row);
  } else if (state === FULL_ROW) onSecondTimer(host, host.table.rows[(row << ROW_SHIFT) + F_OWNER]!, row);
  else if (state === OPTIONS_ROW) onKeepaliveTimer(host, row);
  else if ((word & ROW_MINI) !== 0) expireTimeWait(host, row);
  else if (state === SYN_SENT) onSynTimer(host, row);
  else if (state === SYN_RECV) onCrossedTimer(host, row);
  else onRetransmitTimer(host, row);
}
