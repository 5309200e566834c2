/**
 * A listening socket: its two queues and their limits.
 *
 * Names   B, A, Q, Y, R of kernel-semantics 0.3 are backlog, acceptLength, synLength, young, synackRetries.
 * Units   Lengths are entries; `...Ns` nanoseconds.
 */
import type { HostSpec, ListenerSpec } from "../vocabulary/run-spec.ts";
import type { Host } from "./host.ts";
import { NO_ROW } from "./layout.ts";

/** No SYN cookie was sent yet. */
export const NEVER_TICK = -0x40000000;

export class Listener {
  readonly index: number;
  readonly port: number;
  readonly backlog: number;
  /** Full when the length is *above* the limit: inet_csk_reqsk_queue_is_full (a kernel with >= has a limit one lower), sk_acceptq_is_full. */
  readonly synLimit: number;
  readonly acceptLimit: number;
  readonly synackRetries: number;
  readonly deferTimeouts: number;
  listening = false;
  synLength = 0;
  young = 0;
  acceptLength = 0;
  acceptHead = NO_ROW;
  acceptTail = NO_ROW;
  /** Tick of the last SYN cookie, refreshed once a second (tcp.h:tcp_synq_overflow); kept by the group's first member. */
  overflowTick = NEVER_TICK;
  /** [0]: from when on the next cookie writes it again, ns. */
  readonly refreshNs = new Float64Array(1).fill(Number.NEGATIVE_INFINITY);
  /** The kernel's log has its line about SYN flooding, or never gets one. */
  hasWarned: boolean;
  /** [0]: when it was asked to write it, ns; -1: not yet. */
  readonly warnedNs = new Float64Array(1).fill(-1);
  peakSyn = 0;
  peakAccept = 0;
  /** [0] since when the SYN queue is full, [1] the accept queue; [2], [3] the sums of earlier times. */
  readonly fullNs = new Float64Array(4);

  constructor(index: number, spec: ListenerSpec, host: HostSpec) {
    this.index = index;
    this.port = spec.port;
    this.backlog = spec.backlog;
    this.synLimit = spec.backlog - 1 + host.synQueueSpare;
    this.acceptLimit = spec.backlog;
    this.synackRetries = host.synackRetries;
    this.deferTimeouts = spec.deferTimeouts;
    this.hasWarned = host.syncookies === 2;
  }

  /** A cookie was sent in `tick`, and the last note of one is more than a second old. */
  stampOverflow(host: Host, tick: number): void {
    this.overflowTick = tick;
    this.refreshNs[0] = host.nsOfTick(tick + host.spec.hz + 1);
  }

  synIsFull(): boolean {
    return this.synLength > this.synLimit;
  }

  acceptIsFull(): boolean {
    return this.acceptLength > this.acceptLimit;
  }

  /** One half-open more. */
  addRequest(now: Float64Array): void {
    this.synLength++;
    this.young++;
    if (this.synLength > this.peakSyn) this.peakSyn = this.synLength;
    if (this.synLength === this.synLimit + 1) this.fullNs[0] = now[0]!;
  }

  /** One half-open less; `isYoung`: its timer never fired. */
  removeRequest(isYoung: boolean, now: Float64Array): void {
    if (this.synLength === this.synLimit + 1) this.fullNs[2] = this.fullNs[2]! + (now[0]! - this.fullNs[0]!);
    this.synLength--;
    if (isYoung) this.young--;
  }

  addChild(now: Float64Array): void {
    this.acceptLength++;
    if (this.acceptLength > this.peakAccept) this.peakAccept = this.acceptLength;
    if (this.acceptLength === this.acceptLimit + 1) this.fullNs[1] = now[0]!;
  }

  removeChild(now: Float64Array): void {
    if (this.acceptLength === this.acceptLimit + 1) this.fullNs[3] = this.fullNs[3]! + (now[0]! - this.fullNs[1]!);
    this.acceptLength--;
  }

  /** Time the SYN queue has been full until now, ns. */
  synFullNs(nowNs: number): number {
    return this.fullNs[2]! + (this.synIsFull() ? nowNs - this.fullNs[0]! : 0);
  }

  /** Time the accept queue has been full until now, ns. */
  acceptFullNs(nowNs: number): number {
    return this.fullNs[3]! + (this.acceptIsFull() ? nowNs - this.fullNs[1]! : 0);
  }
}
