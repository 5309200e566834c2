/**
 * The client's side of set-up: port choice, SYN, its retransmission, and the answers in SYN_SENT.
 *
 * Read first  RFC 9293 section 3.10.7.3 (SYN-SENT); kernel-semantics 6.
 * Models      inet_hashtables.c:__inet_hash_connect, __inet_check_established; tcp_output.c:tcp_connect; tcp_timer.c:tcp_write_timeout,
 *             tcp_retransmit_timer; tcp_input.c:tcp_rcv_synsent_state_process (6.18).
 * Left out    Fast Open, ICMP. A SYN that crosses ours: simultaneous-open.ts.
 */
import { assert } from "../base/assert.ts";
import { hash2, hash3, mix32 } from "../base/hash.ts";
import { Outcome } from "../vocabulary/outcomes.ts";
import { Verdict } from "../vocabulary/verdicts.ts";
import { echoedRttUs, echoesFirst, makeFull } from "./child.ts";
import type { Host } from "./host.ts";
import { startKeepalive } from "./keepalive.ts";
import {
  ACK,
  before,
  ESTABLISHED,
  F_FLAGS,
  FL_NARROW,
  OPT_SACK,
  OPT_TS,
  OPT_WSCALE,
  R_ATTEMPT,
  R_META,
  R_OOW_MS,
  R_RCV_NXT,
  R_SENT_US,
  R_SND_NXT,
  R_STATE,
  R_TS_RECENT,
  ROW_MINI,
  ROW_PERSON_MASK,
  ROW_PERSON_SHIFT,
  ROW_SACK,
  ROW_SHIFT,
  ROW_STATE_MASK,
  ROW_TS,
  ROW_WSCALE,
  RST,
  S_ACK,
  S_FLAGS,
  S_SEQ,
  S_TSECR,
  S_TSVAL,
  SYN,
  SYN_COUNT_MASK,
  SYN_LISTENER_SHIFT,
  SYN_SENT,
  TIME_WAIT,
} from "./layout.ts";
import { Notice } from "./notices.ts";
import { sendReset } from "./reset.ts";
import { cutByUserTimeout, setInitialRto, takeRttSample } from "./rtt.ts";
import { crossSyn } from "./simultaneous-open.ts";
import { hashTuple } from "./table.ts";
import { killTimeWait } from "./time-wait.ts";

/** TCP_TIMEOUT_INIT. */
const SYN_TIMEOUT_S = 1;
/** A bad ACK in SYN_SENT makes the first SYN be sent again after TCP_TIMEOUT_MIN (since 5.15). */
const QUICK_RESEND_TICKS = 2;
/** Slots of the port perturbation table, and the period with which the starting hash changes. */
const PERTURB_MASK = 0xffff;
const PORT_EPOCH_NS = 10e9;

/** connect() by user `person` of those behind `local`: answers the row in SYN_SENT, or -1 when no local port is free (EADDRNOTAVAIL). */
export function connect(
  host: Host,
  local: number,
  peer: number,
  port: number,
  attempt: number,
  person: number,
): number {
  const sourcePort = choosePort(host, local, peer, port, person);
  if (sourcePort < 0) {
    host.apply(Verdict.connect_no_port, attempt);
    host.pairPorts?.refuse(local, port);
    return -1;
  }
  return connectFrom(host, local, peer, (sourcePort << 16) | port, attempt, person);
}

