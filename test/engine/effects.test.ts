/**
 * Goal    The verdicts' effects are the kernel's, event by event.
 * Method  The table of kernel-semantics 11.5, typed from the document (each row was seen on a running 6.18.44) and held against the sum of the
 *         verdicts that the event consists of. TcpInSegs and TcpCurrEstab are counted elsewhere.
 */
import { expect, test } from "vitest";
import { COUNTER_NAMES } from "../../src/vocabulary/counters.ts";
import { GATES } from "../../src/vocabulary/gates.ts";
import { VERDICT_NAMES, VERDICTS, type VerdictDef, type VerdictName } from "../../src/vocabulary/verdicts.ts";

const events: readonly (readonly [event: string, deltas: string, verdicts: string])[] = [
  ["SYN accepted", "OutSegs", "syn_queued"],
  ["duplicate SYN answered", "OutSegs RetransSegs TCPSynRetrans", "dup_syn_answered"],
  ["duplicate SYN within 500 ms of the last answered one", "TCPACKSkippedSynRecv", "dup_syn_skipped"],
  ["SYN, accept queue full", "ListenOverflows ListenDrops", "syn_accept_full"],
  ["SYN, SYN queue full, syncookies=0", "TCPReqQFullDrop ListenDrops", "syn_queue_full"],
  ["SYN, last quarter", "ListenDrops", "syn_last_quarter"],
  ["SYN answered by cookie", "TCPReqQFullDoCookies SyncookiesSent OutSegs", "syn_cookie"],
  ["SYN, both queues full, syncookies=1", "TCPReqQFullDoCookies ListenOverflows ListenDrops", "syn_both_full"],
  ["SYN to closed port", "OutRsts OutSegs", "no_socket"],
  ["SYN-ACK timer, retransmission", "TCPTimeouts TCPSynRetrans RetransSegs OutSegs", "synack_timer_resend"],
  ["SYN-ACK timer, last firing", "TCPTimeouts", "synack_timer_expired"],
  ["SYN-ACK timer held back by defer_accept", "TCPTimeouts", "synack_timer_silent"],
  ["final ACK ok", "PassiveOpens", "handshake_done"],
  ["final ACK, accept queue full, abort=0", "ListenOverflows ListenDrops", "handshake_accept_full"],
  ["same, abort=1", "ListenOverflows ListenDrops EmbryonicRsts OutRsts OutSegs", "handshake_aborted"],
  ["ACK with wrong ack for a request, cookies not recently used", "OutRsts OutSegs", "stray_ack"],
  ["RST, exact sequence, for a request", "AttemptFails EmbryonicRsts", "request_rst"],
  ["RST in window, not exact, for a request", "TCPChallengeACK OutSegs", "request_rst_challenge"],
  ["same within 500 ms", "TCPACKSkippedChallenge", "request_rst_challenge_skipped"],
  ["SYN with other in-window sequence for a request", "AttemptFails EmbryonicRsts OutRsts OutSegs", "request_bad_syn"],
  ["bare ACK dropped by TCP_DEFER_ACCEPT (11.3)", "TCPDeferAcceptDrop", "defer_accept_drop"],
  ["cookie ACK ok", "SyncookiesRecv PassiveOpens", "cookie_accepted"],
  [
    "cookie ACK whose 4-tuple has a half-open (tcp_v4_syn_recv_sock)",
    "SyncookiesRecv PassiveOpens",
    "cookie_tuple_taken",
  ],
  ["cookie ACK, accept queue full", "SyncookiesRecv ListenOverflows ListenDrops", "cookie_accept_full"],
  ["bad cookie ACK, recent overflow", "SyncookiesFailed OutRsts OutSegs", "cookie_invalid"],
  ["connect()", "ActiveOpens OutSegs", "connect_syn"],
  ["SYN timer, first retransmission", "TCPTimeouts TcpTimeoutRehash RetransSegs TCPSynRetrans", "syn_timer_resend"],
  [
    "SYN timer, second retransmission",
    "TCPTimeouts TcpTimeoutRehash RetransSegs TCPSynRetrans TCPLostRetransmit",
    "syn_timer_resend lost_retransmit",
  ],
  ["connect() times out", "TCPTimeouts TCPAbortOnTimeout AttemptFails", "connect_timed_out"],
  ["RST in SYN_SENT", "AttemptFails", "connect_refused"],
  ["close() in SYN_SENT", "", "connect_closed"],
  ["SYN-ACK in SYN_SENT (6.2: the ACK)", "OutSegs", "synack_accepted"],
  [
    "repeated SYN-ACK on ESTABLISHED",
    "InErrs TCPSYNChallenge TCPChallengeACK OutSegs",
    "established_syn challenge_syn",
  ],
  ["close() with unread data", "TCPAbortOnClose EstabResets OutRsts OutSegs", "abort_on_close estab_reset"],
  ["close() with SO_LINGER 0", "TCPAbortOnData EstabResets OutRsts OutSegs", "abort_on_linger estab_reset"],
  ["old bare ACK with too old a timestamp on ESTABLISHED (11.3)", "PAWSOldAck", "paws_old_ack"],
  ["in-window inexact RST on ESTABLISHED", "TCPChallengeACK OutSegs", "challenge_rst"],
  ["exact RST on ESTABLISHED", "EstabResets", "reset_received estab_reset"],
  ["close() of ESTABLISHED, no unread data", "OutSegs", "fin_sent"],
  ["ACK of FIN, orphan, fin_timeout <= 60", "TW", "tw_entered"],
  ["ACK of FIN, orphan, fin_timeout <= 4 (7.4)", "TWKilled", "tw_entered_short"],
  ["FIN for that mini-socket", "OutSegs", "tw_fin_acked"],
  ["FIN and ACK of own FIN in one segment, FIN_WAIT1", "TW OutSegs", "tw_entered ack_sent"],
  ["FIN on ESTABLISHED, ACK delayed", "OutSegs DelayedACKs", "delayed_ack"],
  ["data for an orphan in FIN_WAIT1", "TCPAbortOnData OutRsts OutSegs", "abort_on_data"],
  ["data for a FIN_WAIT2 mini-socket", "OutRsts OutSegs", "fw2_rst"],
  ["TIME_WAIT refused by the bucket limit", "TCPTimeWaitOverflow", "tw_refused"],
  ["old SYN on TIME_WAIT", "OutSegs", "tw_ack"],
  ["old SYN on TIME_WAIT within 500 ms (11.3)", "TCPACKSkippedTimeWait", "tw_ack_skipped"],
  ["RST on TIME_WAIT, exact", "", "tw_killed"],
  ["newer SYN on TIME_WAIT", "OutSegs", "syn_queued"],
  ["connect() reuses TIME_WAIT", "TWRecycled ActiveOpens OutSegs", "connect_reuses_tw connect_syn"],
  ["RTO of a full socket (7.5, 11.3)", "TCPTimeouts TcpTimeoutRehash RetransSegs", "rto_resend"],
  ["tail-loss probe (7.5, 11.3)", "TCPLossProbes RetransSegs", "tlp_resend"],
  ["full socket gives up (7.5)", "TCPTimeouts TCPAbortOnTimeout", "abort_on_timeout"],
  ["too many orphans (7.5)", "TCPAbortOnMemory OutRsts OutSegs", "abort_on_memory"],
  ["PAWS failure on a request (4.2 step 4)", "PAWSEstab OutSegs", "request_paws"],
  ["bad TSecr for a request (4.2 step 4)", "TSEcrRejected OutSegs", "request_tsecr"],
  ["segment outside the window of a request (4.2 step 4)", "OutSegs", "request_window"],
  ["PAWS failure on TIME_WAIT (11.3)", "PAWSTimewait", "tw_paws"],
];

