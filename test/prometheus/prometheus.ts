/** A real Prometheus for tests: started on a port of its own with a database in a folder of its own, and asked over its API. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface Line {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

export class Prometheus {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /** `scrapes`: YAML of scrape_configs; `data`: folder of the database, which may hold blocks already. */
  static async start(folder: string, data: string, scrapes: string): Promise<Prometheus> {
    const port = await freePort();
    const config = join(folder, "prometheus.yml");
    writeFileSync(config, `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n${scrapes}`);
    execFileSync("promtool", ["check", "config", config]);
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--storage.tsdb.retention.time=10y",
      "--log.level=error",
    ];
    const child = spawn("prometheus", args, { stdio: ["ignore", "inherit", "inherit"] });
    const url = `http://127.0.0.1:${port}`;
    for (;;) {
      const ready = await fetch(`${url}/-/ready`).catch(() => null);
      if (ready?.ok) return new Prometheus(url, child);
      if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async query(query: string, timeS?: number): Promise<Sample[]> {
    const parameters = new URLSearchParams({ query, ...(timeS !== undefined && { time: String(timeS) }) });
    return this.#ask<Sample[]>(`query?${parameters}`, query);
  }

  async #ask<T>(path: string, query: string): Promise<T> {
    const answer = (await (await fetch(`${this.url}/api/v1/${path}`)).json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data: { readonly result: T };
    };
    if (answer.status !== "success") throw new Error(`${query}: ${answer.error}`);
    return answer.data.result;
  }

  /** A line for each series, from `startS` to `endS`. */
  async range(query: string, startS: number, endS: number, stepS: number): Promise<Line[]> {
    const parameters = new URLSearchParams({
      ...{ query, start: String(startS), end: String(endS), step: String(stepS) },
    });
    return this.#ask<Line[]>(`query_range?${parameters}`, query);
  }

  /** Values of a label among the series that match. */
  async labelValues(label: string, match: string): Promise<string[]> {
    const parameters = new URLSearchParams({ "match[]": match });
    const answer = (await (await fetch(`${this.url}/api/v1/label/${label}/values?${parameters}`)).json()) as {
      readonly data: string[];
    };
    return answer.data;
  }

  /** The one number that a query answers; NaN: none, or several. */
  async number(query: string, timeS?: number): Promise<number> {
    const samples = await this.query(query, timeS);
    return samples.length === 1 ? Number(samples[0]?.value[1]) : Number.NaN;
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  return port;
}