/** connect() from a port that is free, or held by a TIME_WAIT that the new connection takes over. */
export function connectFrom(
  host: Host,
  local: number,
  peer: number,
  ports: number,
  attempt: number,
  person: number,
): number {
  const hash = hashTuple(local, peer, ports);
  const old = host.table.find(hash, local, peer, ports);
  let isn = host.initialSequence(hash);
  let tsRecent = 0;
  if (old >= 0) {
    // tcp_twsk_unique: the new connection continues the old one's numbers and timestamps.
    isn = (host.table.rows[(old << ROW_SHIFT) + R_SND_NXT]! + 65537) | 0 || 1;
    tsRecent = host.table.rows[(old << ROW_SHIFT) + R_TS_RECENT]!;
    killTimeWait(host, old);
    host.apply(Verdict.connect_reuses_tw, attempt);
  }
  host.pairPorts?.take(local, ports & 0xffff);
  const row = host.open(SYN_SENT, local, peer, ports, hash, attempt);
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const options = (host.spec.timestamps !== 0 ? ROW_TS : 0) | (host.spec.sack === 1 ? ROW_SACK : 0);
  rows[at + R_STATE] = SYN_SENT | options | (person << ROW_PERSON_SHIFT);
  rows[at + R_SND_NXT] = isn;
  rows[at + R_RCV_NXT] = 0;
  rows[at + R_TS_RECENT] = tsRecent;
  rows[at + R_OOW_MS] = SYN_TIMEOUT_S * host.spec.hz;
  rows[at + R_META] = 0;
  rows[at + R_SENT_US] = host.nowUs();
  host.apply(Verdict.connect_syn, attempt);
  sendSyn(host, row);
  host.arm(row, SYN_TIMEOUT_S * host.spec.hz);
  return row;
}

/** In SYN_SENT the words R_META and R_OOW_MS hold the retransmissions so far and the time-out in ticks. */
export function synRetransmitsOf(host: Host, row: number): number {
  return host.table.rows[(row << ROW_SHIFT) + R_META]! & SYN_COUNT_MASK;
}

function sendSyn(host: Host, row: number): void {
  const sack = host.spec.sack === 1 ? OPT_SACK : 0;
  const scale = host.spec.windowScaling === 1 ? OPT_WSCALE : 0;
  host.sendFrom(row, SYN | sack | scale, host.table.rows[(row << ROW_SHIFT) + R_SND_NXT]!, 0, 0);
}

/**
 * A local port whose 4-tuple is free (or held by a TIME_WAIT that may be reused), -1 when there is none. Ports of the lowest port's parity
 * go first; the start is a hash of the destination, which moves on with every success: since 5.15 for some destinations, before for all (6.4).
 */
function choosePort(host: Host, local: number, peer: number, port: number, person: number): number {
  const { portLow, portHigh } = host.spec;
  assert(!host.isServer, "a server's port is its listener's");
  let span = portHigh - portLow + 1;
  if (span > 1) span &= ~1;
  const perturbs = host.spec.portPerturbation === 1;
  const epoch = perturbs ? (host.now[0]! / PORT_EPOCH_NS) | 0 : 0;
  const key = hash3(host.secret ^ epoch, local ^ Math.imul(peer, 0x9e3779b1), port);
  const slot = perturbs ? key & PERTURB_MASK : 0;
  const perturb = (hash2(host.secret, slot) + host.perturbAdded[slot]!) | 0;
  // u % span & ~1 for the unsigned u, in halves: as int32, since V8's remainder of an unsigned number is one of floats, 70 ns.
  const offset = (((perturb + mix32(key)) >>> 1) % Math.max(1, span >> 1)) << 1;
  const taken = host.takenPorts;
  for (let parity = 0; parity < 2 && parity < span; parity++) {
    if (taken.isFull(local, peer, port, parity)) continue;
    let candidate = portLow + offset + parity;
    for (let tried = 0; tried < span; tried += 2, candidate += 2) {
      if (candidate > portHigh) candidate -= span;
      if (host.reserved !== null && host.reserved[candidate] === 1) continue;
      if (!isPortFree(host, local, peer, (candidate << 16) | port, person)) continue;
      const random = perturbs ? (mix32(key + host.perturbAdded[slot]!) >>> 29) * 2 : 0;
      host.perturbAdded[slot] = host.perturbAdded[slot]! + Math.max(tried, random) + 2;
      return candidate;
    }
    taken.noteFull(local, peer, port, parity);
  }
  return -1;
}

function isPortFree(host: Host, local: number, peer: number, ports: number, person: number): boolean {
  const row = host.table.find(hashTuple(local, peer, ports), local, peer, ports);
  return row < 0 || mayReuse(host, row, person);
}

