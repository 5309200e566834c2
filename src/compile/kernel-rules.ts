/**
 * Kernel rules: what differs between versions (vocabulary/kernels.ts: KERNEL_RULES) as numbers of a RunSpec.
 *
 * Invariants  A kernel that is `supported` has every rule in here in which it differs from 6.18, but for those that are `modelled: false`.
 */
import { type CounterName, counterIndex } from "../vocabulary/counters.ts";
import { hasCounter, type KernelName, type KernelRuleId, type RuleValue, ruleValue } from "../vocabulary/kernels.ts";
import { ChallengeBudget, type KernelRulesSpec, TimestampOffset } from "../vocabulary/run-spec.ts";
import { VERDICT_NAMES, VERDICTS, Verdict, type VerdictDef, type VerdictName } from "../vocabulary/verdicts.ts";

const TIMESTAMP_OFFSETS = new Map<RuleValue | undefined, KernelRulesSpec["timestampOffset"]>([
  ["no", TimestampOffset.None],
  ["per address pair", TimestampOffset.Pair],
  ["per 4-tuple", TimestampOffset.Tuple],
]);
const CHALLENGE_BUDGETS = new Map<RuleValue | undefined, KernelRulesSpec["challengeBudget"]>([
  ["n", ChallengeBudget.Exact],
  ["n/2 to 1.5 n at random", ChallengeBudget.Random],
  ["n/2 to 1.5 n at random, without limit for 0", ChallengeBudget.ZeroIsMany],
]);
const REUSE_SECONDS = new Map<RuleValue | undefined, KernelRulesSpec["twReuseSeconds"]>([
  ["> 1 s", 1],
  ["next whole second", 0],
  ["> tcp_tw_reuse_delay", -1],
]);

/** Written once for each kernel: a sweep asks for every point. */
const written = new Map<KernelName, KernelRulesSpec>();

export function kernelRules(kernel: KernelName): KernelRulesSpec {
  let rules = written.get(kernel);
  if (rules === undefined) {
    rules = writeRules(kernel);
    written.set(kernel, rules);
  }
  return rules;
}

function writeRules(kernel: KernelName): KernelRulesSpec {
  const is = (id: KernelRuleId, value: RuleValue): 0 | 1 => (ruleValue(id, kernel) === value ? 1 : 0);
  return {
    synQueueSpare: synQueueSpare(kernel),
    acceptFullYoung: is("acceptFullDropsSyn", "a > b") === 1 ? -1 : 1,
    provenPeers: is("provenPeers", true),
    limitsRequestAcks: is("outOfWindowAckLimited", true),
    exactRequestRst: is("rstKillsRequest", "exact"),
    checksRequestEcho: is("finalAckEchoChecked", true),
    answersOldAcks: is("oldAckAnswered", true),
    challengesFutureAck: is("ackBeyondSent", "answered by a challenge ACK"),
    twReuseSeconds: REUSE_SECONDS.get(ruleValue("twReuseAge", kernel)) ?? -1,
    twReuseFinWait2: is("twReuseFinWait2", true),
    rfc1337Restarts: is("rfc1337RestartsTimer", true),
    quickSynResend: is("badAckResendsSyn", true),
    portPerturbation: is("portChoice", "parity and perturb table"),
    timestampOffset: TIMESTAMP_OFFSETS.get(ruleValue("timestampOffset", kernel)) ?? TimestampOffset.None,
    floodLineHasAddress: is("floodLine", "address and port"),
    floodLineLimited: is("floodLineLimited", true),
    timestampTicks: is("timestampClock", "ticks"),
    takesCrossedSynAck: is("crossedSynAck", "taken"),
    challengeBudget: CHALLENGE_BUDGETS.get(ruleValue("challengeBudget", kernel)) ?? ChallengeBudget.ZeroIsMany,
    userTimeoutCutsRto: is("userTimeoutCutsRto", true),
    exactTimers: is("timers", "at their tick, first armed first"),
    effectChanges: effectChanges(kernel),
  };
}

/** Half-open connections that fit beyond backlog - 1 (kernel-semantics 2.3). */
export const synQueueSpare = (kernel: KernelName): 0 | 1 => (ruleValue("synQueueFull", kernel) === "q > b" ? 1 : 0);

/** What this kernel counts otherwise than `VERDICTS` says: rules about counters, and counters that it does not have. */
function effectChanges(kernel: KernelName): number[] {
  const changes: number[] = [];
  const change = (verdict: VerdictName, counter: CounterName, n: number): void => {
    changes.push(Verdict[verdict], counterIndex[counter], n);
  };
  if (ruleValue("cookieCountsListenDrop", kernel) === true) change("syn_cookie", "TcpExtListenDrops", 1);
  if (ruleValue("twPawsCounter", kernel) === "TcpExtPAWSEstab") change("tw_paws", "TcpExtPAWSEstab", 1);
  if (ruleValue("twCountedAt", kernel) === "expiry") {
    change("tw_entered", "TcpExtTW", -1);
    change("tw_entered_short", "TcpExtTWKilled", -1);
    change("tw_expired", "TcpExtTW", 1);
    change("tw_expired_short", "TcpExtTWKilled", 1);
  }
  for (const verdict of VERDICT_NAMES) {
    const effects = Object.entries((VERDICTS[verdict] as VerdictDef).effects) as [CounterName, number][];
    for (const [counter, n] of effects) if (!hasCounter(counter, kernel)) change(verdict, counter, -n);
  }
  return changes;
}
