/**
 * The limiters of replies to unacceptable segments: one stamp per socket (tcp_input.c:tcp_oow_rate_limited), and the host's budget of challenge
 * ACKs for each second (tcp_send_challenge_ack; RFC 5961 section 7), as in 6.18 and asked of a live 6.18.44.
 */

import { hash3 } from "../base/hash.ts";
import { ChallengeBudget } from "../vocabulary/run-spec.ts";
import type { Host } from "./host.ts";
import { FIN, S_FLAGS, S_LEN, SYN } from "./layout.ts";

/** tcp_challenge_ack_limit that is no limit. */
const UNLIMITED = 0x7fffffff;
/** Key of the draws of budgets. */
const BUDGET_DRAW = 31;

/**
 * Whether the reply to this segment is suppressed; if not, notes the time. `stamp`: index of the R_OOW_MS word.
 * Segments that occupy sequence space (data or FIN, no SYN) are never limited, nor is the first of the others.
 */
export function isRateLimited(host: Host, stamp: number, seg: Int32Array, at: number): boolean {
  const flags = seg[at + S_FLAGS]!;
  if ((flags & SYN) === 0 && (seg[at + S_LEN]! > 0 || (flags & FIN) !== 0)) return false;
  return isStampRecent(host, stamp);
}

/** The same without a look at the segment (challenge ACKs): __tcp_oow_rate_limited. */
export function isStampRecent(host: Host, stamp: number): boolean {
  const rows = host.table.rows;
  const last = rows[stamp]!;
  // 0 says "none yet": the clock of the stamps starts at 1.
  const now = (host.nowMs() + 1) | 0;
  if (last !== 0) {
    const elapsed = (now - last) | 0;
    if (elapsed >= 0 && elapsed < host.spec.invalidRatelimitMs) return true;
  }
  rows[stamp] = now;
  return false;
}

/**
 * Whether the challenge ACK that the socket's own limiter lets through is one too many for its host in this second (of jiffies); if not, it is
 * taken off the budget.
 */
export function isChallengeBudgetSpent(host: Host): boolean {
  if (host.spec.challengeAckLimit === UNLIMITED) return false;
  const second = Math.floor(host.tick() / host.spec.hz);
  if (second !== host.challengeSecond) {
    host.challengeSecond = second;
    host.challengesLeft = challengeBudget(host, second);
  }
  if (host.challengesLeft <= 0) return true;
  host.challengesLeft--;
  return false;
}

/** The budget is a secret, so that a third party cannot count by it whether its guesses of a connection were right (CVE-2016-5696). */
function challengeBudget(host: Host, second: number): number {
  const { challengeAckLimit: limit, challengeBudget: rule } = host.spec;
  if (rule === ChallengeBudget.Exact) return limit;
  if (limit === 0) return rule === ChallengeBudget.ZeroIsMany ? hash3(host.secret, second, BUDGET_DRAW) >>> 0 : 0;
  return Math.ceil(limit / 2) + ((hash3(host.secret, second, BUDGET_DRAW) >>> 0) % limit);
}
