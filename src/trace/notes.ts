/**
 * Notes of a ladder: verdicts, queues and timers in words, and how they are set into a column.
 *
 * Words  A verdict is said by its name; those in WORDS are said in other words, or by their gate and counters alone.
 */
import { formatSeconds } from "../base/units.ts";
import type { QueueLengths } from "../engine/run.ts";
import { GATES } from "../vocabulary/gates.ts";
import { VERDICTS, type VerdictDef, type VerdictName } from "../vocabulary/verdicts.ts";
import { gateOf } from "./watch.ts";

/** Counters that move with every segment say nothing about one. */
const PLAIN_COUNTERS = ["TcpInSegs", "TcpOutSegs"];
const INDENT = "  ";
/** A timer fires. */
export const TIMER = "timer";

const WORDS: Readonly<Partial<Record<VerdictName, string>>> = {
  no_socket: "",
  syn_cookie: "answered by a cookie",
  syn_queue_full: "",
  syn_accept_full: "",
  syn_both_full: "",
  syn_last_quarter: "",
  dup_syn_answered: "SYN again, answered again",
  dup_syn_skipped: "SYN again, not answered",
  synack_timer_resend: "SYN-ACK sent again",
  synack_timer_silent: "SYN-ACK not sent again",
  synack_timer_expired: "half-open given up",
  request_listener_gone: "half-open given up: nobody listens",
  request_paws: "older timestamp: ACK",
  request_tsecr: "echo of no timestamp sent: ACK",
  request_window: "out of window: ACK",
  request_rst: "RST: half-open given up",
  request_rst_challenge: "RST not exact, challenge ACK",
  defer_accept_drop: "",
  handshake_accept_full: "",
  handshake_aborted: "tcp_abort_on_overflow",
  stray_ack: "",
  cookie_invalid: "",
  cookie_accepted: "cookie valid, handshake done",
  cookie_accept_full: "",
  connect_syn: "connect()",
  connect_reuses_tw: "takes the place of a TIME_WAIT",
  connect_no_port: "EADDRNOTAVAIL",
  connect_timed_out: "ETIMEDOUT",
  connect_refused: "ECONNREFUSED",
  connect_closed: "close()",
  syn_timer_resend: "SYN sent again",
  lost_retransmit: "",
  synsent_bad_ack: "not an ACK of this SYN: RST",
  synsent_bad_ack_rst: "RST not for this SYN: ignored",
  delayed_ack: "delayed ACK",
  established_syn: "SYN in ESTABLISHED",
  challenge_syn: "challenge ACK",
  challenge_syn_skipped: "no challenge ACK",
  challenge_rst: "challenge ACK",
  challenge_rst_skipped: "no challenge ACK",
  paws_dup_ack: "older timestamp: ACK",
  paws_skipped: "older timestamp, not answered",
  paws_old_ack: "older timestamp, ignored",
  out_of_window_ack: "out of window: ACK",
  reset_received: "reset by the peer",
  estab_reset: "",
  syn_crossed: "the SYNs cross",
  crossed_open: "open, without a queue",
  keepalive_probe: "keepalive probe",
  rto_resend: "sent again",
  fast_resend: "sent again, by SACK",
  tlp_resend: "sent again as a probe",
  abort_on_timeout: "given up",
  abort_on_close: "close() with unread data",
  abort_on_linger: "close() with SO_LINGER 0",
  abort_on_data: "data for an orphan",
  abort_on_memory: "too many orphans",
  active_reset: "reset by the kernel",
  tw_entered: "mini-socket",
  tw_entered_short: "mini-socket",
  tw_expired: "mini-socket gone",
  tw_expired_short: "mini-socket gone",
  tw_refused: "no TIME_WAIT: tcp_max_tw_buckets",
  tw_ack: "answered by an ACK",
  tw_ack_skipped: "not answered",
  tw_paws: "older timestamp",
  tw_killed: "mini-socket gone",
};

/** Words, and the counters that moved: "answered by a cookie (TCPReqQFullDoCookies+1, SyncookiesSent+1)". */
export interface Note {
  words: string;
  readonly counters: string[];
}

export const noteOf = (words: string): Note => ({ words, counters: [] });

export const noteText = ({ words, counters }: Note): string =>
  [words, counters.length === 0 ? "" : `(${counters.join(", ")})`].join(" ").trim();

/** A verdict in words, with the gate that took the segment, if one did; null where it says no more than that something was sent. */
export function verdictNote(verdict: VerdictName, count: number): Note | null {
  const { effects, reply } = VERDICTS[verdict] as VerdictDef;
  const counters = Object.entries(effects)
    .filter(([name]) => !PLAIN_COUNTERS.includes(name))
    .map(([name, by]) => `${name.replace(/^TcpExt|^Tcp/, "")}+${by * count}`);
  const gate = gateOf(verdict);
  const words = WORDS[verdict];
  if (words === undefined && counters.length === 0 && gate === undefined && reply !== undefined) return null;
  const lost = gate === undefined ? [] : [`DROPPED: ${GATES[gate].title}`];
  return { words: [...lost, words ?? verdict.replaceAll("_", " ")].filter((text) => text !== "").join(", "), counters };
}

/** Adds a verdict. What a timer decides stands behind it; one without words only counts, with its neighbour. */
export function addVerdict(notes: Note[], note: Note): void {
  const last = notes.at(-1);
  if (last !== undefined && (note.words === "" || last.words === "" || last.words === TIMER)) {
    last.counters.push(...note.counters);
    if (last.words === TIMER && note.words !== "") last.words = `${TIMER}: ${note.words}`;
    else if (last.words === "") last.words = note.words;
  } else notes.push(note);
}

/** "SYN queue 1/5", "accept queue 0/5": how many there are of how many there can be. */
export const queuesNotes = (queues: QueueLengths | null): string[] =>
  queues === null
    ? []
    : [`SYN queue ${queues.syn}/${queues.synMost}`, `accept queue ${queues.accept}/${queues.acceptMost}`];

export const timerNote = (afterNs: number): string =>
  afterNs === 0 ? "timer at the next tick" : `timer in ${formatSeconds(afterNs / 1e9)}`;

/** As many notes in a line as fit; what is longer than a line goes on below it. */
export function packNotes(notes: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const note of notes) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + note.length <= width) lines[lines.length - 1] = `${last}; ${note}`;
    else lines.push(...wrap(note, width));
  }
  return lines;
}

/** Breaks at spaces; a word that is too long is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
      continue;
    }
    const indent = last === undefined ? "" : INDENT;
    const room = width - indent.length;
    for (let at = 0; at < Math.max(1, word.length); at += room) lines.push(indent + word.slice(at, at + room));
  }
  return lines;
}
