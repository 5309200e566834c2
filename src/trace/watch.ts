/**
 * Watch: all that happens to some attempts of a run, as a list of events for each.
 *
 * Earlier  What an earlier connection of the same two ends left behind (TIME_WAIT, packets under way) meets the next one: it is among the events
 *          of both.
 * Units   ns since the start of the run.
 */
import type { ObservedRun, ObservedSegment, Observer, QueueLengths } from "../engine/run.ts";
import { GATE_NAMES, type GateName } from "../vocabulary/gates.ts";
import { LOG_LINES, logText } from "../vocabulary/kernel-log.ts";
import { OUTCOME_NAMES, type OutcomeName } from "../vocabulary/outcomes.ts";
import { STATE_NAMES } from "../vocabulary/run-result.ts";
import { VERDICT_NAMES, VERDICTS, type VerdictDef, type VerdictName } from "../vocabulary/verdicts.ts";

export type StateName = (typeof STATE_NAMES)[number];
export type Side = "client" | "server";

/** `earlier`: it is an earlier connection's. */
export type TraceEvent = { readonly atNs: number; readonly earlier?: boolean } & (
  | {
      readonly kind: "sent";
      readonly segment: ObservedSegment;
      /** Whether the server does; null of what the server sends itself. */
      readonly listens: boolean | null;
    }
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
  /** An earlier connection is in this state when the attempt begins. */
  | { readonly kind: "found"; readonly side: Side; readonly state: StateName }
  | { readonly kind: "timer"; readonly side: Side }
  /** A timer is set to fire after so long. */
  | { readonly kind: "set"; readonly side: Side; readonly afterNs: number }
  | { readonly kind: "accepted"; readonly queues: QueueLengths | null }
  /** A line of the kernel's log while the attempt was under way, whoever caused it. */
  | { readonly kind: "logged"; readonly side: Side; readonly text: string }
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
  /** The number of an attempt → the wanted ones that have the same two ends after it. */
  readonly earlier?: ReadonlyMap<number, readonly number[]>;
  /** Beyond so many nothing more is noted, and `isCut` is true. */
  readonly maxEvents?: number;
}

interface Watched {
  /** null: wanted only for what it leaves to later ones. */
  readonly events: TraceEvent[] | null;
  readonly later: readonly number[];
  /** The server's, known from the first segment on. */
  port: number;
  readonly states: Record<Side, StateName>;
  readonly beganNs: number;
  isOver: boolean;
}

/** What an application does, and the end, are each connection's own. */
const LEFT_BEHIND: readonly TraceEvent["kind"][] = ["sent", "arrived", "judged", "state", "timer", "set"];

export const gateOf = (verdict: VerdictName): GateName | undefined => (VERDICTS[verdict] as VerdictDef).gate;

export class Watch implements Observer {
  /** By the number of the attempt. */
  readonly events = new Map<number, TraceEvent[]>();
  isCut = false;
  readonly #options: Required<WatchOptions>;
  readonly #watched = new Map<number, Watched>();
  #begun = 0;
  #noted = 0;
  #run!: ObservedRun;

  constructor(options: WatchOptions) {
    this.#options = { detail: "all", earlier: new Map(), maxEvents: Number.POSITIVE_INFINITY, ...options };
  }

  starts(run: ObservedRun): void {
    this.#run = run;
  }

  began(attempt: number): void {
    this.#begun++;
    // Ids come again: what an earlier attempt of this id still sends is no longer told apart.
    this.#tell(attempt, { kind: "out_of_sight", atNs: this.#run.nowNs });
    this.#watched.delete(attempt);
    const number = this.#begun;
    const later = this.#options.earlier.get(number) ?? [];
    const isWanted = this.#options.wants(number);
    if (!isWanted && later.length === 0) return;
    const events = isWanted ? this.#found(number) : null;
    if (events !== null) this.events.set(number, events);
    const states = { client: "close", server: "close" } as const;
    this.#watched.set(attempt, {
      events,
      later,
      port: 0,
      states: { ...states },
      beganNs: this.#run.nowNs,
      isOver: false,
    });
  }

  /** What earlier connections of the same ends are doing when attempt `number` begins. */
  #found(number: number): TraceEvent[] {
    const atNs = this.#run.nowNs;
    return [...this.#watched.values()]
      .filter(({ later }) => later.includes(number))
      .flatMap(({ states }) => SIDES.map((side) => ({ kind: "found", atNs, side, state: states[side] }) as const))
      .filter(({ state }) => state !== "close");
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
    const watched = this.#watched.get(attempt);
    if (watched) watched.states[sideOf(atServer)] = name;
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
    const watched = this.#watched.get(attempt);
    if (watched) watched.isOver = true;
    const names = { outcome: OUTCOME_NAMES[outcome] ?? "pending", gate: GATE_NAMES[gate] ?? "none" };
    this.#tell(attempt, { kind: "ended", atNs: this.#run.nowNs, ...names });
  }

  unfinished(): void {}

  /** To be called when the run is over: those that are still in sight are told. */
  finish(durationNs: number): void {
    for (const attempt of this.#watched.keys()) this.#tell(attempt, { kind: "run_ends", atNs: durationNs });
  }

  /** The line stands where it belongs: packets of a flood that lag cause theirs after the fact. */
  logged(atServer: boolean, line: number, subject: number, ns: number): void {
    const name = LOG_LINES[line];
    if (this.#options.detail === "packets" || name === undefined) return;
    const side = sideOf(atServer);
    const text = logText(name, subject, this.#run.specOf(side));
    for (const watched of this.#watched.values()) {
      const { events, isOver, beganNs } = watched;
      if (events === null || isOver || beganNs > ns) continue;
      const later = events.findIndex(({ atNs }) => atNs > ns);
      this.#note(watched, { kind: "logged", atNs: ns, side, text }, later < 0 ? events.length : later);
    }
  }

  #tell(attempt: number, event: TraceEvent): void {
    if (this.#options.detail === "packets") return;
    const watched = this.#watched.get(attempt);
    if (watched) this.#note(watched, event);
  }

  #note({ events, later }: Watched, event: TraceEvent, at = events?.length ?? 0): void {
    if (this.#noted >= this.#options.maxEvents) {
      this.isCut = true;
      return;
    }
    this.#noted++;
    events?.splice(at, 0, event);
    if (!LEFT_BEHIND.includes(event.kind)) return;
    for (const number of later) this.events.get(number)?.push({ ...event, earlier: true });
  }
}

const SIDES: readonly Side[] = ["client", "server"];

const sideOf = (atServer: boolean): Side => (atServer ? "server" : "client");
