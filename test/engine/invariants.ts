/**
 * Invariants: what holds of both ends of a run at any time between two events, and what may be left when all traffic is over.
 *
 * Method   Every live row of a host's table is looked at, and what the host counts is counted again. Findings are sentences; none is expected.
 * Source   kernel-semantics 3, 7; tcp_input.c, tcp_timer.c: which state has which timer.
 */
import type { Host } from "../../src/engine/host.ts";
import {
  CLOSE,
  CLOSE_WAIT,
  ESTABLISHED,
  F_ACCEPT_NEXT,
  F_FLAGS,
  F_OWNER,
  F_SND_UNA,
  F_STREAM,
  F_TX_BYTES,
  FIN_WAIT1,
  FIN_WAIT2,
  FL_ACCEPTED,
  FL_FIN_PENDING,
  FL_FIN_WAIT2_TIMER,
  FL_ORPHAN,
  FULL_ROW,
  NEW_SYN_RECV,
  NO_ROW,
  R_ATTEMPT,
  R_BUCKET,
  R_FULL,
  R_HASH,
  R_LOCAL,
  R_META,
  R_PEER,
  R_PORTS,
  R_RCV_NXT,
  R_SND_NXT,
  R_STATE,
  REQ_COUNT_MASK,
  REQ_LISTENER_MASK,
  REQ_RETRANS_SHIFT,
  REQ_TIMEOUTS_SHIFT,
  ROW_MINI,
  ROW_SHIFT,
  ROW_STATE_MASK,
  SYN_SENT,
  TIME_WAIT,
} from "../../src/engine/layout.ts";
import type { Simulation } from "../../src/engine/simulation.ts";
import { hashTuple } from "../../src/engine/table.ts";
import { STATE_NAMES } from "../../src/vocabulary/run-result.ts";
import { Verdict } from "../../src/vocabulary/verdicts.ts";

/** A first row, spelled out. */
export interface Socket {
  readonly row: number;
  readonly state: number;
  readonly isMini: boolean;
  readonly full: number;
  readonly flags: number;
  readonly isArmed: boolean;
  readonly isSecondArmed: boolean;
}

export function socketsOf(host: Host): Socket[] {
  const { rows } = host.table;
  const sockets: Socket[] = [];
  host.table.visit((row) => {
    const word = rows[(row << ROW_SHIFT) + R_STATE]!;
    if ((word & ROW_STATE_MASK) === FULL_ROW) return;
    const full = rows[(row << ROW_SHIFT) + R_FULL]!;
    sockets.push({
      row,
      state: word & ROW_STATE_MASK,
      isMini: (word & ROW_MINI) !== 0,
      full,
      flags: full === NO_ROW ? 0 : rows[(full << ROW_SHIFT) + F_FLAGS]!,
      isArmed: rows[(row << ROW_SHIFT) + R_BUCKET]! >= 0,
      isSecondArmed: full !== NO_ROW && rows[(full << ROW_SHIFT) + R_BUCKET]! >= 0,
    });
  });
  return sockets;
}

const nameOf = ({ state, row, isMini }: Socket): string =>
  `${STATE_NAMES[state] ?? state}${isMini ? " (mini)" : ""} at row ${row}`;

/** Notes sentences about one host. */
class Findings {
  readonly list: string[] = [];
  readonly #who: string;

  constructor(host: Host) {
    this.#who = host.isServer ? "server" : "client";
  }

  check(holds: boolean, what: string): void {
    if (!holds) this.list.push(`${this.#who}: ${what}`);
  }

  equal(found: number, expected: number, what: string): void {
    this.check(found === expected, `${what}: found ${found}, expected ${expected}`);
  }
}

/** What does not hold of both ends now. */
export function findingsOf(simulation: Simulation): string[] {
  const { server, client } = simulation.hosts;
  return [...hostFindings(server), ...hostFindings(client), ...pairFindings(server, client)];
}

