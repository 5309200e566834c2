/**
 * Connection table of one host: packed rows (layout.ts) and the hash that finds one by its 4-tuple.
 *
 * Purpose     Millions of half-open connections without an object, or a garbage collection, for each.
 * Invariants  1. A row is free (on the free list once) or live; a live first row is in the hash from `link` to `unlink`.
 *             2. Nothing is allocated while events run: `reserve` grows the table between batches, so that `take` always finds a row.
 * Hash        Open addressing, linear probing, backward-shift deletion. One fingerprint byte a slot stays in the cache when
 *             the rows do not (0 = empty); a probe touches a row only when the byte fits.
 * Home        Where a 4-tuple's probing starts: eight peers whose addresses follow one another have homes side by side (homeOf), so that a flood
 *             that counts its addresses up meets one cache miss where it would meet eight. The hash itself (hashTuple) makes fingerprints, and is
 *             what initial sequence numbers and cookies are made of.
 * Used by     The whole of host code; results come from counters, never from this table.
 */
import { LimitError } from "../base/assert.ts";
import { mix32 } from "../base/hash.ts";
import { NO_ROW, R_BUCKET, R_FULL, R_HASH, R_LOCAL, R_NEXT, R_PEER, R_PORTS, R_STATE, ROW_SHIFT } from "./layout.ts";

/** 4-tuple → int32. */
export function hashTuple(local: number, peer: number, ports: number): number {
  return hashPeer(peer, hashService(local, ports));
}

/** What of a 4-tuple's hash does not depend on the peer's address. */
export function hashService(local: number, ports: number): number {
  return Math.imul(ports, 0x85ebca6b) ^ Math.imul(local, 0xc2b2ae35);
}

export function hashPeer(peer: number, service: number): number {
  return mix32(Math.imul(peer, 0x9e3779b1) ^ service);
}

/** Peers with homes side by side, a power of two; flood-loop.ts counts on as many bytes in two words. More of them make longer probes. */
export const NEIGHBOURS = 8;
const NEIGHBOURS_MASK = NEIGHBOURS - 1;

/** Where the probing of a peer's 4-tuple starts, before it is cut to the table's size. `service`: hashService of the same. */
export function homeOf(peer: number, service: number): number {
  const mixed = Math.imul(Math.imul(peer & ~NEIGHBOURS_MASK, 0x9e3779b1) ^ service, 0x846ca68b);
  return ((mixed ^ (mixed >>> 16)) & ~NEIGHBOURS_MASK) | ((peer ^ (service >>> 9)) & NEIGHBOURS_MASK);
}

/**
 * Slots a row: small tables are sparse, so that the fingerprint of an absent tuple is nearly always 0; large ones have to fit the cache. A table that is asked
 * for strangers above all is sparser still, while its fingerprints fit the nearest caches.
 */
const DENSE_SLOTS = 2;
const SPARSE_SLOTS = 4;
const SPARSE_BELOW = 16_384;
const STRANGERS_SLOTS = 16;
const STRANGERS_UP_TO = 8192;

/** Words are found by int32. */
export const MAX_ROWS = 1 << (30 - ROW_SHIFT);
export const TOO_MANY_ROWS = "a host would have more than 67 million half-open and other sockets at once";
const HASH_BYTES_PER_SLOT = 9;

/** What a table for `expectedRows` takes, bytes. `meetsStrangers`: as for reset(). */
export function tableBytes(expectedRows: number, meetsStrangers: boolean): number {
  const rows = Math.min(expectedRows, MAX_ROWS);
  return capacityFor(rows) * (4 << ROW_SHIFT) + slotsFor(rows, meetsStrangers) * HASH_BYTES_PER_SLOT;
}

const capacityFor = (expectedRows: number): number => Math.min(MAX_ROWS, powerOfTwo(expectedRows * 2));

function slotsFor(expectedRows: number, meetsStrangers: boolean): number {
  if (meetsStrangers && expectedRows <= STRANGERS_UP_TO) return powerOfTwo(expectedRows * STRANGERS_SLOTS);
  return powerOfTwo(expectedRows * (expectedRows < SPARSE_BELOW ? SPARSE_SLOTS : DENSE_SLOTS));
}

function powerOfTwo(atLeast: number): number {
  let size = 1024;
  while (size < atLeast) size *= 2;
  return size;
}

export class ConnectionTable {
  rows: Int32Array;
  /** A byte a slot, 0: free; and what cuts a hash to a slot. For whoever looks up many in one loop (flood-loop.ts). */
  fingerprint: Uint8Array;
  mask: number;
  /** The same bytes, four a word: two words are the homes of eight neighbours. */
  eights: Int32Array;
  /** Two words a slot: home, row. With the home at hand neither a probe nor a deletion has to look at rows that are not the one. */
  #slots: Int32Array;
  #capacity: number;
  #firstFree = NO_ROW;
  /** Rows below this were handed out at least once. */
  #fresh = 0;
  #live = 0;
  #linked = 0;
  /** Rows taken out of the hash so far, from 0 to 2^31 - 1 and from 0 again. */
  unlinks = 0;

