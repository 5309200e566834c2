/**
 * Streams: what a socket needs besides its rows when it has more to send than one segment, or writes before the last write is acknowledged.
 *
 * Purpose     Most connections never need one; the others get a few words of a table of their own, kept until the socket is gone.
 * Model       RFC 5681 with the kernel's first window (RFC 6928) and CUBIC's reduction: slow start up to the threshold, then one segment a
 *             round trip; after a time-out one segment. Units of windows are segments.
 * Left out    CUBIC's growth, HyStart, pacing, proportional rate reduction.
 */

const STREAM_SHIFT = 3;
/** Bytes written and not sent yet; in a free stream the next free one. */
const ST_QUEUED = 0;
/** Congestion window and slow start threshold, segments. */
const ST_CWND = 1;
const ST_SSTHRESH = 2;
/** µs at which data was sent last. */
const ST_LAST_US = 3;
/** What the stream is repairing: nothing, segments that an ACK showed missing (TCP_CA_Recovery), or all after a time-out (TCP_CA_Loss). */
const ST_REPAIR = 4;
export const Repair = { None: 0, Missing: 1, All: 2 } as const;

/** TCP_INIT_CWND. */
export const INITIAL_WINDOW = 10;
const LEAST_THRESHOLD = 2;
/** What is left of the window when segments are lost, in 1024ths: bictcp's beta. */
const BETA = 717;
const NO_THRESHOLD = 0x7fffffff;

export class Streams {
  words = new Int32Array(64 << STREAM_SHIFT);
  #fresh = 0;
  #firstFree = -1;

  /** A stream of a connection that has not sent more than its first window. */
  open(window: number): number {
    let stream = this.#firstFree;
    if (stream >= 0) this.#firstFree = this.words[stream << STREAM_SHIFT]!;
    else stream = this.#fresh++;
    if (this.#fresh << STREAM_SHIFT > this.words.length) this.#grow();
    const at = stream << STREAM_SHIFT;
    this.words[at + ST_QUEUED] = 0;
    this.words[at + ST_CWND] = window;
    this.words[at + ST_SSTHRESH] = NO_THRESHOLD;
    this.words[at + ST_LAST_US] = 0;
    this.words[at + ST_REPAIR] = Repair.None;
    return stream;
  }

  close(stream: number): void {
    this.words[stream << STREAM_SHIFT] = this.#firstFree;
    this.#firstFree = stream;
  }

  queued(stream: number): number {
    return this.words[(stream << STREAM_SHIFT) + ST_QUEUED]!;
  }

  /** `bytes` more are to be sent, or (negative) were sent. */
  addQueued(stream: number, bytes: number): void {
    const at = (stream << STREAM_SHIFT) + ST_QUEUED;
    this.words[at] = this.words[at]! + bytes;
  }

  cwnd(stream: number): number {
    return this.words[(stream << STREAM_SHIFT) + ST_CWND]!;
  }

  /** `segments` in flight were acknowledged together. A window that they did not half fill does not grow (tcp_is_cwnd_limited). */
  acknowledged(stream: number, segments: number): void {
    const at = stream << STREAM_SHIFT;
    const cwnd = this.words[at + ST_CWND]!;
    const threshold = this.words[at + ST_SSTHRESH]!;
    if (cwnd >= threshold) {
      if (segments >= cwnd) this.words[at + ST_CWND] = cwnd + 1;
    } else if (2 * segments > cwnd) this.words[at + ST_CWND] = Math.min(cwnd + segments, threshold);
  }

  /** Segments were lost: an ACK says so (tcp_enter_recovery), or a time-out (tcp_enter_loss). Once a repair the threshold goes down. */
  lost(stream: number, byTimeout: boolean): void {
    const at = stream << STREAM_SHIFT;
    const words = this.words;
    if (words[at + ST_REPAIR] === Repair.None)
      words[at + ST_SSTHRESH] = Math.max(LEAST_THRESHOLD, (words[at + ST_CWND]! * BETA) >> 10);
    words[at + ST_CWND] = byTimeout ? 1 : words[at + ST_SSTHRESH]!;
    words[at + ST_REPAIR] = byTimeout ? Repair.All : Repair.Missing;
  }

  repair(stream: number): number {
    return this.words[(stream << STREAM_SHIFT) + ST_REPAIR]!;
  }

  /** All that was lost is sent again. */
  repaired(stream: number): void {
    this.words[(stream << STREAM_SHIFT) + ST_REPAIR] = Repair.None;
  }

  /** Before data is sent at `nowUs`: after each RTO (µs) of silence the window is halved, down to the first one (tcp_cwnd_restart). */
  restart(stream: number, nowUs: number, rtoUs: number): void {
    const at = stream << STREAM_SHIFT;
    let idleUs = (nowUs - this.words[at + ST_LAST_US]!) | 0;
    let cwnd = this.words[at + ST_CWND]!;
    while (idleUs > rtoUs && cwnd > INITIAL_WINDOW) {
      cwnd = Math.max(INITIAL_WINDOW, cwnd >> 1);
      idleUs -= rtoUs;
    }
    this.words[at + ST_CWND] = cwnd;
  }

  sentAt(stream: number, nowUs: number): void {
    this.words[(stream << STREAM_SHIFT) + ST_LAST_US] = nowUs;
  }

  #grow(): void {
    const words = new Int32Array(this.words.length * 2);
    words.set(this.words);
    this.words = words;
  }
}
