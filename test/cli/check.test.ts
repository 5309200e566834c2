/**
 * Goal    What `check` prints is what an operator needs to see before a run.
 * Method  Whole outputs, as text.
 */
import { expect, test } from "vitest";
import { formatEffective } from "../../src/cli/check.ts";
import { formatTable } from "../../src/cli/table.ts";
import { effectiveValues } from "../../src/compile/effective.ts";
import { scenarioOf } from "../compile/scenario-of.ts";
import { runCli } from "./run-cli.ts";

test("a backlog that is cut and a SYN queue that unknown peers cannot fill are said so", () => {
  const scenario = scenarioOf(`
duration_s: 10
server:
  sysctls: { net.ipv4.tcp_syncookies: 0, net.ipv4.tcp_max_syn_backlog: 128 }
  listeners: [{ port: 80, backlog: 65535 }, { port: 8080, backlog: 64 }]
`);
  expect(formatEffective(effectiveValues(scenario))).toBe(`server
  kernel              Linux 6.18, HZ 250
  SYN cookies         off (tcp_syncookies 0)
  half-open lifetime  63 s unanswered (tcp_synack_retries 5)
  TIME_WAIT           60 s, 131 072 entries at most, 32.0 MiB
  sequence numbers    a keyed hash of the 4-tuple, and a clock of 64 ns, which comes round in 274.878 s

port  listen()  backlog  accept queue  SYN queue  then a SYN is  both full
  80     65535     4096          4097       4097  dropped        12.5 MiB
8080        64       64            65         65  dropped        203.3 KiB

port 80: listen(65535) is cut to net.core.somaxconn, 4096
port 80: unknown peers fill 97 of 4097, three quarters of tcp_max_syn_backlog, 128

client
  kernel              Linux 6.18, HZ 250
  connect() gives up  after 131 s unanswered (tcp_syn_retries 6, tcp_syn_linear_timeouts 4)
  TIME_WAIT           60 s
  sequence numbers    a keyed hash of the 4-tuple, and a clock of 64 ns, which comes round in 274.878 s
  local ports         28232 for each address and server port (32768 to 60999); 470 connections per second can go on, if the client closes first
`);
});

test("what no kernel can be set to is said for what it is", () => {
  const text = formatEffective(
    effectiveValues(
      scenarioOf("{duration_s: 1, server: {handshake: two_way, isn: constant}, client: {time_wait_s: 1, isn: rfc793}}"),
    ),
  );
  expect(text).toContain("  handshake           two-way: established at the SYN (no kernel does this)\n");
  expect(text).toContain("  sequence numbers    the same number for every connection\n");
  expect(text).toContain("  TIME_WAIT           1 s\n");
  expect(text).toContain("  sequence numbers    a clock of 4 µs alone, which comes round in 17179.869 s\n");
  expect(text).toContain("28232 connections per second can go on");
});

test("a server without listeners has no table", () => {
  const text = formatEffective(effectiveValues(scenarioOf("{duration_s: 1, server: {}}")));
  expect(text).not.toContain("listen()");
  expect(text).toMatch(/274.878 s\n\nclient\n/);
});

test("a table aligns numbers to the right and words to the left", () => {
  const rows = [
    ["a", 1],
    ["long", 200],
  ];
  expect(formatTable(["name", "n"], rows)).toBe("name    n\na       1\nlong  200\n");
});

test("axes of a sweep are shown with their values, and how many points they make", async () => {
  const { code, stdout } = await runCli(["check", "which-knob-matters"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /\nsweep: 32 points \(grid\)\n {2}axis +values\n {2}server\.listeners\.80\.backlog +511, 4096\n/,
  );
  const json = JSON.parse((await runCli(["check", "which-knob-matters", "--json"])).stdout) as {
    sweep: { axes: object[] };
  };
  expect(json.sweep.axes).toHaveLength(5);
});
