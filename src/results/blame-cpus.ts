/** What a verdict says of CPUs: who has their time, whether packets take it from the application, and which knobs have no part in it. */
import { formatSeconds } from "../base/units.ts";
import { CPU_COST_NAMES, type CpuCostName } from "../vocabulary/cpu.ts";
import type { TuningSummary } from "./summary-format.ts";
import { formatMean, formatMs, formatRatio } from "./summary-table.ts";
import { meanOf } from "./tuning-runs.ts";

/** From here on a CPU counts as busy with packets. */
const BUSY_RATIO = 0.9;
/** Packets that take so much of a shared CPU hold the application up. */
const LIVELOCK_RATIO = 0.5;
/** Below, an application keeps up. */
const LONG_ACCEPT_WAIT_MS = 100;
const LONG_RECEIVE_WAIT_MS = 1;

const COST_WORDS: Partial<Record<CpuCostName, string>> = {
  receive: "taking packets off the NIC",
  rps: "steering them to other CPUs",
  syn_dropped: "SYNs that are dropped",
  cookie: "SYN cookies",
  request: "half-open requests",
  request_timeout: "SYN-ACKs sent again",
  reset: "answers by RST",
};

export function whatCpus(tuning: TuningSummary): string[] {
  const { cpu, softnet } = tuning;
  if (cpu === null || softnet === null) return [];
  return [...livelock(tuning), ...busyCpu(tuning), ...whatWaitsForCpus(tuning), ...deadBacklog(tuning)];
}

/** Receive livelock: the accept queue fills, or connections wait, since packets have the CPUs that the application would need. */
function livelock(tuning: TuningSummary): string[] {
  const { cpu, listeners, clients } = tuning;
  const busy = packetTimes(tuning);
  if (cpu === null || !cpu.app_shares || busy === null) return [];
  const waits = Math.max(0, ...listeners.map(({ accept_wait_ms }) => accept_wait_ms?.p99 ?? 0));
  const isFull = listeners.some(({ accept_queue }) => accept_queue.full_s.mean > 0);
  const isLate = clients.some(({ failed }) => (failed.app?.mean ?? 0) > 0);
  if (!isFull && !isLate && waits < LONG_ACCEPT_WAIT_MS) return [];
  const { softirq, app, from_s, until_s } = busy;
  return [
    `Receive livelock from ${formatSeconds(from_s)} to ${formatSeconds(until_s)}: packets take ${formatRatio(softirq)} of the CPUs that the application shares with them, and leave it ${formatRatio(app)}, so it accepts late though nothing changed in it. CPUs of its own, more CPUs or fewer packets help; a longer queue only makes the wait longer.`,
  ];
}

/** When packets had most of the shared CPUs, by the first seed's time lines, and the mean shares in these times; null: never. */
function packetTimes({ lines }: TuningSummary) {
  const of = (share: "softirq_ratio" | "app_ratio", k: number): number =>
    meanOf(lines.cpus.map((cpu) => cpu[share][k] ?? 0));
  const samples = lines.at_s.flatMap((_, k) =>
    lines.cpus.length > 0 && of("softirq_ratio", k) >= LIVELOCK_RATIO ? [k] : [],
  );
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return null;
  return {
    softirq: meanOf(samples.map((k) => of("softirq_ratio", k))),
    app: meanOf(samples.map((k) => of("app_ratio", k))),
    from_s: lines.at_s[first] ?? 0,
    until_s: lines.at_s[last] ?? 0,
  };
}

function busyCpu({ cpu }: TuningSummary): string[] {
  if (cpu === null || cpu.busiest_ratio.mean < BUSY_RATIO) return [];
  const costs = CPU_COST_NAMES.flatMap((name) => {
    const seconds = cpu.cost_s[name]?.mean ?? 0;
    return COST_WORDS[name] === undefined || seconds === 0 ? [] : [{ word: COST_WORDS[name], seconds }];
  }).sort((a, b) => b.seconds - a.seconds);
  const most = costs.slice(0, 2).map(({ word }) => word);
  const busy = cpu.per_cpu.filter(({ role, softirq_ratio }) => role === "receives" && softirq_ratio.mean >= BUSY_RATIO);
  const receiving = cpu.per_cpu.filter(({ role }) => role === "receives").length;
  const idle =
    busy.length < receiving ? `; ${receiving - busy.length} of ${receiving} CPUs that receive have time left` : "";
  return [
    `Packets keep a CPU busy for ${formatRatio(cpu.busiest_ratio.mean)} of the time, most of it with ${most.join(" and ")}${idle}.`,
  ];
}

function whatWaitsForCpus({ receive_wait_ms: wait }: TuningSummary): string[] {
  if (wait === null || wait.p99 < LONG_RECEIVE_WAIT_MS) return [];
  return [`Packets waited for a CPU up to ${formatMs(wait.p99)} (p99) before TCP saw them.`];
}

/** The first knob that people turn. */
function deadBacklog({ cpu, softnet }: TuningSummary): string[] {
  if (cpu === null || softnet === null || softnet.ring_dropped.mean === 0 || softnet.dropped.mean > 0) return [];
  if (cpu.per_cpu.some(({ backlog_peak }) => backlog_peak.mean > 0)) return [];
  return [
    `net.core.netdev_max_backlog has no part in it: a NIC without RPS puts nothing into a backlog. The ${formatMean(softnet.ring_dropped.mean)} packets were dropped in front of the kernel, in the NIC's rings.`,
  ];
}
