/**
 * Question  How long does a scrape take while all workers are busy, how late is the daemon's event loop otherwise, and how many jobs are taken a second?
 * Method    The built daemon as a process of its own, with long jobs on all workers and as many paced tunings as make 10 000 series. Scrapes one after
 *           the other, 100 ms apart; then 20 s without any, of which the next scrape says how late the loop was; then submissions, eight at a time.
 * Bounds    p99 of a scrape 50 ms, p99 of the lag 20 ms. The exit code is 1 if one does not hold.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

const SCRAPES = 200;
const QUIET_MS = 20_000;
const SUBMISSIONS = 400;
const AT_A_TIME = 8;
const BOUNDS = { scrapeMs: 50, lagMs: 20 } as const;

/** `tunings` copies of one scenario that has something of everything. */
const experiment = (durationS: number, tunings: number, ratePerS: number): string => `
seeds: 4
scenario:
  duration_s: ${durationS}
  server: { listeners: [{ port: 80, backlog: 128, app: { request_bytes: 100, response_bytes: 100, close: after_response } }] }
  workloads:
    - { name: legit, kind: connections, arrival: poisson, rate_per_s: ${ratePerS}, duration_s: ${durationS}, source_addresses: 5000,
        request_bytes: 100, response_bytes: 100 }
    - { name: flood, kind: raw, packet: syn, arrival: poisson, rate_per_s: ${ratePerS}, duration_s: ${durationS}, source_addresses: 65000 }
tunings: { ${Array.from({ length: tunings }, (_, k) => `t${k}: { server.listeners.80.backlog: ${64 + k} }`).join(", ")} }
`;

const folder = mkdtempSync(join(tmpdir(), "halfopen-bench-"));
const config = join(folder, "daemon.yaml");
writeFileSync(
  config,
  `listen: "127.0.0.1:0"\ndata: ${join(folder, "data")}\nqueue_limit: 10000\ndemo: false\nmax_simulated_s: 1000000000\nmax_arrivals: 10000000000000\n`,
);
const child = spawn(process.execPath, ["dist/cli/main.js", "serve", "--config", config], {
  stdio: ["ignore", "inherit", "pipe"],
});

async function address(): Promise<string> {
  let log = "";
  for await (const part of child.stderr as AsyncIterable<Buffer>) {
    log += part.toString();
    const url = /"url":"([^"]+)"/.exec(log)?.[1];
    if (url === undefined) continue;
    child.stderr?.resume();
    return url;
  }
  throw new Error(log);
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? Number.NaN;
const numberOf = (text: string, series: string): number =>
  Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1) ?? Number.NaN,
  );

try {
  const url = await address();
  const post = async (path: string, body: string): Promise<void> => {
    const answer = await fetch(url + path, { method: "POST", body, headers: { "content-type": "text/yaml" } });
    if (!answer.ok) throw new Error(await answer.text());
    await answer.text();
  };
  const scrape = (): Promise<string> => fetch(`${url}/metrics`).then((answer) => answer.text());
  await post("/api/v1/jobs?name=busy", experiment(1_000_000, 1, 500));
  await post("/api/v1/paced?name=many", experiment(10, 27, 20));
  await wait(5_000);

  const tookMs: number[] = [];
  let text = "";
  for (let i = 0; i < SCRAPES; i++) {
    const startedMs = performance.now();
    text = await scrape();
    tookMs.push(performance.now() - startedMs);
    await wait(100);
  }
  await scrape();
  await wait(QUIET_MS);
  const quiet = await scrape();
  const lagMs = numberOf(quiet, 'halfopen_event_loop_lag_seconds{stat="p99"}') * 1000;

  const body = experiment(1, 2, 10);
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (let i = 0; i < SUBMISSIONS / AT_A_TIME; i++) await post("/api/v1/jobs?name=small", body);
    }),
  );
  const perS = SUBMISSIONS / ((performance.now() - startedMs) / 1000);

  const scrapeMs = quantile(tookMs, 0.99);
  process.stdout.write(
    `${availableParallelism()} CPUs, all workers busy, ${numberOf(text, "halfopen_series")} series, ${text.length} bytes\n` +
      `scrape          p50 ${quantile(tookMs, 0.5).toFixed(1)} ms  p99 ${scrapeMs.toFixed(1)} ms  (at most ${BOUNDS.scrapeMs})\n` +
      `event-loop lag  p99 ${lagMs.toFixed(1)} ms without scrapes  (at most ${BOUNDS.lagMs})\n` +
      `submissions     ${perS.toFixed(0)} per s\n`,
  );
  process.exitCode = scrapeMs <= BOUNDS.scrapeMs && lagMs <= BOUNDS.lagMs ? 0 : 1;
} finally {
  child.kill("SIGKILL");
  await once(child, "exit");
  rmSync(folder, { recursive: true, force: true });
}
