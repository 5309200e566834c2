/**
 * Aims: what a tuning lacks, and so by what a change to it is judged: that more clients get in, or, where all do, that they wait less.
 *
 * Invariants  Higher is better. Where clients wait, a change that keeps some of them out is never better.
 */
import { type Binding, servedShareOf } from "../results/blame.ts";
import type { ClientsSummary, Measure, TuningSummary } from "../results/summary-format.ts";
import { formatMs, formatRatio } from "../results/summary-table.ts";
import type { GateName } from "../vocabulary/gates.ts";

/** Clients in that count as all. */
const ENOUGH_RATIO = 0.999;
/** Of the time that clients wait at a gate, what may be left when a change is called enough. */
const LITTLE_RATIO = 0.05;

export interface Aim {
  readonly of: (tuning: TuningSummary) => number;
  readonly ofSeed: (tuning: TuningSummary, seed: number) => number;
  readonly isEnough: (before: TuningSummary, after: TuningSummary) => boolean;
  /** How a change moves it, for people. */
  readonly effect: (before: TuningSummary, after: TuningSummary) => string;
  /** What the smallest change that is enough does, and what none does. */
  readonly reached: string;
  readonly missed: string;
}

/** null: all got in, and none of them late because of a limit. */
export function aimOf(tuning: TuningSummary, binding: Binding): Aim | null {
  if (servedShareOf(tuning) < ENOUGH_RATIO) return IN;
  return binding.by === "waited" ? soonerAt(binding.gate) : null;
}

const sumOf = (tuning: TuningSummary, value: (clients: ClientsSummary) => number): number =>
  tuning.clients.reduce((sum, clients) => sum + value(clients), 0);

/** As it is shown: what does not show in a tenth of a per cent is no help. */
const IN: Aim = {
  of: (tuning) => Math.round(servedShareOf(tuning) * 1000) / 1000,
  ofSeed: (tuning, seed) => sumOf(tuning, ({ served }) => served.per_seed[seed] ?? 0),
  isEnough: (_, after) => servedShareOf(after) >= ENOUGH_RATIO,
  effect: (before, after) =>
    `${formatRatio(servedShareOf(before))} → ${formatRatio(servedShareOf(after))} of clients served, ${p99Effect(before, after)}`,
  reached: "serves nearly all",
  missed: "serves more clients for sure",
};

function soonerAt(gate: GateName): Aim {
  const waits = (tuning: TuningSummary, value: (wait: Measure) => number): number =>
    sumOf(tuning, ({ wait_s }) =>
      Object.entries(wait_s).reduce((sum, [name, wait]) => sum + (name === "none" ? 0 : value(wait)), 0),
    );
  const atGate = (tuning: TuningSummary): number => sumOf(tuning, ({ wait_s }) => wait_s[gate]?.mean ?? 0);
  const perClient = (tuning: TuningSummary): number =>
    waits(tuning, ({ mean }) => mean) /
    Math.max(
      1,
      sumOf(tuning, ({ users }) => users.mean),
    );
  return {
    of: (tuning) => (servedShareOf(tuning) < ENOUGH_RATIO ? Number.NEGATIVE_INFINITY : -perClient(tuning)),
    ofSeed: (tuning, seed) => -waits(tuning, ({ per_seed }) => per_seed[seed] ?? 0),
    isEnough: (before, after) => atGate(after) <= LITTLE_RATIO * atGate(before),
    effect: (before, after) => {
      const [was, is] = [before, after].map((tuning) => formatMs(perClient(tuning) * 1000));
      return `${was} → ${is} of waiting per client, ${p99Effect(before, after)}`;
    },
    reached: "ends this waiting",
    missed: "makes clients wait less for sure",
  };
}

const p99Effect = (before: TuningSummary, after: TuningSummary): string =>
  `connect p99 ${p99Of(before)} → ${p99Of(after)}`;

function p99Of({ clients }: TuningSummary): string {
  const latencies = clients.flatMap(({ connect_latency_ms }) =>
    connect_latency_ms === null ? [] : [connect_latency_ms.p99],
  );
  return latencies.length === 0 ? "-" : formatMs(Math.max(...latencies));
}
