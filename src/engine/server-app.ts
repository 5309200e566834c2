/**
 * The application behind each listener: accepts by its mode, answers, closes. Accepted connections are served in parallel and at once.
 *
 * Modes     immediate: whatever is queued; never; rate: one accept() at each k / rate_per_s, lost when the queue is empty;
 *           serial: the next accept() service_time_s after the last successful one. None inside a pause.
 * Units     ns.
 */
import { hash3 } from "../base/hash.ts";
import { HISTOGRAM_MAX_US } from "../vocabulary/histogram.ts";
import { AcceptMode, AppClose, type ListenerSpec, type RunSpec } from "../vocabulary/run-spec.ts";
import type { AppHeap } from "./app-heap.ts";
import { AppTimer } from "./app-timers.ts";
import { takeChild } from "./child.ts";
import { closeListener, closeSocket } from "./close.ts";
import type { Host } from "./host.ts";
import {
  CLOSE_WAIT,
  ESTABLISHED,
  F_FLAGS,
  F_RETRANS_MS,
  F_RX_BYTES,
  F_RX_READ,
  FL_ACCEPTED,
  FL_APP_EOF,
  FL_CLOSING,
  FL_DEAD,
  FL_PEER_FIN,
  FL_RESPONDED,
  FL_SERIAL_SHIFT,
  NO_ROW,
  R_ATTEMPT,
  R_META,
  R_STATE,
  REQ_LISTENER_MASK,
  ROW_SHIFT,
} from "./layout.ts";
import { Listener } from "./listener.ts";
import { Notice } from "./notices.ts";
import { ListenerField, type Recorder } from "./recorder.ts";
import { sendData } from "./transmit.ts";

/**
 * From an accept tick's time to the call: least wake-up time, and the spread above it. In packet times of the recorder's set-up the answer to an
 * accepted request leaves 40 µs, give or take 30, after a packet that was timed for the same instant arrives.
 */
const TICK_WAKE_NS = 40_000;
const TICK_WAKE_MASK = 0xffff;

export class ServerApp {
  readonly #host: Host;
  readonly #heap: AppHeap;
  readonly #recorder: Recorder;
  readonly #specs: readonly ListenerSpec[];
  readonly #durationNs: number;
  /** Per listener: 1 while its application has been woken (immediate, serial) or its next tick is set (rate). */
  readonly #awake: Uint8Array;
  /** Per listener: no accept() before this (serial). */
  readonly #busyUntilNs: Float64Array;
  readonly #accepted: Float64Array;
  /** Per listener: number of the accept tick that was set last, -1 before the first. */
  readonly #lastTick: Float64Array;

  constructor(host: Host, heap: AppHeap, recorder: Recorder, spec: RunSpec) {
    this.#host = host;
    this.#heap = heap;
    this.#recorder = recorder;
    this.#specs = spec.listeners;
    this.#durationNs = spec.durationNs;
    this.#awake = new Uint8Array(spec.listeners.length);
    this.#busyUntilNs = new Float64Array(spec.listeners.length);
    this.#accepted = new Float64Array(spec.listeners.length);
    this.#lastTick = new Float64Array(spec.listeners.length).fill(-1);
    host.app = this;
    spec.listeners.forEach((listener, index) => {
      this.#open(listener, index);
    });
  }

  #open(spec: ListenerSpec, index: number): void {
    const listener = new Listener(index, spec, this.#host.spec);
    this.#host.addListener(listener);
    if (spec.listenStartNs < 0) listener.listening = true;
    else this.#set(AppTimer.ListenStart, index, 0, spec.listenStartNs);
    if (spec.listenStopNs >= 0) this.#set(AppTimer.ListenStop, index, 0, spec.listenStopNs);
    for (let i = 1; i < spec.pausesNs.length; i += 2) this.#set(AppTimer.PauseEnd, index, 0, spec.pausesNs[i]!);
  }

