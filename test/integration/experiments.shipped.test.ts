/**
 * Goal    Every shipped experiment runs as it is, and the answer in its head comment is what it shows.
 * Method  The command with two seeds. Each row is a claim of the answer: a metric in one tuning, and what it must be; where the claim compares, against another tuning.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ExitCode } from "../../src/cli/exit-codes.ts";
import { metricOf } from "../../src/results/metrics.ts";
import type { ExperimentSummary } from "../../src/results/summary-format.ts";
import { parseSummary } from "../../src/results/summary-text.ts";
import type { SweepSummary } from "../../src/results/sweep-format.ts";
import { runCli } from "../cli/run-cli.ts";

/** tuning, metric, relation, number or the tuning whose value is meant, why. */
type Claim = readonly [string, string, "<" | ">" | "=", number | string, string];

const CLAIMS: Readonly<Record<string, readonly Claim[]>> = {
  "behind-nat": [
    ["one_address", "users.failed.no_local_port", ">", 2000, "4 000 ports carry 67 connections per second, not 100"],
    ["two_addresses", "users.served_ratio", "=", 1, "a second address has ports of its own"],
    ["keep_alive_10", "users.served_ratio", "=", 1, "a tenth of the connections needs a tenth of the ports"],
    ["server_closes_first", "users.drops.time_wait", ">", 1000, "the server's TIME_WAIT meets the port's next user"],
    ["server_closes_first", "users.connect_latency_ms.p99", ">", "two_addresses", "who then waits for a second SYN"],
  ],
  "burst-after-deploy": [
    ["backlog_4096", "clients.served_ratio", "=", 1, "it holds what comes in three seconds"],
    ["backlog_65535", "clients.response_latency_ms.max", "=", "backlog_4096", "room that nobody needs changes nothing"],
    ["backlog_511", "clients.served_ratio", "<", 0.99, "a queue that is full turns clients away"],
    ["backlog_128", "clients.served_ratio", "<", "backlog_511", "more of them, the smaller it is"],
  ],
  "capacity-connections": [
    ["one_by_one", "clients.served_ratio", "=", 1, "400 come, 500 are worked off"],
    ["one_by_one", "clients.response_latency_ms.p99", "<", 100, "below the capacity nobody waits long"],
    ["workers_32", "clients.response_latency_ms.p99", "<", 100, "400 come, 800 are worked off"],
    ["workers_32_keep_alive", "clients.served_ratio", "=", 1, "40 come, 54 are worked off"],
  ],
  "capacity-flood": [
    ["no_cookies", "clients.served_ratio", "<", 0.99, "about 95 per second would do, 100 come"],
    [
      "backlog_4096",
      "clients.served_ratio",
      "<",
      "no_cookies",
      "three quarters of tcp_max_syn_backlog bind, for 63 s each",
    ],
    ["backlog_4096", "clients.failed.syn_queue_full", "=", 0, "not the queue itself"],
    ["both_backlogs", "clients.served_ratio", "=", 1, "up to some 860 per second"],
    ["cookies", "clients.served_ratio", "=", 1, "a cookie needs no place"],
  ],
  "capacity-gc-pause": [
    ["backlog_511", "clients.drops.accept_queue_at_syn", ">", 900, "half of what comes in two pauses of half a second"],
    ["backlog_1000", "clients.drops.accept_queue_at_syn", ">", 0, "half of all pauses see more than the mean"],
    ["backlog_1200", "clients.drops.accept_queue_at_syn", "=", 0, "six standard deviations more than the mean"],
    ["backlog_511", "clients.connect_latency_ms.p99", ">", 1000, "who is turned away comes with the second SYN"],
  ],
  "capacity-proxy-ports": [
    ["one_address", "proxy.served_ratio", "<", 0.41, "28 232 ports of 72 s x 1 500"],
    ["three_addresses", "proxy.served_ratio", "<", 0.95, "84 696 ports, of 90 000 in 60 s"],
    ["four_addresses", "proxy.served_ratio", "=", 1, "112 928 ports"],
    ["tw_reuse", "proxy.served_ratio", "=", 1, "1 500 ports in a second"],
  ],
  "constant-isn": [
    ["linux", "server.stale_data_accepted", "=", 0, "each connection's numbers begin elsewhere"],
    ["linux_no_timestamps", "server.stale_data_accepted", "=", 0, "which needs no timestamps"],
    ["slow_clock_no_timestamps", "server.stale_data_accepted", "=", 0, "a clock that goes on would have done"],
    ["constant_no_timestamps", "server.stale_data_accepted", ">", 10, "old reports are in the window"],
    ["constant", "server.stale_data_accepted", ">", 0, "after a boot old timestamps may look new"],
    ["constant", "server.stale_data_accepted", "<", "constant_no_timestamps", "or may not"],
    ["linux", "server.TcpExtTCPSYNChallenge", ">", 20, "the server learns of the crash by the next SYN"],
    ["linux", "sensors.served_ratio", "=", 1, "and lets the client in"],
    ["linux", "sensors.connect_latency_ms.max", "<", 40, "by its second SYN, which leaves at once"],
  ],
  "cookies-cost": [
    ["cookies", "downloads.response_latency_ms.p50", "<", 900, "the timestamp carries the options"],
    [
      "cookies_no_timestamps",
      "downloads.response_latency_ms.p50",
      ">",
      1700,
      "1 MB in windows of 64 KiB takes 16 round trips",
    ],
    ["no_cookies_no_timestamps", "downloads.response_latency_ms.p50", "<", 900, "it is not the missing timestamps"],
  ],
  "cookies-or-queue": [
    ["queue_too_small", "clients.served_ratio", "<", 0.8, "without cookies a full queue turns clients away"],
    ["queue_holds_it", "clients.served_ratio", "=", 1, "half-opens live 63 s, 200 come per second"],
    ["cookies_always", "clients.served_ratio", "=", 1, "cookies need no room"],
    ["queue_holds_it", "amplification_ratio", ">", 4, "each half-open is sent SYN-ACKs until it is given up"],
    ["cookies_always", "amplification_ratio", "<", 1.01, "a cookie is sent once"],
    ["queue_2_retries", "half_open_peak_bytes", "<", "queue_holds_it", "half-opens that are given up sooner are fewer"],
  ],
  "fleet-under-flood": [
    ["hosts_6", "clients.served_ratio", "<", 0.5, "six hosts answer 2.9 of 10 million SYN/s"],
    ["hosts_12", "clients.served_ratio", "<", 0.85, "twelve 5.7 million"],
    ["hosts_12", "clients.served_ratio", ">", "hosts_6", "which is twice as many"],
    ["hosts_24", "clients.served_ratio", ">", 0.98, "twenty-two would be just enough"],
  ],
  "flood-vs-tunings": [
    ["default_cookies", "clients.served_ratio", ">", 0.999, "a cookie needs no place in the queue"],
    ["cookies_always", "clients.served_ratio", ">", 0.999, "nor does it where no other is sent"],
    ["bigger_backlog", "clients.served_ratio", "<", 0.3, "three quarters of tcp_max_syn_backlog bind then"],
    ["max_syn_backlog", "clients.served_ratio", "=", "cookies_off", "the backlog binds before it"],
    ["all_big", "clients.served_ratio", "<", 0.95, "49 152 half-opens are there in 2.5 s"],
  ],
  "four-defences": [
    ["backlog", "clients.served_ratio", "=", "none", "somaxconn cuts it"],
    ["somaxconn", "clients.served_ratio", "=", "none", "it only cuts"],
    ["backlog_and_somaxconn", "clients.served_ratio", "<", 0.4, "tcp_max_syn_backlog binds then"],
    ["fewer_retries", "clients.served_ratio", ">", "none", "places are free again after 3 s, not after 63"],
    ["all_three", "clients.served_ratio", ">", 0.999, "the queue holds this flood"],
    ["cookies", "clients.served_ratio", ">", 0.999, "a cookie needs no place in the queue"],
  ],
  "ghosts-and-keepalive": [
    ["as_it_is", "clients.served_ratio", "<", 0.2, "every worker holds a ghost after 40 s"],
    ["sysctls_alone", "clients.served_ratio", "=", "as_it_is", "no socket asks for probes"],
    ["keepalive_2_hours", "clients.served_ratio", "=", "as_it_is", "nobody waits so long"],
    ["keepalive_25_s", "clients.served_ratio", "=", 1, "5 ghosts a second for 25 s leave 75 workers"],
    [
      "keepalive_by_sysctls",
      "clients.response_latency_ms.max",
      "=",
      "keepalive_25_s",
      "the same values, from the host",
    ],
    ["keepalive_25_s", "listeners.80.workers_busy_ratio", "<", 0.65, "125 of 200 hold ghosts"],
    ["keepalive_50_s", "clients.served_ratio", "<", 0.2, "250 workers would be needed"],
    ["user_timeout_25_s", "clients.served_ratio", "=", "as_it_is", "nothing is in flight"],
    ["defer_accept", "clients.served_ratio", "<", 0.2, "ghosts are accepted some seconds later"],
  ],
  "lost-fragments": [
    ["fragments", "downloads.drops.path_to_client", ">", 3700, "three fragments each: 3 % of the segments are lost"],
    ["wide_path", "downloads.drops.path_to_client", "<", 1800, "and 1 % where packets go through whole"],
    ["fragments", "downloads.response_latency_ms.p50", ">", "wide_path", "which makes responses later"],
    ["fragments", "downloads.response_latency_ms.p50", "<", 300, "as late as where 3 % of whole packets are lost"],
    ["wide_path_3_percent", "downloads.response_latency_ms.p50", "<", 300, "which is this late"],
    ["small_segments", "downloads.response_latency_ms.p50", ">", "fragments", "ten segments carry less at first"],
    ["small_segments_no_loss", "downloads.response_latency_ms.p50", ">", "no_loss", "with or without losses"],
  ],
  "netdev-backlog": [
    ["burst_1000", "softnet.dropped", ">", 30_000, "half of four bursts"],
    ["burst_30000", "softnet.dropped", "=", 0, "a burst fits"],
    ["burst_30000", "clients.connect_latency_ms.p99", "<", 100, "and is worked off in some 30 ms"],
    ["burst_1000", "clients.connect_latency_ms.max", ">", 1000, "who is dropped comes with the second SYN"],
    ["nic_30000", "softnet.ring_dropped", "=", "nic_1000", "a NIC without RPS has no backlog"],
    ["nic_1000", "softnet.dropped", "=", 0, "so none drops"],
    ["flood_30000", "softnet.dropped", ">", 150_000, "no queue holds a lasting flood"],
    ["flood_30000", "receive_wait_ms.p99", ">", 100, "it only makes all wait"],
    ["flood_1000", "receive_wait_ms.p99", "<", 10, "less with a short one"],
  ],
  "one-three-seven-seconds": [
    [
      "classic_clients",
      "clients.connect_latency_ms.max",
      ">",
      3000,
      "the second retransmission leaves 3 s after the SYN",
    ],
    ["both", "clients.connect_latency_ms.max", "<", 50, "nothing is lost, so nobody waits for a timer"],
    ["bigger_backlog", "clients.drops.accept_queue_at_syn", "=", 0, "the queue holds a pause of 0.6 s"],
    ["clear_path", "clients.drops.accept_queue_at_syn", ">", 0, "the queue is as full on any path"],
  ],
  "ports-and-time-wait": [
    ["as_it_is", "proxy.served_ratio", "<", 0.65, "4 000 ports carry 67 connections per second, not 150"],
    ["fin_timeout_10", "proxy.served_ratio", "=", "as_it_is", "TIME_WAIT lasts 60 s whatever it says"],
    ...["all_ports", "tw_reuse", "four_addresses", "backend_closes", "keep_alive_10"].map(
      (tuning): Claim => [tuning, "proxy.served_ratio", "=", 1, "each is enough"],
    ),
  ],
  "retry-storm": [
    ["backlog_64", "users.served_ratio", ">", 0.98, "a queue of 1 s is behind them soon"],
    ["backlog_511", "users.served_ratio", "<", 0.25, "a queue of 8 s is longer than users wait"],
    ["backlog_511", "listeners.80.workers_busy_ratio", ">", 0.85, "and is worked for nobody"],
    ["511_no_retries", "users.served_ratio", ">", 0.8, "without retries it recovers"],
    ["511_late_retries", "users.served_ratio", "<", 0.25, "with later ones it does not"],
  ],
  "reuseport-or-shared": [
    ["shared_socket", "clients.served_ratio", "=", 1, "a worker that is free takes the next connection"],
    ["reuseport", "clients.drops.accept_queue_at_syn", ">", 0, "one worker's queue is full while others are idle"],
    ["reuseport", "clients.response_latency_ms.p99", ">", "shared_socket", "whose clients wait for their next SYN"],
  ],
  "rps-or-not": [
    ["rps_2", "server.TcpExtSyncookiesSent", ">", "one_queue", "a second CPU helps"],
    ["rps_4", "server.TcpExtSyncookiesSent", ">", "rps_2", "four help more"],
    ["rps_4", "softnet.ring_dropped", ">", 100_000, "but all packets pass one CPU first"],
    ["four_queues", "softnet.ring_dropped", "=", 0, "queues of their own do not"],
  ],
  "short-time-wait": [
    ["time_wait_60", "uploads.served_ratio", "<", 0.06, "120 ports carry 2 connections per second"],
    ["time_wait_60", "worst_pair.ports_peak", "=", 120, "all of them are taken"],
    ["time_wait_60", "worst_pair.without_port", ">", 5000, "the others find none"],
    ["time_wait_240", "uploads.served_ratio", "<", "time_wait_60", "a port is taken four times as long"],
    ["time_wait_1", "uploads.served_ratio", "=", 1, "ports come back in time"],
    ["tw_reuse", "uploads.served_ratio", "=", 1, "so they do by the sysctl that there is"],
    ["time_wait_1", "server.stale_data_accepted", "=", 0, "Linux' numbers have moved on"],
    ["time_wait_1", "server.late_fins_reset", ">", 50, "nobody is there to acknowledge old FINs"],
    ["1_s_slow_clock", "server.stale_data_accepted", "=", 0, "the ACK in old data is too old"],
    ["1_s_constant_isn", "server.stale_data_accepted", ">", 10, "nothing tells old data from new"],
    ["1_s_constant_isn_timestamps", "server.stale_data_accepted", "=", 0, "but its age"],
  ],
  "slow-accept": [
    ["backlog_65535", "clients.served_ratio", "<", "backlog_511", "a queue longer than patience is worked for nobody"],
    ["abort_on_overflow", "clients.served_ratio", "<", "backlog_511", "who is reset does not come again"],
    ["accepts_100", "clients.served_ratio", "=", 1, "more is accepted than comes"],
  ],
  "softirq-livelock": [
    ["flood", "listeners.80.accept_wait_ms.p99", ">", 300, "the application has a third of the time that it needs"],
    ["longer_queue", "listeners.80.accept_wait_ms.p99", ">", 300, "a longer queue gives it none"],
    ["own_cpus", "listeners.80.accept_wait_ms.p99", "<", 20, "its own CPUs do"],
    ["four_cpus", "clients.response_latency_ms.p99", "<", 300, "more CPUs too"],
    ["cookies_off", "clients.served_ratio", "<", 0.7, "cheap packets are no help to those who stay out"],
  ],
  "tw-recycle-behind-nat": [
    ["recycle_behind_nat", "users.served_ratio", "<", 0.75, "whose clock is behind its office's latest stays out"],
    ["recycle_behind_nat", "users.failed.tw_recycle", ">", 500, "and nothing else turns anybody away"],
    ["recycle_behind_nat", "users.connect_latency_ms.p99", ">", 3000, "who gets in later waited for a later SYN"],
    ["recycle_new_clients", "users.served_ratio", "<", 0.75, "each connection has a clock of its own"],
    ...["no_recycle", "recycle_own_addresses", "recycle_no_timestamps", "recycle_clients_close"].map(
      (tuning): Claim => [tuning, "users.served_ratio", "=", 1, "no timestamp is older than the last"],
    ),
  ],
  "which-knob-matters": [["as_is", "clients.served_ratio", "<", 0.08, "with none of the settings changed"]],
  "why-three-way": [
    ["three_way", "clients.served_ratio", "=", 1, "old SYNs come to nothing"],
    ["three_way", "server.unwanted_connections", "=", 0, "a connection needs the client's ACK"],
    ["two_way", "clients.served_ratio", "<", 0.6, "workers wait for requests that never come"],
    ["two_way", "server.unwanted_connections", ">", 31, "there is one for each of the workers"],
    ["two_way_clear_path", "clients.served_ratio", "=", 1, "nothing old comes there"],
    ["two_way_forgetful", "clients.served_ratio", "=", 1, "clients reset what they did not ask for"],
    ["two_way_forgetful", "server.unwanted_connections", ">", 80, "after a round trip"],
  ],
};

