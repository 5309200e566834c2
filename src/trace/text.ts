/** A traced attempt as text and as JSON. */
import { formatSeconds } from "../base/units.ts";
import { GATES } from "../vocabulary/gates.ts";
import { OUTCOMES } from "../vocabulary/outcomes.ts";
import { firstNumbersOf, LADDER_COLUMNS, ladderOf } from "./ladder.ts";
import { wrap } from "./notes.ts";
import type { TracedAttempt } from "./trace.ts";

/** "attempt 17 of workload clients": how listings, ladders and captures name it. */
export const titleOf = (number: number, workload: string): string => `attempt ${number} of workload ${workload}`;

const seconds = (ns: number): string => formatSeconds(Math.round(ns / 1000) / 1e6);

/** Who it was, what became of it, and its ladder. `workload`: the name. `fromNs`: the ladder begins so long after the attempt. */
export function traceText(attempt: TracedAttempt, workload: string, fromNs = 0): string {
  const { pair } = attempt;
  const ends =
    pair === null ? "" : `, ${endpoint(pair.address, pair.port)} to ${endpoint(pair.server, pair.serverPort)}`;
  const retry = attempt.retry === 0 ? "" : `, try ${attempt.retry + 1} of its user`;
  const head = [
    `${titleOf(attempt.number, workload)}${ends}: arrival ${attempt.arrival}${retry}, began at ${seconds(attempt.startNs)}`,
    `${attempt.outcome}: ${OUTCOMES[attempt.outcome].help} ${milestones(attempt)}`,
    ...(attempt.gate === "none" ? [] : [gateLine(attempt)]),
    ...numbersLine(attempt),
  ];
  const wrapped = head.flatMap((line) => wrap(line, LADDER_COLUMNS));
  return [...wrapped, "", ladderOf(attempt.events, attempt.startNs, fromNs), ""].join("\n");
}

function milestones({ startNs, connectedNs, servedNs, endNs, retransmissions }: TracedAttempt): string {
  const after = (what: string, ns: number | null): string[] =>
    ns === null ? [] : [`${what} after ${seconds(ns - startNs)}`];
  const times = [...after("connected", connectedNs), ...after("served", servedNs), ...after("over", endNs)];
  const retransmitted = `${retransmissions} retransmission${retransmissions === 1 ? "" : "s"}`;
  return `${[...times, retransmitted].join(", ")}.`;
}

function numbersLine({ events }: TracedAttempt): string[] {
  const { client, server } = firstNumbersOf(events);
  if (client === null) return [];
  return [`seq and ack count from ${client} (client)${server === null ? "" : ` and ${server} (server)`}.`];
}

function gateLine({ gate, outcome }: TracedAttempt): string {
  const { title, help, knob } = GATES[gate];
  const verb = OUTCOMES[outcome].family === "failed" ? "charged to" : "waits for";
  return `${verb}: ${title}. ${help}${knob === null ? "" : ` Moved by ${knob}.`}`;
}

/** 0x0a0a0001, 80 → "10.10.0.1:80". */
function endpoint(address: number, port: number): string {
  return `${[24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".")}:${port}`;
}

/** What `--json` prints: the attempts with all their events; times in ns of the run. */
export const traceJson = (
  tuning: string,
  seed: number,
  attempts: readonly TracedAttempt[],
  names: readonly string[],
): string =>
  `${JSON.stringify({ tuning, seed, attempts: attempts.map((attempt) => ({ ...attempt, workload: names[attempt.workload] })) }, null, 2)}\n`;