/**
 * tcp_ipv4.c:tcp_twsk_unique for an automatic port: true TIME_WAIT, timestamps, tcp_tw_reuse 1, old enough. It is the user's own
 * kernel that looks: the port of another user behind the address is not its to reuse, the NAT box keeps that until the TIME_WAIT is over.
 */
function mayReuse(host: Host, row: number, person: number): boolean {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const word = rows[at + R_STATE]!;
  if ((word & ROW_MINI) === 0 || (word & ROW_TS) === 0 || host.spec.twReuse !== 1) return false;
  if ((word & ROW_STATE_MASK) !== TIME_WAIT && host.spec.twReuseFinWait2 === 0) return false;
  if (word >>> ROW_PERSON_SHIFT !== person) return false;
  const now = host.nowMs();
  const since = rows[at + R_META]!;
  const seconds = host.spec.twReuseSeconds;
  if (seconds >= 0) return host.uptimeS(now) - host.uptimeS(since) > seconds;
  return ((now - since) | 0) > host.spec.twReuseDelayMs;
}

/** The SYN timer fired: resend or give up. */
export function onSynTimer(host: Host, row: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const attempt = rows[at + R_ATTEMPT]!;
  const sent = synRetransmitsOf(host, row);
  const linear = host.spec.synLinearTimeouts;
  const elapsedMs = Math.floor(((host.nowUs() - rows[at + R_SENT_US]!) >>> 0) / 1000);
  const userMs = host.options === null ? 0 : host.options.userTimeoutMs(row);
  const limitMs = userMs > 0 ? userMs : host.connectTimeoutMs;
  if (sent >= host.spec.synRetries + linear || (sent > 0 && elapsedMs >= limitMs)) {
    host.apply(Verdict.connect_timed_out, attempt);
    failConnect(host, row, attempt, Outcome.timed_out);
    return;
  }
  host.apply(Verdict.syn_timer_resend, attempt);
  if (sent > 0) host.apply(Verdict.lost_retransmit, attempt);
  rows[at + R_META] = rows[at + R_META]! + 1;
  sendSyn(host, row);
  if (sent + 1 > linear) rows[at + R_OOW_MS] = Math.min(rows[at + R_OOW_MS]! * 2, host.maxRtoTicks);
  host.arm(row, cutByUserTimeout(host, rows[at + R_OOW_MS]!, userMs, elapsedMs));
}

function failConnect(host: Host, row: number, attempt: number, outcome: number): void {
  tellFailed(host, attempt, outcome, synRetransmitsOf(host, row));
  host.free(row);
}

/** connect() fails. (Of a server's socket that crossed SYNs with a client's, nobody hears: that one has its own.) */
export function tellFailed(host: Host, attempt: number, outcome: number, retransmits: number): void {
  if (!host.isServer) host.notices.push(Notice.ConnectFailed, attempt, outcome | (retransmits << 8));
}

/** connect() succeeds. */
export function tellConnected(host: Host, row: number, retransmits: number): void {
  if (host.isServer) host.app?.adopt(row);
  else host.notices.push(Notice.Connected, host.table.rows[(row << ROW_SHIFT) + R_ATTEMPT]!, retransmits);
}

/** A segment for a socket in SYN_SENT (6.2). */
export function receiveInSynSent(host: Host, row: number, seg: Int32Array, at: number): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const flags = seg[at + S_FLAGS]!;
  const attempt = rows[to + R_ATTEMPT]!;
  const isReset = (flags & RST) !== 0;
  if ((flags & ACK) !== 0) {
    if (seg[at + S_ACK] !== ((rows[to + R_SND_NXT]! + 1) | 0)) {
      if (synRetransmitsOf(host, row) === 0 && host.spec.quickSynResend === 1) host.rearm(row, QUICK_RESEND_TICKS);
      host.apply(isReset ? Verdict.synsent_bad_ack_rst : Verdict.synsent_bad_ack, attempt);
      if (!isReset) sendReset(host, seg, at);
      return;
    }
    if (!isEchoPossible(host, row, seg, at)) {
      host.apply(Verdict.synsent_bad_tsecr, attempt);
      sendReset(host, seg, at);
      return;
    }
    if (isReset) {
      host.apply(Verdict.connect_refused, attempt);
      failConnect(host, row, attempt, Outcome.refused);
      return;
    }
    if ((flags & SYN) !== 0) {
      establish(host, row, seg, at);
      return;
    }
  } else if ((flags & (SYN | RST)) === SYN) {
    crossSyn(host, row, seg, at);
    return;
  }
  host.apply(Verdict.synsent_ignored, attempt);
}

