/** Daemons for tests: in this process, on a port of their own, with a store in a folder of their own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll } from "vitest";
import { type Serving, serve } from "../../src/daemon/serve.ts";
import { type DaemonConfig, DEFAULT_DAEMON_CONFIG } from "../../src/index.ts";

const made: string[] = [];
const running = new Set<Serving>();
afterAll(async () => {
  for (const serving of running) await serving.stop();
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "halfopen-daemon-"));
  made.push(folder);
  return folder;
}

export async function daemonWith(change: Partial<DaemonConfig> = {}): Promise<Serving> {
  const config = {
    ...DEFAULT_DAEMON_CONFIG,
    listen: "127.0.0.1:0",
    workers: 2,
    demo: false,
    data: newFolder(),
    drain_s: 0,
    ...change,
  };
  const serving = await serve({ config, version: "1.2.3", log: pino({ level: "silent" }) });
  if (!serving.ok) throw new Error(serving.error);
  running.add(serving.value);
  return serving.value;
}

export async function stop(serving: Serving): Promise<void> {
  running.delete(serving);
  await serving.stop();
}

/** Ends after some milliseconds. */
export const SMALL = `
name: small
seeds: 2
scenario:
  duration_s: 2
  server: { listeners: [{ port: 80, backlog: 16, app: { request_bytes: 10, response_bytes: 10, close: after_response } }] }
  workloads:
    - { name: legit, kind: connections, rate_per_s: 50, duration_s: 2, arrival: poisson, request_bytes: 10, response_bytes: 10 }
    - { name: flood, kind: raw, packet: syn, rate_per_s: 300, duration_s: 2, arrival: poisson }
tunings: { off: { server.sysctls.net.ipv4.tcp_syncookies: 0 }, on: { server.sysctls.net.ipv4.tcp_syncookies: 1 } }
thresholds: [legit.served_ratio > 0.99]
`;

/** Takes minutes. */
export const LONG = `
name: long
seeds: 4
scenario:
  duration_s: 100000
  server: { listeners: [{ port: 80, backlog: 16 }] }
  workloads:
    - { name: legit, kind: connections, rate_per_s: 500, duration_s: 100000, arrival: poisson, source_addresses: 5000 }
`;

/** Runs that each take a part of a second, so that some are done and some are not when it is looked at. */
export const STEADY = `
name: steady
seeds: 20
scenario:
  duration_s: 30
  server: { listeners: [{ port: 80, backlog: 64 }] }
  workloads:
    - { name: legit, kind: connections, rate_per_s: 400, duration_s: 30, arrival: poisson, source_addresses: 5000 }
`;

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what tests look at
  readonly body: any;
}

export async function ask(serving: Serving, path: string, init: RequestInit = {}): Promise<Answered> {
  const answer = await fetch(new URL(path, serving.url), init);
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.startsWith("application/json") ?? false;
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: isJson && text !== "" ? JSON.parse(text) : null,
  };
}

export const post = (serving: Serving, path: string, body: string, type = "application/yaml"): Promise<Answered> =>
  ask(serving, path, { method: "POST", body, headers: { "content-type": type } });

/** Waits until the job has ended, and answers it. */
export async function ended(serving: Serving, id: string): Promise<Answered["body"]> {
  for (;;) {
    const { body } = await ask(serving, `/api/v1/jobs/${id}`);
    if (!["queued", "running"].includes(body.state)) return body;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
