/**
 * Ladder: what happened to one attempt as text, a line for each moment, client on the left and server on the right.
 *
 *   time since it began | client's state | packet as it leaves or arrives | server's state | what was decided and counted
 *
 * Numbers  Sequence and acknowledgment numbers count from each end's SYN, as tcpdump's and Wireshark's do.
 * Widths   No line is longer than LADDER_COLUMNS; what does not fit into the last column goes on below.
 */
import type { ObservedSegment, QueueLengths } from "../engine/run.ts";
import { GATES } from "../vocabulary/gates.ts";
import { VERDICTS, type VerdictDef, type VerdictName } from "../vocabulary/verdicts.ts";
import { gateOf, type Side, type StateName, type TraceEvent } from "./watch.ts";

export const LADDER_COLUMNS = 120;
const TIME = 12;
const STATE = 11;
const PACKET = 40;
const GAP = "  ";
const NOTES_AT = TIME + STATE + PACKET + STATE + 4 * GAP.length;
const NOTES = LADDER_COLUMNS - NOTES_AT;

const FLAG_NAMES = [
  [2, "SYN"],
  [1, "FIN"],
  [4, "RST"],
  [8, "PSH"],
  [16, "ACK"],
] as const;

/** Counters that move with every segment say nothing about one. */
const PLAIN_COUNTERS = ["TcpInSegs", "TcpOutSegs"];

interface Line {
  readonly atNs: number;
  readonly side: Side;
  packet: string;
  client: string;
  server: string;
  readonly notes: string[];
}

/** The lines of a ladder with their header. `startNs`: when the attempt began. */
export function ladderOf(events: readonly TraceEvent[], startNs: number): string {
  const lines = new LadderWriter().write(events);
  const header = textOf("time", "client", center("packet", PACKET), "server", ["what happens"]);
  const rule = "─".repeat(LADDER_COLUMNS);
  return [header, rule, ...lines.map((line) => lineText(line, startNs))].join("\n");
}

