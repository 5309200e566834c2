/**
 * Users: who an arrival is, and who of them tries again.
 *
 * Identity   Arrival i is user i modulo (sourceAddresses * clientsPerAddress); a user's address is its number modulo sourceAddresses. Users of one
 *            address are behind a NAT: they share its ports, as with a box that has one public address, and each has a clock of its own.
 * Retries    A user is kept here from its first attempt until it was served or gave up; its attempts come and go. Only workloads with
 *            retries have entries: elsewhere a user is its one attempt.
 * Units      ns; an entry's number is what attempts and timers know a user by.
 */
import { hash2, hash3, unitOf } from "../base/hash.ts";
import type { ConnectionsSpec, RunSpec } from "../vocabulary/run-spec.ts";
import { PERSONS } from "./layout.ts";

const CLIENT_ADDRESS = (10 << 24) | (10 << 16) | 2;
/** First of a workload's addresses when it has several. */
const CLIENT_RANGE = (10 << 24) | (88 << 16) | 1;

export const NO_USER = -1;

function userOf(spec: ConnectionsSpec, index: number): number {
  return index % (spec.sourceAddresses * spec.clientsPerAddress);
}

/** Address that arrival `index` comes from. */
export function addressOf(spec: ConnectionsSpec, index: number): number {
  return spec.sourceAddresses > 1 ? (CLIENT_RANGE + (index % spec.sourceAddresses)) | 0 : CLIENT_ADDRESS;
}

/** Who of the users behind its address arrival `index` is: 0 without a NAT. */
export function personOf(spec: ConnectionsSpec, index: number): number {
  return spec.clientsPerAddress === 1 ? 0 : Math.floor(userOf(spec, index) / spec.sourceAddresses) % PERSONS;
}

/** Whether the load balancer sends arrival `index` to this run's host: by a hash of its user, so that a user stays with a host. */
export function isForThisHost(spec: ConnectionsSpec, index: number, { hostIndex, hostCount }: RunSpec): boolean {
  return (hash3(spec.streamKey, userOf(spec, index), 13) >>> 0) % hostCount === hostIndex;
}

/** How long a user waits after its attempt number `retry` (from 0) has failed; `attemptKey` draws the jitter. */
export function backoffNs(spec: ConnectionsSpec, retry: number, attemptKey: number): number {
  let ns = spec.retryBackoffNs;
  for (let i = 0; i < retry && ns < spec.retryMaxBackoffNs; i++) ns *= spec.retryFactor;
  return Math.min(ns, spec.retryMaxBackoffNs) * (1 - spec.retryJitter * unitOf(hash2(attemptKey, 17)));
}

const WORDS_SHIFT = 2;
const U_WORKLOAD = 0;
const U_INDEX = 1;
const U_RETRY = 2;
const U_NEXT_FREE = 3;

/** Users of workloads with retries that were not served yet and have not given up. */
export class Users {
  #words = new Int32Array(64 << WORDS_SHIFT);
  #startNs = new Float64Array(64);
  #fresh = 0;
  #firstFree = NO_USER;

  /** Enters a user whose first attempt begins at `now[0]`. */
  enter(workload: number, index: number, now: Float64Array): number {
    let user = this.#firstFree;
    if (user === NO_USER) {
      if (this.#fresh === this.#startNs.length) this.#grow();
      user = this.#fresh++;
    } else this.#firstFree = this.#words[(user << WORDS_SHIFT) + U_NEXT_FREE]!;
    const at = user << WORDS_SHIFT;
    this.#words[at + U_WORKLOAD] = workload;
    this.#words[at + U_INDEX] = index;
    this.#words[at + U_RETRY] = 0;
    this.#startNs[user] = now[0]!;
    return user;
  }

  /** The user was served, or will not try again. */
  leave(user: number): void {
    this.#words[(user << WORDS_SHIFT) + U_NEXT_FREE] = this.#firstFree;
    this.#firstFree = user;
  }

  workloadOf(user: number): number {
    return this.#words[(user << WORDS_SHIFT) + U_WORKLOAD]!;
  }

  /** Number of its arrival. */
  indexOf(user: number): number {
    return this.#words[(user << WORDS_SHIFT) + U_INDEX]!;
  }

  /** 0: its first attempt is on, or has failed. */
  retryOf(user: number): number {
    return this.#words[(user << WORDS_SHIFT) + U_RETRY]!;
  }

  /** Its next attempt begins. */
  tryAgain(user: number): void {
    const at = (user << WORDS_SHIFT) + U_RETRY;
    this.#words[at] = this.#words[at]! + 1;
  }

  /** [user]: when its first attempt began, ns. Good until the next user enters. */
  get startNs(): Float64Array {
    return this.#startNs;
  }

  #grow(): void {
    const words = new Int32Array(this.#words.length * 2);
    words.set(this.#words);
    this.#words = words;
    const startNs = new Float64Array(this.#startNs.length * 2);
    startNs.set(this.#startNs);
    this.#startNs = startNs;
  }
}
