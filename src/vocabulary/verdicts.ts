/**
 * Verdicts: what a host can decide about a segment, a timer or a call, and what the kernel counts for it.
 *
 * Purpose     The engine counts verdicts; every kernel counter is the sum of `effects` over the verdicts. So "who counts what" stands here only.
 * Source      kernel-semantics 11.5 (each row seen on a running 6.18.44) and the sections named in `source`.
 * Reading     `effects` does not contain the TcpInSegs of the segment that was judged: `segment_in` counts that, once, on arrival.
 *             `gate` is where the segment is lost, if it is lost. `reply` is what is sent (the counters of the reply are in `effects`).
 *             TcpCurrEstab is not here: it is the number of sockets in ESTABLISHED and CLOSE_WAIT.
 */
import type { CounterName } from "./counters.ts";
import type { GateName } from "./gates.ts";

export interface VerdictDef {
  readonly effects: Readonly<Partial<Record<CounterName, number>>>;
  readonly gate?: GateName;
  readonly reply?: "synack" | "ack" | "rst" | "syn" | "data" | "fin";
  readonly source: string;
}

const RST = { TcpOutRsts: 1, TcpOutSegs: 1 } as const;
const ACCEPT_FULL = { TcpExtListenOverflows: 1, TcpExtListenDrops: 1 } as const;
const COOKIE_WISH = { TcpExtTCPReqQFullDoCookies: 1 } as const;
const REQUEST_KILLED = { TcpAttemptFails: 1, TcpExtEmbryonicRsts: 1 } as const;

