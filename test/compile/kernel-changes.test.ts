/**
 * Goal    What an upgrade changes by itself is told from the tables: the rules and defaults of the side that is upgraded, and no others.
 * Method  Pairs of kernels with the changes that kernel-semantics 10.1 and 10.2 name.
 */
import { describe, expect, test } from "vitest";
import { defaultChanges, ruleChanges } from "../../src/compile/kernel-changes.ts";
import { kernelRules } from "../../src/compile/kernel-rules.ts";
import { KERNEL_NAMES, KERNEL_RULES, KERNELS } from "../../src/vocabulary/kernels.ts";

const rules = (...of: Parameters<typeof ruleChanges>) =>
  ruleChanges(...of).map(({ rule, from, to }) => [rule, from, to]);

test("from 6.18.15 to 6.18 only the rules of point releases change, and no default", () => {
  expect(ruleChanges("6.18.15", "6.18", "server").map(({ section }) => section)).toEqual(["4.2", "8.1", "10.2", "7.6"]);
  expect(ruleChanges("6.18.15", "6.18", "client").map(({ section }) => section)).toEqual(["8.1", "10.2", "7.6"]);
  expect(defaultChanges("6.18.15", "6.18", "server")).toEqual([]);
});

test("the other way round they change back", () => {
  const forward = rules("4.19", "6.18", "server");
  expect(rules("6.18", "4.19", "server")).toEqual(forward.map(([rule, from, to]) => [rule, to, from]));
});

test("a kernel does not differ from itself", () => {
  for (const kernel of KERNEL_NAMES) expect(ruleChanges(kernel, kernel, "server")).toEqual([]);
});

describe("only the side that is upgraded matters", () => {
  test("a server's SYN queue and a client's ports", () => {
    const of = (side: "server" | "client"): string => JSON.stringify(rules("5.4", "6.18", side));
    expect(of("server")).toContain("SYN queue");
    expect(of("server")).not.toContain("connect()");
    expect(of("client")).toContain("connect() chooses its local port");
    expect(of("client")).not.toContain("SYN queue");
  });

  test("a server's somaxconn and a client's linear time-outs", () => {
    const of = (side: "server" | "client"): unknown[] =>
      defaultChanges("4.19", "6.18", side)
        .filter(({ modelled }) => modelled)
        .map(({ sysctl, from, to }) => [sysctl, from, to]);
    expect(of("server")).toEqual([
      ["net.core.somaxconn", 128, 4096],
      ["net.ipv4.tcp_max_syn_backlog", 1024, 2048],
      ["net.ipv4.tcp_challenge_ack_limit", 1000, 2_147_483_647],
      ["net.ipv4.tcp_rto_min_us", null, 200_000],
      ["net.ipv4.tcp_rto_max_ms", null, 120_000],
      ["net.ipv4.tcp_min_snd_mss", null, 48],
      ["net.core.netdev_budget_usecs", 2000, 8000],
    ]);
    expect(of("client")).toContainEqual(["net.ipv4.tcp_syn_linear_timeouts", null, 4]);
    expect(of("client")).not.toContainEqual(["net.core.somaxconn", 128, 4096]);
  });
});

test("what no kernel is modelled with says so", () => {
  const left = ruleChanges("4.4", "4.15", "server").filter(({ modelled }) => !modelled);
  expect(left.map(({ section }) => section)).toEqual(["4.6"]);
});

test("kernels that are modelled and differ in a modelled rule differ in what the engine gets", () => {
  const modelled = KERNELS.filter(({ supported }) => supported).map(({ name }) => name);
  for (const [index, to] of modelled.entries()) {
    const from = modelled[index - 1];
    if (from === undefined) continue;
    const changes = [...ruleChanges(from, to, "server"), ...ruleChanges(from, to, "client")];
    const differ = JSON.stringify(kernelRules(from)) !== JSON.stringify(kernelRules(to));
    expect([from, to, differ]).toEqual([from, to, changes.some((change) => change.modelled)]);
  }
});

test("a rule that only one side has does not stand in the other's list under another name", () => {
  const texts = Object.values(KERNEL_RULES).map(({ rule }) => rule);
  expect(new Set(texts).size).toBe(texts.length);
});
