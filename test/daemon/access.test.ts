/**
 * Goal    Who may ask: tokens, names, other pages; where a daemon may listen.
 * Method  Tables with a reason for each row.
 */
import { describe, expect, test } from "vitest";
import { type Access, type Asking, Gatekeeper, isLoopback, parseListen } from "../../src/daemon/access.ts";
import { serve } from "../../src/daemon/serve.ts";
import { DEFAULT_DAEMON_CONFIG } from "../../src/index.ts";

const addresses = [
  ["127.0.0.1:9640", { host: "127.0.0.1", port: 9640 }, "the default"],
  ["localhost:0", { host: "localhost", port: 0 }, "a name, any port"],
  [":9640", { host: "0.0.0.0", port: 9640 }, "all addresses"],
  ["[::1]:9640", { host: "::1", port: 9640 }, "IPv6 in brackets"],
  ["[fe80::xyz]:1", null, "no IPv6 address"],
  ["::1:9640", null, "IPv6 without brackets is ambiguous"],
  ["127.0.0.1", null, "a port is needed"],
  ["127.0.0.1:65536", null, "beyond the last port"],
  ["127.0.0.1:65535", { host: "127.0.0.1", port: 65_535 }, "the last port"],
  ["", null, "nothing"],
] as const;
test.each(addresses)("listen %j is %o: %s", (listen, expected, _why) => {
  expect(parseListen(listen)).toEqual(expected);
});

const hosts = [
  ["127.0.0.1", true],
  ["127.8.8.8", true],
  ["::1", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["10.0.0.1", false],
  ["127.0.0.1.example.org", false],
] as const;
test.each(hosts)("%s is loopback: %s", (host, expected) => expect(isLoopback(host)).toBe(expected));

const READ = "read-token-0123456789";
const WRITE = "write-token-0123456789";
const own = { host: "127.0.0.1:9640", origin: undefined, authorization: undefined };
const bearer = (token: string): Partial<Asking> => ({ authorization: `Bearer ${token}` });

describe("on loopback, without tokens", () => {
  const gatekeeper = new Gatekeeper(
    { tokens: { read: [], write: [] }, allowed_hosts: ["Box.lan"] },
    { host: "127.0.0.1", port: 9640 },
  );
  const rows: readonly (readonly [Partial<Asking>, Access, number | null, string])[] = [
    [{}, "write", null, "a program on the machine"],
    [{ host: "localhost:9640" }, "read", null, "by its name"],
    [{ host: "[::1]:9640" }, "read", null, "by IPv6"],
    [{ host: "box.LAN" }, "read", null, "by a name that was allowed, in any case"],
    [{ host: "evil.example:9640" }, "read", 421, "a name that points here is not the daemon's"],
    [{ host: "evil.example" }, "open", 421, "not even for what is open"],
    [{ host: undefined }, "read", 421, "no name at all"],
    [{ origin: "http://evil.example" }, "write", 403, "a page of somebody else's changes nothing"],
    [{ origin: "null" }, "write", 403, "nor does one that hides where it is from"],
    [{ origin: "http://127.0.0.1:9641" }, "write", 403, "another port is another origin"],
    [{ origin: "http://127.0.0.1:9640" }, "write", null, "its own page may"],
    [{ origin: "http://evil.example" }, "read", null, "the browser keeps answers from other pages by itself"],
  ];
  test.each(rows)("%o for %s gets %s: %s", (change, access, status, _why) => {
    expect(gatekeeper.refusal({ ...own, ...change }, access)?.status ?? null).toBe(status);
  });
});

describe("beyond loopback, with tokens", () => {
  const gatekeeper = new Gatekeeper(
    { tokens: { read: [READ], write: [WRITE] }, allowed_hosts: [] },
    { host: "0.0.0.0", port: 9640 },
  );
  const rows: readonly (readonly [Partial<Asking>, Access, string | null, string])[] = [
    [{}, "open", null, "health is for all"],
    [{}, "read", "no-token", "nothing was shown"],
    [bearer("wrong-token-0123456789"), "read", "wrong-token", "not one of them"],
    [bearer(READ), "read", null, "may read"],
    [bearer(READ), "write", "read-only-token", "and no more"],
    [bearer(WRITE), "write", null, "may change"],
    [bearer(WRITE), "read", null, "and read"],
    [{ authorization: `bearer  ${READ} ` }, "read", null, "the scheme has no case"],
    [{ authorization: `Basic ${READ}` }, "read", "no-token", "another scheme"],
    [{ authorization: `Bearer ${READ.slice(0, -1)}` }, "read", "wrong-token", "a part of one"],
    [{ ...bearer(READ), host: "anything.example" }, "read", null, "names do not matter where tokens do"],
  ];
  test.each(rows)("%o for %s: %s, %s", (change, access, code, _why) => {
    expect(gatekeeper.refusal({ ...own, ...change }, access)?.code ?? null).toBe(code);
  });
});

describe("a daemon does not start", () => {
  const rows = [
    [{ listen: "0.0.0.0:0" }, /beyond loopback, and there are no tokens/, "open to all"],
    [{ listen: "nowhere" }, /allowed is ADDRESS:PORT/, "not an address"],
    [{ data: "package.json/data" }, /halfopen\.db: ENOTDIR/, "no folder for the store"],
  ] as const;
  test.each(rows)("with %o: %s, %s", async (change, message, _why) => {
    const serving = await serve({ config: { ...DEFAULT_DAEMON_CONFIG, ...change, log_level: "silent" }, version: "0" });
    expect(serving.ok ? "" : serving.error).toMatch(message);
  });
});
