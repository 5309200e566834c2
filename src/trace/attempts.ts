/**
 * The attempts of a run: when each began, how it ended; and which of them somebody wants to see.
 *
 * Numbers   Attempt 1 is the first that the run begins, retries of users included. The same spec gives the same numbers.
 * Units     ns since the start of the run.
 */
import type { ObservedRun, ObservedSegment, Observer } from "../engine/run.ts";
import { GATE_NAMES, type GateName } from "../vocabulary/gates.ts";
import { OUTCOME_NAMES, type OutcomeName } from "../vocabulary/outcomes.ts";

const ESTABLISHED = 1;

/** What tells the connections of a run apart: the server has one address. */
export interface AddressPair {
  readonly address: number;
  readonly port: number;
  readonly server: number;
  readonly serverPort: number;
}

export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** Index into the workloads. */
  readonly workload: number;
  /** Which arrival of the workload, and which try of its user, both from 0. */
  readonly arrival: number;
  readonly retry: number;
  readonly startNs: number;
  /** The client's end, the server's port; null: no packet left. */
  readonly pair: AddressPair | null;
  /** When connect() succeeded, when the client had all it came for, and when it let go; null: never. */
  readonly connectedNs: number | null;
  readonly servedNs: number | null;
  readonly endNs: number | null;
  readonly outcome: OutcomeName;
  /** A failure's charge, or what an attempt in flight waits for; "none" elsewhere. */
  readonly gate: GateName;
}

type Writable = { -readonly [Key in keyof Attempt]: Attempt[Key] };

/** Notes every attempt of a run; `attempts` are complete when the result was taken. */
export class AttemptList implements Observer {
  readonly attempts: Attempt[] = [];
  readonly #live = new Map<number, Writable>();
  #run!: ObservedRun;

  starts(run: ObservedRun): void {
    this.#run = run;
  }

  began(attempt: number, workload: number, index: number, retry: number): void {
    const entry: Writable = {
      ...{ number: this.attempts.length + 1, workload, arrival: index, retry, startNs: this.#run.nowNs },
      ...{ pair: null, connectedNs: null, servedNs: null, endNs: null, outcome: "pending", gate: "none" },
    };
    this.attempts.push(entry);
    this.#live.set(attempt, entry);
  }

  served(attempt: number): void {
    const entry = this.#live.get(attempt);
    if (entry) entry.servedNs = this.#run.nowNs;
  }

  ended(attempt: number, outcome: number, gate: number): void {
    const entry = this.#live.get(attempt);
    if (!entry) return;
    entry.endNs = this.#run.nowNs;
    entry.outcome = OUTCOME_NAMES[outcome] ?? "pending";
    entry.gate = GATE_NAMES[gate] ?? "none";
    this.#live.delete(attempt);
  }

  unfinished(attempt: number, gate: number): void {
    const entry = this.#live.get(attempt);
    if (!entry) return;
    entry.outcome = entry.connectedNs === null ? "pending" : "open_at_end";
    entry.gate = GATE_NAMES[gate] ?? "none";
  }

  changed(attempt: number, atServer: boolean, state: number): void {
    if (atServer || state !== ESTABLISHED) return;
    const entry = this.#live.get(attempt);
    if (entry) entry.connectedNs ??= this.#run.nowNs;
  }

  sent(attempt: number, { toServer, source, sourcePort, destination, destinationPort }: ObservedSegment): void {
    const entry = toServer ? this.#live.get(attempt) : undefined;
    if (entry && entry.pair === null)
      entry.pair = { address: source, port: sourcePort, server: destination, serverPort: destinationPort };
  }

  arrived(): void {}
  judged(): void {}
  timerFired(): void {}
  timerSet(): void {}
  accepted(): void {}
  logged(): void {}
}

/** Attempts with the same two ends as those of `chosen`, and before them: the number of each → the chosen ones that came after it. */
export function earlierOn(attempts: readonly Attempt[], chosen: readonly Attempt[]): Map<number, number[]> {
  const wanted = new Map<string, number[]>();
  for (const { pair, number } of chosen)
    if (pair !== null) wanted.set(keyOf(pair), [...(wanted.get(keyOf(pair)) ?? []), number]);
  const earlier = new Map<number, number[]>();
  for (const { pair, number } of attempts) {
    const later = pair === null ? [] : (wanted.get(keyOf(pair)) ?? []).filter((other) => other > number);
    if (later.length > 0) earlier.set(number, later);
  }
  return earlier;
}

const keyOf = ({ address, port, serverPort }: AddressPair): string => `${address} ${port} ${serverPort}`;

/** Which attempts are wanted. What is undefined does not matter. */
export interface Choice {
  readonly connection?: number | undefined;
  /** Index into the workloads. */
  readonly workload?: number | undefined;
  readonly outcome?: OutcomeName | undefined;
  /** So many that took longest, longest first; without it only the first that fits. */
  readonly slowest?: number | undefined;
}

/** How long the client waited for what it came for, or until it failed or the run ended. */
export const waitNsOf = ({ startNs, servedNs, endNs }: Attempt, durationNs: number): number =>
  (servedNs ?? endNs ?? durationNs) - startNs;

export function chooseAttempts(attempts: readonly Attempt[], choice: Choice, durationNs: number): Attempt[] {
  const { connection, workload, outcome, slowest } = choice;
  const fits = attempts.filter(
    (attempt) =>
      (connection === undefined || attempt.number === connection) &&
      (workload === undefined || attempt.workload === workload) &&
      (outcome === undefined || attempt.outcome === outcome),
  );
  if (slowest === undefined) return fits.slice(0, 1);
  return fits
    .sort((a, b) => waitNsOf(b, durationNs) - waitNsOf(a, durationNs) || a.number - b.number)
    .slice(0, slowest);
}
