/** What a run's parts have counted, into its RunResult. */
import { GATE_NAMES } from "../vocabulary/gates.ts";
import { OUTCOME_NAMES } from "../vocabulary/outcomes.ts";
import type { ResultLayout } from "../vocabulary/run-result.ts";
import { WorkloadKind } from "../vocabulary/run-spec.ts";
import type { ClientApp } from "./client-app.ts";
import type { Host } from "./host.ts";
import type { Ledger } from "./ledger.ts";
import type { Impairment } from "./link.ts";
import { Extreme, ListenerField, WorkloadField } from "./recorder.ts";
import { writeCounters } from "./sampler.ts";
import type { ServerApp } from "./server-app.ts";

export interface ResultParts {
  readonly layout: ResultLayout;
  readonly server: Host;
  readonly client: Host;
  readonly ledger: Ledger;
  readonly wire: Float64Array;
  readonly serverApp: ServerApp;
  readonly clientApp: ClientApp;
  readonly impairments: readonly Impairment[];
}

/** Writes all but what bare packets and CPUs have counted themselves. */
export function writeResult(parts: ResultParts, out: Float64Array, endNs: number): void {
  const { layout, server, client, ledger } = parts;
  ledger.assertBalanced();
  writeCounters(server, out, layout.serverCounters, 1);
  writeCounters(client, out, layout.clientCounters, 1);
  out.set(server.counts, layout.serverVerdicts);
  out.set(client.counts, layout.clientVerdicts);
  out.set(parts.wire, layout.wire);
  out.set(server.log.values, layout.serverLog);
  out.set(client.log.values, layout.clientLog);
  out.set(server.states, layout.serverStates);
  out.set(client.states, layout.clientStates);
  parts.impairments.forEach((impairment, i) => {
    out[layout.impairmentDropped + i] = impairment.dropped;
  });
  const pair = client.pairPorts?.worst();
  if (pair) out.set([pair.local >>> 0, pair.port, pair.peak, pair.refused], layout.worstPair);
  writeWorkloads(parts, out);
  writeListeners(parts, out, endNs);
}

function writeWorkloads({ layout, ledger, clientApp }: ResultParts, out: Float64Array): void {
  const gates = GATE_NAMES.length;
  const outcomes = OUTCOME_NAMES.length;
  const add = (at: number, n: number): void => {
    out[at] = out[at]! + n;
  };
  layout.workloads.forEach((places, w) => {
    out.set(ledger.drops.subarray(w * gates, (w + 1) * gates), places.drops);
    out.set(ledger.failed.subarray(w * gates, (w + 1) * gates), places.failed);
    out.set(ledger.waitNs.subarray(w * gates, (w + 1) * gates), places.waitNs);
    for (let i = 0; i < outcomes; i++) add(places.outcomes + i, ledger.outcomes[w * outcomes + i]!);
    const attempted = ledger.attempted[w]!;
    out[places.fields + WorkloadField.attempted] = attempted;
    out[places.fields + WorkloadField.sent] = places.kind === WorkloadKind.Connections ? attempted : 0;
    const least = places.extremes + Extreme.failedMinUs;
    if (out[least] === Number.POSITIVE_INFINITY) out[least] = 0;
  });
  ledger.visitInFlight((at) => {
    const places = layout.workloads[ledger.workloadOf(at)]!;
    add(places.outcomes + clientApp.outcomeAtEnd(at), 1);
    add(places.inFlight + ledger.gateOf(at), 1);
    add(places.waitNs + ledger.gateOf(at), ledger.openWaitNs(at));
  });
}

function writeListeners({ layout, server, serverApp }: ResultParts, out: Float64Array, endNs: number): void {
  server.listeners.forEach((listener, index) => {
    const fields = layout.listeners[index]!.fields;
    out[fields + ListenerField.emptyTicks] = serverApp.emptyTicks(index);
    out[fields + ListenerField.workersBusyNs] = serverApp.workersBusyNs(index);
    out[fields + ListenerField.peakAcceptQueue] = listener.peakAccept;
    out[fields + ListenerField.peakSynQueue] = listener.peakSyn;
    out[fields + ListenerField.acceptQueueFullNs] = listener.acceptFullNs(endNs);
    out[fields + ListenerField.synQueueFullNs] = listener.synFullNs(endNs);
    if (listener.warnedNs[0]! >= 0) {
      out[fields + ListenerField.floodWarned] = 1;
      out[fields + ListenerField.floodWarnedNs] = listener.warnedNs[0]!;
    }
  });
}
