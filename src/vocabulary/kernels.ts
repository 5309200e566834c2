/**
 * Kernels: the named releases whose rules are known, and each rule as data.
 *
 * Purpose     A kernel version is an input. Rules that differ between versions are rows; the engine sees only numbers in a RunSpec.
 * Invariants  KERNELS goes from old to new by `release`. A rule's steps too; the last step not newer than a release holds.
 * Source      kernel-semantics 10.2 (`row`) and the sections named. Defaults of sysctls (rows 12, 13, 19, 20 and the first half
 *             of 21) are in tunables.ts.
 */
import type { CounterName } from "./counters.ts";

export interface KernelDef {
  /** As a scenario names it. */
  readonly name: string;
  /** The very tree that was read. Long-lived series move on: 6.1.20 is not 6.1.176. */
  readonly release: string;
  /** Whether the engine has this release's rules. */
  readonly supported: boolean;
}

export const KERNELS = [
  { name: "2.6.32", release: "2.6.32.69", supported: false },
  { name: "3.10", release: "3.10.108", supported: false },
  { name: "4.4", release: "4.4.0", supported: true },
  { name: "4.15", release: "4.15.0", supported: true },
  { name: "4.19", release: "4.19.1", supported: true },
  { name: "5.4", release: "5.4.0", supported: true },
  { name: "5.15", release: "5.15.0", supported: true },
  { name: "6.1", release: "6.1.176", supported: true },
  { name: "6.6", release: "6.6.57", supported: true },
  { name: "6.8", release: "6.8.0", supported: true },
  { name: "6.12", release: "6.12.107", supported: true },
  { name: "6.18.15", release: "6.18.15", supported: true },
  { name: "6.18", release: "6.18.44", supported: true },
] as const satisfies readonly KernelDef[];

export type KernelName = (typeof KERNELS)[number]["name"];
export const KERNEL_NAMES: readonly KernelName[] = KERNELS.map((kernel) => kernel.name);
export const DEFAULT_KERNEL: KernelName = "6.18";

/** First kernel → value, from old to new: a value holds from its kernel up to the next step. */
export type Steps<T> = { readonly [K in KernelName]?: T };

/** The value of the last step that is not newer than `kernel`; undefined before the first. */
export function stepValue<T>(steps: Steps<T>, kernel: KernelName): T | undefined {
  const at = KERNEL_NAMES.indexOf(kernel);
  const from = KERNEL_NAMES.findLast((name, index) => index <= at && Object.hasOwn(steps, name));
  return from === undefined ? undefined : steps[from];
}

export type RuleValue = number | boolean | string;

export interface KernelRule {
  /** Row of kernel-semantics 10.2; null: it stands in its section only. */
  readonly row: number | null;
  readonly rule: string;
  readonly section: string;
  /** Absent: both. */
  readonly side?: "server" | "client";
  /** Absent: yes. What the model leaves out in every kernel. */
  readonly modelled?: false;
  readonly steps: Steps<RuleValue>;
}

