/** Local ports: the range of a host and what is reserved in it, in the forms that config gives these sysctls. */
import { assert } from "../base/assert.ts";
import type { HostScenario } from "../vocabulary/scenario.ts";
import { textSysctl } from "./sysctls.ts";

/** Both inclusive. */
export function portsOf(host: HostScenario): { readonly low: number; readonly high: number } {
  const text = textSysctl(host, "net.ipv4.ip_local_port_range");
  const [low, high] = text.split(" ").map(Number);
  assert(low !== undefined && high !== undefined && low <= high, `not a range of ports: ${text}`);
  return { low, high };
}

/** The reserved ports inside the range, one by one, in order. */
export function reservedIn(host: HostScenario): number[] {
  const { low, high } = portsOf(host);
  const reserved = new Set<number>();
  for (const part of textSysctl(host, "net.ipv4.ip_local_reserved_ports").split(",")) {
    if (part === "") continue;
    const [first = Number.NaN, last = first] = part.split("-").map(Number);
    for (let port = Math.max(first, low); port <= Math.min(last, high); port++) reserved.add(port);
  }
  return [...reserved].sort((a, b) => a - b);
}