/** TSecr lies between the first SYN and now; 0 and "no timestamps" pass. */
function isEchoPossible(host: Host, row: number, seg: Int32Array, at: number): boolean {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  if ((seg[at + S_FLAGS]! & OPT_TS) === 0 || seg[at + S_TSECR] === 0 || (rows[to + R_STATE]! & ROW_TS) === 0)
    return true;
  const stamp = (seg[at + S_TSECR]! - host.timestampOffsetOf(row)) | 0;
  const now = host.timestampNow();
  const ageMs = (((host.nowUs() - rows[to + R_SENT_US]!) >>> 0) / 1000) | 0;
  const first = (now - host.timestampsIn(ageMs) - 1) | 0;
  return !before(stamp, first) && !before(now, stamp);
}

/** SYN-ACK: the client is connected. */
function establish(host: Host, row: number, seg: Int32Array, at: number): void {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const attempt = rows[to + R_ATTEMPT]!;
  const retransmits = synRetransmitsOf(host, row);
  const listener = rows[to + R_META]! >> SYN_LISTENER_SHIFT;
  const sampleUs = Math.max(1, (host.nowUs() - rows[to + R_SENT_US]!) | 0);
  host.wheel.disarm(row);
  const hasTs = takeSyn(host, row, ESTABLISHED, seg, at);
  rows[to + R_META] = listener;
  const full = makeFull(host, row, rows[to + R_SND_NXT]!);
  if (retransmits === 0) takeRttSample(host, full, sampleUs);
  else if (hasTs) takeRttSample(host, full, echoedRttUs(host, row, seg, at));
  setInitialRto(host, row, full);
  if (retransmits > 1 && !echoesFirst(host, row, seg, at, rows[to + R_SENT_US]!))
    rows[(full << ROW_SHIFT) + F_FLAGS] = rows[(full << ROW_SHIFT) + F_FLAGS]! | FL_NARROW;
  if (host.options !== null) startKeepalive(host, row);
  rows[to + R_SENT_US] = host.nowUs();
  host.apply(Verdict.synack_accepted, attempt);
  host.ledger.progress(attempt);
  host.sendFrom(row, ACK, rows[to + R_SND_NXT]!, rows[to + R_RCV_NXT]!, 0);
  tellConnected(host, row, retransmits);
}

/** What the peer's SYN says: its sequence number, and the options that both have. Answers whether timestamps are among them. */
export function takeSyn(host: Host, row: number, state: number, seg: Int32Array, at: number): boolean {
  const rows = host.table.rows;
  const to = row << ROW_SHIFT;
  const flags = seg[at + S_FLAGS]!;
  const hasTs = (flags & OPT_TS) !== 0 && (rows[to + R_STATE]! & ROW_TS) !== 0;
  const hasSack = (flags & OPT_SACK) !== 0 && (rows[to + R_STATE]! & ROW_SACK) !== 0;
  host.setState(row, state);
  const person = rows[to + R_STATE]! & ROW_PERSON_MASK;
  const scales = (flags & OPT_WSCALE) !== 0 && host.spec.windowScaling === 1;
  const options = (hasTs ? ROW_TS : 0) | (hasSack ? ROW_SACK : 0) | (scales ? ROW_WSCALE : 0);
  rows[to + R_STATE] = state | options | person;
  rows[to + R_RCV_NXT] = (seg[at + S_SEQ]! + 1) | 0;
  rows[to + R_TS_RECENT] = hasTs ? seg[at + S_TSVAL]! : 0;
  return hasTs;
}
