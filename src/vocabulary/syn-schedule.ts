/** When a client's SYNs leave, nominally: real timers are up to an eighth later (kernel-semantics 6.1; tcp_timer.c:tcp_retransmit_timer). */

/** SYN-ACK timers never wait longer (3.1); nor do those of SYNs, unless tcp_rto_max_ms says less (6.1). */
export const LONGEST_STEP_S = 120;

/**
 * Seconds from connect() to the k-th firing of the SYN timer, which is the k-th retransmission, or giving up. With tcp_syn_linear_timeouts
 * L the first L + 1 steps take 1 s each, then they double: 1, 2, 3, 4, 5, 7, 11 ... with L = 4 and 1, 3, 7, 15 ... with L = 0.
 * `longestStepS`: tcp_rto_max_ms.
 */
export function synTimerS(firing: number, linearTimeouts: number, longestStepS: number): number {
  let elapsedS = 0;
  let stepS = 1;
  for (let k = 1; k <= firing; k++) {
    elapsedS += stepS;
    if (k > linearTimeouts) stepS = Math.min(2 * stepS, longestStepS);
  }
  return elapsedS;
}
