/** The server's CPUs as families: softnet_stat's columns by CPU, and who had its time; nothing where CPUs take none. */
import type { CpuField, RunView } from "../results/run-view.ts";
import type { Family, Sample } from "./family.ts";
import { family, type MetricName } from "./table.ts";

const SOFTNET: readonly (readonly [MetricName, CpuField])[] = [
  ["halfopen_softnet_processed_total", "processed"],
  ["halfopen_softnet_dropped_total", "dropped"],
  ["halfopen_softnet_times_squeezed_total", "timeSqueezed"],
  ["halfopen_softnet_received_rps_total", "receivedRps"],
  ["halfopen_softnet_flow_limit_count_total", "flowLimited"],
  ["halfopen_nic_ring_dropped_total", "ringDropped"],
];

export function cpuFamilies(view: RunView): Family[] {
  const { cpu: spec } = view.spec;
  if (spec === null) return [];
  const cpus = Array.from({ length: spec.cores + spec.appCores }, (_, cpu) => cpu);
  const receiving = cpus.slice(0, spec.cores);
  const byCpu = (of: readonly number[], value: (cpu: number) => number): Sample[] =>
    of.map((cpu) => ({ labels: { cpu: String(cpu) }, value: value(cpu) }));
  const seconds = cpus.flatMap((cpu) => {
    const of = (mode: string, ns: number): Sample => ({ labels: { cpu: String(cpu), mode }, value: ns / 1e9 });
    const [soft, thread] = [view.cpu(cpu, "softirqNs"), view.cpu(cpu, "ksoftirqdNs")];
    return [of("softirq", soft - thread), of("ksoftirqd", thread), of("app", view.cpu(cpu, "appNs"))];
  });
  return [
    ...SOFTNET.map(([name, field]) =>
      family(
        name,
        byCpu(receiving, (cpu) => view.cpu(cpu, field)),
      ),
    ),
    family("halfopen_cpu_seconds_total", seconds),
    family(
      "halfopen_cpu_cost_seconds_total",
      Object.entries(view.cpuCosts()).map(([cost, ns]) => ({ labels: { cost }, value: ns / 1e9 })),
    ),
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
