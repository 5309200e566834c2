/** Sysctls of a host: what its scenario sets, else the default of its kernel. */
import { assert } from "../base/assert.ts";
import type { HostScenario } from "../vocabulary/scenario.ts";
import { defaultFor, type TunableName } from "../vocabulary/tunables.ts";

export function integerSysctl(host: HostScenario, name: TunableName): number {
  const value = host.sysctls[name] ?? defaultFor(name, host.kernel);
  assert(typeof value === "number", `${name} is not a number in kernel ${host.kernel}`);
  return value;
}

/** The same; `constant` where the kernel has no such sysctl. */
export function integerSysctlOr(host: HostScenario, name: TunableName, constant: number): number {
  return defaultFor(name, host.kernel) === null ? constant : integerSysctl(host, name);
}

export function textSysctl(host: HostScenario, name: TunableName): string {
  const value = host.sysctls[name] ?? defaultFor(name, host.kernel);
  assert(typeof value === "string", `${name} is not text in kernel ${host.kernel}`);
  return value;
}
