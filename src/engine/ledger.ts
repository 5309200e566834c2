/**
 * Ledger: every attempt of a client, from its start to its one outcome, and which gate it waited for.
 *
 * Rule        A lost segment opens a wait, charged to the gate that took it; the next loss of the same attempt, or its next progress,
 *             closes it. So an attempt waits for one gate at a time and the sum of the waits is the time that losses cost.
 *             A failed attempt is charged to the gate that ate its last try. A half-open that is gone is charged only where nothing was lost before.
 * Units       Nanoseconds since the start of the run.
 * Invariants  offered = completed + failed + in flight, per workload, at every instant (`assertBalanced`).
 * Ids         An attempt's id is its row and a generation, so that a late segment or timer of an ended attempt finds nobody. Ended rows are
 *             taken again in the order in which they ended, and only while RESTING others rest: an id comes again after a million attempts.
 *             Negative ids are raw workloads: -2 - index. NO_ATTEMPT belongs to nobody.
 */
import { assert, LimitError } from "../base/assert.ts";
import { hash2, mix32 } from "../base/hash.ts";
import { GATE_NAMES, Gate } from "../vocabulary/gates.ts";
import { OUTCOME_NAMES } from "../vocabulary/outcomes.ts";

export const NO_ATTEMPT = -1;
const ROW_BITS = 24;
const ROW_MASK = (1 << ROW_BITS) - 1;
const GENERATIONS = 127;
/** Attempts in flight at once: what an id has room for. */
export const MAX_IN_FLIGHT = 1 << ROW_BITS;
export const TOO_MANY_IN_FLIGHT = "more than 16 million attempts would be in flight at once";
/** Rows of ended attempts that are left alone. The oldest timer that can still name one is a client's time-out of some seconds. */
const RESTING = 8192;
/** Kept keys a row: one for each generation, so that a key lasts as long as its id. */
const KEYS_SHIFT = 7;
const WORDS_SHIFT = 4;

// Words of an attempt's row.
const A_ID = 0;
const A_KEY = 1;
const A_PACKETS = 2;
const A_GATE = 3;
const A_WAITING = 4;
const A_NEXT_FREE = 5;
/** Words that the client application keeps here. */
export const A_WORKLOAD = 6;
export const A_PHASE = 7;
export const A_SOCKET = 8;
export const A_RECEIVED = 9;
export const A_FLAGS = 10;
/** Number of the request that is under way, from 0, and µs at which it was sent. */
export const A_REQUEST = 11;
export const A_SENT_US = 12;
/** The user, where it may try again (users.ts). */
export const A_USER = 13;
// A_FLAGS
export const PEER_FIN = 1;
/** The attempt has all that it came for. */
const SERVED = 2;
// Float64 columns.
const T_SHIFT = 1;
const T_START = 0;
const T_WAIT = 1;

const GATES = GATE_NAMES.length;
const OUTCOMES = OUTCOME_NAMES.length;

/** Rows of ledgers that are done with, for the next run of this thread (as arena.ts does with tables). What is in them is written before it is read. */
const spare: { words: Int32Array; times: Float64Array }[] = [];

export class Ledger {
  words: Int32Array;
  times: Float64Array;
  #capacity: number;
  #fresh = 0;
  /** Rows of ended attempts, linked by A_NEXT_FREE, the first to end first; there are #fresh - live. */
  #firstFree = -1;
  #lastFree = -1;
  /** Attempts started and not ended. */
  live = 0;
  /** An old duplicate is under way through a host: nobody waits for what it meets. */
  isOld = false;
  readonly now: Float64Array;
  readonly workloadCount: number;
  /** [workload * gates + gate]. */
  readonly drops: Float64Array;
  readonly failed: Float64Array;
  readonly waitNs: Float64Array;
  /** [workload * outcomes + outcome]. */
  readonly outcomes: Float64Array;
  readonly attempted: Float64Array;
  readonly #rawPackets: Float64Array;
  readonly #rawKey: Int32Array;
  /** Keys by row and generation, of attempts that have ended too; null unless somebody asked for it. */
  #keys: Int32Array | null = null;

  /** `now`: the simulation's clock (one element, ns); `streamKeys`: per workload. */
  constructor(now: Float64Array, seed: number, streamKeys: readonly number[]) {
    const rows = spare.pop() ?? {
      words: new Int32Array(1024 << WORDS_SHIFT),
      times: new Float64Array(1024 << T_SHIFT),
    };
    this.words = rows.words;
    this.times = rows.times;
    this.#capacity = rows.words.length >> WORDS_SHIFT;
    this.now = now;
    this.workloadCount = streamKeys.length;
    this.drops = new Float64Array(streamKeys.length * GATES);
    this.failed = new Float64Array(streamKeys.length * GATES);
    this.waitNs = new Float64Array(streamKeys.length * GATES);
    this.outcomes = new Float64Array(streamKeys.length * OUTCOMES);
    this.attempted = new Float64Array(streamKeys.length);
    this.#rawPackets = new Float64Array(streamKeys.length);
    this.#rawKey = Int32Array.from(streamKeys, (key) => hash2(seed, key));
  }

