/**
 * Layout of packed rows and segments: named word offsets, states and flags.
 *
 * Why packed rows   One Int32Array, 16 words (one cache line) a row: at a million half-opens every row is a cache miss, and a
 *                   row of columns would be several (measured: 2 to 2.5 times slower).
 * Rows              A request, a full socket and a TIME_WAIT are one row whose state changes; hash slot and timer links stay.
 *                   A full socket has a second row of the same table, which also carries the delayed-ACK (or FIN_WAIT2) timer. One with
 *                   socket options has a third (socket-options.ts), which carries the keepalive timer.
 * Units             Ports are local << 16 | remote. `...Ms` and `...Us` words are int32 that wrap; only differences are read.
 */

export const ROW_SHIFT = 4;
export const NO_ROW = -1;

// Words of the first row.
/** State (kernel's number) in bits 0..7, then ROW_* flags. */
export const R_STATE = 0;
export const R_PEER = 1;
export const R_PORTS = 2;
export const R_LOCAL = 3;
/** Timer links; R_NEXT is also the free list. */
export const R_NEXT = 4;
export const R_PREV = 5;
/** Bucket of the timer wheel, -1: not armed. */
export const R_BUCKET = 6;
export const R_HASH = 7;
export const R_RCV_NXT = 8;
/** Request: initial sequence number sent. Else snd_nxt. */
export const R_SND_NXT = 9;
/** Peer's last timestamp. */
export const R_TS_RECENT = 10;
/** Milliseconds of the last rate-limited reply; 0 = none yet. */
export const R_OOW_MS = 11;
/** Request: REQ_* fields. Full socket: its listener, and above SERVED_SHIFT what its application answered; TIME_WAIT: its entry in ms. */
export const R_META = 12;
/** Attempt (ledger id) that this connection belongs to; copied into segments, never read by a host. */
export const R_ATTEMPT = 13;
/** Second row of a full socket, NO_ROW otherwise. */
export const R_FULL = 14;
/** µs at which the last segment that takes an RTT sample was sent (request: first SYN-ACK). */
export const R_SENT_US = 15;

// Flags beside the state in R_STATE.
export const ROW_STATE_MASK = 0xff;
export const ROW_TS = 1 << 8;
export const ROW_SACK = 1 << 9;
/** FIN_WAIT2 or TIME_WAIT kept as a mini-socket. */
export const ROW_MINI = 1 << 10;
/** The first row's timer: which event it stands for (full sockets and SYN_SENT). */
export const ROW_TIMER_SHIFT = 11;
export const ROW_TIMER_MASK = 3 << ROW_TIMER_SHIFT;
export const TIMER_RTO = 0;
export const TIMER_TLP = 1;
export const TIMER_REO = 2;
/** A mini-socket, which has one timer only: its whole life is so short that it counts otherwise (time-wait.ts). */
export const ROW_SHORT_LIFE = 1 << ROW_TIMER_SHIFT;
/** Both ends scale their windows. */
export const ROW_WSCALE = 1 << 13;
/** By what the peer's MSS is known: a class of vocabulary/mss.ts. */
export const ROW_MSS_SHIFT = 14;
const MSS_MASK = 7;
/** Client: which of the users behind its address the socket is of (users.ts), beside the state for the socket's whole life. */
export const ROW_PERSON_SHIFT = 17;
export const ROW_PERSON_MASK = -1 << ROW_PERSON_SHIFT;
/** Users behind one address that the bits tell apart. */
export const PERSONS = 1 << (32 - ROW_PERSON_SHIFT);

// R_META of a request.
export const REQ_LISTENER_MASK = 0x3ff;
export const REQ_TIMEOUTS_SHIFT = 10;
export const REQ_RETRANS_SHIFT = 18;
export const REQ_COUNT_MASK = 0xff;
export const REQ_ACKED = 1 << 26;
/** R_META in SYN_SENT: SYNs sent again in bits 0..7, and above, at the server, its listener. */
export const SYN_COUNT_MASK = 0xff;
export const SYN_LISTENER_SHIFT = 8;
/** R_META of a full socket: requests answered are above this, the listener below. */
export const SERVED_SHIFT = 10;

// Words of the second row (4, 5, 6 are timer links as above).
/** FULL_ROW marks a second row where a first row has its state. */
export const FULL_ROW = 255;
export const F_SND_UNA = 1;
/** Smoothed RTT in µs << 3, and its variance in µs (both 0: no sample). */
export const F_SRTT = 2;
export const F_RTTVAR = 3;
export const F_OWNER = 7;
/** Retransmission time-out in ticks. */
export const F_RTO = 8;
/** Timer-driven retransmissions in a row (icsk_retransmits) in bits 0..7, all of this socket's (total_retrans) above. */
export const F_RETRANS = 9;
/** ms of the first retransmission of this episode. */
export const F_RETRANS_MS = 10;
export const F_FLAGS = 11;
/** Bytes of data sent and not acknowledged. */
export const F_TX_BYTES = 12;
/** Bytes received in order, at the server without those of requests taken; F_RX_READ: of these, read by the application. */
export const F_RX_BYTES = 13;
export const F_RX_READ = 14;
/** Of an orphan, whose data nobody reads: ms of the last data before close() (tp->lsndtime, or lrcvtime where that is later). */
export const F_LAST_DATA_MS = F_RX_READ;
/** Next child in the accept queue while queued; afterwards the socket's stream (streams.ts), NO_ROW: none. */
export const F_ACCEPT_NEXT = 15;
export const F_STREAM = F_ACCEPT_NEXT;

