/** Load control: which changes a run can take while it goes on. Whoever offers changes asks first; Simulation.control() asserts it. */
import { ChangeKind, type LoadChange } from "../vocabulary/load-change.ts";
import {
  AcceptMode,
  Arrival,
  RawAddresses,
  RawAnswer,
  RawPacket,
  type RunSpec,
  WorkloadKind,
} from "../vocabulary/run-spec.ts";
import { RAW_PORTS } from "./raw-source.ts";
import { REQUEST_LIFE_S } from "./set-up.ts";

/**
 * Rates: of even and Poisson arrivals; those of bursts, ramps and traces are what they are. A mute flood from few addresses may not become so fast that
 * its packets meet its own half-opens: whether it may lag was decided from the spec (set-up.ts: mayLag).
 */
export function canChange(
  spec: RunSpec,
  { kind, subject, value }: Pick<LoadChange, "kind" | "subject" | "value">,
): boolean {
  if (!(Number.isFinite(value) && value >= 0)) return false;
  if (kind === ChangeKind.AcceptRate) return value > 0 && spec.listeners[subject]?.acceptMode === AcceptMode.Rate;
  if (kind === ChangeKind.AppPause) return spec.listeners[subject] !== undefined;
  return value <= mostRatePerS(spec, subject);
}

/** The highest rate that a workload may be given; -1: none. */
export function mostRatePerS(spec: RunSpec, index: number): number {
  const workload = spec.workloads[index];
  if (workload === undefined || workload.ratePerS === 0) return -1;
  if (workload.arrival !== Arrival.Even && workload.arrival !== Arrival.Poisson) return -1;
  if (workload.kind !== WorkloadKind.Raw) return Number.MAX_SAFE_INTEGER;
  const isMuteFlood =
    workload.packet === RawPacket.Syn &&
    workload.answer === RawAnswer.Nothing &&
    workload.addresses === RawAddresses.Sequential;
  return isMuteFlood ? (workload.sourceAddresses * RAW_PORTS) / REQUEST_LIFE_S : Number.MAX_SAFE_INTEGER;
}
