/**
 * Goal    What the kernel makes of a setting, on both sides of each boundary.
 * Method  The worked tables of the kernel's rules: capacities, lifetimes of half-open connections, connect() time-outs.
 */
import { describe, expect, test } from "vitest";
import {
  connectTimeoutS,
  effectiveBacklog,
  effectiveValues,
  halfOpenLifetimeS,
  lastQuarterLimit,
} from "../../src/compile/effective.ts";
import { SYN_SCHEDULES, SYNACK_SCHEDULES } from "../vocabulary/schedules.ts";
import { scenarioOf } from "./scenario-of.ts";

const backlogs = [
  // asked, somaxconn, effective, why
  [511, 4096, 511, "below somaxconn it stays"],
  [4096, 4096, 4096, "at somaxconn it stays"],
  [4097, 4096, 4096, "above somaxconn it is cut"],
  [511, 64, 64, "a low somaxconn cuts a usual backlog"],
  [0, 4096, 0, "0 stays 0"],
  [-1, 4096, 4096, "negative values are very large ones"],
] as const;

for (const [asked, somaxconn, effective, why] of backlogs) {
  test(`listen(${asked}) with somaxconn ${somaxconn} is ${effective}: ${why}`, () => {
    expect(effectiveBacklog(asked, somaxconn)).toBe(effective);
  });
}

test("three quarters of tcp_max_syn_backlog, and one, are for unknown peers", () => {
  const limits = [8, 128, 256, 512, 1024, 2048, 4096].map(lastQuarterLimit);
  expect(limits).toEqual([7, 97, 193, 385, 769, 1537, 3073]);
});

const capacities = [
  // somaxconn, M, listen(), B, accept queue, SYN queue with cookies, of unknown peers without
  [4096, 2048, 511, 511, 512, 512, 512],
  [4096, 2048, 65_535, 4096, 4097, 4097, 1537],
  [4096, 128, 511, 511, 512, 512, 97],
  [4096, 2048, 0, 0, 1, 1, 1],
] as const;

for (const [somaxconn, maxSynBacklog, asked, backlog, acceptQueue, synQueue, ofUnknown] of capacities) {
  test(`listen(${asked}), somaxconn ${somaxconn}, tcp_max_syn_backlog ${maxSynBacklog} hold ${acceptQueue}, ${synQueue} and ${ofUnknown}`, () => {
    const listener = (syncookies: number) => {
      const sysctls = `net.core.somaxconn: ${somaxconn}, net.ipv4.tcp_max_syn_backlog: ${maxSynBacklog}`;
      const server = `{sysctls: {${sysctls}, net.ipv4.tcp_syncookies: ${syncookies}}, listeners: [{port: 80, backlog: ${asked}}]}`;
      return effectiveValues(scenarioOf(`{duration_s: 1, server: ${server}}`)).listeners[0];
    };
    const common = { askedBacklog: asked, backlog, acceptQueueCapacity: acceptQueue };
    expect(listener(1)).toMatchObject({
      ...common,
      synQueueCapacity: synQueue,
      synQueueOfUnknownPeers: null,
      whenSynQueueFull: "cookie",
    });
    expect(listener(0)).toMatchObject({
      ...common,
      synQueueCapacity: synQueue,
      synQueueOfUnknownPeers: ofUnknown,
      whenSynQueueFull: "dropped",
    });
    expect(listener(2)).toMatchObject({ ...common, synQueueCapacity: 0, whenSynQueueFull: "cookie" });
  });
}

describe("a half-open connection that nobody answers", () => {
  for (const { retries, endS } of SYNACK_SCHEDULES) {
    test(`lives ${endS} s with tcp_synack_retries ${retries}`, () => {
      expect(halfOpenLifetimeS(retries)).toBe(endS);
    });
  }
});

for (const { retries, linear, rtoMaxMs, endS, why } of SYN_SCHEDULES) {
  test(`connect() with syn_retries ${retries}, linear_timeouts ${linear}, rto_max ${rtoMaxMs} ms gives up at ${endS} s: ${why}`, () => {
    expect(connectTimeoutS(retries, linear, rtoMaxMs / 1000)).toBe(endS);
    const sysctls = [
      `net.ipv4.tcp_syn_retries: ${retries}`,
      `net.ipv4.tcp_syn_linear_timeouts: ${linear}`,
      `net.ipv4.tcp_rto_max_ms: ${rtoMaxMs}`,
    ].join(", ");
    const { client } = effectiveValues(scenarioOf(`{duration_s: 1, server: {}, client: {sysctls: {${sysctls}}}}`));
    expect(client.connectTimeoutS).toBe(endS);
  });
}

test("memory of full queues counts a child and its half-open record", () => {
  const { listeners } = effectiveValues(scenarioOf("{duration_s: 1, server: {listeners: [{port: 80, backlog: 9}]}}"));
  expect(listeners[0]?.fullQueuesBytes).toBe(10 * 341 + 10 * (341 + 2521));
});

test("ports of a client are those of its range less the reserved ones in it", () => {
  const sysctls = 'net.ipv4.ip_local_port_range: 40000 40099, net.ipv4.ip_local_reserved_ports: "80,40098-50000,40098"';
  const { client } = effectiveValues(scenarioOf(`{duration_s: 1, server: {}, client: {sysctls: {${sysctls}}}}`));
  expect(client.usablePorts).toBe(98);
  expect(client.sustainedPerS).toBeCloseTo(98 / 60);
});

const rates = [
  ["{}", 28_232 / 60, "the default reuses on loopback only"],
  ["{net.ipv4.tcp_tw_reuse: 1}", 28_232, "reuse after one second"],
  ["{net.ipv4.tcp_tw_reuse: 1, net.ipv4.tcp_tw_reuse_delay: 100}", 282_320, "reuse after a tenth"],
  ["{net.ipv4.tcp_tw_reuse: 1, net.ipv4.tcp_timestamps: 0}", 28_232 / 60, "without timestamps nothing is reused"],
] as const;

const lengths = [
  [1, "", 28_232, "a kernel that was built anew"],
  [240, "", 28_232 / 240, "as Windows once did"],
  [240, "net.ipv4.tcp_tw_reuse: 1", 28_232, "reuse does not wait for its end"],
] as const;

for (const [timeWaitS, sysctls, perS, why] of lengths) {
  test(`time_wait_s ${timeWaitS} { ${sysctls} } sustains ${Math.round(perS)} connections per second: ${why}`, () => {
    const client = `{time_wait_s: ${timeWaitS}, sysctls: {${sysctls}}}`;
    const { client: effective } = effectiveValues(scenarioOf(`{duration_s: 1, server: {}, client: ${client}}`));
    expect(effective.sustainedPerS).toBeCloseTo(perS);
  });
}

for (const [sysctls, perS, why] of rates) {
  test(`client sysctls ${sysctls} sustain ${Math.round(perS)} connections per second: ${why}`, () => {
    const { client } = effectiveValues(scenarioOf(`{duration_s: 1, server: {}, client: {sysctls: ${sysctls}}}`));
    expect(client.sustainedPerS).toBeCloseTo(perS);
  });
}
