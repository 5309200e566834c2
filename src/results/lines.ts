/** Time lines of a tuning: of its first seed, hosts added up, but queues of the first host. */
import { nsToSeconds } from "../base/units.ts";
import { COUNTER_NAMES } from "../vocabulary/counters.ts";
import { GATE_NAMES } from "../vocabulary/gates.ts";
import { STATE_NAMES } from "../vocabulary/run-result.ts";
import type { Scenario } from "../vocabulary/scenario.ts";
import { logEntries } from "./kernel-log.ts";
import type { GateLine, Host, PerSecondName, RunView } from "./run-view.ts";
import { cpuLines } from "./summarize-cpus.ts";
import type { Lines } from "./summary-format.ts";
import type { TuningRuns } from "./tuning-runs.ts";

/** TCP states as ss(8) prints them (iproute2, misc/ss.c: sstate_name), in the kernel's order, each with the states that it is the sum of. */
const SS_STATES: readonly (readonly [name: string, ...states: (typeof STATE_NAMES)[number][]])[] = [
  ["ESTAB", "established"],
  ["SYN-SENT", "syn_sent"],
  ["SYN-RECV", "syn_recv", "new_syn_recv"],
  ["FIN-WAIT-1", "fin_wait1"],
  ["FIN-WAIT-2", "fin_wait2"],
  ["TIME-WAIT", "time_wait"],
  ["UNCONN", "close"],
  ["CLOSE-WAIT", "close_wait"],
  ["LAST-ACK", "last_ack"],
  ["LISTEN", "listen"],
  ["CLOSING", "closing"],
];

export function linesOf(scenario: Scenario, runs: TuningRuns): Lines {
  const { first, any } = runs;
  const { sampleCount, secondNs } = any.layout;
  return {
    at_s: Array.from({ length: sampleCount }, (_, k) => nsToSeconds((k + 0.5) * any.spec.sampleIntervalNs)),
    queues: scenario.server.listeners.map(({ port }, listener) => ({
      port,
      accept: any.queueLine(listener, "acceptQueue"),
      syn: any.queueLine(listener, "synQueue"),
    })),
    server_states: stateLines(first, "server"),
    client_states: stateLines(first, "client"),
    client_drops: gateLines(first, "clientDrop"),
    client_failed: gateLines(first, "clientFailed"),
    flood_drops: gateLines(first, "rawDrop"),
    second_s: nsToSeconds(secondNs),
    per_second: scenario.workloads.flatMap(({ kind, name }, workload) =>
      kind === "connections" ? [{ name, ...perSecond(first, workload) }] : [],
    ),
    server_counters: moving(COUNTER_NAMES.map((name) => [name, added(first.map((view) => view.counterLine(name)))])),
    cpus: cpuLines(any),
    kernel_log: logEntries(any),
  };
}

function stateLines(hosts: readonly RunView[], host: Host): Record<string, number[]> {
  return moving(
    SS_STATES.map(([name, ...states]) => {
      const numbers = states.map((state) => STATE_NAMES.indexOf(state));
      return [name, added(hosts.flatMap((view) => numbers.map((state) => view.stateLine(host, state))))];
    }),
  );
}

const gateLines = (hosts: readonly RunView[], family: GateLine): Record<string, number[]> =>
  moving(GATE_NAMES.map((gate) => [gate, added(hosts.map((view) => view.gateLine(family, gate)))]));

function perSecond(hosts: readonly RunView[], workload: number) {
  const line = (name: PerSecondName): number[] => added(hosts.map((view) => view.perSecond(workload, name)));
  return { attempts: line("attemptsPerS"), established: line("establishedPerS"), responses: line("responsesPerS") };
}

/** Place by place; what a shorter line lacks is 0. */
function added(lines: readonly (readonly number[])[]): number[] {
  const length = Math.max(...lines.map((line) => line.length));
  return Array.from({ length }, (_, i) => lines.reduce((sum, line) => sum + (line[i] ?? 0), 0));
}

/** Without the lines that stay at 0. */
const moving = (lines: readonly (readonly [string, number[]])[]): Record<string, number[]> =>
  Object.fromEntries(lines.filter(([, line]) => line.some((value) => value !== 0)));
