/**
 * Memory: what a run will take, and whether it can be done at all, by arithmetic on its RunSpec. Nothing is allocated.
 *
 * Used by   the pool, before it starts a run: a limit is an error that names it, never a process that dies.
 */
import { nsToSeconds } from "../base/units.ts";
import { resultLayout } from "../vocabulary/run-result.ts";
import { Arrival, type ConnectionsSpec, Jitter, type RunSpec, WorkloadKind } from "../vocabulary/run-spec.ts";
import { MAX_IN_FLIGHT, TOO_MANY_IN_FLIGHT } from "./ledger.ts";
import { expectedHalfOpen, expectedSockets, looksUpStrangers } from "./set-up.ts";
import { MAX_ROWS, TOO_MANY_ROWS, tableBytes } from "./table.ts";

/** Of the ledger: 16 words and two times. */
const ATTEMPT_BYTES = 80;
/** A full socket is two rows. */
const ROWS_PER_SOCKET = 2;

const isClients = (workload: RunSpec["workloads"][number]): workload is ConnectionsSpec =>
  workload.kind === WorkloadKind.Connections;

/**
 * Bytes of one run: the tables as they are sized at its start, the connections that are held on purpose, the result. Queues of an
 * application that falls behind are not foreseen.
 */
export function expectedBytes(spec: RunSpec): number {
  const held = heldConnections(spec);
  const server = tableBytes(expectedHalfOpen(spec) + held * ROWS_PER_SOCKET, looksUpStrangers(spec));
  const client = tableBytes(expectedSockets(spec) + held * ROWS_PER_SOCKET, false);
  return server + client + held * ATTEMPT_BYTES + resultLayout(spec).length * 8;
}

/** Why the run cannot be done, for certain; null: nothing in the spec says so. */
export function limitFault(spec: RunSpec): string | null {
  if (certainlyInFlight(spec) > MAX_IN_FLIGHT) return TOO_MANY_IN_FLIGHT;
  return heldConnections(spec) * ROWS_PER_SOCKET > MAX_ROWS ? TOO_MANY_ROWS : null;
}

/** Connections that are open at once because their clients hold them, if all come through. */
function heldConnections(spec: RunSpec): number {
  let held = 0;
  for (const workload of spec.workloads.filter(isClients)) {
    const thinkNs = workload.thinkNs * (workload.requestsPerConnection - 1);
    held += arrivalsWithin(workload, Math.min(spec.durationNs, workload.holdNs + thinkNs));
  }
  return Math.ceil(held);
}

/** Attempts that are in flight at one time whatever the server does: each lasts a round trip, unless its client has less patience. */
function certainlyInFlight(spec: RunSpec): number {
  const { toServer, toClient, oneWayDelayNs } = spec;
  const isConstant = [toServer, toClient].every(({ jitter, reorder }) => jitter === Jitter.None && reorder === 0);
  const roundTripNs = isConstant ? 2 * oneWayDelayNs : 0;
  let inFlight = 0;
  for (const workload of spec.workloads.filter(isClients)) {
    const { connectTimeoutNs, sourceAddresses } = workload;
    const patienceNs = connectTimeoutNs < 0 ? roundTripNs : Math.min(roundTripNs, connectTimeoutNs);
    // Who finds no local port fails at once.
    const ports = sourceAddresses * (spec.client.portHigh - spec.client.portLow + 1 - spec.client.reservedPorts.length);
    inFlight += Math.min(ports, arrivalsWithin(workload, Math.min(spec.durationNs, patienceNs)));
  }
  return inFlight;
}

/** Arrivals in `ns` at the mean rate; those that come at one instant are always together. */
function arrivalsWithin({ arrival, ratePerS, count, burstSize, burstSpreadNs }: ConnectionsSpec, ns: number): number {
  if (arrival === Arrival.Even && ratePerS === 0) return count;
  // Rates that change are left to the run itself.
  if (arrival === Arrival.Rates) return 0;
  const burst = arrival === Arrival.Bursts && burstSpreadNs === 0 ? burstSize : 0;
  return Math.min(count, Math.max(burst, ratePerS * nsToSeconds(ns)));
}