export const KERNEL_RULES = {
  synQueueFull: {
    row: 2, // and 1
    rule: "The SYN queue is full if (q: its length, b: effective backlog, n: size of the table made at the first listen())",
    section: "2.3",
    side: "server",
    // Backported to 6.1.y and 6.12.y, not to 6.6.57 and 6.8: so the sequence goes back and forth.
    steps: { "2.6.32": "q >= n", "4.4": "q >= b", "6.1": "q > b", "6.6": "q >= b", "6.12": "q > b" },
  },
  acceptFullDropsSyn: {
    row: 3,
    rule: "A SYN is dropped for a full accept queue if (a: its length, b: effective backlog, y: young half-open requests)",
    section: "2.4",
    side: "server",
    steps: { "2.6.32": "a > b && y > 1", "4.15": "a > b" },
  },
  synDropsCounted: {
    row: 4,
    rule: "A dropped SYN is counted.",
    section: "2.2",
    side: "server",
    steps: { "2.6.32": false, "3.10": true },
  },
  cookieCountsListenDrop: {
    row: 5,
    rule: "A cookie sent counts a ListenDrop.",
    section: "2.2",
    side: "server",
    steps: { "2.6.32": false, "3.10": true, "4.15": false },
  },
  provenPeers: {
    row: 6,
    rule: "The last-quarter rule knows peers by their cached metrics.",
    section: "2.2",
    side: "server",
    steps: { "2.6.32": false, "4.15": true },
  },
  syncookiesAlways: {
    row: 7,
    rule: "tcp_syncookies 2 exists.",
    section: "5.5",
    side: "server",
    steps: { "2.6.32": false, "4.4": true },
  },
  cookieLifetimeMinutes: {
    row: 8,
    rule: "A cookie is valid for less than this many minutes.",
    section: "5.1",
    side: "server",
    steps: { "2.6.32": 4, "4.4": 2 },
  },
  cookieMssValues: {
    row: 8,
    rule: "A cookie chooses among this many MSS values.",
    section: "5.1",
    side: "server",
    steps: { "2.6.32": 8, "4.4": 4 },
  },
  cookieRecentS: {
    row: 8,
    rule: "An ACK is tried as a cookie for this many seconds after the last overflow.",
    section: "5.3",
    side: "server",
    steps: { "2.6.32": 3, "4.4": 120 },
  },
  cookieFailedAlways: {
    row: 9,
    rule: "SyncookiesFailed counts without a recent overflow too.",
    section: "5.4",
    side: "server",
    steps: { "2.6.32": true, "4.4": false },
  },
  requestTimers: {
    row: 10,
    rule: "The SYN-ACK timers are",
    section: "3.1, 3.6",
    side: "server",
    steps: { "2.6.32": "one scan per listener each 200 ms", "4.4": "one per request" },
  },
  pruneThreshold: {
    row: 10,
    rule: "Old half-open requests are given up early if (q, b, n as above)",
    section: "3.1, 3.6",
    side: "server",
    steps: { "2.6.32": "q >= n / 2", "4.4": "2 * q > max(8, b)" },
  },
  initialRtoMs: {
    row: 11,
    rule: "A SYN or SYN-ACK is first sent again after this many ms.",
    section: "3.6, 6.1",
    steps: { "2.6.32": 3000, "3.10": 1000 },
  },
  challengeBudget: {
    row: null, // of the first releases read; 4.7 made it random, 6.2 took another function that draws
    rule: "Challenge ACKs of a second under tcp_challenge_ack_limit n",
    section: "10.1",
    steps: { "2.6.32": "n", "4.15": "n/2 to 1.5 n at random", "6.6": "n/2 to 1.5 n at random, without limit for 0" },
  },
  crossedSynAck: {
    row: null, // 3.6 (RFC 5961) began to challenge it, 6.12 stopped; backports to 6.1.y and 6.6.y are not verified
    rule: "After SYNs have crossed, a SYN-ACK is",
    section: "6.2",
    steps: { "2.6.32": "taken", "3.10": "challenged", "6.12": "taken" },
  },
  userTimeoutCutsRto: {
    row: null, // tcp_timer.c:tcp_clamp_rto_to_user_timeout
    rule: "A retransmission time-out ends with TCP_USER_TIMEOUT.",
    section: "7.5",
    steps: { "2.6.32": false, "4.19": true },
  },
  floodLine: {
    row: null,
    rule: "The log's line about SYN flooding names",
    section: "2.2",
    side: "server",
    // The address came with 6.2 (unverified: between the trees of 6.1 and 6.6).
    steps: { "2.6.32": "the port, once a minute", "3.10": "the port", "6.6": "address and port" },
  },
  floodLineLimited: {
    row: null,
    rule: "net_ratelimit limits the line about SYN flooding.",
    section: "2.2",
    side: "server",
    // Unverified: between 4.15 and 5.4.
    steps: { "2.6.32": false, "5.4": true },
  },
  twOverflowLine: {
    row: null,
    rule: "The log says that a TIME_WAIT was refused (time wait bucket table overflow).",
    section: "7.7",
    steps: { "2.6.32": true, "3.10": false },
  },
  locklessListener: {
    row: 14,
    rule: "SYNs and final ACKs of one listener are processed on several CPUs at once.",
    section: "10.2",
    side: "server",
    modelled: false,
    steps: { "2.6.32": false, "4.4": true },
  },
  duplicateSyn: {
    row: 15,
    rule: "A repeated SYN is answered",
    section: "4.2",
    side: "server",
    steps: { "2.6.32": "always", "3.10": "always, restarts the timer", "4.4": "once per tcp_invalid_ratelimit" },
  },
  outOfWindowAckLimited: {
    row: 16,
    rule: "ACKs to out-of-window segments for a request are limited by tcp_invalid_ratelimit.",
    section: "4.2",
    side: "server",
    steps: { "2.6.32": false, "4.15": true },
  },
  rstKillsRequest: {
    row: 17,
    rule: "An RST kills a request if its sequence number is",
    section: "4.2",
    side: "server",
    // 6.18.42, backported to 6.12.107.
    steps: { "2.6.32": "in window", "6.12": "exact", "6.18.15": "in window", "6.18": "exact" },
  },
  finalAckEchoChecked: {
    row: 18,
    rule: "The timestamp echo of the final ACK is checked.",
    section: "4.2",
    side: "server",
    steps: { "2.6.32": false, "6.18.15": true },
  },
  twReuseAge: {
    row: 21,
    rule: "connect() may take a port over from TIME_WAIT at an age of",
    section: "6.5",
    side: "client",
    steps: { "2.6.32": "> 1 s", "4.19": "next whole second", "6.18.15": "> tcp_tw_reuse_delay" },
  },
  twReuseFinWait2: {
    row: null,
    rule: "connect() may take a port over from an orphan in FIN_WAIT_2 too.",
    section: "6.5",
    side: "client",
    // Forbidden in mainline after 6.8; backported to 6.1.y and 6.6.y.
    steps: { "2.6.32": true, "6.1": false, "6.8": true, "6.12": false },
  },
  twRecycle: {
    row: 22,
    rule: "tcp_tw_recycle exists.",
    section: "7.9",
    steps: { "2.6.32": true, "4.15": false },
  },
  twCountedAt: {
    row: 23,
    rule: "TcpExtTW counts a TIME_WAIT at its",
    section: "7.7",
    steps: { "2.6.32": "expiry", "6.1": "entry" },
  },
  twTimer: {
    row: 24,
    rule: "The TIME_WAIT timers are",
    section: "7.7",
    steps: { "2.6.32": "a wheel of 7.5 s slots", "4.4": "one per entry" },
  },
  twPawsCounter: {
    row: 25,
    rule: "A segment with too old a timestamp for a TIME_WAIT counts in",
    section: "7.8",
    steps: { "2.6.32": "TcpExtPAWSEstab", "6.18.15": "TcpExtPAWSTimewait" },
  },
  rfc1337RestartsTimer: {
    row: 26,
    rule: "With tcp_rfc1337 1 an RST restarts the TIME_WAIT timer.",
    section: "7.8",
    steps: { "2.6.32": true, "4.19": false },
  },
  badAckResendsSyn: {
    row: 27,
    rule: "A bad ACK while connecting makes the client resend its SYN after two ticks.",
    section: "6.2",
    side: "client",
    steps: { "2.6.32": false, "5.15": true },
  },
  rfc5961: {
    row: 28,
    rule: "RST and SYN are validated in established states.",
    section: "7.6",
    steps: { "2.6.32": false, "3.10": true },
  },
  icmpKillsRequest: {
    row: 29,
    rule: "A request is killed by ICMP errors of type/code",
    section: "4.6",
    side: "server",
    modelled: false,
    steps: { "2.6.32": "any", "4.15": "3/0, 3/1, 11/x, 12/x" },
  },
  portChoice: {
    row: 30,
    rule: "connect() chooses its local port by",
    section: "6.4",
    side: "client",
    steps: { "2.6.32": "sequence", "4.4": "parity", "5.15": "parity and perturb table" },
  },
  timestampOffset: {
    row: 31,
    rule: "Timestamps have an offset",
    section: "8.1",
    // 6.18.17, backported to 6.12.107.
    steps: {
      "2.6.32": "no",
      "4.15": "per address pair",
      "6.12": "per 4-tuple",
      "6.18.15": "per address pair",
      "6.18": "per 4-tuple",
    },
  },
  timestampClock: {
    row: null,
    rule: "Timestamps count",
    section: "8.1",
    steps: { "2.6.32": "ticks", "4.15": "milliseconds" },
  },
  timers: {
    row: null,
    rule: "Timers fire",
    section: "0.4",
    steps: { "2.6.32": "at their tick, first armed first", "4.15": "up to an eighth late, last armed first" },
  },
  oldAckAnswered: {
    row: 32,
    rule: "A bare ACK with too old a timestamp on an established connection is answered, and counts in PAWSEstab.",
    section: "11.3",
    steps: { "2.6.32": true, "6.18.15": false },
  },
  synAckTimerCounted: {
    row: 33,
    rule: "A firing SYN-ACK timer counts in TcpExtTCPTimeouts.",
    section: "3.1, 3.6",
    side: "server",
    steps: { "2.6.32": false, "3.10": true },
  },
  fastOpenServer: {
    row: 34,
    rule: "The server side of Fast Open exists.",
    section: "2.7",
    side: "server",
    modelled: false,
    steps: { "2.6.32": false, "3.10": true },
  },
  finBeyondWindow: {
    row: 35,
    rule: "A FIN may exceed the window slightly (6.18.16).",
    section: "10.2",
    modelled: false,
    steps: { "2.6.32": false, "6.18": true },
  },
  ackBeyondSent: {
    row: 35,
    rule: "An ACK of data never sent, on an established connection, is (6.18.33)",
    section: "7.6",
    steps: { "2.6.32": "ignored", "6.18": "answered by a challenge ACK" },
  },
} as const satisfies Record<string, KernelRule>;

