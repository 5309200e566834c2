/** Serve: a configuration → a daemon that listens, until it is told to stop. */
import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { destination, type Logger, pino } from "pino";
import { err, ok, type Result } from "../base/result.ts";
import { closePool, type DaemonConfig } from "../index.ts";
import { openStore } from "../store/store.ts";
import { Gatekeeper, isLoopback, parseListen } from "./access.ts";
import { Daemon } from "./daemon.ts";
import { createServer } from "./server.ts";

export interface ServeOptions {
  readonly config: DaemonConfig;
  readonly version: string;
  /** Default: JSON lines on standard error. */
  readonly log?: Logger;
}

export interface Serving {
  readonly url: string;
  readonly daemon: Daemon;
  /** Takes nothing new, lets the job that is on go on for a while, closes everything. */
  stop(): Promise<void>;
}

const MIB = 2 ** 20;
const STORE_FILE = "halfopen.db";

/** The error is a sentence for who started it. */
export async function serve({
  config,
  version,
  log = logTo(config.log_level),
}: ServeOptions): Promise<Result<Serving, string>> {
  const listen = parseListen(config.listen);
  if (listen === null) return err(`listen: found "${config.listen}", allowed is ADDRESS:PORT, such as 127.0.0.1:9640`);
  const gatekeeper = new Gatekeeper(config, listen);
  if (!isLoopback(listen.host) && !gatekeeper.hasTokens)
    return err(`listen: ${config.listen} is beyond loopback, and there are no tokens: whoever reaches it could use it`);
  const storeFile = join(config.data, STORE_FILE);
  let store: ReturnType<typeof openStore>;
  try {
    mkdirSync(config.data, { recursive: true, mode: 0o700 });
    store = openStore(storeFile, { maxBytes: config.max_store_mib * MIB });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return err(`${storeFile}: ${/locked|busy/i.test(message) ? "another daemon has it open" : message}`);
  }
  const daemon = new Daemon({ config, store, storeFile, version, log });
  const server = createServer(daemon, gatekeeper);
  try {
    await server.listen({ host: listen.host, port: listen.port });
  } catch (error) {
    await daemon.stop();
    store.close();
    return err(`${config.listen}: ${error instanceof Error ? error.message : String(error)}`);
  }
  daemon.start();
  const { port } = server.server.address() as AddressInfo;
  const url = `http://${listen.host.includes(":") ? `[${listen.host}]` : listen.host}:${port}`;
  log.info({ url, data: config.data, workers: daemon.workers }, "listening");
  const stop = async (): Promise<void> => {
    log.info("stopping");
    await daemon.stop();
    await server.close();
    await closePool();
    store.close();
    log.info("stopped");
  };
  return ok({ url, daemon, stop });
}

const logTo = (level: string): Logger => pino({ level, base: null }, destination({ dest: 2, sync: true }));