  #set(kind: number, subject: number, value: number, atNs: number): void {
    this.#heap.atNs[0] = atNs;
    this.#heap.push(kind, subject, value);
  }

  onTimer(kind: number, subject: number, value: number): void {
    switch (kind) {
      case AppTimer.ListenStart:
        this.#host.beforeChange();
        this.#host.listeners[subject]!.listening = true;
        return;
      case AppTimer.ListenStop:
        closeListener(this.#host, this.#host.listeners[subject]!);
        return;
      case AppTimer.PauseEnd:
        this.childQueued(this.#host.listeners[subject]!);
        return;
      case AppTimer.AcceptTick:
        this.#awake[subject] = 0;
        this.#acceptOne(subject);
        this.childQueued(this.#host.listeners[subject]!);
        return;
      case AppTimer.ServiceDone:
        this.#awake[subject] = 0;
        this.#acceptSerial(subject);
        return;
      default:
        this.#close(subject, value);
    }
  }

  onNotice(kind: number, subject: number, value: number): void {
    if (kind === Notice.Acceptable) {
      this.#awake[subject] = 0;
      if (this.#specs[subject]!.acceptMode === AcceptMode.Serial) this.#acceptSerial(subject);
      else if (!this.#isPaused(subject)) while (this.#acceptOne(subject));
    } else if (kind === Notice.ServerReadable) {
      if (this.#isCurrent(subject, value)) this.#read(subject);
    } else this.#close(subject, value);
  }

  /** There may be a child to accept: wakes the application, or sets its next tick. */
  childQueued(listener: Listener): void {
    const index = listener.index;
    if (listener.acceptLength === 0 || this.#awake[index] === 1) return;
    const mode = this.#specs[index]!.acceptMode;
    if (mode === AcceptMode.Never || (mode !== AcceptMode.Rate && this.#isPaused(index))) return;
    this.#awake[index] = 1;
    if (mode === AcceptMode.Rate) this.#setTick(index);
    else this.#host.notices.push(Notice.Acceptable, index, 0);
  }

  #isPaused(index: number): boolean {
    return this.#isPausedAt(index, this.#host.now[0]!);
  }

  #isPausedAt(index: number, ns: number): boolean {
    const pauses = this.#specs[index]!.pausesNs;
    for (let i = 0; i < pauses.length; i += 2) if (ns >= pauses[i]! && ns < pauses[i + 1]!) return true;
    return false;
  }

  /** Sets the first accept tick that is still to come, was not used, and is in no pause. */
  #setTick(index: number): void {
    const spec = this.#specs[index]!;
    const now = this.#host.now[0]!;
    const perNs = spec.acceptPerS / 1e9;
    const earliest = Math.ceil((now - TICK_WAKE_NS - TICK_WAKE_MASK) * perNs);
    let tick = Math.max(this.#lastTick[index]! + 1, earliest, 0);
    let at = this.#tickNs(index, tick);
    while (at < now || this.#isPausedAt(index, tick / perNs)) at = this.#tickNs(index, ++tick);
    this.#lastTick[index] = tick;
    this.#set(AppTimer.AcceptTick, index, 0, at);
  }

  /** When the application makes its accept() call number `tick`: a little after k / rate, as a process that was woken does. */
  #tickNs(index: number, tick: number): number {
    return (tick * 1e9) / this.#specs[index]!.acceptPerS + this.#wakeNs(index, tick);
  }

  /** How late a listener's application is on its `n`th timer. */
  #wakeNs(index: number, n: number): number {
    return TICK_WAKE_NS + (hash3(this.#host.secret, index, n | 0) & TICK_WAKE_MASK);
  }

  #acceptSerial(index: number): void {
    if (this.#isPaused(index)) return;
    const now = this.#host.now[0]!;
    if (now >= this.#busyUntilNs[index]! && this.#acceptOne(index))
      this.#busyUntilNs[index] = now + this.#specs[index]!.serviceNs;
    if (this.#host.listeners[index]!.acceptLength === 0 || this.#awake[index] === 1) return;
    this.#awake[index] = 1;
    this.#set(
      AppTimer.ServiceDone,
      index,
      0,
      Math.max(now, this.#busyUntilNs[index]!) + this.#wakeNs(index, this.#accepted[index]!),
    );
  }

  /** One accept(): false when the queue is empty. */
  #acceptOne(index: number): boolean {
    const host = this.#host;
    const spec = this.#specs[index]!;
    const row = takeChild(host, host.listeners[index]!);
    if (row === NO_ROW) return false;
    this.#accepted[index] = this.#accepted[index]! + 1;
    const places = this.#recorder.layout.listeners[index]!;
    this.#recorder.countListener(index, ListenerField.accepted);
    this.#recorder.tallyNow(places.acceptedPerS);
    const rows = host.table.rows;
    const fat = host.fullOf(row) << ROW_SHIFT;
    const waitUs = (host.nowUs() - rows[fat + F_RETRANS_MS]!) >>> 0;
    this.#recorder.latency(places.acceptWait, Math.min(waitUs, HISTOGRAM_MAX_US));
    rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_ACCEPTED;
    if (spec.close === AppClose.OnAccept) this.#scheduleClose(row, spec);
    if (rows[fat + F_RX_BYTES]! > 0 || (rows[fat + F_FLAGS]! & (FL_PEER_FIN | FL_DEAD)) !== 0) this.#read(row);
    return true;
  }

  #isCurrent(row: number, serial: number): boolean {
    const rows = this.#host.table.rows;
    if (rows[(row << ROW_SHIFT) + R_STATE] === 0) return false;
    const full = this.#host.fullOf(row);
    return full !== NO_ROW && rows[(full << ROW_SHIFT) + F_FLAGS]! >>> FL_SERIAL_SHIFT === serial;
  }

  /** recv() until there is nothing more: answers a whole request, notes EOF, closes a dead socket. */
  #read(row: number): void {
    const host = this.#host;
    const rows = host.table.rows;
    const fat = host.fullOf(row) << ROW_SHIFT;
    const index = rows[(row << ROW_SHIFT) + R_META]! & REQ_LISTENER_MASK;
    const spec = this.#specs[index]!;
    let flags = rows[fat + F_FLAGS]!;
    if ((flags & FL_DEAD) !== 0) {
      this.#recorder.countListener(index, ListenerField.resets);
      this.#recorder.countListener(index, ListenerField.closed);
      host.freeDetached(row);
      return;
    }
    rows[fat + F_RX_READ] = rows[fat + F_RX_BYTES]!;
    if (spec.requestBytes > 0 && (flags & FL_RESPONDED) === 0 && rows[fat + F_RX_BYTES]! >= spec.requestBytes) {
      rows[fat + F_FLAGS] = flags | FL_RESPONDED;
      this.#respond(row, index, spec);
    }
    flags = rows[fat + F_FLAGS]!;
    if ((flags & FL_PEER_FIN) === 0 || (flags & FL_APP_EOF) !== 0) return;
    rows[fat + F_FLAGS] = flags | FL_APP_EOF;
    this.#recorder.countListener(index, ListenerField.clientEofs);
    if (spec.close === AppClose.OnEof || (spec.close === AppClose.AfterResponse && (flags & FL_RESPONDED) === 0))
      this.#scheduleClose(row, spec);
  }

  #respond(row: number, index: number, spec: ListenerSpec): void {
    const state = this.#host.stateOf(row);
    if (spec.responseBytes > 0 && (state === ESTABLISHED || state === CLOSE_WAIT)) {
      this.#recorder.countListener(index, ListenerField.responsesSent);
      sendData(this.#host, row, spec.responseBytes);
    }
    if (spec.close === AppClose.AfterResponse) this.#scheduleClose(row, spec);
  }

  #scheduleClose(row: number, spec: ListenerSpec): void {
    const rows = this.#host.table.rows;
    const at = (this.#host.fullOf(row) << ROW_SHIFT) + F_FLAGS;
    const flags = rows[at]!;
    if ((flags & FL_CLOSING) !== 0) return;
    rows[at] = flags | FL_CLOSING;
    const serial = flags >>> FL_SERIAL_SHIFT;
    if (spec.closeDelayNs === 0) this.#host.notices.push(Notice.ServerClose, row, serial);
    else this.#set(AppTimer.ServerClose, row, serial, this.#host.now[0]! + spec.closeDelayNs);
  }

  #close(row: number, serial: number): void {
    if (!this.#isCurrent(row, serial)) return;
    const rows = this.#host.table.rows;
    const index = rows[(row << ROW_SHIFT) + R_META]! & REQ_LISTENER_MASK;
    this.#recorder.countListener(index, ListenerField.closed);
    closeSocket(this.#host, row, rows[(row << ROW_SHIFT) + R_ATTEMPT]!, this.#specs[index]!.closeWithRst === 1);
  }

  /** Accept ticks that found an empty queue: all ticks while listening and not paused, less the accepted. */
  emptyTicks(index: number): number {
    const spec = this.#specs[index]!;
    if (spec.acceptMode !== AcceptMode.Rate) return 0;
    const ticksBefore = (ns: number): number => Math.ceil((ns * spec.acceptPerS) / 1e9);
    const ticksIn = (from: number, to: number): number => (to > from ? ticksBefore(to) - ticksBefore(from) : 0);
    const start = Math.max(0, spec.listenStartNs);
    const end = spec.listenStopNs < 0 ? this.#durationNs : Math.min(this.#durationNs, spec.listenStopNs);
    let ticks = ticksIn(start, end);
    for (let i = 0; i < spec.pausesNs.length; i += 2)
      ticks -= ticksIn(Math.max(start, spec.pausesNs[i]!), Math.min(end, spec.pausesNs[i + 1]!));
    return Math.max(0, ticks - this.#accepted[index]!);
  }
}
