/**
 * What a run's set-up follows from, by arithmetic on the RunSpec: table sizes, and which raw workloads may lag.
 */
import { hash2 } from "../base/hash.ts";
import {
  Arrival,
  type CpuSpec,
  Direction,
  EngineMode,
  RawAddresses,
  RawAnswer,
  RawPacket,
  type RawSpec,
  type RunSpec,
  WorkloadKind,
  type WorkloadSpec,
} from "../vocabulary/run-spec.ts";
import { RAW_PORTS, ROWS_PER_EVENT } from "./raw-source.ts";

/** Events between two looks at the tables' free rows. */
export const BATCH = 256;
/** Longest life of a half-open request, s: beyond it an address may come again. */
export const REQUEST_LIFE_S = 600;

export function answers(workload: WorkloadSpec): workload is RawSpec {
  return workload.kind === WorkloadKind.Raw && workload.answer !== RawAnswer.Nothing;
}

/** The seed of what a host draws for itself: with several, each has booted at its own time, with its own secrets. */
export function hostSeed(spec: RunSpec): number {
  return spec.hostIndex === 0 ? spec.seed : hash2(spec.seed, spec.hostIndex);
}

/** Keys of the workloads' random streams: clients are the same whichever host they meet, each host's bare packets are its own. */
export function streamKeys(spec: RunSpec): number[] {
  const { hostIndex } = spec;
  return spec.workloads.map(({ kind, streamKey }) =>
    kind === WorkloadKind.Raw && hostIndex > 0 ? hash2(streamKey, hostIndex) : streamKey,
  );
}

/** A workload's arrivals, or those of one lane of its packets (receive-path.ts). */
export interface Slot {
  readonly workload: number;
  /** -1: each packet's hash chooses. */
  readonly lane: number;
  readonly lanes: number;
}

/** The slots that arrivals come from: in order one for each workload; with CPUs that take time, one for each lane of a mute flood. */
export function slotsOf(spec: RunSpec): Slot[] {
  return spec.workloads.flatMap((w, workload): Slot[] => {
    const isClear = spec.toServer.duplicate === 0 && spec.impairments.every((i) => i.direction !== Direction.ToServer);
    if (spec.cpu === null || !isClear || !isMuteFlood(w)) return [{ workload, lane: -1, lanes: 1 }];
    const lanes = lanesOf(spec.cpu);
    return Array.from({ length: lanes }, (_, lane) => ({ workload, lane, lanes }));
  });
}

/** Mute SYNs of sequential addresses: their hashes spread them evenly, so each lane can have a stream of its own. */
const isMuteFlood = (w: WorkloadSpec): boolean =>
  w.kind === WorkloadKind.Raw &&
  w.packet === RawPacket.Syn &&
  w.answer === RawAnswer.Nothing &&
  w.addresses === RawAddresses.Sequential;

/** The queues that a packet's hash chooses from where it arrives: a NIC's rings, or backlogs. */
export function lanesOf({ queues, rpsCpus, cores }: CpuSpec): number {
  return queues > 0 ? queues : rpsCpus > 0 ? Math.min(rpsCpus, cores) : cores;
}

/** Arrivals that `seconds` may have: their mean number at the highest rate, and a burst. */
function mostArrivalsIn(workload: WorkloadSpec, seconds: number): number {
  const { arrival, ratePerS, burstSize, ratePieces, count } = workload;
  if (arrival === Arrival.Even && ratePerS === 0) return count;
  const burst = arrival === Arrival.Bursts ? burstSize : 0;
  const highest = arrival === Arrival.Rates ? highestRate(ratePieces) : ratePerS;
  return Math.min(count, highest * seconds + burst);
}

function highestRate(ratePieces: readonly number[]): number {
  let highest = 0;
  for (let i = 0; i < ratePieces.length; i++) if (i % 3 !== 0) highest = Math.max(highest, ratePieces[i]!);
  return highest;
}

/** Rows that the server's table should hold at once: all SYN queues full, as far as there are arrivals to fill them. */
export function expectedHalfOpen(spec: RunSpec): number {
  let room = 0;
  for (const listener of spec.listeners) room += listener.backlog + 2;
  let arrivals = 0;
  for (const workload of spec.workloads) arrivals += workload.count;
  return BATCH * ROWS_PER_EVENT + Math.min(room, arrivals);
}

/** Whether the server looks packets up one by one that nearly all find nobody: those of a flood that is not counted in bulk. */
export function looksUpStrangers(spec: RunSpec): boolean {
  return spec.workloads.some(
    (w) => w.kind === WorkloadKind.Raw && !(spec.engine === EngineMode.Auto && mayLag(spec, w)),
  );
}

/** Rows of the client's table: the connections that TIME_WAIT keeps. */
export function expectedSockets(spec: RunSpec): number {
  let sockets = 0;
  for (const workload of spec.workloads) {
    if (workload.kind === WorkloadKind.Connections) sockets += mostArrivalsIn(workload, spec.client.timeWaitS);
  }
  return BATCH * ROWS_PER_EVENT + Math.min(Math.ceil(sockets), spec.client.maxTwBuckets);
}

/** Whether no packet of a flood can meet a socket of its own address and port: then its packets may lag (raw-source.ts). */
export function mayLag(spec: RunSpec, workload: RawSpec): boolean {
  const cycle = workload.sourceAddresses * RAW_PORTS;
  if (mostArrivalsIn(workload, REQUEST_LIFE_S) > cycle) return false;
  const portsOf = (w: RawSpec): number => Math.min(RAW_PORTS, Math.ceil(w.count / w.sourceAddresses));
  return spec.workloads.every((other) => {
    if (other === workload || other.kind !== WorkloadKind.Raw || other.port !== workload.port) return true;
    const gap = (other.firstSourcePort - workload.firstSourcePort + RAW_PORTS) % RAW_PORTS;
    return gap >= portsOf(workload) && RAW_PORTS - gap >= portsOf(other);
  });
}
