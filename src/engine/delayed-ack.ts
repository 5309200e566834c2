/**
 * Delayed ACKs: the second row's timer, as long as it is not FIN_WAIT2's.
 *
 * Read first  RFC 9293 section 3.8.6.3; kernel-semantics 11.5 (FIN on ESTABLISHED).
 * Models      tcp_output.c:tcp_send_delayed_ack (6.18).
 */
import type { Host } from "./host.ts";
import { F_FLAGS, FL_ATO, FL_FIN_WAIT2_TIMER, ROW_SHIFT } from "./layout.ts";

/** Delayed-ACK estimate: TCP_ATO_MIN = TCP_DELACK_MIN = 40 ms. */
export const ATO_MS = 40;

/** Whether something received is not acknowledged yet: the second row's timer is the delayed ACK's. */
export function isAckDelayed(host: Host, full: number): boolean {
  const flags = host.table.rows[(full << ROW_SHIFT) + F_FLAGS]!;
  return host.wheel.isArmed(full) && (flags & FL_FIN_WAIT2_TIMER) === 0;
}

/** The ACK waits for something to carry it: until the next tick before the first data has come (icsk_ack.ato is 0, so the timer is set for now). */
export function delayAck(host: Host, full: number): void {
  if (host.wheel.isArmed(full)) return;
  const hasEstimate = (host.table.rows[(full << ROW_SHIFT) + F_FLAGS]! & FL_ATO) !== 0;
  host.arm(full, hasEstimate ? Math.ceil((ATO_MS * host.spec.hz) / 1000) : 0);
}

/** Every segment carries the ACK that was being held back. (The second row's timer is FIN_WAIT2's once the FIN is acknowledged.) */
export function clearDelayedAck(host: Host, full: number): void {
  if ((host.table.rows[(full << ROW_SHIFT) + F_FLAGS]! & FL_FIN_WAIT2_TIMER) === 0) host.wheel.disarm(full);
}
