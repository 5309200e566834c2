/**
 * Question  How many points per second does a sweep do, what does a second worker bring, and does its memory stay flat?
 * Method    The public library. Throughput: 1000 points of 60 s with 1 M SYN/s and 50 clients/s, one seed, on 1 and on 2 workers in turn, medians; the
 *           threads are warm. Memory, first of all, as in a process that does nothing else: RSS, threads included, twice a second over 100 000 short
 *           runs; flat means that the last quarter of the time needs no more than the second.
 * Sizes     `--smoke` runs inside the tests, `npm run bench:sweep` takes the real ones, `--rounds N` (3) times; `--write`: into bench/RESULTS.md.
 * Checksum  Of the summary: the same with any number of workers.
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { closePool, parseExperiment, type Sweep, simulateSweep, sweepOf } from "../src/index.ts";
import { machine } from "./report.ts";
import { writeSection } from "./results-file.ts";
import { median } from "./statistics.ts";

const { values: flags } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    rounds: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const size = <T>({ smoke, real }: { smoke: T; real: T }): T => (flags.smoke ? smoke : real);
const rounds = Number(flags.rounds ?? size({ smoke: 1, real: 3 }));

const seconds = size({ smoke: 2, real: 60 });
const backlogs = size({ smoke: "16..4096:log2", real: "16..4096:log25" });
const FLOODED = `
seeds: 1
scenario:
  duration_s: ${seconds}
  server: { listeners: [{ port: 80, backlog: 511, app: { request_bytes: 200, response_bytes: 1000, close: after_response } }] }
  client: { one_way_delay_s: 0.02 }
  workloads:
    - { name: clients, kind: connections, arrival: poisson, rate_per_s: 50, duration_s: ${seconds}, source_addresses: 2000, connect_timeout_s: 10, request_bytes: 200, response_bytes: 1000 }
    - { name: flood, kind: raw, packet: syn, arrival: poisson, rate_per_s: 1000000, duration_s: ${seconds}, source_addresses: 131070 }
sweep:
  axes:
    server.listeners.80.backlog: ${backlogs}
    server.sysctls.net.ipv4.tcp_synack_retries: [1, 2, 3, 4, 5]
    server.sysctls.net.ipv4.tcp_syncookies: [0, 1]
    server.sysctls.net.ipv4.tcp_max_syn_backlog: [512, 1024, 2048, 4096]
`;
const SHORT = `
seeds: 1
scenario:
  duration_s: 0.2
  server: { listeners: [{ port: 80, backlog: 16 }] }
  workloads: [{ name: legit, kind: connections, rate_per_s: 50, duration_s: 0.2 }]
sweep: { axes: { server.listeners.80.backlog: "1..1000:${size({ smoke: 10, real: 1000 })}", workloads.legit.rate_per_s: "10..100:${size({ smoke: 20, real: 100 })}" } }
`;

const say = (text: string): void => void process.stderr.write(`${text}\n`);
try {
  const memoryTable = await memory(sweepFrom(SHORT));
  const text = `${machine()}; ${new Date().toISOString().slice(0, 10)}; ${rounds} rounds.

${await throughput(sweepFrom(FLOODED))}
${memoryTable}`;
  process.stdout.write(text);
  if (flags.write) writeSection("Sweeps", text);
} finally {
  await closePool();
}

function sweepFrom(text: string): Sweep {
  const parsed = parseExperiment(text, () => ({ ok: false, error: "no files here" }));
  if (!parsed.ok || parsed.value.sweep === null) throw new Error("not a sweep");
  return sweepOf(parsed.value.experiment, parsed.value.sweep);
}

async function throughput(sweep: Sweep): Promise<string> {
  const points = sweep.shape.pointsPerTuning;
  const wallS: Record<1 | 2, number[]> = { 1: [], 2: [] };
  const checksums = new Set<string>();
  // Of a thread's code the last is compiled after some 1500 points.
  for (let time = 1; time <= size({ smoke: 1, real: 3 }); time++) {
    say(`${points} points, for warmth`);
    await simulateSweep(sweep, { workers: 2 });
  }
  for (let round = 1; round <= rounds; round++) {
    for (const workers of [1, 2] as const) {
      say(`round ${round} of ${rounds}: ${points} points, workers: ${workers}`);
      const startedMs = performance.now();
      const summary = await simulateSweep(sweep, { workers });
      wallS[workers].push((performance.now() - startedMs) / 1000);
      checksums.add(createHash("sha256").update(JSON.stringify(summary)).digest("hex").slice(0, 8));
    }
  }
  if (checksums.size !== 1) throw new Error(`the summaries differ: ${[...checksums].join(", ")}`);
  const [one, two] = [median(wallS[1]), median(wallS[2])];
  return `| sweep | points | simulated s each | s on 1 worker | s on 2 workers | 2 against 1 | goal | checksum |
|---|---:|---:|---:|---:|---:|---|---|
| flooded | ${points} | ${seconds} | ${one.toFixed(1)} | ${two.toFixed(1)} | ${(one / two).toFixed(2)} × | <= 60 s on 2 workers; >= 1.8 × | ${[...checksums][0]} |
`;
}

async function memory(sweep: Sweep): Promise<string> {
  const runs = sweep.shape.pointsPerTuning;
  say(`${runs} runs`);
  const samples: number[] = [];
  const sample = (): void => void samples.push(process.memoryUsage.rss());
  const timer = setInterval(sample, 500);
  const startedMs = performance.now();
  await simulateSweep(sweep, { workers: 2 });
  clearInterval(timer);
  sample();
  const quarter = (k: number): number =>
    Math.max(...samples.slice(Math.floor((k * samples.length) / 4), Math.ceil(((k + 1) * samples.length) / 4)));
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  return `| sweep | runs | s | most MiB | by quarter of the time | goal |
|---|---:|---:|---:|---|---|
| short | ${runs} | ${((performance.now() - startedMs) / 1000).toFixed(1)} | ${mib(Math.max(...samples))} | ${[0, 1, 2, 3].map((k) => mib(quarter(k))).join(", ")} | <= 400 MiB, flat |
`;
}