export type KernelRuleId = keyof typeof KERNEL_RULES;

export function ruleValue(id: KernelRuleId, kernel: KernelName): RuleValue | undefined {
  return stepValue<RuleValue>(KERNEL_RULES[id].steps, kernel);
}

/** Row 32: counters that not every listed kernel has. [first kernel, first kernel without it again, if any]. */
export const COUNTER_KERNELS: Partial<Record<CounterName, readonly [KernelName, KernelName?]>> = {
  TcpExtTCPTimeWaitOverflow: ["3.10"],
  TcpExtTCPReqQFullDrop: ["3.10"],
  TcpExtTCPReqQFullDoCookies: ["3.10"],
  TcpExtTCPDeferAcceptDrop: ["3.10"],
  TcpExtTCPChallengeACK: ["3.10"],
  TcpExtTCPBacklogDrop: ["3.10"],
  TcpExtTCPSynRetrans: ["4.4"],
  TcpExtTCPACKSkippedSynRecv: ["4.4"],
  TcpExtTCPACKSkippedPAWS: ["4.4"],
  TcpExtTCPACKSkippedSeq: ["4.4"],
  TcpExtTCPACKSkippedFinWait2: ["4.4"],
  TcpExtTCPACKSkippedTimeWait: ["4.4"],
  TcpExtTCPACKSkippedChallenge: ["4.4"],
  TcpExtTcpTimeoutRehash: ["5.15"],
  TcpExtTCPMigrateReqSuccess: ["5.15"],
  TcpExtTCPMigrateReqFailure: ["5.15"],
  TcpExtPAWSPassive: ["2.6.32", "4.15"],
  TcpExtBeyondWindow: ["6.18.15"],
  TcpExtTSEcrRejected: ["6.18.15"],
  TcpExtPAWSOldAck: ["6.18.15"],
  TcpExtPAWSTimewait: ["6.18.15"],
};

