/**
 * Effective settings of a tuning as numbers: what halfopen_tuning_value shows.
 *
 * Invariants  Only settings that are numbers; names are those that people write.
 */
import type { HostSpec, RunSpec } from "../vocabulary/run-spec.ts";
import type { HostScenario } from "../vocabulary/scenario.ts";
import { defaultFor, TUNABLE_NAMES, TUNABLES, type TunableDef } from "../vocabulary/tunables.ts";

export interface EffectiveSetting {
  readonly name: string;
  readonly value: number;
}

/** The server's sysctls, and per listener the backlog after the cut and what the application accepts. */
export function effectiveSettings(server: HostScenario, spec: RunSpec): EffectiveSetting[] {
  const sysctls = TUNABLE_NAMES.flatMap((name): EffectiveSetting[] => {
    const { side, modelled }: TunableDef = TUNABLES[name];
    if (side === "client" || modelled === false || modelled === "without effect") return [];
    const value = server.sysctls[name] ?? defaultFor(name, server.kernel);
    return typeof value === "number" ? [{ name, value }] : [];
  });
  const listeners = spec.listeners.flatMap(({ port, backlog, acceptPerS, workers }): EffectiveSetting[] => [
    { name: `listeners.${port}.backlog`, value: backlog },
    ...(acceptPerS > 0 ? [{ name: `listeners.${port}.accept_rate`, value: acceptPerS }] : []),
    ...(workers > 0 ? [{ name: `listeners.${port}.workers`, value: workers }] : []),
  ]);
  // Listeners that share a port may say the same.
  return [...new Map([...sysctls, ...listeners].map((setting) => [setting.name, setting])).values()];
}

const IP_AND_TCP_BYTES = 40;
const MSS_BYTES = 4;
const TIMESTAMP_BYTES = 12;
/** SACK permitted stands in the two bytes that align the timestamps; without them it has four of its own. */
const SACK_BYTES = 4;
const SCALE_BYTES = 4;

/** The IP packet of a SYN-ACK to a peer that can do all that the server can. */
export function synAckBytes({ timestamps, sack, windowScaling }: HostSpec): number {
  const ofTimestamps = timestamps > 0 ? TIMESTAMP_BYTES : sack === 1 ? SACK_BYTES : 0;
  return IP_AND_TCP_BYTES + MSS_BYTES + ofTimestamps + (windowScaling === 1 ? SCALE_BYTES : 0);
}