function lineText({ atNs, packet, client, server, notes }: Line, startNs: number): string {
  return textOf(`+${((atNs - startNs) / 1e9).toFixed(6)}`, client, packet, server, wrap(notes.join("; "), NOTES));
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
  readonly #state: Record<Side, string> = { client: "CLOSED", server: "LISTEN" };
  readonly #numbers = new RelativeNumbers();

  write(events: readonly TraceEvent[]): readonly Line[] {
    for (const event of events) this.#take(event);
    return this.#lines;
  }

  #take(event: TraceEvent): void {
    switch (event.kind) {
      case "sent":
        this.#sent(event.atNs, event.segment);
        return;
      case "arrived":
        this.#arrived(event);
        return;
      case "judged":
        this.#judged(event);
        return;
      case "state": {
        this.#state[event.side] = stateText(event.state);
        const line = this.#line(event.atNs, event.side);
        line[event.side] = this.#state[event.side];
        return;
      }
      case "timer":
        this.#new(event.atNs, event.side).notes.push("timer");
        return;
      case "accepted":
        this.#line(event.atNs, "server").notes.push(`accept() takes it${queuesText(event.queues)}`);
        return;
      case "logged":
        this.#line(event.atNs, event.side).notes.push(`kernel log: ${event.text}`);
        return;
      case "served":
        this.#line(event.atNs, "client").notes.push("the client has all it came for");
        return;
      case "ended": {
        const charge = event.gate === "none" ? "" : `, charged to: ${GATES[event.gate].title}`;
        this.#line(event.atNs, "client").notes.push(`attempt over: ${event.outcome}${charge}`);
      }
    }
  }

  #sent(atNs: number, segment: ObservedSegment): void {
    this.#numbers.note(segment);
    const side = segment.toServer ? "client" : "server";
    const last = this.#lines.at(-1);
    const isFree = last?.atNs === atNs && last.side === side && last.packet === "";
    const line = isFree ? last : this.#new(atNs, side);
    line.packet = arrow(this.#label(segment), segment.toServer, "leaves");
  }

  #arrived({ atNs, segment, lost, queues }: Extract<TraceEvent, { kind: "arrived" }>): void {
    const line = this.#new(atNs, segment.toServer ? "server" : "client");
    const isLost = lost === segment.segments;
    if (!segment.toServer && !isLost) this.#numbers.settle();
    line.packet = arrow(this.#label(segment), segment.toServer, isLost ? "is lost" : "arrives");
    if (segment.isCopy) line.notes.push(segment.isLate ? "an old duplicate" : "a copy that the path made");
    if (lost > 0) line.notes.push(`LOST${isLost ? "" : ` ${lost} of ${segment.segments}`}: ${pathTitle(segment)}`);
    else if (this.#state.server === "LISTEN" || this.#state.server === "SYN_RECV")
      line.notes.push(queuesText(queues).replace(", ", ""));
    if (line.notes.at(-1) === "") line.notes.pop();
  }

  #judged({ atNs, side, verdict, count }: Extract<TraceEvent, { kind: "judged" }>): void {
    const note = verdictText(verdict, count);
    if (note !== "") this.#line(atNs, side).notes.push(note);
  }

  #label(segment: ObservedSegment): string {
    const { flags, length, segments } = segment;
    const names = FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
    const ack = (flags & 16) === 0 ? "" : ` ack ${this.#numbers.ackOf(segment)}`;
    const size = length === 0 ? "" : ` len ${length}`;
    return `${names.join("-")} seq ${this.#numbers.seqOf(segment)}${ack}${size}${segments > 1 ? ` ×${segments}` : ""}`;
  }

  /** The line that is being written, if it is of this moment and end and its packet did not leave it. */
  #line(atNs: number, side: Side): Line {
    const last = this.#lines.at(-1);
    return last?.atNs === atNs && last.side === side ? last : this.#new(atNs, side);
  }

  #new(atNs: number, side: Side): Line {
    const line = { atNs, side, packet: "", client: this.#state.client, server: this.#state.server, notes: [] };
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

  note({ toServer, flags, seq }: ObservedSegment): void {
    if ((flags & 2) === 0) return;
    if (toServer) this.#client = seq;
    else if (!this.#isSettled) this.#server = seq;
  }

  /** The client has the server's number. */
  settle(): void {
    this.#isSettled = this.#server !== null;
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
  const room = Math.max(2, PACKET - label.length - 2);
  const dashes = "─".repeat(room);
  const head = what === "is lost" ? "✗" : toServer ? "▶" : "◀";
  if (what === "leaves") return toServer ? `${label} ${dashes}╌` : `╌${dashes} ${label}`;
  return toServer ? `╌${dashes.slice(1)}${head} ${label}` : `${label} ${head}${dashes.slice(1)}╌`;
}

function stateText(state: StateName): string {
  if (state === "close") return "CLOSED";
  return state === "new_syn_recv" ? "SYN_RECV" : state.toUpperCase();
}

const queuesText = (queues: QueueLengths | null): string =>
  queues === null ? "" : `, SYN queue ${queues.syn}, accept queue ${queues.accept}`;

/** "syn accept full (ListenOverflows+1, ListenDrops+1)", with the gate that ate the segment; empty where only a segment was sent. */
function verdictText(verdict: VerdictName, count: number): string {
  const { effects, reply } = VERDICTS[verdict] as VerdictDef;
  const moved = Object.entries(effects)
    .filter(([name]) => !PLAIN_COUNTERS.includes(name))
    .map(([name, by]) => `${name.replace(/^TcpExt|^Tcp/, "")}+${by * count}`);
  const gate = gateOf(verdict);
  if (moved.length === 0 && gate === undefined && reply !== undefined) return "";
  const lost = gate === undefined ? "" : `DROPPED: ${GATES[gate].title}; `;
  return `${lost}${verdict.replaceAll("_", " ")}${moved.length === 0 ? "" : ` (${moved.join(", ")})`}`;
}

/** Breaks at spaces; a word that is too long is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else for (let at = 0; at < Math.max(1, word.length); at += width) lines.push(word.slice(at, at + width));
  }
  return lines;
}

const center = (text: string, width: number): string =>
  text.padStart(Math.floor((width + text.length) / 2)).padEnd(width);
