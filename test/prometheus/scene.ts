/**
 * Scene: a daemon whose demo runs its 15 minutes within 45 s, the experiment of the corners at ×1 as virtual hosts, a run, a sweep and a plan that are done, and a
 * Prometheus that scraped all of it: what dashboards are asked about.
 *
 * Time    MOMENTS are named by what the demo's timetable does then; `timeOf` has the Unix time of the first scrape after each.
 */
import { ask, daemonWith, ended, newFolder, post } from "../daemon/running.ts";
import { freePort, Prometheus } from "./prometheus.ts";
import { CORNERS, JOB, PLAN, SWEEP } from "./scenes.ts";

/** Simulated seconds of the demo per second. */
const SCALE = 20;
/** In simulated seconds of the demo; the first scrape after each, 20 s later at most, is before the timetable's next change. */
export const MOMENTS = {
  burst: 128,
  flood: 335,
  // A rate looks back over four scrapes, 80 s: as far as the flood is not.
  calm: 455,
  "slow application": 540,
  "flood and slow application": 735,
  "calm again": 875,
} as const;
export type Moment = keyof typeof MOMENTS | "job sent" | "job done";
export const SCRAPE_S = 1;

export interface Scene {
  readonly prometheus: Prometheus;
  readonly timeOf: ReadonlyMap<Moment, number>;
  /** Of the demo's begin and of its last moment. */
  readonly startS: number;
  readonly endS: number;
  stop(): Promise<void>;
}

const SIMULATED = 'halfopen_simulated_seconds_total{experiment="demo",tuning="cookies_off"}';

export async function playScene(): Promise<Scene> {
  // Prometheus first, and until it scrapes: it takes its time with that, and would miss the demo's begin.
  const host = `127.0.0.1:${await freePort()}`;
  const prometheus = await Prometheus.start(
    newFolder(),
    newFolder(),
    `  - { job_name: halfopen, static_configs: [{ targets: ["${host}"] }] }
  - { job_name: virtual, params: { fields: [all] }, http_sd_configs: [{ url: "http://${host}/api/v1/http_sd", refresh_interval: 1s }] }\n`,
  );
  while (Number.isNaN(await prometheus.number('up{job="halfopen"}'))) await sleep(100);
  const serving = await daemonWith({ listen: host, virtual_hosts: true, demo: true, demo_scale: SCALE, workers: 1 });
  const startS = Date.now() / 1000;
  await post(serving, "/api/v1/paced?name=corners", CORNERS);
  const events = new AbortController();
  await sleep(3000);
  await ask(serving, "/nowhere");
  const job = (await post(serving, "/api/v1/jobs", JOB)).body.job.id as string;
  await sleep(2 * SCRAPE_S * 1000);
  const timeOf = new Map<Moment, number>([["job sent", Date.now() / 1000]]);
  fetch(new URL("/api/v1/paced/corners/events", serving.url), { signal: events.signal })
    .then((answer) => answer.text())
    .catch(() => {});
  await ended(serving, job);
  for (const words of [SWEEP, PLAN]) {
    const further = (await post(serving, `/api/v1/jobs?${words}`, JOB)).body.job.id as string;
    const { state, error } = await ended(serving, further);
    if (state !== "done") throw new Error(`${words.get("kind")}: ${error}`);
  }
  await sleep(2 * SCRAPE_S * 1000);
  timeOf.set("job done", Date.now() / 1000);
  for (const [moment, simulatedS] of Object.entries(MOMENTS) as [keyof typeof MOMENTS, number][])
    timeOf.set(moment, await timeWhen(prometheus, simulatedS, startS));
  return {
    ...{ prometheus, timeOf, startS, endS: timeOf.get("calm again") ?? Number.NaN },
    stop: () => {
      events.abort();
      return prometheus.stop();
    },
  };
}

/** Waits until the demo is that far, and answers when Prometheus saw it first. */
async function timeWhen(prometheus: Prometheus, simulatedS: number, startS: number): Promise<number> {
  for (;;) {
    const [line] = await prometheus.range(`timestamp(${SIMULATED} >= ${simulatedS})`, startS, Date.now() / 1000, 0.25);
    const [, first] = line?.values[0] ?? [];
    if (first !== undefined) return Number(first);
    await sleep(250);
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
