/** Listeners of a tuning over all its seeds: their queues against their limits, and how long connections waited for accept(). */
import { nsToSeconds } from "../base/units.ts";
import { HALF_OPEN_BYTES } from "../vocabulary/memory.ts";
import { AcceptMode } from "../vocabulary/run-spec.ts";
import type { ListenerScenario } from "../vocabulary/scenario.ts";
import { acceptWaits } from "./latencies.ts";
import type { ListenerField, RunView } from "./run-view.ts";
import type { ListenerSummary, Measure, QueueSummary } from "./summary-format.ts";
import { type Reading, sumOf, type TuningRuns } from "./tuning-runs.ts";

/** `listener`: its place in the scenario. Its numbers are made when they are read. */
export function summarizeListener(
  { port, backlog: asked_backlog }: ListenerScenario,
  listener: number,
  runs: TuningRuns,
): ListenerSummary {
  const field = (name: ListenerField): Reading => fieldReading(listener, name);
  const backlog = runs.any.spec.listeners[listener]?.backlog ?? 0;
  const queue = (capacity: number, peak: ListenerField, fullNs: ListenerField): QueueSummary => ({
    capacity,
    peak: runs.peak(field(peak)),
    full_s: runs.peak((view) => nsToSeconds(field(fullNs)(view))),
  });
  return {
    port,
    asked_backlog,
    backlog,
    get accept_queue() {
      return queue(backlog + 1, "peakAcceptQueue", "acceptQueueFullNs");
    },
    get syn_queue() {
      return queue(backlog + runs.any.spec.server.synQueueSpare, "peakSynQueue", "synQueueFullNs");
    },
    get accepted() {
      return runs.sum(field("accepted"));
    },
    get accept_wait_ms() {
      return acceptWaits(runs, listener);
    },
    get workers_busy_ratio() {
      return workersBusy(listener, runs);
    },
  };
}

function workersBusy(listener: number, runs: TuningRuns): Measure | null {
  const spec = runs.any.spec.listeners[listener];
  if (spec === undefined || spec.acceptMode !== AcceptMode.Workers) return null;
  return runs.share(fieldReading(listener, "workersBusyNs"), (view) => spec.workers * view.spec.durationNs);
}

/** Of the fullest host. Each listener's peak counts, though they may not have been at one time. */
export function halfOpenPeakBytes(runs: TuningRuns): Measure {
  return runs.peak((view) => HALF_OPEN_BYTES * sumOf(peaksOf(view)));
}

const peaksOf = (view: RunView): number[] => view.spec.listeners.map((_, i) => view.listenerField(i, "peakSynQueue"));

const fieldReading =
  (listener: number, field: ListenerField): Reading =>
  (view) =>
    view.listenerField(listener, field);