export const VERDICTS = {
  // Any segment
  segment_in: { effects: { TcpInSegs: 1 }, source: "1.7" },
  no_socket: { effects: RST, gate: "closed_port", reply: "rst", source: "1.7" },
  late_fin: { effects: RST, gate: "closed_port", reply: "rst", source: "1.7" },
  ignored: { effects: {}, source: "2.2" },

  // SYN at a listener: tcp_input.c:tcp_conn_request
  syn_queued: { effects: { TcpOutSegs: 1 }, reply: "synack", source: "2.2 steps 9, 10" },
  syn_cookie: {
    effects: { ...COOKIE_WISH, TcpExtSyncookiesSent: 1, TcpOutSegs: 1 },
    reply: "synack",
    source: "2.2 steps 1, 7",
  },
  syn_queue_full: {
    effects: { TcpExtTCPReqQFullDrop: 1, TcpExtListenDrops: 1 },
    gate: "syn_queue_full",
    source: "2.2 step 1",
  },
  syn_accept_full: { effects: ACCEPT_FULL, gate: "accept_queue_at_syn", source: "2.2 step 2" },
  syn_both_full: { effects: { ...COOKIE_WISH, ...ACCEPT_FULL }, gate: "accept_queue_at_syn", source: "2.2 steps 1, 2" },
  syn_established: {
    effects: { TcpOutSegs: 1, TcpPassiveOpens: 1 },
    reply: "synack",
    source: "a counterfactual: two-way.ts",
  },
  syn_last_quarter: { effects: { TcpExtListenDrops: 1 }, gate: "last_quarter", source: "2.2 step 6" },

  syn_tw_recycle: {
    effects: { TcpExtPAWSPassive: 1, TcpExtListenDrops: 1 },
    gate: "tw_recycle",
    source: "7.9",
  },

  // A half-open request: tcp_minisocks.c:tcp_check_req, inet_connection_sock.c:reqsk_timer_handler
  dup_syn_answered: {
    effects: { TcpOutSegs: 1, TcpRetransSegs: 1, TcpExtTCPSynRetrans: 1 },
    reply: "synack",
    source: "4.2 step 2",
  },
  dup_syn_skipped: { effects: { TcpExtTCPACKSkippedSynRecv: 1 }, gate: "rate_limited", source: "4.1" },
  synack_timer_resend: {
    effects: { TcpExtTCPTimeouts: 1, TcpExtTCPSynRetrans: 1, TcpRetransSegs: 1, TcpOutSegs: 1 },
    reply: "synack",
    source: "3.1 step 5",
  },
  synack_timer_silent: { effects: { TcpExtTCPTimeouts: 1 }, source: "3.5" },
  synack_timer_expired: { effects: { TcpExtTCPTimeouts: 1 }, source: "3.1 step 6" },
  request_listener_gone: { effects: {}, source: "3.1 step 1" },
  request_paws: {
    effects: { TcpExtPAWSEstab: 1, TcpOutSegs: 1 },
    gate: "half_open_rejected",
    reply: "ack",
    source: "4.2 step 4",
  },
  request_paws_skipped: {
    effects: { TcpExtPAWSEstab: 1, TcpExtTCPACKSkippedSynRecv: 1 },
    gate: "half_open_rejected",
    source: "4.2 step 4",
  },
  request_paws_rst: { effects: { TcpExtPAWSEstab: 1 }, gate: "half_open_rejected", source: "4.2 step 4" },
  request_tsecr: {
    effects: { TcpExtTSEcrRejected: 1, TcpOutSegs: 1 },
    gate: "half_open_rejected",
    reply: "ack",
    source: "4.2 step 4",
  },
  request_tsecr_skipped: {
    effects: { TcpExtTSEcrRejected: 1, TcpExtTCPACKSkippedSynRecv: 1 },
    gate: "half_open_rejected",
    source: "4.2 step 4",
  },
  request_tsecr_rst: { effects: { TcpExtTSEcrRejected: 1 }, gate: "half_open_rejected", source: "4.2 step 4" },
  request_window: { effects: { TcpOutSegs: 1 }, gate: "half_open_rejected", reply: "ack", source: "4.2 step 4" },
  request_window_skipped: {
    effects: { TcpExtTCPACKSkippedSynRecv: 1 },
    gate: "half_open_rejected",
    source: "4.2 step 4",
  },
  request_rst_challenge: { effects: { TcpExtTCPChallengeACK: 1, TcpOutSegs: 1 }, reply: "ack", source: "4.2 step 5" },
  request_rst_challenge_skipped: { effects: { TcpExtTCPACKSkippedChallenge: 1 }, source: "4.2 step 5" },
  request_rst_challenge_unsent: { effects: {}, source: "10.1 tcp_challenge_ack_limit" },
  request_rst: { effects: REQUEST_KILLED, source: "4.2 step 7" },
  request_bad_syn: {
    effects: { ...REQUEST_KILLED, ...RST },
    gate: "half_open_rejected",
    reply: "rst",
    source: "4.2 step 7",
  },
  request_no_ack: { effects: {}, gate: "half_open_rejected", source: "4.2 step 8" },
  defer_accept_drop: { effects: { TcpExtTCPDeferAcceptDrop: 1 }, gate: "defer_accept", source: "3.5" },
  handshake_done: { effects: { TcpPassiveOpens: 1 }, source: "4.4 step 3" },
  handshake_accept_full: { effects: ACCEPT_FULL, gate: "accept_queue_at_ack", source: "4.4 steps 1, 5" },
  handshake_aborted: {
    effects: { ...ACCEPT_FULL, TcpExtEmbryonicRsts: 1, ...RST },
    gate: "accept_queue_at_ack",
    reply: "rst",
    source: "4.4 step 5",
  },

  // An ACK that reached a listener: tcp_ipv4.c:tcp_v4_cookie_check, syncookies.c:cookie_v4_check
  stray_ack: { effects: RST, gate: "half_open_gone", reply: "rst", source: "5.4 steps 1, 2" },
  stray_fin: { effects: RST, gate: "half_open_gone", reply: "rst", source: "5.4 steps 1, 2" },
  cookie_invalid: {
    effects: { TcpExtSyncookiesFailed: 1, ...RST },
    gate: "cookie_rejected",
    reply: "rst",
    source: "5.4 step 3",
  },
  cookie_options_off: {
    effects: { TcpExtSyncookiesRecv: 1, ...RST },
    gate: "cookie_rejected",
    reply: "rst",
    source: "5.4 step 4",
  },
  cookie_accepted: { effects: { TcpExtSyncookiesRecv: 1, TcpPassiveOpens: 1 }, source: "5.4 step 5" },
  cookie_tuple_taken: {
    effects: { TcpExtSyncookiesRecv: 1, TcpPassiveOpens: 1 },
    gate: "half_open_rejected",
    source: "tcp_ipv4.c:tcp_v4_syn_recv_sock",
  },
  cookie_accept_full: {
    effects: { TcpExtSyncookiesRecv: 1, ...ACCEPT_FULL },
    gate: "accept_queue_at_cookie",
    source: "5.4 step 5",
  },

  // connect(): tcp_output.c:tcp_connect, tcp_timer.c:tcp_retransmit_timer, tcp_input.c:tcp_rcv_synsent_state_process
  connect_syn: { effects: { TcpActiveOpens: 1, TcpOutSegs: 1 }, reply: "syn", source: "6.1" },
  connect_reuses_tw: { effects: { TcpExtTWRecycled: 1 }, source: "6.5" },
  connect_no_port: { effects: {}, gate: "no_local_port", source: "6.4 step 6" },
  syn_timer_resend: {
    effects: { TcpExtTCPTimeouts: 1, TcpExtTcpTimeoutRehash: 1, TcpRetransSegs: 1, TcpExtTCPSynRetrans: 1 },
    reply: "syn",
    source: "6.1 step 3",
  },
  lost_retransmit: { effects: { TcpExtTCPLostRetransmit: 1 }, source: "6.1 step 3" },
  connect_timed_out: {
    effects: { TcpExtTCPTimeouts: 1, TcpExtTCPAbortOnTimeout: 1, TcpAttemptFails: 1 },
    source: "6.1 step 2",
  },
  connect_refused: { effects: { TcpAttemptFails: 1 }, source: "6.2 step 3" },
  connect_closed: { effects: {}, source: "7.2" },
  synack_accepted: { effects: { TcpOutSegs: 1 }, reply: "ack", source: "6.2 step 5" },
  synsent_bad_ack: { effects: RST, reply: "rst", source: "6.2 step 1" },
  synsent_bad_ack_rst: { effects: {}, source: "6.2 step 1" },
  synsent_bad_tsecr: { effects: { TcpExtPAWSActive: 1, ...RST }, reply: "rst", source: "6.2 step 2" },
  synsent_ignored: { effects: {}, source: "6.2 steps 4, 6" },

  // SYN_RECV as a full socket, after SYNs have crossed; asked of a live 6.18.44. tcp_send_synack sends the SYN again, which is not new.
  syn_crossed: { effects: {}, source: "6.2 step 6" },
  crossed_open: { effects: {}, source: "6.2 step 6" },
  crossed_bad_ack: { effects: RST, reply: "rst", source: "tcp_rcv_state_process" },
  crossed_reset: { effects: { TcpAttemptFails: 1 }, source: "7.1" },

  // A full socket: tcp_input.c:tcp_rcv_established, tcp_validate_incoming, tcp_rcv_state_process
  ack_sent: { effects: { TcpOutSegs: 1 }, reply: "ack", source: "11.2 OutSegs" },
  delayed_ack: { effects: { TcpExtDelayedACKs: 1, TcpOutSegs: 1 }, reply: "ack", source: "11.5 FIN on ESTABLISHED" },
  data_sent: { effects: { TcpOutSegs: 1 }, reply: "data", source: "11.2 OutSegs" },
  fin_sent: { effects: { TcpOutSegs: 1 }, reply: "fin", source: "11.5 close()" },
  established_syn: { effects: { TcpInErrs: 1 }, source: "6.6; tcp_rcv_established only" },
  challenge_syn: {
    effects: { TcpExtTCPSYNChallenge: 1, TcpExtTCPChallengeACK: 1, TcpOutSegs: 1 },
    reply: "ack",
    source: "6.6",
  },
  challenge_syn_skipped: {
    effects: { TcpExtTCPSYNChallenge: 1, TcpExtTCPACKSkippedChallenge: 1 },
    gate: "rate_limited",
    source: "6.6",
  },
  challenge_rst: { effects: { TcpExtTCPChallengeACK: 1, TcpOutSegs: 1 }, reply: "ack", source: "7.6" },
  challenge_rst_skipped: { effects: { TcpExtTCPACKSkippedChallenge: 1 }, source: "7.6" },
  challenge_syn_unsent: {
    effects: { TcpExtTCPSYNChallenge: 1 },
    gate: "rate_limited",
    source: "10.1 tcp_challenge_ack_limit",
  },
  challenge_rst_unsent: { effects: {}, source: "10.1 tcp_challenge_ack_limit" },
  paws_dup_ack: { effects: { TcpExtPAWSEstab: 1, TcpOutSegs: 1 }, reply: "ack", source: "11.3 PAWSEstab" },
  paws_skipped: { effects: { TcpExtPAWSEstab: 1, TcpExtTCPACKSkippedPAWS: 1 }, source: "11.3 PAWSEstab" },
  paws_old_ack: { effects: { TcpExtPAWSOldAck: 1 }, source: "11.3 PAWSOldAck" },
  out_of_window_ack: { effects: { TcpOutSegs: 1 }, reply: "ack", source: "7.6" },
  out_of_window_skipped: { effects: { TcpExtTCPACKSkippedSeq: 1 }, source: "7.6" },
  stale_data_accepted: { effects: {}, source: "RFC 9293 section 3.4.3: what sequence numbers are to prevent" },
  reset_received: { effects: {}, source: "7.6" },
  estab_reset: { effects: { TcpEstabResets: 1 }, source: "7.1" },
  rto_resend: {
    effects: { TcpExtTCPTimeouts: 1, TcpExtTcpTimeoutRehash: 1, TcpRetransSegs: 1 },
    reply: "data",
    source: "7.5",
  },
  fast_resend: { effects: { TcpRetransSegs: 1 }, reply: "data", source: "7.5" },
  tlp_resend: { effects: { TcpExtTCPLossProbes: 1, TcpRetransSegs: 1 }, reply: "data", source: "7.5" },
  tlp_sends_fin: { effects: { TcpExtTCPLossProbes: 1 }, source: "7.5; tcp_send_loss_probe" },
  abort_on_timeout: { effects: { TcpExtTCPTimeouts: 1, TcpExtTCPAbortOnTimeout: 1 }, source: "7.5" },
  abort_on_close: { effects: { TcpExtTCPAbortOnClose: 1, ...RST }, reply: "rst", source: "7.3 step 1" },
  abort_on_linger: { effects: { TcpExtTCPAbortOnData: 1, ...RST }, reply: "rst", source: "7.3 step 2" },
  abort_on_linger_silent: { effects: { TcpExtTCPAbortOnData: 1 }, source: "7.3 step 2" },
  abort_on_data: { effects: { TcpExtTCPAbortOnData: 1, ...RST }, reply: "rst", source: "7.3 end" },
  abort_on_memory: { effects: { TcpExtTCPAbortOnMemory: 1, ...RST }, reply: "rst", source: "7.5" },
  orphan_over_limit: {
    effects: { TcpExtTCPTimeouts: 1, TcpExtTCPAbortOnMemory: 1, ...RST },
    reply: "rst",
    source: "7.5 tcp_out_of_resources",
  },
  orphan_over_limit_silent: {
    effects: { TcpExtTCPTimeouts: 1, TcpExtTCPAbortOnMemory: 1 },
    source: "7.5 tcp_out_of_resources",
  },
  // SO_KEEPALIVE: tcp_timer.c:tcp_keepalive_timer, tcp_output.c:tcp_write_wakeup; asked of a live 6.18.44
  keepalive_probe: {
    effects: { TcpExtTCPKeepAlive: 1, TcpOutSegs: 1 },
    reply: "ack",
    source: "tcp_write_wakeup(sk, LINUX_MIB_TCPKEEPALIVE)",
  },
  keepalive_timed_out: {
    effects: { TcpExtTCPAbortOnTimeout: 1, ...RST },
    reply: "rst",
    source: "tcp_keepalive_timer: tcp_send_active_reset, tcp_write_err",
  },
  active_reset: { effects: RST, reply: "rst", source: "4.7, 7.4" },

  // Mini-sockets: tcp_minisocks.c:tcp_time_wait, tcp_timewait_state_process
  tw_entered: { effects: { TcpExtTW: 1 }, source: "7.7" },
  tw_entered_short: { effects: { TcpExtTWKilled: 1 }, source: "7.4" },
  tw_expired: { effects: {}, source: "7.7" },
  tw_expired_short: { effects: {}, source: "7.4" },
  tw_refused: { effects: { TcpExtTCPTimeWaitOverflow: 1 }, source: "7.7" },
  tw_fin_acked: { effects: { TcpOutSegs: 1 }, reply: "ack", source: "7.8 FIN_WAIT2" },
  tw_ack: { effects: { TcpOutSegs: 1 }, gate: "time_wait", reply: "ack", source: "7.8 step 4" },
  tw_ack_skipped: { effects: { TcpExtTCPACKSkippedTimeWait: 1 }, gate: "time_wait", source: "7.8 step 4" },
  tw_paws: { effects: { TcpExtPAWSTimewait: 1 }, source: "7.8 step 3" },
  fw2_ack: { effects: { TcpOutSegs: 1 }, reply: "ack", source: "7.8 FIN_WAIT2" },
  fw2_ack_skipped: { effects: { TcpExtTCPACKSkippedFinWait2: 1 }, source: "7.8 FIN_WAIT2" },
  fw2_rst: { effects: RST, gate: "closed_port", reply: "rst", source: "7.8 FIN_WAIT2" },
  tw_killed: { effects: {}, source: "7.8 step 1" },
} as const satisfies Record<string, VerdictDef>;

export type VerdictName = keyof typeof VERDICTS;
export const VERDICT_NAMES = Object.keys(VERDICTS) as VerdictName[];
/** Verdict name → its index in every per-verdict array. */
export const Verdict = Object.fromEntries(VERDICT_NAMES.map((name, index) => [name, index])) as Record<
  VerdictName,
  number
>;
