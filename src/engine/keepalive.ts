/**
 * Keepalive: probes of a silent connection, and the end of one whose peer does not answer.
 *
 * Read first  RFC 9293 section 3.8.4, RFC 5482; tcp(7): SO_KEEPALIVE, TCP_USER_TIMEOUT.
 * Models      tcp_timer.c:tcp_keepalive_timer; tcp.h:keepalive_time_elapsed; tcp_output.c:tcp_write_wakeup, tcp_xmit_probe_skb (6.18). Asked of a
 *             live 6.18.44: times, segments, counters, the RST at the end.
 * The probe   has a sequence number that was acknowledged long ago and no data, so the peer answers with an ACK (acceptable.ts), at most one
 *             in tcp_invalid_ratelimit.
 */
import { Verdict } from "../vocabulary/verdicts.ts";
import { die, sendActiveReset } from "./death.ts";
import { clearDelayedAck } from "./delayed-ack.ts";
import type { Host } from "./host.ts";
import {
  ACK,
  F_OWNER,
  F_SND_UNA,
  NO_ROW,
  O_HEARD,
  O_PROBES,
  R_ATTEMPT,
  R_RCV_NXT,
  R_SND_NXT,
  ROW_SHIFT,
} from "./layout.ts";

/** A socket has become ESTABLISHED: the silence is counted from now. */
export function startKeepalive(host: Host, row: number): void {
  const options = host.options!.rowOf(row);
  if (options === NO_ROW) return;
  host.options!.heardAck(row, host.tick());
  const { keepaliveS } = host.options!.specOf(options);
  if (keepaliveS > 0) host.arm(options, keepaliveS * host.spec.hz);
}

/** The timer of the third row `options` fired. */
export function onKeepaliveTimer(host: Host, options: number): void {
  const rows = host.table.rows;
  const at = options << ROW_SHIFT;
  const row = rows[at + F_OWNER]!;
  const { keepaliveS, keepaliveIntervalS, keepaliveProbes, userTimeoutMs } = host.options!.specOf(options);
  const timeTicks = keepaliveS * host.spec.hz;
  // What is in flight has a timer of its own, and so the connection is alive without keepalive.
  if (rows[(host.fullOf(row) << ROW_SHIFT) + F_SND_UNA] !== rows[(row << ROW_SHIFT) + R_SND_NXT]) {
    host.arm(options, timeTicks);
    return;
  }
  const silentTicks = (host.tick() - rows[at + O_HEARD]!) | 0;
  if (silentTicks < timeTicks) {
    host.arm(options, timeTicks - silentTicks);
    return;
  }
  const probes = rows[at + O_PROBES]!;
  // TCP_USER_TIMEOUT takes the place of the number of probes; one is sent in any case.
  const isOver =
    userTimeoutMs > 0
      ? probes > 0 && silentTicks >= Math.ceil((userTimeoutMs * host.spec.hz) / 1000)
      : probes >= keepaliveProbes;
  if (isOver) {
    giveUp(host, row);
    return;
  }
  rows[at + O_PROBES] = probes + 1;
  sendProbe(host, row);
  host.arm(options, keepaliveIntervalS * host.spec.hz);
}

function sendProbe(host: Host, row: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const full = host.fullOf(row);
  host.apply(Verdict.keepalive_probe, rows[at + R_ATTEMPT]!);
  clearDelayedAck(host, full);
  host.sendFrom(row, ACK, (rows[(full << ROW_SHIFT) + F_SND_UNA]! - 1) | 0, rows[at + R_RCV_NXT]!, 0);
}

function giveUp(host: Host, row: number): void {
  host.apply(Verdict.keepalive_timed_out, host.table.rows[(row << ROW_SHIFT) + R_ATTEMPT]!);
  sendActiveReset(host, row);
  die(host, row, true);
}
