/**
 * Round-trip estimate and retransmission time-out: RFC 6298 as the kernel has it.
 *
 * Models   tcp_input.c:tcp_rtt_estimator, tcp_set_rto; tcp_metrics.c:tcp_init_metrics (6.18).
 * Units    srtt is µs << 3, rttvar µs, the time-out ticks.
 */
import type { Host } from "./host.ts";
import { F_RTO, F_RTTVAR, F_SRTT, R_LOCAL, R_PEER, ROW_SHIFT } from "./layout.ts";

/** Time-out of a connection whose handshake gave no sample: TCP_TIMEOUT_FALLBACK. */
const RTO_FALLBACK_S = 3;

/** One RTT sample, µs >= 1. The variance never goes below tcp_rto_min_us, and falls only by a quarter a sample. */
export function takeRttSample(host: Host, full: number, sampleUs: number): void {
  const rows = host.table.rows;
  const at = full << ROW_SHIFT;
  const srtt = rows[at + F_SRTT]!;
  const floor = host.spec.rtoMinUs;
  if (srtt === 0) {
    rows[at + F_SRTT] = sampleUs << 3;
    rows[at + F_RTTVAR] = Math.max(2 * sampleUs, floor);
  } else {
    const error = sampleUs - (srtt >> 3);
    rows[at + F_SRTT] = Math.max(1, srtt + error);
    const target = Math.max(Math.abs(error), floor);
    const rttvar = rows[at + F_RTTVAR]!;
    rows[at + F_RTTVAR] = target > rttvar ? target : rttvar - ((rttvar - target) >> 2);
  }
  setRto(host, full);
}

/** RTO = srtt + rttvar, in ticks (rounded up), at most tcp_rto_max_ms: tcp_set_rto. */
export function setRto(host: Host, full: number): void {
  const rows = host.table.rows;
  const at = full << ROW_SHIFT;
  const us = (rows[at + F_SRTT]! >> 3) + rows[at + F_RTTVAR]!;
  rows[at + F_RTO] = Math.min(usToTicks(host, us), host.maxRtoTicks);
}

/**
 * First RTO of a connection (tcp_metrics.c:tcp_init_metrics): a cached RTT above the handshake's replaces it, in whole ticks rounded down,
 * but leaves the estimator alone; without any sample it is 3 s.
 */
export function setInitialRto(host: Host, row: number, full: number): void {
  const rows = host.table.rows;
  const at = row << ROW_SHIFT;
  const fat = full << ROW_SHIFT;
  const cached = host.metrics.rttOf(rows[at + R_LOCAL]! ^ rows[at + R_PEER]!);
  const max = host.maxRtoTicks;
  if (cached > rows[fat + F_SRTT]!) {
    const ticks = Math.floor((cached * host.spec.hz) / 8e6) | 0;
    rows[fat + F_RTO] = Math.min(ticks + Math.max(2 * ticks, usToTicks(host, host.spec.rtoMinUs)), max);
  } else if (rows[fat + F_SRTT] === 0) rows[fat + F_RTO] = Math.min(RTO_FALLBACK_S * host.spec.hz, max);
}

/**
 * tcp_timer.c:tcp_clamp_rto_to_user_timeout (since 4.19): the timer fires when TCP_USER_TIMEOUT (`userMs`, 0: none) is over, `elapsedMs` after
 * the first retransmission (of a SYN: after the SYN); at once when it is.
 */
export function cutByUserTimeout(host: Host, ticks: number, userMs: number, elapsedMs: number): number {
  if (userMs === 0 || host.spec.userTimeoutCutsRto === 0) return ticks;
  const left = userMs - elapsedMs;
  return left <= 0 ? 1 : Math.min(ticks, Math.ceil((left * host.spec.hz) / 1000));
}

/** usecs_to_jiffies: rounded up. */
export function usToTicks(host: Host, us: number): number {
  return Math.ceil((us * host.spec.hz) / 1e6) | 0;
}

/** tcp_timer.c:tcp_model_timeout: (2^(N+1) - 1) * base while the step stays below the maximum, then the maximum a step. */
export function modelTimeoutMs(retries: number, baseMs: number, maxMs: number): number {
  const thresh = 31 - Math.clz32(Math.floor(maxMs / baseMs));
  if (retries <= thresh) return (2 ** (retries + 1) - 1) * baseMs;
  return (2 ** (thresh + 1) - 1) * baseMs + (retries - thresh) * maxMs;
}
