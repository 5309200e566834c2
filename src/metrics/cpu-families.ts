/** The server's CPUs as families: softnet_stat's columns by CPU, and who had its time; nothing where CPUs take none. */
import type { CpuField, RunView } from "../results/run-view.ts";
import { CPU_COST_NAMES } from "../vocabulary/cpu.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";
import type { Family, Labels } from "./family.ts";
import type { MetricName } from "./table.ts";

const SOFTNET: readonly (readonly [MetricName, CpuField])[] = [
  ["halfopen_softnet_processed_total", "processed"],
  ["halfopen_softnet_dropped_total", "dropped"],
  ["halfopen_softnet_times_squeezed_total", "timeSqueezed"],
  ["halfopen_softnet_received_rps_total", "receivedRps"],
  ["halfopen_softnet_flow_limit_count_total", "flowLimited"],
  ["halfopen_nic_ring_dropped_total", "ringDropped"],
];

/** A metric, its series, and their values in the same order. */
export interface CpuSeries {
  readonly name: MetricName;
  readonly labels: readonly Labels[];
  readonly values: (view: RunView) => readonly number[];
}

export function cpuSeries({ cpu: spec }: RunSpec): CpuSeries[] {
  if (spec === null) return [];
  const cpus = Array.from({ length: spec.cores + spec.appCores }, (_, cpu) => cpu);
  const receiving = cpus.slice(0, spec.cores);
  const seconds = (view: RunView, cpu: number): number[] => {
    const [soft, thread] = [view.cpu(cpu, "softirqNs"), view.cpu(cpu, "ksoftirqdNs")];
    return [soft - thread, thread, view.cpu(cpu, "appNs")].map((ns) => ns / 1e9);
  };
  return [
    ...SOFTNET.map(([name, field]) => ({
      name,
      labels: receiving.map((cpu) => ({ cpu })),
      values: (view: RunView) => receiving.map((cpu) => view.cpu(cpu, field)),
    })),
    {
      name: "halfopen_cpu_seconds_total",
      labels: cpus.flatMap((cpu) => ["softirq", "ksoftirqd", "app"].map((mode) => ({ cpu, mode }))),
      values: (view) => cpus.flatMap((cpu) => seconds(view, cpu)),
    },
    {
      name: "halfopen_cpu_cost_seconds_total",
      labels: CPU_COST_NAMES.map((cost) => ({ cost })),
      values: (view) => {
        const costs = view.cpuCosts();
        return CPU_COST_NAMES.map((cost) => (costs[cost] ?? 0) / 1e9);
      },
    },
  ];
}

/** node_exporter's softnet collector, of which it has no more by default; without CPUs that take time one CPU that drops nothing. */
export function nodeSoftnet(view: RunView): Family[] {
  const cores = view.spec.cpu?.cores ?? 1;
  const one = (name: string, help: string, field: CpuField): Family => ({
    ...{ name, type: "counter", help },
    samples: Array.from({ length: cores }, (_, cpu) => ({ labels: { cpu: String(cpu) }, value: view.cpu(cpu, field) })),
  });
  const dropped = one("node_softnet_dropped_total", "Number of dropped packets", "dropped");
  if (view.spec.cpu === null) return [dropped];
  return [
    one("node_softnet_processed_total", "Number of processed packets", "processed"),
    dropped,
    one("node_softnet_times_squeezed_total", "Number of times processing packets ran out of quota", "timeSqueezed"),
    one("node_softnet_received_rps_total", "Number of times CPU woken up received_rps", "receivedRps"),
    one("node_softnet_flow_limit_count_total", "Number of times flow limit has been reached", "flowLimited"),
  ];
}
