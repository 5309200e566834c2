/**
 * Bulk versus packet by packet, with Poisson arrivals: the same distribution of every number of a run, not the same bytes.
 *
 * Method   Each class of scenario is run with N seeds packet by packet and N other seeds in bulk. Compared for every number that is not the same
 *          in all runs: the mean (z with the two sample variances), the variance (z with the standard error of a variance from the fourth
 *          moment), and the p99. For the p99 the standard error is distribution-free: of the values above the pooled p99, the number that is
 *          bulk's is hypergeometric, whatever the distribution (Mood's quantile test).
 */
import { OUTCOME_NAMES } from "../../src/vocabulary/outcomes.ts";
import { CPU_FIELDS, LISTENER_FIELDS } from "../../src/vocabulary/run-result.ts";
import { type Keys, runOf } from "../engine/helpers.ts";

const flood = (name: string, ratePerS: number, more: Keys = {}): Keys => {
  const times = { start_s: 0.3, duration_s: 1.5 };
  return {
    name,
    kind: "raw",
    packet: "syn",
    arrival: "poisson",
    rate_per_s: ratePerS,
    source_addresses: 997,
    ...times,
    ...more,
  };
};
const clients = (ratePerS: number): Keys => {
  const patience = { connect_timeout_s: 2.5, hold_s: 0.02 };
  return { name: "clients", kind: "connections", arrival: "poisson", rate_per_s: ratePerS, duration_s: 2, ...patience };
};

const trace = (...rates: [number, number][]): Keys => ({ arrival: "trace", rate_per_s: undefined, trace: rates });

function scenario(sysctls: Keys, listener: Keys, workloads: readonly Keys[], durationS = 4): Keys {
  const names = Object.entries(sysctls).map(([name, value]) => [`net.ipv4.${name}`, value]);
  return {
    duration_s: durationS,
    server: { sysctls: Object.fromEntries(names), listeners: [{ port: 80, ...listener }] },
    client: { one_way_delay_s: 0.002 },
    workloads: workloads.map((workload) => ({ port: 80, ...workload })),
  };
}

/** With CPUs so slow that the flood is more than they can do, and short queues in front of them: those drop in bulk. */
function behindCpus(cores: number, device: Keys, maxBacklog: number): Keys {
  const base = scenario({ tcp_syncookies: 1 }, { backlog: 16 }, [flood("flood", 3000), clients(40)]) as {
    server: Keys;
  };
  const costs = { receive: 400, syn_dropped: 200, cookie: 1000, request: 1000, final_ack: 600, ack: 200 };
  const sysctls = { ...(base.server.sysctls as Keys), "net.core.netdev_max_backlog": maxBacklog };
  const cpu = { cores, app: "separate", costs_us: costs };
  return { ...base, server: { ...base.server, sysctls, device, cpu } };
}

/** Classes of scenario, by what the flood's packets meet. */
export const CLASSES: Readonly<Record<string, Keys>> = {
  "last quarter": scenario({ tcp_syncookies: 0, tcp_max_syn_backlog: 32 }, { backlog: 64 }, [
    flood("flood", 1500),
    clients(40),
  ]),
  cookies: scenario({ tcp_syncookies: 1 }, { backlog: 16 }, [flood("flood", 1500), clients(40)]),
  "accept queue": scenario({ tcp_synack_retries: 1 }, { backlog: 6, accept: { mode: "rate", rate_per_s: 25 } }, [
    flood("flood", 800),
    clients(60),
  ]),
  pruning: scenario({ tcp_syncookies: 0 }, { backlog: 24 }, [flood("flood", 250, { duration_s: 14 }), clients(5)], 18),
  "closed port": scenario({}, { backlog: 16 }, [flood("flood", 1500, { port: 81 }), clients(40)]),
  "rates that change": scenario({ tcp_syncookies: 1, tcp_synack_retries: 1 }, { backlog: 16 }, [
    flood("flood", 0, trace([0, 300], [0.4, 0], [0.9, 2500], [1.2, 100])),
    flood("ramp", 10, { arrival: "ramp", end_rate_per_s: 2000, start_s: 1.5, first_source_port: 40_000 }),
    clients(40),
  ]),
  "two floods": scenario({ tcp_syncookies: 0, tcp_synack_retries: 1 }, { backlog: 32 }, [
    flood("flood", 600),
    flood("other", 900, { start_s: 0.8, first_source_port: 40_000 }),
    clients(40),
  ]),
  "a full ring": behindCpus(1, { kind: "nic", ring: 32 }, 1000),
  "full backlogs": behindCpus(2, { kind: "veth" }, 20),
  "rings and RPS": behindCpus(3, { kind: "nic", queues: 2, ring: 16, rps_cpus: 3 }, 10),
};

