/** The server's CPUs and its device as numbers. */
import { CPU_COST_NAMES, CPU_PROFILES } from "../vocabulary/cpu.ts";
import type { CpuSpec } from "../vocabulary/run-spec.ts";
import type { ServerScenario } from "../vocabulary/scenario.ts";
import { defaultFor } from "../vocabulary/tunables.ts";
import { integerSysctl, integerSysctlOr } from "./sysctls.ts";

/** Before there was a sysctl, and since its default follows HZ: 2 jiffies (dev.c:net_rx_action, net_dev_init). */
const BUDGET_TICKS = 2;
const FIXED_BUDGET_US = 2000;

export function cpuSpec(server: ServerScenario): CpuSpec | null {
  const { cpu, device } = server;
  if (cpu === null) return null;
  const { costsUs } = CPU_PROFILES[cpu.profile];
  return {
    cores: cpu.cores,
    queues: device.kind === "nic" ? device.queues : 0,
    ring: device.ring,
    rpsCpus: device.rps_cpus,
    maxBacklog: integerSysctl(server, "net.core.netdev_max_backlog"),
    flowLimitCpus: integerSysctlOr(server, "net.core.flow_limit_cpu_bitmap", 0),
    flowLimitSlots: powerOf2(integerSysctlOr(server, "net.core.flow_limit_table_len", 1)),
    budget: integerSysctl(server, "net.core.netdev_budget"),
    budgetTicks: budgetTicks(server),
    backlogWeight:
      integerSysctl(server, "net.core.dev_weight") * integerSysctlOr(server, "net.core.dev_weight_rx_bias", 1),
    costNs: CPU_COST_NAMES.map((name) => Math.round((cpu.costs_us[name] ?? costsUs[name]) * 1000)),
    appCores: cpu.app === "shared" ? 0 : (cpu.app_cores ?? cpu.cores),
  };
}

/** netdev_budget_usecs in jiffies, rounded up (usecs_to_jiffies). */
function budgetTicks(server: ServerScenario): number {
  const name = "net.core.netdev_budget_usecs";
  const isDefault = server.sysctls[name] === undefined;
  if (isDefault && defaultFor(name, server.kernel) !== FIXED_BUDGET_US) return BUDGET_TICKS;
  return Math.ceil((integerSysctlOr(server, name, 0) * server.hz) / 1e6);
}

/** sysctl_net_core.c:flow_limit_table_len_sysctl takes powers of 2 only; others act as the next one below. */
const powerOf2 = (slots: number): number => 2 ** Math.floor(Math.log2(Math.max(1, slots)));
