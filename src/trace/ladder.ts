/**
 * Ladder: what happened to one attempt as text, a line for each moment, client on the left and server on the right.
 *
 *   time since it began | client's state | packet as it leaves or arrives | server's state | what was decided and counted
 *
 * Numbers  Sequence and acknowledgment numbers count from each end's SYN, as tcpdump's and Wireshark's do.
 * States   The server's is empty until a packet for it leaves, which tells its port; where nobody listens there it is CLOSED. A half-open that is
 *          given up leaves the listener (RFC 9293 section 3.5.3), a socket leaves CLOSED.
 * Widths   No line is longer than LADDER_COLUMNS; what does not fit into the last column goes on below.
 */
import type { ObservedSegment } from "../engine/run.ts";
import { GATES } from "../vocabulary/gates.ts";
import {
  addVerdict,
  type Note,
  noteOf,
  noteText,
  packNotes,
  queuesNotes,
  TIMER,
  timerNote,
  verdictNote,
} from "./notes.ts";
import type { Side, StateName, TraceEvent } from "./watch.ts";

export const LADDER_COLUMNS = 120;
const TIME = 12;
const STATE = 11;
const PACKET = 40;
/** A space, the line and its ends. */
const LEAST_ARROW = 3;
const GAP = "  ";
const EARLIER = "belongs to an earlier connection";
const CLOSED = "CLOSED";
const LISTEN = "LISTEN";
const NOTES_AT = TIME + STATE + PACKET + STATE + 4 * GAP.length;
const NOTES = LADDER_COLUMNS - NOTES_AT;

const FLAG_NAMES = [
  [2, "SYN"],
  [1, "FIN"],
  [4, "RST"],
  [8, "PSH"],
  [16, "ACK"],
] as const;

interface Line {
  readonly atNs: number;
  readonly side: Side;
  packet: string;
  client: string;
  server: string;
  readonly notes: Note[];
  /** The timer that was set last in this moment. */
  timer: string;
}

/** Each end's initial sequence number, from which a ladder counts; null: it sent no SYN. */
export interface FirstNumbers {
  readonly client: number | null;
  readonly server: number | null;
}

export function firstNumbersOf(events: readonly TraceEvent[]): FirstNumbers {
  const numbers = new RelativeNumbers();
  for (const event of events) numbers.take(event);
  return numbers.first;
}

/** The lines of a ladder with their header. `startNs`: when the attempt began; `fromNs`: how much later the first line may be. */
export function ladderOf(events: readonly TraceEvent[], startNs: number, fromNs = 0): string {
  const all = new LadderWriter().write(events);
  const lines = all.filter(({ atNs }) => atNs - startNs >= fromNs);
  const header = textOf("time", "client", center("packet", PACKET), "server", ["what happens"]);
  const rule = "─".repeat(LADDER_COLUMNS);
  const left = all.length - lines.length;
  const leftOut = left === 0 ? [] : [`${"...".padStart(TIME)}${GAP}${left} line${left === 1 ? "" : "s"} before`];
  return [header, rule, ...leftOut, ...lines.map((line) => lineText(line, startNs))].join("\n");
}

function lineText({ atNs, packet, client, server, notes, timer }: Line, startNs: number): string {
  const all = packNotes(
    [...notes.map(noteText), timer].filter((note) => note !== ""),
    NOTES,
  );
  return textOf(`+${((atNs - startNs) / 1e9).toFixed(6)}`, client, packet, server, all);
}

