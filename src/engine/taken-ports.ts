/**
 * Taken ports: remembers that connect() found no free port of a parity towards a destination, until a socket is gone.
 *
 * Purpose     Near exhaustion the kernel walks over thousands of taken ports for each connect(). What it finds is decided, so the walk need not
 *             be repeated while nothing has become free.
 * Limits      One 4-tuple without its source port for each slot, the last one that was full. Nothing is remembered where a TIME_WAIT may be
 *             reused: that becomes free by age.
 */
import { hash3 } from "../base/hash.ts";
import type { ConnectionTable } from "./table.ts";

const SLOT_MASK = 255;
const NEVER = -1;
// Words of a slot. The last two: ConnectionTable.unlinks when all even, all odd ports were found taken.
const WORDS_SHIFT = 3;
const W_LOCAL = 0;
const W_PEER = 1;
const W_PORT = 2;
const W_FULL_AT = 3;

export class TakenPorts {
  readonly #table: ConnectionTable;
  readonly #isOn: boolean;
  /** Nothing is looked up before there is something to find. */
  #hasNoted = false;
  readonly #words = new Int32Array((SLOT_MASK + 1) << WORDS_SHIFT).fill(NEVER);

  /** `byAge`: whether a taken port can become free without a socket that goes (tcp_tw_reuse 1). */
  constructor(table: ConnectionTable, byAge: boolean) {
    this.#table = table;
    this.#isOn = !byAge;
  }

  #slotOf(local: number, peer: number, port: number): number {
    return (hash3(local, peer, port) & SLOT_MASK) << WORDS_SHIFT;
  }

  /** Whether all ports of a parity are known to be taken, for connections from `local` to `port` of `peer`. */
  isFull(local: number, peer: number, port: number, parity: number): boolean {
    if (!this.#hasNoted) return false;
    const words = this.#words;
    const slot = this.#slotOf(local, peer, port);
    if (words[slot + W_FULL_AT + parity] !== this.#table.unlinks) return false;
    return words[slot + W_LOCAL] === local && words[slot + W_PEER] === peer && words[slot + W_PORT] === port;
  }

  /** All ports of a parity were found taken just now. */
  noteFull(local: number, peer: number, port: number, parity: number): void {
    if (!this.#isOn) return;
    this.#hasNoted = true;
    const words = this.#words;
    const slot = this.#slotOf(local, peer, port);
    if (words[slot + W_LOCAL] !== local || words[slot + W_PEER] !== peer || words[slot + W_PORT] !== port) {
      words[slot + W_LOCAL] = local;
      words[slot + W_PEER] = peer;
      words[slot + W_PORT] = port;
      words[slot + W_FULL_AT + 1 - parity] = NEVER;
    }
    words[slot + W_FULL_AT + parity] = this.#table.unlinks;
  }
}