export function hasCounter(counter: CounterName, kernel: KernelName): boolean {
  const [from, until] = COUNTER_KERNELS[counter] ?? [];
  const at = KERNEL_NAMES.indexOf(kernel);
  return (
    (from === undefined || at >= KERNEL_NAMES.indexOf(from)) &&
    (until === undefined || at < KERNEL_NAMES.indexOf(until))
  );
}

/** Parts of a version: "5.15.0-91-generic" → [5, 15, 0]; null when it does not begin like one. */
export function parseRelease(text: string): readonly number[] | null {
  const numbers = /^(\d{1,4}(?:\.\d{1,6}){1,3})(?:[-+_~.][\w.+~-]*)?$/.exec(text)?.[1];
  return numbers === undefined ? null : numbers.split(".").map(Number);
}

function compareReleases(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export type KernelMatch =
  | { readonly kernel: KernelDef & { readonly name: KernelName }; readonly exact: boolean }
  | "not a version"
  | "too old";

/** The listed kernel that `text` names, else the nearest older one. "6.18" is 6.18.44; 6.18.20 is nearest to 6.18.15. */
export function findKernel(text: string): KernelMatch {
  const named = KERNELS.find((kernel) => kernel.name === text || kernel.release === text);
  if (named) return { kernel: named, exact: true };
  const wanted = parseRelease(text);
  if (!wanted) return "not a version";
  const older = KERNELS.findLast((kernel) => compareReleases(kernel.release.split(".").map(Number), wanted) <= 0);
  return older ? { kernel: older, exact: false } : "too old";
}