/** nstat's name of a counter that the document writes bare. */
function nstatName(bare: string): string {
  const named = COUNTER_NAMES.find((name) => name === `Tcp${bare}` || name === `TcpExt${bare}`);
  if (named === undefined) throw new Error(`no counter ${bare}`);
  return named;
}

const words = (text: string): string[] => text.split(" ").filter((word) => word !== "");

for (const [event, deltas, verdicts] of events) {
  test(`${event} counts ${deltas === "" ? "nothing" : deltas}`, () => {
    const sum: Record<string, number> = {};
    for (const verdict of words(verdicts)) {
      const { effects }: VerdictDef = VERDICTS[verdict as VerdictName];
      for (const [name, n] of Object.entries(effects)) sum[name] = (sum[name] ?? 0) + n;
    }
    expect(sum).toEqual(Object.fromEntries(words(deltas).map((name) => [nstatName(name), 1])));
  });
}

const defs: readonly (readonly [VerdictName, VerdictDef])[] = VERDICT_NAMES.map((name) => [name, VERDICTS[name]]);
const effectOf = (def: VerdictDef, name: "TcpOutRsts" | "TcpOutSegs" | "TcpExtListenDrops"): number =>
  def.effects[name] ?? 0;

test("a reply counts in OutSegs, unless a full socket sends something again", () => {
  for (const [name, def] of defs) {
    const isRetransmission = /^(syn_timer_resend|rto_resend|fast_resend|tlp_resend)$/.test(name);
    expect([name, effectOf(def, "TcpOutSegs")]).toEqual([name, def.reply === undefined || isRetransmission ? 0 : 1]);
  }
});

test("OutRsts counts resets, and nothing else", () => {
  for (const [name, def] of defs)
    expect([name, effectOf(def, "TcpOutRsts")]).toEqual([name, def.reply === "rst" ? 1 : 0]);
});

test("ListenOverflows never goes without ListenDrops", () => {
  for (const [, def] of defs) {
    expect(effectOf(def, "TcpExtListenDrops")).toBeGreaterThanOrEqual(def.effects.TcpExtListenOverflows ?? 0);
  }
});

test("what a listener drops is charged to a gate that the listener's queues and rules stand for", () => {
  for (const [, def] of defs) {
    if (effectOf(def, "TcpExtListenDrops") > 0) {
      expect(def.gate).toMatch(/^(syn_queue_full|last_quarter|tw_recycle|accept_queue_at_(syn|ack|cookie))$/);
    }
    if (def.gate !== undefined) expect(GATES).toHaveProperty(def.gate);
  }
});
