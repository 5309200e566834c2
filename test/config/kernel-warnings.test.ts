/**
 * Goal    A warning comes when the setting is useless for sure, and only then.
 * Method  Both sides of each condition: one row is one server (or client) of a scenario.
 */
import { expect, test } from "vitest";
import { parseScenario } from "../../src/config/parse.ts";

function warningsOf(server: string, client: string): string[] {
  const result = parseScenario(`{ duration_s: 10, server: { ${server} }, client: { ${client} } }`);
  expect(result.ok).toBe(true);
  return result.ok ? result.value.warnings.map(({ code, path }) => `${code} ${path}`) : [];
}

const sysctl = (name: string, value: number): string => `sysctls: { net.${name}: ${value} }`;
const listening = (backlog: number, settings: string): string =>
  `${settings}, listeners: [{ port: 80, backlog: ${backlog} }]`;
const without = (path: string): string => `without-effect ${path}`;

const SYN_BACKLOG = "server.sysctls.net.ipv4.tcp_max_syn_backlog";
const SOMAXCONN = "server.sysctls.net.core.somaxconn";
const BACKLOG = "server.listeners.80.backlog";
const synBacklog = (cookies: number): string =>
  `sysctls: { net.ipv4.tcp_max_syn_backlog: 4096, net.ipv4.tcp_syncookies: ${cookies} }`;
const reuse = (mode: number, more: string): string => `sysctls: { net.ipv4.tcp_tw_reuse: ${mode}, net.ipv4.${more} }`;

const cases = [
  // server, client, warnings, why
  [synBacklog(1), "", [without(SYN_BACKLOG)], "cookies make the last-quarter rule idle"],
  [synBacklog(2), "", [without(SYN_BACKLOG)], "cookies for every SYN too"],
  [synBacklog(0), "", [], "the last-quarter rule reads it"],
  [sysctl("ipv4.tcp_max_syn_backlog", 2048), "", [], "the default hopes for nothing"],
  [listening(511, sysctl("core.somaxconn", 65_535)), "", [without(SOMAXCONN)], "no backlog reaches it"],
  [listening(4096, sysctl("core.somaxconn", 65_535)), "", [without(SOMAXCONN)], "the default let that much through"],
  [listening(4097, sysctl("core.somaxconn", 65_535)), "", [], "the default would have cut it"],
  [listening(511, sysctl("core.somaxconn", 511)), "", [without(SOMAXCONN)], "lowered, and still not reached"],
  [listening(512, sysctl("core.somaxconn", 511)), "", [`cut ${BACKLOG}`], "lowered below the backlog"],
  [listening(-1, sysctl("core.somaxconn", 65_535)), "", [], "as much as there may be"],
  [sysctl("core.somaxconn", 65_535), "", [], "nobody listens"],
  [listening(4096, "hz: 250"), "", [], "the default lets it through"],
  [listening(4097, "hz: 250"), "", [`cut ${BACKLOG}`], "the default cuts it"],
  [sysctl("ipv4.tcp_tw_reuse", 1), "", [without("server.sysctls.net.ipv4.tcp_tw_reuse")], "a server does not connect"],
  [sysctl("ipv4.tcp_tw_reuse", 2), "", [], "the default on a server"],
  [sysctl("ipv4.tcp_fin_timeout", 15), sysctl("ipv4.tcp_fin_timeout", 15), [], "both sides close"],
  [sysctl("ipv4.tcp_no_metrics_save", 1), sysctl("ipv4.tcp_no_metrics_save", 1), [], "both sides know round trips"],
  ["", sysctl("core.somaxconn", 128), [without("client.sysctls.net.core.somaxconn")], "clients do not listen"],
  ["", sysctl("ipv4.tcp_tw_reuse", 1), [], "its place"],
  ["", reuse(1, "tcp_timestamps: 0"), [without("client.sysctls.net.ipv4.tcp_tw_reuse")], "reuse needs timestamps"],
  [
    sysctl("ipv4.tcp_timestamps", 0),
    reuse(1, "tcp_timestamps: 1"),
    [without("client.sysctls.net.ipv4.tcp_tw_reuse")],
    "of both sides",
  ],
  ["", reuse(1, "tcp_tw_reuse_delay: 100"), [], "the delay of a reuse that is on"],
  [
    "",
    reuse(2, "tcp_tw_reuse_delay: 100"),
    [without("client.sysctls.net.ipv4.tcp_tw_reuse_delay")],
    "on loopback only",
  ],
  ["", reuse(0, "tcp_tw_reuse_delay: 1000"), [], "the default delay"],
  [
    sysctl("ipv4.tcp_keepalive_time", 60),
    "",
    [without("server.sysctls.net.ipv4.tcp_keepalive_time")],
    "nobody asked for probes",
  ],
  [sysctl("ipv4.tcp_keepalive_time", 7200), "", [], "the default says nothing"],
  [
    `${sysctl("ipv4.tcp_keepalive_time", 60)}, listeners: [{ port: 80, backlog: 1, app: { keepalive: {} } }]`,
    "",
    [],
    "a listener has SO_KEEPALIVE",
  ],
] as const;

for (const [server, client, warnings, why] of cases) {
  test(`server { ${server} }, client { ${client} }: ${why}`, () => {
    expect(warningsOf(server, client)).toEqual(warnings);
  });
}

test("a removed sysctl says since when", () => {
  const result = parseScenario("{ duration_s: 1, server: { sysctls: { net.ipv4.tcp_tw_recycle: 1 } } }");
  expect(result.ok ? "" : result.error[0]?.message).toBe(
    "found a sysctl that kernel 6.18 does not have: it was removed in 4.12",
  );
});