function hostFindings(host: Host): string[] {
  const sockets = socketsOf(host);
  const findings = new Findings(host);
  checkRows(host, sockets, findings);
  checkGauges(host, sockets, findings);
  for (const socket of sockets) {
    checkTimers(host, socket, findings);
    if (socket.full !== NO_ROW) checkSequence(host, socket, findings);
  }
  for (const listener of host.listeners) checkListener(host, listener.index, sockets, findings);
  return findings.list;
}

/** No socket is lost: each row is a socket that its 4-tuple finds, or the second row of one. */
function checkRows(host: Host, sockets: readonly Socket[], findings: Findings): void {
  const { rows } = host.table;
  let seconds = 0;
  host.table.visit((row) => {
    if ((rows[(row << ROW_SHIFT) + R_STATE]! & ROW_STATE_MASK) !== FULL_ROW) return;
    seconds++;
    const owner = rows[(row << ROW_SHIFT) + F_OWNER]!;
    findings.check(rows[(owner << ROW_SHIFT) + R_FULL] === row, `second row ${row} is not its owner's`);
  });
  findings.equal(host.table.live, sockets.length + seconds, "rows");
  findings.equal(seconds, sockets.filter(({ full }) => full !== NO_ROW).length, "second rows");
  for (const socket of sockets) {
    const at = socket.row << ROW_SHIFT;
    const tuple = [rows[at + R_LOCAL]!, rows[at + R_PEER]!, rows[at + R_PORTS]!] as const;
    const found = host.table.find(rows[at + R_HASH]!, ...tuple);
    findings.check(rows[at + R_HASH] === hashTuple(...tuple), `${nameOf(socket)} has another hash`);
    findings.check((found === socket.row) !== (socket.state === CLOSE), `${nameOf(socket)} is found at row ${found}`);
  }
}

/** What the host counts is what there is. */
function checkGauges(host: Host, sockets: readonly Socket[], findings: Findings): void {
  const count = (is: (socket: Socket) => boolean): number => sockets.filter(is).length;
  for (const [state, n] of host.states.entries())
    findings.equal(
      n,
      count((socket) => socket.state === state),
      `sockets in state ${STATE_NAMES[state] ?? state}`,
    );
  findings.equal(
    host.timeWaits,
    count(({ isMini }) => isMini),
    "mini-sockets",
  );
  findings.check(host.timeWaits <= host.spec.maxTwBuckets, `${host.timeWaits} of ${host.spec.maxTwBuckets} buckets`);
  findings.equal(
    host.orphans,
    count(({ flags }) => (flags & FL_ORPHAN) !== 0),
    "orphans",
  );
  findings.check(host.orphans <= host.spec.maxOrphans, `${host.orphans} of ${host.spec.maxOrphans} orphans`);
  findings.equal(
    host.synRecvByRetransmits.reduce((sum, n) => sum + n, 0),
    count(({ state }) => state === NEW_SYN_RECV),
    "requests by retransmissions",
  );
}

/** A timer is armed where something must happen, and nowhere else. */
function checkTimers(host: Host, socket: Socket, findings: Findings): void {
  const { rows } = host.table;
  const at = socket.row << ROW_SHIFT;
  const { state, isMini, full, flags } = socket;
  if (state === CLOSE) {
    findings.check(!socket.isArmed && !socket.isSecondArmed, `${nameOf(socket)} has a timer`);
    return;
  }
  if (full === NO_ROW) {
    findings.check(isMini || state === NEW_SYN_RECV || state === SYN_SENT, `${nameOf(socket)} has no second row`);
    findings.check(socket.isArmed, `${nameOf(socket)} has no timer`);
    return;
  }
  const fat = full << ROW_SHIFT;
  const isOutstanding = rows[at + R_SND_NXT] !== rows[fat + F_SND_UNA];
  findings.check(
    socket.isArmed === isOutstanding,
    `${nameOf(socket)}: armed ${socket.isArmed}, unacknowledged ${isOutstanding}`,
  );
  const isFinWait2 = (flags & FL_FIN_WAIT2_TIMER) !== 0;
  if (isFinWait2) findings.check(socket.isSecondArmed, `${nameOf(socket)} waits for a FIN without a timer`);
  const isOrphan = (flags & FL_ORPHAN) !== 0;
  if (isOrphan && state === FIN_WAIT2) findings.check(isFinWait2, `${nameOf(socket)} is an orphan without an end`);
  if (isOrphan) findings.check(state !== ESTABLISHED && state !== CLOSE_WAIT, `${nameOf(socket)} is an orphan`);
}