  /** Makes sure that `count` attempts can begin. */
  reserve(count: number): void {
    if (this.#keys !== null) this.#keys = withRoom(this.#keys, (this.#fresh + count) << KEYS_SHIFT);
    // begin() takes fresh rows only while no more than RESTING rest.
    const needed = Math.max(this.#fresh, this.live + RESTING + count);
    if (needed <= this.#capacity) return;
    if (needed > MAX_IN_FLIGHT) throw new LimitError(TOO_MANY_IN_FLIGHT);
    while (needed > this.#capacity) this.#capacity *= 2;
    const words = new Int32Array(this.#capacity << WORDS_SHIFT);
    words.set(this.words);
    this.words = words;
    const times = new Float64Array(this.#capacity << T_SHIFT);
    times.set(this.times);
    this.times = times;
  }

  /** Begins an attempt of arrival number `index` of a workload, its first or a later one (`retry`, from 0); answers its id. */
  begin(workload: number, index: number, retry = 0): number {
    let row = this.#firstFree;
    if (this.#fresh - this.live <= RESTING) {
      row = this.#fresh++;
      this.words[row << WORDS_SHIFT] = row;
    } else this.#firstFree = this.words[(row << WORDS_SHIFT) + A_NEXT_FREE]!;
    this.live++;
    const at = row << WORDS_SHIFT;
    const words = this.words;
    const key = hash2(this.#rawKey[workload]!, index);
    const own = retry === 0 ? key : hash2(key, retry);
    if (this.#keys !== null) this.#keys[(row << KEYS_SHIFT) | (words[at + A_ID]! >> ROW_BITS)] = own;
    words[at + A_KEY] = own;
    words[at + A_PACKETS] = 0;
    words[at + A_GATE] = Gate.none;
    words[at + A_WAITING] = 0;
    words[at + A_WORKLOAD] = workload;
    words[at + A_RECEIVED] = 0;
    words[at + A_FLAGS] = 0;
    words[at + A_REQUEST] = 0;
    this.times[(row << T_SHIFT) + T_START] = this.now[0]!;
    this.attempted[workload] = this.attempted[workload]! + 1;
    return words[at + A_ID]!;
  }

  /** First word of an attempt's row, or -1 when the attempt has ended (or the id is nobody's). */
  at(id: number): number {
    if (id < 0) return -1;
    const at = (id & ROW_MASK) << WORDS_SHIFT;
    return this.words[at + A_ID] === id ? at : -1;
  }

  /** Hash of an attempt and of how many packets were asked for it so far: each packet's own randomness. */
  packetHash(id: number): number {
    if (id >= 0) {
      const at = (id & ROW_MASK) << WORDS_SHIFT;
      const packet = this.words[at + A_PACKETS]!;
      this.words[at + A_PACKETS] = packet + 1;
      return mix32(this.words[at + A_KEY]! + Math.imul(packet, 0x9e3779b1));
    }
    if (id === NO_ATTEMPT) return 0;
    const workload = -2 - id;
    const packet = this.#rawPackets[workload]!;
    this.#rawPackets[workload] = packet + 1;
    return mix32(this.#rawKey[workload]! + Math.imul(packet, 0x9e3779b1));
  }

  /** What an attempt's randomness hangs on: its arrival and its retry, whatever the settings. */
  keyOf(at: number): number {
    return this.words[at + A_KEY]!;
  }

  /** From now on keys outlive their attempts (to be called before the first one). */
  keepKeys(): void {
    this.#keys ??= new Int32Array(1024 << KEYS_SHIFT);
  }

  /** The key of an attempt, which segments that are under way when it ends still need; 0 for what is nobody's. */
  keptKeyOf(id: number): number {
    return id < 0 ? 0 : this.#keys![((id & ROW_MASK) << KEYS_SHIFT) | (id >> ROW_BITS)]!;
  }

  /** Where `times` has when an attempt began, ns. */
  startPlaceOf(at: number): number {
    return ((at >> WORDS_SHIFT) << T_SHIFT) + T_START;
  }

  /** A segment of `id` was lost at `gate`. */
  lose(id: number, gate: number): void {
    if (id === NO_ATTEMPT) return;
    if (id < 0) {
      this.drop(-2 - id, gate, 1);
      return;
    }
    const at = this.at(id);
    if (at < 0) return;
    this.drop(this.words[at + A_WORKLOAD]!, gate, 1);
    if (this.isOld) return;
    // That the half-open is gone is the consequence of an earlier loss, if there was one: the attempt goes on waiting for that gate.
    if (gate === Gate.half_open_gone && this.words[at + A_WAITING] === 1) return;
    this.#closeWait(at);
    this.words[at + A_GATE] = gate;
    this.words[at + A_WAITING] = 1;
    this.times[((at >> WORDS_SHIFT) << T_SHIFT) + T_WAIT] = this.now[0]!;
  }

  /** A copy that the path made of a segment of `id` was lost at `gate`: nobody waits for it. */
  loseCopy(id: number, gate: number): void {
    const at = this.at(id);
    if (at >= 0) this.drop(this.words[at + A_WORKLOAD]!, gate, 1);
  }

  /** `n` packets of a workload were lost at `gate`. */
  drop(workload: number, gate: number, n: number): void {
    const cell = workload * GATES + gate;
    this.drops[cell] = this.drops[cell]! + n;
  }

  /** The attempt got on: a segment that it waited for was taken in. */
  progress(id: number): void {
    const at = this.at(id);
    if (at < 0 || this.isOld) return;
    this.#closeWait(at);
    this.words[at + A_GATE] = Gate.none;
  }

  #closeWait(at: number): void {
    if (this.words[at + A_WAITING] === 0) return;
    this.words[at + A_WAITING] = 0;
    const cell = this.words[at + A_WORKLOAD]! * GATES + this.words[at + A_GATE]!;
    const since = this.times[((at >> WORDS_SHIFT) << T_SHIFT) + T_WAIT]!;
    this.waitNs[cell] = this.waitNs[cell]! + (this.now[0]! - since);
  }

  /** How long the wait that is open lasts by now, which waitNs does not hold yet; 0: none is. */
  openWaitNs(at: number): number {
    return this.words[at + A_WAITING] === 0 ? 0 : this.now[0]! - this.times[((at >> WORDS_SHIFT) << T_SHIFT) + T_WAIT]!;
  }

  workloadOf(at: number): number {
    return this.words[at + A_WORKLOAD]!;
  }

  gateOf(at: number): number {
    return this.words[at + A_GATE]!;
  }

  /** The attempt has all that it came for; its connection may live on. */
  serve(at: number): void {
    this.words[at + A_FLAGS] = this.words[at + A_FLAGS]! | SERVED;
  }

  isServed(at: number): boolean {
    return (this.words[at + A_FLAGS]! & SERVED) !== 0;
  }

  idOf(at: number): number {
    return this.words[at + A_ID]!;
  }

  /** The gate that a failure is charged to: the one that ate the last try; `otherwise` where no segment was lost. */
  chargedGate(at: number, otherwise: number): number {
    const lost = this.words[at + A_GATE]!;
    return lost === Gate.none ? otherwise : lost;
  }

  /** Ends an attempt that reached what it came for (`gate` = none) or failed; `gate` stands in where no segment was lost. */
  end(at: number, outcome: number, failed: boolean, gate: number): void {
    const words = this.words;
    const workload = words[at + A_WORKLOAD]!;
    this.#closeWait(at);
    if (failed) {
      const cell = workload * GATES + this.chargedGate(at, gate);
      this.failed[cell] = this.failed[cell]! + 1;
    }
    const cell = workload * OUTCOMES + outcome;
    this.outcomes[cell] = this.outcomes[cell]! + 1;
    const row = at >> WORDS_SHIFT;
    const generation = ((words[at + A_ID]! >> ROW_BITS) + 1) % GENERATIONS;
    words[at + A_ID] = row | (generation << ROW_BITS);
    words[at + A_PHASE] = -1;
    words[at + A_NEXT_FREE] = -1;
    if (this.#firstFree < 0) this.#firstFree = row;
    else words[(this.#lastFree << WORDS_SHIFT) + A_NEXT_FREE] = row;
    this.#lastFree = row;
    this.live--;
  }

  /** First words of the attempts that are in flight, in the order of their rows. */
  inFlight(): number[] {
    const free = new Uint8Array(this.#fresh);
    for (let row = this.#firstFree; row >= 0; row = this.words[(row << WORDS_SHIFT) + A_NEXT_FREE]!) free[row] = 1;
    const places: number[] = [];
    for (let row = 0; row < this.#fresh; row++) if (free[row] === 0) places.push(row << WORDS_SHIFT);
    return places;
  }

  /** Visits the first word of each attempt that is in flight. */
  visitInFlight(visit: (at: number) => void): void {
    for (const at of this.inFlight()) visit(at);
  }

  /** Hands the rows to the next ledger of this thread; this one must not be used any more. */
  release(): void {
    spare.push({ words: this.words, times: this.times });
  }

  /** Conservation: offered = ended + in flight. Holds in every run, production included. */
  assertBalanced(): void {
    let offered = 0;
    let ended = 0;
    for (const n of this.attempted) offered += n;
    for (const n of this.outcomes) ended += n;
    assert(offered === ended + this.live, `${offered} attempts offered, but ${ended} ended and ${this.live} in flight`);
  }
}

/** `keys`, or a copy with at least `length` words. */
function withRoom(keys: Int32Array, length: number): Int32Array {
  if (keys.length >= length) return keys;
  const larger = new Int32Array(2 * length);
  larger.set(keys);
  return larger;
}
