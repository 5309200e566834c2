/**
 * A path that does more than delay: jitter, reordering, duplicates; the words are those of tc-netem(8).
 *
 * Jitter       Per packet: drawn from the packet's hash, so packets overtake each other. Per connection: drawn from the attempt's key, the same for
 *              all packets of the attempt in that direction, which keep their order; connections overtake each other.
 * Reordering   The packet is sent without the constant delay and without jitter, and overtakes what is on the way.
 * Duplicates   A copy with a hash, and so a delay, a loss and a reordering, of its own; there are no copies of copies.
 * Late copies  Copies that arrive up to minutes after their packet, as RFC 9293 has old duplicates in mind: of single segments, not of flights.
 * Units        ns. Draws need + - * /, sqrt and own logarithms only: the same on every machine.
 */
import { hash2, unitOf } from "../base/hash.ts";
import { ln } from "../base/prng.ts";
import { Jitter, JitterScope, type PathSpec } from "../vocabulary/run-spec.ts";
import type { Ledger } from "./ledger.ts";
import { PacketHeap } from "./packet-heap.ts";

/** Purposes of the draws. */
const DRAW_REORDER = 31;
const DRAW_DUPLICATE = 32;
const DRAW_COPY = 33;
const DRAW_JITTER = 34;
/** The two directions of a connection draw apart; a packet's hash is its own in any case. */
const DRAW_CONNECTION_TO_SERVER = 35;
const DRAW_CONNECTION_TO_CLIENT = 36;
const DRAW_LATE_COPY = 37;
const DRAW_LATE = 38;
const FIRST_CAPACITY = 1024;
const FOREVER = Number.POSITIVE_INFINITY;

/** Whether the packet with this hash is delivered twice. */
export function isDuplicated(hash: number, path: PathSpec): boolean {
  return path.duplicate > 0 && unitOf(hash2(hash, DRAW_DUPLICATE)) < path.duplicate;
}

/** Hash of a packet's copy. It does not count as one of the attempt's packets, whose own draws it leaves alone. */
export function copyHash(hash: number): number {
  return hash2(hash, DRAW_COPY);
}

/** Hash of a packet's late copy. */
export function lateCopyHash(hash: number): number {
  return hash2(hash, DRAW_LATE_COPY);
}

/** Whether a path's packets need an order by arrival. */
export function isUneven(path: PathSpec): boolean {
  return path.jitter !== Jitter.None || path.reorder > 0 || path.duplicate > 0 || path.lateProbability > 0;
}

export class UnevenPath {
  readonly lateMatch: number;
  readonly hasLateCopies: boolean;
  readonly #lateEndNs: number;
  readonly heap = new PacketHeap(FIRST_CAPACITY);
  readonly #path: PathSpec;
  readonly #now: Float64Array;
  readonly #ledger: Ledger;
  readonly #delayNs: number;
  readonly #baseNs: number;
  readonly #spreadMask: number;
  readonly #connectionDraw: number;
  readonly #isPerConnection: boolean;
  /** [0]: arrival of the last packet that keeps its order. */
  readonly #lastNs = new Float64Array(1);
  /** [0]: the jitter drawn last. */
  readonly jitterNs = new Float64Array(1);

  /** `baseNs` and `spreadMask`: the little delay that every packet has (link.ts). */
  constructor(
    path: PathSpec,
    toServer: boolean,
    now: Float64Array,
    ledger: Ledger,
    delayNs: number,
    baseNs: number,
    spreadMask: number,
  ) {
    this.#path = path;
    this.lateMatch = path.lateMatch;
    this.hasLateCopies = path.lateProbability > 0;
    this.#lateEndNs = path.lateEndNs < 0 ? FOREVER : path.lateEndNs;
    this.#now = now;
    this.#ledger = ledger;
    this.#delayNs = delayNs;
    this.#baseNs = baseNs;
    this.#spreadMask = spreadMask;
    this.#connectionDraw = toServer ? DRAW_CONNECTION_TO_SERVER : DRAW_CONNECTION_TO_CLIENT;
    this.#isPerConnection = path.jitter !== Jitter.None && path.jitterScope === JitterScope.Connection;
    if (this.#isPerConnection) ledger.keepKeys();
  }

  isDuplicated(hash: number): boolean {
    return isDuplicated(hash, this.#path);
  }

  /** Whether the packet with this hash, of a class that has them, has a late copy. */
  isCopiedLate(hash: number): boolean {
    const { lateProbability, lateStartNs } = this.#path;
    const now = this.#now[0]!;
    if (now < lateStartNs || now >= this.#lateEndNs) return false;
    return unitOf(hash2(hash, DRAW_LATE)) < lateProbability;
  }

  /** A slot for a late copy of a packet that leaves now: neither jitter nor reordering is added to so long a way. The heap must not be full. */
  scheduleLate(hash: number): number {
    const atNs = this.#now[0]! + this.#delayNs + this.#path.lateNs;
    this.heap.atNs[0] = atNs + this.#baseNs + (hash & this.#spreadMask);
    return this.heap.push();
  }

  /** A slot for a packet that leaves now, in the order of arrivals. The heap must not be full. */
  schedule(hash: number, attempt: number): number {
    const { jitter, reorder } = this.#path;
    const at = this.heap.atNs;
    const now = this.#now[0]!;
    if (reorder > 0 && unitOf(hash2(hash, DRAW_REORDER)) < reorder) {
      at[0] = now + this.#baseNs + (hash & this.#spreadMask);
    } else if (jitter === Jitter.None) {
      // As on an even path, the little delays reorder nothing.
      at[0] = Math.max(this.#lastNs[0]!, now + this.#delayNs + this.#baseNs + (hash & this.#spreadMask));
      this.#lastNs[0] = at[0]!;
    } else {
      const draw = this.#isPerConnection ? hash2(this.#ledger.keptKeyOf(attempt), this.#connectionDraw) : hash;
      this.drawJitter(hash2(draw, DRAW_JITTER));
      at[0] = now + Math.max(0, this.#delayNs + this.jitterNs[0]!) + this.#baseNs + (draw & this.#spreadMask);
    }
    return this.heap.push();
  }

  /** Draws the jitter that belongs to a hash into `jitterNs[0]`. */
  drawJitter(hash: number): void {
    const { jitter, jitterNs } = this.#path;
    const out = this.jitterNs;
    if (jitter === Jitter.Uniform) out[0] = (2 * unitOf(hash) - 1) * jitterNs;
    else if (jitter === Jitter.Exponential) out[0] = -ln(1 - unitOf(hash)) * jitterNs;
    else {
      drawNormal(out, hash);
      out[0] = out[0]! * jitterNs;
    }
  }
}

/** A standard normal number that belongs to a hash, into `out[0]`: Marsaglia's polar method. */
function drawNormal(out: Float64Array, hash: number): void {
  for (let k = 0; ; k += 2) {
    const x = 2 * unitOf(hash2(hash, k)) - 1;
    const y = 2 * unitOf(hash2(hash, k + 1)) - 1;
    const square = x * x + y * y;
    if (square >= 1 || square === 0) continue;
    out[0] = x * Math.sqrt((-2 * ln(square)) / square);
    return;
  }
}