/** snd_una <= snd_nxt, and between them what is in flight: data, then the FIN. Nothing waits behind nothing. */
function checkSequence(host: Host, socket: Socket, findings: Findings): void {
  const { rows } = host.table;
  const at = socket.row << ROW_SHIFT;
  const fat = socket.full << ROW_SHIFT;
  const outstanding = (rows[at + R_SND_NXT]! - rows[fat + F_SND_UNA]!) | 0;
  const bytes = rows[fat + F_TX_BYTES]!;
  findings.check(outstanding >= 0, `${nameOf(socket)}: snd_una is beyond snd_nxt`);
  if (socket.state === CLOSE) return;
  const fin = outstanding - bytes;
  const isClosed = socket.state !== ESTABLISHED && socket.state !== CLOSE_WAIT;
  const isFinSent = isClosed && (socket.flags & FL_FIN_PENDING) === 0;
  findings.check(
    fin === 0 || (fin === 1 && isFinSent),
    `${nameOf(socket)}: ${outstanding} outstanding, ${bytes} bytes in flight`,
  );
  findings.check(isClosed || (socket.flags & FL_FIN_PENDING) === 0, `${nameOf(socket)}: a FIN waits before close()`);
  const isFinAcked = isFinSent && outstanding === 0;
  findings.check(isFinAcked === (socket.state === FIN_WAIT2), `${nameOf(socket)}: FIN acknowledged ${isFinAcked}`);
  if (outstanding > 0 || (host.isServer && (socket.flags & FL_ACCEPTED) === 0)) return;
  const stream = rows[fat + F_STREAM]!;
  const queued = stream === NO_ROW ? 0 : host.streams.queued(stream);
  findings.check(
    queued === 0 && (socket.flags & FL_FIN_PENDING) === 0,
    `${nameOf(socket)} waits to send behind nothing`,
  );
}

/** The queues are what is in them, and no longer than they may be. */
function checkListener(host: Host, index: number, sockets: readonly Socket[], findings: Findings): void {
  const { rows } = host.table;
  const listener = host.listeners[index]!;
  const metaOf = (row: number): number => rows[(row << ROW_SHIFT) + R_META]!;
  const requests = sockets.filter(
    ({ state, row }) => state === NEW_SYN_RECV && (metaOf(row) & REQ_LISTENER_MASK) === index,
  );
  const young = requests.filter(({ row }) => ((metaOf(row) >> REQ_TIMEOUTS_SHIFT) & REQ_COUNT_MASK) === 0);
  findings.equal(listener.synLength, requests.length, `SYN queue of listener ${index}`);
  findings.equal(listener.young, young.length, `young half-opens of listener ${index}`);
  let children = 0;
  for (let row = listener.acceptHead; row !== NO_ROW; children++) {
    const full = host.fullOf(row);
    findings.check((rows[(full << ROW_SHIFT) + F_FLAGS]! & FL_ACCEPTED) === 0, `row ${row} is queued though accepted`);
    row = rows[(full << ROW_SHIFT) + F_ACCEPT_NEXT]!;
  }
  findings.equal(listener.acceptLength, children, `accept queue of listener ${index}`);
  findings.check(children <= listener.backlog + 1, `accept queue of listener ${index} holds ${children}`);
  for (const { row } of requests) {
    const retransmits = (metaOf(row) >> REQ_RETRANS_SHIFT) & REQ_COUNT_MASK;
    findings.check(retransmits <= REQ_COUNT_MASK, `row ${row} was answered too often`);
  }
}

/**
 * Of one connection's two sockets neither has acknowledged what the other has not sent. Not where cookies were taken: a late ACK whose cookie is
 * still good makes a second child of a connection that has gone on, or is over; its other end knows of more than this one (kernel-semantics 5.4).
 */