function measured(summary: ExperimentSummary, tuning: string, metric: string): number {
  const of = summary.tunings.find(({ name }) => name === tuning);
  const value = of === undefined ? null : metricOf(of, metric);
  if (value === null) throw new Error(`${tuning} has no ${metric}`);
  return value.value;
}

const shipped = readdirSync("config/experiments").map((file) => file.replace(/\.yaml$/, ""));

test("each has its claims here", () => {
  expect(Object.keys(CLAIMS)).toEqual(shipped);
});

describe.each(shipped)("%s", (name) => {
  const file = `config/experiments/${name}.yaml`;

  test("says the question, and what came out", () => {
    const [head = ""] = readFileSync(file, "utf8").split("\nname: ");
    expect(head).toMatch(/^# Question {2}\S.*\n(# .*\n)*# Answer {4}\S/m);
    expect(head.split("\n").filter((line) => line.length > 140)).toEqual([]);
  });

  test("shows what its answer says", async () => {
    const { code, stdout } = await runCli(["run", file, "--seeds", "2", "--no-advice", "--json", "-"]);
    const parsed = parseSummary(stdout);
    if (!parsed.ok) throw new Error(String(parsed.error));
    const isMet = parsed.value.thresholds.every(({ holds }) => holds);
    expect(code).toBe(isMet ? ExitCode.Ok : ExitCode.ThresholdFailed);
    const isTrue = ([tuning, metric, relation, than]: Claim): boolean => {
      const value = measured(parsed.value, tuning, metric);
      const other = typeof than === "string" ? measured(parsed.value, than, metric) : than;
      if (relation === "=") return value === other;
      return relation === "<" ? value < other : value > other;
    };
    expect(CLAIMS[name]?.filter((claim) => !isTrue(claim))).toEqual([]);
  });
});

/** axis, difference of clients.served_ratio from its first to its last value, why. */
const SWEEP_CLAIMS: Readonly<Record<string, readonly (readonly [string, number | "dead", string])[]>> = {
  "which-knob-matters": [
    ["server.listeners.80.backlog", 0.37, "the SYN queue has its length"],
    ["server.sysctls.net.ipv4.tcp_synack_retries", 0.37, "places are free again after 3 s, not after 63"],
    ["server.sysctls.net.ipv4.tcp_max_syn_backlog", 0.04, "three quarters of 4096 bind before a backlog of 4096"],
    ["server.sysctls.net.ipv4.tcp_fin_timeout", "dead", "nobody waits in FIN_WAIT2"],
    ["server.sysctls.net.ipv4.tcp_abort_on_overflow", "dead", "the accept queue is never full"],
  ],
};

test("those with axes have claims about them", () => {
  const withAxes = shipped.filter((name) => /^sweep:/m.test(readFileSync(`config/experiments/${name}.yaml`, "utf8")));
  expect(withAxes.filter((name) => SWEEP_CLAIMS[name] === undefined)).toEqual([]);
});

describe.each(Object.entries(SWEEP_CLAIMS))("the sweep of %s", (name, claims) => {
  test("shows what its answer says", async () => {
    const { code, stdout } = await runCli(["sweep", name, "--json"]);
    expect(code).toBe(0);
    const { effects, dead, maps } = JSON.parse(stdout) as SweepSummary;
    for (const [axis, difference, why] of claims) {
      if (difference === "dead") expect(dead, why).toContain(axis);
      const found = effects.find((effect) => effect.axis === axis && effect.metric === "clients.served_ratio");
      if (difference !== "dead") expect(found?.levels.at(-1)?.difference, why).toBeCloseTo(difference, 2);
    }
    const corner = maps[0]?.cells.at(-1)?.at(-1);
    expect(corner, "both together").toBeGreaterThan(0.795);
  });
});
