/**
 * Goal    Nothing that comes over the network makes the daemon fail or grow: a sample of what test/daemon/hold.long.test.ts does at length.
 */
import { expect, test, vi } from "vitest";
import { slowLoris } from "./faults.ts";
import { fuzzRequests, send } from "./fuzz.ts";
import { ask, daemonWith, post, SMALL } from "./running.ts";

test("300 fuzzed requests, half of them valid ones with one mutation: no 5xx but 503", async () => {
  const serving = await daemonWith({ virtual_hosts: true });
  const statuses = new Map<number, number>();
  for (const one of fuzzRequests(300, 1)) {
    const status = await send(serving.url, one);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    expect(status >= 500 && status !== 503, `${status}: ${JSON.stringify(one)}`).toBe(false);
  }
  // They reach the routes: not all are turned away at the door.
  expect(statuses.get(422)).toBeGreaterThan(5);
  expect(statuses.get(200)).toBeGreaterThan(5);
  expect((await ask(serving, "/healthz")).status).toBe(200);
});

test("who sends a request byte by byte is cut off", async () => {
  const serving = await daemonWith();
  expect(await slowLoris(serving.url, 200)).toBeLessThan(15_000);
});

test("clients that follow events are counted, limited, and forgotten", async () => {
  const serving = await daemonWith({ max_streams: 20 });
  await post(serving, "/api/v1/paced?name=one", SMALL);
  const abort = new AbortController();
  const follow = (): Promise<Response> =>
    fetch(new URL("/api/v1/paced/one/events", serving.url), { signal: abort.signal });
  const answers = await Promise.all(Array.from({ length: 20 }, follow));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  const refused = await follow();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "10"]);
  abort.abort();
  await vi.waitUntil(() => serving.daemon.streams.count === 0, { timeout: 10_000 });
});
