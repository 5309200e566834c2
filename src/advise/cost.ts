/**
 * Cost: what a value asks for besides: the kernel memory of the queues, and the time that clients wait.
 *
 * Units   Bytes as vocabulary/memory.ts has them. A connection in the accept queue has its socket, and its half-open record until accept().
 */
import type { Cost } from "../results/plan-format.ts";
import type { Latencies, TuningSummary } from "../results/summary-format.ts";
import { FULL_SOCKET_BYTES, HALF_OPEN_BYTES } from "../vocabulary/memory.ts";

export function costOf(value: number, { clients, listeners }: TuningSummary): Cost {
  const bytes = (syn: number, accept: number): number =>
    Math.ceil(syn) * HALF_OPEN_BYTES + Math.ceil(accept) * (HALF_OPEN_BYTES + FULL_SOCKET_BYTES);
  const sum = (of: (listener: TuningSummary["listeners"][number]) => number): number =>
    listeners.reduce((total, listener) => total + of(listener), 0);
  return {
    value,
    clients: clients.map(({ name, served_ratio, connect_latency_ms: connect, response_latency_ms: response }) => ({
      ...{ name, served_ratio: served_ratio.mean },
      ...{ connect_p50_ms: quantile(connect, "p50"), connect_p99_ms: quantile(connect, "p99") },
      ...{ response_p50_ms: quantile(response, "p50"), response_p99_ms: quantile(response, "p99") },
    })),
    queues_peak_bytes: sum(({ syn_queue, accept_queue }) => bytes(syn_queue.peak.most, accept_queue.peak.most)),
    queues_full_bytes: sum(({ syn_queue, accept_queue }) => bytes(syn_queue.capacity, accept_queue.capacity)),
  };
}

const quantile = (latencies: Latencies | null, name: "p50" | "p99"): number | null => latencies?.[name] ?? null;