function pairFindings(server: Host, client: Host): string[] {
  const list: string[] = [];
  if (server.counts[Verdict.cookie_accepted]! > 0) return list;
  const rows = client.table.rows;
  for (const socket of socketsOf(client)) {
    if (socket.full === NO_ROW || socket.state === CLOSE) continue;
    const at = socket.row << ROW_SHIFT;
    const ports = rows[at + R_PORTS]!;
    const tuple = [rows[at + R_PEER]!, rows[at + R_LOCAL]!, (ports << 16) | (ports >>> 16)] as const;
    const other = server.table.find(hashTuple(...tuple), ...tuple);
    if (other === NO_ROW || server.fullOf(other) === NO_ROW) continue;
    if (server.table.rows[(other << ROW_SHIFT) + R_ATTEMPT] !== rows[at + R_ATTEMPT]) continue;
    for (const [a, rowA, b, rowB] of [
      [client, socket.row, server, other],
      [server, other, client, socket.row],
    ] as const) {
      const word = (host: Host, row: number, offset: number): number => host.table.rows[(row << ROW_SHIFT) + offset]!;
      const sent = word(a, rowA, R_SND_NXT);
      const received = word(b, rowB, R_RCV_NXT);
      const acknowledged = word(a, a.fullOf(rowA), F_SND_UNA);
      const who = `${a.isServer ? "server" : "client"}'s row ${rowA}`;
      if (((sent - received) | 0) < 0)
        list.push(`${who} has sent up to ${sent}, the other has received up to ${received}`);
      if (((received - acknowledged) | 0) < 0)
        list.push(`${who} knows of ${acknowledged} as received, the other has received up to ${received}`);
    }
  }
  return list;
}

/** Why a socket may stay for ever. */
export type Keeper =
  | "ghost ESTABLISHED: the other end is gone, and nobody writes"
  | "ESTABLISHED at both ends: its applications are silent"
  | "half-closed FIN_WAIT2 of a living process"
  | "CLOSE_WAIT of an application that never closes"
  | "CLOSE: dead, and its application never looks";

/** What is left of a host, by why the kernel keeps it; null: it does not. */
export function keeperOf(host: Host, socket: Socket, other: Host): Keeper | null {
  const isOrphan = (socket.flags & FL_ORPHAN) !== 0;
  if (socket.isArmed || socket.isSecondArmed || isOrphan || socket.isMini) return null;
  switch (socket.state) {
    case ESTABLISHED:
      return hasPeer(host, socket, other)
        ? "ESTABLISHED at both ends: its applications are silent"
        : "ghost ESTABLISHED: the other end is gone, and nobody writes";
    case FIN_WAIT2:
      return "half-closed FIN_WAIT2 of a living process";
    case CLOSE_WAIT:
      return "CLOSE_WAIT of an application that never closes";
    case CLOSE:
      return "CLOSE: dead, and its application never looks";
    default:
      return null;
  }
}

function hasPeer(host: Host, { row }: Socket, other: Host): boolean {
  const { rows } = host.table;
  const at = row << ROW_SHIFT;
  const ports = rows[at + R_PORTS]!;
  const tuple = [rows[at + R_PEER]!, rows[at + R_LOCAL]!, (ports << 16) | (ports >>> 16)] as const;
  const found = other.table.find(hashTuple(...tuple), ...tuple);
  return found !== NO_ROW && ![TIME_WAIT, NEW_SYN_RECV, FIN_WAIT1].includes(other.stateOf(found));
}

/** Sockets that are left, by reason; `lost` are those that the kernel would not keep. */
export function leftOf(simulation: Simulation): { readonly kept: Map<Keeper, number>; readonly lost: string[] } {
  const { server, client } = simulation.hosts;
  const kept = new Map<Keeper, number>();
  const lost: string[] = [];
  for (const [host, other] of [
    [server, client],
    [client, server],
  ] as const) {
    for (const socket of socketsOf(host)) {
      const keeper = keeperOf(host, socket, other);
      if (keeper === null) lost.push(`${host.isServer ? "server" : "client"}: ${nameOf(socket)}`);
      else kept.set(keeper, (kept.get(keeper) ?? 0) + 1);
    }
  }
  return { kept, lost };
}
