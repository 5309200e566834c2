/** A half-open request's place in its listener's SYN queue, and how often its SYN-ACK was sent. */
import type { Host } from "./host.ts";
import {
  R_META,
  REQ_COUNT_MASK,
  REQ_LISTENER_MASK,
  REQ_RETRANS_SHIFT,
  REQ_TIMEOUTS_SHIFT,
  ROW_SHIFT,
} from "./layout.ts";
import type { Listener } from "./listener.ts";

export function listenerOf(host: Host, row: number): Listener {
  return host.listeners[host.table.rows[(row << ROW_SHIFT) + R_META]! & REQ_LISTENER_MASK]!;
}

/**
 * To be called before the SYN queue becomes `by` longer, or shorter. Packets that lag have to run only where a limit of judgeSyn() is crossed: on the same side of
 * all of them their verdict is the same.
 */
export function beforeSynQueueChange(host: Host, listener: Listener, by: number): void {
  const { spec } = host;
  const length = listener.synLength;
  const isCrossed =
    length > listener.synLimit !== length + by > listener.synLimit ||
    (spec.syncookies === 0 &&
      isLastQuarter(spec.maxSynBacklog, length) !== isLastQuarter(spec.maxSynBacklog, length + by));
  // Where `young` counts, it may change too.
  if (isCrossed || spec.acceptFullYoung >= 0) host.beforeChange();
}

/** Without cookies the last quarter of tcp_max_syn_backlog is for proven peers (2.2 step 7). */
export const isLastQuarter = (max: number, length: number): boolean => max - length < max >> 2;

/** How often its timer has fired. */
export function timeoutsOf(meta: number): number {
  return (meta >> REQ_TIMEOUTS_SHIFT) & REQ_COUNT_MASK;
}

/** A request's number of SYN-ACK retransmissions changes; `to` -1: it is none any more. */
export function moveClass(host: Host, from: number, to: number): void {
  const classes = host.synRecvByRetransmits;
  const last = classes.length - 1;
  const a = Math.min(from, last);
  classes[a] = classes[a]! - 1;
  if (to < 0) return;
  const b = Math.min(to, last);
  classes[b] = classes[b]! + 1;
}

/** Takes a request out of its listener's queue (it becomes a child, or is freed). */
export function leaveQueue(host: Host, row: number): void {
  const meta = host.table.rows[(row << ROW_SHIFT) + R_META]!;
  moveClass(host, (meta >> REQ_RETRANS_SHIFT) & REQ_COUNT_MASK, -1);
  const listener = listenerOf(host, row);
  beforeSynQueueChange(host, listener, -1);
  listener.removeRequest(timeoutsOf(meta) === 0, host.now);
}
