/**
 * Trace: a run is made twice with the same seed. The first time its attempts are listed and the wanted ones chosen, the second time these are watched.
 *
 * Why twice   What all attempts do does not fit into memory, and which are wanted (the slowest, those that failed) is known at the end only.
 * Units       ns since the start of the run.
 */
import { type Observer, Simulation } from "../engine/run.ts";
import type { RunResult } from "../vocabulary/run-result.ts";
import type { RunSpec } from "../vocabulary/run-spec.ts";
import { VERDICTS, type VerdictDef } from "../vocabulary/verdicts.ts";
import type { CapturedPacket } from "../wire/pcapng.ts";
import { type Attempt, AttemptList, type Choice, chooseAttempts, earlierOn } from "./attempts.ts";
import { type CapturePlace, packetsOf } from "./capture.ts";
import { type TraceEvent, Watch } from "./watch.ts";

/** Simulated time between two looks at the outside world. */
const SLICE_NS = 250_000_000;
/** Events kept for a capture of everything: some 500 bytes each, and as much again for the packet, more where it has data. */
const MAX_CAPTURE_EVENTS = 500_000;

export interface TracedAttempt extends Attempt {
  readonly events: readonly TraceEvent[];
  /** Segments that both ends' kernels sent again: TcpRetransSegs. */
  readonly retransmissions: number;
}

/** Runs `spec` to its end. `pause` is awaited between slices: who does not want to go on rejects it. */
export async function observe(spec: RunSpec, observer: Observer, pause: () => Promise<void>): Promise<RunResult> {
  const simulation = new Simulation(spec, observer);
  for (let untilNs = 0; untilNs < spec.durationNs; ) {
    untilNs = Math.min(untilNs + SLICE_NS, spec.durationNs);
    simulation.advanceTo(untilNs);
    await pause();
  }
  return simulation.result();
}

/** Every attempt of a run. */
export async function listAttempts(spec: RunSpec, pause: () => Promise<void>): Promise<readonly Attempt[]> {
  const list = new AttemptList();
  await observe(spec, list, pause);
  return list.attempts;
}

/** The attempts that fit, with all that happened to them. */
export async function traceAttempts(
  spec: RunSpec,
  choice: Choice,
  pause: () => Promise<void>,
): Promise<readonly TracedAttempt[]> {
  const attempts = await listAttempts(spec, pause);
  const chosen = chooseAttempts(attempts, choice, spec.durationNs);
  const numbers = new Set(chosen.map(({ number }) => number));
  if (numbers.size === 0) return [];
  const watch = new Watch({ wants: (number) => numbers.has(number), earlier: earlierOn(attempts, chosen) });
  await observe(spec, watch, pause);
  watch.finish(spec.durationNs);
  return chosen.map((attempt) => {
    const events = watch.events.get(attempt.number) ?? [];
    return { ...attempt, events, retransmissions: retransmissionsIn(events.filter(isOwn)) };
  });
}

function retransmissionsIn(events: readonly TraceEvent[]): number {
  let sum = 0;
  for (const event of events) {
    if (event.kind !== "judged") continue;
    sum += ((VERDICTS[event.verdict] as VerdictDef).effects.TcpRetransSegs ?? 0) * event.count;
  }
  return sum;
}

/** The packets of all attempts, by time. `isCut`: there were more than a capture may have. */
export async function captureAll(
  spec: RunSpec,
  place: CapturePlace,
  titleOf: (number: number) => string,
  pause: () => Promise<void>,
): Promise<{ readonly packets: readonly CapturedPacket[]; readonly isCut: boolean }> {
  const watch = new Watch({ wants: () => true, detail: "packets", maxEvents: MAX_CAPTURE_EVENTS });
  await observe(spec, watch, pause);
  const lists = [...watch.events].map(([number, events]) => packetsOf(events, place, titleOf(number)));
  return { packets: byTime(lists.flat()), isCut: watch.isCut };
}

/** The packets of some attempts, by time. */
export const captureOf = (
  attempts: readonly TracedAttempt[],
  place: CapturePlace,
  titleOf: (number: number) => string,
): readonly CapturedPacket[] =>
  byTime(attempts.flatMap(({ number, events }) => packetsOf(events.filter(isOwn), place, titleOf(number))));

/** Not what an earlier connection left behind: that one may be among the chosen, too. */
const isOwn = ({ earlier }: TraceEvent): boolean => earlier !== true;

const byTime = (packets: CapturedPacket[]): CapturedPacket[] => packets.sort((a, b) => a.atNs - b.atNs);
