/**
 * The time lines of a run as the recorder would have sampled them.
 *
 * Units       Seconds; sockets; counters since t = 0.
 * Source      timeline() of the recorder; test/recordings/README.md "Result format". Lines of zeros are left out.
 */
import { nsToSeconds } from "../base/units.ts";
import type { CounterName } from "../vocabulary/counters.ts";
import { RETRANSMIT_CLASSES, STATE_COUNT, STATE_NAMES } from "../vocabulary/run-result.ts";
import type { AcceptQueueLine, RecordedTimeline } from "./recording-format.ts";
import { roundTo } from "./rounding.ts";
import type { Host, RunView } from "./run-view.ts";

/** The counters whose course the recorder keeps, in its order. */
const TIMELINE_COUNTERS: readonly CounterName[] = [
  "TcpPassiveOpens",
  "TcpActiveOpens",
  "TcpAttemptFails",
  "TcpEstabResets",
  "TcpRetransSegs",
  "TcpOutRsts",
  "TcpInSegs",
  "TcpOutSegs",
  "TcpExtListenDrops",
  "TcpExtListenOverflows",
  "TcpExtSyncookiesSent",
  "TcpExtSyncookiesRecv",
  "TcpExtSyncookiesFailed",
  "TcpExtTCPReqQFullDrop",
  "TcpExtTCPReqQFullDoCookies",
  "TcpExtTCPTimeouts",
  "TcpExtEmbryonicRsts",
  "TcpExtTCPSynRetrans",
  "TcpExtTW",
  "TcpExtTWRecycled",
  "TcpExtTCPTimeWaitOverflow",
  "TcpExtTCPAbortOnTimeout",
  "TcpExtTCPDeferAcceptDrop",
  "TcpExtTCPAbortOnData",
  "TcpExtTCPAbortOnClose",
];

/** Half-open requests (state 12) are shown with SYN_RECV (state 3), as the kernel's socket listing shows them. */
const SYN_RECV = STATE_NAMES.indexOf("syn_recv");
const NEW_SYN_RECV = STATE_NAMES.indexOf("new_syn_recv");
const LISTEN = STATE_NAMES.indexOf("listen");

/** `withCounters`: the recorder keeps the counters' course for the first run only. */
export function recordedTimeline(view: RunView, withCounters: boolean): RecordedTimeline {
  const { sampleCount } = view.layout;
  const sampleS = (k: number): number => nsToSeconds((k + 0.5) * view.spec.sampleIntervalNs);
  return {
    t_s: Array.from({ length: sampleCount }, (_, k) => roundTo(sampleS(k), 3)),
    accept_queue: acceptQueues(view),
    ...stateLines(view, "server"),
    ...synRecvLines(view),
    ...(withCounters ? { server_counters: counterLines(view) } : {}),
    client_sockets: stateLines(view, "client"),
  };
}

/** Listeners in the order in which samples first see them, then in the order in which they began to listen. */
function acceptQueues(view: RunView): AcceptQueueLine[] {
  const lines = view.spec.listeners.map(({ port, backlog, listenStartNs }, index) => {
    const length = view.queueLine(index, "acceptQueue");
    return { seen: length.findIndex((n) => n !== null), listenStartNs, line: { port, limit: backlog, length } };
  });
  return lines
    .filter(({ seen }) => seen >= 0)
    .sort((a, b) => a.seen - b.seen || a.listenStartNs - b.listenStartNs)
    .map(({ line }) => line);
}

function stateLines(view: RunView, host: Host): Record<string, number[]> {
  const lines: Record<string, number[]> = {};
  for (let state = 1; state < STATE_COUNT; state++) {
    if (state === NEW_SYN_RECV || (state === LISTEN && host === "server")) continue;
    const line = view.stateLine(host, state);
    const requests = state === SYN_RECV ? view.stateLine(host, NEW_SYN_RECV) : [];
    keep(lines, STATE_NAMES[state], requests.length > 0 ? line.map((n, i) => n + (requests[i] ?? 0)) : line);
  }
  return lines;
}

function synRecvLines(view: RunView): Record<string, number[]> {
  const lines: Record<string, number[]> = {};
  for (let n = 0; n < RETRANSMIT_CLASSES; n++) keep(lines, `syn_recv_with_${n}_retransmits`, view.synRecvLine(n));
  return lines;
}

function counterLines(view: RunView): Record<string, number[]> {
  const lines: Record<string, number[]> = {};
  for (const name of TIMELINE_COUNTERS) keep(lines, name, view.counterLine(name));
  return lines;
}

function keep(lines: Record<string, number[]>, name: string | undefined, line: number[]): void {
  if (name !== undefined && line.some((value) => value !== 0)) lines[name] = line;
}