// Words of the third row (4, 5, 6 are timer links, 7 is the owner as above).
/** OPTIONS_ROW marks a third row where a first row has its state. */
export const OPTIONS_ROW = 254;
/** Whose options: a workload at the client, a listener at the server. */
export const O_SPEC = 1;
/** Probes since something was last heard (icsk_probes_out). */
export const O_PROBES = 2;
/** Tick in which something was heard last: the later of lrcvtime and rcv_tstamp. */
export const O_HEARD = 3;

// F_FLAGS
/** The peer has told by SACK that it has the FIN (and not the data before it). */
export const FL_FIN_SACKED = 1 << 0;
export const FL_FIN_PENDING = 1 << 1;
export const FL_ORPHAN = 1 << 2;
/** Peer's FIN was taken in. */
export const FL_PEER_FIN = 1 << 3;
/** Loss state: a retransmission time-out has fired and is not yet acknowledged. */
export const FL_LOSS = 1 << 4;
export const FL_TLP_SENT = 1 << 5;
/** The data (FL_RTX_DATA) or FIN in flight was retransmitted: no RTT sample without timestamps. */
export const FL_RETRANSMITTED = 1 << 6;
/** First data has come: the delayed-ACK estimate is set (icsk_ack.ato). */
export const FL_ATO = 1 << 7;
export const FL_PINGPONG = 1 << 8;
/** A FIN beyond the next expected byte was kept (out-of-order queue). */
export const FL_OOO_FIN = 1 << 9;
/** Second row's timer is FIN_WAIT2's, not the delayed ACK's. */
export const FL_FIN_WAIT2_TIMER = 1 << 10;
/** Server application: accepted, a worker is busy with a request of it, saw EOF, will close. */
export const FL_ACCEPTED = 1 << 11;
export const FL_SERVING = 1 << 12;
export const FL_APP_EOF = 1 << 13;
export const FL_CLOSING = 1 << 14;
/** Data and FIN in flight are one segment: they were sent again together (tcp_retrans_try_collapse). */
export const FL_FIN_MERGED = 1 << 15;
/** Connection died (RST, time-out): the application is told once. */
export const FL_DEAD = 1 << 16;
/** The first congestion window is one segment (tcp_init_transfer): the handshake took more than one retransmission. */
export const FL_NARROW = 1 << 17;
/** Serial number of the socket, to tell late notices of an earlier one. */
export const FL_SERIAL_SHIFT = 18;

// Kernel's TCP states, include/net/tcp_states.h.
export const ESTABLISHED = 1;
export const SYN_SENT = 2;
/** A full socket whose SYN crossed another (simultaneous-open.ts); half-opens are NEW_SYN_RECV. */
export const SYN_RECV = 3;
export const FIN_WAIT1 = 4;
export const FIN_WAIT2 = 5;
export const TIME_WAIT = 6;
export const CLOSE = 7;
export const CLOSE_WAIT = 8;
export const LAST_ACK = 9;
export const CLOSING = 11;
export const NEW_SYN_RECV = 12;

// Words of a segment.
export const SEG_WORDS = 12;
export const S_FLAGS = 0;
export const S_SRC = 1;
export const S_DST = 2;
/** Receiver's view: destination port << 16 | source port. */
export const S_PORTS = 3;
export const S_SEQ = 4;
export const S_ACK = 5;
export const S_LEN = 6;
export const S_TSVAL = 7;
export const S_TSECR = 8;
export const S_ATTEMPT = 9;
/** Hash of (attempt, number of the packet): draws the packet's fate on the path. */
export const S_HASH = 10;
/** Only on an uneven path: whether it is the path's copy of a segment (COPY), and one that is long behind it (LATE_COPY). */
export const S_COPY = 11;
export const COPY = 1;
export const LATE_COPY = 2;

// Segment flags: the header's, then what the options say.
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;
/** Of data: the class that its sender's segment size is of; of a SYN: the class that its peer will go by (vocabulary/mss.ts). */
export const S_MSS_SHIFT = 5;
export const OPT_TS = 256;
export const OPT_SACK = 512;
export const OPT_WSCALE = 1024;
/** The ACK says that something beyond a hole came: by a SACK block, or by being the third duplicate. */
export const SACKED = 2048;
/** More of the flight stands behind this segment: what it fills is not the whole hole before a FIN. */
export const PART = 4096;
/** Segments of this flight were lost on the way; above BEHIND_SHIFT: how many of those that are left were behind the first hole, 3 for more. */
export const CUT = 8192;
export const BEHIND_SHIFT = 14;
export const BEHIND_MOST = 3;
/** From this bit on: how many more segments stand behind this one that travel with it and share its fate (as GSO and GRO have them). */
export const MORE_SHIFT = 16;
export const MORE_BIT = 1 << MORE_SHIFT;

/** Class of a row, or of a segment's flags. */
export const mssClassOfRow = (state: number): number => (state >> ROW_MSS_SHIFT) & MSS_MASK;
export const mssClassOf = (flags: number): number => (flags >> S_MSS_SHIFT) & MSS_MASK;

/** Sequence comparison modulo 2^32: a before b. */
export function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/** Sequence number after the last that a segment occupies: payload, SYN and FIN. */
export function endOf(seg: Int32Array, at: number): number {
  const flags = seg[at + S_FLAGS]!;
  return (seg[at + S_SEQ]! + seg[at + S_LEN]! + ((flags & SYN) !== 0 ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0)) | 0;
}
