/**
 * The clients' application: open-loop arrivals, requests and responses one after the other, hold, close; and users who try again after a
 * failure (users.ts).
 *
 * Phases    Connecting → Responding (→ Thinking → Responding ...) → Holding → (WaitingEof → EofHold) or Open; the recorder's clients have
 *           the same state machine, with one request each.
 * Units     ns; an attempt is known by its ledger id.
 */
import { Gate } from "../vocabulary/gates.ts";
import { HISTOGRAM_MAX_US } from "../vocabulary/histogram.ts";
import { OUTCOME_NAMES, OUTCOMES, Outcome } from "../vocabulary/outcomes.ts";
import { type ConnectionsSpec, FirstCloser, type RunSpec, WorkloadKind } from "../vocabulary/run-spec.ts";
import type { AppHeap } from "./app-heap.ts";
import { AppTimer } from "./app-timers.ts";
import { closeSocket, shutdownWrite } from "./close.ts";
import { connect, synRetransmitsOf } from "./connect.ts";
import { crashHost } from "./crash.ts";
import type { Host } from "./host.ts";
import {
  CLOSE,
  CLOSE_WAIT,
  ESTABLISHED,
  F_RX_BYTES,
  F_RX_READ,
  NO_ROW,
  R_LOCAL,
  R_PEER,
  R_PORTS,
  ROW_SHIFT,
} from "./layout.ts";
import {
  A_FLAGS,
  A_PHASE,
  A_RECEIVED,
  A_REQUEST,
  A_SENT_US,
  A_SOCKET,
  A_USER,
  A_WORKLOAD,
  type Ledger,
  PEER_FIN,
} from "./ledger.ts";
import { NEXT_STEP_NS, Notice } from "./notices.ts";
import { type Recorder, WorkloadField } from "./recorder.ts";
import type { ServerApp } from "./server-app.ts";
import { sendData } from "./transmit.ts";
import { addressOf, backoffNs, isForThisHost, NO_USER, personOf, Users } from "./users.ts";

export const SERVER_ADDRESS = (10 << 24) | (10 << 16) | 1;

const Phase = { Connecting: 0, Responding: 1, Holding: 2, WaitingEof: 3, EofHold: 4, Open: 5, Thinking: 6 } as const;
const FAILED = OUTCOME_NAMES.map((name) => OUTCOMES[name].family === "failed");
/** The gate of a failure to which no segment was lost. */
const DEFAULT_GATE: Readonly<Record<number, number>> = {
  [Outcome.refused]: Gate.closed_port,
  [Outcome.timed_out]: Gate.client_patience,
  [Outcome.app_timeout]: Gate.client_patience,
  [Outcome.no_local_port]: Gate.no_local_port,
  [Outcome.reset_after_connect]: Gate.reset_by_server,
  [Outcome.timed_out_after_connect]: Gate.app,
  [Outcome.eof_before_response]: Gate.app,
  [Outcome.response_timeout]: Gate.app,
  [Outcome.client_crashed]: Gate.client_crash,
};

export class ClientApp {
  readonly #host: Host;
  readonly #ledger: Ledger;
  readonly #heap: AppHeap;
  readonly #recorder: Recorder;
  readonly #specs: readonly (ConnectionsSpec | null)[];
  readonly #spec: RunSpec;
  readonly #users = new Users();
  readonly #server: ServerApp;

  /** `server`: the application that opens at the same time, where a workload asks for it. */
  constructor(host: Host, heap: AppHeap, recorder: Recorder, spec: RunSpec, server: ServerApp) {
    this.#host = host;
    this.#server = server;
    this.#ledger = host.ledger;
    this.#heap = heap;
    this.#recorder = recorder;
    this.#spec = spec;
    this.#specs = spec.workloads.map((w) => (w.kind === WorkloadKind.Connections ? w : null));
    for (const crashNs of spec.clientCrashesNs) {
      heap.atNs[0] = crashNs;
      heap.push(AppTimer.Crash, 0, 0);
    }
  }

