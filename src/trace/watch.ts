/**
 * Watch: all that happens to some attempts of a run, as a list of events for each.
 *
 * Units   ns since the start of the run.
 */
import type { ObservedRun, ObservedSegment, Observer, QueueLengths } from "../engine/run.ts";
import { GATE_NAMES, type GateName } from "../vocabulary/gates.ts";
import { OUTCOME_NAMES, type OutcomeName } from "../vocabulary/outcomes.ts";
import { STATE_NAMES } from "../vocabulary/run-result.ts";
import { VERDICT_NAMES, VERDICTS, type VerdictDef, type VerdictName } from "../vocabulary/verdicts.ts";

export type StateName = (typeof STATE_NAMES)[number];
export type Side = "client" | "server";

export type TraceEvent = {
  readonly atNs: number;
} /** `listens`: whether the server does; null of what the server sends itself. */ & (
  | { readonly kind: "sent"; readonly segment: ObservedSegment; readonly listens: boolean | null }
  /** `queues`: what it met at the server, null at the client and where nobody listens. */
  | {
      readonly kind: "arrived";
      readonly segment: ObservedSegment;
      /** How many of its segments the path lost. */
      readonly lost: number;
      readonly queues: QueueLengths | null;
    }
  | { readonly kind: "judged"; readonly side: Side; readonly verdict: VerdictName; readonly count: number }
  | { readonly kind: "state"; readonly side: Side; readonly state: StateName }
  | { readonly kind: "timer"; readonly side: Side }
  /** A timer is set to fire after so long. */
  | { readonly kind: "set"; readonly side: Side; readonly afterNs: number }
  | { readonly kind: "accepted"; readonly queues: QueueLengths | null }
  | { readonly kind: "served" }
  | { readonly kind: "ended"; readonly outcome: OutcomeName; readonly gate: GateName }
  /** The end of the run, or what its sockets still do is not told: its id went to another attempt. */
  | { readonly kind: "run_ends" }
  | { readonly kind: "out_of_sight" }
);

/** What is told of each attempt: everything, or what a capture needs. */
export type WatchDetail = "all" | "packets";

export interface WatchOptions {
  /** By the number of the attempt, from 1. */
  readonly wants: (number: number) => boolean;
  readonly detail?: WatchDetail;
  /** Beyond so many nothing more is noted, and `isCut` is true. */
  readonly maxEvents?: number;
}

interface Watched {
  readonly events: TraceEvent[];
  /** The server's, known from the first segment on. */
  port: number;
}

export const gateOf = (verdict: VerdictName): GateName | undefined => (VERDICTS[verdict] as VerdictDef).gate;

export class Watch implements Observer {
  /** By the number of the attempt. */
  readonly events = new Map<number, readonly TraceEvent[]>();
  isCut = false;
  readonly #options: Required<WatchOptions>;
  readonly #watched = new Map<number, Watched>();
  #begun = 0;
  #noted = 0;
  #run!: ObservedRun;

  constructor(options: WatchOptions) {
    this.#options = { detail: "all", maxEvents: Number.POSITIVE_INFINITY, ...options };
  }

  starts(run: ObservedRun): void {
    this.#run = run;
  }

  began(attempt: number): void {
    this.#begun++;
    // Ids come again: what an earlier attempt of this id still sends is no longer told apart.
    this.#tell(attempt, { kind: "out_of_sight", atNs: this.#run.nowNs });
    this.#watched.delete(attempt);
    if (!this.#options.wants(this.#begun)) return;
    const events: TraceEvent[] = [];
    this.events.set(this.#begun, events);
    this.#watched.set(attempt, { events, port: 0 });
  }

  sent(attempt: number, segment: ObservedSegment): void {
    const watched = this.#watched.get(attempt);
    if (!watched) return;
    watched.port = segment.toServer ? segment.destinationPort : segment.sourcePort;
    const listens = segment.toServer ? this.#run.queuesAt(watched.port) !== null : null;
    this.#note(watched, { kind: "sent", atNs: this.#run.nowNs, segment, listens });
  }

  arrived(attempt: number, segment: ObservedSegment, lost: number): void {
    const watched = this.#watched.get(attempt);
    if (!watched) return;
    const queues = segment.toServer ? this.#run.queuesAt(watched.port) : null;
    this.#note(watched, { kind: "arrived", atNs: this.#run.nowNs, segment, lost, queues });
  }

  judged(attempt: number, atServer: boolean, verdict: number, count: number): void {
    const watched = this.#watched.get(attempt);
    const name = VERDICT_NAMES[verdict];
    if (!watched || name === undefined) return;
    if (this.#options.detail === "packets" && gateOf(name) === undefined) return;
    this.#note(watched, { kind: "judged", atNs: this.#run.nowNs, side: sideOf(atServer), verdict: name, count });
  }

  changed(attempt: number, atServer: boolean, state: number): void {
    const name = STATE_NAMES[state] ?? "";
    this.#tell(attempt, { kind: "state", atNs: this.#run.nowNs, side: sideOf(atServer), state: name });
  }

  timerFired(attempt: number, atServer: boolean): void {
    this.#tell(attempt, { kind: "timer", atNs: this.#run.nowNs, side: sideOf(atServer) });
  }

  timerSet(attempt: number, atServer: boolean, afterNs: number): void {
    this.#tell(attempt, { kind: "set", atNs: this.#run.nowNs, side: sideOf(atServer), afterNs });
  }

  accepted(attempt: number): void {
    const watched = this.#watched.get(attempt);
    if (!watched) return;
    this.#tell(attempt, { kind: "accepted", atNs: this.#run.nowNs, queues: this.#run.queuesAt(watched.port) });
  }

  served(attempt: number): void {
    this.#tell(attempt, { kind: "served", atNs: this.#run.nowNs });
  }

  ended(attempt: number, outcome: number, gate: number): void {
    const names = { outcome: OUTCOME_NAMES[outcome] ?? "pending", gate: GATE_NAMES[gate] ?? "none" };
    this.#tell(attempt, { kind: "ended", atNs: this.#run.nowNs, ...names });
  }

  unfinished(): void {}

  /** To be called when the run is over: those that are still in sight are told. */
  finish(durationNs: number): void {
    for (const attempt of this.#watched.keys()) this.#tell(attempt, { kind: "run_ends", atNs: durationNs });
  }

  #tell(attempt: number, event: TraceEvent): void {
    if (this.#options.detail === "packets") return;
    const watched = this.#watched.get(attempt);
    if (watched) this.#note(watched, event);
  }

  #note({ events }: Watched, event: TraceEvent): void {
    if (this.#noted >= this.#options.maxEvents) {
      this.isCut = true;
      return;
    }
    this.#noted++;
    events.push(event);
  }
}

const sideOf = (atServer: boolean): Side => (atServer ? "server" : "client");
