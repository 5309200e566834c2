/**
 * Goal    The daemon's settings: defaults, and every fault with its place.
 */
import { describe, expect, test } from "vitest";
import { DEFAULT_DAEMON_CONFIG, LEAST_TOKEN, parseDaemonConfig } from "../../src/config/daemon-config.ts";

describe("what is not said is the default", () => {
  test.each(["", "# nothing", "{}"])("%j", (text) => {
    expect(parseDaemonConfig(text)).toEqual({ ok: true, value: DEFAULT_DAEMON_CONFIG });
  });

  test("and what is said counts", () => {
    const parsed = parseDaemonConfig(`listen: ":80"\ntokens: { read: [${"r".repeat(LEAST_TOKEN)}] }\nworkers: 3`);
    expect(parsed.ok && parsed.value).toMatchObject({
      listen: ":80",
      workers: 3,
      tokens: { read: ["r".repeat(LEAST_TOKEN)], write: [] },
      queue_limit: 100,
    });
  });
});

const faults = [
  ["worker: 3", "1:1 unknown-key worker", "did you mean workers?"],
  ["workers: 0", "1:10 out-of-range workers", undefined],
  ["workers: 65", "1:10 out-of-range workers", undefined],
  [
    `tokens: { write: [${"w".repeat(LEAST_TOKEN - 1)}] }`,
    "1:19 bad-name tokens.write[0]",
    "make one with: openssl rand -hex 16",
  ],
  ["demo: yes", "1:7 wrong-type demo", "YAML 1.2 takes yes, no, on and off as text"],
  ["demo_scale: 0", "1:13 out-of-range demo_scale", undefined],
  ["demo_scale: 101", "1:13 out-of-range demo_scale", undefined],
  ["log_level: loud", "1:12 not-allowed log_level", undefined],
  ["[1]", "1:1 wrong-type ", undefined],
  ["a: [", "1:5 syntax ", undefined],
] as const;
test.each(faults)("%j: %s", (text, place, hint) => {
  const parsed = parseDaemonConfig(text);
  const [issue] = parsed.ok ? [] : parsed.error;
  expect(`${issue?.line}:${issue?.column} ${issue?.code} ${issue?.path}`).toBe(place);
  expect(issue?.hint).toBe(hint);
});

test("a token never stands in a message", () => {
  const parsed = parseDaemonConfig("tokens: { read: [short-secret] }");
  expect(JSON.stringify(parsed)).not.toContain("short-secret");
});
