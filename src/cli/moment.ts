/**
 * `run --at TIME --as ss|nstat|netstat`: what these tools would show on the server at that moment of the first seed.
 *
 * Purpose   To lay a prediction beside the output of a real host, and find the same names in the same places.
 * Source    iproute2 misc/ss.c and misc/nstat.c, net-tools statistics.c (the wording of its lines).
 */
import {
  COUNTER_NAMES,
  type CounterName,
  formatMean,
  LEFTOVER_KINDS,
  leftoverSentence,
  type TuningSummary,
} from "../index.ts";
import { formatTable } from "./table.ts";

export const MOMENT_TOOLS = ["ss", "nstat", "netstat"] as const;
export type MomentTool = (typeof MOMENT_TOOLS)[number];

/** The sample at or before `atS`; the first one where there is none before. Samples stand in the middle of their interval. */
export function sampleAt({ lines }: TuningSummary, atS: number): number {
  return Math.max(
    0,
    lines.at_s.findLastIndex((at) => at <= atS),
  );
}

export function showMoment(tuning: TuningSummary, atS: number, tool: MomentTool): string {
  const sample = sampleAt(tuning, atS);
  const shown = { ss: showSs, nstat: showNstat, netstat: showNetstat }[tool](tuning, sample);
  const sampleS = tuning.lines.at_s[sample] ?? 0;
  const which = sampleS > atS ? ", the first sample" : sampleS < atS ? `, the last sample before ${atS} s` : "";
  const what = `${hostsOf(tuning)} at ${sampleS} s${which}, first seed`;
  return `# ${tuning.name}: ${what}, as ${COMMAND_LINES[tool]} shows it\n${shown}`;
}

/** Counters and states are those of all hosts, queues of the first. */
const hostsOf = ({ hosts }: TuningSummary): string =>
  hosts === 1 ? "the server" : `all ${hosts} hosts together, but listening sockets of the first,`;

const COMMAND_LINES = { ss: "ss -ltn and ss -ant | awk", nstat: "nstat -asz", netstat: "netstat -s" } as const;

/** Listening sockets: Recv-Q is the accept queue's length, Send-Q the backlog; then sockets by state. */
function showSs({ lines, listeners }: TuningSummary, sample: number): string {
  const listening = lines.queues.flatMap(({ port, accept }, index) => {
    const length = accept[sample];
    const backlog = listeners[index]?.backlog ?? 0;
    return length === null || length === undefined ? [] : [["LISTEN", length, backlog, `0.0.0.0:${port}`, "0.0.0.0:*"]];
  });
  const states = Object.entries(lines.server_states).map(([state, line]) => [line[sample] ?? 0, state]);
  return [
    formatTable(["State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port"], listening),
    formatTable(
      ["sockets", "state"],
      states.filter(([count]) => count !== 0),
    ),
  ].join("\n");
}

const countAt = ({ lines }: TuningSummary, name: CounterName, sample: number): number =>
  lines.server_counters[name]?.[sample] ?? 0;

/** nstat's columns: name, value since boot, rate (0.0 with -s). */
function showNstat(tuning: TuningSummary, sample: number): string {
  const rows = COUNTER_NAMES.map(
    (name) => `${name.padEnd(32)}${String(countAt(tuning, name, sample)).padEnd(19)}0.0\n`,
  );
  return `#kernel\n${rows.join("")}`;
}

/** net-tools' own sentences; a counter without one has its name, as there. */
const NETSTAT_LINES: Readonly<Partial<Record<CounterName, string>>> = {
  TcpActiveOpens: "active connection openings",
  TcpPassiveOpens: "passive connection openings",
  TcpAttemptFails: "failed connection attempts",
  TcpEstabResets: "connection resets received",
  TcpCurrEstab: "connections established",
  TcpInSegs: "segments received",
  TcpOutSegs: "segments sent out",
  TcpRetransSegs: "segments retransmitted",
  TcpInErrs: "bad segments received",
  TcpOutRsts: "resets sent",
  TcpExtSyncookiesSent: "SYN cookies sent",
  TcpExtSyncookiesRecv: "SYN cookies received",
  TcpExtSyncookiesFailed: "invalid SYN cookies received",
  TcpExtEmbryonicRsts: "resets received for embryonic SYN_RECV sockets",
  TcpExtTW: "TCP sockets finished time wait in fast timer",
  TcpExtTWRecycled: "time wait sockets recycled by time stamp",
  TcpExtTCPAbortOnData: "connections reset due to unexpected data",
  TcpExtTCPAbortOnClose: "connections reset due to early user close",
  TcpExtTCPAbortOnTimeout: "connections aborted due to timeout",
  TcpExtDelayedACKs: "delayed acks sent",
  TcpExtListenOverflows: "times the listen queue of a socket overflowed",
  TcpExtListenDrops: "SYNs to LISTEN sockets dropped",
};

function showNetstat(tuning: TuningSummary, sample: number): string {
  const line = (name: CounterName): string => {
    const count = countAt(tuning, name, sample);
    const words = NETSTAT_LINES[name];
    return words === undefined ? `    ${name.replace(/^TcpExt|^Tcp/, "")}: ${count}\n` : `    ${count} ${words}\n`;
  };
  // net-tools leaves out what is 0 of TcpExt.
  const tcp = COUNTER_NAMES.filter((name) => name.startsWith("Tcp") && !name.startsWith("TcpExt"));
  const extended = COUNTER_NAMES.filter((name) => name.startsWith("TcpExt") && countAt(tuning, name, sample) > 0);
  return `Tcp:\n${tcp.map(line).join("")}TcpExt:\n${extended.map(line).join("")}`;
}

/** `run --states`: sockets by state over time in one tuning, as `ss -ant | awk` would count them. */
export function showStates({ name, lines, leftovers }: TuningSummary, most = 24): string {
  const stride = Math.max(1, Math.ceil(lines.at_s.length / most));
  const samples = lines.at_s.map((_, index) => index).filter((index) => index % stride === 0);
  const table = (host: string, states: Readonly<Record<string, readonly number[]>>): string => {
    const names = Object.keys(states);
    if (names.length === 0) return "";
    const rows = samples.map((sample) => [
      lines.at_s[sample] ?? 0,
      ...names.map((state) => states[state]?.[sample] ?? 0),
    ]);
    return `${name}: sockets of the ${host} by state, first seed\n${formatTable(["at s", ...names], rows)}`;
  };
  const left = (host: "server" | "client"): string =>
    LEFTOVER_KINDS.flatMap((kind) => {
      const count = leftovers[host][kind]?.mean ?? 0;
      return count > 0
        ? [`${leftoverSentence(host === "server" ? "server" : "clients", kind, formatMean(count))}\n`]
        : [];
    }).join("");
  return [table("server", lines.server_states) + left("server"), table("clients", lines.client_states) + left("client")]
    .filter((text) => text !== "")
    .join("\n");
}