  constructor(capacity: number) {
    this.#capacity = powerOfTwo(capacity);
    this.rows = new Int32Array(this.#capacity << ROW_SHIFT);
    const slots = this.#capacity * 2;
    this.fingerprint = new Uint8Array(slots);
    this.eights = new Int32Array(this.fingerprint.buffer);
    this.#slots = new Int32Array(slots * 2);
    this.mask = slots - 1;
  }

  /** Rows above this were never taken. */
  get rowsHandedOut(): number {
    return this.#fresh;
  }

  get live(): number {
    return this.#live;
  }

  /**
   * Forgets every row. `expected` rows size the hash: a small run keeps it in the cache, a large one is spared the growing. `meetsStrangers`: most of those
   * that are looked up will not be there.
   */
  reset(expected: number, meetsStrangers: boolean): void {
    const expectedRows = Math.min(expected, MAX_ROWS);
    this.#firstFree = NO_ROW;
    this.#fresh = 0;
    this.#live = 0;
    this.#linked = 0;
    if (capacityFor(expectedRows) > this.#capacity) this.#grow(capacityFor(expectedRows));
    this.fingerprint.fill(0, 0, this.mask + 1);
    const slots = slotsFor(expectedRows, meetsStrangers);
    if (slots > this.fingerprint.length) {
      this.fingerprint = new Uint8Array(slots);
      this.eights = new Int32Array(this.fingerprint.buffer);
      this.#slots = new Int32Array(slots * 2);
    }
    this.mask = slots - 1;
  }

  /** Makes sure that `count` rows can be taken. Called between batches of events, never inside one. */
  reserve(count: number): void {
    if (this.#live + count > this.#capacity) this.#grow(powerOfTwo(this.#live + count));
    if ((this.#linked + count) * 2 > this.mask + 1) this.#rehash(powerOfTwo((this.#linked + count) * 2) * 2);
  }

  #grow(capacity: number): void {
    if (capacity > MAX_ROWS) throw new LimitError(TOO_MANY_ROWS);
    const rows = new Int32Array(capacity << ROW_SHIFT);
    rows.set(this.rows);
    this.rows = rows;
    this.#capacity = capacity;
  }

  #rehash(slots: number): void {
    const oldFingerprint = this.fingerprint;
    const oldSlots = this.#slots;
    const oldSize = this.mask + 1;
    this.fingerprint = new Uint8Array(slots);
    this.eights = new Int32Array(this.fingerprint.buffer);
    this.#slots = new Int32Array(slots * 2);
    this.mask = slots - 1;
    this.#linked = 0;
    for (let slot = 0; slot < oldSize; slot++) {
      if (oldFingerprint[slot] !== 0) this.link(oldSlots[slot * 2 + 1]!);
    }
  }

  /** A free row; its words are what they were, but R_STATE 0, no timer, no second row. */
  take(): number {
    let row = this.#firstFree;
    if (row === NO_ROW) row = this.#fresh++;
    else this.#firstFree = this.rows[(row << ROW_SHIFT) + R_NEXT]!;
    this.#live++;
    const at = row << ROW_SHIFT;
    this.rows[at + R_STATE] = 0;
    this.rows[at + R_BUCKET] = -1;
    this.rows[at + R_FULL] = NO_ROW;
    return row;
  }

  /** Puts a row (unlinked, timer disarmed) back. */
  release(row: number): void {
    const at = row << ROW_SHIFT;
    this.rows[at + R_STATE] = 0;
    this.rows[at + R_NEXT] = this.#firstFree;
    this.#firstFree = row;
    this.#live--;
  }

  /** Every live row, second rows too. */
  visit(look: (row: number) => void): void {
    for (let row = 0; row < this.#fresh; row++) if (this.rows[(row << ROW_SHIFT) + R_STATE] !== 0) look(row);
  }

  /** Row of the 4-tuple, or NO_ROW. `hash` is hashTuple of the same. */
  find(hash: number, local: number, peer: number, ports: number): number {
    const { mask, fingerprint } = this;
    const home = homeOf(peer, hashService(local, ports));
    const wanted = (hash >>> 24) | 1;
    let slot = home & mask;
    let seen = fingerprint[slot]!;
    while (seen !== 0) {
      if (seen === wanted && this.#slots[slot * 2] === home) {
        const row = this.#slots[slot * 2 + 1]!;
        const at = row << ROW_SHIFT;
        const rows = this.rows;
        if (rows[at + R_PEER] === peer && rows[at + R_PORTS] === ports && rows[at + R_LOCAL] === local) return row;
      }
      slot = (slot + 1) & mask;
      seen = fingerprint[slot]!;
    }
    return NO_ROW;
  }

  #homeOfRow(row: number): number {
    const rows = this.rows;
    const at = row << ROW_SHIFT;
    return homeOf(rows[at + R_PEER]!, hashService(rows[at + R_LOCAL]!, rows[at + R_PORTS]!));
  }

  /** Enters a row under its 4-tuple (R_LOCAL, R_PEER, R_PORTS, R_HASH are set; the tuple is not in the table). */
  link(row: number): void {
    const { mask, fingerprint } = this;
    const home = this.#homeOfRow(row);
    let slot = home & mask;
    while (fingerprint[slot]! !== 0) slot = (slot + 1) & mask;
    fingerprint[slot] = (this.rows[(row << ROW_SHIFT) + R_HASH]! >>> 24) | 1;
    this.#slots[slot * 2] = home;
    this.#slots[slot * 2 + 1] = row;
    this.#linked++;
  }

  /** Takes a row out of the hash. */
  unlink(row: number): void {
    this.unlinks = (this.unlinks + 1) & 0x7fffffff;
    const { mask, fingerprint } = this;
    const slots = this.#slots;
    let hole = this.#homeOfRow(row) & mask;
    while (slots[hole * 2 + 1] !== row || fingerprint[hole] === 0) hole = (hole + 1) & mask;
    let probe = hole;
    for (;;) {
      probe = (probe + 1) & mask;
      if (fingerprint[probe] === 0) break;
      const home = slots[probe * 2]!;
      if (((probe - (home & mask)) & mask) >= ((probe - hole) & mask)) {
        fingerprint[hole] = fingerprint[probe]!;
        slots[hole * 2] = home;
        slots[hole * 2 + 1] = slots[probe * 2 + 1]!;
        hole = probe;
      }
    }
    fingerprint[hole] = 0;
    this.#linked--;
  }
}
