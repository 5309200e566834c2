/**
 * SO_KEEPALIVE and TCP_USER_TIMEOUT: which sockets have them, and what they need to know for it.
 *
 * Purpose     A run in which nobody asks for either has no SocketOptions (`Host.options` is null) and pays one branch a segment of a full socket.
 * Storage     A third row of the connection table for each socket that has options, found through an array beside the table.
 * Units       Ticks, but for the user time-out: ms.
 * Used by     keepalive.ts has the rules of probes; transmit.ts and connect.ts ask for the user time-out.
 */
import type { SocketOptionsSpec } from "../vocabulary/run-spec.ts";
import { F_OWNER, NO_ROW, O_HEARD, O_PROBES, O_SPEC, OPTIONS_ROW, R_ATTEMPT, R_STATE, ROW_SHIFT } from "./layout.ts";
import type { ConnectionTable } from "./table.ts";

export class SocketOptions {
  /** By workload at the client (null: it has no sockets), by listener at the server. */
  readonly #specs: readonly (SocketOptionsSpec | null)[];
  readonly #table: ConnectionTable;
  /** First row → third row, NO_ROW: none. */
  #rowOf: Int32Array = new Int32Array(0);

  constructor(specs: readonly (SocketOptionsSpec | null)[], table: ConnectionTable) {
    this.#specs = specs;
    this.#table = table;
  }

  /** Keeps step with the table (between batches of events). */
  reserve(): void {
    const capacity = this.#table.rows.length >> ROW_SHIFT;
    if (this.#rowOf.length >= capacity) return;
    const longer = new Int32Array(capacity).fill(NO_ROW);
    longer.set(this.#rowOf);
    this.#rowOf = longer;
  }

  /** A socket is made: gives it the options of `index`, if there are any. */
  give(row: number, index: number): void {
    if (!hasOptions(this.#specs[index]!)) return;
    const options = this.#table.take();
    const rows = this.#table.rows;
    const at = options << ROW_SHIFT;
    rows[at + R_STATE] = OPTIONS_ROW;
    rows[at + F_OWNER] = row;
    rows[at + R_ATTEMPT] = NO_ROW;
    rows[at + O_SPEC] = index;
    rows[at + O_PROBES] = 0;
    rows[at + O_HEARD] = 0;
    this.#rowOf[row] = options;
  }

  /** The third row of a socket, NO_ROW when it has no options. */
  rowOf(row: number): number {
    return this.#rowOf[row]!;
  }

  /** What the socket of this third row has asked for. */
  specOf(options: number): SocketOptionsSpec {
    return this.#specs[this.#table.rows[(options << ROW_SHIFT) + O_SPEC]!]!;
  }

  /** TCP_USER_TIMEOUT of a socket, ms; 0: none. */
  userTimeoutMs(row: number): number {
    const options = this.#rowOf[row]!;
    return options === NO_ROW ? 0 : this.specOf(options).userTimeoutMs;
  }

  /** Data came (icsk_ack.lrcvtime). */
  heardData(row: number, tick: number): void {
    const options = this.#rowOf[row]!;
    if (options !== NO_ROW) this.#table.rows[(options << ROW_SHIFT) + O_HEARD] = tick;
  }

  /** An ACK came (tp->rcv_tstamp): the peer is there. */
  heardAck(row: number, tick: number): void {
    const options = this.#rowOf[row]!;
    if (options === NO_ROW) return;
    this.#table.rows[(options << ROW_SHIFT) + O_HEARD] = tick;
    this.#table.rows[(options << ROW_SHIFT) + O_PROBES] = 0;
  }

  /** The socket ends: its third row (whose timer is disarmed) is free again. */
  release(row: number): void {
    const options = this.#rowOf[row]!;
    if (options === NO_ROW) return;
    this.#rowOf[row] = NO_ROW;
    this.#table.release(options);
  }
}

const hasOptions = (spec: SocketOptionsSpec | null): boolean =>
  spec !== null && (spec.keepaliveS > 0 || spec.userTimeoutMs > 0);

/** The options of a run's sockets at one end; null when none has any. */
export function optionsOf(specs: readonly (SocketOptionsSpec | null)[], table: ConnectionTable): SocketOptions | null {
  return specs.some(hasOptions) ? new SocketOptions(specs, table) : null;
}