  #specOf(at: number): ConnectionsSpec {
    return this.#specs[this.#ledger.words[at + A_WORKLOAD]!]!;
  }

  #set(kind: number, attempt: number, delayNs: number, value = 0): void {
    this.#heap.atNs[0] = this.#host.now[0]! + delayNs;
    this.#heap.push(kind, attempt, value);
  }

  /** Arrival number `index` of a workload: a user's first attempt, if the user is this host's. */
  arrive(workload: number, index: number): void {
    const spec = this.#specs[workload]!;
    if (this.#spec.hostCount > 1 && !isForThisHost(spec, index, this.#spec)) return;
    this.#recorder.countWorkload(workload, WorkloadField.users);
    const user = spec.maxRetries > 0 ? this.#users.enter(workload, index, this.#host.now) : NO_USER;
    this.#begin(workload, index, 0, user);
  }

  /** A new attempt: connect(). */
  #begin(workload: number, index: number, retry: number, user: number): void {
    const spec = this.#specs[workload]!;
    const ledger = this.#ledger;
    const attempt = ledger.begin(workload, index, retry);
    const at = ledger.at(attempt);
    ledger.words[at + A_USER] = user;
    this.#recorder.tallyNow(this.#recorder.layout.workloads[workload]!.attemptsPerS);
    const row = connect(this.#host, addressOf(spec, index), SERVER_ADDRESS, spec.port, attempt, personOf(spec, index));
    if (row < 0) {
      this.#end(at, Outcome.no_local_port);
      return;
    }
    if (this.#host.options !== null) this.#host.options.give(row, workload);
    ledger.words[at + A_SOCKET] = row;
    ledger.words[at + A_PHASE] = Phase.Connecting;
    if (spec.simultaneousOpen === 1) this.#crossOpen(row, attempt);
    if (spec.connectTimeoutNs >= 0) this.#set(AppTimer.ConnectTimeout, attempt, spec.connectTimeoutNs);
  }

  /** At the same instant the server connects to this client's port. */
  #crossOpen(row: number, attempt: number): void {
    const rows = this.#host.table.rows;
    const at = row << ROW_SHIFT;
    const ports = rows[at + R_PORTS]!;
    this.#server.crossOpen(rows[at + R_PEER]!, rows[at + R_LOCAL]!, (ports << 16) | (ports >>> 16), attempt);
  }

  onNotice(kind: number, attempt: number, value: number): void {
    const at = this.#ledger.at(attempt);
    if (at < 0) return;
    switch (kind) {
      case Notice.Connected:
        this.#connected(at, attempt, value);
        return;
      case Notice.ConnectFailed:
        this.#connectFailed(at, value & 0xff, value >> 8);
        return;
      case Notice.ClientData:
        this.#received(at, attempt, value);
        return;
      case Notice.ClientEof:
        this.#eof(at, attempt);
        return;
      default:
        this.#close(at, attempt, value === 1 ? Outcome.timed_out_after_connect : Outcome.reset_after_connect, false);
    }
  }

  /** `subject`: an attempt; of AppTimer.Retry a user. */
  onTimer(kind: number, subject: number, value: number): void {
    if (kind === AppTimer.Retry) this.#retry(subject);
    else if (kind === AppTimer.Crash) this.#crash();
    else this.#onAttemptTimer(kind, subject, value);
  }

  #onAttemptTimer(kind: number, attempt: number, value: number): void {
    const at = this.#ledger.at(attempt);
    if (at < 0) return;
    const phase = this.#ledger.words[at + A_PHASE]!;
    if (kind === AppTimer.ConnectTimeout) {
      if (phase === Phase.Connecting) this.#giveUpConnecting(at, attempt);
    } else if (kind === AppTimer.ResponseTimeout) {
      if (phase === Phase.Responding && this.#ledger.words[at + A_REQUEST] === value)
        this.#close(at, attempt, Outcome.response_timeout, false);
    } else if (kind === AppTimer.NextRequest) {
      if (phase === Phase.Thinking) this.#request(at, attempt, this.#specOf(at));
    } else if (kind === AppTimer.Hold) {
      if (phase === Phase.Holding) this.#holdOver(at, attempt);
    } else if (phase === Phase.EofHold)
      this.#close(at, attempt, Outcome.completed, this.#specOf(at).closeWithRst === 1);
  }

  #connected(at: number, attempt: number, retransmits: number): void {
    const words = this.#ledger.words;
    if (words[at + A_PHASE] !== Phase.Connecting) return;
    const spec = this.#specOf(at);
    const { times } = this.#ledger;
    this.#recorder.connected(words[at + A_WORKLOAD]!, retransmits, times, this.#ledger.startPlaceOf(at));
    this.#request(at, attempt, spec);
  }

  /** Sends the next request and waits for its response, if there is to be one. */
  #request(at: number, attempt: number, spec: ConnectionsSpec): void {
    const words = this.#ledger.words;
    const row = words[at + A_SOCKET]!;
    const state = this.#host.isOf(row, attempt) ? this.#host.stateOf(row) : CLOSE;
    words[at + A_RECEIVED] = 0;
    words[at + A_SENT_US] = this.#host.nowUs();
    if (spec.requestBytes > 0 && (state === ESTABLISHED || state === CLOSE_WAIT))
      sendData(this.#host, row, spec.requestBytes);
    if (spec.responseBytes > 0) {
      words[at + A_PHASE] = Phase.Responding;
      if (spec.responseTimeoutNs >= 0)
        this.#set(AppTimer.ResponseTimeout, attempt, spec.responseTimeoutNs, words[at + A_REQUEST]!);
    } else this.#requestDone(at, attempt, spec);
  }

  /** Whatever a request was to bring is there: on to the next one, or to the hold after the last. */
  #requestDone(at: number, attempt: number, spec: ConnectionsSpec): void {
    const words = this.#ledger.words;
    const request = words[at + A_REQUEST]! + 1;
    words[at + A_REQUEST] = request;
    if (request >= spec.requestsPerConnection) {
      this.#enterHold(at, attempt, spec);
      return;
    }
    words[at + A_PHASE] = Phase.Thinking;
    if ((words[at + A_FLAGS]! & PEER_FIN) !== 0) this.#close(at, attempt, Outcome.eof_before_response, false);
    else this.#set(AppTimer.NextRequest, attempt, spec.thinkNs);
  }

  #connectFailed(at: number, outcome: number, retransmits: number): void {
    const workload = this.#ledger.words[at + A_WORKLOAD]!;
    this.#recorder.connectFailed(workload, this.#usSinceStart(at), retransmits);
    this.#ledger.words[at + A_SOCKET] = NO_ROW;
    this.#end(at, outcome);
  }

  /** The application's own connect time-out. The answer may be on its way up; then it is too late. */
  #giveUpConnecting(at: number, attempt: number): void {
    const row = this.#ledger.words[at + A_SOCKET]!;
    const retransmits = this.#retransmitsOf(row, attempt);
    closeSocket(this.#host, row, attempt, false);
    this.#connectFailed(at, Outcome.app_timeout, retransmits);
  }

  /** The host crashes: all attempts are over, and nobody is told. Users try again as after any failure, from the host that boots. */
  #crash(): void {
    for (const at of this.#ledger.inFlight()) {
      const row = this.#ledger.words[at + A_SOCKET]!;
      if (this.#ledger.words[at + A_PHASE] !== Phase.Connecting) this.#end(at, Outcome.client_crashed);
      else this.#connectFailed(at, Outcome.client_crashed, this.#retransmitsOf(row, this.#ledger.idOf(at)));
    }
    crashHost(this.#host);
  }

  /** SYN retransmissions of an attempt whose application does not know yet that it is connected. */
  #retransmitsOf(row: number, attempt: number): number {
    return this.#host.isOf(row, attempt) && this.#host.fullOf(row) === NO_ROW ? synRetransmitsOf(this.#host, row) : 0;
  }

  #received(at: number, attempt: number, bytes: number): void {
    const words = this.#ledger.words;
    this.#markRead(words[at + A_SOCKET]!, attempt);
    words[at + A_RECEIVED] = words[at + A_RECEIVED]! + bytes;
    const spec = this.#specOf(at);
    if (words[at + A_PHASE] !== Phase.Responding || words[at + A_RECEIVED]! < spec.responseBytes) return;
    this.#recorder.responded(words[at + A_WORKLOAD]!, this.#responseUs(at));
    this.#requestDone(at, attempt, spec);
  }

  /** Time to the response that has come: from connect() for the first one, from when its request was sent for the others. */
  #responseUs(at: number): number {
    const words = this.#ledger.words;
    if (words[at + A_REQUEST] === 0) return this.#usSinceStart(at);
    return Math.min(HISTOGRAM_MAX_US, (this.#host.nowUs() - words[at + A_SENT_US]!) >>> 0);
  }

  #usSinceStart(at: number): number {
    return this.#recorder.usSince(this.#ledger.times, this.#ledger.startPlaceOf(at));
  }

  #markRead(row: number, attempt: number): void {
    if (!this.#host.isOf(row, attempt)) return;
    const rows = this.#host.table.rows;
    const full = this.#host.fullOf(row);
    if (full !== NO_ROW) rows[(full << ROW_SHIFT) + F_RX_READ] = rows[(full << ROW_SHIFT) + F_RX_BYTES]!;
  }

  #enterHold(at: number, attempt: number, spec: ConnectionsSpec): void {
    this.#serve(at);
    const words = this.#ledger.words;
    if (spec.firstCloser === FirstCloser.None) words[at + A_PHASE] = Phase.Open;
    else if (spec.firstCloser === FirstCloser.Server) {
      words[at + A_PHASE] = Phase.WaitingEof;
      if ((words[at + A_FLAGS]! & PEER_FIN) !== 0) this.#enterEofHold(at, attempt);
    } else {
      words[at + A_PHASE] = Phase.Holding;
      this.#set(AppTimer.Hold, attempt, Math.max(NEXT_STEP_NS, spec.holdNs));
    }
  }

  #enterEofHold(at: number, attempt: number): void {
    this.#ledger.words[at + A_PHASE] = Phase.EofHold;
    this.#set(AppTimer.EofHold, attempt, Math.max(NEXT_STEP_NS, this.#specOf(at).holdNs));
  }

  #holdOver(at: number, attempt: number): void {
    const words = this.#ledger.words;
    const spec = this.#specOf(at);
    if (spec.halfClose === 1 && (words[at + A_FLAGS]! & PEER_FIN) === 0) {
      words[at + A_PHASE] = Phase.WaitingEof;
      shutdownWrite(this.#host, words[at + A_SOCKET]!, attempt);
    } else this.#close(at, attempt, Outcome.completed, spec.closeWithRst === 1);
  }

  #eof(at: number, attempt: number): void {
    const words = this.#ledger.words;
    if ((words[at + A_FLAGS]! & PEER_FIN) !== 0) return;
    words[at + A_FLAGS] = words[at + A_FLAGS]! | PEER_FIN;
    const phase = words[at + A_PHASE]!;
    if (phase === Phase.Responding || phase === Phase.Thinking)
      this.#close(at, attempt, Outcome.eof_before_response, false);
    else if (words[at + A_PHASE] === Phase.WaitingEof) this.#enterEofHold(at, attempt);
  }

  #close(at: number, attempt: number, outcome: number, linger0: boolean): void {
    closeSocket(this.#host, this.#ledger.words[at + A_SOCKET]!, attempt, linger0);
    this.#end(at, outcome);
  }

  #end(at: number, outcome: number): void {
    const isFailed = FAILED[outcome]!;
    if (isFailed && !this.#ledger.isServed(at)) this.#fail(at);
    this.#ledger.end(at, outcome, isFailed, DEFAULT_GATE[outcome] ?? Gate.none);
  }

  /** The user has got all it came for. What happens to the connection from now on is nothing to it. */
  #serve(at: number): void {
    const words = this.#ledger.words;
    const user = words[at + A_USER]!;
    const us = user === NO_USER ? this.#usSinceStart(at) : this.#recorder.usSince(this.#users.startNs, user);
    this.#ledger.serve(at);
    this.#recorder.served(words[at + A_WORKLOAD]!, us);
    if (user !== NO_USER) this.#users.leave(user);
  }

  /** The attempt of a user who was not served has failed: it tries again later, or gives up. */
  #fail(at: number): void {
    const user = this.#ledger.words[at + A_USER]!;
    const spec = this.#specOf(at);
    if (user !== NO_USER && this.#users.retryOf(user) < spec.maxRetries) {
      this.#set(AppTimer.Retry, user, backoffNs(spec, this.#users.retryOf(user), this.#ledger.keyOf(at)));
      return;
    }
    this.#recorder.countWorkload(this.#ledger.workloadOf(at), WorkloadField.usersGaveUp);
    if (user !== NO_USER) this.#users.leave(user);
  }

  /** The back-off is over. */
  #retry(user: number): void {
    const users = this.#users;
    users.tryAgain(user);
    this.#begin(users.workloadOf(user), users.indexOf(user), users.retryOf(user), user);
  }

  /** Outcome that an attempt in flight has at the end of the run. */
  outcomeAtEnd(at: number): number {
    return this.#ledger.words[at + A_PHASE] === Phase.Connecting ? Outcome.pending : Outcome.open_at_end;
  }
}
