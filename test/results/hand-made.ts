/** A RunSpec and a RunResult written by hand, for tests that need no engine. */
import { kernelRules } from "../../src/compile/kernel-rules.ts";
import { histogramIndex, LATENCY_LAYOUT } from "../../src/vocabulary/histogram.ts";
import { type ResultLayout, type RunResult, resultLayout } from "../../src/vocabulary/run-result.ts";
import {
  AcceptMode,
  AppClose,
  Arrival,
  type ConnectionsSpec,
  Detail,
  EngineMode,
  FirstCloser,
  type HostSpec,
  Jitter,
  JitterScope,
  type ListenerSpec,
  Match,
  RawAddresses,
  RawAnswer,
  RawPacket,
  type RawSpec,
  type RunSpec,
  WorkloadKind,
} from "../../src/vocabulary/run-spec.ts";

const NS = 1e9;

const host: HostSpec = {
  ...kernelRules("6.18"),
  hz: 250,
  maxSynBacklog: 2048,
  syncookies: 1,
  synackRetries: 5,
  synRetries: 6,
  synLinearTimeouts: 4,
  abortOnOverflow: 0,
  timestamps: 1,
  sack: 1,
  windowScaling: 1,
  twReuse: 2,
  twReuseDelayMs: 1000,
  ...{ announcedMss: 1460, peerMss: 1460, sentMss: [1460, 536, 1300, 1440, 1460] },
  receivedMss: [1460, 536, 1300, 1440, 1460],
  twRecycle: 0,
  timeWaitS: 60,
  isnStepNs: 64,
  isnKeyed: 1,
  twoWay: 0,
  maxTwBuckets: 131_072,
  finTimeoutS: 60,
  maxOrphans: 131_072,
  orphanRetries: 0,
  retries2: 15,
  rfc1337: 0,
  rtoMinUs: 200_000,
  rtoMaxMs: 120_000,
  invalidRatelimitMs: 500,
  challengeAckLimit: 0x7fffffff,
  noMetricsSave: 0,
  portLow: 32_768,
  portHigh: 60_999,
  reservedPorts: [],
};

/** None set; the rest is what the sysctls would say. */
const socketOptions = { keepaliveS: 0, keepaliveIntervalS: 75, keepaliveProbes: 9, userTimeoutMs: 0 } as const;

export const listener = (change: Partial<ListenerSpec> = {}): ListenerSpec => ({
  port: 80,
  backlog: 128,
  reuseport: 0,
  deferTimeouts: 0,
  listenStartNs: -1,
  listenStopNs: -1,
  acceptMode: AcceptMode.Immediate,
  acceptPerS: 0,
  serviceNs: 0,
  workers: 0,
  slowStartNs: 0,
  slowStartFactor: 1,
  pausesNs: [],
  requestBytes: 0,
  responseBytes: 0,
  close: AppClose.OnEof,
  closeDelayNs: 0,
  closeWithRst: 0,
  keepaliveRequests: 1,
  appPausesNs: [],
  ...socketOptions,
  ...change,
});

const arrivals = {
  streamKey: 1,
  arrival: Arrival.Even,
  port: 80,
  startNs: 0,
  ratePerS: 10,
  count: 20,
  endNs: -1,
  sourceAddresses: 1,
  burstSize: 0,
  burstSpreadNs: 0,
  ratePieces: [],
} as const;

export const connections = (change: Partial<ConnectionsSpec> = {}): ConnectionsSpec => ({
  ...arrivals,
  kind: WorkloadKind.Connections,
  connectTimeoutNs: -1,
  requestBytes: 0,
  responseBytes: 0,
  responseTimeoutNs: -1,
  firstCloser: FirstCloser.Client,
  holdNs: 0,
  closeWithRst: 0,
  halfClose: 0,
  requestsPerConnection: 1,
  thinkNs: 0,
  clientsPerAddress: 1,
  maxRetries: 0,
  retryBackoffNs: 0,
  retryFactor: 1,
  retryMaxBackoffNs: 0,
  retryJitter: 0,
  simultaneousOpen: 0,
  ...socketOptions,
  ...change,
});

export const raw = (change: Partial<RawSpec> = {}): RawSpec => ({
  ...arrivals,
  kind: WorkloadKind.Raw,
  packet: RawPacket.Syn,
  addresses: RawAddresses.Sequential,
  firstSourcePort: 1024,
  answer: RawAnswer.Nothing,
  answerDelayNs: 0,
  packetSeed: 1,
  ...change,
});

const clearPath = {
  jitter: Jitter.None,
  jitterNs: 0,
  jitterScope: JitterScope.Packet,
  duplicate: 0,
  reorder: 0,
  mtu: 0,
  lateProbability: 0,
  lateNs: 0,
  lateMatch: Match.Any,
  lateStartNs: 0,
  lateEndNs: -1,
} as const;

/** Three seconds, samples at 0.5, 1.5 and 2.5 s. */
export const runSpec = (change: Partial<RunSpec> = {}): RunSpec => ({
  seed: 1,
  engine: EngineMode.Auto,
  cpu: null,
  detail: Detail.Full,
  durationNs: 3 * NS,
  sampleIntervalNs: NS,
  oneWayDelayNs: 0,
  toServer: clearPath,
  toClient: clearPath,
  hostIndex: 0,
  hostCount: 1,
  sharedClock: 1,
  clientCrashesNs: [],
  server: host,
  client: host,
  listeners: [listener()],
  workloads: [connections()],
  impairments: [],
  ...change,
});

/** Fills a result: `write` gets the numbers and where they stand. Queues are empty, not closed, unless written. */
export function handMadeResult(
  spec: RunSpec,
  write: (values: Float64Array, layout: ResultLayout) => void = () => {},
): RunResult {
  const layout = resultLayout(spec);
  const values = new Float64Array(layout.length);
  write(values, layout);
  return { buffer: values.buffer };
}

/** Counts latencies, given in µs, in the histogram that stands at `at`. */
export function recordLatencies(values: Float64Array, at: number, latenciesUs: readonly number[]): void {
  for (const us of latenciesUs) values[at + histogramIndex(us, LATENCY_LAYOUT.halfMagnitude)]! += 1;
}