function textOf(time: string, client: string, packet: string, server: string, notes: readonly string[]): string {
  const row = [time.padStart(TIME), client.padEnd(STATE), packet.padEnd(PACKET), server.padEnd(STATE)].join(GAP);
  const [first = "", ...rest] = notes;
  return [`${row}${GAP}${first}`, ...rest.map((note) => " ".repeat(NOTES_AT) + note)]
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Turns events into lines: what happens at one end in one moment stands in one line, up to the packet that leaves. */
class LadderWriter {
  readonly #lines: Line[] = [];
  readonly #state: Record<Side, string> = { client: CLOSED, server: "" };
  /** Whether an end's state is an earlier connection's. */
  readonly #isEarlier: Record<Side, boolean> = { client: false, server: false };
  /** In SYN_RECV there may be a full socket, too, which is in no queue. */
  #isHalfOpen = false;
  readonly #numbers = new RelativeNumbers();

  write(events: readonly TraceEvent[]): readonly Line[] {
    for (const event of events) this.#take(event);
    return this.#lines;
  }

  #take(event: TraceEvent): void {
    const { atNs, earlier: isEarlier = false } = event;
    this.#numbers.take(event);
    switch (event.kind) {
      case "sent":
        this.#sent(event);
        return;
      case "arrived":
        this.#arrived(event);
        return;
      case "judged":
        this.#judged(event);
        return;
      case "found":
        this.#stateIs(event.side, event.state, true);
        return;
      case "state":
        // What is left of one connection may go when the other has begun.
        if (event.state === "close" && this.#isEarlier[event.side] !== isEarlier) return;
        this.#stateIs(event.side, event.state, isEarlier);
        this.#line(atNs, event.side)[event.side] = this.#state[event.side];
        return;
      case "timer":
        say(this.#new(atNs, event.side), TIMER);
        return;
      case "set":
        this.#line(atNs, event.side).timer = timerNote(event.afterNs);
        return;
      case "accepted":
        say(this.#line(atNs, "server"), "accept()", ...queuesNotes(event.queues).slice(-1));
        return;
      case "logged":
        say(this.#line(atNs, event.side), `kernel log: ${event.text}`);
        return;
      case "served":
        say(this.#line(atNs, "client"), "served");
        return;
      case "ended": {
        const charge = event.gate === "none" ? "" : `, charged to: ${GATES[event.gate].title}`;
        say(this.#line(atNs, "client"), `attempt over: ${event.outcome}${charge}`);
        return;
      }
      case "out_of_sight":
        say(this.#new(atNs, "client"), "what its sockets still do is not told");
        return;
      case "run_ends":
        if (!this.#isOver()) say(this.#new(atNs, "client"), "end of the run");
    }
  }

  #judged({ atNs, side, verdict, count }: Extract<TraceEvent, { kind: "judged" }>): void {
    const note = verdictNote(verdict, count);
    if (note !== null) addVerdict(this.#line(atNs, side).notes, note);
  }

  #isOver(): boolean {
    return this.#state.client === CLOSED && !hasSocket(this.#state.server);
  }

  #stateIs(side: Side, state: StateName, isEarlier: boolean): void {
    this.#isEarlier[side] = isEarlier;
    const wasHalfOpen = this.#isHalfOpen;
    if (side === "server") this.#isHalfOpen = state === "new_syn_recv";
    this.#state[side] = state === "close" && side === "server" && wasHalfOpen ? LISTEN : stateText(state);
  }

  #sent({ atNs, segment, listens, earlier }: Extract<TraceEvent, { kind: "sent" }>): void {
    const side = segment.toServer ? "client" : "server";
    if (listens !== null) this.#lookForListener(listens);
    const last = this.#lines.at(-1);
    const isFree = last?.atNs === atNs && last.side === side && last.packet === "";
    const line = isFree ? last : this.#new(atNs, side);
    line.server = this.#state.server;
    this.#show(line, segment, "leaves");
    if (earlier === true) say(line, EARLIER);
  }

  /** A server without a socket of this attempt listens, or does not. */
  #lookForListener(listens: boolean): void {
    if (!hasSocket(this.#state.server)) this.#state.server = listens ? LISTEN : CLOSED;
  }

  #arrived({ atNs, segment, lost, queues, earlier }: Extract<TraceEvent, { kind: "arrived" }>): void {
    const isLost = lost === segment.segments;
    const { server } = this.#state;
    const meetsQueues = segment.toServer && !isLost && (!hasSocket(server) || this.#isHalfOpen);
    if (meetsQueues) this.#lookForListener(queues !== null);
    const line = this.#new(atNs, segment.toServer ? "server" : "client");
    this.#show(line, segment, isLost ? "is lost" : "arrives");
    if (earlier === true) say(line, EARLIER);
    if (segment.isCopy) say(line, segment.isLate ? "an old duplicate" : "a copy that the path made");
    if (lost > 0) say(line, `LOST${isLost ? "" : ` ${lost} of ${segment.segments}`}: ${pathTitle(segment)}`);
    if (meetsQueues) say(line, ...queuesNotes(queues));
  }

  /** Puts a packet into its column. What of its label finds no room there is said beside it: numbers of another connection are long. */
  #show(line: Line, segment: ObservedSegment, what: "leaves" | "arrives" | "is lost"): void {
    const { flags, length, segments } = segment;
    const names = FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
    const ack = (flags & 16) === 0 ? "" : ` ack ${this.#numbers.ackOf(segment)}`;
    const size = `${length === 0 ? "" : ` len ${length}`}${segments > 1 ? ` ×${segments}` : ""}`;
    let label = names.join("-");
    let beside = "";
    for (const part of [` seq ${this.#numbers.seqOf(segment)}${ack}`, size]) {
      if (beside === "" && label.length + part.length <= PACKET - LEAST_ARROW) label += part;
      else beside += part;
    }
    line.packet = arrow(label, segment.toServer, what);
    if (beside !== "") say(line, beside.trim());
  }

  /** The line that is being written, if it is of this moment and end and its packet did not leave it. */
  #line(atNs: number, side: Side): Line {
    const last = this.#lines.at(-1);
    return last?.atNs === atNs && last.side === side ? last : this.#new(atNs, side);
  }

  #new(atNs: number, side: Side): Line {
    const { client, server } = this.#state;
    const line: Line = { atNs, side, packet: "", client, server, notes: [], timer: "" };
    this.#lines.push(line);
    return line;
  }
}

const pathTitle = ({ toServer }: ObservedSegment): string =>
  GATES[toServer ? "path_to_server" : "path_to_client"].title;

/** Numbers since each end's SYN. SYN cookies differ from SYN-ACK to SYN-ACK: the one that came is the connection's. */
class RelativeNumbers {
  #client: number | null = null;
  #server: number | null = null;
  #isSettled = false;

  get first(): FirstNumbers {
    return { client: this.#client, server: this.#server };
  }

  take(event: TraceEvent): void {
    if (event.earlier === true) return;
    if (event.kind === "sent") this.#sent(event.segment);
    else if (event.kind === "arrived" && !event.segment.toServer && event.lost < event.segment.segments)
      this.#isSettled = this.#server !== null;
  }

  #sent({ toServer, flags, seq }: ObservedSegment): void {
    if ((flags & 2) === 0) return;
    if (toServer) this.#client = seq;
    else if (!this.#isSettled) this.#server = seq;
  }

  seqOf({ toServer, flags, seq }: ObservedSegment): number {
    // The RST that answers a SYN has a number of nobody: 0 (RFC 9293 section 3.10.7.1).
    if (!toServer && (flags & 4) !== 0 && seq === 0) return 0;
    return relative(seq, toServer ? this.#client : this.#server);
  }

  ackOf({ toServer, ack }: ObservedSegment): number {
    return relative(ack, toServer ? this.#server : this.#client);
  }
}

const relative = (number: number, first: number | null): number => (first === null ? number : (number - first) | 0);

/** A packet in its column: the label at the end that it is seen at, and a line that says where it goes. */
function arrow(label: string, toServer: boolean, what: "leaves" | "arrives" | "is lost"): string {
  const room = PACKET - label.length - 2;
  const dashes = "─".repeat(room);
  const head = what === "is lost" ? "✗" : toServer ? "▶" : "◀";
  if (what === "leaves") return toServer ? `${label} ${dashes}╌` : `╌${dashes} ${label}`;
  return toServer ? `╌${dashes.slice(1)}${head} ${label}` : `${label} ${head}${dashes.slice(1)}╌`;
}

function stateText(state: StateName): string {
  if (state === "close") return CLOSED;
  return state === "new_syn_recv" ? "SYN_RECV" : state.toUpperCase();
}

const say = ({ notes }: Line, ...words: readonly string[]): void => void notes.push(...words.map(noteOf));

/** Whether a server in this state has a socket, or a half-open, of the attempt. */
const hasSocket = (state: string): boolean => state !== "" && state !== CLOSED && state !== LISTEN;

const center = (text: string, width: number): string =>
  text.padStart(Math.floor((width + text.length) / 2)).padEnd(width);
