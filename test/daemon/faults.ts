/** What is done to a daemon to see that it holds; small in `npm test`, long in `npm run test:long`. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { onTestFinished } from "vitest";

export interface StartedDaemon {
  readonly child: ChildProcess;
  readonly url: string;
  /** What it has written on standard error until now: what a fault says. */
  readonly log: () => string;
}

/** The built program on a port of its own; answers when it listens. */
export async function startedDaemon(data: string, more: readonly string[] = []): Promise<StartedDaemon> {
  const args = ["dist/cli/main.js", "serve", "--listen", "127.0.0.1:0", "--data", data, "--workers", "1", ...more];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "pipe"] });
  // A test that fails leaves no daemon behind.
  onTestFinished(() => void child.kill("SIGKILL"));
  let log = "";
  let url: string | undefined;
  await new Promise<void>((resolve) => {
    child.stderr?.on("end", resolve).on("data", (part: Buffer) => {
      log += part.toString();
      url ??= /"url":"([^"]+)"/.exec(log)?.[1];
      if (url !== undefined) resolve();
    });
  });
  if (url === undefined) throw new Error(`the daemon ended: ${log}`);
  return { child, url, log: () => log };
}

export async function killed(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown[]> {
  const ended = once(child, "exit");
  child.kill(signal);
  return ended;
}

/** Sends the head of a request a byte every `everyMs`; answers how many ms it was let. */
export function slowLoris(url: string, everyMs: number): Promise<number> {
  const { hostname, port } = new URL(url);
  const startedMs = performance.now();
  const head = `GET /healthz HTTP/1.1\r\nHost: ${hostname}\r\nX: ${"x".repeat(10_000)}`;
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let at = 0;
    const timer = setInterval(() => socket.write(head[at++] ?? "x"), everyMs);
    socket.on("error", () => {});
    socket.resume();
    socket.on("close", () => {
      clearInterval(timer);
      resolve(performance.now() - startedMs);
    });
  });
}
