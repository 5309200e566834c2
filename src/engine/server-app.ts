/**
 * The application behind each listener: accepts by its mode, answers, closes. But with workers, accepted connections are served in parallel and at once.
 *
 * Modes     immediate: whatever is queued; never; rate: one accept() at each k / rate_per_s, lost when the queue is empty or the application
 *           stands still; serial: the next accept() service_time_s after the last successful one; workers: each that is free accepts a
 *           connection, holds it until it closes it, and is busy for service_time_s with each request.
 * Pauses    `pausesNs`: no accept(). `appPausesNs`: nothing at all; what became due is done at the pause's end, in order (app-calendar.ts).
 * Units     ns.
 */
import { hash3 } from "../base/hash.ts";
import { CpuCost } from "../vocabulary/cpu.ts";
import { HISTOGRAM_MAX_US } from "../vocabulary/histogram.ts";
import { AcceptMode, AppClose, type ListenerSpec, type RunSpec } from "../vocabulary/run-spec.ts";
import { AppCalendar } from "./app-calendar.ts";
import type { AppCpus } from "./app-cpus.ts";
import type { AppHeap } from "./app-heap.ts";
import { AppTimer } from "./app-timers.ts";
import { takeChild } from "./child.ts";
import { closeListener, closeSocket } from "./close.ts";
import { connectFrom } from "./connect.ts";
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
  FL_SERIAL_SHIFT,
  FL_SERVING,
  NO_ROW,
  OPTIONS_ROW,
  R_ATTEMPT,
  R_META,
  R_STATE,
  REQ_LISTENER_MASK,
  ROW_MINI,
  ROW_SHIFT,
  ROW_TS,
  SERVED_SHIFT,
  SYN_LISTENER_SHIFT,
} from "./layout.ts";
import { Listener } from "./listener.ts";
import { Notice } from "./notices.ts";
import { ListenerField, type Recorder } from "./recorder.ts";
import { hashTuple } from "./table.ts";
import { sendData } from "./transmit.ts";
import { Workers } from "./workers.ts";

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
  readonly #calendars: readonly AppCalendar[];
  readonly #workers: readonly Workers[];
  /** Per listener: 1 while its application has been woken (immediate, serial, workers) or its next tick is set (rate). */
  readonly #awake: Uint8Array;
  /** Per listener: no accept() before this (serial). */
  readonly #busyUntilNs: Float64Array;
  readonly #accepted: Float64Array;
  /** Per listener: number of the accept tick that was set last, -1 before the first. */
  readonly #lastTick: Float64Array;
  /** Per listener: changes of what its ticks follow from; a tick that was set before the last one is none. */
  readonly #generation: Int32Array;
  /** null: the application's work takes no CPU time. */
  readonly #cpus: AppCpus | null;

  constructor(host: Host, heap: AppHeap, recorder: Recorder, spec: RunSpec, cpus: AppCpus | null) {
    this.#host = host;
    this.#cpus = cpus;
    this.#heap = heap;
    this.#recorder = recorder;
    this.#specs = spec.listeners;
    this.#calendars = spec.listeners.map((listener) => new AppCalendar(listener));
    this.#workers = spec.listeners.map(({ workers }) => new Workers(workers, host.now));
    this.#awake = new Uint8Array(spec.listeners.length);
    this.#busyUntilNs = new Float64Array(spec.listeners.length);
    this.#accepted = new Float64Array(spec.listeners.length);
    this.#lastTick = new Float64Array(spec.listeners.length).fill(-1);
    this.#generation = new Int32Array(spec.listeners.length);
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
    this.#setAppPause(index);
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
        if (value !== this.#generation[subject]) return;
        if (this.#cpus !== null) this.#cpus.run(subject, CpuCost.accept, AppTimer.Accepted, subject, 0);
        else this.onTimer(AppTimer.Accepted, subject, 0);
        return;
      case AppTimer.Accepted:
        this.#awake[subject] = 0;
        this.#acceptOne(subject);
        this.childQueued(this.#host.listeners[subject]!);
        return;
      case AppTimer.ServiceDone:
        if (this.#cpus !== null) this.#cpus.run(subject, CpuCost.accept, AppTimer.AcceptedSerial, subject, 0);
        else this.onTimer(AppTimer.AcceptedSerial, subject, 0);
        return;
      case AppTimer.AcceptedNext:
        this.#acceptNext(subject);
        return;
      case AppTimer.AcceptedSerial:
        this.#awake[subject] = 0;
        this.#acceptSerial(subject);
        return;
      case AppTimer.CpuDone: {
        const cpus = this.#cpus!;
        if (cpus.finish(subject)) this.onTimer(cpus.kind, cpus.subject, cpus.value);
        return;
      }
      case AppTimer.AppPauseEnd:
        if (!this.#calendars[subject]!.passPause(this.#host.now[0]!)) return;
        this.#setAppPause(subject);
        this.childQueued(this.#host.listeners[subject]!);
        return;
      default:
        this.#onSocket(kind, subject, value);
    }
  }

  #setAppPause(index: number): void {
    const { nextEndNs } = this.#calendars[index]!;
    if (nextEndNs >= 0) this.#set(AppTimer.AppPauseEnd, index, 0, nextEndNs);
  }

  /**
   * connect() from the port of a listener to a client that connects to it at this instant, so that the SYNs cross. Where the port is taken by
   * an earlier connection of the two, nothing is sent, and the client opens alone.
   */
  crossOpen(local: number, peer: number, ports: number, attempt: number): void {
    const host = this.#host;
    const hash = hashTuple(local, peer, ports);
    const listener = host.listenerFor(ports >>> 16, hash);
    const old = host.table.find(hash, local, peer, ports);
    const isFree =
      old === NO_ROW || (host.table.rows[(old << ROW_SHIFT) + R_STATE]! & (ROW_MINI | ROW_TS)) === (ROW_MINI | ROW_TS);
    if (listener === null || !isFree) return;
    const row = connectFrom(host, local, peer, ports, attempt, 0);
    host.table.rows[(row << ROW_SHIFT) + R_META] = listener.index << SYN_LISTENER_SHIFT;
    if (host.options !== null) host.options.give(row, listener.index);
  }

  /** A socket that crossed SYNs is established: it is served as if it were accepted, but was in no queue. */
  adopt(row: number): void {
    const rows = this.#host.table.rows;
    const at = (this.#host.fullOf(row) << ROW_SHIFT) + F_FLAGS;
    const spec = this.#specs[this.#listenerOf(row)]!;
    rows[at] = rows[at]! | FL_ACCEPTED;
    if (spec.close === AppClose.OnAccept) this.#scheduleClose(row, spec);
  }

  /** Something that a socket of `serial` waits for is due: done now, or when the application's pause is over. */
  #onSocket(kind: number, row: number, serial: number): void {
    if (!this.#isCurrent(row, serial)) return;
    const index = this.#listenerOf(row);
    if (this.#calendars[index]!.hasAppPauses) {
      const resumeNs = this.#calendars[index]!.resumeNs(this.#host.now[0]!);
      if (resumeNs >= 0) {
        this.#set(kind, row, serial, resumeNs);
        return;
      }
    }
    if (kind === AppTimer.ServerClose) this.#close(row, index);
    else if (kind === AppTimer.Computed) this.#wait(row, index);
    else if (kind === AppTimer.Served) this.#served(row, index);
    else this.#read(row, index);
  }

  #listenerOf(row: number): number {
    return this.#host.table.rows[(row << ROW_SHIFT) + R_META]! & REQ_LISTENER_MASK;
  }

  onNotice(kind: number, subject: number, value: number): void {
    if (kind === Notice.Acceptable) {
      if (this.#cpus !== null) {
        const isSerial = this.#specs[subject]!.acceptMode === AcceptMode.Serial;
        this.#cpus.run(subject, CpuCost.accept, isSerial ? AppTimer.AcceptedSerial : AppTimer.AcceptedNext, subject, 0);
        return;
      }
      this.#awake[subject] = 0;
      if (this.#specs[subject]!.acceptMode === AcceptMode.Serial) this.#acceptSerial(subject);
      else if (!this.#isPaused(subject)) while (this.#isFree(subject) && this.#acceptOne(subject));
      return;
    }
    // Its loop looks at what is readable before it closes.
    this.#onSocket(AppTimer.ServerRead, subject, value);
    if (kind === Notice.ServerClose) this.#onSocket(AppTimer.ServerClose, subject, value);
  }

  /** accept() has had its CPU time; the next one is called at once while there are children, and somebody is free. */
  #acceptNext(index: number): void {
    this.#awake[index] = 0;
    if (this.#isPaused(index) || !this.#isFree(index) || !this.#acceptOne(index)) return;
    if (this.#host.listeners[index]!.acceptLength === 0 || !this.#isFree(index)) return;
    this.#awake[index] = 1;
    this.#cpus!.run(index, CpuCost.accept, AppTimer.AcceptedNext, index, 0);
  }

  /** There may be a child to accept: wakes the application, or sets its next tick. */
  childQueued(listener: Listener): void {
    const index = listener.index;
    if (listener.acceptLength === 0 || this.#awake[index] === 1) return;
    const mode = this.#specs[index]!.acceptMode;
    if (mode === AcceptMode.Never || !this.#isFree(index)) return;
    if (mode !== AcceptMode.Rate && this.#isPaused(index)) return;
    this.#awake[index] = 1;
    if (mode === AcceptMode.Rate) this.#setTick(index);
    else this.#host.notices.push(Notice.Acceptable, index, 0);
  }

  #isPaused(index: number): boolean {
    return this.#calendars[index]!.acceptsNothingAt(this.#host.now[0]!);
  }

  /** Whether somebody is there to accept: without workers always. */
  #isFree(index: number): boolean {
    return this.#specs[index]!.acceptMode !== AcceptMode.Workers || this.#workers[index]!.isOneFree;
  }

  /** Sets the first accept tick that is still to come, was not used, and is in no pause. */
  #setTick(index: number): void {
    const now = this.#host.now[0]!;
    const calendar = this.#calendars[index]!;
    const { tickBaseNs } = calendar;
    const perNs = calendar.acceptPerS / 1e9;
    const earliest = Math.ceil((now - tickBaseNs - TICK_WAKE_NS - TICK_WAKE_MASK) * perNs);
    let tick = Math.max(this.#lastTick[index]! + 1, earliest, 0);
    let at = this.#tickNs(index, tick);
    while (at < now || calendar.acceptsNothingAt(tickBaseNs + tick / perNs)) at = this.#tickNs(index, ++tick);
    this.#lastTick[index] = tick;
    this.#set(AppTimer.AcceptTick, index, this.#generation[index]!, at);
  }

  /** When the application makes its accept() call number `tick`: a little after k / rate, as a process that was woken does. */
  #tickNs(index: number, tick: number): number {
    const { tickBaseNs, acceptPerS } = this.#calendars[index]!;
    return tickBaseNs + (tick * 1e9) / acceptPerS + this.#wakeNs(index, tick);
  }

  /** How late a listener's application is on its `n`th timer. */
  #wakeNs(index: number, n: number): number {
    return TICK_WAKE_NS + (hash3(this.#host.secret, index, n | 0) & TICK_WAKE_MASK);
  }

  #acceptSerial(index: number): void {
    if (this.#isPaused(index)) return;
    const now = this.#host.now[0]!;
    if (now >= this.#busyUntilNs[index]! && this.#acceptOne(index))
      this.#busyUntilNs[index] = this.#calendars[index]!.doneNs(now);
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
    host.onAccept(row);
    this.#accepted[index] = this.#accepted[index]! + 1;
    const places = this.#recorder.layout.listeners[index]!;
    this.#recorder.countListener(index, ListenerField.accepted);
    this.#recorder.tallyNow(places.acceptedPerS);
    const rows = host.table.rows;
    const fat = host.fullOf(row) << ROW_SHIFT;
    const waitUs = (host.nowUs() - rows[fat + F_RETRANS_MS]!) >>> 0;
    this.#recorder.latency(places.acceptWait, Math.min(waitUs, HISTOGRAM_MAX_US));
    rows[fat + F_FLAGS] = rows[fat + F_FLAGS]! | FL_ACCEPTED;
    const hasWorker = spec.acceptMode === AcceptMode.Workers;
    if (hasWorker) this.#workers[index]!.take();
    if (hasWorker && spec.requestBytes === 0) this.#serve(row, index);
    else if (spec.close === AppClose.OnAccept) this.#scheduleClose(row, spec);
    if (rows[fat + F_RX_BYTES]! > 0 || (rows[fat + F_FLAGS]! & (FL_PEER_FIN | FL_DEAD)) !== 0) this.#read(row, index);
    return true;
  }

  #isCurrent(row: number, serial: number): boolean {
    const rows = this.#host.table.rows;
    const state = this.#host.stateOf(row);
    if (state === 0 || state >= OPTIONS_ROW) return false;
    const full = this.#host.fullOf(row);
    return full !== NO_ROW && rows[(full << ROW_SHIFT) + F_FLAGS]! >>> FL_SERIAL_SHIFT === serial;
  }

  /** recv() until there is nothing more: answers whole requests, notes EOF, closes a dead socket. A busy worker does not look. */
  #read(row: number, index: number): void {
    const host = this.#host;
    const rows = host.table.rows;
    const fat = host.fullOf(row) << ROW_SHIFT;
    const spec = this.#specs[index]!;
    let flags = rows[fat + F_FLAGS]!;
    if ((flags & FL_SERVING) !== 0) return;
    if ((flags & FL_DEAD) !== 0) {
      this.#recorder.countListener(index, ListenerField.resets);
      this.#recorder.countListener(index, ListenerField.closed);
      host.freeDetached(row);
      this.#release(index);
      return;
    }
    rows[fat + F_RX_READ] = rows[fat + F_RX_BYTES]!;
    while (this.#takeRequest(row, fat, spec)) {
      if (spec.acceptMode === AcceptMode.Workers || this.#cpus !== null) {
        this.#serve(row, index);
        return;
      }
      this.#respond(row, index, spec);
    }
    flags = rows[fat + F_FLAGS]!;
    if ((flags & FL_PEER_FIN) === 0 || (flags & FL_APP_EOF) !== 0) return;
    rows[fat + F_FLAGS] = flags | FL_APP_EOF;
    this.#recorder.countListener(index, ListenerField.clientEofs);
    if (spec.close === AppClose.OnEof || spec.close === AppClose.AfterResponse) this.#scheduleClose(row, spec);
  }

  /** Takes a whole request off what was read; false: there is none, or no more are answered. */
  #takeRequest(row: number, fat: number, spec: ListenerSpec): boolean {
    const rows = this.#host.table.rows;
    if (spec.requestBytes === 0 || rows[fat + F_RX_BYTES]! < spec.requestBytes) return false;
    const meta = (row << ROW_SHIFT) + R_META;
    if (spec.close === AppClose.AfterResponse && rows[meta]! >>> SERVED_SHIFT >= spec.keepaliveRequests) return false;
    rows[meta] = rows[meta]! + (1 << SERVED_SHIFT);
    rows[fat + F_RX_BYTES] = rows[fat + F_RX_BYTES]! - spec.requestBytes;
    rows[fat + F_RX_READ] = rows[fat + F_RX_BYTES]!;
    return true;
  }

  #respond(row: number, index: number, spec: ListenerSpec): void {
    const rows = this.#host.table.rows;
    const state = this.#host.stateOf(row);
    if (spec.responseBytes > 0 && (state === ESTABLISHED || state === CLOSE_WAIT)) {
      this.#recorder.countListener(index, ListenerField.responsesSent);
      sendData(this.#host, row, spec.responseBytes);
    }
    if (spec.close !== AppClose.AfterResponse) return;
    if (rows[(row << ROW_SHIFT) + R_META]! >>> SERVED_SHIFT >= spec.keepaliveRequests) this.#scheduleClose(row, spec);
  }

  /** A worker begins with a request, or with a connection that asks for nothing. */
  #serve(row: number, index: number): void {
    const rows = this.#host.table.rows;
    const at = (this.#host.fullOf(row) << ROW_SHIFT) + F_FLAGS;
    rows[at] = rows[at]! | FL_SERVING;
    const isPool = this.#specs[index]!.acceptMode === AcceptMode.Workers;
    if (this.#cpus !== null) {
      const serial = rows[at]! >>> FL_SERIAL_SHIFT;
      this.#cpus.run(isPool ? -1 : index, CpuCost.app_request, AppTimer.Computed, row, serial);
    } else this.#wait(row, index);
  }

  /** What a worker waits for besides the CPU, service_time_s. */
  #wait(row: number, index: number): void {
    const rows = this.#host.table.rows;
    const at = (this.#host.fullOf(row) << ROW_SHIFT) + F_FLAGS;
    if (this.#specs[index]!.acceptMode !== AcceptMode.Workers) {
      this.#served(row, index);
      return;
    }
    const doneNs = this.#calendars[index]!.doneNs(this.#host.now[0]!);
    this.#set(AppTimer.Served, row, rows[at]! >>> FL_SERIAL_SHIFT, doneNs);
  }

  /** The worker is done: it answers, and looks at its connection again. */
  #served(row: number, index: number): void {
    const rows = this.#host.table.rows;
    const at = (this.#host.fullOf(row) << ROW_SHIFT) + F_FLAGS;
    const spec = this.#specs[index]!;
    rows[at] = rows[at]! & ~FL_SERVING;
    if ((rows[at]! & FL_DEAD) === 0) {
      if (spec.requestBytes > 0) this.#respond(row, index, spec);
      else if (spec.close === AppClose.OnAccept || spec.close === AppClose.AfterResponse)
        this.#scheduleClose(row, spec);
    }
    this.#read(row, index);
  }

  /** The connection is gone: its worker accepts another. */
  #release(index: number): void {
    if (this.#specs[index]!.acceptMode !== AcceptMode.Workers) return;
    this.#workers[index]!.release();
    this.childQueued(this.#host.listeners[index]!);
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

  #close(row: number, index: number): void {
    this.#recorder.countListener(index, ListenerField.closed);
    const attempt = this.#host.table.rows[(row << ROW_SHIFT) + R_ATTEMPT]!;
    closeSocket(this.#host, row, attempt, this.#specs[index]!.closeWithRst === 1);
    this.#release(index);
  }

  /** accept() is called at another rate from now on; the next tick comes a whole period from now. */
  setAcceptRate(index: number, perS: number): void {
    this.#calendars[index]!.setAcceptRate(this.#host.now[0]!, perS);
    this.#lastTick[index] = 0;
    this.#forgetTick(index);
  }

  /** The application stands still from now until `untilNs`. */
  pauseApp(index: number, untilNs: number): void {
    this.#calendars[index]!.addAppPause(this.#host.now[0]!, untilNs);
    this.#setAppPause(index);
    if (this.#specs[index]!.acceptMode === AcceptMode.Rate) this.#forgetTick(index);
  }

  /** The tick that is set follows from what holds no longer. */
  #forgetTick(index: number): void {
    this.#generation[index] = this.#generation[index]! + 1;
    this.#awake[index] = 0;
    this.childQueued(this.#host.listeners[index]!);
  }

  /** Accept ticks up to now that found an empty queue: all ticks while listening and not paused, less the accepted. */
  emptyTicks(index: number): number {
    if (this.#specs[index]!.acceptMode !== AcceptMode.Rate) return 0;
    return Math.max(0, this.#calendars[index]!.acceptTicks(this.#host.now[0]!) - this.#accepted[index]!);
  }

  /** Sum over the workers of a listener of the time until now that they held a connection. */
  workersBusyNs(index: number): number {
    return this.#workers[index]!.busyNs();
  }
}