/** Every number of a run, by name. */
function numbersOf(keys: Keys, seed: number, engine: "auto" | "packet"): Map<string, number> {
  const view = runOf(keys, { seed, engine, detail: "summary" });
  const numbers = new Map<string, number>();
  for (const host of ["server", "client"] as const) {
    for (const [name, n] of Object.entries(view.counters(host))) numbers.set(`${host} ${name}`, n);
  }
  view.spec.workloads.forEach((_, w) => {
    for (const name of OUTCOME_NAMES) numbers.set(`workload ${w} ${name}`, view.outcome(w, name));
    for (const [gate, n] of Object.entries(view.gates(w, "drops"))) numbers.set(`workload ${w} drops ${gate}`, n);
    for (const [gate, n] of Object.entries(view.gates(w, "failed"))) numbers.set(`workload ${w} failed ${gate}`, n);
  });
  for (let cpu = 0; cpu < (view.spec.cpu?.cores ?? 0); cpu++)
    for (const field of CPU_FIELDS) numbers.set(`cpu ${cpu} ${field}`, view.cpu(cpu, field));
  for (const name of LISTENER_FIELDS) numbers.set(`listener ${name}`, view.listenerField(0, name));
  return numbers;
}

export interface Comparison {
  readonly what: string;
  readonly statistic: "mean" | "variance" | "p99";
  readonly z: number;
  readonly packet: number;
  readonly bulk: number;
}

interface Moments {
  readonly mean: number;
  readonly variance: number;
  /** Of the mean, and of the variance. */
  readonly meanError2: number;
  readonly varianceError2: number;
}

function momentsOf(values: readonly number[]): Moments {
  const n = values.length;
  const mean = values.reduce((total, value) => total + value, 0) / n;
  const central = (power: number): number => values.reduce((total, value) => total + (value - mean) ** power, 0) / n;
  const variance = (central(2) * n) / (n - 1);
  return { mean, variance, meanError2: variance / n, varianceError2: Math.max(0, central(4) - central(2) ** 2) / n };
}

const zOf = (difference: number, error2: number): number => (error2 > 0 ? difference / Math.sqrt(error2) : 0);

function compareP99(packet: readonly number[], bulk: readonly number[]): Pick<Comparison, "z" | "packet" | "bulk"> {
  const all = [...packet, ...bulk].toSorted((a, b) => a - b);
  const pooled = all[Math.ceil(0.99 * all.length) - 1]!;
  const above = (values: readonly number[]): number => values.filter((value) => value > pooled).length;
  const k = above(packet) + above(bulk);
  const total = all.length;
  const expected = (k * bulk.length) / total;
  const error2 = (expected * (packet.length / total) * (total - k)) / (total - 1);
  const p99 = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.ceil(0.99 * values.length) - 1]!;
  return { z: zOf(above(bulk) - expected, error2), packet: p99(packet), bulk: p99(bulk) };
}

/** All comparisons of one class, `seeds` runs each way. */
export function compareClass(name: string, seeds: number): Comparison[] {
  const keys = CLASSES[name]!;
  const runs = (first: number, engine: "auto" | "packet"): Map<string, number>[] =>
    Array.from({ length: seeds }, (_, i) => numbersOf(keys, first + i, engine));
  const packet = runs(1, "packet");
  const bulk = runs(1_000_001, "auto");
  const whats = new Set([...packet, ...bulk].flatMap((numbers) => [...numbers.keys()]));
  return [...whats].sort().flatMap((what): Comparison[] => {
    const a = packet.map((numbers) => numbers.get(what) ?? 0);
    const b = bulk.map((numbers) => numbers.get(what) ?? 0);
    if ([...a, ...b].every((value) => value === a[0])) return [];
    const p = momentsOf(a);
    const q = momentsOf(b);
    return [
      { what, statistic: "mean", z: zOf(q.mean - p.mean, p.meanError2 + q.meanError2), packet: p.mean, bulk: q.mean },
      {
        ...{ what, statistic: "variance", packet: p.variance, bulk: q.variance },
        z: zOf(q.variance - p.variance, p.varianceError2 + q.varianceError2),
      },
      { what, statistic: "p99", ...compareP99(a, b) },
    ];
  });
}

/** One line for people. */
export function describeComparison({ what, statistic, z, packet, bulk }: Comparison): string {
  return `${what} ${statistic}: packet ${packet.toPrecision(6)}, bulk ${bulk.toPrecision(6)}, z ${z.toFixed(2)}`;
}

export const LARGEST_Z = 4;
