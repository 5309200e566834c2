/**
 * When the application of one listener works: its pauses, and how long a piece of work takes.
 *
 * Pauses       Two lists: `pausesNs` only keep it from accept(); in `appPausesNs` the whole application stands still, and what is under way
 *              goes on after them.
 * Slow start   After listenStartNs and after each of the application's pauses a piece of work takes `slowStartFactor` times as long, falling
 *              linearly to once in `slowStartNs`. The factor is that of the moment when the work begins.
 * Units        ns since the start of the run; pauses are [from, to).
 */
import type { ListenerSpec } from "../vocabulary/run-spec.ts";

export class AppCalendar {
  readonly #spec: ListenerSpec;
  /** The application's pauses: the spec's, until one is added. */
  #appPausesNs: readonly number[];
  /** Place in `#appPausesNs` of the first pause that is not over. */
  #next = 0;
  /** For AcceptMode.Rate: calls per second, and from when on they are counted. */
  acceptPerS: number;
  tickBaseNs = 0;
  /** Ticks before `tickBaseNs`. */
  #ticksBefore = 0;

  constructor(spec: ListenerSpec) {
    this.#spec = spec;
    this.#appPausesNs = spec.appPausesNs;
    this.acceptPerS = spec.acceptPerS;
  }

  get hasAppPauses(): boolean {
    return this.#appPausesNs.length > 0;
  }

  /** End of the first of the application's pauses that is not over, -1: there is none. */
  get nextEndNs(): number {
    return this.#appPausesNs[this.#next + 1] ?? -1;
  }

  /** The first of the application's pauses that was not over may be over: whether it is. */
  passPause(nowNs: number): boolean {
    const { nextEndNs } = this;
    if (nextEndNs < 0 || nextEndNs > nowNs) return false;
    this.#next += 2;
    return true;
  }

  /** One pause more, from now on; with those that it meets it becomes one. */
  addAppPause(nowNs: number, untilNs: number): void {
    const over = this.#appPausesNs.slice(0, this.#next);
    const merged: [number, number][] = [];
    const open = [...pairs(this.#appPausesNs.slice(this.#next)), [nowNs, untilNs] as [number, number]];
    for (const [from, to] of open.sort((a, b) => a[0] - b[0])) {
      const last = merged.at(-1);
      if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
      else merged.push([from, to]);
    }
    this.#appPausesNs = [...over, ...merged.flat()];
  }

  /** Accept ticks come at another rate from now on. */
  setAcceptRate(nowNs: number, perS: number): void {
    this.#ticksBefore = this.acceptTicks(nowNs);
    this.tickBaseNs = nowNs;
    this.acceptPerS = perS;
  }

  /** End of the application's pause that holds at `ns`, now or later; -1: none does. */
  resumeNs(ns: number): number {
    const pauses = this.#appPausesNs;
    for (let i = this.#next; i < pauses.length && pauses[i]! <= ns; i += 2)
      if (ns < pauses[i + 1]!) return pauses[i + 1]!;
    return -1;
  }

  /** Whether a pause of either kind keeps the application from accept() at `ns`, now or later. */
  acceptsNothingAt(ns: number): boolean {
    const pauses = this.#spec.pausesNs;
    for (let i = 0; i < pauses.length; i += 2) if (ns >= pauses[i]! && ns < pauses[i + 1]!) return true;
    return this.hasAppPauses && this.resumeNs(ns) >= 0;
  }

  /** When a piece of work that begins now, in no pause, is done: pauses prolong it. */
  doneNs(nowNs: number): number {
    const pauses = this.#appPausesNs;
    let doneNs = nowNs + this.#spec.serviceNs * this.#slowness(nowNs);
    for (let i = this.#next; i < pauses.length && pauses[i]! < doneNs; i += 2)
      doneNs += pauses[i + 1]! - Math.max(nowNs, pauses[i]!);
    return doneNs;
  }

  /** How many times as long a piece of work takes that begins at `ns`. */
  #slowness(ns: number): number {
    const { slowStartNs, slowStartFactor, listenStartNs } = this.#spec;
    if (slowStartNs === 0) return 1;
    const startNs = this.#next > 0 ? this.#appPausesNs[this.#next - 1]! : listenStartNs;
    if (startNs < 0 || ns - startNs >= slowStartNs) return 1;
    return slowStartFactor - ((slowStartFactor - 1) * (ns - startNs)) / slowStartNs;
  }

  /** For AcceptMode.Rate: the ticks before `durationNs` at which the application listens and does not pause. */
  acceptTicks(durationNs: number): number {
    const { listenStartNs, listenStopNs, pausesNs } = this.#spec;
    const ticksBefore = (ns: number): number => Math.ceil(((ns - this.tickBaseNs) * this.acceptPerS) / 1e9);
    const end = listenStopNs < 0 ? durationNs : Math.min(durationNs, listenStopNs);
    let from = Math.max(this.tickBaseNs, listenStartNs);
    let ticks = this.#ticksBefore;
    const pauses = [...pairs(pausesNs), ...pairs(this.#appPausesNs)]
      .filter(([, to]) => to > from)
      .sort((a, b) => a[0] - b[0]);
    for (const [pauseNs, resumeNs] of pauses) {
      ticks += Math.max(0, ticksBefore(Math.min(end, pauseNs)) - ticksBefore(from));
      from = Math.max(from, resumeNs);
    }
    return ticks + Math.max(0, ticksBefore(end) - ticksBefore(from));
  }
}

function pairs(list: readonly number[]): [number, number][] {
  return Array.from({ length: list.length / 2 }, (_, i) => [list[2 * i]!, list[2 * i + 1]!]);
}
